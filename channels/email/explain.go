package email

import (
	"crypto/md5" //nolint:gosec // names a file's content, protects nothing
	"encoding/hex"

	"stagecoach/contact"
)

// Explanation is how a mail is understood, in the form that `mail explain`
// prints. What is absent is "" or an empty list.
type Explanation struct {
	FromEmail   string                `json:"from_email"`
	FromName    string                `json:"from_name"`
	To          []string              `json:"to"`
	CC          []string              `json:"cc"`
	ReplyTo     []string              `json:"reply_to"`
	Subject     string                `json:"subject"`
	Text        string                `json:"text"`
	HTMLText    string                `json:"html_text"`
	ReplyText   string                `json:"reply_text"`
	Attachments []ExplainedAttachment `json:"attachments"`
	MessageID   string                `json:"message_id"`
	InReplyTo   string                `json:"in_reply_to"`
	References  []string              `json:"references"`
	AutoReply   bool                  `json:"auto_reply"`
	Bounce      bool                  `json:"bounce"`
	MailingList bool                  `json:"mailing_list"`
	Warnings    []string              `json:"warnings"`
	// Forwarded is who wrote what was forwarded, absent if nothing was.
	Forwarded *contact.Forwarded `json:"forwarded,omitempty"`
}

// ExplainedAttachment is one file of a mail. Size is in bytes, decoded; MD5 is
// of those bytes, in hex.
type ExplainedAttachment struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	MD5         string `json:"md5"`
}

// MaxMail is the size in bytes above which a mail is quarantined unread.
const MaxMail = maxMail

// Explain tells how a mail is understood, by the code that the channel uses,
// where nobody's signatures are known. It has an answer for any input.
func Explain(raw []byte) Explanation { return ExplainBy(raw, nil) }

// ExplainBy is Explain for whoever knows these signatures. They are judged by the
// time at which the mail says that it came.
func ExplainBy(raw []byte, vouched *Vouched) Explanation {
	var u understood
	if len(raw) > maxMail {
		u = asRawText(raw[:maxText], tooLarge(len(raw))+": it would be quarantined")
	} else {
		u = understand(raw, seals{vouched: vouched})
	}
	u.judgeSender(believed{})
	out := Explanation{
		FromEmail: u.From.Address, FromName: u.From.Name,
		To: bare(u.To), CC: bare(u.CC), ReplyTo: bare(u.ReplyTo),
		Subject: u.Subject, Text: u.Text, HTMLText: u.HTML, ReplyText: u.ReplyText,
		Attachments: []ExplainedAttachment{},
		MessageID:   u.MessageID, InReplyTo: u.InReplyTo, References: u.References,
		AutoReply: u.autoReply, Bounce: u.bounce, MailingList: u.list, Warnings: u.Warnings, Forwarded: u.Forwarded,
	}
	for _, file := range u.Attachments {
		sum := md5.Sum(file.Data) //nolint:gosec // see the import
		out.Attachments = append(out.Attachments, ExplainedAttachment{
			Name: file.Name, ContentType: file.ContentType, Size: file.Size, MD5: hex.EncodeToString(sum[:]),
		})
	}
	return out
}

// bare gives the addresses alone; an entry without one gives its name.
func bare(list []contact.Address) []string {
	out := []string{}
	for _, one := range list {
		out = append(out, orDefault(one.Address, one.Name))
	}
	return out
}
