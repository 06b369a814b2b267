package sim

import (
	"math"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// dayRules lets the core ask a scenario what it asks a policy set otherwise.
type dayRules struct {
	*Scenario
	tiers   map[string]*Tier
	classes map[string]*Class
	// whole is an agent's capacity, of which a contact takes units.
	whole int
	units map[string]int
	// urgent is to how many agents an offer goes at once that must not run out.
	urgent int
	rule   match.Rule
}

var _ router.Rules = (*dayRules)(nil)

func newDayRules(s *Scenario, rule match.Rule) *dayRules {
	r := &dayRules{Scenario: s, tiers: map[string]*Tier{}, classes: map[string]*Class{}, whole: 1, units: map[string]int{}, rule: rule}
	if ours, ok := rule.(match.Fair); ok {
		r.urgent = ours.Urgent
	}
	for i := range s.Tiers {
		r.tiers[s.Tiers[i].Name] = &s.Tiers[i]
	}
	for i := range s.Classes {
		r.classes[s.Classes[i].Name] = &s.Classes[i]
	}
	for _, ch := range s.Channels {
		r.whole = min(r.whole/gcd(r.whole, ch.Cap)*ch.Cap, 1_000_000)
	}
	for name, ch := range s.Channels {
		r.units[name] = (r.whole + ch.Cap - 1) / ch.Cap
	}
	return r
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// Version implements router.Rules.
func (r *dayRules) Version() string { return r.Name }

// Promise implements router.Rules.
func (r *dayRules) Promise(_ router.PromiseKind, f router.PromiseFacts, start time.Time) (due, atRisk time.Time) {
	target := r.target(f)
	return start.Add(target), start.Add(target * 3 / 4)
}

// Entry implements router.Rules.
func (r *dayRules) Entry(_ router.PromiseKind, f router.PromiseFacts) string { return f.Tier }

// Ladder implements router.Rules: a scenario has none.
func (r *dayRules) Ladder(router.PromiseKind, router.PromiseFacts, router.Moments) []sla.Rung {
	return nil
}

func (r *dayRules) target(f router.PromiseFacts) time.Duration {
	t := r.tiers[f.Tier]
	if t == nil {
		return time.Hour
	}
	return seconds(t.TargetS[string(f.Channel)])
}

// Traits implements router.Rules.
func (r *dayRules) Traits(_ router.PromiseKind, f router.PromiseFacts) match.Traits {
	t := match.Traits{Target: r.target(f), Live: r.Channels[string(f.Channel)].ReplyAt == "start"}
	if tier := r.tiers[f.Tier]; tier != nil {
		t.Value = micro(tier.Value)
	}
	if c := r.classes[f.Class]; c != nil {
		t.Handling = seconds(c.MeanS[string(f.Channel)])
		t.RelaxAfter = time.Duration(c.RelaxAfterFrac * float64(t.Target))
	}
	t.Words = seconds(r.Channels[string(f.Channel)].LagS)
	t.Hold = min(seconds(r.Sticky.HoldS), t.Target/4)
	return t
}

// Resolution implements router.Rules: a day has no such promise.
func (r *dayRules) Resolution(router.PromiseFacts, time.Time) time.Time { return time.Time{} }

// declined is how long who declined is passed over for the contact.
const declined = 30 * time.Second

// Matching implements router.Rules.
func (r *dayRules) Matching() match.Rule { return r.rule }

// Offering implements router.Rules.
func (r *dayRules) Offering(contact.Channel) router.Offering {
	return router.Offering{TimeOut: seconds(r.Offer.TimeoutS), CoolDown: declined, Parallel: 1, Urgent: r.urgent}
}

// Work implements router.Rules.
func (r *dayRules) Work(ch contact.Channel) router.Work {
	w := router.Work{Units: r.units[string(ch)], Handling: -never}
	if r.Channels[string(ch)].ReplyAt == "start" {
		w.Linger = never
	}
	return w
}

// never is longer than any day that is simulated.
const never = 100 * 365 * 24 * time.Hour

// Timing implements router.Rules: who holds a contact keeps it, and one offer
// without answer sets an agent away.
func (r *dayRules) Timing() router.Timing {
	return router.Timing{
		SilentWarn: math.MaxInt32, SilentPull: math.MaxInt32, SilentFloor: never, ChatReturn: never, MissesUntilAway: 1, AwayLeast: seconds(r.Offer.NotReadyS), Digest: never,
		GiveUp: never, Heartbeat: never, LastResort: "lead", Queue: "general", ReviewQueue: "review",
		Acknowledge: func(contact.Channel) router.Acknowledging { return router.Acknowledging{} },
		PledgeUntil: func(now time.Time) time.Time { return now },
	}
}

// seconds gives a time in whole microseconds, at most never.
func seconds(s float64) time.Duration {
	return time.Duration(math.Round(min(max(s, -never.Seconds()), never.Seconds())*1e6)) * time.Microsecond
}
