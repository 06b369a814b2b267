package sim_test

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// The times of a siege.
const (
	offerTime = 20 * time.Second
	coolTime  = 30 * time.Second
	answerIn  = time.Second
	awayTime  = time.Minute
	// longestSiege is longer than any bound that is drawn.
	longestSiege = 7 * 24 * time.Hour
)

// siegeRules are a policy set whose promises, matching and offers are those of a
// siege.
type siegeRules struct {
	router.Rules
	*siege
	rule match.Rule
}

// Promise implements router.Rules.
func (r siegeRules) Promise(_ router.PromiseKind, f router.PromiseFacts, start time.Time) (due, atRisk time.Time) {
	target := r.Traits("", f).Target
	return start.Add(target), start.Add(target * 3 / 4)
}

// Resolution implements router.Rules.
func (siegeRules) Resolution(router.PromiseFacts, time.Time) time.Time { return time.Time{} }

// Traits implements router.Rules: the class of a contact is the victim's number.
func (r siegeRules) Traits(_ router.PromiseKind, f router.PromiseFacts) match.Traits {
	t := match.Traits{Value: 1000 * match.Micro, Target: 10 * time.Minute, Handling: time.Duration(r.handling) * time.Second}
	if i, err := strconv.Atoi(f.Class); err == nil {
		t.Value, t.Target = int64(r.victims[i].value)*match.Micro, time.Duration(r.victims[i].target)*time.Second
	}
	return t
}

// Matching implements router.Rules.
func (r siegeRules) Matching() match.Rule { return r.rule }

// Offering implements router.Rules.
func (r siegeRules) Offering(contact.Channel) router.Offering {
	return router.Offering{TimeOut: offerTime, CoolDown: coolTime, Parallel: 1}
}

// Work implements router.Rules.
func (r siegeRules) Work(contact.Channel) router.Work {
	return router.Work{Units: 60 / r.slots, Handling: time.Duration(r.handling) * time.Second}
}

// Timing implements router.Rules: who misses one offer is away.
func (r siegeRules) Timing() router.Timing {
	t := r.Rules.Timing()
	t.SilentWarn, t.SilentPull, t.SilentFloor, t.MissesUntilAway = 1e9, 1e9, 1000*time.Hour, 1
	return t
}

// field is a siege that goes on: the production core, and who works for it.
type field struct {
	*siege
	rules  siegeRules
	state  *router.State
	begun  time.Time
	now    time.Time
	agenda moments
	// offers, sent and replies count.
	offers, sent, planned int
	watched               []*watch
	// owned are the victims' contacts, by their number.
	owned []string
	left  int
	err   error
}

// watch is a victim past their guard, until they are served.
type watch struct {
	contact string
	guard   time.Time
	stake   match.Stake
	// kept are the agents who could serve them and have been there since.
	kept map[string]int64
}

// moment is something that happens.
type moment struct {
	at  time.Time
	n   int
	act func() error
}

type moments []*moment

func (m *moments) Len() int { return len(*m) }
func (m *moments) Less(i, j int) bool {
	x, y := (*m)[i], (*m)[j]
	return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.n, y.n)) < 0
}
func (m *moments) Swap(i, j int) { (*m)[i], (*m)[j] = (*m)[j], (*m)[i] }
func (m *moments) Push(x any) {
	if next, ok := x.(*moment); ok {
		*m = append(*m, next)
	}
}

func (m *moments) Pop() any {
	old := *m
	last := old[len(old)-1]
	*m = old[:len(old)-1]
	return last
}

func (f *field) plan(in time.Duration, act func() error) {
	f.planned++
	heap.Push(&f.agenda, &moment{at: f.now.Add(in), n: f.planned, act: act})
}

// run lays a siege until every victim is answered, and gives an error that is
// errStarved or errPassed when the rule failed one of them.
func (s *siege) run(ctx context.Context, rule match.Rule) error {
	set, err := policies.Default()
	if err != nil {
		return fmt.Errorf("building the default policies: %w", err)
	}
	f := &field{
		siege: s, rules: siegeRules{Rules: router.RulesOf(set), siege: s, rule: rule},
		state: router.NewState("main"), now: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
		owned: make([]string, len(s.victims)), left: len(s.victims),
	}
	f.begun = f.now
	if err := f.begin(); err != nil {
		return err
	}
	for f.left > 0 && f.err == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.now.Sub(f.begun) > longestSiege {
			return fmt.Errorf("%d still wait after %v: %w", f.left, longestSiege, errStarved)
		}
		if err := f.next(); err != nil {
			return err
		}
	}
	return f.err
}

func (f *field) begin() error {
	if err := f.do(router.ActorRouter, router.Begin{Life: "siege"}); err != nil {
		return err
	}
	for i, a := range f.agents {
		p := router.AgentProfile{ID: "agent-" + strconv.Itoa(i), Role: contact.RoleAgent, Capacity: 60}
		if a.skilled {
			p.Skills = []match.Skill{{Name: "billing", Level: 3}}
		}
		if err := f.do(router.ActorRouter, router.SetAgent{Agent: p}); err != nil {
			return err
		}
		if err := f.present(p.ID, contact.Available); err != nil {
			return err
		}
		if a.leaves > 0 {
			f.comeAndGo(p.ID, time.Duration(a.leaves)*time.Second)
		}
	}
	for i, v := range f.victims {
		f.plan(time.Duration(v.after)*time.Second, func() error { return f.arrive(i) })
	}
	return f.storm(f.flood * f.slots * len(f.agents))
}

// next lets the next thing happen.
func (f *field) next() error {
	wake, timed := f.state.Wake(f.rules)
	if len(f.agenda) > 0 && (!timed || !wake.Before(f.agenda[0].at)) {
		m, _ := heap.Pop(&f.agenda).(*moment)
		f.now = m.at
		return m.act()
	}
	if !timed {
		return fmt.Errorf("nothing happens any more and %d wait", f.left)
	}
	if wake.After(f.now) {
		f.now = wake
	}
	return f.do(router.ActorRouter, router.Tick{})
}

func (f *field) present(agent string, p contact.Presence) error {
	return f.do(agent, router.SetPresence{Agent: agent, Presence: p, Cause: "self"})
}

func (f *field) comeAndGo(agent string, every time.Duration) {
	f.plan(every, func() error {
		f.plan(every/2, func() error {
			f.comeAndGo(agent, every)
			return f.present(agent, contact.Available)
		})
		return f.present(agent, contact.Busy)
	})
}

// storm has valuable contacts arrive.
func (f *field) storm(n int) error {
	for range n {
		if _, err := f.receive("", f.sent%2 == 0); err != nil {
			return err
		}
	}
	return nil
}

// arrive has a victim arrive, and look at the clock when their guard comes.
func (f *field) arrive(i int) error {
	v := f.victims[i]
	id, err := f.receive(strconv.Itoa(i), v.needsSkill)
	if err != nil {
		return err
	}
	f.owned[i] = id
	c := f.state.Contacts[id]
	guard := time.Duration(match.DefaultParams().Guard * float64(c.Traits.Target))
	f.plan(guard, func() error {
		if c.State == router.Waiting || c.State == router.Offered {
			f.watch(c, f.now)
		}
		return f.do(router.ActorRouter, router.Tick{})
	})
	return nil
}

func (f *field) receive(class string, needsSkill bool) (string, error) {
	f.sent++
	id := strconv.Itoa(f.sent)
	r := router.Receive{
		Item: router.Item{
			Source: "siege/mail/inbox", Channel: contact.Email, Account: "mail", Ref: id,
			ItemKey: "i" + id, MessageKey: "m" + id, Place: id, ReceivedAt: f.now,
		},
		Kind: router.KindFresh, Identity: "p" + id, Class: class,
	}
	if needsSkill {
		r.Demand.Skills = []match.Skill{{Name: "billing", Level: 1}}
	}
	e, err := f.step(router.ActorIntake, r)
	if err != nil {
		return "", err
	}
	return e.Result.Contact, nil
}

func (f *field) do(actor string, cmd router.Command) error {
	_, err := f.step(actor, cmd)
	return err
}

// step gives the core a command, checks what it decided, and lets the agents act
// on it.
func (f *field) step(actor string, cmd router.Command) (*router.Entry, error) {
	e, err := f.state.Step(&router.Env{Now: f.now, Rules: f.rules}, &router.Envelope{Actor: actor, Command: cmd})
	if err != nil {
		return nil, fmt.Errorf("%s by %s: %w", router.CommandName(cmd), actor, err)
	}
	for _, ev := range e.Events {
		switch ev := any(ev).(type) {
		case router.OfferMade:
			f.checkOrder(&ev)
			f.offered(&ev)
		case router.OfferEnded:
			if ev.End == router.OfferDeclined || ev.End == router.OfferExpired {
				f.declined()
			}
		case router.Assigned:
			f.served(ev.Contact)
			f.work(ev.Agent, ev.Contact)
		case router.PresenceChanged:
			f.moved(&ev)
		}
	}
	if f.forgive {
		for _, a := range f.state.Agents {
			a.Credit = 0
		}
	}
	f.checkBounds()
	return &e, nil
}

// offered lets an agent answer an offer: some are declined, some missed.
func (f *field) offered(e *router.OfferMade) {
	f.offers++
	kept := e.Agent == "agent-0"
	if f.misses[f.offers] && !kept {
		return
	}
	decline := f.declines[f.offers]
	f.plan(answerIn, func() error {
		switch {
		case f.state.Offers[e.Offer] == nil:
			return nil
		case decline:
			return f.do(e.Agent, router.Decline{Offer: e.Offer, Reason: "busy"})
		}
		return f.do(e.Agent, router.Accept{Offer: e.Offer})
	})
}

// work has an agent answer a contact after its handling time; and just then the
// next of a flood arrive.
func (f *field) work(agent, id string) {
	takes := time.Duration(f.handling) * time.Second
	if f.sent%3 == 0 {
		takes /= 4
	}
	f.plan(takes, func() error {
		c := f.state.Contacts[id]
		if err := f.storm(f.flood); err != nil {
			return err
		}
		return f.do(agent, router.Send{Delivered: true, Reply: router.Reply{
			ID: "r" + id, Kind: contact.Answer, Contact: id, Channel: c.Channel, Account: c.Account, Covers: c.LastMessage(), Ref: "r",
		}})
	})
}

// moved brings back who was set away, and stops counting on who has left.
func (f *field) moved(e *router.PresenceChanged) {
	if e.Presence == contact.Available {
		return
	}
	for _, w := range f.watched {
		delete(w.kept, e.Agent)
	}
	if e.Presence == contact.Away {
		f.plan(awayTime, func() error { return f.present(e.Agent, contact.Available) })
	}
}

func (f *field) declined() {
	for _, w := range f.watched {
		w.stake.Declines++
	}
}

// watch begins to wait for a victim's turn: who is ahead of them is known now.
func (f *field) watch(c *router.Contact, guard time.Time) {
	w := &watch{contact: c.ID, guard: guard, kept: map[string]int64{}}
	able := func(c *router.Contact) []string {
		var out []string
		for id, a := range f.state.Agents {
			if a.Presence == contact.Available && (len(c.Demand.Skills) == 0 || len(a.Skills) > 0) {
				out = append(out, id)
			}
		}
		return out
	}
	for _, id := range able(c) {
		w.kept[id] = f.state.Agents[id].Credit
	}
	w.stake = match.Stake{
		Target: c.Traits.Target, Guard: match.DefaultParams().Guard, Turn: match.DefaultParams().Turn,
		Between: time.Duration(f.handling)*time.Second + answerIn, AtOnce: f.slots, Declined: offerTime + coolTime,
	}
	for id, other := range f.state.Contacts {
		waits := other.State == router.Waiting || other.State == router.Offered
		earlier := guardOf(other).Compare(guard)
		if waits && (earlier < 0 || earlier == 0 && id < c.ID) &&
			slices.ContainsFunc(able(other), func(a string) bool { _, ok := w.kept[a]; return ok }) {
			w.stake.Ahead++
		}
	}
	f.watched = append(f.watched, w)
}

func guardOf(c *router.Contact) time.Time {
	return match.GuardAt(c.Start, c.Traits.Target, match.DefaultParams().Guard)
}

func (f *field) served(id string) {
	f.watched = slices.DeleteFunc(f.watched, func(w *watch) bool { return w.contact == id })
	if slices.Contains(f.owned, id) {
		f.left--
	}
}

// checkBounds finds victims who have waited longer than the bound that holds for
// the agents who stayed.
func (f *field) checkBounds() {
	for _, w := range f.watched {
		w.stake.Credits = w.stake.Credits[:0]
		for _, credit := range w.kept {
			w.stake.Credits = append(w.stake.Credits, credit)
		}
		c := f.state.Contacts[w.contact]
		bound, ok := match.BoundOf(&w.stake)
		if waited := f.now.Sub(c.Start); ok && waited > bound.Wait && f.err == nil {
			f.err = fmt.Errorf("contact %s: %w: %v of %v (%+v)", c.Class, errStarved, waited, bound.Wait, w.stake)
		}
	}
}

// checkOrder finds contacts past their guard whom the offer of a turn passed over.
func (f *field) checkOrder(e *router.OfferMade) {
	if e.Why.Lane != match.LaneGuard {
		return
	}
	served, a := f.state.Contacts[e.Contact], f.state.Agents[e.Agent]
	for _, c := range f.state.Contacts {
		if c.State == router.Waiting && guardOf(c).Before(guardOf(served)) && !c.Cool[a.ID].After(f.now) &&
			(len(c.Demand.Skills) == 0 || len(a.Skills) > 0) && f.err == nil {
			f.err = fmt.Errorf("contact %s of class %q %w", c.ID, c.Class, errPassed)
		}
	}
}
