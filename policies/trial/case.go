package trial

import (
	"cmp"
	"fmt"
	"path"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

// Case is a contact as people describe it, and who is at work.
type Case struct {
	// At is when it comes.
	At       time.Time
	Contact  Contact
	Customer Customer
	Agents   []Agent
}

// Contact is what is known of a message.
type Contact struct {
	Channel  string   `yaml:"channel" enum:"email|webchat|slack|mastodon|bluesky|webhook|sms|phone|letter|visit"`
	Account  string   `yaml:"account"`
	Sender   string   `yaml:"sender"`
	Subject  string   `yaml:"subject"`
	Text     string   `yaml:"text"`
	Language string   `yaml:"language"`
	Auto     string   `yaml:"auto" enum:"auto_reply|bounce|calendar|challenge|delivered|mailing_list|receipt"`
	Outreach string   `yaml:"outreach"`
	SpamMark string   `yaml:"spam_mark"`
	Trust    string   `yaml:"trust" enum:"proven|forged|claimed"`
	Skills   []string `yaml:"skills"`
	To       []string `yaml:"to"`
	CC       []string `yaml:"cc"`
	// Headers are fields of its header, and Attachments the files that came with it.
	Headers     []Header     `yaml:"headers"`
	Attachments []Attachment `yaml:"attachments"`
	// Said is what an external classifier says of it.
	Said Said `yaml:"said"`
}

// Said is the word of an external classifier.
type Said struct {
	Class    string `yaml:"class"`
	Language string `yaml:"language"`
	// Confidence is how sure it is.
	Confidence float64 `yaml:"confidence" range:"0..1"`
}

// Header is a field of a message's header.
type Header struct {
	Name  string `yaml:"name" required:"true"`
	Value string `yaml:"value" required:"true"`
}

// Attachment is a file of a message.
type Attachment struct {
	Name string `yaml:"name" required:"true"`
	// Type is its media type; by the ending of its name, if left out.
	Type string `yaml:"type"`
	// Size is in bytes.
	Size int `yaml:"size" range:"0..2000000000"`
}

// Agent is somebody who works here, and how it stands with them.
type Agent struct {
	policies.Member
	Presence contact.Presence
	// Holds is how many contacts of the same channel they have in hand.
	Holds int
}

// input is the contact as a policy set is asked about it.
func (c *Case) input() policies.ClassifyInput {
	channel := contact.Channel(c.Contact.Channel)
	if channel == "" {
		channel = contact.Email
	}
	m, files := contact.Message{}, []contact.Attachment{}
	for _, h := range c.Contact.Headers {
		m.KeepHeader(h.Name, h.Value)
	}
	for _, a := range c.Contact.Attachments {
		files = append(files, contact.Attachment{Name: a.Name, ContentType: cmp.Or(a.Type, typeByName(a.Name)), Size: int64(a.Size)})
	}
	given := &c.Contact
	var said *policies.Said
	if given.Said != (Said{}) {
		said = &policies.Said{Class: given.Said.Class, Language: given.Said.Language, Confidence: int(given.Said.Confidence*1000 + 0.5)}
	}
	return policies.ClassifyInput{
		Channel: channel, Account: given.Account, Sender: given.Sender, Subject: given.Subject, Text: given.Text, Language: given.Language,
		Auto: contact.AutoKind(given.Auto), Outreach: given.Outreach, SpamMark: given.SpamMark, Trust: contact.Trust(given.Trust),
		AccountSkills: given.Skills, At: c.At, To: given.To, CC: given.CC, Headers: m.Headers, Attachments: policies.AttachmentsOf(files),
		Contacts: c.Customer.Contacts, Customer: c.Customer.known(c.At), Tier: c.Customer.Tier, Said: said,
	}
}

// Input is the contact as a policy set is asked about it.
func (c *Case) Input() policies.ClassifyInput { return c.input() }

// typeByName gives the media type of the files that people send, by the endings of
// their names: the same on every machine.
func typeByName(name string) string {
	switch ending := strings.ToLower(path.Ext(name)); ending {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png", ".gif", ".webp", ".heic", ".bmp", ".tiff":
		return "image/" + ending[1:]
	case ".pdf", ".zip", ".json", ".rtf":
		return "application/" + ending[1:]
	case ".doc":
		return "application/msword"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xls":
		return "application/vnd.ms-excel"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".csv", ".html":
		return "text/" + ending[1:]
	case ".txt", ".log":
		return "text/plain"
	case ".ics":
		return "text/calendar"
	case ".vcf":
		return "text/vcard"
	case ".eml":
		return "message/rfc822"
	case ".mp3":
		return "audio/mpeg"
	case ".wav", ".ogg", ".m4a":
		return "audio/" + ending[1:]
	case ".mp4", ".mov", ".webm":
		return "video/" + ending[1:]
	}
	return "application/octet-stream"
}

// timeForms are how people write a moment.
func timeForms() []string {
	return []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05"}
}

// ParseTime reads a moment such as "2026-11-23 10:00", on the clock of a zone
// where it names none.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	for _, form := range timeForms() {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: a moment is written like 2026-11-23 10:00", text)
}
