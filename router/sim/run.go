package sim

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/match"
)

// day is one run of a scenario: the production core under a virtual clock, and
// the agents who work for it.
type day struct {
	*Scenario
	rules    *dayRules
	seed     uint64
	state    *router.State
	now      time.Time
	agenda   agenda
	arrivals []Arrival
	// jobs are the contacts by their id in the core.
	jobs    map[string]*job
	staff   []*worker
	byName  map[string]*worker
	out     []Outcome
	open    int
	planned int
	// assigned counts assignments.
	assigned int
}

// Outcome is what became of a contact.
type Outcome struct {
	// Replied is when the first reply went out, in seconds; negative if never.
	Replied float64
	// Agent is who replied, as a place among all agents, and Level theirs of the
	// skill, 0 if they lack it.
	Agent, Level int
}

// job is a contact while it is open.
type job struct {
	arrival *Arrival
	// tries counts its offers.
	tries int
	agent *worker
	// left is the handling time that remains, were it the only one in hand.
	left                  float64
	assignedAt            float64
	replied               bool
	contact, conversation string
}

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
	busy      float64
}

// epoch is the start of every window.
func epoch() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

func (d *day) at() float64 { return d.now.Sub(epoch()).Seconds() }

// newDay makes a day ready to run.
func newDay(s *Scenario, rule match.Rule, arrivals []Arrival, seed uint64) (*day, error) {
	d := &day{
		Scenario: s, rules: newDayRules(s, rule), seed: seed, state: router.NewState("main"), now: epoch(),
		arrivals: arrivals, jobs: make(map[string]*job, len(arrivals)), byName: map[string]*worker{}, out: make([]Outcome, len(arrivals)), open: len(arrivals),
	}
	for i := range d.out {
		d.out[i].Replied = -1
	}
	if err := d.do(router.ActorRouter, router.Begin{Life: "sim"}); err != nil {
		return nil, err
	}
	if err := d.hire(); err != nil {
		return nil, err
	}
	for i := range arrivals {
		a := &d.arrivals[i]
		d.plan(a.Visible, func() error { return d.arrive(a) })
	}
	return d, nil
}

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

// run works until every contact is answered, or nothing can happen any more.
func (d *day) run(ctx context.Context) error {
	for steps := 0; d.open > 0; steps++ {
		if steps%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		wake, timed := d.state.Wake(d.rules)
		switch {
		case len(d.agenda) > 0 && (!timed || !wake.Before(d.agenda[0].at)):
			next, _ := heap.Pop(&d.agenda).(*entry)
			d.now = next.at
			if err := next.act(); err != nil {
				return err
			}
		case timed && wake.Before(epoch().Add(never)) && d.hope():
			if wake.After(d.now) {
				d.now = wake
			}
			if err := d.do(router.ActorRouter, router.Tick{}); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// hope reports whether time alone may still bring something: a due time, a
// relaxation, an offer that runs out.
func (d *day) hope() bool { return d.at() < 30*24*3600 }

// do gives the core a command, and lets the agents see what it decided.
func (d *day) do(actor string, cmd router.Command) error {
	e, err := d.state.Step(
		&router.Env{Now: d.now, Rules: d.rules},
		&router.Envelope{Actor: actor, Command: cmd},
	)
	if err != nil {
		return fmt.Errorf("%s by %s at %.3f s: %w", router.CommandName(cmd), actor, d.at(), err)
	}
	for _, ev := range e.Events {
		switch ev := any(ev).(type) {
		case router.OfferMade:
			d.offered(ev)
		case router.Assigned:
			d.begin(ev)
		case router.PresenceChanged:
			if ev.Presence == contact.Away {
				d.missed(d.byName[ev.Agent])
			}
		}
	}
	return nil
}

func (d *day) arrive(a *Arrival) error {
	c := &d.Classes[a.Class]
	id := strconv.Itoa(a.ID)
	r := router.Receive{
		Item: router.Item{
			Source: "sim/day/contacts", Channel: contact.Channel(a.Channel), Account: "day", Ref: id,
			ItemKey: "i" + id, MessageKey: "m" + id, Place: id, ReceivedAt: epoch().Add(seconds(a.At)),
		},
		Kind: router.KindFresh, Identity: "p" + id, Class: c.Name, Tier: d.Tiers[a.Tier].Name, LastAgent: d.knownAs(a),
		Demand: match.Demand{Skills: []match.Skill{{Name: c.Skill, Level: c.MinProf}}, Languages: []string{c.Lang}},
	}
	e, err := d.state.Step(&router.Env{Now: d.now, Rules: still{d.rules}}, &router.Envelope{Actor: router.ActorIntake, Command: r})
	if err != nil {
		return fmt.Errorf("contact %d at %.3f s: %w", a.ID, d.at(), err)
	}
	d.jobs[e.Result.Contact] = &job{arrival: a, contact: e.Result.Contact}
	return d.do(router.ActorRouter, router.Tick{})
}

func (d *day) knownAs(a *Arrival) string {
	if a.Sticky < 0 {
		return ""
	}
	return d.staff[a.Sticky].id
}

// still are rules that make no offer: a contact must be known here before it is
// offered.
type still struct{ router.Rules }

// Matching implements router.Rules.
func (still) Matching() match.Rule { return still{} }

// Next implements match.Rule.
func (still) Next(*match.Waiting, *match.Pool, time.Time) (match.Pick, bool) {
	return match.Pick{}, false
}

// offered lets the agent answer an offer, or not. The luck is the contact's and
// the try's, whoever is asked.
func (d *day) offered(e router.OfferMade) {
	j, w := d.jobs[e.Contact], d.byName[e.Agent]
	j.tries++
	luck := d.luck(j.arrival.ID, j.tries)
	sure := j.tries > 5
	fate := luck.Float64()
	delay := logNormal(luck.NormFloat64(), d.Offer.AcceptMeanS, 0.5)
	if !sure && fate < d.Offer.NoAnswer {
		return
	}
	delay = min(delay, max(0, d.Offer.TimeoutS-0.001))
	d.plan(d.at()+delay, func() error {
		if d.state.Offers[e.Offer] == nil {
			return nil // it was taken back
		}
		if !sure && fate < d.Offer.NoAnswer+d.Offer.Decline {
			return d.do(w.id, router.Decline{Offer: e.Offer, Reason: "busy"})
		}
		return d.do(w.id, router.Accept{Offer: e.Offer})
	})
}

// missed brings an agent back who was set away.
func (d *day) missed(w *worker) {
	w.away = true
	d.plan(d.at()+d.Offer.NotReadyS, func() error {
		w.away = false
		return d.present(w)
	})
}

// begin lets an agent work on what they took.
func (d *day) begin(e router.Assigned) {
	j, w := d.jobs[e.Contact], d.byName[e.Agent]
	a := j.arrival
	c := &d.Classes[a.Class]
	d.assigned++
	j.agent = w
	j.assignedAt = d.at()
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
	d.out[j.arrival.ID] = Outcome{Replied: d.at(), Agent: w.place, Level: w.crew.Skills[d.Classes[j.arrival.Class].Skill]}
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
