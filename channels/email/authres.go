package email

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"stagecoach/contact"
)

// Authentication-Results (RFC 8601) is read here and not by a library, since
// those at hand cut at a semicolon inside a comment, and Microsoft 365 leaves
// out the name of the server that judges.

// maxAuthResults is how much of one field is read, in bytes.
const maxAuthResults = 8 << 10

// authResult is one method's result with its properties, in small letters.
type authResult struct {
	method, result string
	props          map[string]string
}

// readAuthentication gives what the server that received the mail found out
// about the sender in From, as far as it's that server who says so.
func readAuthentication(head fields, from string, whom believed) contact.Authentication {
	out := contact.Authentication{}
	var results []authResult
	way := search{believed: whom}
	last := len(head) - 1
	for last >= 0 && head[last].name != "received" {
		last--
	}
	for i, one := range head {
		if one.name == "received" && way.received(one.value) {
			break
		}
		if one.name != "authentication-results" {
			continue
		}
		by, found := parseAuthResults(clipTo(one.value, maxAuthResults))
		if way.takes(by, out.By, i < last) {
			out.By = by
			results = append(results, found...)
		}
	}
	out = verdictOf(out, results, from)
	if !way.proves {
		return unproven(out)
	}
	return out
}

// verdictOf says what follows from the results for the sender's domain. A failure of
// DMARC is what the domain's owner asked for; without it, both others must have
// failed for that very domain.
func verdictOf(out contact.Authentication, results []authResult, from string) contact.Authentication {
	w := weighed{domain: domainOf(from)}
	for _, r := range results {
		w.add(&out, r)
	}
	switch {
	case w.domain == "":
	case out.DMARC == "pass", out.DMARC != "fail" && (w.dkim == "pass" || w.spf == "pass"):
		out.Trust = contact.TrustProven
	case w.compound == "pass": // Microsoft knows who forwarded it
	case out.DMARC == "fail", failed(w.dkim) && failed(w.spf) && out.DKIM != "pass":
		out.Trust = contact.TrustForged
	}
	return out
}

// weighed is what results say of one domain: dkim and spf only where they are
// about that very domain.
type weighed struct{ domain, dkim, spf, compound string }

// add takes one result in; of several signatures one that holds is enough.
func (w *weighed) add(out *contact.Authentication, r authResult) {
	switch r.method {
	case "dmarc":
		if out.DMARC == "" && aligned(orDefault(r.props["header.from"], w.domain), w.domain) {
			out.DMARC = strings.TrimPrefix(r.result, "bestguess")
		}
	case "dkim":
		signer := orDefault(r.props["header.d"], domainOf(r.props["header.i"]))
		if aligned(signer, w.domain) && (w.dkim == "" || r.result == "pass") {
			w.dkim = r.result
		}
		if out.DKIM == "" || r.result == "pass" {
			out.DKIM = r.result
		}
	case "spf":
		if out.SPF != "" {
			return
		}
		out.SPF = r.result
		mailFrom := orDefault(r.props["smtp.mailfrom"], r.props["smtp.helo"])
		if aligned(orDefault(domainOf(mailFrom), mailFrom), w.domain) {
			w.spf = r.result
		}
	case "compauth":
		w.compound = r.result
	}
}

func failed(result string) bool { return result == "fail" || result == "hardfail" }

// aligned tells whether two domains are one organisation's (RFC 7489 section 3.1,
// relaxed): whether they are the same below the suffix under which anybody can
// have a name, such as co.uk or github.io.
func aligned(a, b string) bool {
	a, b = organisation(a), organisation(b)
	return a != "" && a == b
}

// organisation gives the domain that somebody has registered, of which a domain is
// a part; what is a suffix itself, or has no part above, stands for itself.
func organisation(domain string) string {
	domain = strings.ToLower(strings.Trim(domain, ". "))
	if !isASCII(domain) {
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			domain = ascii
		}
	}
	if _, err := netip.ParseAddr(strings.Trim(domain, "[]")); err == nil {
		return domain
	}
	if own, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return own
	}
	return domain
}

// parseAuthResults reads one field. by is the server's name, "" where it begins
// with a result at once.
func parseAuthResults(value string) (by string, results []authResult) {
	for i, piece := range splitResults(strings.ToLower(value)) {
		words := strings.Fields(piece)
		if len(words) == 0 {
			continue
		}
		method, result, found := strings.Cut(words[0], "=")
		if i == 0 && !found {
			by = strings.Trim(words[0], `"`)
			continue
		}
		if !found {
			continue // "none", or nothing to read
		}
		method, _, _ = strings.Cut(method, "/")
		r := authResult{method: method, result: strings.Trim(result, `"`), props: map[string]string{}}
		for _, word := range words[1:] {
			if name, value, ok := strings.Cut(word, "="); ok && r.props[name] == "" {
				r.props[name] = strings.Trim(value, `"<>`)
			}
		}
		results = append(results, r)
	}
	return by, results
}

// splitResults cuts at semicolons outside of comments and quotes, and leaves the
// comments out. A comment that is never closed ends with the field.
func splitResults(s string) []string {
	var out []string
	var piece strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
			if c != ';' && c != ' ' { // neither may break a word here
				piece.WriteByte(c)
			}
		case c == '(':
			depth++
			pad(&piece, ' ') // some put nothing behind it
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == ';':
			out = append(out, piece.String())
			piece.Reset()
		case c == '=' || c == ' ' || c == '\t':
			pad(&piece, c)
		default:
			piece.WriteByte(c)
		}
	}
	return append(out, piece.String())
}

// pad writes a space or an "=", without the spaces that some put around it.
func pad(piece *strings.Builder, c byte) {
	so := piece.String()
	if c == '=' {
		so = strings.TrimRight(so, " \t")
		piece.Reset()
		piece.WriteString(so)
	} else if strings.HasSuffix(so, "=") {
		return
	}
	piece.WriteByte(c)
}

// judgeSender settles what is known of the sender, and says what an agent should
// know of it.
func (u *understood) judgeSender(whom believed) {
	u.Auth = readAuthentication(u.head, u.From.Address, whom)
	u.warnOfName()
	u.warnOfOurName(whom)
	if u.Auth.Trust == contact.TrustForged {
		u.warn("the sender is probably forged: the mail names " + u.From.Address + ", but " + failures(u.Auth) + ", says " + orDefault(u.Auth.By, "the receiving server"))
		return
	}
	to := u.Sender()
	if to.Address == "" || u.From.Address == "" || aligned(domainOf(to.Address), domainOf(u.From.Address)) {
		return
	}
	u.Auth.Trust = contact.TrustClaimed
	if !whom.form(u) { // a form's mail always names somebody else
		u.warn("the answer goes to " + to.Address + ", but the mail came from " + u.From.Address + ": nothing proves that " + to.Address + " wrote it")
	}
}

// warnOfName says where the sender's name shows another address than the mail is
// from: many programs show the name alone.
func (u *understood) warnOfName() {
	shown := cleanAddress(addressForm.FindString(u.From.Name))
	if shown == "" || u.From.Address == "" || u.list || aligned(domainOf(shown), domainOf(u.From.Address)) {
		return
	}
	if aligned(domainOf(shown), domainOf(u.Sender().Address)) { // of whom a form or a relay speaks
		return
	}
	u.warn("the sender's name shows " + shown + ", but the mail came from " + u.From.Address)
}

// warnOfOurName says where a stranger bears the name that our own mail bears.
func (u *understood) warnOfOurName(whom believed) {
	name := strings.Join(strings.Fields(whom.called), " ")
	if name == "" || u.From.Address == "" || !strings.EqualFold(name, u.From.Name) ||
		slices.ContainsFunc(whom.ours, func(own string) bool { return aligned(domainOf(own), domainOf(u.From.Address)) }) {
		return
	}
	u.warn("the sender's name shows our own, " + name + ", but the mail came from " + u.From.Address)
}

// failures says in words which checks failed.
func failures(a contact.Authentication) string {
	var said []string
	for _, one := range []struct{ name, result string }{{"DMARC", a.DMARC}, {"DKIM", a.DKIM}, {"SPF", a.SPF}} {
		if failed(one.result) {
			said = append(said, one.name)
		}
	}
	return strings.Join(said, ", ") + " failed"
}
