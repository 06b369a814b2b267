package export

import (
	"bufio"
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"stagecoach/contact"
)

// mailbox writes all messages and replies, the oldest first, as a mailbox that mail
// programs open (mboxrd): mails as they came and went, others as mails made of them.
func (a *archive) mailbox(p *Person) error {
	var items []*Item
	for v := range p.Conversations {
		for i := range p.Conversations[v].Items {
			if it := &p.Conversations[v].Items[i]; it.Kind != "note" && it.Gone == "" {
				items = append(items, it)
			}
		}
	}
	slices.SortStableFunc(items, func(a, b *Item) int { return a.At.Compare(b.At) })
	w, err := a.create("messages.mbox")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for _, it := range items {
		raw := it.Mail
		if raw == nil {
			if raw, err = mailOf(it); err != nil {
				return fmt.Errorf("writing %s %s as a mail: %w", it.Kind, it.ID, err)
			}
		}
		if err := appendMail(out, it, raw); err != nil {
			return fmt.Errorf("writing messages.mbox: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing messages.mbox: %w", err)
	}
	return nil
}

// quoted are the lines that would be taken for the beginning of a mail, or for one that
// was quoted.
var quoted = regexp.MustCompile(`^>*From `)

// appendMail writes one mail with its separator. Lines of a mail that look like one get
// a ">", which readers take off again.
func appendMail(w *bufio.Writer, it *Item, raw []byte) error {
	sender := "MAILER-DAEMON"
	if a := it.From.Address; a != "" && !strings.ContainsAny(a, " \t\r\n") {
		sender = a
	}
	if _, err := fmt.Fprintf(w, "From %s %s\n", sender, it.At.UTC().Format(time.ANSIC)); err != nil {
		return err
	}
	for len(raw) > 0 {
		line := raw
		if n := bytes.IndexByte(raw, '\n'); n >= 0 {
			line = raw[:n+1]
		}
		raw = raw[len(line):]
		if quoted.Match(line) {
			_ = w.WriteByte('>') // its errors stay
		}
		_, _ = w.Write(line)
		if len(raw) == 0 && !bytes.HasSuffix(line, []byte("\n")) {
			_ = w.WriteByte('\n')
		}
	}
	return w.WriteByte('\n')
}

// mailOf makes a mail of what came or went on another channel. Its files lie beside the
// mailbox.
func mailOf(it *Item) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.SetGenHeader("From", addressOf(it.From, it.Channel))
	var to []string
	for _, one := range it.To {
		to = append(to, addressOf(contact.Address{Address: one}, it.Channel))
	}
	if len(to) > 0 {
		m.SetGenHeader("To", to...)
	}
	m.SetGenHeader("Subject", mime.QEncoding.Encode("utf-8", oneLine(it.Subject)))
	m.SetDateWithValue(it.At)
	m.SetMessageIDWithValue(it.ID + "@" + string(it.Channel) + ".invalid")
	m.SetGenHeader("X-Channel", string(it.Channel))
	var text strings.Builder
	text.WriteString(it.Text)
	for _, f := range it.Files {
		text.WriteString("\n[" + oneLine(f.Name) + ": " + f.Path + f.Gone + "]")
	}
	m.SetBodyString(gomail.TypeTextPlain, text.String())
	var out bytes.Buffer
	if _, err := m.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// addressOf writes an address of another channel so that mail programs show it: the
// name, and an address in a domain that is nobody's.
func addressOf(a contact.Address, ch contact.Channel) string {
	local := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-+", r) {
			return r
		}
		return '_'
	}, a.Address)
	if local = strings.Trim(local, "."); local == "" {
		local = "unknown"
	}
	name := oneLine(a.Name)
	if name == "" {
		name = oneLine(a.Address)
	}
	return mime.QEncoding.Encode("utf-8", strings.NewReplacer(`"`, "'", "<", "(", ">", ")").Replace(name)) + " <" + local + "@" + string(ch) + ".invalid>"
}

// oneLine is a text without line breaks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
