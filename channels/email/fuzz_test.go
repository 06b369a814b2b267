package email

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The parsers one by one. None may panic, hang, lose what isn't its to take, or
// give what isn't text.

func wantText(t *testing.T, what, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
		t.Errorf("%s is no text: %q", what, s)
	}
}

// FuzzMail begins with every mail of the corpora.
func FuzzMail(f *testing.F) {
	for _, pattern := range []string{"testdata/mail/*.eml", "testdata/kind/*/*.eml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		u := understand(raw, seals{})
		for _, words := range u.Warnings {
			if strings.Contains(words, "could not be parsed and is shown as it came (") {
				t.Fatalf("the parser panicked: %s", words)
			}
		}
		for what, s := range map[string]string{
			"text": u.Text, "html": u.HTML, "reply": u.ReplyText, "subject": u.Subject, "name": u.From.Name,
			"address": u.From.Address, "id": u.MessageID,
		} {
			wantText(t, what, s)
		}
		if again := understand(raw, seals{}); again.MessageID != u.MessageID || again.Text != u.Text {
			t.Error("the same mail is understood differently the second time")
		}
		for _, file := range u.Attachments {
			if file.Size != int64(len(file.Data)) || strings.ContainsAny(file.Name, "/\\") {
				t.Errorf("file %q of %d bytes, %d are said", file.Name, len(file.Data), file.Size)
			}
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("From: a@b.test\nSubject: one\ntwo\n three\n\nbody"))
	f.Add([]byte("From: a@b.test\nno blank line\nat all"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		header, body := cutHeader(raw, nil)
		if len(header)+len(body) > len(raw) || !bytes.HasSuffix(raw, body) || !bytes.HasPrefix(raw, header) {
			t.Fatalf("header %q and body %q of %q", header, body, raw)
		}
		for _, one := range parseFieldsIn(header, "koi8-r") {
			wantText(t, one.name, one.value)
			wantText(t, "words", decodeWords(one.value))
		}
		clean := rinse(raw)
		root, _ := parseTree(clean)
		if len(root.head) > len(clean) {
			t.Fatal("a header longer than its mail")
		}
	})
}

func FuzzCharset(f *testing.F) {
	for _, label := range []string{"", "utf-8", "utf-7", "iso-2022-jp", "iso-2022-kr", "gb2312", "hz-gb-2312", "big5", "euc-kr", "windows-1258", "utf-16", "x"} {
		f.Add([]byte("Gr\xfc\xdfe \x1b$B$\"\x1b(B +AOk- \x0eAA\x0f"), label)
	}
	f.Fuzz(func(t *testing.T, b []byte, label string) {
		text, _ := decodeCharset(b, label)
		wantText(t, label, text)
		if label == "" && utf8.Valid(b) && !hasEscapes(b) && text != strings.ReplaceAll(string(b), "\x00", "") {
			t.Errorf("UTF-8 %q became %q", b, text)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add("=?utf-8?Q?Gr=C3?= =?utf-8?B?vMOf?= x =?iso-8859-1*de?q?=FC??=")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return // headers are made text before
		}
		out := decodeWords(s)
		wantText(t, "words", out)
		if !strings.Contains(s, "=?") && out != s {
			t.Errorf("%q became %q", s, out)
		}
	})
}

func FuzzParams(f *testing.F) {
	f.Add(`attachment; filename*0*=utf-8''a%20; filename*1="b"; x="y;z`)
	f.Fuzz(func(t *testing.T, s string) {
		s = toUTF8([]byte(s))
		_, params := parseParams(s)
		for name, value := range params {
			wantText(t, name, value)
			if got := receivedName(value); strings.ContainsAny(got, "/\\\n\x00") || utf8.RuneCountInString(got) > 200 {
				t.Errorf("the name %q", got)
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	f.Add(`Team: "A, B" <a@b.test>, c@d.test (C \) D), =?utf-8?Q?E_<e@f.test>?=; <<g@h.test>>`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, one := range parseAddresses(toUTF8([]byte(s))) {
			wantText(t, "name", one.Name)
			wantText(t, "address", one.Address)
			if one.Address == "" && one.Name == "" || one.Address != "" && !strings.Contains(one.Address, "@") {
				t.Errorf("%q gives %+v", s, one)
			}
			if strings.ContainsAny(one.Address, "\r\n") || strings.ContainsAny(one.Name, "\r\n") {
				t.Errorf("%q gives a line end: %+v", s, one)
			}
		}
	})
}

var unsafeHTML = regexp.MustCompile(`(?i)<(script|style|iframe|object|embed|form|input|link|meta|base|svg|math|body|html)[\s>/]|\s(on[a-z]+|srcset|background|poster)\s*=|\ssrc="(https?:|//)|javascript:`)

func FuzzHTML(f *testing.F) {
	f.Add(`<body bgcolor=#000><p style="color:red;background:url(x)" onclick=x>a<img src=//x.test/a width=1><div style=display:none>b</div><blockquote>c`)
	f.Fuzz(func(t *testing.T, s string) {
		s = toUTF8([]byte(s))
		clean := sanitise(tidy(s))
		wantText(t, "html", clean)
		outside := regexp.MustCompile(`>[^<]*<`).ReplaceAllString(">"+clean+"<", "><")
		if found := unsafeHTML.FindString(outside); found != "" && !strings.Contains(outside, `alt="`) && !strings.Contains(outside, `title="`) {
			t.Errorf("%q is left: %q", found, clean)
		}
		wantText(t, "text", htmlToText(tidy(s)))
	})
}

func FuzzTNEF(f *testing.F) {
	f.Add([]byte("\x78\x9f\x3e\x22\x01\x00\x01\x0c\x80\x01\x00\x03\x00\x00\x00a\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := readTNEF(data, maxRTF)
		if err != nil {
			return
		}
		wantText(t, "text", m.text)
		wantText(t, "html", toUTF8([]byte(m.html)))
	})
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\htmlrtf x\htmlrtf0 \'fc\u8364?\uc2\bin3 abc}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, _ := fromRTF(data)
		wantText(t, "text", text)
		if out, err := expandRTF(data, maxRTF); err == nil && len(out) > maxRTF+17 {
			t.Errorf("%d bytes of %d", len(out), len(data))
		}
	})
}

func FuzzUUEncode(f *testing.F) {
	f.Add([]byte("hello\nbegin 644 a.txt\n#86)C\n`\nend\nbye"))
	f.Fuzz(func(t *testing.T, text []byte) {
		files, rest := cutUU(text, 10)
		size := len(rest)
		for _, one := range files {
			wantText(t, "name", one.name)
			size += len(one.data)
		}
		if len(files) == 0 && !bytes.Equal(rest, text) || size > len(text)+16*len(text) {
			t.Errorf("%d bytes became %d", len(text), size)
		}
	})
}

func FuzzYEnc(f *testing.F) {
	f.Add([]byte("hello\n=ybegin line=128 size=3 name=a.txt\n\x8b\x8c\x8d\n=yend size=3\nbye"))
	f.Fuzz(func(t *testing.T, text []byte) {
		files, rest := cutYEnc(text, 10)
		size := len(rest)
		for _, one := range files {
			size += len(one.data)
		}
		if size > len(text) {
			t.Errorf("%d bytes became %d", len(text), size)
		}
	})
}

func FuzzFlowed(f *testing.F) {
	f.Add("a \nb\n>> c \n>> d\n-- \ne", true)
	f.Fuzz(func(t *testing.T, text string, delsp bool) {
		squeezed := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r == ' ' || r == '\n' || r == '>' || r == '\r' {
					return -1
				}
				return r
			}, s)
		}
		text = toUTF8([]byte(text))
		if out := unflow(text, delsp); squeezed(out) != squeezed(text) {
			t.Errorf("%q lost words: %q", text, out)
		}
		wantText(t, "enriched", fromEnriched(text, delsp))
	})
}

func FuzzCalendar(f *testing.F) {
	f.Add("BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY;X=\"a:b\":c\\, d\nDTSTART;TZID=x:20261123T100000\nEND:VEVENT\nEND:VCALENDAR")
	f.Fuzz(func(t *testing.T, text string) { wantText(t, "calendar", readCalendar(toUTF8([]byte(text)))) })
}

// FuzzPGP begins with keys and signatures that fit each other, so that what is
// changed of them comes to every check.
func FuzzPGP(f *testing.F) {
	key, err := os.ReadFile("testdata/signatures/kim.asc")
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob("testdata/mail/seal-pgp-*.eml")
	if err != nil || len(files) < 15 {
		f.Fatal(len(files), err)
	}
	binary, _ := dearmoured(key, "PUBLIC KEY BLOCK")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, kind := range []string{"SIGNATURE", "MESSAGE"} {
			if packets, _ := dearmoured(raw, kind); packets != nil {
				f.Add(packets, binary, "The signed words.")
			}
		}
	}
	f.Fuzz(func(t *testing.T, packets, key []byte, words string) {
		v := &Vouched{keys: newRing()}
		_ = v.take(key) // what can't be read is left out
		m := readPGP(packets, 1<<20)
		if len(m.literal) > 1<<20 {
			t.Errorf("%d bytes of %d", len(m.literal), len(packets))
		}
		s := seals{vouched: v, from: "kim@cust.test"}
		said, _ := s.pgp(append(m.signatures, signaturesIn(packets)...), [][]byte{[]byte(words), m.literal})
		if len(said) == 0 || len(said) > maxPGPSignatures+1 {
			t.Errorf("%d things are said", len(said))
		}
		for _, one := range said {
			wantText(t, "words", one)
		}
	})
}

func FuzzSealed(f *testing.F) {
	f.Add([]byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x00\x00\x00\x00"), "-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n\na\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----\n")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		_, content := cmsContent(data)
		if len(content) > len(data) {
			t.Errorf("%d bytes of %d", len(content), len(data))
		}
		s := seals{from: "a@b.test"}
		if words, _ := s.smime(data, content); len(words) == 0 {
			t.Error("nothing is said of a signature")
		}
		u := understood{}
		plain := newBuilder(&u, 0).pgpText(&part{content: []byte(text)}, toUTF8([]byte(text)))
		if len(plain) > len(text)*3+200 {
			t.Error("words came from nowhere")
		}
	})
}
