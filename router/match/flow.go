package match

import (
	"iter"
	"slices"
	"strings"
)

// flow is what has come of one demand, as work in seconds.
type flow struct {
	demand Demand
	work   float64
	live   bool
}

// flows are how scarce the agents are for what comes.
type flows struct {
	live     []*flow
	scarcity map[string]float64
	// rarest is, by agent, the scarcity of the scarcest that they can do.
	rarest map[string]float64
}

// Saw counts a contact that has come.
func (w *Waiting) Saw(d Demand, t Traits) {
	key := d.Key()
	f := w.flows[key]
	if f == nil {
		f = &flow{demand: d, live: t.Live}
		w.flows[key] = f
	}
	f.work += t.Handling.Seconds()
}

func (w *Waiting) each() iter.Seq[*Group] {
	return func(yield func(*Group) bool) {
		for _, g := range w.Groups() {
			if !yield(g) {
				return
			}
		}
	}
}

func (w *Waiting) scarcities(p *Pool) *flows {
	if w.known != nil && w.knownAt == p.Version && p.Version > 0 {
		return w.known
	}
	fs := &flows{scarcity: map[string]float64{}, rarest: map[string]float64{}}
	keys := make([]string, 0, len(w.flows))
	for k := range w.flows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	sum, of := 0.0, 0.0
	for _, k := range keys {
		f := w.flows[k]
		if f.live {
			fs.live = append(fs.live, f)
		}
		able := 0.0
		for _, a := range p.All {
			if FirstFailed(&f.demand, &Head{}, 0, a, p.Zero) == "" {
				able++
			}
		}
		fs.scarcity[k] = f.work / max(able, 0.5)
		sum += fs.scarcity[k]
		of++
	}
	if sum > 0 {
		for k := range fs.scarcity {
			fs.scarcity[k] *= of / sum
		}
	}
	for _, a := range p.All {
		for _, k := range keys {
			if FirstFailed(&w.flows[k].demand, &Head{}, 0, a, p.Zero) == "" {
				fs.rarest[a.ID] = max(fs.rarest[a.ID], fs.scarcity[k])
			}
		}
	}
	w.known, w.knownAt = fs, p.Version
	return fs
}

func (fs *flows) gap(g *Group, a *Agent) float64 {
	return max(0, fs.rarest[a.ID]-fs.scarcity[g.Demand.Key()])
}
