package email

import (
	"bytes"
	"strings"

	"stagecoach/contact"
)

// The lines of RFC 9580 section 6.2 and 7 by which PGP is known in a text.
const (
	pgpSigned    = "-----BEGIN PGP SIGNED MESSAGE-----"
	pgpSignature = "-----BEGIN PGP SIGNATURE-----"
	pgpEnd       = "-----END PGP SIGNATURE-----"
	pgpMessage   = "-----BEGIN PGP MESSAGE-----"
	pgpFinish    = "-----END PGP MESSAGE-----"
)

const (
	pgpEncryptedWords = "The mail is encrypted with PGP: only who has the key can read it."
	pgpPackedWords    = "The mail holds words packed by PGP that can't be read here: they are damaged, or too much."
	pgpApartWords     = "The mail was signed with PGP, but a server on the way took it apart: the signature can't be checked."
	pgpPageWords      = "The mail is signed with PGP within its formatted text, where the signature can't be checked."
)

// pgpText takes the frame off signed words (RFC 9580 section 7), checks them, and
// says what it saw. What is encrypted is named in place of the letters it is made
// of, which are kept as a file.
func (b *builder) pgpText(p *part, text string) string {
	if !strings.Contains(text, "-----BEGIN PGP ") {
		return text
	}
	if frame, found := cutSigned(text); found {
		outside := strings.TrimSpace(frame.before+frame.after) != "" || b.u.seals.surrounded(p)
		b.clearSigned(p, frame, outside)
		return frame.before + unescaped(frame.signed) + strings.TrimPrefix(frame.after, "\n")
	}
	before, rest, found := cutAtLine(text, pgpMessage)
	inside, after, closed := cutAtLine(rest, pgpFinish)
	if !found || !closed {
		return text
	}
	armour := pgpMessage + inside + pgpFinish + "\n"
	data, _ := dearmoured([]byte(armour), "MESSAGE")
	m := &pgpContents{broken: true}
	if b.u.seals.more() {
		m = readPGP(data, min(maxText, b.textLeft))
	}
	if m.left < 0 {
		b.u.seals.checked = maxSeals // one of them is enough
	}
	b.textLeft -= len(m.literal)
	if m.encrypted || m.broken || !m.found {
		words := pgpEncryptedWords
		if !m.encrypted {
			words = pgpPackedWords
		}
		b.u.warn(words)
		b.add(contact.Attachment{Name: "message.asc", ContentType: "application/pgp-encrypted", Data: []byte(armour)})
		return before + "[" + words + "]" + after
	}
	b.unpacked(m, strings.TrimSpace(before+after) != "" || b.u.seals.surrounded(p))
	shown, _ := decodeCharset(m.literal, orDefault(armourCharset(inside), p.params["charset"]))
	return before + normalise(shown) + after
}

// unpacked says of words that were packed up with their signature whose it is.
func (b *builder) unpacked(m *pgpContents, outside bool) {
	if len(m.signatures) > 0 && !b.inside {
		b.said(b.u.seals.pgp(m.signatures, [][]byte{m.literal, canonical(m.literal)}))(outside)
	}
}

// said shows what was found of signatures, and then, of those that fit, whether
// they are over a part only.
func (b *builder) said(words []string, broken bool) func(outside bool) {
	return func(outside bool) {
		for _, one := range words {
			if outside && !broken {
				one += partly
			}
			b.u.warn(one)
		}
	}
}

// pgpFrame is a text in which words are signed.
type pgpFrame struct{ before, signed, signature, after string }

// cutSigned cuts a text at the first frame of signed words.
func cutSigned(text string) (f pgpFrame, found bool) {
	var rest string
	if f.before, rest, found = cutAtLine(text, pgpSigned); !found {
		return f, false
	}
	if f.signed, rest, found = cutAtLine(rest, pgpSignature); !found {
		return f, false
	}
	inside, after, closed := cutAtLine(rest, pgpEnd)
	if !closed {
		after = ""
	}
	f.signature, f.after = pgpSignature+inside+pgpEnd, after
	return f, true
}

// clearSigned checks signed words by the bytes that came, and where a server has
// written them in another charset or changed how lines are filled, by the text.
func (b *builder) clearSigned(p *part, shown pgpFrame, outside bool) {
	if b.inside {
		return
	}
	var forms [][]byte
	var signature string
	data, _ := beginning(p, maxText)
	for _, text := range []string{normalise(string(data)), shown.before + pgpSigned + shown.signed + shown.signature} {
		f, found := cutSigned(text)
		if !found {
			continue
		}
		form := clearForm(unescaped(f.signed))
		signature = f.signature
		forms = append(forms, form)
		if stuffed := "\n" + string(form); strings.Contains(stuffed, "\n ") && len(form) <= maxForms { // RFC 3676 section 4.4
			forms = append(forms, []byte(strings.ReplaceAll(stuffed, "\n ", "\n")[1:]))
		}
	}
	armour, _ := dearmoured([]byte(signature), "SIGNATURE")
	b.said(b.u.seals.pgp(signaturesIn(armour), forms))(outside)
}

// clearForm gives the bytes that a signature of words in a frame is over: lines
// without spaces at their end, and without the last line's end.
func clearForm(words string) []byte {
	return bytes.TrimSuffix(trimmedLines(canonical([]byte(words))), []byte("\r\n"))
}

// signaturesIn gives the bodies of the signatures that stand by themselves.
func signaturesIn(data []byte) (out [][]byte) {
	for range maxPGPPackets {
		p, rest, ok := nextPacket(data)
		if !ok {
			break
		}
		if data = rest; p.tag == tagSignature {
			out = append(out, p.body)
		}
	}
	return out
}

// armourCharset gives the charset that armour says its words are in.
func armourCharset(inside string) string {
	head, _, _ := strings.Cut(strings.TrimPrefix(inside, "\n"), "\n\n")
	for line := range strings.Lines(head[:min(len(head), 1000)]) {
		if name, value, found := strings.Cut(line, ":"); found && strings.EqualFold(name, "Charset") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// pgpDetached checks what is signed beside itself (RFC 3156 section 5), and gives
// whether the signature is known not to fit.
func (b *builder) pgpDetached(p *part, signed, signature *part) (broken bool) {
	if b.inside {
		return false
	}
	data := transferDecoded(signature)
	if bytes.Contains(data, []byte(pgpSignature)) {
		data, _ = dearmoured(data, "SIGNATURE")
	}
	if len(data) > maxSignature || len(signed.whole) > maxSigned {
		b.u.warn("The mail is signed with PGP; the signature is not checked: it is too large.")
		return false
	}
	words, broken := b.u.seals.pgp(signaturesIn(data), signedForms(signed.whole))
	b.said(words, broken)(len(p.children) > 2 || b.u.seals.surrounded(p))
	return broken
}

// cutAtLine cuts around a line that is mark and nothing else.
func cutAtLine(text, mark string) (before, after string, found bool) {
	for at := 0; ; {
		i := strings.Index(text[at:], mark)
		if i < 0 {
			return text, "", false
		}
		at += i
		after = text[at+len(mark):]
		rest := strings.TrimLeft(after, " \t")
		if (at == 0 || text[at-1] == '\n') && (rest == "" || rest[0] == '\n') {
			return text[:at], after, true
		}
		at += len(mark)
	}
}

// unescaped takes off the armour's header and what was put before lines that
// begin with a hyphen.
func unescaped(signed string) string {
	_, words, _ := strings.Cut(signed, "\n")
	for rest := words; ; {
		line, after, found := strings.Cut(rest, "\n")
		if strings.TrimSpace(line) == "" && found {
			words = after
			break
		}
		if name, _, field := strings.Cut(line, ":"); !field || !found || strings.ContainsAny(name, " \t") {
			break // no line below the header
		}
		rest = after
	}
	words = strings.TrimPrefix(words, "- ")
	return strings.ReplaceAll(words, "\n- ", "\n")
}
