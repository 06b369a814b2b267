package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/match"
	"stagecoach/router/sim/stage"
)

// worker is a simulated agent.
type worker struct {
	id    string
	place int
	crew  *Crew
	// hands are what they work on.
	hands     stage.Hands[*job]
	off, away bool
}

// hire tells the core who works today, and plans their shifts.
func (d *day) hire() error {
	for i := range d.Agents {
		for range d.Agents[i].Count {
			w := &worker{id: "agent-" + fmt.Sprintf("%05d", len(d.staff)), place: len(d.staff), crew: &d.Agents[i], off: true, hands: stage.Hands[*job]{Efficiency: d.ConcurrencyEff}}
			d.staff, d.byName[w.id] = append(d.staff, w), w
			if err := d.profile(w); err != nil {
				return err
			}
			d.plan(w.crew.ShiftH[0]*3600, func() error { w.off = false; return d.present(w) })
			if w.crew.ShiftH[1] < d.Hours {
				d.plan(w.crew.ShiftH[1]*3600, func() error { w.off = true; return d.present(w) })
			}
		}
	}
	return nil
}

// profile tells the core what an agent can do and hold.
func (d *day) profile(w *worker) error {
	p := router.AgentProfile{ID: w.id, Role: contact.RoleAgent, Languages: w.crew.Langs, Capacity: d.rules.whole}
	for _, skill := range sortedNames(w.crew.Skills) {
		p.Skills = append(p.Skills, match.Skill{Name: skill, Level: w.crew.Skills[skill]})
	}
	return d.Do(router.ActorRouter, router.SetAgent{Agent: p})
}

// present tells the core whether an agent takes work: at the end of a shift they
// finish what they have.
func (d *day) present(w *worker) error {
	p := contact.Available
	switch {
	case w.off:
		p = contact.Busy
	case w.away:
		p = contact.Away
	}
	return d.Do(w.id, router.SetPresence{Agent: w.id, Presence: p, Cause: "self"})
}

// begin lets an agent work on what they took.
func (d *day) begin(e *router.Assigned) {
	j, w := d.jobs[e.Contact], d.byName[e.Agent]
	a := j.arrival
	c := &d.Classes[a.Class]
	d.assigned++
	j.agent = w
	j.begun = d.at()
	j.left = c.MeanS[a.Channel] * factor(w.crew.Skills[c.Skill]) * a.Size
	if a.Sticky == w.place {
		j.left *= d.Sticky.Speedup
	}
	w.hands.CatchUp(d.at())
	w.hands.Take(j)
	d.planEnd(w)
	if ch := d.Channels[a.Channel]; ch.ReplyAt == "start" {
		d.plan(d.at()+ch.LagS, func() error { return d.reply(j) })
	}
}

// reply sends a job's answer, once.
func (d *day) reply(j *job) error {
	if j.replied {
		return nil
	}
	j.replied = true
	w, c := j.agent, d.State.Contacts[j.contact]
	j.conversation = c.Conversation
	d.open--
	d.out[j.place] = Outcome{Begun: j.begun, Replied: d.at(), Agent: w.place, Level: w.crew.Skills[d.Classes[j.arrival.Class].Skill]}
	delete(d.jobs, j.contact)
	return d.Do(w.id, router.Send{Delivered: true, Reply: router.Reply{
		ID: "r" + strconv.Itoa(j.arrival.ID), Kind: contact.Answer, Contact: c.ID, Channel: c.Channel, Account: c.Account,
		Covers: c.LastMessage(), Ref: "r",
	}})
}

// planEnd plans the end of what an agent will have done first.
func (d *day) planEnd(w *worker) {
	if first, after, still, ok := w.hands.First(); ok {
		d.plan(d.at()+after, func() error {
			if !still() {
				return nil
			}
			return d.done(w, first)
		})
	}
}

// done ends a job.
func (d *day) done(w *worker, j *job) error {
	w.hands.CatchUp(d.at())
	w.hands.Drop(j)
	d.planEnd(w)
	if !j.replied {
		if err := d.reply(j); err != nil {
			return err
		}
	}
	if d.Channels[j.arrival.Channel].ReplyAt == "start" {
		return d.Do(w.id, router.Disengage{Conversation: j.conversation})
	}
	return nil
}

// finish lets the agents end what they have in hand when everybody has a reply:
// a chat goes on behind its first words.
func (d *day) finish() {
	for _, w := range d.staff {
		w.hands.CatchUp(d.at())
		slices.SortFunc(w.hands.Jobs, func(x, y *job) int { return cmp.Compare(x.left, y.left) })
		done := 0.0
		for i, j := range w.hands.Jobs {
			n := float64(len(w.hands.Jobs) - i)
			took := max(0, j.left-done) * math.Pow(n, 1-d.ConcurrencyEff)
			w.hands.Busy += took
			w.hands.Last += took
			done = max(done, j.left)
		}
	}
}

// busyShare is an agent's time with anything in hand as a share of their time at
// work: from the start of the shift to its end, at most that of the window, or to
// the end of their last work where that is later.
func (d *day) busyShare(w *worker) float64 {
	from, until := w.crew.ShiftH[0]*3600, min(w.crew.ShiftH[1], d.Hours)*3600
	return w.hands.Busy / max(max(until, w.hands.Last)-from, 1e-6)
}
