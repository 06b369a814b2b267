package email

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"mime"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"

	"stagecoach/channels"
	"stagecoach/contact"
)

// understood is a mail as far as it can be understood.
type understood struct {
	contact.Message
	autoReply, bounce, list bool
	// head is the header as it came.
	head fields
}

// Parse implements channels.Parser. Whatever the bytes are, something is shown:
// what can't be parsed appears as raw text with a warning.
func (a *Adapter) Parse(in *channels.Inbound) (*contact.Message, error) {
	if in.Format != "rfc822" {
		return nil, a.failure("parse", channels.Malformed, "", "unknown format "+quoted(in.Format), nil)
	}
	if in.Raw == nil && in.RawObject != "" {
		return nil, a.failure("parse", channels.Unavailable, "", "the original was not loaded", nil)
	}
	u := understand(in.Raw)
	a.apartFromUs(&u)
	u.judgeSender(a.cfg.TrustedAuthserv)
	m := u.Message
	m.Copies = copyMarks(&u)
	m.Channel, m.Account, m.ReceivedAt = contact.Email, in.Account, in.ReceivedAt
	return &m, nil
}

// understand never fails and never panics.
func understand(raw []byte) (u understood) {
	defer func() {
		if v := recover(); v != nil {
			u = asRawText(raw, fmt.Sprintf("the mail could not be parsed and is shown as it came (%v)", v))
		}
	}()
	tamed, warnings := tame(raw)
	root, err := parser().ReadParts(bytes.NewReader(tamed))
	if err != nil {
		return asRawText(raw, "the mail could not be parsed and is shown as it came: "+err.Error())
	}
	u = withHeader(raw)
	u.Warnings = append(u.Warnings, warnings...)
	b := builder{u: &u}
	text, htm := b.walk(root, 0)
	u.setBody(text, htm)
	u.warnOf(root)
	u.classify(root)
	return u
}

func parser() *enmime.Parser {
	return enmime.NewParser(
		enmime.RawContent(true), // contents are decoded here, by our rules
		enmime.SkipMalformedParts(true),
		enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.MaxStoredPartErrors(20),
		enmime.SetCustomParseMediaType(parseMediaType),
	)
}

// parseMediaType reads a media type that may be broken: what it can't read is
// text, as RFC 2045 section 5.2 has it.
func parseMediaType(s string) (string, map[string]string, []string, error) {
	if strings.TrimSpace(s) == "" {
		return "", nil, nil, errors.New("no media type")
	}
	kind, params, invalid, err := mediatype.Parse(toUTF8([]byte(s)))
	if err == nil && kind != "" {
		return kind, params, invalid, nil
	}
	params = map[string]string{}
	if found := boundaryParam.FindStringSubmatch(s); found != nil {
		params["boundary"] = strings.Trim(found[1], `"`)
	}
	kind, _, _ = strings.Cut(s, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if !strings.Contains(kind, "/") && kind != "attachment" && kind != "inline" {
		kind = "text/plain"
	}
	return kind, params, []string{"unreadable"}, nil
}

// withHeader understands the header of a mail.
func withHeader(raw []byte) understood {
	header, _ := splitHeader(raw)
	f := parseFields(header)
	u := understood{Message: contact.Message{
		To:      lists(f, "To"),
		CC:      lists(f, "Cc"),
		ReplyTo: lists(f, "Reply-To"),
		Subject: oneLine(decodeWords(f.get("Subject"))),

		MessageID:   firstID(f.get("Message-Id")),
		InReplyTo:   firstID(f.get("In-Reply-To")),
		References:  messageIDs(strings.Join(f.all("References"), " ")),
		Attachments: []contact.Attachment{},
		Warnings:    []string{},
	}}
	from := lists(f, "From")
	if len(from) == 0 {
		from = append(from, lists(f, "Sender")...)
		u.warn("the mail has no From")
	}
	for _, one := range append(from, contact.Address{}) {
		if one.Address != "" || len(from) == 0 {
			u.From = one
			break
		}
	}
	if u.From.Address == "" && len(from) > 0 {
		u.From = from[0]
		u.warn("the sender has no address")
	}
	if u.MessageID == "" {
		u.warn("the mail has no Message-ID")
	}
	u.Token = findToken(f)
	u.head = f
	return u
}

func lists(f fields, name string) []contact.Address {
	return parseAddresses(strings.Join(f.all(name), ", "))
}

// findToken looks for the conversation's token where addresses we were reached
// by are written.
func findToken(f fields) string {
	for _, name := range []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "Resent-To"} {
		for _, value := range f.all(name) {
			if _, token := cutToken(value); token != "" {
				return token
			}
		}
	}
	return ""
}

func (u *understood) warn(words string) { u.Warnings = append(u.Warnings, words) }

// warnOf passes on what the parser found odd, once each.
func (u *understood) warnOf(root *enmime.Part) {
	seen := map[string]bool{}
	_ = root.DepthMatchAll(func(p *enmime.Part) bool {
		for _, e := range p.Errors {
			words := strings.ToLower(e.Name)
			switch e.Name {
			case enmime.ErrorMissingContentType, enmime.ErrorContentEncoding:
				continue // said elsewhere, or of no interest
			}
			if !seen[words] && len(seen) < 20 {
				seen[words] = true
				u.warn(words)
			}
		}
		return false
	})
}

func (u *understood) setBody(text, htm string) {
	if strings.TrimSpace(text) == "" && htm != "" {
		text = htmlToText(htm)
	}
	u.Text = strings.TrimRight(text, " \t\r\n")
	u.HTML = sanitise(htm)
	u.ReplyText = replyText(u.Text)
}

// asRawText is the last resort: the mail as it came, headers and all.
func asRawText(raw []byte, why string) (u understood) {
	defer func() {
		if recover() != nil { // not even the header: then really only the text
			u = understood{Message: contact.Message{
				To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{},
				References: []string{}, Attachments: []contact.Attachment{}, Warnings: []string{why},
			}}
			u.Text = toUTF8(raw)
			u.ReplyText = u.Text
		}
	}()
	u = withHeader(raw)
	u.warn(why)
	u.Text = normalise(toUTF8(raw))
	u.ReplyText = u.Text
	u.classify(nil)
	return u
}

// builder gathers text and files from the tree of parts.
type builder struct {
	u *understood
}

// walk gives the text and the HTML of a part and what lies in it.
func (b *builder) walk(p *enmime.Part, depth int) (text, htm string) {
	if p.FirstChild == nil || depth > maxNesting+2 {
		return b.leaf(p)
	}
	alternative := p.ContentType == "multipart/alternative"
	var texts, htmls []string
	anyHTML := false
	for child := p.FirstChild; child != nil; child = child.NextSibling {
		t, h := b.walk(child, depth+1)
		if t == "" && h == "" {
			continue
		}
		anyHTML = anyHTML || h != ""
		texts, htmls = append(texts, t), append(htmls, h)
	}
	if alternative {
		return firstOf(texts), lastOf(htmls)
	}
	for i := range texts {
		if texts[i] == "" {
			texts[i] = htmlToText(htmls[i])
		}
		if anyHTML && htmls[i] == "" {
			htmls[i] = "<pre>" + html.EscapeString(texts[i]) + "</pre>"
		}
	}
	if !anyHTML {
		htmls = nil
	}
	return strings.Join(texts, "\n"), strings.Join(htmls, "\n")
}

func (b *builder) leaf(p *enmime.Part) (text, htm string) {
	kind := orDefault(strings.ToLower(p.ContentType), "text/plain")
	file := p.Disposition == "attachment" || p.FileName != ""
	switch {
	case !file && kind == "text/html":
		return "", normalise(b.text(p))
	case !file && (kind == "text/plain" || kind == "text/enriched"):
		return normalise(b.text(p)), ""
	case strings.HasPrefix(kind, "multipart/") && p.Parent == nil:
		b.u.warn("a multipart has no boundary: its text is shown as it came")
		return normalise(b.text(p)), ""
	}
	data := transferDecoded(p)
	name := ""
	if p.FileName != "" {
		name = fileName(decodeWords(toUTF8([]byte(p.FileName))))
	}
	b.u.Attachments = append(b.u.Attachments, contact.Attachment{
		Name: name, ContentType: kind, Size: int64(len(data)), Data: data,
		ContentID: strings.Trim(p.ContentID, "<> "),
	})
	return "", ""
}

func (b *builder) text(p *enmime.Part) string {
	data := transferDecoded(p)
	label := p.Charset
	if label == "" && p.ContentType == "text/html" {
		label = metaCharset(data)
	}
	text, known := decodeCharset(data, label)
	if !known {
		b.u.warn("the charset " + quoted(label) + " doesn't fit or is unknown: read as UTF-8 or windows-1252")
	}
	return text
}

func transferDecoded(p *enmime.Part) []byte {
	encoding, _, _ := mime.ParseMediaType(p.Header.Get("Content-Transfer-Encoding"))
	switch strings.ToLower(encoding) {
	case "base64":
		return decodeBase64(p.Content)
	case "quoted-printable":
		return decodeQP(p.Content)
	default:
		return p.Content
	}
}

// normalise makes line ends "\n".
func normalise(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

func firstOf(list []string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

func lastOf(list []string) string {
	for _, s := range slices.Backward(list) {
		if s != "" {
			return s
		}
	}
	return ""
}
