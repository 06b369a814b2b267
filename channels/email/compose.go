package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Compose implements channels.Composer. The same reply gives the same bytes: the
// date is the reply's own and the boundaries come from its id.
func (a *Adapter) Compose(r *contact.Reply) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := a.addressReply(msg, r); err != nil {
		return nil, a.failure("compose", channels.Malformed, "", err.Error(), err)
	}
	msg.Subject(oneLine(r.Subject))
	msg.SetDateWithValue(r.CreatedAt)
	msg.SetMessageIDWithValue(MessageID(r.ID, a.cfg.Address))
	msg.SetGenHeader(replyField, r.ID)
	threadReply(msg, r, a.cfg.Address)
	if r.Kind == contact.Acknowledgement {
		msg.SetGenHeader("Auto-Submitted", "auto-replied") // RFC 3834 section 5
		msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	}
	msg.SetBodyString(gomail.TypeTextPlain, strings.TrimSuffix(normalise(r.Text), "\n")+"\n")
	if r.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, r.HTML)
	}
	for _, file := range r.Attachments {
		if err := attach(msg, file, r.HTML != ""); err != nil {
			return nil, a.failure("compose", channels.Malformed, "", err.Error(), err)
		}
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, a.failure("compose", channels.Malformed, "", "writing the mail: "+err.Error(), err)
	}
	raw, err := a.signer.sign(fixBoundaries(out.Bytes(), r.ID))
	if err != nil {
		return nil, a.failure("compose", channels.Unknown, "", err.Error(), err)
	}
	if err := a.tooLarge("compose", len(raw)); err != nil {
		return nil, err
	}
	return raw, nil
}

// addressReply names sender and recipients. From stays the plain address, so
// that filters and address books know it; Reply-To carries the token where mail to
// such an address arrives.
func (a *Adapter) addressReply(msg *gomail.Msg, r *contact.Reply) error {
	to, err := mailAddresses(r.To)
	if err != nil {
		return err
	}
	cc, err := mailAddresses(r.CC)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		return errors.New("the reply has no recipient")
	}
	from := mail.Address{Name: oneLine(orDefault(r.FromName, a.cfg.FromName)), Address: a.cfg.Address}
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, &from)
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderTo, to...)
	if len(cc) > 0 {
		msg.SetAddrHeaderFromMailAddress(gomail.HeaderCc, cc...)
	}
	if r.Token != "" && a.cfg.Subaddress {
		replyTo := mail.Address{Name: from.Name, Address: TokenAddress(a.cfg.Address, r.Token)}
		msg.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, &replyTo)
	}
	return nil
}

func mailAddresses(list []contact.Address) ([]*mail.Address, error) {
	var out []*mail.Address
	for i, one := range list {
		local, domain, found := cutLast(one.Address, "@")
		if !found || local == "" || domain == "" || strings.ContainsAny(one.Address, " \t\r\n<>,;\x00") {
			return nil, fmt.Errorf("recipient %d has no usable address", i+1)
		}
		out = append(out, &mail.Address{Name: oneLine(one.Name), Address: asciiDomain(one.Address)})
	}
	return out, nil
}

// longestChain is how many ids References has at most.
const longestChain = 50

// threadReply sets In-Reply-To and References (RFC 5322 section 3.6.4): the
// conversation's token, the chain so far and its last mail. A long chain keeps its
// beginning and its end.
func threadReply(msg *gomail.Msg, r *contact.Reply, address string) {
	parent := bareID(r.InReplyTo)
	chain := []string{}
	if r.Token != "" {
		chain = append(chain, "<"+TokenID(address, r.Token)+">")
	}
	seen := map[string]bool{"": true, parent: true}
	for _, id := range r.References {
		if id = bareID(id); !seen[id] && !tokenID.MatchString(id) {
			seen[id] = true
			chain = append(chain, "<"+id+">")
		}
	}
	if parent != "" {
		chain = append(chain, "<"+parent+">")
		msg.SetGenHeader("In-Reply-To", "<"+parent+">")
	}
	if len(chain) > longestChain {
		first := 1
		if r.Token != "" {
			first = 2
		}
		chain = append(chain[:first:first], chain[len(chain)-longestChain+first:]...)
	}
	if len(chain) > 0 {
		msg.SetGenHeader("References", strings.Join(chain, " "))
	}
}

// bareID gives a Message-ID without <>, "" if it can't stand in a header.
func bareID(id string) string {
	id = strings.Trim(id, "<> \t\r\n")
	if strings.ContainsAny(id, " \t\r\n<>") {
		return ""
	}
	return id
}

// attach adds a file; one that the HTML names by its content id goes inside.
func attach(msg *gomail.Msg, file contact.Attachment, html bool) error {
	if file.Data == nil && file.Size > 0 {
		return fmt.Errorf("the attachment of %d bytes was not loaded", file.Size)
	}
	name := fileName(file.Name)
	kind := orDefault(file.ContentType, "application/octet-stream")
	if media, params, err := mime.ParseMediaType(kind); err == nil {
		kind = mime.FormatMediaType(media, params)
	}
	if kind == "" || strings.ContainsAny(kind, "\r\n") || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		kind = "application/octet-stream" // what may not be base64 goes as bytes
	}
	disposition := "attachment"
	inside := html && file.ContentID != ""
	if inside {
		disposition = "inline"
	}
	// RFC 2231 for names beyond ASCII.
	header := func(f *gomail.File) {
		f.Header.Set("Content-Type", kind)
		f.Header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	}
	if inside {
		return msg.EmbedReader(name, bytes.NewReader(file.Data), gomail.WithFileContentID(strings.Trim(oneLine(file.ContentID), "<> ")), header)
	}
	return msg.AttachReader(name, bytes.NewReader(file.Data), header)
}

var randomBoundary = regexp.MustCompile(`Content-Type: multipart/[a-z]+;\r\n boundary=([0-9a-f]{60})\r\n`)

// fixBoundaries replaces the random boundaries by ones that follow from the id.
// All bodies are encoded, so the form can't occur in what somebody wrote.
func fixBoundaries(raw []byte, id string) []byte {
	for i, found := range randomBoundary.FindAllSubmatch(raw, -1) {
		sum := sha256.Sum256(fmt.Appendf(nil, "boundary %s %d", id, i))
		raw = bytes.ReplaceAll(raw, found[1], []byte("sc_"+hex.EncodeToString(sum[:12])))
	}
	return raw
}

// oneLine makes a header value of any text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// fileName gives a name without a path and without what breaks headers.
func fileName(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if _, last, found := cutLast(name, "/"); found {
		name = last
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' {
			return '_'
		}
		return r
	}, strings.TrimSpace(name))
	if name == "" || name == "." || name == ".." {
		return "attachment"
	}
	if runes := []rune(name); len(runes) > 200 {
		dot := strings.LastIndex(name, ".")
		ext := ""
		if dot > 0 && len(name)-dot <= 10 {
			ext = name[dot:]
		}
		name = string(runes[:200-len([]rune(ext))]) + ext
	}
	return name
}
