package router

import (
	"context"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

// Consulted is a message about which an external classifier is asked.
type Consulted struct {
	policies.ClassifyInput
	// Since is when it was read from INBOX: what it says later than its time limit
	// after that helps nobody. Zero for just now.
	Since time.Time
}

// consult asks an external classifier about what people wrote, before the router is:
// its word goes into the log with what was made of it.
func (i *Intake) consult(ctx context.Context, read ...*reading) {
	set := i.cfg.Policy()
	if i.cfg.Consult == nil || !set.Consults() {
		return
	}
	var about []*reading
	var asked []Consulted
	for _, r := range read {
		if r.message == nil || r.message.Auto.Answers() || r.cmd.Kind == KindHistory {
			continue
		}
		about = append(about, r)
		asked = append(asked, Consulted{ClassifyInput: i.question(r.cmd, r.message), Since: r.at})
	}
	if len(asked) == 0 {
		return
	}
	for n, said := range i.cfg.Consult(ctx, set, asked) {
		heard := set.Hear(said)
		about[n].cmd.Asked.Said = &heard
	}
}

// question gives what the policy is told of a message.
func (i *Intake) question(c *Receive, m *contact.Message) policies.ClassifyInput {
	acc := i.cfg.Account(c.Channel, c.Account)
	text := m.ReplyText
	if text == "" {
		text = m.Text
	}
	return policies.ClassifyInput{
		Channel: c.Channel, Account: c.Account, Sender: m.Sender().Address, Subject: m.Subject, Text: text,
		Language: m.Language, Auto: m.Auto, Outreach: m.Outreach, SpamMark: m.SpamMark, Trust: m.Auth.Trust, AccountSkills: acc.Skills, AccountLanguage: acc.Language,
		At: c.ReceivedAt, To: addressesOf(m.To), CC: addressesOf(m.CC), Headers: m.Headers, Attachments: policies.AttachmentsOf(m.Attachments),
		Contacts: c.Asked.Contacts, Said: c.Asked.Said,
	}
}

func addressesOf(list []contact.Address) []string {
	out := make([]string, len(list))
	for n, a := range list {
		out[n] = a.Address
	}
	return out
}
