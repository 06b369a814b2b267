package email

import "strings"

// The lines of RFC 9580 section 6.2 and 7 by which PGP is known in a text.
const (
	pgpSigned    = "-----BEGIN PGP SIGNED MESSAGE-----"
	pgpSignature = "-----BEGIN PGP SIGNATURE-----"
	pgpEnd       = "-----END PGP SIGNATURE-----"
	pgpMessage   = "-----BEGIN PGP MESSAGE-----"
	pgpFinish    = "-----END PGP MESSAGE-----"
)

const (
	pgpSignedWords    = "The mail is signed with PGP; the signature is not verified: there is no key to check it with."
	pgpEncryptedWords = "The mail is encrypted with PGP: only who has the key can read it."
)

// unwrapPGP takes the frame off signed words (RFC 9580 section 7), and says what
// it saw. What is encrypted is named in place of the letters it is made of,
// which are given as armour.
func unwrapPGP(text string) (plain, armour, words string) {
	if !strings.Contains(text, "-----BEGIN PGP ") {
		return text, "", ""
	}
	if before, rest, found := cutAtLine(text, pgpSigned); found {
		if signed, after, found := cutAtLine(rest, pgpSignature); found {
			_, after, _ = cutAtLine(after, pgpEnd)
			return before + unescaped(signed) + strings.TrimPrefix(after, "\n"), "", pgpSignedWords
		}
	}
	if before, rest, found := cutAtLine(text, pgpMessage); found {
		inside, after, closed := cutAtLine(rest, pgpFinish)
		if closed {
			armour = pgpMessage + inside + pgpFinish + "\n"
			return before + "[" + pgpEncryptedWords + "]" + after, armour, pgpEncryptedWords
		}
	}
	return text, "", ""
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
	_, words, found := strings.Cut(strings.TrimPrefix(signed, "\n"), "\n\n")
	if !found || strings.HasPrefix(signed, "\n\n") {
		words = strings.TrimLeft(signed, "\n")
	}
	words = strings.TrimPrefix(words, "- ")
	return strings.ReplaceAll(words, "\n- ", "\n")
}
