package router

import (
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
)

// tick acts on every timer that is due. A timer only says where to look; what
// there is to do is read off the state.
func (t *turn) tick() {
	for len(t.events) < tickAtMost {
		due, ok := t.timers.popDue(t.env.Now)
		if !ok {
			return
		}
		switch due.kind {
		case timerContact:
			if c := t.Contacts[due.id]; c != nil && c.Open() && c.timedAt.Equal(due.at()) {
				c.timedAt = time.Time{}
				t.contactDue(c)
				t.indexContact(c)
			}
		case timerOffer:
			t.offerDue(due.id)
		case timerConversation:
			t.conversationDue(due.id)
		case timerReply:
			t.replyDue(due.id)
		case timerForecast:
			t.forecastDue(due.id)
		case timerEngagement:
			t.engagementDue(due.id)
		case timerAgent:
			t.agentDue(due.id, due.at())
		}
	}
}

// conversationDue looks at the promise of a conversation. While it waits for the
// customer its clock stands still.
func (t *turn) conversationDue(id string) {
	v := t.Conversations[id]
	if v == nil || v.State == ConversationResolved || v.Left > 0 {
		return
	}
	if !v.ResolveMissed && !v.ResolveBy.IsZero() && !v.ResolveBy.After(t.env.Now) {
		t.emit(ResolutionBreached{Conversation: v.ID})
	}
	t.climbResolution(v)
}

// replyDue gives a reply up that nobody has taken to send for long.
func (t *turn) replyDue(id string) {
	r := t.Replies[id]
	if r == nil || r.State != ReplyIsQueued && r.State != ReplyIsAttempted {
		return
	}
	if r.Held() {
		t.heldDue(r)
		return
	}
	if at := r.givenUp(); r.State == ReplyIsAttempted || at.After(t.env.Now) {
		t.timers.add(later(at, t.env.Now.Add(time.Hour)), timerReply, id)
		return
	}
	if r.Kind == contact.Acknowledgement {
		t.dropReceipt(r, receiptLate)
		return
	}
	t.fail(r, ReplyFailed{Reply: id, Reason: "not_sent"})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// stepClock records that the clock was set. Offers that would stand until a
// clock that was ahead says so are made anew, as many at once as a commit holds.
func (t *turn) stepClock(cmd StepClock) {
	t.emit(ClockStep(cmd))
	t.tick()
}

func (t *turn) contactDue(c *Contact) {
	now := t.env.Now
	past := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	if !c.Breached && past(c.Due) {
		t.emit(Breached{Contact: c.ID})
	} else if !c.Risky && past(c.AtRiskAt) {
		t.emit(AtRisk{Contact: c.ID})
	}
	t.climb(c)
	if c.State != AssignedTo {
		return
	}
	if past(t.recallAt(c)) {
		t.emit(Unassigned{Contact: c.ID, Agent: c.Agent, By: ActorRouter, Reason: reasonLateAbsent})
		return
	}
	if past(c.PullAt) {
		t.silentHolder(c)
		return
	}
	if !c.Warned && past(c.WarnAt) {
		t.emit(HolderWarned{Contact: c.ID, Agent: c.Agent})
	}
}

// silentHolder takes a contact from a holder who has not replied, unless they
// were at work on its draft a moment ago.
func (t *turn) silentHolder(c *Contact) {
	floor := t.silentFloor(c)
	if !c.PullAt.After(t.Resumed) { // it ran out while nobody could reply
		t.emit(HoldExtended{Contact: c.ID, PullAt: t.env.Now.Add(floor)})
		return
	}
	if t.env.Facts.DraftAt != nil {
		if at := t.env.Facts.DraftAt(c.ID); !at.IsZero() && t.env.Now.Sub(at) < floor {
			t.emit(HoldExtended{Contact: c.ID, PullAt: t.env.Now.Add(floor)})
			return
		}
	}
	until := t.env.Now.Add(t.env.Rules.Offering(c.ReplyChannel).CoolDown)
	t.emit(Unassigned{Contact: c.ID, Agent: c.Agent, By: ActorRouter, Reason: reasonSilent, CoolUntil: until})
}

// offerDue ends an offer that ran out. Who misses several in a row is set away.
func (t *turn) offerDue(id string) {
	o := t.Offers[id]
	if o == nil || o.Expires.After(t.env.Now) {
		return
	}
	c := t.Contacts[o.Contact]
	if !o.Expires.After(t.Resumed) { // nobody could answer it
		reason := reasonResumed
		if o.MadeAt.After(t.env.Now) {
			reason = reasonClock
		}
		t.emit(OfferEnded{Offer: id, Contact: c.ID, Agent: o.Agent, End: OfferRevoked, Reason: reason})
		return
	}
	until := t.env.Now.Add(t.env.Rules.Offering(c.ReplyChannel).CoolDown)
	t.emit(OfferEnded{Offer: id, Contact: c.ID, Agent: o.Agent, End: OfferExpired, CoolUntil: until, Missed: true})
	a := t.Agents[o.Agent]
	if limit := t.env.Rules.Timing().MissesUntilAway; limit > 0 && a.Misses >= limit && a.Presence == contact.Available {
		chats := t.env.Now.Add(t.env.Rules.Timing().ChatReturn)
		t.emit(PresenceChanged{Agent: a.ID, Presence: contact.Away, Cause: causeMissedOffers, ChatsUntil: chats})
		t.giveBackOffers(a, reasonPresence)
	}
}

// toldAtMost is how many contacts one telling names.
const toldAtMost = 100

// tellLastResort records that the people of last resort are being told of what
// is at risk or late and held by nobody, and once of what nobody could ever take,
// at most once in Digest.
func (t *turn) tellLastResort() {
	if len(t.alarmed)+len(t.untold) == 0 || t.env.Now.Before(t.ToldAt.Add(t.env.Rules.Timing().Digest)) {
		return
	}
	all := maps.Clone(t.alarmed)
	maps.Copy(all, t.untold)
	e := LastResortTold{Total: len(all), Impossible: len(t.untold)}
	for id := range t.alarmed {
		if t.Contacts[id].Breached {
			e.Breached++
		}
	}
	ids := slices.SortedFunc(maps.Keys(all), func(x, y string) int {
		if c := t.Contacts[x].Due.Compare(t.Contacts[y].Due); c != 0 {
			return c
		}
		if x < y {
			return -1
		}
		return 1
	})
	e.Contacts = ids[:min(len(ids), toldAtMost)]
	t.emit(e)
}

// NextWake gives when the router must look again of its own accord, and false
// when nothing is to come.
func (s *State) NextWake(digest time.Duration) (time.Time, bool) {
	if s.matchDue || len(s.unjudged) > 0 || s.revising() { // the last command could not do all
		return s.At, true
	}
	at, ok := s.NextTimer()
	if !s.lookAgain.IsZero() && (!ok || s.lookAgain.Before(at)) {
		at, ok = s.lookAgain, true
	}
	if len(s.alarmed)+len(s.untold) > 0 {
		if told := s.ToldAt.Add(digest); !ok || told.Before(at) {
			return told, true
		}
	}
	return at, ok
}

// begin starts a router's life: what another life was attempting is in doubt.
func (t *turn) begin(cmd Begin) {
	t.emit(Takeover(cmd))
	for _, id := range slices.Sorted(maps.Keys(t.unsent)) {
		if r := t.Replies[id]; r.State == ReplyIsAttempted && r.Life != cmd.Life {
			t.unsure(r, receiptRestarted)
		}
	}
	t.matchDue = true
	t.tick()
}
