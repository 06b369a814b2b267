package email

import "strings"

// protected takes from the signed part of a mail what its header says there too
// (RFC 9788, and the form before it): the subject that was signed is shown. p is
// what is signed as a whole, inner the part that holds the words.
func (b *builder) protected(p, inner *part) {
	if b.inside || b.depth > 0 || inner.params["hp"] == "" && inner.params["protected-headers"] == "" || surroundedByWords(p) {
		return
	}
	if signed := oneLine(visible(decodeWords(inner.header.get("Subject")))); signed != "" && signed != b.u.Subject {
		outside := b.u.Subject
		b.u.Subject = signed
		if !placeholder(outside) && !strings.HasSuffix(outside, signed) {
			b.u.warn("The subject shown is the signed one; outside of what is signed the mail has another: " + quoted(named(outside)) + ".")
		}
	}
	for _, one := range parseAddresses(inner.header.get("From")) {
		if one.Address != "" && b.u.From.Address != "" && !strings.EqualFold(one.Address, b.u.From.Address) {
			b.u.warn("The signed part of the mail names another sender: " + named(one.String()) + ".")
		}
	}
}

// placeholder reports whether a subject only stands for one that is not to be
// seen on the way.
func placeholder(subject string) bool {
	switch strings.ToLower(strings.Trim(subject, "[]. …")) {
	case "", "encrypted message", "encrypted", "encrypted email", "secure message", "no subject":
		return true
	}
	return false
}

// surroundedByWords reports whether other words stand before what is signed: then
// it isn't what the mail is about.
func surroundedByWords(p *part) bool {
	for ; p.parent != nil; p = p.parent {
		if p.parent.children[0] != p {
			return true
		}
	}
	return false
}
