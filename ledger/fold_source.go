package ledger

import (
	"context"
	"fmt"
	"strconv"

	"stagecoach/contact"
	"stagecoach/router"
)

// house folds what concerns no conversation.
func (f *fold) house(ev router.Event) {
	switch e := ev.(type) {
	case router.Takeover:
		f.line(nil, nil, Entry{Kind: "takeover", Item: e.Life, Code: strconv.FormatUint(f.pos.Epoch, 10)})
	case router.ClockStep:
		f.line(nil, nil, Entry{Kind: "clock_step", Until: e.To})
	case router.PolicyActivated:
		f.pos.Policy = e.Version
		f.line(nil, nil, Entry{Kind: "policy_activated", Actor: e.By, Code: e.Version, Reason: e.Reason, Remark: e.Remark})
	case router.PolicyDrafted:
		f.line(nil, nil, Entry{Kind: "policy_drafted", Actor: e.By, Code: e.Version, Item: e.Draft, Remark: e.Remark})
	case router.PolicyDropped:
		f.line(nil, nil, Entry{Kind: "policy_dropped", Actor: e.By, Item: e.Draft})
	case router.PolicyShadowed:
		f.line(nil, nil, Entry{Kind: "policy_shadowed", Actor: e.By, Code: e.Version})
	case router.AgentSet:
		a := f.agent(e.Agent.ID)
		a.facts, a.removed = e.Agent, false
		f.line(nil, nil, Entry{Kind: "agent_set", Agent: e.Agent.ID, Code: string(e.Agent.Role)})
	case router.AgentRemoved:
		a := f.agent(e.Agent)
		a.removed, a.presence = true, contact.Offline
		f.line(nil, nil, Entry{Kind: "agent_removed", Agent: e.Agent, Actor: e.By})
	case router.PresenceChanged:
		f.agent(e.Agent).presence = e.Presence
		f.line(nil, nil, Entry{Kind: "presence_changed", Agent: e.Agent, Code: string(e.Presence), Reason: e.Cause})
	default: // Trimmed speaks of the router's memory only
	}
}

func (f *fold) agent(id string) *agentRow {
	a := f.agents[id]
	if a == nil {
		a = &agentRow{facts: router.AgentProfile{ID: id}, presence: contact.Offline}
		f.agents[id] = a
	}
	a.dirty = true
	return a
}

func (f *fold) source(name string, ch contact.Channel, account string) *router.SourceState {
	src := f.sources[name]
	if src == nil {
		src = &router.SourceState{Channel: ch, Account: account}
		f.sources[name] = src
	}
	f.dirtySrc[name] = true
	return src
}

func (f *fold) sourceRead(e *router.SourceRead) {
	src := f.source(e.Source, contact.Channel(e.Channel), e.Account)
	if e.Seen < src.Seen {
		f.gap(GapBookmark, e.Source, fmt.Sprintf("the bookmark's count fell from %d to %d", src.Seen, e.Seen))
	}
	src.Channel, src.Account = contact.Channel(e.Channel), e.Account
	src.Position, src.At, src.Since, src.Seen = e.Position, e.At, e.Since, e.Seen
}

func (f *fold) customerKnown(e *router.CustomerKnown) {
	f.customers = append(f.customers, customerRow{id: e.Customer, n: f.n, at: f.at})
	f.key(keyRow{key: e.Identity, kind: router.KeyIdentity, what: "customer", id: e.Customer})
}

func (f *fold) key(k keyRow) {
	if k.key == "" {
		return
	}
	k.entry = entryID(f.n, f.event, 0)
	f.keys = append(f.keys, k)
}

func (f *fold) messageReceived(ctx context.Context, e *router.MessageReceived) error {
	src := f.source(e.Source, e.Channel, e.Account)
	if e.Contact == "" {
		src.History++
	} else {
		src.Messages++
	}
	v, err := f.conversation(ctx, e.Conversation)
	if err != nil {
		return err
	}
	c, err := f.contact(ctx, e.Contact)
	if err != nil {
		return err
	}
	if v == nil {
		f.gap(GapUnknown, "message "+e.Message, fmt.Sprintf("its conversation %q was never opened", e.Conversation))
	} else {
		v.facts.Touched = f.n
		v.facts.Participants = router.Joined(v.facts.Participants, e.Participants)
		v.messages++
	}
	id := f.line(v, c, Entry{
		Kind: "message_received", Item: e.Message, Ref: e.Ref, Channel: e.Channel, Until: e.ReceivedAt,
		Detail: Detail{History: e.Contact == "", Stranger: e.Stranger, Quoted: e.Quoted, Trust: e.Trust, JoinedBy: e.JoinedBy},
	})
	f.entries[len(f.entries)-1].about = e.Contact
	if f.mem.messages[e.Message] != nil {
		f.gap(GapTwice, "message "+e.Message, "it was recorded twice")
		return nil
	}
	m := &messageRow{
		num: int64(id), fresh: true, id: e.Message, contact: e.Contact, customer: e.Customer, //nolint:gosec // below 2^63
		source: e.Source, ref: e.Ref, receivedAt: e.ReceivedAt, taken: c != nil && lists(&c.facts, e.Message),
	}
	if v != nil {
		m.conv = v.num
	}
	f.mem.messages[m.id] = m
	f.touchMessage(m)
	k := keyRow{kind: router.KeyMessage, what: "message", id: e.Message, place: e.Place}
	for _, key := range append([]string{e.MessageKey}, e.Keys...) {
		k.key = key
		f.key(k)
	}
	k.key, k.kind, k.first = e.ItemKey, router.KeyItem, true
	f.key(k)
	return nil
}

func (f *fold) evidenceReceived(ctx context.Context, e *router.EvidenceReceived) error {
	f.source(e.Source, e.Channel, e.Account).Evidence++
	conversation, about := e.Conversation, e.Contact
	if r, err := f.reply(ctx, e.Reply); err != nil {
		return err
	} else if r != nil && conversation == "" {
		conversation, about = r.facts.Conversation, r.facts.Contact
	}
	v, err := f.conversation(ctx, conversation)
	if err != nil {
		return err
	}
	c, err := f.contact(ctx, about)
	if err != nil {
		return err
	}
	if c != nil && e.Contact != "" && e.Kind == router.EvidenceElsewhere {
		c.facts.Elsewhere = e.Ref
		f.touchContact(c)
	}
	id := f.line(v, c, Entry{
		Kind: "evidence_received", Item: e.Evidence, Ref: e.Ref, Channel: e.Channel, Code: string(e.Kind),
		Until: e.ReceivedAt, Detail: Detail{Reply: e.Reply, Code: e.Code},
	})
	f.evidence = append(f.evidence, evidenceRow{
		num: id, id: e.Evidence, kind: string(e.Kind), source: e.Source,
		conversation: e.Conversation, contact: e.Contact, reply: e.Reply, ref: e.Ref,
	})
	f.key(keyRow{key: e.ItemKey, kind: router.KeyItem, what: "evidence", id: e.Evidence, place: e.Place})
	return nil
}

func (f *fold) quarantined(e *router.Quarantined) {
	f.source(e.Source, e.Channel, e.Account).Quarantined++
	id := f.line(nil, nil, Entry{Kind: "quarantined", Item: e.ID, Ref: e.Ref, Channel: e.Channel, Reason: e.Reason, Until: e.ReceivedAt})
	f.quarantine = append(f.quarantine, quarantineRow{num: id, id: e.ID, source: e.Source, ref: e.Ref, reason: e.Reason, at: f.at})
	f.key(keyRow{key: e.ItemKey, kind: router.KeyItem, what: "quarantine", id: e.ID, place: e.Place})
}

// quarantineLeft notes what became of it. The message or evidence that it
// became is an event of its own and counts there; flush takes it off the sum of
// the quarantined.
func (f *fold) quarantineLeft(e *router.QuarantineLeft) {
	f.line(nil, nil, Entry{Kind: "quarantine_left", Item: e.ID, Code: e.Message})
	f.left = append(f.left, quarantineRow{num: entryID(f.n, f.event, 0), id: e.ID, message: e.Message})
}

func lists(c *router.Contact, message string) bool {
	for i := range c.Messages {
		if c.Messages[i].ID == message {
			return true
		}
	}
	return false
}
