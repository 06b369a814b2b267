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
)

// worker is a simulated agent.
type worker struct {
	id    string
	place int
	crew  *Crew
	hands []*job
	// since is when the work in hand was last brought up to date, in seconds.
	since float64
	// round numbers the plans for the end of work: an older one is void.
	round     int
	off, away bool
	// busy is for how long they had anything in hand, last when they last had.
	busy, last float64
}

// hire tells the core who works today, and plans their shifts.
func (d *day) hire() error {
	for i := range d.Agents {
		for range d.Agents[i].Count {
			w := &worker{id: "agent-" + fmt.Sprintf("%05d", len(d.staff)), place: len(d.staff), crew: &d.Agents[i], off: true}
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
	return d.do(router.ActorRouter, router.SetAgent{Agent: p})
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
	return d.do(w.id, router.SetPresence{Agent: w.id, Presence: p, Cause: "self"})
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
	d.catchUp(w)
	w.hands = append(w.hands, j)
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
	w, c := j.agent, d.state.Contacts[j.contact]
	j.conversation = c.Conversation
	d.open--
	d.out[j.place] = Outcome{Begun: j.begun, Replied: d.at(), Agent: w.place, Level: w.crew.Skills[d.Classes[j.arrival.Class].Skill]}
	delete(d.jobs, j.contact)
	return d.do(w.id, router.Send{Delivered: true, Reply: router.Reply{
		ID: "r" + strconv.Itoa(j.arrival.ID), Kind: contact.Answer, Contact: c.ID, Channel: c.Channel, Account: c.Account,
		Covers: c.LastMessage(), Ref: "r",
	}})
}

// catchUp brings an agent's work up to date: n in hand advance at n^(e-1) each.
func (d *day) catchUp(w *worker) {
	now := d.at()
	if n := float64(len(w.hands)); n > 0 {
		rate := math.Pow(n, d.ConcurrencyEff-1)
		for _, j := range w.hands {
			j.left -= (now - w.since) * rate
		}
		w.busy += now - w.since
		w.last = now
	}
	w.since = now
}

// planEnd plans the end of what an agent will have done first.
func (d *day) planEnd(w *worker) {
	w.round++
	if len(w.hands) == 0 {
		return
	}
	first := w.hands[0]
	for _, j := range w.hands[1:] {
		if j.left < first.left {
			first = j
		}
	}
	round := w.round
	d.plan(d.at()+max(0, first.left)/math.Pow(float64(len(w.hands)), d.ConcurrencyEff-1), func() error {
		if w.round != round {
			return nil
		}
		return d.done(w, first)
	})
}

// done ends a job.
func (d *day) done(w *worker, j *job) error {
	d.catchUp(w)
	for i := range w.hands {
		if w.hands[i] == j {
			w.hands = append(w.hands[:i], w.hands[i+1:]...)
			break
		}
	}
	d.planEnd(w)
	if !j.replied {
		if err := d.reply(j); err != nil {
			return err
		}
	}
	if d.Channels[j.arrival.Channel].ReplyAt == "start" {
		return d.do(w.id, router.Disengage{Conversation: j.conversation})
	}
	return nil
}

// finish lets the agents end what they have in hand when everybody has a reply:
// a chat goes on behind its first words.
func (d *day) finish() {
	for _, w := range d.staff {
		d.catchUp(w)
		slices.SortFunc(w.hands, func(x, y *job) int { return cmp.Compare(x.left, y.left) })
		done := 0.0
		for i, j := range w.hands {
			n := float64(len(w.hands) - i)
			took := max(0, j.left-done) * math.Pow(n, 1-d.ConcurrencyEff)
			w.busy += took
			w.last += took
			done = max(done, j.left)
		}
	}
}

// busyShare is an agent's time with anything in hand as a share of their time at
// work: from the start of the shift to its end, at most that of the window, or to
// the end of their last work where that is later.
func (d *day) busyShare(w *worker) float64 {
	from, until := w.crew.ShiftH[0]*3600, min(w.crew.ShiftH[1], d.Hours)*3600
	return w.busy / max(max(until, w.last)-from, 1e-6)
}
