package replay

import (
	"cmp"
	"slices"
	"strings"

	"stagecoach/router"
)

// compare fills in how the sets differ.
func (s *Simulation) compare(r *Report, active, candidate runs) {
	r.Total = rowsOf(inAll, active, candidate)
	r.Tiers = rowsOf(byTier, active, candidate)
	r.Classes = rowsOf(byClass, active, candidate)
	r.Channels = rowsOf(byChannel, active, candidate)
	r.Promises = rowsOf(byPromise, active, candidate)
	if s.Active.Figures() != figuresOff {
		r.Agents = s.agents(active, candidate)
	}
	s.moves(r, active, candidate)
}

// What privacy.yaml says of figures per agent.
const (
	figuresOff   = "off"
	figuresNamed = "named"
)

func rowsOf(d dimension, active, candidate runs) []Row {
	out := []Row{}
	for _, name := range groupsIn(d, active, candidate) {
		of := func(f func(*Figures) float64) Pair {
			return pairOf(valuesOf(active.measured, d, name, f), valuesOf(candidate.measured, d, name, f))
		}
		out = append(out, Row{
			Name: name, Contacts: round(mean(valuesOf(active.measured, d, name, counted))),
			SLA: of((*Figures).SLA), Late: of(late), Mean: of(meanWait), Median: of(medianWait), P95: of(p95Wait),
		})
	}
	slices.SortStableFunc(out, func(x, y Row) int { return cmp.Compare(y.Contacts, x.Contacts) })
	return out
}

// agents compares what each has to do, the busiest first.
func (s *Simulation) agents(active, candidate runs) []AgentRow {
	names := map[string]bool{}
	for _, all := range []runs{active, candidate} {
		for _, run := range all.runs {
			for id, d := range run.Present {
				names[id] = names[id] || d > 0
			}
		}
	}
	out := []AgentRow{}
	for _, id := range sortedKeys(names) {
		row := s.agentRow(id, active, candidate)
		if names[id] && (row.Load != (Pair{}) || row.Contacts != (Pair{}) || row.Happened > 0) { // not a supervisor who looks on
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(x, y AgentRow) int { return cmp.Compare(y.Load.Active, x.Load.Active) })
	return out
}

func (s *Simulation) agentRow(id string, active, candidate runs) AgentRow {
	row := AgentRow{Agent: id, Name: s.name(id), Load: pairOf(active.loads(id), candidate.loads(id))}
	for _, all := range []runs{candidate, active} {
		if p := all.runs[0].Present[id]; p > 0 {
			row.Present = round(p.Seconds())
		}
	}
	if p := s.History.Present[id]; p > 0 {
		row.Happened = round(min(1, s.History.Busy[id].Seconds()/p.Seconds()))
	}
	of := func(f func(*Figures) float64) Pair {
		return pairOf(valuesOf(active.measured, byAgent, id, f), valuesOf(candidate.measured, byAgent, id, f))
	}
	row.Contacts = of(counted)
	if s.Active.Figures() == figuresNamed {
		row.SLA = of((*Figures).SLA)
	}
	return row
}

// loads gives an agent's, seed by seed.
func (r runs) loads(id string) []float64 {
	out := make([]float64, len(r.runs))
	for i, run := range r.runs {
		if p := run.Present[id]; p > 0 {
			out[i] = min(1, run.Busy[id].Seconds()/p.Seconds())
		}
	}
	return out
}

// moves counts who answers what somebody else answered, and what stands in another
// queue.
func (s *Simulation) moves(r *Report, active, candidate runs) {
	agents, queues := map[[2]string]float64{}, map[[2]string]float64{}
	each := 1 / float64(len(active.runs))
	for k := range active.runs {
		was, is := active.runs[k].Outcomes, candidate.runs[k].Outcomes
		for i, t := range s.History.Turns {
			x, y := &was[i], &is[i]
			if !t.Measured || !x.Came || !y.Came {
				continue
			}
			if x.Queue != y.Queue {
				queues[[2]string{x.Queue, y.Queue}] += each
			}
			if x.End == router.EndReplied && y.End == router.EndReplied && x.Agent != y.Agent {
				agents[[2]string{x.Agent, y.Agent}] += each
				r.Moved += each
			}
		}
	}
	r.Moved = round(r.Moved)
	for _, key := range sortedPairs(queues) {
		r.Queues = append(r.Queues, Move{From: key[0], To: key[1], Contacts: round(queues[key])})
	}
	r.Queues = sortMoves(r.Queues)
	if s.Active.Figures() == figuresOff {
		return
	}
	for _, key := range sortedPairs(agents) {
		r.Moves = append(r.Moves, Move{From: s.name(key[0]), To: s.name(key[1]), Contacts: round(agents[key])})
	}
	r.Moves = sortMoves(r.Moves)
}

func sortedPairs[V any](m map[[2]string]V) [][2]string {
	out := make([][2]string, 0, len(m))
	for key := range m {
		out = append(out, key)
	}
	slices.SortFunc(out, func(x, y [2]string) int { return cmp.Or(strings.Compare(x[0], y[0]), strings.Compare(x[1], y[1])) })
	return out
}
