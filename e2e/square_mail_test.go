package e2e

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"sync/atomic"
	"time"

	"stagecoach/channels/email/emailfake"
)

// mail is a provider of mailboxes.
func (s *square) mail() *line {
	const secret = "mail-Kw42-secret"
	var slow atomic.Bool
	var asked atomic.Int64
	post, err := emailfake.Start(emailfake.Config{Users: map[string]string{support: secret}, Accepted: func(emailfake.Mail) {
		if asked.Add(1); slow.Load() {
			<-time.After(takingTime)
		}
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = post.Close() })
	said := newRegister[letter]()
	put := func(l letter) string {
		if err := post.Put(support, "INBOX", l.raw(), time.Now()); err != nil {
			s.t.Errorf("a mail of %s: %v", l.from, err)
		}
		said.put(l.from, l, l.id)
		return l.from
	}
	server := "{host: 127.0.0.1, port: %d, tls: starttls, ca_file: mail.pem, password_file: mail.password}"
	return &line{
		channel: "email", secrets: map[string]string{"mail.password": secret, "mail.pem": string(post.CertificatePEM())},
		settings: fmt.Sprintf("address: %s, imap: "+server+", smtp: "+server, support, post.IMAPPort(), post.SMTPPort()),
		write: func(i int, text string) string {
			return put(letter{from: fmt.Sprintf("cust%d@far.test", i), to: support, subject: "Boots", text: text, id: fmt.Sprintf("m%d@far.test", i)})
		},
		more: func(place, text string) {
			l := said.at(place)
			l.header = []string{"References: <" + l.id + ">", "In-Reply-To: <" + l.id + ">"}
			l.id, l.text, l.subject = "more-"+l.id, text, "Re: Boots"
			put(l)
		},
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, m := range post.Taken() {
				text, answers := lettersText(m.Raw)
				place := said.of("", answers)
				if len(m.To) != 1 || m.To[0] != place {
					place = strings.Join(m.To, ",") + " in answer to " + answers
				}
				out[place] = append(out[place], text)
			}
			return out
		},
		slow:  slow.Store,
		asked: func() int { return int(asked.Load()) },
		fair:  func() { post.Misbehave(emailfake.Misbehaviour{}) },
		weather: []func(){
			post.Cut,
			func() { post.Misbehave(emailfake.Misbehaviour{CutAtData: true}) },
			func() { post.Misbehave(emailfake.Misbehaviour{CutAfterTaking: true}) },
			func() {
				post.Misbehave(emailfake.Misbehaviour{Data: emailfake.Refusal(421, [3]int{4, 3, 2}, "closing")})
			},
			func() { post.Misbehave(emailfake.Misbehaviour{Mail: emailfake.Refusal(451, [3]int{4, 3, 0}, "later")}) },
			func() { _ = post.Renumber(support, "INBOX") },
		},
	}
}

// lettersText gives the plain text of a mail with the names of its files, and what
// it answers.
func lettersText(raw []byte) (text, answers string) {
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return err.Error(), ""
	}
	text = partText(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return text, strings.Trim(m.Header.Get("In-Reply-To"), "<>")
}

func partText(contentType, encoding string, body io.Reader) string {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err.Error()
	}
	if strings.HasPrefix(kind, "multipart/") {
		var all []string
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextPart()
			if err != nil {
				return strings.Join(all, "\n")
			}
			if name := p.FileName(); name != "" {
				all = append(all, name)
				continue
			}
			// NextPart decodes quoted-printable by itself.
			all = append(all, partText(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p))
		}
	}
	if kind != "text/plain" {
		return ""
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
