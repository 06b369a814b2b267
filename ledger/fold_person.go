package ledger

import (
	"context"
	"fmt"
	"time"

	"stagecoach/customers"
	"stagecoach/router"
)

// The states of a link.
const (
	// LinkHolds is a link that makes one person of two customers, LinkUndone one that
	// was taken back.
	LinkHolds  = "holds"
	LinkUndone = "undone"
	// LinkProposed waits for somebody's word, LinkDeclined has had it.
	LinkProposed = "proposed"
	LinkDeclined = "declined"
)

// Link says that two customers are, were, or may be one person.
type Link struct {
	ID string `json:"id"`
	A  string `json:"a"`
	B  string `json:"b"`
	// Evidence says why, Conflict is a code for what speaks against it.
	Evidence customers.Evidence `json:"evidence"`
	Conflict string             `json:"conflict,omitempty"`
	State    string             `json:"state"`
	// Message is what proves it, "" where no message does; Remark is where the words
	// lie that were written to it.
	Message string    `json:"message,omitempty"`
	Remark  string    `json:"remark,omitempty"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	// EndedBy took it back, or declined it.
	EndedBy     string    `json:"ended_by,omitempty"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	EndedRemark string    `json:"ended_remark,omitempty"`
}

// person folds what is said of who is whom.
func (f *fold) person(ctx context.Context, ev router.Event) error {
	switch e := ev.(type) {
	case router.CustomersLinked:
		f.links = append(f.links, Link{
			ID: e.Link, A: e.A, B: e.B, Evidence: e.Evidence, State: LinkHolds, Message: e.Message, Remark: e.Remark, By: e.By, At: f.at,
		})
		f.persons = append(f.persons, e.Person)
		f.line(nil, nil, Entry{Kind: "customers_linked", Actor: e.By, Item: e.Link, Code: string(e.Evidence), Remark: e.Remark})
	case router.CustomersUnlinked:
		f.links = append(f.links, Link{ID: e.Link, A: e.A, B: e.B, State: LinkUndone, EndedBy: e.By, EndedAt: f.at, EndedRemark: e.Remark})
		f.persons = append(f.persons, e.Parts...)
		f.line(nil, nil, Entry{Kind: "customers_unlinked", Actor: e.By, Item: e.Link, Remark: e.Remark})
	case router.LinkProposed:
		f.links = append(f.links, Link{
			ID: e.Link, A: e.A, B: e.B, Evidence: e.Evidence, Conflict: e.Conflict, State: LinkProposed, Message: e.Message, By: f.actor, At: f.at,
		})
	case router.LinkDeclined:
		f.links = append(f.links, Link{ID: e.Link, A: e.A, B: e.B, State: LinkDeclined, By: e.By, At: f.at, EndedBy: e.By, EndedAt: f.at, EndedRemark: e.Remark})
	case router.ConversationJoined:
		return f.conversationJoined(ctx, &e)
	case router.ConversationParted:
		return f.conversationParted(ctx, &e)
	case router.CustomerChanged:
		return f.customerChanged(ctx, &e)
	default:
		return fmt.Errorf("event %T is not about who is whom", ev)
	}
	return nil
}

func (f *fold) conversationJoined(ctx context.Context, e *router.ConversationJoined) error {
	v, err := f.knownConversation(ctx, e.Conversation, "conversation_joined")
	if v == nil {
		return err
	}
	c, _, err := f.knownContact(ctx, e.Contact, "conversation_joined")
	if c == nil {
		return err
	}
	v.facts.Join(e)
	v.facts.Touched = f.n
	if c.facts.Open() {
		c.facts.Attend(e.Conversation)
		f.touchContact(c)
	}
	f.line(v, c, Entry{Kind: "conversation_joined", Item: e.With, Code: e.Cause, Channel: v.facts.Channel})
	return nil
}

func (f *fold) conversationParted(ctx context.Context, e *router.ConversationParted) error {
	v, err := f.knownConversation(ctx, e.Conversation, "conversation_parted")
	if v == nil {
		return err
	}
	if e.Contact == "" { // it was answered, and waits for nothing
		v.facts.Part(e)
		v.facts.Touched = f.n
		f.line(v, nil, Entry{Kind: "conversation_parted", Item: e.With, Channel: v.facts.Channel})
		return nil
	}
	c, _, err := f.knownContact(ctx, e.Contact, "conversation_parted")
	if c == nil {
		return err
	}
	f.line(v, c, Entry{Kind: "conversation_parted", Item: e.With, Channel: v.facts.Channel})
	v.facts.Part(e)
	v.facts.Touched = f.n
	if !c.facts.Open() {
		return nil
	}
	r, err := f.reply(ctx, c.facts.Reply)
	if err != nil {
		return err
	}
	if r == nil {
		c.facts.Part(e, nil)
	} else {
		c.facts.Part(e, &r.facts)
		f.touchReply(r)
	}
	f.touchContact(c)
	return nil
}

func (f *fold) customerChanged(ctx context.Context, e *router.CustomerChanged) error {
	c, v, err := f.knownContact(ctx, e.Contact, "customer_changed")
	if c == nil {
		return err
	}
	line := Entry{Kind: "customer_changed", Channel: e.ReplyChannel}
	c.facts.ChangeCustomer(e)
	if e.Class != nil {
		c.facts.Revise(e.Revised(), e.Policy, f.at)
		line.Until = c.facts.Due
		line.Detail = Detail{Policy: e.Policy, Class: c.facts.Class, Queue: c.facts.Queue, Rule: c.facts.Rule}
	}
	line.Detail.Known, line.Detail.Tier = c.facts.Known, c.facts.Tier
	f.touchContact(c)
	f.line(v, c, line)
	return nil
}

// conversationsOf gives the conversations that a contact stands for, as far as they
// are known.
func (f *fold) conversationsOf(ctx context.Context, c *router.Contact) ([]*conversationRow, error) {
	var out []*conversationRow
	for _, id := range c.Conversations() {
		v, err := f.conversation(ctx, id)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, nil
}

// persons and links are written after the customers that they name.
func (w *writer) people() {
	for i := range w.f.links {
		w.link(&w.f.links[i])
	}
	for _, p := range w.f.persons {
		for _, id := range p.Members {
			w.exec(w.s.person, id, p.ID)
		}
	}
}

func (w *writer) link(l *Link) {
	if l.State == LinkUndone || l.State == LinkDeclined {
		if w.exec(w.s.linkEnded, l.State, l.EndedBy, micros(l.EndedAt), l.EndedRemark, l.ID) > 0 || w.err != nil || l.State == LinkUndone {
			return // a refusal of what nobody had proposed is a row of its own
		}
	}
	w.exec(w.s.link, l.ID, l.A, l.B, string(l.Evidence), l.Conflict, l.State, l.Message, l.Remark, l.By, micros(l.At), l.EndedBy, micros(l.EndedAt), l.EndedRemark)
}
