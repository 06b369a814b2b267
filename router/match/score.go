package match

import (
	"cmp"
	"math"
	"slices"
)

// The terms of the score.
const (
	TermValue   = "value"
	TermEffort  = "effort"
	TermUrgency = "urgency"
	TermSpare   = "spare"
	TermLoad    = "load"
	TermKnown   = "last_agent_bonus"
	// TermNamed is that for an agent whom the policy names for the customer.
	TermNamed   = "named_agent_bonus"
	TermRelaxed = "skill_relaxed"
	// TermLanguage is there when the agent speaks a wished language.
	TermLanguage = "language"
	maxTerms     = 8
)

// The part of the usable time that has passed counts at least and at most so much.
const (
	minUrgency = 0.01
	maxUrgency = 1.2
)

// Micro is one, in micro-units.
const Micro = 1_000_000

// micro rounds to micro-units: each term for itself, so that a score is the sum of
// what is shown.
func micro(v float64) int64 { return int64(math.Round(v * Micro)) }

// Slowness is how much longer an agent of a level takes than one of level 5; 0 is
// who lacks the skill.
func Slowness(level int) float64 {
	if level <= 0 {
		return 1.6
	}
	return 1 + 0.12*float64(5-min(level, 5))
}

// level is an agent's least level of the skills that a demand asks for.
func level(d *Demand, a *Agent) int {
	least := 5
	for _, s := range d.Skills {
		least = min(least, a.Level(s.Name))
	}
	return least
}

// jobsOf gives the groups that a crew is able for at some time.
func (w *Waiting) jobsOf(c *crew) []*job {
	for ; c.made < len(w.list); c.made++ {
		g := w.list[c.made]
		for stage := range len(g.need.Steps()) + 1 {
			if g.need.Able(stage, c.like) == "" {
				c.jobs = append(c.jobs, &job{
					group: g, stage: stage, level: level(&g.Demand, c.like), learnt: -1,
					wished: speaksOne(c.like, g.Demand.Wished), unmet: Unmet(&g.Demand, c.like),
				})
				break
			}
		}
	}
	return c.jobs
}

// jobFor gives what a crew needs to know of a group, nil if they are never able
// for it.
func (w *Waiting) jobFor(c *crew, g *Group) *job {
	jobs := w.jobsOf(c)
	i, ok := slices.BinarySearchFunc(jobs, g.num, func(j *job, num int) int { return j.group.num - num })
	if !ok {
		return nil
	}
	return jobs[i]
}

// sorted gives what an agent's crew needs to know of each group, in the order of
// the most that one of it could be worth.
func (m *matching) sorted(a *Agent) []worth {
	c := a.crew
	jobs := m.w.jobsOf(c)
	if of := (sortedFor{len(jobs), a.Capacity, m.version, m.w.flows.learnt}); c.sortedFor != of {
		c.sortedFor = of
		for _, j := range jobs[len(c.sorted):] {
			c.sorted = append(c.sorted, worth{0, j})
		}
		for i := range c.sorted { // nearly in order as it is
			j := c.sorted[i].job
			m.prepare(j, a)
			c.sorted[i].most = m.most(j)
		}
		slices.SortFunc(c.sorted, func(x, y worth) int {
			return cmp.Or(cmp.Compare(y.most, x.most), cmp.Compare(x.job.group.num, y.job.group.num))
		})
	}
	return c.sorted
}

// most is the highest score that a group can have for an agent.
func (m *matching) most(j *job) int64 {
	sum := j.value + micro(-min(j.effort, j.knownEffort)) + m.urgent + j.spare + micro(max(0, m.Known))
	sum += int64(j.unmet) * micro(-m.Relaxed)
	if j.wished {
		sum += micro(m.Wished)
	}
	return sum + micro(max(0, -m.Spread))
}

// urgencyOf gives the most that the urgency of any of a group can be worth until a
// moment from now, for anybody. It is worked out once for the first of the group,
// who has waited longest.
func (m *matching) urgencyOf(g *Group) int64 {
	it := g.live.first()
	if g.hotOf == it && g.hotVersion == m.version && !m.now.After(g.hotUntil) {
		return g.hot
	}
	t, k := &g.Traits, m.Steepness-1
	g.hotOf, g.hotVersion, g.hotUntil, g.hot = it, m.version, m.now.Add(t.Target/64), m.urgent
	if k > 0 {
		usable := m.usable(t, 0)
		x := (g.hotUntil.Sub(it.Start) + m.Accept).Seconds() / usable
		g.hot = micro(k * math.Log(min(max(x, minUrgency), maxUrgency)))
	}
	return g.hot
}

// usable is how much of a promise passes in seconds, at least 1, until an offer
// must be accepted by an agent of this level.
func (m *matching) usable(t *Traits, level int) float64 {
	reply := (m.Accept + t.Words).Seconds()
	if !t.Live {
		reply += t.Handling.Seconds() * Slowness(level)
	}
	return max(t.Target.Seconds()-reply+m.Accept.Seconds(), 1)
}

// prepare works out what of a pair's score is the same for a crew and a group.
func (m *matching) prepare(j *job, a *Agent) {
	t := &j.group.Traits
	if j.capacity != a.Capacity || j.version != m.version {
		j.capacity, j.version = a.Capacity, m.version
		e := max(t.Handling.Seconds(), 1) * Slowness(j.level)
		if units := j.group.units; units > 0 && a.Capacity > units {
			e *= math.Pow(float64(a.Capacity/units), -m.Concurrency)
		}
		j.effort, j.knownEffort = math.Log(e), math.Log(e*m.KnownSpeed)
		target := max(t.Target.Seconds(), 1)
		j.value = micro(math.Log(float64(max(t.Value, 1)) / Micro / target))
		j.usable = m.usable(t, j.level)
		j.learnt = -1
	}
	if fs := &m.w.flows; j.learnt != fs.learnt {
		j.learnt = fs.learnt
		j.spare = micro(-m.Spare * max(0, m.w.rarestOf(a.crew)-j.group.flow.scarcity))
	}
}

// score is the sum of the terms. What it is for others of the crew but for their
// load is kept for this look at who waits.
func (m *matching) score(j *job, it *item, a *Agent) int64 {
	known := it.Prefer == a.ID
	if j.scored == it && j.scoredAt == m.looks && j.capacity == a.Capacity && !known {
		return j.sum + m.load(a)
	}
	sum := int64(0)
	for _, t := range m.appendTerms(m.terms[:0], j, it, a) {
		sum += t.Value
	}
	if !known {
		j.scored, j.scoredAt, j.sum = it, m.looks, sum-m.load(a)
	}
	return sum
}

// load is the term of that name.
func (m *matching) load(a *Agent) int64 {
	return micro(-m.Spread * float64(a.Capacity-a.Room) / float64(max(a.Capacity, 1)))
}

// appendTerms gives the lines of a score.
func (m *matching) appendTerms(out []Term, j *job, it *item, a *Agent) []Term {
	m.prepare(j, a)
	known := it.Prefer == a.ID
	effort := j.effort
	if known {
		effort = j.knownEffort
	}
	x := (m.now.Sub(it.Start) + m.Accept).Seconds() / j.usable
	out = append(
		out,
		Term{TermValue, j.value},
		Term{TermEffort, micro(-effort)},
		Term{TermUrgency, micro((m.Steepness - 1) * math.Log(min(max(x, minUrgency), maxUrgency)))},
		Term{TermSpare, j.spare},
		Term{TermLoad, m.load(a)},
	)
	if known && it.Named {
		out = append(out, Term{TermNamed, micro(m.Known)})
	} else if known {
		out = append(out, Term{TermKnown, micro(m.Known)})
	}
	if j.unmet > 0 {
		out = append(out, Term{TermRelaxed, int64(j.unmet) * micro(-m.Relaxed)})
	}
	if j.wished {
		out = append(out, Term{TermLanguage, micro(m.Wished)})
	}
	return out
}

// lateness orders who can't be answered in time any more: by due time, and of the
// agents the one who needs least for it.
func (m *matching) lateness(j *job, it *item, a *Agent) int64 {
	m.prepare(j, a)
	effort := j.effort
	if it.Prefer == a.ID {
		effort = j.knownEffort
	}
	return -it.Due.UnixMilli()*Micro - min(max(micro(effort)/20, 0), Micro-1)
}
