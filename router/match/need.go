package match

import (
	"iter"
	"strconv"
	"time"
)

// Need is what a group of contacts needs as time passes: the demand, in stages.
// At each stage it asks less than at the one before. A stage that nobody who is
// known could meet, at work or not, counts as passed from the first moment.
type Need struct {
	demand Demand
	traits Traits
	steps  []time.Duration
	// from is the first stage that somebody meets.
	from    int
	witness string
	lacks   Gate
}

// NewNeed makes a need of a demand and what the promise says of it.
func NewNeed(d Demand, t *Traits) *Need {
	return &Need{demand: d, traits: *t, steps: Thresholds(&d, t)}
}

// Steps are the ages at which the next stage begins. They are not to be changed.
func (n *Need) Steps() []time.Duration { return n.steps }

// Stage gives the stage of a contact that has waited so long, from 0.
func (n *Need) Stage(age time.Duration) int {
	stage := 0
	for stage < len(n.steps) && age >= n.steps[stage] {
		stage++
	}
	return max(stage, n.from)
}

// Age is the least age of a stage.
func (n *Need) Age(stage int) time.Duration {
	if stage <= 0 || len(n.steps) == 0 {
		return 0
	}
	return n.steps[min(stage, len(n.steps))-1]
}

// Able gives the first gate that no agent of such a profile passes at a stage.
func (n *Need) Able(stage int, a *Agent) Gate {
	return Able(&n.demand, &n.traits, n.Age(stage), a)
}

// Lacks says what nobody who is known meets even at the last stage: the gate at
// which most of them fail. It is "" where somebody could take it.
func (n *Need) Lacks() Gate { return n.lacks }

// Look finds the first stage that somebody meets, and reports whether what is
// known of the need has changed. With nobody known nothing is said. It costs
// O(known), but O(1) where whoever met the first stage still does.
func (n *Need) Look(known iter.Seq[*Agent], find func(id string) *Agent) (changed bool) {
	if a := find(n.witness); a != nil && n.from == 0 && n.Able(0, a) == "" {
		return false
	}
	from, lacks, witness, counts := len(n.steps), Gate(""), "", map[Gate]int{}
	for a := range known {
		gate := n.Able(len(n.steps), a)
		if gate != "" {
			counts[gate]++
			continue
		}
		stage := 0
		for n.Able(stage, a) != "" {
			stage++
		}
		if witness == "" || stage < from {
			from, witness = stage, a.ID
		}
		if from == 0 {
			break
		}
	}
	switch {
	case witness == "" && len(counts) == 0:
		from = 0
	case witness == "":
		for _, gate := range []Gate{GateChannel, GateLanguage, GateExcluded, GateSkill, GateWish} {
			if counts[gate] > counts[lacks] {
				lacks = gate
			}
		}
	}
	changed = from != n.from || lacks != n.lacks
	n.from, n.lacks, n.witness = from, lacks, witness
	return changed
}

// Age is how long a contact has waited for its group's need: since the start of
// its promise, and at least as long as the need counts it for.
func (h *Head) Age(now time.Time) time.Duration {
	age := time.Duration(0)
	if !h.Start.IsZero() {
		age = max(now.Sub(h.Start), 0)
	}
	if h.Need != nil {
		age = max(age, h.Need.Age(h.Need.from))
	}
	return age
}

// Needs holds each need once.
type Needs struct {
	all map[string]*Need
	// fresh are those that have not been looked at.
	fresh []*Need
	seen  uint64
}

// NewNeeds gives an empty set.
func NewNeeds() *Needs { return &Needs{all: map[string]*Need{}} }

// Of gives the need of a demand and what its promise says.
func (n *Needs) Of(d Demand, t *Traits) *Need {
	key := d.Key() + "@" + strconv.FormatInt(int64(t.RelaxAfter), 36) + "@" + strconv.FormatInt(int64(t.Handling), 36)
	if one := n.all[key]; one != nil {
		return one
	}
	one := NewNeed(d, t)
	n.all[key] = one
	n.fresh = append(n.fresh, one)
	return one
}

// Stale reports whether Look has something to do at this version of those known.
func (n *Needs) Stale(version uint64) bool { return len(n.fresh) > 0 || n.seen != version }

// Look looks at all needs again where those known have changed since, which
// their version tells, and else at the new ones. It gives those that changed.
func (n *Needs) Look(version uint64, known iter.Seq[*Agent], find func(id string) *Agent) map[*Need]bool {
	changed := map[*Need]bool{}
	if n.seen != version {
		for _, one := range n.all {
			if one.Look(known, find) {
				changed[one] = true
			}
		}
	} else {
		for _, one := range n.fresh {
			if one.Look(known, find) {
				changed[one] = true
			}
		}
	}
	n.seen, n.fresh = version, nil
	return changed
}

// Widen gives what a demand asks as if it had waited for so long already, and from
// which age on its skills are wishes. What it needs for ever stays needed.
func Widen(d Demand, relaxAfter, age time.Duration) (Demand, time.Duration) {
	if relaxAfter > 0 && relaxAfter <= age {
		relaxAfter = 1
	}
	if d.LanguageFor > 0 && d.LanguageFor <= age {
		d.LanguageFor = 1
	}
	if len(d.Wishes) > 0 {
		wishes := make([]Wish, len(d.Wishes))
		for i, w := range d.Wishes {
			if wishes[i] = w; w.For <= age {
				wishes[i].For = 0
			}
		}
		d.Wishes = wishes
	}
	return d, relaxAfter
}
