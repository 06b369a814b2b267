package match

import "math"

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

// urgencyOf gives the most that the urgency of any of a group can be worth until a
// moment from now, for anybody. It is worked out once for the first of the group,
// who has waited longest.
func (m *matching) urgencyOf(num int32) int64 {
	f := &m.w.faces[num]
	if m.at <= f.hotUntil {
		return f.hot
	}
	g := m.w.list[num]
	t, k := &g.Traits, m.Steepness-1
	until := m.now.Add(t.Target / 64)
	f.hotOf, f.hotUntil, f.hot = g.live.first(), until.UnixMicro(), m.urgent
	if k > 0 {
		x := (until.Sub(f.hotOf.Start) + m.Accept).Seconds() / m.usable(t, 0)
		f.hot = micro(k * math.Log(min(max(x, minUrgency), maxUrgency)))
	}
	return f.hot
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

// score is the sum of the terms. What it is for others who are alike for the group,
// but for their load and what they are spared for, is kept for this look at who
// waits.
func (m *matching) score(j *job, it *item, a *Agent) int64 {
	known := it.Prefer == a.ID
	if j.scored == it && j.scoredAt == m.looks && !known {
		return j.sum + m.spare(a.crew, j) + m.load(a)
	}
	sum := int64(0)
	for _, t := range m.appendTerms(m.terms[:0], j, it, a) {
		sum += t.Value
	}
	if !known {
		j.scored, j.scoredAt, j.sum = it, m.looks, sum-m.spare(a.crew, j)-m.load(a)
	}
	return sum
}

// load is the term of that name.
func (m *matching) load(a *Agent) int64 {
	return micro(-m.Spread * float64(a.Capacity-a.Room) / float64(max(a.Capacity, 1)))
}

// appendTerms gives the lines of a score.
func (m *matching) appendTerms(out []Term, j *job, it *item, a *Agent) []Term {
	m.prepare(j)
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
		Term{TermSpare, m.spare(a.crew, j)},
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
	m.prepare(j)
	effort := j.effort
	if it.Prefer == a.ID {
		effort = j.knownEffort
	}
	return -it.Due.UnixMilli()*Micro - min(max(micro(effort)/20, 0), Micro-1)
}
