package match

import (
	"slices"
	"strconv"
	"time"

	"stagecoach/contact"
)

// Agent is an agent as the rule sees them.
type Agent struct {
	ID        string
	Skills    []Skill
	Languages []string
	// Channels limits what they answer; empty means all.
	Channels []contact.Channel
	// Room is the capacity that is left, in units.
	Room int
	// Limits are what agents may hold beside that, nil for no limits; Held is what
	// they hold by channel, and Spare the units of interruptible work that still
	// don't count.
	Limits *Limits
	Held   []Held
	Spare  int
	// Capped is true when they have taken as many contacts as they may in a day.
	Capped bool
	// From and Until are the shift that they are in, or the next one; nothing new
	// comes from DrainAt on. All are zero for who has none.
	From, DrainAt, Until time.Time
	// Capacity is the whole of it.
	Capacity int
	// Credit is what they owe to those who wait past their guard, in micro-turns.
	Credit int64
	// IdleSince is since when they got nothing.
	IdleSince time.Time

	crew *crew
	// place is where they stand among the free, -1 if they are not.
	place           int
	absent, counted bool
	// fresh is true while no rule has looked at what they could take now.
	fresh bool
	// claimed is true while they make room for somebody past the guard.
	claimed bool
	// given is true once their turn is somebody's, while those past the guard are
	// looked at.
	given bool
	// asks is set while they ask for work themselves.
	asks asking
	// seen is the room that the flows have counted them with, -1 for none.
	seen int
}

// Roster is all agents, so that a decision looks only at those who are free, and
// mostly only at who has become so since the last one.
type Roster struct {
	w      *Waiting
	agents map[string]*Agent
	crews  map[string]*crew
	free   []*Agent
	// fresh are those free agents whom no rule has looked at.
	fresh        []*Agent
	absent, full int
	// version counts the changes of who is present, and of what they can do.
	version int
}

// NewRoster gives an empty roster of those who serve a set of waiting contacts.
func NewRoster(w *Waiting) *Roster {
	return &Roster{w: w, agents: map[string]*Agent{}, crews: map[string]*crew{}}
}

// Put takes an agent in, or up to date after any change. The roster keeps the
// pointer: the caller changes its fields and calls Put again.
func (r *Roster) Put(a *Agent, available bool) {
	old := r.agents[a.ID]
	if old == nil {
		r.agents[a.ID] = a
		a.place, a.seen, a.absent = -1, -1, true
		r.absent++
	}
	if a.crew == nil || !a.crew.fits(a) {
		r.enlist(a)
	}
	if available == a.absent {
		a.absent = !available
		r.version++
		if available {
			r.absent--
			a.crew.present++
		} else {
			r.absent++
			a.crew.present--
		}
	}
	full := available && a.Room <= 0 && a.Spare <= 0
	if full != a.counted {
		a.counted = full
		if full {
			r.full++
		} else {
			r.full--
		}
	}
	r.stand(a, available && !full)
	room := -1
	if a.place >= 0 {
		room = a.Room
	}
	r.count(a, room)
}

// Remove takes an agent out who is gone for good.
func (r *Roster) Remove(id string) {
	a := r.agents[id]
	if a == nil {
		return
	}
	r.Put(a, false)
	r.absent--
	r.version++
	delete(r.agents, id)
	r.leave(a)
}

// stand puts an agent among the free or takes them away.
func (r *Roster) stand(a *Agent, free bool) {
	more := a.Room > a.seen
	switch {
	case free && a.place < 0:
		more = true
		a.place = len(r.free)
		r.free = append(r.free, a)
	case !free && a.place >= 0:
		last := r.free[len(r.free)-1]
		r.free[a.place] = last
		last.place = a.place
		r.free = r.free[:len(r.free)-1]
		a.place = -1
	}
	if free && more {
		r.freshen(a)
	}
}

func (r *Roster) freshen(a *Agent) {
	if !a.fresh {
		a.fresh = true
		r.fresh = append(r.fresh, a)
	}
}

// Touch has the next match look at all that an agent could take: a gate of the
// moment may have opened that is no matter of room.
func (r *Roster) Touch(id string) {
	if a := r.agents[id]; a != nil && a.place >= 0 {
		r.freshen(a)
	}
}

// enlist finds the crew of an agent.
func (r *Roster) enlist(a *Agent) {
	key := crewKey(a)
	c := r.crews[key]
	if c == nil {
		c = newCrew(a)
		r.crews[key] = c
	}
	r.leave(a)
	a.crew = c
	c.members++
	if !a.absent {
		c.present++
	}
	r.version++
}

// leave takes an agent out of their crew, which goes with the last.
func (r *Roster) leave(a *Agent) {
	c := a.crew
	if c == nil {
		return
	}
	r.count(a, -1)
	if !a.absent {
		c.present--
	}
	if c.members--; c.members == 0 {
		delete(r.crews, c.key)
	}
	a.crew = nil
}

func crewKey(a *Agent) string {
	b := strconv.AppendInt(nil, int64(a.Capacity), 10)
	for _, s := range a.Skills {
		b = strconv.AppendInt(append(append(b, s.Name...), 0), int64(s.Level), 10)
		b = append(b, 1)
	}
	b = append(b, 2)
	for _, l := range a.Languages {
		b = append(append(b, l...), 1)
	}
	b = append(b, 2)
	for _, ch := range a.Channels {
		b = append(append(b, ch...), 1)
	}
	return string(b)
}

// count tells the flows of live work with how much room an agent stands ready,
// -1 for not at all.
func (r *Roster) count(a *Agent, room int) {
	if room == a.seen {
		return
	}
	for _, f := range r.w.liveFor(a.crew) {
		f.ready += one(room >= f.need) - one(a.seen >= f.need)
	}
	a.seen = room
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// fits reports whether an agent can do and hold exactly what the crew can.
func (c *crew) fits(a *Agent) bool {
	return c.like.Capacity == a.Capacity && slices.Equal(c.like.Skills, a.Skills) && slices.Equal(c.like.Languages, a.Languages) && slices.Equal(c.like.Channels, a.Channels)
}

// Free counts the available agents with room.
func (r *Roster) Free() int { return len(r.free) }

// Absent counts those who are not available, Full those without any room.
func (r *Roster) Absent() int { return r.absent }

// Full counts the available agents without any room.
func (r *Roster) Full() int { return r.full }

// FreeAgents gives the available agents with room, in no order. It is not to be
// kept.
func (r *Roster) FreeAgents() []*Agent { return r.free }

// Find gives an agent, nil if there is none of this id.
func (r *Roster) Find(id string) *Agent { return r.agents[id] }

// Present reports whether an agent is available.
func (r *Roster) Present(id string) bool {
	a := r.agents[id]
	return a != nil && !a.absent
}
