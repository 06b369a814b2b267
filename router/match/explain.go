package match

import (
	"maps"
	"slices"
)

// maxNext is how many candidates behind the winner an explanation tells of.
const maxNext = 5

// rival is an agent who could have had the contact too.
type rival struct {
	agent *Agent
	job   *job
	score int64
}

// explain fills the pick with a pair and why it was made. It costs O(free
// agents).
func (m *matching) explain(p *pair) {
	g := p.it.group
	why := &m.pick.Why
	if why.Failed == nil {
		why.Failed = map[Gate]int{}
	}
	clear(why.Failed)
	m.pick.Contact, m.pick.Units = p.it.Contact, g.units
	why.Lane, why.Quiet, why.Behind = p.rank.lane(), p.rank == rankQuiet, m.w.Len()-1
	if m.r.absent > 0 {
		why.Failed[GatePresence] = m.r.absent
	}
	if m.r.full > 0 {
		why.Failed[GateCapacity] = m.r.full
	}
	n := 0
	for _, a := range m.r.free {
		if a == p.agent {
			continue
		}
		j, gate := m.gate(p.it, a)
		if gate != "" {
			why.Failed[gate]++
			continue
		}
		n = m.rank(n, rival{a, j, m.score(j, p.it, a)})
	}
	why.Winner = m.candidate(maxNext, p.it, rival{p.agent, p.job, m.score(p.job, p.it, p.agent)})
	why.Next = why.Next[:0]
	for i := range n {
		why.Next = append(why.Next, m.candidate(i, p.it, m.next[i]))
	}
	clear(m.next[:])
}

// gate gives the first gate that an agent does not pass for a contact.
func (m *matching) gate(it *item, a *Agent) (*job, Gate) {
	j := m.w.jobFor(a.crew, it.group)
	if stage := it.group.stage(&it.Head, m.now); j == nil || j.stage > stage {
		return nil, it.group.need.Able(stage, a.crew.like)
	}
	if a.claimed {
		return nil, GateClaimed
	}
	if gate := Ready(&it.Head, it.group.units, a, m.now); gate != "" {
		return nil, gate
	}
	if owner := m.reservedFor(it); owner != "" && owner != a.ID {
		return nil, GateReserved
	}
	return j, ""
}

// rank puts a rival among the n best, of whom there are then so many.
func (m *matching) rank(n int, x rival) int {
	i := n
	for i > 0 && (m.next[i-1].score < x.score || m.next[i-1].score == x.score && m.next[i-1].agent.ID > x.agent.ID) {
		i--
	}
	if i >= maxNext {
		return n
	}
	copy(m.next[i+1:], m.next[i:min(n, maxNext-1)])
	m.next[i] = x
	return min(n+1, maxNext)
}

// candidate tells an agent's score line by line.
func (m *matching) candidate(i int, it *item, x rival) Candidate {
	return Candidate{Agent: x.agent.ID, Terms: m.appendTerms(m.lines[i][:0], x.job, it, x.agent), Score: x.score}
}

// Clone gives a copy that may be kept.
func (e *Explanation) Clone() Explanation {
	c := *e
	c.Failed = maps.Clone(e.Failed)
	c.Winner.Terms = slices.Clone(e.Winner.Terms)
	c.Next = slices.Clone(e.Next)
	for i := range c.Next {
		c.Next[i].Terms = slices.Clone(c.Next[i].Terms)
	}
	return c
}
