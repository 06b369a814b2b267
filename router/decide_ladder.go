package router

import (
	"slices"
	"time"

	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// Moments are those of a promise that steps of the ladder are counted from.
type Moments struct{ Start, Due, AtRisk time.Time }

// reasonLadder is why the router does what a step says.
const reasonLadder = "ladder"

// ladderOf gives the steps of a contact, in the order in which they come.
func ladderOf(rules Rules, c *Contact) []sla.Rung {
	return rules.Ladder(c.Promise, factsOf(c), Moments{c.Start, c.Due, c.AtRiskAt})
}

// StepsOf gives the steps of a contact that is still to take all of them, in the
// order in which they come.
func StepsOf(rules Rules, c *Contact) []sla.Rung { return ladderOf(rules, c) }

// nextRung gives the first step that was not taken, nil for none. A step that was
// taken is not taken again, whatever has become of its moment.
func nextRung(ladder []sla.Rung, taken []string, but string) *sla.Rung {
	for i := range ladder {
		if name := ladder[i].Name; name != but && !slices.Contains(taken, name) {
			return &ladder[i]
		}
	}
	return nil
}

// plannedAt gives when the next step of a contact comes, zero for none.
func plannedAt(rules Rules, c *Contact) time.Time {
	if r := nextRung(ladderOf(rules, c), c.Steps, ""); r != nil {
		return r.At
	}
	return time.Time{}
}

// climb takes the steps of a contact that have come, in their order. While a reply
// is being sent they wait: if it arrives they are not needed.
func (t *turn) climb(c *Contact) {
	for range stepsTogether {
		if !c.Open() || c.State == Sending || c.StepAt.IsZero() || c.StepAt.After(t.env.Now) {
			return
		}
		ladder := ladderOf(t.env.Rules, c)
		r := nextRung(ladder, c.Steps, "")
		if r == nil || r.At.After(t.env.Now) {
			t.plan(c)
			return
		}
		e := Escalated{
			Contact: c.ID, Promise: c.Promise, Step: r.Name, Action: r.Action, Policy: t.env.Rules.Version(), At: r.At,
		}
		if next := nextRung(ladder, c.Steps, r.Name); next != nil {
			e.Next = next.At
		}
		t.escalate(c, r, &e)
	}
}

// stepsTogether is how many steps of one contact come at the same moment at most:
// as many as a ladder has.
const stepsTogether = 30

// promised says what the promise of a contact that is being opened is made from,
// and when its ladder begins.
func (t *turn) promised(c *Contact) {
	if c.Promise != PromisePledge {
		c.Entry, c.EntryOf = t.env.Rules.Entry(c.Promise, factsOf(c)), t.env.Rules.Version()
	}
	c.StepAt = plannedAt(t.env.Rules, c)
}

// plan notes when the next step of an open contact comes, if that has changed.
func (t *turn) plan(c *Contact) {
	if c == nil || !c.Open() {
		return
	}
	if at := plannedAt(t.env.Rules, c); !at.Equal(c.StepAt) {
		t.emit(LadderPlanned{Contact: c.ID, Next: at})
	}
}

// planTouched plans the ladders of what this command has changed.
func (t *turn) planTouched() {
	for i := 0; i < len(t.touched); i++ {
		t.plan(t.Contacts[t.touched[i]])
	}
}

// climbResolution takes the steps of a conversation's promise that have come. What
// they do is done to its open contact.
func (t *turn) climbResolution(v *Conversation) {
	for range stepsTogether {
		c := t.Contacts[v.Contact]
		if v.StepAt.IsZero() || v.StepAt.After(t.env.Now) || v.State != ConversationOpen || c == nil || !c.Open() || c.State == Sending {
			return
		}
		ladder := t.resolutionLadder(v, factsOf(c))
		r := nextRung(ladder, v.Steps, "")
		if r == nil || r.At.After(t.env.Now) {
			next := *v
			if next.StepAt = (time.Time{}); r != nil {
				next.StepAt = r.At
			}
			t.emit(ConversationOpened{Conversation: next, Back: true})
			return
		}
		e := Escalated{
			Contact: c.ID, Conversation: v.ID, Promise: PromiseResolution, Step: r.Name, Action: r.Action, Policy: t.env.Rules.Version(), At: r.At,
		}
		if next := nextRung(ladder, v.Steps, r.Name); next != nil {
			e.Next = next.At
		}
		t.escalate(c, r, &e)
		v = t.Conversations[v.ID]
	}
}

func (t *turn) resolutionLadder(v *Conversation, f PromiseFacts) []sla.Rung {
	if v.ResolveBy.IsZero() {
		return nil
	}
	return t.env.Rules.Ladder(PromiseResolution, f, Moments{Start: v.began(), Due: v.ResolveBy})
}

// escalate takes one step: what it comes to is decided first, then it is on record,
// then it is done.
func (t *turn) escalate(c *Contact, r *sla.Rung, e *Escalated) {
	switch r.Action {
	case sla.ActionWarn:
		e.Agents = t.concerned(c)
		t.emit(*e)
	case sla.ActionReoffer:
		t.offerAgain(c, e)
	case sla.ActionWiden:
		t.widen(c, e)
	case sla.ActionQueue:
		t.toQueue(c, r.Queue, e)
	case sla.ActionLead:
		t.tellLead(c, r, e)
	default: // on call
		e.To, e.Tell = r.To, true
		t.emit(*e)
	}
}

// concerned gives who has a contact, or else who is asked to take it.
func (t *turn) concerned(c *Contact) []string {
	if c.Agent != "" {
		return []string{c.Agent}
	}
	var out []string
	for _, id := range c.Offers {
		if o := t.Offers[id]; o != nil && !slices.Contains(out, o.Agent) {
			out = append(out, o.Agent)
		}
	}
	return out
}

// offerAgain takes back an offer that nobody has answered, or a contact whose holder
// is silent. They are passed over for a while, so that others are asked first.
func (t *turn) offerAgain(c *Contact, e *Escalated) {
	until := t.env.Now.Add(t.env.Rules.Offering(c.ReplyChannel).CoolDown)
	switch {
	case c.Proposed != "":
		e.Outcome = StepInReview
	case c.State == Offered:
		e.Agents = t.concerned(c)
		t.emit(*e)
		for _, id := range slices.Clone(c.Offers) {
			o := t.Offers[id]
			t.emit(OfferEnded{Offer: id, Contact: c.ID, Agent: o.Agent, End: OfferRevoked, Reason: reasonLadder, CoolUntil: until})
		}
		return
	case c.State != AssignedTo:
		e.Outcome = StepNobodyHas
	default:
		e.Agents = []string{c.Agent}
		floor := t.env.Rules.Work(c.ReplyChannel).Silent
		if floor <= 0 {
			floor = t.silentFloor(c)
		}
		if e.Outcome = t.busyWith(c, floor); e.Outcome == "" {
			t.emit(*e)
			t.emit(Unassigned{Contact: c.ID, Agent: c.Agent, By: ActorRouter, Reason: reasonLadder, CoolUntil: until})
			return
		}
	}
	t.emit(*e)
}

// busyWith says why a holder is not silent, "" where they are.
func (t *turn) busyWith(c *Contact, floor time.Duration) StepOutcome {
	if t.env.Now.Sub(c.AssignedAt) < floor {
		return StepJustTaken
	}
	if t.env.Facts.DraftAt != nil {
		if at := t.env.Facts.DraftAt(c.ID); !at.IsZero() && t.env.Now.Sub(at) < floor {
			return StepAtWork
		}
	}
	return ""
}

// widen asks for less now, as the demand does at the next age at which it would:
// what the policy never relaxes stays.
func (t *turn) widen(c *Contact, e *Escalated) {
	age := t.env.Now.Sub(c.clock())
	steps := match.Thresholds(&c.Demand, &c.Traits)
	i := slices.IndexFunc(steps, func(at time.Duration) bool { return at > age })
	switch {
	case c.Proposed != "":
		e.Outcome = StepInReview
	case i < 0:
		e.Outcome = StepNothingIs
	default:
		demand, relax := match.Widen(c.Demand, c.Traits.RelaxAfter, steps[i])
		e.Demand, e.RelaxAfter, e.Widened = &demand, relax, steps[i]
		if c.Agent != "" { // it holds for whoever comes next
			e.Outcome = StepHeld
		}
	}
	t.emit(*e)
}

func (t *turn) toQueue(c *Contact, queue string, e *Escalated) {
	e.Queue = queue
	switch {
	case c.Proposed != "":
		e.Outcome = StepInReview
	case c.Queue == queue:
		e.Outcome = StepThere
	}
	t.emit(*e)
	if e.Outcome == "" {
		t.emit(Moved{Contact: c.ID, Queue: queue, By: ActorRouter, Reason: reasonLadder})
	}
}

// tellLead tells a lead, and gives them the contact where the step says so. The
// last resort is told by mail of what an agent holds; of the rest it hears anyway.
func (t *turn) tellLead(c *Contact, r *sla.Rung, e *Escalated) {
	if r.To == "" {
		e.To, e.Tell = c.LastResort, c.Agent != ""
		t.emit(*e)
		return
	}
	var lead *Agent
	if t.env.Facts.Agent != nil {
		if id, known := t.env.Facts.Agent(r.To); known {
			lead = t.Agents[id]
		}
	}
	if lead == nil || lead.Removed {
		e.To, e.Tell, e.Outcome = c.LastResort, true, StepUnknown
		t.emit(*e)
		return
	}
	e.Agents, e.Tell = []string{lead.ID}, true
	if r.Assign {
		switch {
		case c.Agent == lead.ID:
			e.Outcome = StepHasAlready
		case c.Proposed != "":
			e.Outcome = StepInReview
		case !works(lead.Presence):
			e.Outcome = StepNotThere
		}
	}
	t.emit(*e)
	if !r.Assign || e.Outcome != "" {
		return
	}
	work := t.env.Rules.Work(c.ReplyChannel)
	above := t.exceeds(c, lead, work)
	t.revokeOffers(c, "", reasonLadder)
	a := t.assignment(c, lead.ID, "", ActorRouter, reasonLadder, work)
	a.Override = above != ""
	t.emit(a)
}

// leave says how much of a conversation's promise is left as it begins to wait for
// the customer: its clock stands still until they write.
func (t *turn) leave(v *Conversation, c *Contact) time.Duration {
	between := t.env.Rules.Timing().Between
	if v == nil || c == nil || between == nil || v.ResolveBy.IsZero() || v.ResolveMissed {
		return 0
	}
	left, pauses := between(factsOf(c), t.env.Now, v.ResolveBy)
	if !pauses {
		return 0
	}
	return max(left, 0)
}

// goOn lets the clock of a conversation run again from then on, which stood still
// while it waited for the customer.
func (t *turn) goOn(v *Conversation, f PromiseFacts, from time.Time) *Conversation {
	if v == nil || v.Left <= 0 {
		return v
	}
	next := *v
	next.Left = 0
	if tm := t.env.Rules.Timing(); tm.Working != nil && tm.Between != nil {
		next.ResolveBy, _ = tm.Working(f, later(from, v.PausedAt), v.Left)
		used, _ := tm.Between(f, v.began(), v.PausedAt)
		next.ResolveFrom, _ = tm.Working(f, next.ResolveBy, -(used + v.Left))
	}
	next.PausedAt = time.Time{}
	next.StepAt = t.plannedResolution(&next, f)
	t.emit(ConversationOpened{Conversation: next, Back: true, Renewed: true})
	return t.Conversations[v.ID]
}

// plannedResolution gives when the next step of a conversation's promise comes.
func (t *turn) plannedResolution(v *Conversation, f PromiseFacts) time.Time {
	if r := nextRung(t.resolutionLadder(v, f), v.Steps, ""); r != nil {
		return r.At
	}
	return time.Time{}
}

// ladderKind gives the kind of a promise as the ladder has it.
func ladderKind(k PromiseKind) string {
	switch k {
	case PromiseFirst, PromiseReview:
		return "first"
	case PromiseResolution:
		return "resolution"
	case PromiseNext, PromisePledge, PromiseFailed:
	}
	return "next"
}
