package email_test

import (
	"bytes"
	"fmt"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"

	"stagecoach/channels/email"
	"stagecoach/contact"
)

// TestComposeFoldsWhatIsLong checks the limits of RFC 5322 section 2.1.1: 998
// octets a line always, 78 wherever a line can be folded.
func TestComposeFoldsWhatIsLong(t *testing.T) {
	r := reply(replyID, strings.Repeat("ein sehr langer Absatz ohne Zeilenende mit Ümläuten ", 200)+"\n"+strings.Repeat("x", 5000))
	r.HTML = "<p>" + strings.Repeat("<b>ä</b>", 2000) + "</p>"
	r.Subject = "Re: " + strings.Repeat("Größe und Preis ", 40)
	for i := range 80 {
		r.References = append(r.References, fmt.Sprintf("%s.%d@a-rather-long-host-name.mail.example.test", strings.Repeat("abcdef", 8), i))
		r.CC = append(r.CC, contact.Address{Name: fmt.Sprintf("Jürgen Müller, %d. Stock", i), Address: fmt.Sprintf("person%d@cust.test", i)})
	}
	r.CC = append(r.CC, contact.Address{Address: "jo@grüße.test"})
	raw, err := sender(t).Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	header, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range strings.Lines(string(header)) {
		if n := len(strings.TrimRight(line, "\r\n")); n > 998 || n > 78 && strings.Contains(strings.TrimSpace(line[20:]), " ") {
			t.Errorf("header line of %d: %.100q", n, line)
		}
		for _, b := range []byte(line) {
			if b > 126 {
				t.Fatalf("8-bit header line %q", line)
			}
		}
	}
	for line := range strings.Lines(string(body)) {
		if n := len(strings.TrimRight(line, "\r\n")); n > 78 {
			t.Errorf("body line of %d: %.100q", n, line)
		}
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != strings.TrimSpace(r.Subject) {
		t.Errorf("the subject comes out as %q, %v", subject, err)
	}
	if list, err := m.Header.AddressList("Cc"); err != nil || len(list) != 81 || list[3].Name != "Jürgen Müller, 3. Stock" || list[80].Address != "jo@xn--gre-6ka8l.test" {
		t.Errorf("%d in Cc, %v", len(list), err)
	}
	ids := strings.Fields(m.Header.Get("References"))
	if len(ids) != 50 || !strings.HasPrefix(ids[0], "<sc-") || ids[1] != "<q0@cust.test>" || ids[49] != "<q1@cust.test>" {
		t.Errorf("%d references, from %s to %s", len(ids), ids[0], ids[len(ids)-1])
	}
	if e := email.Explain(raw); strings.TrimSpace(e.Text) != strings.TrimSpace(r.Text) {
		t.Errorf("the text of %d letters comes out with %d", len(r.Text), len(e.Text))
	}
}
