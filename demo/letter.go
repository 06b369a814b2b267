package demo

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/mail"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

// letter is a mail that a customer writes.
type letter struct {
	id         string
	from       mail.Address
	to         []mail.Address
	subject    string
	text       string
	inReplyTo  string
	references []string
	// more are further header fields: name, value.
	more []string
	// rich adds an HTML form, photo a picture.
	rich, photo bool
}

// bytes makes the mail as it goes over the wire.
func (l *letter) bytes() ([]byte, error) {
	b := enmime.Builder().From(l.from.Name, l.from.Address).ToAddrs(l.to).Subject(l.subject).
		Date(time.Now()).Text([]byte(l.text)).Header("Message-Id", "<"+l.id+">")
	if l.inReplyTo != "" {
		b = b.Header("In-Reply-To", "<"+l.inReplyTo+">").Header("References", "<"+strings.Join(l.references, "> <")+">")
	}
	for i := 0; i+1 < len(l.more); i += 2 {
		b = b.Header(l.more[i], l.more[i+1])
	}
	if l.rich {
		b = b.HTML([]byte("<html><body><p>" + strings.ReplaceAll(html.EscapeString(l.text), "\n", "<br>\n") + "</p></body></html>"))
	}
	if l.photo {
		b = b.AddAttachment(picture(), "image/png", "photo.png")
	}
	root, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("writing a customer's mail: %w", err)
	}
	var out bytes.Buffer
	if err := root.Encode(&out); err != nil {
		return nil, fmt.Errorf("writing a customer's mail: %w", err)
	}
	return out.Bytes(), nil
}

// picture is a PNG of one pixel.
func picture() []byte {
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
		"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82")
}

// unreadable makes bytes that have neither sender nor text.
func unreadable(rng *rand.Rand, id string) []byte {
	var b strings.Builder
	b.WriteString("Message-Id: <" + id + ">\r\nContent-Type: multipart/mixed; boundary=\r\nContent-Transfer-Encoding: x-unknown\r\n\r\n")
	for range 300 {
		b.WriteByte("\x80\x9f\xa0\xc1\xe4\xf5\xfe\xff"[rng.IntN(8)])
	}
	return []byte(b.String() + "\r\n")
}

// report makes the provider's word that a reply could not be delivered (RFC
// 3464).
func report(id string, sender, recipient, original string) []byte {
	const boundary = "=_report"
	lines := []string{
		"From: Mail Delivery System <MAILER-DAEMON@mx.fake.test>", "To: " + sender,
		"Subject: Undelivered Mail Returned to Sender", "Message-Id: <" + id + ">",
		"Date: " + time.Now().Format(time.RFC1123Z), "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
		`Content-Type: multipart/report; report-type=delivery-status; boundary="` + boundary + `"`, "",
		"--" + boundary, "Content-Type: text/plain; charset=us-ascii", "",
		"Your message could not be delivered to <" + recipient + ">: mailbox full.", "",
		"--" + boundary, "Content-Type: message/delivery-status", "",
		"Reporting-MTA: dns; mx.fake.test", "",
		"Final-Recipient: rfc822; " + recipient, "Action: failed", "Status: 5.2.2", "Diagnostic-Code: smtp; 552 5.2.2 mailbox full", "",
		"--" + boundary, "Content-Type: text/rfc822-headers", "",
		"Message-Id: <" + original + ">", "To: " + recipient, "",
		"--" + boundary + "--", "",
	}
	return []byte(strings.Join(lines, "\r\n"))
}

// incoming is a mail that reached a customer.
type incoming struct {
	id         string
	inReplyTo  string
	references []string
	from       mail.Address
	// answerTo is where an answer goes, sender where a bounce does.
	answerTo string
	sender   string
	subject  string
	text     string
	at       time.Time
}

// open reads a mail as a customer's program does.
func open(raw []byte) (incoming, error) {
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return incoming{}, fmt.Errorf("reading a mail in a customer's mailbox: %w", err)
	}
	in := incoming{
		id: firstOf(ids(e.GetHeader("Message-Id"))), inReplyTo: firstOf(ids(e.GetHeader("In-Reply-To"))),
		references: ids(e.GetHeader("References")), subject: e.GetHeader("Subject"), text: e.Text,
		sender: strings.Trim(e.GetHeader("Return-Path"), "<> "),
	}
	if from, err := e.AddressList("From"); err == nil && len(from) > 0 {
		in.from = *from[0]
	}
	in.answerTo = in.from.Address
	if to, err := e.AddressList("Reply-To"); err == nil && len(to) > 0 {
		in.answerTo = to[0].Address
	}
	return in, nil
}

func ids(field string) []string {
	out := strings.Fields(field)
	for i := range out {
		out[i] = strings.Trim(out[i], "<>")
	}
	return out
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// quoted gives a text as programs quote it.
func quoted(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(text)) {
		b.WriteString("> " + line)
	}
	_, _ = io.WriteString(&b, "\n")
	return b.String()
}
