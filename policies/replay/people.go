package replay

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/sim/stage"
)

// person is a simulated agent.
type person struct {
	id    string
	place int
	hands stage.Hands[*job]
	// presence is what the core knows, wanted what the history says.
	presence, wanted contact.Presence
	// present is how long they were at work, up to since.
	present time.Duration
	since   time.Time
	// missed counts how often they were set away.
	missed int
}

func (w *world) at() float64 { return w.Now.Sub(w.begun).Seconds() }

func (w *world) person(id string) *person {
	p := w.people[id]
	if p == nil {
		p = &person{id: id, place: len(w.people), presence: contact.Offline, wanted: contact.Offline, since: w.Now}
		p.hands.Ahead = func(one *job) bool { return one.turns[0].Facts.Live }
		p.hands.Efficiency, p.hands.Paused, p.hands.Since = w.Model.Efficiency, true, w.at()
		w.people[id] = p
	}
	return p
}

// staffed tells the core what the history says of an agent.
func (w *world) staffed(e *StaffEvent) error {
	p := w.person(e.Agent)
	if e.Profile != nil {
		if err := w.Do(router.ActorRouter, router.SetAgent{Agent: *e.Profile}); err != nil {
			return err
		}
	}
	if e.Removed {
		p.wanted = contact.Offline
		_, err := w.tolerant(router.ActorRouter, router.RemoveAgent{Agent: e.Agent})
		w.turned(p, contact.Offline)
		return err
	}
	if e.Presence == "" {
		return nil
	}
	p.wanted = e.Presence
	actor := e.Agent
	if e.Presence == contact.Unreachable || e.HandOver {
		actor = router.ActorRouter
	}
	_, err := w.tolerant(actor, router.SetPresence{Agent: e.Agent, Presence: e.Presence, Cause: e.Cause, HandOver: e.HandOver})
	return err
}

// account adds up how long everybody was at work.
func (w *world) account() {
	for id, p := range w.people {
		if id == lead {
			continue
		}
		p.hands.CatchUp(w.at())
		w.presentUntilNow(p)
		w.run.Present[id], w.run.Busy[id] = p.present, secondsOf(p.hands.Busy)
	}
}

func (w *world) presentUntilNow(p *person) {
	if works(p.presence) {
		p.present += w.Now.Sub(p.since)
	}
	p.since = w.Now
}

// turned notes somebody's presence: who is not there does nothing.
func (w *world) turned(p *person, presence contact.Presence) {
	w.presentUntilNow(p)
	p.presence = presence
	if paused := !works(presence); paused != p.hands.Paused {
		p.hands.CatchUp(w.at())
		p.hands.Paused = paused
		w.planEnd(p)
	}
}

// see lets the people see what the core decided.
func (w *world) see(events []router.Event) {
	for _, ev := range events {
		switch ev := ev.(type) { //nolint:gochecksumtype // only what people see
		case router.ContactOpened:
			w.opened(&ev)
		case router.OfferMade:
			w.offered(&ev)
		case router.Assigned:
			w.assigned(&ev)
		case router.Unassigned:
			w.taken(ev.Contact)
		case router.PresenceChanged:
			w.moved(&ev)
		case router.ContactEnded:
			w.ended(&ev)
		}
	}
}

// moved notes that the core or the history has set somebody's presence. Who was set
// away for missing offers comes back after a while.
func (w *world) moved(e *router.PresenceChanged) {
	p := w.person(e.Agent)
	w.turned(p, e.Presence)
	if e.Presence != contact.Away || e.Cause != causeMissed {
		return
	}
	p.missed++
	w.Plan(w.Now.Add(w.Model.absence(w.luck, p.place, p.missed)), func() error {
		if p.presence != contact.Away || p.wanted != contact.Available {
			return nil
		}
		_, err := w.tolerant(p.id, router.SetPresence{Agent: p.id, Presence: contact.Available, Cause: "self"})
		return err
	})
}

// opened takes note of a contact that the core has opened.
func (w *world) opened(e *router.ContactOpened) {
	one := &job{contact: e.Contact.ID}
	w.jobs[one.contact] = one
	t := w.arriving
	if t == nil {
		t = w.carried
	}
	if t == nil {
		one.extra = true
		w.run.Extra++
		return
	}
	if t.Place <= w.chains[t.Chain].came { // it stands for what has ended already
		one.turns, one.extra = []*Turn{t}, true
		w.run.Extra++
		return
	}
	one.turns = []*Turn{t}
	if n := len(e.Contact.Messages); n > 0 {
		one.cover = e.Contact.Messages[n-1].ID
	}
	w.came(one, t)
	w.byPeople(one, t)
}

// byPeople plans what people did about a contact beside taking it: cleared it,
// disposed of it without taking it, or gave it to somebody.
func (w *world) byPeople(one *job, t *Turn) {
	after := func(at time.Time) time.Time { return w.Now.Add(max(0, at.Sub(t.Opened))) }
	if !t.Cleared.IsZero() {
		w.Plan(after(t.Cleared), func() error {
			_, err := w.tolerant(lead, router.MoveTo{Contact: one.contact, Queue: t.Facts.Was.Queue, Reason: "cleared", Clear: true})
			return err
		})
	}
	if !t.Given.IsZero() {
		w.Plan(after(t.Given), func() error {
			if one.who != nil || w.jobs[one.contact] != one || one.sending {
				return nil
			}
			_, err := w.tolerant(lead, router.Assign{Contact: one.contact, Agent: t.ByHand, Reason: "leftover", Override: true})
			return err
		})
	}
	if gone := t.End == router.EndMerged || t.End == router.EndDisposed && !t.disposedBy(); gone {
		w.Plan(after(t.Ended), func() error { return w.dispose(one, lead, t.Disposition) })
	}
}

// dispose ends a contact without a reply.
func (w *world) dispose(one *job, by string, as contact.Disposition) error {
	if w.jobs[one.contact] != one {
		return nil
	}
	switch as {
	case contact.Spam, contact.Machine, contact.Duplicate:
	case contact.NoReplyNeeded, contact.Erased, "":
		as = contact.NoReplyNeeded
	}
	_, err := w.tolerant(by, router.Dispose{Contacts: []string{one.contact}, Disposition: as})
	return err
}

// offered lets an agent answer an offer, or not.
func (w *world) offered(e *router.OfferMade) {
	one := w.jobs[e.Contact]
	if one == nil || len(one.turns) == 0 {
		return
	}
	one.tries++
	fate, delay := w.Model.fate(w.luck, one.turns[0], one.tries, e.Agent)
	if fate == Missed {
		return
	}
	if most := e.Expires.Sub(w.Now) - time.Millisecond; delay > most { // their patience then was longer than an offer stands now
		delay = max(0, most)
	}
	offer, agent := e.Offer, e.Agent
	w.Plan(w.Now.Add(delay), func() error {
		if w.State.Offers[offer] == nil {
			return nil // it was taken back
		}
		var cmd router.Command = router.Accept{Offer: offer}
		if fate == Declined {
			cmd = router.Decline{Offer: offer, Reason: "busy"}
		}
		_, err := w.tolerant(agent, cmd)
		return err
	})
}

// assigned lets an agent work on what they took.
func (w *world) assigned(e *router.Assigned) {
	one, p := w.jobs[e.Contact], w.person(e.Agent)
	if one == nil || one.sending || e.Agent == lead {
		return
	}
	w.taken(e.Contact)
	one.who = p
	one.takes++
	t := w.turnOf(one)
	if t == nil {
		return
	}
	if w.State.Contacts[one.contact].Promise == router.PromisePledge {
		at := w.Now.Add(max(0, t.Ended.Sub(t.Opened)))
		if t.End == "" {
			at = t.Due
		}
		w.Plan(later(at, w.Now), func() error { return w.written(p, one) })
		return
	}
	one.left = w.Model.size(w.luck, t, w.class(t).Class, p.id)
	if one.silent = w.Model.neglects(w.luck, t, one.takes, p.id); one.silent { // it lies there, as it did then
		one.left = neverDone
	}
	p.hands.CatchUp(w.at())
	p.hands.Take(one)
	w.planEnd(p)
}

// neverDone is longer than anybody holds a contact, in seconds.
const neverDone = 1e9

func (w *world) turnOf(one *job) *Turn {
	if len(one.turns) == 0 {
		return nil
	}
	return one.turns[0]
}

// taken takes a contact out of the hands of whoever has it.
func (w *world) taken(id string) {
	one := w.jobs[id]
	if one == nil || one.who == nil || one.sending {
		return
	}
	p := one.who
	one.who, one.silent = nil, false
	p.hands.CatchUp(w.at())
	if p.hands.Drop(one) {
		w.planEnd(p)
	}
}

// planEnd plans the end of what somebody will have done first.
func (w *world) planEnd(p *person) {
	if first, after, still, ok := p.hands.First(); ok {
		w.Plan(w.Now.Add(secondsOf(after)), func() error {
			if !still() {
				return nil
			}
			p.hands.CatchUp(w.at())
			p.hands.Drop(first)
			w.planEnd(p)
			return w.written(p, first)
		})
	}
}
