package email

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/contact"
)

// understood is a mail as far as it can be understood.
type understood struct {
	contact.Message
	autoReply, bounce, list bool
	// head is the mail's header.
	head fields
	// packed is a body that came in winmail.dat.
	packed view
	// seals is what signatures on it are checked by.
	seals seals
}

// Parse implements channels.Parser. Whatever the bytes are, something is shown:
// what can't be parsed appears as raw text with a warning.
func (a *Adapter) Parse(in *channels.Inbound) (*contact.Message, error) {
	if in.Format != "rfc822" {
		return nil, a.failure("parse", channels.Malformed, "", "unknown format "+quoted(in.Format), nil)
	}
	if len(in.Raw) > maxMail {
		return nil, a.failure("parse", channels.Malformed, "", tooLarge(len(in.Raw)), nil)
	}
	if in.Raw == nil && in.RawObject != "" {
		return nil, a.failure("parse", channels.Unavailable, "", "the original was not loaded", nil)
	}
	u := understand(in.Raw, seals{vouched: a.cfg.Vouched, at: in.ReceivedAt})
	a.apartFromUs(&u)
	u.judgeSender(a.cfg.believes())
	m := u.Message
	m.Unanswerable = unanswerable(&u)
	m.Copies, m.DerivedID = copyMarks(&u, in.ReceivedAt), firstID(u.head.get("Message-Id")) == ""
	m.Channel, m.Account, m.ReceivedAt = contact.Email, in.Account, in.ReceivedAt
	return &m, nil
}

// tooLarge says why a mail isn't read but quarantined.
func tooLarge(size int) string {
	return fmt.Sprintf("the mail has %d MiB: more than %d are not read", size>>20, maxMail>>20)
}

// understand never fails and never panics. by is what signatures are checked by.
func understand(raw []byte, by seals) (u understood) {
	defer func() {
		if v := recover(); v != nil {
			u = asRawText(raw, fmt.Sprintf("the mail could not be parsed and is shown as it came (%v)", v))
		}
	}()
	clean := rinse(raw)
	root, odd := parseTree(clean)
	u = withHeader(headerIn(root))
	if u.MessageID == "" {
		u.MessageID = derivedID(u.head, clean[len(root.head):])
		u.warn("the mail has no Message-ID: one is derived from its content")
	}
	for _, words := range odd {
		u.warn(words)
	}
	u.seals = by
	u.seals.begin(&u, root)
	b := newBuilder(&u, len(raw))
	v := b.walk(root)
	if v.empty() {
		v = u.packed
	}
	if v.empty() && len(b.below) == 0 && len(u.Attachments) > 0 {
		v = b.nameless(root)
	}
	if v.empty() && len(b.below) == 0 && len(u.Attachments) == 0 {
		v = b.asItCame(root, clean)
	}
	u.setBody(v.text, v.html)
	u.setBelow(b.below)
	u.classify(root)
	u.forwardedPart(root)
	return u
}

// headerIn reads the header of a mail. Letters in it that bear no label are
// those of the body, unless they are UTF-8.
func headerIn(root *part) fields {
	label := root.params["charset"]
	for p := root; label == "" && len(p.children) > 0; {
		p = p.children[0]
		label = p.params["charset"]
	}
	if label == "" || utf8.Valid(root.head) {
		return root.header
	}
	return parseFieldsIn(root.head, label)
}

// withHeader understands the header of a mail.
func withHeader(f fields) understood {
	u := understood{Message: contact.Message{
		To:      lists(f, "To"),
		CC:      lists(f, "Cc"),
		ReplyTo: lists(f, "Reply-To"),
		Subject: oneLine(visible(decodeWords(endWord(f.get("Subject"))))),

		MessageID:   firstID(f.get("Message-Id")),
		InReplyTo:   firstID(f.get("In-Reply-To")),
		References:  messageIDs(strings.Join(f.all("References"), " ")),
		Attachments: []contact.Attachment{},
		Warnings:    []string{},
	}, head: f}
	u.author(f)
	u.Token = findToken(f)
	u.keepHeaders(f)
	return u
}

// keepHeaders notes the fields that policies may ask, without our own tokens.
func (u *understood) keepHeaders(f fields) {
	for _, one := range f {
		if !contact.KeepsHeader(one.name) {
			continue
		}
		value := oneLine(visible(decodeWords(clipTo(one.value, 4<<10))))
		if bare, token := cutToken(value); token != "" {
			value = bare
		}
		u.KeepHeader(one.name, value)
	}
}

// author finds whom the mail is from: the first of From with an address; where
// there is none, whoever else it names.
func (u *understood) author(f fields) {
	from := lists(f, "From")
	for _, one := range from {
		if one.Address != "" {
			u.From = one
			break
		}
	}
	switch written := len(from); {
	case u.From.Address != "" && written > 1:
		u.warn(fmt.Sprintf("the mail has %d authors: the first is taken for the sender", written))
	case u.From.Address != "":
	case written > 0:
		u.From = from[0]
		u.warn("the sender has no address")
	default:
		u.warn("the mail has no From")
	}
	for _, name := range []string{"Sender", "Reply-To", "Resent-From", "X-Original-From", "Return-Path"} {
		if u.From.Address != "" {
			return
		}
		for _, one := range lists(f, name) {
			if one.Address != "" {
				u.From = contact.Address{Address: one.Address, Name: orDefault(u.From.Name, one.Name)}
				u.warn("the sender's address is taken from " + name)
				break
			}
		}
	}
}

func lists(f fields, name string) []contact.Address {
	return parseAddresses(strings.Join(f.all(name), ", "))
}

// findToken looks for the conversation's token where addresses we were reached
// by are written, then among the ids of what is answered.
func findToken(f fields) string {
	for _, name := range []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "Resent-To"} {
		for _, value := range f.all(name) {
			if _, token := cutToken(value); token != "" {
				return token
			}
		}
	}
	return tokenOf(messageIDs(strings.Join(append(f.all("In-Reply-To"), f.all("References")...), " ")))
}

// warn says what is odd in a mail, once.
func (u *understood) warn(words string) {
	if len(u.Warnings) < maxWarnings && !slices.Contains(u.Warnings, words) {
		u.Warnings = append(u.Warnings, words)
	}
}

// setBody sets the words of the mail. Of a text longer than anybody writes all
// counts as the person's own.
func (u *understood) setBody(text, htm string) {
	htm = tidy(htm)
	u.Text = strings.TrimRight(text, " \t\r\n")
	if strings.TrimSpace(text) == "" && htm != "" {
		u.Text = strings.TrimRight(htmlToText(htm), " \t\r\n")
	}
	u.HTML = sanitise(htm)
	u.ReplyText = u.Text
	if len(u.Text) <= maxReply && len(htm) <= maxReplyHTML {
		u.readBody(text, htm)
	}
}

// maxReply and maxReplyHTML are the lengths in bytes up to which quotes are
// looked for.
const (
	maxReply     = 256 << 10
	maxReplyHTML = 4 << 20
)

// setBelow puts under the mail's own words what it encloses.
func (u *understood) setBelow(below []view) {
	if len(below) == 0 {
		return
	}
	v := join(below)
	if u.HTML != "" || v.html != "" {
		u.HTML = strings.Trim(orDefault(u.HTML, preformatted(u.Text))+"\n"+sanitise(orDefault(tidy(v.html), preformatted(v.text))), "\n")
	}
	u.Text = strings.TrimLeft(u.Text+"\n\n"+strings.TrimRight(v.text, " \t\r\n"), "\n")
}

// asItCame shows the body as it came: there are bytes, and nothing else made
// words of them.
func (b *builder) asItCame(root *part, raw []byte) view {
	body := raw[min(len(raw), len(root.head)):]
	if len(root.content) > 0 || len(root.children) > 0 {
		body = root.content
	}
	text := strings.TrimSpace(normalise(toUTF8(body[:min(len(body), maxText)])))
	if text == "" || !root.multipart() && root.encoding != "base64" {
		return view{}
	}
	b.u.warn("no part of the mail could be read: it is shown as it came")
	return view{text: text}
}

// asRawText is the last resort: the mail as it came, headers and all.
func asRawText(raw []byte, why string) (u understood) {
	shown := raw[:min(len(raw), maxText)]
	defer func() {
		if recover() != nil { // not even the header: then really only the text
			u = understood{Message: contact.Message{
				To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{},
				References: []string{}, Attachments: []contact.Attachment{}, Warnings: []string{why},
			}}
			u.Text = toUTF8(shown)
			u.ReplyText = u.Text
		}
	}()
	header, _ := splitHeader(raw)
	u = withHeader(parseFields(header))
	u.warn(why)
	u.Text = normalise(toUTF8(shown))
	u.ReplyText = u.Text
	u.classify(nil)
	return u
}
