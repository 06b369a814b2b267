package trial

import (
	"fmt"
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
}

// Customer is what is known of who wrote it.
type Customer struct {
	// Tier is the tier that they were given, "" to find it by the policy.
	Tier string `yaml:"tier"`
	// LastAgent is who answered them last.
	LastAgent string `yaml:"last_agent"`
}

// Agent is somebody who works here, and how it stands with them.
type Agent struct {
	policies.Member
	Presence contact.Presence
	// Holds is how many contacts of the same channel they have in hand.
	Holds int
}

// input is the contact as a policy set is asked about it.
func (c *Contact) input() policies.ClassifyInput {
	channel := contact.Channel(c.Channel)
	if channel == "" {
		channel = contact.Email
	}
	return policies.ClassifyInput{
		Channel: channel, Account: c.Account, Sender: c.Sender, Subject: c.Subject, Text: c.Text, Language: c.Language,
		Auto: contact.AutoKind(c.Auto), Outreach: c.Outreach, SpamMark: c.SpamMark, Trust: contact.Trust(c.Trust), AccountSkills: c.Skills,
	}
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
