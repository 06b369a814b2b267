package email

import (
	"bytes"
	"compress/zlib"
	"html"
	"io"
	"strings"

	"stagecoach/contact"
)

// enclosed shows a message that a mail encloses, and keeps it as a file. A
// message that a report returns is only kept: it is ours.
func (b *builder) enclosed(p *part) {
	raw := rinse(transferDecoded(p))
	header, _ := cutHeader(raw, nil)
	f := parseFields(header)
	name := p.name
	if name == "" {
		name = orDefault(visible(decodeWords(f.get("Subject"))), "message") + ".eml"
		name = strings.NewReplacer("/", "-", `\`, "-").Replace(name)
	}
	b.keepAs(p, name)
	if p.parent != nil && p.parent.kind == "multipart/report" || b.depth >= maxEnclosed {
		return
	}
	inner := newBuilder(b.u, 0)
	inner.textLeft, inner.htmlLeft, inner.filesLeft = b.textLeft, b.htmlLeft, 0
	inner.rtfLeft, inner.events = b.rtfLeft, b.events
	inner.depth, inner.named, inner.inside = b.depth+1, b.named, true
	inner.quiet(func() {
		root, _ := parseTree(raw)
		v := join(append([]view{inner.walk(root)}, inner.below...))
		b.below = append(b.below, headed(f, v))
	})
	b.textLeft, b.htmlLeft, b.rtfLeft, b.events = inner.textLeft, inner.htmlLeft, inner.rtfLeft, inner.events
}

// quiet does what it is given and takes back what that said and kept: the files
// and oddities of an enclosed message are its own.
func (b *builder) quiet(do func()) {
	files, warnings := b.u.Attachments, b.u.Warnings
	do()
	b.u.Attachments, b.u.Warnings = files, warnings
}

// headed puts above an enclosed message who wrote it, when and on what.
func headed(f fields, v view) view {
	lines := []string{"---------- Forwarded message ----------"}
	for _, name := range []string{"From", "Date", "Subject", "To", "Cc"} {
		if value := oneLine(visible(decodeWords(f.get(name)))); value != "" {
			lines = append(lines, name+": "+value)
		}
	}
	head := strings.Join(lines, "\n")
	if strings.TrimSpace(v.text) == "" {
		v.text = htmlToText(tidy(v.html))
	}
	if v.html != "" {
		v.html = "<hr><div>" + strings.ReplaceAll(html.EscapeString(head), "\n", "<br>") + "</div><br>" + v.html
	}
	v.text = head + "\n\n" + strings.TrimRight(v.text, " \t\n")
	return v
}

// calendar shows an event, once, however often it comes along.
func (b *builder) calendar(p *part) {
	if b.events++; b.events > maxCalendars {
		return
	}
	data, _ := beginning(p, 1<<20)
	text, _ := decodeCharset(data, orDefault(p.params["charset"], "utf-8"))
	words := readCalendar(normalise(text))
	if words == "" || b.named[words] || len(words) > b.textLeft {
		return
	}
	b.named[words] = true
	b.textLeft -= len(words)
	b.below = append(b.below, view{text: words})
}

// tnef unpacks Outlook's winmail.dat. What it can't read stays a file.
func (b *builder) tnef(p *part) view {
	data := transferDecoded(p)
	m, err := readTNEF(data, b.rtfLeft)
	if err != nil {
		b.u.warn("winmail.dat can't be read")
		b.keep(p)
		return view{}
	}
	b.rtfLeft -= m.expanded
	for _, file := range m.files {
		if file.name == "" && len(file.data) == 0 {
			continue
		}
		kind := orDefault(mediaKind(file.kind), kindByName(file.name))
		b.add(contact.Attachment{
			Name: orDefault(file.name, "attachment"), ContentType: kind, ContentID: strings.Trim(file.id, "<> "), Data: file.data,
		})
	}
	v := view{normalise(m.text), normalise(m.html)}
	if v.empty() && len(m.files) == 0 {
		b.keep(p)
	}
	b.u.packed = v
	return view{}
}

// opaque shows a mail in CMS (RFC 8551): the content of a signed one; of an
// encrypted one, that it is.
func (b *builder) opaque(p *part) view {
	data := transferDecoded(p)
	oid, content := cmsContent(data)
	broken := true
	switch {
	case oid == oidSigned && content != nil && b.depth < maxEnclosed:
		broken = b.smime(p, data, nil)
	case oid == oidCompressed && b.depth < maxEnclosed:
		if content = inflated(data); content == nil {
			b.keep(p)
			return view{}
		}
	case oid == oidEnveloped, oid != oidSigned && !strings.Contains(p.params["smime-type"], "signed"):
		b.keep(p)
		return b.encrypted("The mail is encrypted with S/MIME: only who has the key can read it.")
	default:
		b.keep(p)
		return view{}
	}
	root, _ := parseTree(content)
	if !broken {
		b.protected(p, root)
	}
	b.depth++
	v := b.walk(root)
	b.depth--
	return v
}

// encrypted says in place of the words that nobody can read them here.
func (b *builder) encrypted(words string) view {
	b.u.warn(words)
	return view{text: "[" + words + "]"}
}

// inflated undoes the compression of RFC 3274, as far as it may be taken.
func inflated(data []byte) []byte {
	at := bytes.Index(data[:min(len(data), 200)], []byte{0x78}) // zlib's first byte, behind a few of CMS
	for range 20 {
		if at < 0 || at+2 > len(data) {
			return nil
		}
		if r, err := zlib.NewReader(bytes.NewReader(data[at:])); err == nil {
			out, err := io.ReadAll(io.LimitReader(r, maxCarried/4))
			if len(out) > 0 || err == nil {
				return out
			}
		}
		next := bytes.IndexByte(data[at+1:], 0x78)
		if next < 0 {
			return nil
		}
		at += 1 + next
	}
	return nil
}

// protection says what a multipart that is signed or encrypted means (RFC 1847),
// also where a server on the way has made another of it.
func (b *builder) protection(p *part) {
	protocol := strings.ToLower(p.params["protocol"])
	var second *part
	if len(p.children) > 1 {
		second = p.children[1]
	}
	switch {
	case p.kind == "multipart/encrypted", apartEncrypted(p):
		b.u.warn(pgpEncryptedWords)
		b.below = append(b.below, view{text: "[" + pgpEncryptedWords + "]"})
	case second == nil:
	case p.kind != "multipart/signed":
		b.apart(p)
	case strings.Contains(protocol, "pgp") || second.kind == "application/pgp-signature":
		if !b.pgpDetached(p, p.children[0], second) {
			b.protected(p, p.children[0])
		}
	case strings.Contains(second.kind, "pkcs7-signature"):
		if !b.smime(p, transferDecoded(second), p.children[0].whole) {
			b.protected(p, p.children[0])
		}
	}
}

// smime says what a signature of S/MIME is worth, and gives whether it is known
// not to fit.
func (b *builder) smime(p *part, signature, signed []byte) (broken bool) {
	if b.inside {
		return false
	}
	words, broken := b.u.seals.smime(signature, signed)
	b.said(words, broken)(len(p.children) > 2 || b.u.seals.surrounded(p))
	return broken
}

// apartEncrypted reports whether a multipart was one that is encrypted, before a
// server wrote it as any other, as Exchange does.
func apartEncrypted(p *part) bool {
	if p.kind != "multipart/mixed" {
		return false
	}
	control, data := false, false
	for _, child := range p.children[:min(len(p.children), 4)] {
		control = control || child.kind == "application/pgp-encrypted"
		data = data || bytes.Contains(child.content[:min(len(child.content), 1000)], []byte(pgpMessage)) || strings.HasSuffix(strings.ToLower(child.name), ".asc")
	}
	return control && data
}

// apart looks at a multipart that a server may have made of a signed one. Only a
// signature that fits still tells anything.
func (b *builder) apart(p *part) {
	last := p.children[len(p.children)-1]
	if b.inside || p.kind != "multipart/mixed" {
		return
	}
	var words []string
	var broken bool
	said := pgpApartWords
	switch {
	case last.kind == "application/pgp-signature":
		data, _ := dearmoured(transferDecoded(last), "SIGNATURE")
		words, broken = b.u.seals.pgp(signaturesIn(data), signedForms(p.children[0].whole))
	case strings.Contains(last.kind, "pkcs7-signature"):
		said = smimeApartWords
		words, broken = b.u.seals.smime(transferDecoded(last), p.children[0].whole)
	default:
		return
	}
	if broken {
		b.u.warn(said)
		return
	}
	b.said(words, false)(len(p.children) > 2 || b.u.seals.surrounded(p))
}
