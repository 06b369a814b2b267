package email_test

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"

	"stagecoach/contact"
)

// What others have written and a reply repeats breaks no header, whatever it is.
func TestComposeOddWords(t *testing.T) {
	t.Parallel()
	a := sender(t)
	for name, spoil := range map[string]func(r *contact.Reply){
		"a subject of one word":    func(r *contact.Reply) { r.Subject = "Re: " + strings.Repeat("x", 2000) },
		"a subject of two million": func(r *contact.Reply) { r.Subject = strings.Repeat("Größe ", 300_000) },
		"fields in the subject":    func(r *contact.Reply) { r.Subject = "Hi\r\nBcc: eve@x.test\r\n\r\nbody" },
		"fields in names":          func(r *contact.Reply) { r.To[0].Name, r.FromName = "Eve\"\r\nBcc: e@x.test", "Jo\nBcc: e@x.test" },
		"bytes in no charset":      func(r *contact.Reply) { r.Subject, r.To[0].Name, r.Text = "caf\xe9 \xff", "caf\xe9", "caf\xe9" },
		"what can't be seen":       func(r *contact.Reply) { r.Subject, r.To[0].Name = "a\x00b\x01c\x7fd", "N\x00ul\x0b" },
		"encoded words as words":   func(r *contact.Reply) { r.Subject, r.To[0].Name = "=?utf-8?Q?x?= y", "=?utf-8?B?SGk=?=" },
		"a name of one word":       func(r *contact.Reply) { r.To[0].Name = strings.Repeat("y", 3000) },
		"an id of 1,500":           func(r *contact.Reply) { r.InReplyTo = strings.Repeat("z", 1500) + "@x.test" },
		"ids of odd bytes": func(r *contact.Reply) {
			r.InReplyTo, r.References = "a\x00\x01@x.test", []string{"ü\xff@x", "a b", "<c@d>"}
		},
		"a type of odd bytes": func(r *contact.Reply) {
			r.Attachments = []contact.Attachment{{Name: "f", ContentType: "text/plain; charset=ü", Data: []byte("x")}}
		},
		"a long name of a file": func(r *contact.Reply) {
			r.Attachments = []contact.Attachment{{Name: strings.Repeat("ä", 300) + ".pdf", ContentType: "application/pdf", Data: []byte("x")}}
		},
		"ids of pictures": func(r *contact.Reply) {
			r.HTML = `<img src="cid:x">`
			for _, id := range []string{"ü", "a b", "y>\r\nZ: 1", "<x>"} {
				r.Attachments = append(r.Attachments, contact.Attachment{Name: "f.png", ContentType: "image/png", ContentID: id, Data: []byte("x")})
			}
		},
	} {
		r := reply(replyID, "words")
		spoil(r)
		raw, err := a.Compose(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
			if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") || bytes.ContainsFunc(line, func(c rune) bool { return c > '~' }) {
				t.Errorf("%s: a line of %d: %.60q", name, len(line), line)
			}
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil || m.Header.Get("Bcc") != "" || m.Header.Get("Z") != "" || m.Header.Get("Message-Id") != "<"+replyID+"@acme.test>" {
			t.Errorf("%s: %v, %q", name, err, m.Header)
			continue
		}
		if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != alice {
			t.Errorf("%s: To is %v, %v", name, to, err)
		}
	}
}

func TestComposeKeepsWords(t *testing.T) {
	t.Parallel()
	r := reply(replyID, ".\n..\nFrom here\n"+strings.Repeat("y", 5000)+"\na \n-- \nsig")
	r.Subject = "Re: " + strings.Repeat("x", 900) + " = y"
	r.To[0] = contact.Address{Name: `Doe, "Jo" \ Ann`, Address: `"a b\"c"@cust.test`}
	r.To[0].Address = `"a..b"@cust.test`
	names := []string{"a b.txt", "semi;colon.txt", "per%cent'.txt", `Größe "1".pdf`, strings.Repeat("n", 300) + ".txt"}
	for i, name := range names {
		r.Attachments = append(r.Attachments, contact.Attachment{Name: name, ContentType: fmt.Sprintf("application/pdf; name=\"x%d\"", i), Size: 1, Data: []byte("x")})
	}
	raw, err := sender(t).Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, raw)
	if m.Subject != r.Subject || m.Text != strings.TrimSpace(r.Text) {
		t.Errorf("subject %q\ntext %q", m.Subject, m.Text)
	}
	if to, err := netmail.ParseAddress(r.To[0].String()); len(m.To) != 1 || m.To[0].Name != r.To[0].Name || !strings.HasSuffix(m.To[0].Address, `a..b"@cust.test`) || strings.Contains(m.To[0].Address, `\`) {
		t.Errorf("to %+v (%v, %v)", m.To, to, err)
	}
	want := []string{"a b.txt", "semi;colon.txt", "per%cent'.txt", `Größe _1_.pdf`, strings.Repeat("n", 196) + ".txt"}
	for i, file := range m.Attachments {
		if file.Name != want[i] {
			t.Errorf("file %d is %q, want %q", i, file.Name, want[i])
		}
	}
}
