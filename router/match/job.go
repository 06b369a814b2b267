package match

import (
	"cmp"
	"math"
	"slices"
)

// crew is all agents who can do and hold the same.
type crew struct {
	like *Agent
	key  string
	// members counts them, present those who are available.
	members, present int
	// jobs tells which of a group's jobs is theirs, by the number of the group and
	// from 1; 0 is for none, as they are never able for it. layout is the numbering
	// that it holds for.
	jobs   []int32
	layout int
	// sorted are the groups by the most that one of them could be worth.
	sorted    []worth
	sortedFor sortedFor
	// able are the flows that they are able for, of the first flowed of all; rarest
	// is how scarce the scarcest of them is, as learnt then. live are those of live
	// work, as of liveAt.
	able   []*flow
	flowed int
	rarest float64
	learnt int
	live   []*flow
	liveAt int
}

func newCrew(a *Agent) *crew {
	like := &Agent{Skills: a.Skills, Languages: a.Languages, Channels: a.Channels, Capacity: a.Capacity}
	return &crew{like: like, key: crewKey(a), learnt: -1}
}

// sortedFor is what an order of groups depends on.
type sortedFor struct{ groups, layout, version, learnt int }

// job is what crews need to know of a group who are alike for it. There are few
// of them for each group, however many crews there are.
type job struct {
	group *Group
	kind
	// value is the term of that name, most the highest score that one of the group
	// can have, but for the term spare. effort and knownEffort are the logarithms of
	// seconds, usable is the part of the target that may be waited for, all as of
	// this version of the parameters.
	value, most         int64
	effort, knownEffort float64
	usable              float64
	version             int
	// sum is the score of a contact without load and spare, as of that look.
	scored   *item
	scoredAt uint64
	sum      int64
}

// kind is in what crews are alike for a group.
type kind struct {
	// stage is from which stage of the group on they are able, level their least
	// level of what it asks for.
	stage, level int
	// unmet counts what they lack and the contacts need no longer.
	unmet int
	// wished is true when they speak a language that is wished for.
	wished   bool
	capacity int
}

// worth is the highest score that one of a group can have.
type worth struct {
	most int64
	// num is the group's number, job its place among the group's jobs.
	num, job int32
}

// jobsOf finds which groups a crew is able for at some time.
func (w *Waiting) jobsOf(c *crew) []int32 {
	if c.layout != w.layout {
		c.layout, c.jobs = w.layout, c.jobs[:0]
	}
	for len(c.jobs) < len(w.list) {
		c.jobs = append(c.jobs, w.list[len(c.jobs)].jobOf(c))
	}
	return c.jobs
}

// jobOf gives the place of a crew's job among those of the group, from 1, made if
// need be; 0 if they are never able for it.
func (g *Group) jobOf(c *crew) int32 {
	for stage := range len(g.need.Steps()) + 1 {
		if g.need.Able(stage, c.like) != "" {
			continue
		}
		k := kind{
			stage: stage, level: level(&g.Demand, c.like), unmet: Unmet(&g.Demand, c.like),
			wished: speaksOne(c.like, g.Demand.Wished), capacity: c.like.Capacity,
		}
		i := slices.IndexFunc(g.jobs, func(j *job) bool { return j.kind == k })
		if i < 0 {
			i = len(g.jobs)
			g.jobs = append(g.jobs, &job{group: g, kind: k, version: -1})
		}
		return int32(i) + 1 //nolint:gosec // kinds of crews are few
	}
	return 0
}

// jobFor gives what a crew needs to know of a group, nil if they are never able
// for it.
func (w *Waiting) jobFor(c *crew, g *Group) *job {
	jobs := c.jobs
	if g.num >= len(jobs) || c.layout != w.layout {
		jobs = w.jobsOf(c)
	}
	if i := jobs[g.num]; i > 0 {
		return g.jobs[i-1]
	}
	return nil
}

// sorted gives the groups that a crew is able for at some time, in the order of
// the most that one of them could be worth.
func (m *matching) sorted(c *crew) []worth {
	jobs := m.w.jobsOf(c)
	of := sortedFor{len(jobs), c.layout, m.version, m.w.flows.learnt}
	if c.sortedFor == of {
		return c.sorted
	}
	known := c.sortedFor.groups
	if c.sortedFor.layout != of.layout {
		known, c.sorted = 0, c.sorted[:0]
	}
	c.sortedFor = of
	for num := known; num < len(jobs); num++ {
		if jobs[num] > 0 {
			c.sorted = append(c.sorted, worth{num: int32(num), job: jobs[num] - 1})
		}
	}
	for i := range c.sorted { // nearly in order as it is
		x := &c.sorted[i]
		j := m.w.list[x.num].jobs[x.job]
		m.prepare(j)
		x.most = j.most + m.spare(c, j)
	}
	slices.SortFunc(c.sorted, func(x, y worth) int {
		return cmp.Or(cmp.Compare(y.most, x.most), cmp.Compare(x.num, y.num))
	})
	return c.sorted
}

// prepare works out what of a pair's score is the same for all who are alike for a
// group.
func (m *matching) prepare(j *job) {
	if j.version == m.version {
		return
	}
	t := &j.group.Traits
	j.version = m.version
	e := max(t.Handling.Seconds(), 1) * Slowness(j.level)
	if units := j.group.units; units > 0 && j.capacity > units {
		e *= math.Pow(float64(j.capacity/units), -m.Concurrency)
	}
	j.effort, j.knownEffort = math.Log(e), math.Log(e*m.KnownSpeed)
	target := max(t.Target.Seconds(), 1)
	j.value = micro(math.Log(float64(max(t.Value, 1)) / Micro / target))
	j.usable = m.usable(t, j.level)
	j.most = j.value + micro(-min(j.effort, j.knownEffort)) + m.urgent + micro(max(0, m.Known)) + micro(max(0, -m.Spread))
	j.most += int64(j.unmet) * micro(-m.Relaxed)
	if j.wished {
		j.most += micro(m.Wished)
	}
	j.scored = nil
}

// spare is the term of that name.
func (m *matching) spare(c *crew, j *job) int64 {
	return micro(-m.Spare * max(0, m.w.rarestOf(c)-j.group.flow.scarcity))
}
