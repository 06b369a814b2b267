package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
)

// conversationFacts is a conversation with the contact that it shows.
type conversationFacts struct {
	ledger.ConversationRow
	contact facts
	has     bool
	// engaged is the agent with whom it goes on after its answer, nil if with none.
	engaged *router.Engagement
}

// Conversation gives all there is to see of one conversation.
func (s *Service) Conversation(ctx context.Context, who Who, id string) (view.Conversation, error) {
	c, err := s.conversation(ctx, id)
	if err != nil {
		return view.Conversation{}, err
	}
	entries, err := s.deps.Ledger.Timeline(ctx, id)
	if err != nil {
		return view.Conversation{}, fmt.Errorf("reading a conversation: %w", err)
	}
	st := s.tell(ctx, who, entries)
	out := view.Conversation{
		ID: id, State: string(c.State), Items: st.items, ResolveBy: c.ResolveBy, Paused: c.Left > 0, Stranger: st.strangerWords(), StrangerOf: st.stranger,
		Holder: c.has && c.contact.Agent == who.ID && c.contact.State != router.EndedContact,
		Covers: st.lastID, Limits: s.limits(c.Channel, c.Account), SavedAnswers: s.SavedAnswers(),
	}
	out.WritesOn, out.Engaged = c.writesOn(who), s.engaged(who, c)
	if c.Channel == contact.Email || c.Channel == contact.Letter { // nobody signs each line of a chat
		out.Signature = s.Signature(who)
	}
	if c.has {
		out.Card = s.card(ctx, &c.contact)
		if out.Draft, err = s.drafts.get(ctx, c.contact.ID); err != nil {
			return out, err
		}
	} else {
		out.Card = s.bareCard(c, st)
	}
	if st.last != nil && !st.last.Public {
		out.Limits.Public = false // the answer is for those alone who can read the question
	}
	s.attend(ctx, st, &out)
	s.composerDefaults(&out, st)
	s.offerWays(ctx, who, c, st, &out)
	out.Apology = s.apology(who, c, &out)
	if out.Why, out.WhyMore, err = s.reasons(ctx, c, s.placed(ctx, c, entries)); err != nil {
		return out, err
	}
	if err := s.around(ctx, who, c, &out); err != nil {
		return out, err
	}
	out.Customer = s.customer(c, st, len(out.History)+1)
	s.whole(ctx, &out.Customer)
	out.Restricted, err = s.restrictedWords(ctx, c.Customer)
	return out, err
}

// conversation finds the conversation and its open contact, live from the
// router, or its last one from the ledger.
func (s *Service) conversation(ctx context.Context, id string) (*conversationFacts, error) {
	row, err := s.deps.Ledger.Conversation(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, missing("There is no such conversation.")
	}
	if err != nil {
		return nil, fmt.Errorf("reading a conversation: %w", err)
	}
	c := &conversationFacts{ConversationRow: row}
	err = s.deps.Router.View(ctx, func(st *router.State) {
		if e := st.Engagements[id]; e != nil {
			one := *e
			c.engaged = &one
		}
		live := st.Conversations[id]
		if live == nil {
			return
		}
		c.Conversation = *live
		c.Participants = slices.Clone(live.Participants)
		if o := st.Contacts[live.Contact]; o != nil {
			c.contact, c.has = copyContact(st, o), true
		}
	})
	if err != nil {
		return nil, fmt.Errorf("reading a conversation: %w", err)
	}
	if c.has || row.LastContact == "" {
		return c, nil
	}
	last, err := s.deps.Ledger.Contact(ctx, row.LastContact)
	if err == nil {
		c.contact, c.has = facts{Contact: last.Contact}, true
	} else if !errors.Is(err, ledger.ErrNotFound) {
		return nil, fmt.Errorf("reading a conversation's contact: %w", err)
	}
	return c, nil
}

// bareCard is the card of a conversation that never had a contact: history, or
// a message of ours that nobody has answered.
func (s *Service) bareCard(c *conversationFacts, st *story) view.Card {
	card := view.Card{
		Conversation: c.ID, Channel: c.Channel, Account: c.Account, Customer: c.Customer,
		State: string(router.EndedContact), Start: c.OpenedAt, Messages: c.Messages,
	}
	switch {
	case st.last != nil:
		card.CustomerName, card.Subject, card.Snippet = called(st.last.Sender()), st.last.Subject, snippet(st.last.Text)
	case st.lastReply != nil && len(st.lastReply.To) > 0:
		card.CustomerName, card.Subject, card.Snippet = called(st.lastReply.To[0]), st.lastReply.Subject, snippet(st.lastReply.Text)
	}
	return card
}

// composerDefaults says what the composer starts with: to the sender, under the
// same subject, with the people of a reply to all and the text to quote.
func (s *Service) composerDefaults(out *view.Conversation, st *story) {
	out.ReplyTo, out.CC, out.All = []contact.Address{}, []contact.Address{}, []contact.Address{}
	switch {
	case st.last != nil:
		out.ReplyTo = append(out.ReplyTo, st.last.Sender())
		out.Subject, out.Quoted = replySubject(st.last.Subject), quoted(st.last, out.Card.Language, s.cfg.Zone)
	case st.lastReply != nil:
		out.ReplyTo = append(out.ReplyTo, st.lastReply.To...)
		out.Subject = replySubject(st.lastReply.Subject)
	}
	for _, a := range st.people {
		if !s.ours(a.Address) && !hasAddress(out.ReplyTo, a.Address) && len(out.All) < maxPeople {
			out.All = append(out.All, a)
		}
	}
}

// around adds what stands beside the conversation: the customer's others, and
// the colleagues.
func (s *Service) around(ctx context.Context, who Who, c *conversationFacts, out *view.Conversation) error {
	out.History = []view.Card{}
	rows, err := s.historyOf(ctx, c, out)
	if err != nil {
		return fmt.Errorf("reading a customer's conversations: %w", err)
	}
	for i := range rows {
		if rows[i].ID == c.ID || c.Customer == "" || slices.Contains(out.Together, rows[i].ID) {
			continue
		}
		out.History = append(out.History, s.historyCard(ctx, &rows[i]))
	}
	people, err := s.People(ctx)
	if err != nil {
		return err
	}
	out.Colleagues = slices.DeleteFunc(people, func(p view.Person) bool { return p.ID == who.ID })
	return nil
}

// historyOf gives the conversations of the person with whom one is, newest first, and
// notes which of them are answered together with it.
func (s *Service) historyOf(ctx context.Context, c *conversationFacts, out *view.Conversation) ([]ledger.ConversationRow, error) {
	out.Together = []string{}
	if s.deps.Persons == nil {
		return s.deps.Ledger.Conversations(ctx, c.Customer, 20)
	}
	p, _, err := s.deps.Persons.Person(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	rows, err := s.deps.Persons.ConversationsOf(ctx, p.Members, 20)
	lead := cmp.Or(c.With, c.ID)
	for i := range rows {
		if row := &rows[i]; row.ID != c.ID && (row.ID == lead || row.With == lead) {
			out.Together = append(out.Together, row.ID)
		}
	}
	return rows, err
}

func (s *Service) historyCard(ctx context.Context, row *ledger.ConversationRow) view.Card {
	if row.LastContact != "" {
		if last, err := s.deps.Ledger.Contact(ctx, row.LastContact); err == nil {
			return s.card(ctx, &facts{Contact: last.Contact})
		}
	}
	h := s.headlineOf(ctx, s.lastWords(ctx, row.ID))
	return view.Card{
		Conversation: row.ID, Channel: row.Channel, Account: row.Account, Customer: row.Customer,
		CustomerName: h.name, Subject: h.subject, Snippet: h.snippet,
		State: string(router.EndedContact), Start: row.OpenedAt, Messages: row.Messages,
	}
}

func (s *Service) customer(c *conversationFacts, st *story, conversations int) view.Customer {
	v := view.Customer{
		ID: c.Customer, Since: c.OpenedAt, Conversations: conversations,
		Language: c.contact.Language, Tier: c.contact.Tier, Identities: []contact.Identity{},
		Worth:     append([]string{}, s.teller(explain.English, s.now()).Ranked(&c.contact.Contact)...),
		Addresses: []view.CustomerIdentity{}, Links: []view.CustomerLink{}, Proposals: []view.CustomerLink{},
	}
	var from contact.Address
	ch := c.Channel
	switch {
	case st.last != nil:
		from, ch = st.last.From, cmp.Or(st.last.Channel, ch)
	case st.lastReply != nil && len(st.lastReply.To) > 0:
		from = st.lastReply.To[0]
	default:
		return v
	}
	v.Name = called(from)
	v.Identities = append(v.Identities, contact.Identity{Channel: ch, Address: from.Address, Name: from.Name})
	return v
}

// adapter gives the account through which a conversation goes.
func (s *Service) adapter(ch contact.Channel, account string) (channels.Adapter, bool) {
	for _, a := range s.deps.Channels.Adapters() {
		if a.Channel == ch && a.Account == account {
			return a, true
		}
	}
	return channels.Adapter{}, false
}

func (s *Service) limits(ch contact.Channel, account string) contact.Limits {
	a, _ := s.adapter(ch, account)
	return a.Limits
}

// ours reports whether an address is one of our accounts', with or without a
// token of ours in it.
func (s *Service) ours(address string) bool {
	local, domain, ok := strings.Cut(strings.ToLower(address), "@")
	plain, _, _ := strings.Cut(local, "+")
	for _, a := range s.deps.Channels.Adapters() {
		for _, own := range append([]string{a.Address}, a.Aliases...) {
			own = strings.ToLower(own)
			if own != "" && (own == strings.ToLower(address) || ok && own == plain+"@"+domain) {
				return true
			}
		}
	}
	return false
}

func hasAddress(list []contact.Address, address string) bool {
	return slices.ContainsFunc(list, func(a contact.Address) bool { return strings.EqualFold(a.Address, address) })
}

// replySubject puts "Re: " before a subject once.
func replySubject(subject string) string {
	trimmed := strings.TrimSpace(subject)
	for _, p := range []string{"re:", "aw:", "sv:", "antw:", "odp:"} {
		if len(trimmed) >= len(p) && strings.EqualFold(trimmed[:len(p)], p) {
			return trimmed
		}
	}
	return strings.TrimSpace("Re: " + trimmed)
}
