package desk

import (
	"cmp"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
)

// compose makes the reply, threaded under the message that it answers: to the
// customer always, unless it goes to who wrote what the customer has forwarded.
func (s *Service) compose(who Who, c *conversationFacts, in *Sending, st *story, w *way) *contact.Reply {
	ch, account := c.Channel, c.Account
	if w != nil {
		ch, account = w.Channel, w.Account
	}
	r := &contact.Reply{
		ID: in.ID, Kind: in.Kind, Channel: ch, Account: account, Conversation: c.ID, Contact: in.Contact,
		Covers: cmp.Or(in.Covers, st.lastID), Agent: who.ID, CreatedAt: s.now().UTC().Truncate(time.Second),
		FromName: s.accounts.name(who.ID), To: uniquePeople(in.To), CC: uniquePeople(in.CC), Subject: in.Subject,
		Text: in.Text, HTML: in.HTML, Attachments: in.Attachments, Token: s.deps.Keys.Token(c.ID),
	}
	m := st.answered(r.Covers)
	if w.elsewhere(m) {
		s.composeElsewhere(r, c, in, m, w)
		return r
	}
	if m != nil {
		if sender := m.Sender(); sender.Address != "" && !hasAddress(r.To, sender.Address) && (len(r.To) == 0 || !st.failed && !st.toAuthor(r.To)) {
			r.To = slices.Insert(r.To, 0, sender)
		}
	} else if len(r.To) == 0 && st.lastReply != nil {
		r.To = slices.Clone(st.lastReply.To)
	}
	r.CC = slices.DeleteFunc(r.CC, func(a contact.Address) bool { return hasAddress(r.To, a.Address) })
	if r.Subject == "" {
		r.Subject = replySubject(subjectOf(st, m))
	}
	language := ""
	if c.has {
		language = c.contact.Language
	}
	quote := in.Quote && ch == contact.Email // elsewhere the thread is in view
	if m != nil && m.HTML != "" && r.HTML == "" && ch == contact.Email {
		r.HTML = withHTML(r.Text, m, quote, language, s.cfg.Zone)
	}
	if quote && m != nil {
		if q := quoted(m, language, s.cfg.Zone); q != "" {
			r.Text = strings.TrimRight(r.Text, "\n") + "\n\n" + q
		}
	}
	r.InReplyTo, r.References = threading(m)
	if m != nil {
		r.Origin = m.Origin
	}
	return r
}

// toAuthor reports whether a reply is addressed to who wrote what was forwarded.
func (st *story) toAuthor(to []contact.Address) bool {
	return slices.ContainsFunc(st.authors, func(a contact.Address) bool { return hasAddress(to, a.Address) })
}

// answered gives the message that a reply answers: the last that its author had
// on screen, whatever else has come since, perhaps from somebody else.
func (st *story) answered(covers string) *contact.Message {
	if m := st.byID[covers]; m != nil {
		return m
	}
	return st.last
}

func subjectOf(st *story, m *contact.Message) string {
	switch {
	case m != nil:
		return m.Subject
	case st.lastReply != nil:
		return st.lastReply.Subject
	}
	return ""
}

// threading gives what a reply answers and the chain that leads to it (RFC 5322
// section 3.6.4).
func threading(m *contact.Message) (inReplyTo string, references []string) {
	if m == nil || m.MessageID == "" {
		return "", nil
	}
	chain := m.References
	if len(chain) == 0 && m.InReplyTo != "" {
		chain = []string{m.InReplyTo}
	}
	const longest = 40
	if len(chain) > longest {
		chain = append(slices.Clone(chain[:1]), chain[len(chain)-longest+1:]...)
	}
	return m.MessageID, append(slices.Clone(chain), m.MessageID)
}

// uniquePeople drops addresses that are empty or there twice.
func uniquePeople(list []contact.Address) []contact.Address {
	out := []contact.Address{}
	for _, a := range list {
		a.Address = strings.TrimSpace(a.Address)
		if a.Address != "" && !hasAddress(out, a.Address) {
			out = append(out, a)
		}
	}
	return out
}

// ParseAddresses reads a list of addresses as a person types it (RFC 5322
// section 3.4; semicolons will do).
func ParseAddresses(list string) ([]contact.Address, error) {
	list = strings.Trim(strings.ReplaceAll(list, ";", ","), ", \t\r\n")
	if list == "" {
		return []contact.Address{}, nil
	}
	parsed, err := mail.ParseAddressList(list)
	if err != nil {
		return nil, invalid(fmt.Sprintf("%q is not a list of addresses: separate them by commas.", list))
	}
	out := make([]contact.Address, 0, len(parsed))
	for _, a := range parsed {
		out = append(out, contact.Address{Address: a.Address, Name: a.Name})
	}
	return out, nil
}
