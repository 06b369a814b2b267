package ledger

import (
	"context"
	"fmt"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// fold makes rows of events, in memory until flush writes them. One goroutine
// owns it. What it makes of an event is what the router's own fold makes of it;
// where the router may trust its log, the fold records a Gap instead.
type fold struct {
	load *loader
	mem  memory

	pos      position
	sources  map[string]*router.SourceState
	agents   map[string]*agentRow
	dirtySrc map[string]bool

	conversations []*conversationRow
	contacts      []*contactRow
	replies       []*replyRow
	messages      []*messageRow
	customers     []customerRow
	links         []Link
	persons       []router.Person
	evidence      []evidenceRow
	quarantine    []quarantineRow
	left          []quarantineRow
	keys          []keyRow
	entries       []entryRow
	ratings       []feedbackRow
	ideas         []ideaRow
	gaps          []Gap
	events        int

	// Of the event at hand.
	n     uint64
	at    time.Time
	actor string
	event int
	part  int
	// summed is true once a sum that doesn't add up was recorded.
	summed bool
}

type agentRow struct {
	facts    router.AgentProfile
	presence contact.Presence
	removed  bool
	dirty    bool
}

type customerRow struct {
	id string
	n  uint64
	at time.Time
}

type evidenceRow struct {
	num                                            uint64
	id, kind, source, conversation, contact, reply string
	ref                                            string
}

type quarantineRow struct {
	num                              uint64
	id, source, ref, reason, message string
	at                               time.Time
}

type keyRow struct {
	key   string
	kind  router.KeyKind
	what  string // message, evidence, quarantine, reply, customer
	id    string
	place string
	// entry is where it came from; first is true for the item key of a
	// message, which must not have been a message's before.
	entry uint64
	first bool
}

// commit folds one commit of the log.
func (f *fold) commit(ctx context.Context, r *read) error {
	f.pos.Seq = r.seq
	if what, detail := f.pos.refuse(r.commit); what != "" {
		f.skip(r, what, detail)
		return nil
	}
	f.pos.advance(r)
	f.pos.Counts.Commits++
	f.n, f.at, f.event = r.commit.N, r.commit.At, 0
	for i := range r.commit.Entries {
		e := &r.commit.Entries[i]
		f.actor = e.Actor
		for _, ev := range e.Events {
			f.part = 0
			if err := f.apply(ctx, ev); err != nil {
				return fmt.Errorf("folding commit %d: %w", f.n, err)
			}
			f.event++
		}
	}
	f.events += f.event
	f.pos.Counts.Events += uint64(f.event) //nolint:gosec // a count
	f.addUp()
	return nil
}

// skip records a commit that doesn't count.
func (f *fold) skip(r *read, what GapKind, detail string) {
	f.record(Gap{What: what, Where: fmt.Sprintf("log sequence %d", r.seq), Detail: detail, N: f.pos.N, At: r.commit.At})
}

// record keeps a gap for the file, the first maxGaps of them; all are counted.
func (f *fold) record(g Gap) {
	f.pos.Gaps++
	if f.pos.Gaps <= maxGaps {
		f.gaps = append(f.gaps, g)
	}
}

// maxGaps bounds the file against a log that goes wrong at every commit.
const maxGaps = 1000

// addUp checks the sum of the contacts after a commit, and records once that
// it does not hold.
func (f *fold) addUp() {
	t := f.pos.Counts.Contacts
	if t.AddsUp() || f.summed {
		return
	}
	f.summed = true
	f.gap(GapSum, "contacts", fmt.Sprintf("after commit %d: opened %d is not open %d + replied %d + merged %d + disposed %v", f.n, t.Opened, t.Open, t.Replied, t.Merged, t.Disposed))
}

// gap records that the log said something that can't be.
func (f *fold) gap(what GapKind, where, detail string) {
	f.record(Gap{What: what, Where: where, Detail: detail, N: f.n, At: f.at})
}

func (f *fold) id() uint64 {
	id := entryID(f.n, f.event, f.part)
	f.part++
	return id
}

// line adds an entry to the timeline of a conversation or of a contact.
func (f *fold) line(v *conversationRow, c *contactRow, e Entry) uint64 {
	e.ID, e.At = f.id(), f.at
	if e.Actor == "" {
		e.Actor = f.actor
	}
	row := entryRow{Entry: e}
	if v != nil {
		row.conv = v.num
		v.lastAt = f.at
		f.touchConversation(v)
	}
	if c != nil {
		row.contact = c.num
		if v == nil {
			row.conv = c.conv
		}
	}
	f.entries = append(f.entries, row)
	return e.ID
}

func (f *fold) touchConversation(v *conversationRow) {
	if !v.dirty {
		v.dirty = true
		f.conversations = append(f.conversations, v)
	}
}

func (f *fold) touchContact(c *contactRow) {
	if !c.dirty {
		c.dirty = true
		f.contacts = append(f.contacts, c)
	}
}

func (f *fold) touchReply(r *replyRow) {
	if !r.dirty {
		r.dirty = true
		f.replies = append(f.replies, r)
	}
}

func (f *fold) touchMessage(m *messageRow) {
	if !m.dirty {
		m.dirty = true
		f.messages = append(f.messages, m)
	}
}

// apply folds one event.
func (f *fold) apply(ctx context.Context, ev router.Event) error { //nolint:funlen // the table of the fold
	switch e := ev.(type) {
	case router.Takeover, router.ClockStep, router.PolicyActivated, router.PolicyDrafted, router.PolicyDropped, router.PolicyShadowed,
		router.AgentSet, router.AgentRemoved, router.PresenceChanged, router.Trimmed:
		f.house(ev)
		return nil
	case router.SourceRead:
		f.sourceRead(&e)
		return nil
	case router.CustomerKnown:
		f.customerKnown(&e)
		return nil
	case router.CustomersLinked, router.CustomersUnlinked, router.LinkProposed, router.LinkDeclined,
		router.ConversationJoined, router.ConversationParted, router.CustomerChanged:
		return f.person(ctx, ev)
	case router.ConversationOpened, router.ConversationClosed, router.ResolutionBreached, router.Noted:
		return f.applyConversation(ctx, ev)
	case router.MessageReceived:
		return f.messageReceived(ctx, &e)
	case router.EvidenceReceived:
		return f.evidenceReceived(ctx, &e)
	case router.Quarantined:
		f.quarantined(&e)
		return nil
	case router.QuarantineLeft:
		f.quarantineLeft(&e)
		return nil
	case router.ContactOpened:
		return f.contactOpened(ctx, &e)
	case router.ContactEnded:
		return f.contactEnded(ctx, &e)
	case router.ContactReopened:
		return f.contactReopened(ctx, &e)
	case router.OfferMade, router.OfferEnded, router.Assigned, router.Unassigned:
		return f.applyWork(ctx, ev)
	case router.MessageJoined, router.HolderWarned, router.HoldExtended, router.Moved, router.AtRisk, router.Breached, router.NobodyAble, router.MissForeseen:
		return f.applyContact(ctx, ev)
	case router.ContactsRevised:
		return f.contactsRevised(ctx, &e)
	case router.LastResortTold:
		return f.lastResortTold(ctx, &e)
	case router.Escalated:
		return f.escalated(ctx, &e)
	case router.LadderPlanned:
		return f.ladderPlanned(ctx, &e)
	case router.EscalationTold:
		return f.escalationTold(ctx, &e)
	case router.Engaged, router.Disengaged:
		return nil // whose capacity is taken is the router's affair
	case router.AcknowledgementOwed, router.AcknowledgementDropped:
		return f.acknowledgement(ctx, ev)
	case router.FeedbackGiven, router.IdeaDecided, router.PageLinksEnded:
		return f.feedback(ctx, ev)
	case router.CustomersErased, router.ErasureEnded, router.ErasureHeld, router.KeptRead, router.RetentionApplied:
		f.erasure(ev)
		return nil
	case router.ReplyChannelChosen:
		return f.replyChannelChosen(ctx, &e)
	case router.OutboundHeld, router.OutboundReleased, router.OutboundDropped:
		return f.begun(ctx, ev)
	case router.ReplyQueued:
		return f.replyQueued(ctx, &e)
	case router.AttemptGranted, router.AttemptFailed, router.RecipientsRefused, router.ReplyDelivered, router.ReplyInDoubt, router.ReplyFailed:
		return f.applySending(ctx, ev)
	}
	return fmt.Errorf("event %T is not known to the ledger", ev)
}
