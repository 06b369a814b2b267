package sim

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/match"
	"stagecoach/router/sim/stage"
)

// day is one run of a scenario: the production core under a virtual clock, and
// the agents who work for it.
type day struct {
	*Scenario
	*stage.Stage
	rules    *dayRules
	seed     uint64
	arrivals []Arrival
	// jobs are the contacts by their id in the core, while they are open.
	jobs   map[string]*job
	staff  []*worker
	byName map[string]*worker
	// out is what became of the contacts, in the order of arrivals.
	out  []Outcome
	open int
	// assigned counts assignments.
	assigned int
	// waits measures what the core says of waits.
	waits waits
}

// Outcome is what became of a contact.
type Outcome struct {
	// Begun is when an agent took it at last, Replied when the first reply went
	// out, in seconds; negative if never.
	Begun, Replied float64
	// Agent is who replied, as a place among all agents, and Level theirs of the
	// skill, 0 if they lack it.
	Agent, Level int
}

// job is a contact while it is open.
type job struct {
	arrival *Arrival
	// place is where it stands among the arrivals.
	place int
	// tries counts its offers.
	tries int
	agent *worker
	// left is the handling time that remains, were it the only one in hand.
	left                  float64
	begun                 float64
	replied               bool
	contact, conversation string
}

// Work implements stage.Job.
func (j *job) Work() *float64 { return &j.left }

// epoch is the start of every window.
func epoch() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

func (d *day) at() float64 { return d.Now.Sub(epoch()).Seconds() }

// newDay makes a day ready to run.
func newDay(s *Scenario, rule match.Rule, arrivals []Arrival, seed uint64) (*day, error) {
	d := &day{
		Scenario: s, rules: newDayRules(s, rule), seed: seed,
		arrivals: arrivals, jobs: make(map[string]*job, len(arrivals)), byName: map[string]*worker{}, out: make([]Outcome, len(arrivals)), open: len(arrivals),
	}
	d.Stage = stage.New(d.rules, epoch())
	d.See = d.see
	for i := range d.out {
		d.out[i] = Outcome{Begun: -1, Replied: -1, Agent: -1}
	}
	if err := d.Do(router.ActorRouter, router.Begin{Life: "sim"}); err != nil {
		return nil, err
	}
	if err := d.hire(); err != nil {
		return nil, err
	}
	for i := range arrivals {
		d.plan(d.arrivals[i].Visible, func() error { return d.arrive(i) })
	}
	return d, nil
}

// run works until every contact is answered, nothing can happen any more, or the
// days that are simulated at most are over.
func (d *day) run(ctx context.Context) error {
	return d.Run(ctx, epoch().Add(horizon), func() bool { return d.open == 0 })
}

// horizon is for how long a day is followed: whoever has no reply by then gets
// none.
const horizon = 30 * 24 * time.Hour

// see lets the agents see what the core decided.
func (d *day) see(events []router.Event) {
	d.waits.see(d.State, d.Now, events)
	for _, ev := range events {
		switch ev := any(ev).(type) {
		case router.OfferMade:
			d.offered(&ev)
		case router.Assigned:
			d.begin(&ev)
		case router.PresenceChanged:
			if ev.Presence == contact.Away {
				d.missed(d.byName[ev.Agent])
			}
		}
	}
}

// arrive gives the core a contact.
func (d *day) arrive(place int) error {
	a := &d.arrivals[place]
	c := &d.Classes[a.Class]
	id := strconv.Itoa(a.ID)
	r := router.Receive{
		Item: router.Item{
			Source: "sim/day/contacts", Channel: contact.Channel(a.Channel), Account: "day", Ref: id,
			ItemKey: "i" + id, MessageKey: "m" + id, Place: id, ReceivedAt: epoch().Add(seconds(a.At)),
		},
		Kind: router.KindFresh, Identity: "p" + id, Class: c.Name, Tier: d.Tiers[a.Tier].Name, LastAgent: d.knownAs(a),
		Demand: match.Demand{Skills: []match.Skill{{Name: c.Skill, Level: c.MinProf}}, Languages: []string{c.Lang}},
		AsOf:   d.State.N,
	}
	e, err := d.Step(router.ActorIntake, r)
	if err != nil {
		return fmt.Errorf("contact %d at %.3f s: %w", a.ID, d.at(), err)
	}
	d.jobs[e.Result.Contact] = &job{arrival: a, place: place, contact: e.Result.Contact}
	d.see(e.Events)
	return nil
}

func (d *day) knownAs(a *Arrival) string {
	if a.Sticky < 0 {
		return ""
	}
	return d.staff[a.Sticky].id
}

// offered lets the agent answer an offer, or not. The luck is the contact's and
// the try's, whoever is asked.
func (d *day) offered(e *router.OfferMade) {
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
	offer, declines := e.Offer, !sure && fate < d.Offer.NoAnswer+d.Offer.Decline
	d.plan(d.at()+delay, func() error {
		switch {
		case d.State.Offers[offer] == nil:
			return nil // it was taken back
		case declines:
			return d.Do(w.id, router.Decline{Offer: offer, Reason: "busy"})
		}
		return d.Do(w.id, router.Accept{Offer: offer})
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
