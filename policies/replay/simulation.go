package replay

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Simulation is what is to be simulated and compared.
type Simulation struct {
	History *History
	// Active decides now; Candidate is compared with it, nil for none.
	Active, Candidate *Set
	// Staffing is what shall be other of who is there, none for nothing.
	Staffing []Change
	// Seeds is how many times both are simulated, the first with First.
	Seeds int
	First uint64
	// Best asks which one skill would help most.
	Best bool
	// Workers is how many runs go on at a time, at least 1.
	Workers int
	// Names gives the name of an agent; nil for their id.
	Names func(agent string) string
	// Classified says how the candidate's classes were found.
	Classified Classified
	// Note, if given, is told how much is done.
	Note func(what string, done, total int)

	model *Model
}

const (
	// errorLimit is by how many points the simulation may be off to be trusted.
	errorLimit = 5
	// leastMeasured is of how many contacts something can be said.
	leastMeasured = 30
	// MaxSeeds is more than any figure needs.
	MaxSeeds = 100
)

// runs are those of one scene, seed by seed.
type runs struct {
	runs     []*Run
	measured []measured
}

// Run simulates and compares. The same simulation gives the same report.
func (s *Simulation) Run(ctx context.Context) (*Report, error) {
	if s.Seeds < 1 || s.Seeds > MaxSeeds {
		return nil, fmt.Errorf("%d seeds: take 1 to %d", s.Seeds, MaxSeeds)
	}
	s.model = NewModel(s.History, s.Active.Matching().Concurrency)
	staff, words, err := s.restaffed()
	if err != nil {
		return nil, err
	}
	scenes := []*Scene{{History: s.History, Model: s.model, Set: *s.Active}}
	if s.compares() {
		other := s.Candidate
		if other == nil {
			other = s.Active
		}
		scenes = append(scenes, &Scene{History: s.History, Model: s.model, Set: *other, Staff: staff})
	}
	all, err := s.simulate(ctx, "Simulating", scenes, s.Seeds)
	if err != nil {
		return nil, err
	}
	r := s.begin(words)
	s.fidelity(r, all[0])
	if len(all) > 1 {
		s.compare(r, all[0], all[1])
	}
	s.course(r, all)
	if s.Best && r.Trusted {
		if err := s.bestSkill(ctx, r, scenes[len(scenes)-1], all[len(all)-1]); err != nil {
			return nil, err
		}
	}
	s.say(r)
	return r, nil
}

// compares reports whether there is anything beside the active set as it is.
func (s *Simulation) compares() bool { return s.Candidate != nil || len(s.Staffing) > 0 }

// simulate runs scenes with each seed. What comes of it does not depend on how many
// run at a time.
func (s *Simulation) simulate(ctx context.Context, what string, scenes []*Scene, seeds int) ([]runs, error) {
	const parts = 100
	total := len(scenes) * seeds
	out := make([]runs, len(scenes))
	for i := range out {
		out[i] = runs{runs: make([]*Run, seeds), measured: make([]measured, seeds)}
	}
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, s.Workers))
	for at := range total {
		group.Go(func() error {
			scene, seed := at/seeds, at%seeds
			last := int64(0)
			run, err := scenes[scene].Run(ctx, s.First+uint64(seed), func(share float64) { //nolint:gosec // not negative
				now := int64(share * parts)
				s.note(what, int(done.Add(now-last)), total*parts)
				last = now
			})
			if err != nil {
				return err
			}
			s.note(what, int(done.Add(parts-last)), total*parts)
			out[scene].runs[seed] = run
			out[scene].measured[seed] = s.History.measure(run.Outcomes, nil, s.History.Until.Add(grace))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Simulation) note(what string, done, total int) {
	if s.Note != nil {
		s.Note(what, done, total)
	}
}

func (s *Simulation) name(agent string) string {
	if nth, isNew := strings.CutPrefix(agent, newcomer); isNew {
		return "newcomer " + nth
	}
	if s.Names != nil {
		if name := s.Names(agent); name != "" {
			return name
		}
	}
	return agent
}

// begin makes a report with what is known before anything was compared.
func (s *Simulation) begin(staffing []string) *Report {
	h, m := s.History, s.model
	r := &Report{
		From: h.From, Until: h.Until, Active: s.Active.Version, Seeds: s.Seeds, FirstSeed: s.First, Contacts: len(h.Turns),
		Words: []string{}, Notes: []string{}, Total: []Row{}, Tiers: []Row{}, Classes: []Row{}, Channels: []Row{}, Promises: []Row{},
		Agents: []AgentRow{}, Moves: []Move{}, Queues: []Move{}, Staffing: staffing, Course: []Span{}, Left: h.Left, Policies: h.Policies,
		Classified: s.Classified,
		Handling: Handling{
			Observed: m.Observed, Efficiency: round(m.Efficiency), Median: round(math.Exp(m.all)),
			Accept: round(m.accept.Mean), Decline: round(m.decline.Mean), Miss: round(max(0, 1-m.accept.Mean-m.decline.Mean)),
		},
	}
	if r.Policies == nil {
		r.Policies = []Version{}
	}
	if s.Candidate != nil {
		r.Candidate = s.Candidate.Version
	}
	return r
}

// fidelity compares the active set with what happened.
func (s *Simulation) fidelity(r *Report, active runs) {
	h := s.History
	happened := h.happened()
	real := h.measure(happened, h.due, h.Until)
	simulated := make([]measured, len(active.runs))
	for i, run := range active.runs {
		simulated[i] = h.measure(run.Outcomes, h.due, h.Until.Add(grace))
	}
	f := &r.Fidelity
	f.Limit = errorLimit
	f.Rows = []FidelityRow{}
	for _, d := range []struct {
		by string
		is dimension
	}{{"total", inAll}, {"channel", byChannel}, {"promise", byPromise}} {
		for _, name := range sortedKeys(real[d.is]) {
			was := real[d.is][name]
			f.Rows = append(f.Rows, FidelityRow{
				By: d.by, Name: name, Contacts: was.Contacts, Happened: was.means(), Simulated: meansOf(simulated, d.is, name),
			})
		}
	}
	all := real[inAll][""]
	r.Measured = all.Contacts
	if len(f.Rows) > 0 {
		f.Error = round(100 * math.Abs(f.Rows[0].Simulated.SLA-f.Rows[0].Happened.SLA))
	}
	same, of := 0, 0
	for _, run := range active.runs {
		r.Extra += float64(run.Extra) / float64(len(active.runs))
		for i, t := range h.Turns {
			if o := &run.Outcomes[i]; t.Measured && o.Agent != "" && happened[i].Agent != "" {
				of++
				if o.Agent == happened[i].Agent {
					same++
				}
			}
		}
	}
	f.SameAgent = round(float64(same) / float64(max(of, 1)))
	r.Extra = round(r.Extra)
	switch {
	case r.Measured == 0:
		r.Refused = "no contact of this time can be measured"
	case r.Measured == 1:
		r.Refused = "only one contact can be measured, and that says nothing"
	case r.Measured < leastMeasured:
		r.Refused = fmt.Sprintf("only %d contacts can be measured, and nothing can be said of less than %d", r.Measured, leastMeasured)
	case f.Error > errorLimit:
		r.Refused = fmt.Sprintf("the active policy set, simulated, answers %s in time, and %s really were: that is %.1f points off, and %d are allowed",
			percent(f.Rows[0].Simulated.SLA), percent(f.Rows[0].Happened.SLA), f.Error, errorLimit)
	}
	r.Trusted = r.Refused == ""
}

func (f *Figures) means() Means {
	return Means{SLA: round(f.SLA()), Late: float64(f.Late), Mean: round(f.Mean), Median: round(f.Median), P95: round(f.P95)}
}

// meansOf gives the means of a group over the seeds.
func meansOf(all []measured, d dimension, name string) Means {
	of := func(f func(*Figures) float64) float64 { return round(mean(valuesOf(all, d, name, f))) }
	return Means{
		SLA: of((*Figures).SLA), Late: of(late), Mean: of(meanWait), Median: of(medianWait), P95: of(p95Wait),
	}
}

func late(f *Figures) float64       { return float64(f.Late) }
func meanWait(f *Figures) float64   { return f.Mean }
func medianWait(f *Figures) float64 { return f.Median }
func p95Wait(f *Figures) float64    { return f.P95 }
func counted(f *Figures) float64    { return float64(f.Contacts) }

// valuesOf gives a figure of a group, seed by seed.
func valuesOf(all []measured, d dimension, name string, of func(*Figures) float64) []float64 {
	out := make([]float64, len(all))
	for i := range all {
		f := all[i][d][name]
		out[i] = of(&f)
	}
	return out
}

// groupsIn names the groups of a dimension, of all seeds of all runs.
func groupsIn(d dimension, all ...runs) []string {
	names := map[string]bool{}
	for _, r := range all {
		for i := range r.measured {
			for name := range r.measured[i][d] {
				names[name] = true
			}
		}
	}
	return sortedKeys(names)
}

// percent shows a share.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// sortMoves puts those first of which there are most, and leaves the first ones.
func sortMoves(moves []Move) []Move {
	slices.SortFunc(moves, func(x, y Move) int {
		switch {
		case x.Contacts != y.Contacts:
			if x.Contacts > y.Contacts {
				return -1
			}
			return 1
		case x.From != y.From:
			return strings.Compare(x.From, y.From)
		}
		return strings.Compare(x.To, y.To)
	})
	return moves[:min(len(moves), movesShown)]
}

// movesShown is how many moves are listed.
const movesShown = 50
