package email_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/jhillyerd/enmime/v2"

	"stagecoach/channels/email"
)

// differs says where the other reader finds something else, and why that is less.
var differs = map[string]string{
	"it believes a label, or the lack of one": `
		charset-ascii-really-utf-8 charset-gb2312-really-gb18030 charset-gb2312-really-utf8
		charset-iso-2022-jp-labelled-ascii charset-iso-2022-jp-unlabelled charset-iso-8859-1-really-greek
		charset-iso-8859-1-really-utf-8 charset-quoted-and-spaced charset-unencoded-header-iso-2022-jp
		charset-unicode-1-1-utf-7 charset-unlabelled-big5 charset-unlabelled-euc-jp charset-unlabelled-euc-kr
		charset-unlabelled-gbk charset-unlabelled-headers-gbk charset-unlabelled-iso-8859-2 charset-unlabelled-koi8-r
		charset-unlabelled-shift_jis charset-unlabelled-utf-8 charset-unlabelled-windows-1251
		charset-utf-16-really-utf-8 charset-utf-16-unlabelled charset-utf-32 charset-utf-8-really-windows-1252
		charset-utf-8-with-a-quote-in-latin-1 charset-with-comment word-eight-bit-beside-words`,
	"it leaves broken encoded words as they came": `
		word-base64-never-ends word-encoded-twice word-folded-within-a-word word-never-ends word-no-charset
		word-no-padding word-spaces-around-charset word-split-between-base64-characters word-unknown-charset
		word-with-language`,
	"ours is a name without a path, controls or marks that turn it about": `
		param-1500-characters param-bidi-override param-controls param-nul-in-name param-path-ends-in-slash
		param-path-only-dots param-path-unix param-path-windows param-quoted-pairs`,
	"it decodes less of a name": `
		param-eight-bit-latin-1 param-eight-bit-shift_jis param-per-cent-without-star param-rfc2231-a-piece-missing`,
	"it shows a file as words": `
		param-unknown-disposition`,
	"it leaves what is packed as it came": `
		pack-uuencode-trailing-spaces-cut pack-uuencode-two pack-uuencode pack-winmail-dat-cut
		pack-winmail-dat-with-compressed-rtf pack-winmail-dat-with-html-in-rtf pack-winmail-dat-with-the-body
		pack-winmail-dat pack-yenc`,
	"it shows seals, or a subject that the sealed one replaces": `
		seal-pgp-inline-encrypted seal-pgp-inline-signed-among-words seal-pgp-inline-signed seal-pgp-known-clear
		seal-pgp-known-packed seal-pgp-protected-subject-changed seal-pgp-protected-subject-forged
		seal-smime-compressed seal-smime-opaque-in-pieces seal-smime-opaque-with-a-file seal-smime-opaque`,
	"it shows what was written not to be seen": `
		from-bidi-override html-hidden-words html-mobile-twin-hidden html-scripts`,
	"it keeps NUL, which parts words": `
		charset-nul-bytes odd-nul-bytes`,
	"it keeps the spaces that end flowed lines": `
		body-flowed-delsp`,
	"it shows structure or an encoding instead of words": `
		mime-base64-in-pieces mime-base64-unsaid mime-base64-with-a-list-footer mime-duplicate-content-type
		mime-no-content-type-but-parts mime-page-as-plain-text mime-page-without-content-type
		mime-quoted-printable-unsaid mime-text-html-with-a-boundary mime-transfer-encoding-base64-on-words
		mime-transfer-encoding-in-capitals-with-comment odd-blank-lines-first odd-lf-cr`,
}

// Another reader is asked about every mail of testdata: whatever words or files
// it finds must be found here too. Where it finds others the mail is named, with
// why ours is right.
func TestAnotherReaderFindsNothingMore(t *testing.T) {
	accepted := map[string]string{}
	for why, names := range differs {
		for name := range strings.FieldsSeq(names) {
			accepted[name] = why
		}
	}
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d mails found, %v", len(files), err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		more := foundElsewhere(raw)
		seen[name] = len(more) > 0
		if len(more) > 0 && accepted[name] == "" {
			t.Errorf("%s: %q", name, more)
		}
	}
	for name := range accepted {
		if !seen[name] {
			t.Errorf("%s is accepted and doesn't differ", name)
		}
	}
}

// foundElsewhere gives what the other reader finds in a mail and ours doesn't:
// words of its text and of its subject, names of files, its sender.
func foundElsewhere(raw []byte) []string {
	theirs, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return nil // it refuses the mail
	}
	ours := email.Explain(raw)
	var more []string
	lacks := func(what, their, our string) {
		have := wordsOf(our)
		for _, word := range wordsOf(their) {
			if !slices.Contains(have, word) {
				more = append(more, what+" "+word)
			}
		}
	}
	lacks("text", theirs.Text, ours.Text+" "+ours.HTMLText)
	lacks("subject", theirs.GetHeader("Subject"), ours.Subject)
	if from, err := theirs.AddressList("From"); err == nil && len(from) > 0 {
		lacks("from", from[0].Name+" "+from[0].Address, ours.FromName+" "+ours.FromEmail)
	}
	names := []string{}
	for _, one := range ours.Attachments {
		names = append(names, one.Name)
	}
	for _, part := range slices.Concat(theirs.Attachments, theirs.Inlines, theirs.OtherParts) {
		if part.FileName != "" && !slices.Contains(names, part.FileName) {
			more = append(more, "file "+part.FileName)
		}
	}
	return more
}

// wordsOf gives the words of a text that are more than marks.
func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
