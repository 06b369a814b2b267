package sim

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"stagecoach/router/match"
)

// The names of the rules. The first six are the peers'.
const (
	FIFO         = "fifo"
	RoundRobin   = "round-robin"
	LeastActive  = "least-active"
	Strict       = "strict"
	AgeOffset    = "age-offset"
	EDF          = "edf"
	ValueEDF     = "value-edf"
	Accumulating = "accumulating"
	GCMU         = "gcmu"
	Stagecoach   = "stagecoach"
)

// Rules are the names of all rules, the peers' first, ours last.
func Rules() []string {
	return []string{FIFO, RoundRobin, LeastActive, Strict, AgeOffset, EDF, ValueEDF, Accumulating, GCMU, Stagecoach}
}

// Peers are those of them that other routers have.
func Peers() []string { return Rules()[:6] }

// newRule makes the rule of a name, with a memory of its own; nil is ours.
func (s *Runner) newRule(name string) (match.Rule, bool) {
	value := func(g *match.Group) float64 { return float64(g.Traits.Value) / match.Micro }
	start := func(h *match.Head) float64 { return float64(h.Start.UnixMicro()) / 1e6 }
	switch name {
	case FIFO:
		return &heads{key: func(_ *match.Group, h *match.Head, _ time.Time) float64 { return start(h) }, agent: longestIdle}, true
	case RoundRobin:
		turns := &robin{}
		return &heads{key: func(_ *match.Group, h *match.Head, _ time.Time) float64 { return start(h) }, agent: turns.compare, took: turns.took}, true
	case LeastActive:
		return &heads{key: func(_ *match.Group, h *match.Head, _ time.Time) float64 { return start(h) }, agent: leastActive}, true
	case Strict:
		return &heads{key: func(g *match.Group, h *match.Head, now time.Time) float64 {
			return -value(g)*1e7 - now.Sub(h.Start).Seconds()
		}, agent: longestIdle}, true
	case AgeOffset:
		steps := s.steps()
		return &heads{key: func(g *match.Group, h *match.Head, _ time.Time) float64 {
			return start(h) - 600*steps[g.Traits.Value]
		}, agent: bestSkill}, true
	case EDF:
		return &heads{key: func(_ *match.Group, h *match.Head, _ time.Time) float64 { return float64(h.Due.UnixMicro()) }, agent: bestSkill}, true
	case ValueEDF:
		return &heads{key: func(g *match.Group, h *match.Head, now time.Time) float64 {
			slack := h.Due.Sub(now).Seconds()
			if slack > 0 {
				return slack / value(g)
			}
			return slack * value(g)
		}, agent: longestIdle}, true
	case Accumulating:
		return &heads{key: func(g *match.Group, h *match.Head, now time.Time) float64 {
			return -value(g) / g.Traits.Target.Seconds() * now.Sub(h.Start).Seconds()
		}, agent: bestSkill}, true
	case GCMU:
		return &pairs{index: func(g *match.Group, h *match.Head, a *match.Agent, now time.Time) float64 {
			target := g.Traits.Target.Seconds()
			return value(g) * 4 * math.Pow(now.Sub(h.Start).Seconds()/target, 3) / target / (g.Traits.Handling.Seconds() * factor(levelFor(g, a)) * math.Pow(float64(s.Channels[string(g.Demand.Channel)].Cap), -s.ConcurrencyEff))
		}}, true
	case Stagecoach:
		return match.Fair{Params: s.params()}, true
	}
	return nil, false
}

// params are those of our rule on this day.
func (s *Runner) params() match.Params {
	p := match.DefaultParams()
	if s.Tuning != nil {
		p = *s.Tuning
	}
	p.Concurrency, p.Accept, p.KnownSpeed = s.ConcurrencyEff, seconds(s.Offer.AcceptMeanS), s.Sticky.Speedup
	return p
}

// steps numbers the tiers by value, from 0.
func (s *Scenario) steps() map[int64]float64 {
	values := map[int64]float64{}
	for i := range s.Tiers {
		values[micro(s.Tiers[i].Value)] = 0
	}
	for i, v := range slices.Sorted(maps.Keys(values)) {
		values[v] = float64(i)
	}
	return values
}

func micro(v float64) int64 { return int64(math.Round(v * match.Micro)) }

// levelFor is an agent's level of the skill that a group asks for.
func levelFor(g *match.Group, a *match.Agent) int {
	if len(g.Demand.Skills) == 0 {
		return 5
	}
	return a.Level(g.Demand.Skills[0].Name)
}

// each serves one pair after the other, as long as next finds one.
func each(w *match.Waiting, r *match.Roster, next func() (match.Pick, bool), offer func(*match.Pick) bool) time.Time {
	for r.Free() > 0 && w.Len() > 0 {
		pick, ok := next()
		if !ok || !offer(&pick) {
			break
		}
	}
	return time.Time{}
}

// firstOf gives the first contact of a group that choose finds an agent for. It
// looks behind one only where that is passed over by some for itself alone.
func firstOf(g *match.Group, r *match.Roster, now time.Time, choose func(h *match.Head, able []*match.Agent) *match.Agent) (match.Pick, bool) {
	pick, found := match.Pick{}, false
	g.First(func(h *match.Head) bool {
		able := eligible(g, h, r, now)
		if len(able) == 0 {
			return len(h.Cool) > 0
		}
		pick, found = match.Pick{Contact: h.Contact, Units: g.Units()}, true
		pick.Why.Winner.Agent = choose(h, able).ID
		return false
	})
	return pick, found
}

func eligible(g *match.Group, h *match.Head, r *match.Roster, now time.Time) []*match.Agent {
	var out []*match.Agent
	for _, a := range r.FreeAgents() {
		if g.Gate(h, a, now) == "" {
			out = append(out, a)
		}
	}
	return out
}

// heads serves the contact with the least key first, and gives it to the first
// agent by a comparison.
type heads struct {
	key   func(g *match.Group, h *match.Head, now time.Time) float64
	agent func(g *match.Group, x, y *match.Agent) int
	took  func(agent string)
}

// Match implements match.Rule.
func (r *heads) Match(w *match.Waiting, p *match.Roster, now time.Time, offer func(*match.Pick) bool) time.Time {
	return each(w, p, func() (match.Pick, bool) { return r.next(w, p, now) }, offer)
}

func (r *heads) next(w *match.Waiting, p *match.Roster, now time.Time) (match.Pick, bool) {
	type keyed struct {
		group *match.Group
		key   float64
	}
	var order []keyed
	for _, g := range w.Groups() {
		g.First(func(h *match.Head) bool {
			order = append(order, keyed{g, r.key(g, h, now)})
			return false
		})
	}
	slices.SortStableFunc(order, func(x, y keyed) int { return cmp.Compare(x.key, y.key) })
	for _, k := range order {
		pick, ok := firstOf(k.group, p, now, func(_ *match.Head, able []*match.Agent) *match.Agent {
			return slices.MinFunc(able, func(x, y *match.Agent) int {
				return cmp.Or(r.agent(k.group, x, y), cmp.Compare(x.ID, y.ID))
			})
		})
		if ok {
			if r.took != nil {
				r.took(pick.Why.Winner.Agent)
			}
			return pick, true
		}
	}
	return match.Pick{}, false
}

func longestIdle(_ *match.Group, x, y *match.Agent) int { return x.IdleSince.Compare(y.IdleSince) }

func leastActive(g *match.Group, x, y *match.Agent) int {
	return cmp.Or(cmp.Compare(y.Room, x.Room), longestIdle(g, x, y))
}

func bestSkill(g *match.Group, x, y *match.Agent) int {
	return cmp.Or(cmp.Compare(levelFor(g, y), levelFor(g, x)), longestIdle(g, x, y))
}

// robin remembers whose turn it was.
type robin struct{ last string }

func (r *robin) took(agent string) { r.last = agent }

// compare puts those behind the last one first, in the order of their ids.
func (r *robin) compare(_ *match.Group, x, y *match.Agent) int {
	if past := (x.ID > r.last); past != (y.ID > r.last) {
		if past {
			return -1
		}
		return 1
	}
	return cmp.Compare(x.ID, y.ID)
}

// pairs serves the pair with the highest index.
type pairs struct {
	index func(g *match.Group, h *match.Head, a *match.Agent, now time.Time) float64
}

// Match implements match.Rule.
func (r *pairs) Match(w *match.Waiting, p *match.Roster, now time.Time, offer func(*match.Pick) bool) time.Time {
	return each(w, p, func() (match.Pick, bool) { return r.next(w, p, now) }, offer)
}

func (r *pairs) next(w *match.Waiting, p *match.Roster, now time.Time) (match.Pick, bool) {
	best, found, top := match.Pick{}, false, math.Inf(-1)
	for _, g := range w.Groups() {
		index := math.Inf(-1)
		pick, ok := firstOf(g, p, now, func(h *match.Head, able []*match.Agent) *match.Agent {
			slices.SortFunc(able, func(x, y *match.Agent) int { return cmp.Or(longestIdle(g, x, y), cmp.Compare(x.ID, y.ID)) })
			winner := able[0]
			for _, a := range able {
				if i := r.index(g, h, a, now); i > index {
					index, winner = i, a
				}
			}
			return winner
		})
		if ok && (!found || index > top) {
			best, found, top = pick, true, index
		}
	}
	return best, found
}
