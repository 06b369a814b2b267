package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	msg.Subject(subjectLine(r.Subject))
	msg.SetDateWithValue(r.CreatedAt)
	msg.SetMessageIDWithValue(MessageID(r.ID, a.cfg.Address))
	msg.SetGenHeader(replyField, r.ID)
	threadReply(msg, r, a.cfg.Address)
	if r.Kind == contact.Acknowledgement { // RFC 3834 section 5: what answers nothing is generated
		submitted := "auto-generated"
		if r.InReplyTo != "" {
			submitted = "auto-replied"
		}
		msg.SetGenHeader("Auto-Submitted", submitted)
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
	from := mail.Address{Name: personName(orDefault(r.FromName, a.cfg.FromName)), Address: a.cfg.Address}
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
		out = append(out, &mail.Address{Name: personName(one.Name), Address: unquoted(asciiDomain(one.Address))})
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

// longestID is how long an id may be: a line of a header has 998 bytes at most.
const longestID = 900

// bareID gives a Message-ID without <>, "" if it can't stand in a header.
func bareID(id string) string {
	id = strings.Trim(id, "<> \t\r\n")
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }
	if len(id) > longestID || strings.ContainsFunc(id, odd) {
		return ""
	}
	return id
}

// attach adds a file; one that the HTML names by its content id goes inside.
func attach(msg *gomail.Msg, file contact.Attachment, html bool) error {
	if file.Data == nil && file.Size > 0 {
		return fmt.Errorf("the attachment of %d bytes was not loaded", file.Size)
	}
	name := sentName(file.Name)
	id := bareID(file.ContentID)
	inside := html && id != ""
	disposition := "attachment"
	if inside {
		disposition = "inline"
	}
	header := func(f *gomail.File) {
		f.Header.Set("Content-Type", fileType(file.ContentType))
		f.Header.Set("Content-Disposition", disposition+"; "+fileParameter(name))
	}
	if inside {
		return msg.EmbedReader(name, bytes.NewReader(file.Data), gomail.WithFileContentID(id), header)
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
