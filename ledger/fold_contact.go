package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"stagecoach/router"
)

func (f *fold) applyConversation(ctx context.Context, ev router.Event) error {
	switch e := ev.(type) {
	case router.ConversationOpened:
		return f.conversationOpened(ctx, &e)
	case router.ConversationClosed:
		v, err := f.knownConversation(ctx, e.Conversation, "conversation_closed")
		if v == nil {
			return err
		}
		v.facts.Close(&e, f.at)
		v.facts.Touched = f.n
		f.line(v, nil, Entry{Kind: "conversation_closed", Code: string(e.State)})
	case router.ResolutionBreached:
		v, err := f.knownConversation(ctx, e.Conversation, "resolution_breached")
		if v == nil {
			return err
		}
		v.facts.ResolveMissed = true
		f.line(v, nil, Entry{Kind: "resolution_breached", Until: v.facts.ResolveBy})
	case router.Noted:
		v, err := f.knownConversation(ctx, e.Conversation, "noted")
		if v == nil {
			return err
		}
		c, err := f.contact(ctx, e.Contact)
		if err != nil {
			return err
		}
		f.line(v, c, Entry{Kind: "noted", Item: e.Note, Ref: e.Ref, Actor: e.By})
	default:
		return fmt.Errorf("event %T is not about a conversation", ev)
	}
	return nil
}

func (f *fold) knownConversation(ctx context.Context, id, event string) (*conversationRow, error) {
	v, err := f.conversation(ctx, id)
	if v == nil && err == nil {
		f.gap(GapUnknown, "conversation "+id, event+" names a conversation that was never opened")
	}
	return v, err
}

func (f *fold) knownContact(ctx context.Context, id, event string) (*contactRow, *conversationRow, error) {
	c, err := f.contact(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if c == nil {
		f.gap(GapUnknown, "contact "+id, event+" names a contact that was never opened")
		return nil, nil, nil
	}
	v, err := f.conversation(ctx, c.facts.Conversation)
	return c, v, err
}

func (f *fold) conversationOpened(ctx context.Context, e *router.ConversationOpened) error {
	v, err := f.conversation(ctx, e.Conversation.ID)
	if err != nil {
		return err
	}
	switch {
	case v == nil && e.Back:
		f.gap(GapUnknown, "conversation "+e.Conversation.ID, "it came back and was never opened")
	case v != nil && !e.Back:
		f.gap(GapTwice, "conversation "+e.Conversation.ID, "it was opened twice")
	}
	if v == nil {
		f.pos.Counts.Conversations++
		v = &conversationRow{num: int64(f.pos.Counts.Conversations), fresh: true} //nolint:gosec // a count
		f.mem.conversations[e.Conversation.ID] = v
	}
	v.facts = e.Conversation
	v.facts.Participants = slices.Clone(e.Conversation.Participants)
	v.facts.Touched = f.n
	f.line(v, nil, Entry{Kind: "conversation_opened", Item: v.facts.ID, Channel: v.facts.Channel, Until: v.facts.ResolveBy, Detail: Detail{Back: e.Back, Renewed: e.Renewed}})
	return nil
}

func (f *fold) contactOpened(ctx context.Context, e *router.ContactOpened) error {
	known, err := f.contact(ctx, e.Contact.ID)
	if err != nil {
		return err
	}
	if known != nil {
		f.gap(GapTwice, "contact "+e.Contact.ID, "it was opened twice")
		return nil
	}
	v, err := f.conversation(ctx, e.Contact.Conversation)
	if err != nil {
		return err
	}
	if v == nil {
		f.gap(GapUnknown, "contact "+e.Contact.ID, fmt.Sprintf("its conversation %q was never opened", e.Contact.Conversation))
	}
	t := &f.pos.Counts.Contacts
	t.Opened++
	t.Open++
	c := &contactRow{num: int64(t.Opened), fresh: true, facts: copyContact(&e.Contact)} //nolint:gosec // a count
	c.fate = Fate{Policy: e.Policy, OpenedN: f.n, OpenedAt: f.at}
	f.mem.contacts[c.facts.ID] = c
	if v != nil {
		c.conv = v.num
		v.contacts++
		v.last = c.facts.ID
	}
	if err := f.attach(ctx, c); err != nil {
		return err
	}
	f.line(v, c, openedEntry(&c.facts, e.Policy))
	return f.take(ctx, c, c.facts.Messages)
}

func openedEntry(c *router.Contact, policy string) Entry {
	demand := c.Demand
	return Entry{
		Kind: "contact_opened", Item: c.ID, Channel: c.Channel, Agent: c.Prefer, Code: string(c.Promise), Until: c.Due,
		Detail: Detail{
			Policy: policy, Queue: c.Queue, LastResort: c.LastResort, Rule: c.Rule, Class: c.Class,
			Proposed: string(c.Proposed), Demand: &demand, Said: c.Asked.Said,
		},
	}
}

func copyContact(c *router.Contact) router.Contact {
	out := *c
	out.Messages, out.Offers, out.Cool = slices.Clone(c.Messages), slices.Clone(c.Offers), maps.Clone(c.Cool)
	out.Also = slices.Clone(c.Also)
	return out
}

// attach makes c the open contact of its conversation, and of what it stands for
// besides.
func (f *fold) attach(ctx context.Context, c *contactRow) error {
	conversations, err := f.conversationsOf(ctx, &c.facts)
	for _, v := range conversations {
		v.facts.Contact, v.facts.State, v.facts.Touched = c.facts.ID, router.ConversationOpen, f.n
		f.touchConversation(v)
	}
	f.touchContact(c)
	return err
}

// take notes that the contact lists these messages.
func (f *fold) take(ctx context.Context, c *contactRow, refs []router.MsgRef) error {
	for i := range refs {
		m, err := f.message(ctx, refs[i].ID)
		if err != nil {
			return err
		}
		if m == nil {
			continue // received later in this commit, or before what the log holds
		}
		m.contact, m.taken = c.facts.ID, true
		f.touchMessage(m)
	}
	return nil
}

func (f *fold) contactEnded(ctx context.Context, e *router.ContactEnded) error {
	c, v, err := f.knownContact(ctx, e.Contact, "contact_ended")
	if c == nil {
		return err
	}
	if !c.facts.Open() {
		f.gap(GapTwice, "contact "+e.Contact, "it ended twice")
		return nil
	}
	release(&c.facts)
	c.facts.State = router.EndedContact
	c.facts.End, c.facts.Disposition, c.facts.EndedBy = e.End, e.Disposition, e.By
	c.facts.EndedAt, c.facts.EndedN, c.facts.Reply = f.at, f.n, e.Reply
	c.facts.Undelivered = nil
	c.facts.Leave(e.Left)
	c.fate.EndReply, c.fate.EndInto, c.fate.Remark = e.Reply, e.Into, e.Remark
	if err := f.countEnd(ctx, c, e); err != nil {
		return err
	}
	conversations, err := f.conversationsOf(ctx, &c.facts)
	if err != nil {
		return err
	}
	for _, one := range conversations {
		if one.facts.Contact == c.facts.ID {
			one.facts.Contact, one.facts.Touched = "", f.n
			f.touchConversation(one)
		}
	}
	f.touchContact(c)
	item := e.Reply
	if item == "" {
		item = e.Into
	}
	f.line(v, c, Entry{Kind: "contact_ended", Actor: e.By, Item: item, Code: string(e.End), Reason: string(e.Disposition), Remark: e.Remark})
	return nil
}

func (f *fold) countEnd(ctx context.Context, c *contactRow, e *router.ContactEnded) error {
	t := &f.pos.Counts.Contacts
	t.Open--
	switch e.End {
	case router.EndReplied:
		t.Replied++
		f.pos.Counts.Replied[c.facts.Channel]++
		c.fate.Kept = !f.at.After(c.facts.Due)
		if c.fate.Kept {
			t.Kept++
		}
		r, err := f.reply(ctx, e.Reply)
		if r == nil {
			return err
		}
		c.fate.Answerer = r.facts.Agent
	case router.EndMerged:
		t.Merged++
	case router.EndDisposed:
		t.Disposed[e.Disposition]++
	}
	return nil
}

func (f *fold) contactReopened(ctx context.Context, e *router.ContactReopened) error {
	c, v, err := f.knownContact(ctx, e.Contact.ID, "contact_reopened")
	if c == nil {
		return err
	}
	if c.facts.Open() {
		f.gap(GapTwice, "contact "+e.Contact.ID, "it was opened again before it had ended")
		return nil
	}
	t := &f.pos.Counts.Contacts
	t.Open++
	f.pos.Counts.Reopened++
	switch e.Was {
	case router.EndReplied:
		t.Replied--
		f.pos.Counts.Replied[c.facts.Channel]--
		if e.Kept {
			t.Kept--
		}
	case router.EndMerged:
		t.Merged--
	case router.EndDisposed:
		t.Disposed[e.Disposition]--
	}
	c.facts = copyContact(&e.Contact)
	c.fate.EndReply, c.fate.EndInto, c.fate.Remark, c.fate.Answerer, c.fate.Kept = "", "", "", "", false
	c.fate.Reopened++
	if err := f.attach(ctx, c); err != nil {
		return err
	}
	f.line(v, c, Entry{Kind: "contact_reopened", Actor: e.By, Code: string(e.Was), Reason: e.Cause, Until: c.facts.Due})
	return f.take(ctx, c, c.facts.Messages)
}

// release takes a contact off whoever holds it.
func release(c *router.Contact) {
	if c.Agent == "" {
		return
	}
	c.Agent, c.Units = "", 0
	c.AssignedAt, c.WarnAt, c.PullAt, c.RecallAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	c.Warned = false
}
