package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// loads are the systems that are held to Erlang's formula: agents, and the load of
// each.
func loads() []system {
	return []system{{1, 0.7}, {5, 0.7}, {10, 0.7}, {20, 0.75}}
}

// system is an M/M/n queue: exponential times between arrivals and of service.
type system struct {
	agents int
	load   float64
}

func (s system) String() string { return fmt.Sprintf("M/M/%d at %.2f", s.agents, s.load) }

// service is the mean time of service, in seconds.
const service = 60.0

// erlangC gives the probability that a customer waits, and the mean wait of all in
// seconds (Erlang 1917: B by its recursion, then C).
func (s system) erlangC() (waits, mean float64) {
	offered, b := float64(s.agents)*s.load, 1.0
	for k := 1; k <= s.agents; k++ {
		b = offered * b / (float64(k) + offered*b)
	}
	c := b / (1 - s.load*(1-b))
	return c, c * service / (float64(s.agents) - offered)
}

// customers draws arrivals and services, one after the other.
func (s system) customers(seed uint64) func() (gap, work float64) {
	random := rand.New(rand.NewPCG(seed, uint64(s.agents)))
	return func() (gap, work float64) {
		return random.ExpFloat64() * service / (float64(s.agents) * s.load), random.ExpFloat64() * service
	}
}

// hall is the agents as Kiefer and Wolfowitz (1955) follow them: who comes begins
// when the first of them is free.
type hall struct {
	n    int
	free [20]float64
}

// begin gives when the service of a customer begins.
func (h *hall) begin(at, work float64) float64 {
	first := 0
	for i := 1; i < h.n; i++ {
		if h.free[i] < h.free[first] {
			first = i
		}
	}
	start := max(at, h.free[first])
	h.free[first] = start + work
	return start
}

// scenario is a day for such a queue: one class, one tier, everything accepted at
// once, and the reply is the end of the work.
func (s system) scenario() *Scenario {
	return &Scenario{
		Name: s.String(), Hours: 168, Load: 1, Profile: []float64{1}, ConcurrencyEff: 1,
		Channels: map[string]Channel{"email": {ReplyAt: "end", Cap: 1}},
		Tiers:    []Tier{{Name: "all", Value: 1, Share: 1, TargetS: map[string]float64{"email": 1e7}}},
		Classes:  []Class{{Name: "all", Skill: "any", Lang: "en", Share: 1, ChannelMix: map[string]float64{"email": 1}, MeanS: map[string]float64{"email": service}, MinProf: 1}},
		Agents:   []Crew{{Name: "all", Count: s.agents, Skills: map[string]int{"any": 5}, Langs: []string{"en"}, ShiftH: []float64{0, 168}}},
		Offer:    Offer{TimeoutS: 30},
		Sticky:   Sticky{Speedup: 1},
	}
}

// day gives n customers as contacts.
func (s system) day(seed uint64, n int) []Arrival {
	next, at := s.customers(seed), 0.0
	out := make([]Arrival, n)
	for i := range out {
		gap, work := next()
		at += gap
		out[i] = Arrival{ID: i, At: at, Visible: at, Due: at + 1e7, Channel: "email", Size: work / service, Sticky: -1}
	}
	return out
}

// TestSimulatorIsAnExactQueue holds the simulation, the router's own core in it, to
// the recursion for M/M/n customer by customer: each begins when it says, to the
// millisecond.
func TestSimulatorIsAnExactQueue(t *testing.T) {
	for _, s := range loads() {
		for _, rule := range []string{FIFO, Stagecoach} {
			s.follow(t, rule, 7, 800)
		}
	}
}

// follow simulates so many customers, and fails where one doesn't begin when the
// recursion says.
func (s system) follow(t *testing.T, rule string, seed uint64, customers int) {
	t.Helper()
	arrivals := s.day(seed, customers)
	day, err := (&Runner{Scenario: s.scenario()}).Day(t.Context(), rule, arrivals, 1)
	if err != nil {
		t.Fatal(err)
	}
	h, waited := &hall{n: s.agents}, 0
	for i, a := range arrivals {
		want := h.begin(a.At, a.Size*service)
		if want > a.At {
			waited++
		}
		if got := day.Outcomes[i].Begun; math.Abs(got-want) > 1e-3 {
			t.Fatalf("%s by %s: customer %d of %d begins at %.4f, should at %.4f", s, rule, i, len(arrivals), got, want)
		}
	}
	if waited < len(arrivals)/20 {
		t.Errorf("%s: only %d wait", s, waited)
	}
}

// TestQueueIsErlangs holds the recursion to Erlang's formula: with the test above,
// so is the simulation.
func TestQueueIsErlangs(t *testing.T) {
	for _, s := range loads() {
		next, h := s.customers(2), &hall{n: s.agents}
		at, waits, total := 0.0, 0, 0.0
		n := 1_000_000 + 200_000*s.agents // the more agents, the rarer a wait
		for range n {
			gap, work := next()
			at += gap
			if start := h.begin(at, work); start > at {
				waits++
				total += start - at
			}
		}
		s.compare(t, float64(waits)/float64(n), total/float64(n))
	}
}

// compare fails where a share that waits or a mean wait is 2 % away from Erlang's.
func (s system) compare(t *testing.T, waits, mean float64) {
	t.Helper()
	wantWaits, wantMean := s.erlangC()
	t.Logf("%s: P(wait) %.4f / %.4f %+.2f %%, mean wait %.3f / %.3f s %+.2f %%", s, waits, wantWaits, 100*(waits/wantWaits-1), mean, wantMean, 100*(mean/wantMean-1))
	if math.Abs(waits/wantWaits-1) > 0.02 || math.Abs(mean/wantMean-1) > 0.02 {
		t.Errorf("%s is more than 2 %% away from Erlang-C", s)
	}
}
