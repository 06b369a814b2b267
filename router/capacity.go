package router

import (
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// ChannelMost is how many contacts of a channel an agent holds at a time.
type ChannelMost struct {
	Channel contact.Channel `json:"channel"`
	Most    int             `json:"most"`
}

// addLoad changes what an agent carries of a channel.
func (s *State) addLoad(a *Agent, ch contact.Channel, count, units int) {
	a.Load += units
	a.hold(ch, count, units)
	s.indexAgent(a)
	if units < 0 || count < 0 {
		s.roster.Touch(a.ID) // a limit that is no matter of room may have opened
	}
}

// hold counts what an agent holds by channel.
func (a *Agent) hold(ch contact.Channel, count, units int) {
	i := slices.IndexFunc(a.held, func(h match.Held) bool { return h.Channel == ch })
	if i < 0 {
		i = len(a.held)
		a.held = append(a.held, match.Held{Channel: ch})
	}
	a.held[i].Count += count
	a.held[i].Units += units
	if a.held[i].Count == 0 && a.held[i].Units == 0 {
		a.held = slices.Delete(a.held, i, i+1)
	}
}

// recount finds anew what everybody holds by channel.
func (s *State) recount() {
	for _, a := range s.Agents {
		a.held = nil
		for id := range a.Holds {
			if c := s.Contacts[id]; c != nil {
				a.hold(c.ReplyChannel, 1, c.Units)
			}
		}
		for id := range a.Offers {
			if o := s.Offers[id]; o != nil && s.Contacts[o.Contact] != nil {
				a.hold(s.Contacts[o.Contact].ReplyChannel, 1, o.Units)
			}
		}
	}
	for _, e := range s.Engagements {
		if a := s.Agents[e.Agent]; a != nil {
			a.hold(e.Channel, 1, e.Units)
		}
	}
}

// limit takes over what the policy says of what agents may hold.
func (s *State) limit(l *match.Limits) {
	if l == s.limits {
		return
	}
	s.limits = l
	for _, id := range slices.Sorted(maps.Keys(s.Agents)) {
		s.Agents[id].span = span{}
		s.indexAgent(s.Agents[id])
		s.roster.Touch(id)
	}
	s.matchDue = true
}

// isFull reports whether an agent can hold nothing more, whatever it is.
func (s *State) isFull(a *Agent) bool {
	room, spare := s.limits.Room(a.Capacity, a.held)
	return room <= 0 && spare <= 0
}

// candidate is an agent as the rule sees them now.
func (t *turn) candidate(a *Agent) *match.Agent {
	m := &match.Agent{ID: a.ID}
	t.fill(m, a, t.env.Now)
	return m
}

// fill brings an agent as the rule sees them up to date, but for what limits
// them.
func (a *Agent) fill(c *match.Agent) {
	c.Skills, c.Languages, c.Channels = a.Skills, a.Languages, a.Channels
	c.Room, c.Capacity, c.Credit, c.IdleSince = a.Capacity-a.Load, a.Capacity, a.Credit, a.IdleSince
}

// fill adds to a candidate what limits the agent at this moment. It is to be
// done again when what they hold changes, and at the agent's timer.
func (s *State) fill(m *match.Agent, a *Agent, now time.Time) {
	a.fill(m)
	m.Limits, m.Capped = s.limits, s.capped(a, now)
	m.Room, m.Spare = s.limits.Room(a.Capacity, a.held)
	m.Held = append(m.Held[:0], a.held...)
	for _, own := range a.Most {
		i := slices.IndexFunc(m.Held, func(h match.Held) bool { return h.Channel == own.Channel })
		if i < 0 {
			i = len(m.Held)
			m.Held = append(m.Held, match.Held{Channel: own.Channel})
		}
		m.Held[i].Most = own.Most
	}
	m.From, m.DrainAt, m.Until = time.Time{}, time.Time{}, time.Time{}
	if s.limits == nil || s.limits.Advisory || len(a.Shifts) == 0 {
		return
	}
	sp := s.shift(a, now)
	m.From, m.Until, m.DrainAt = sp.from, sp.until, sp.until.Add(-s.limits.Drain)
}

// exceeds says which limit of an agent a contact would exceed that somebody gives
// them, "" if none. What they are offered already of it doesn't count twice, and
// a shift is no limit to a person's word.
func (t *turn) exceeds(c *Contact, a *Agent, work Work) match.Gate {
	m := *a
	m.held = slices.Clone(a.held)
	m.Offers = maps.Clone(a.Offers)
	for _, id := range c.Offers {
		if o := t.Offers[id]; o.Agent == a.ID {
			m.hold(c.ReplyChannel, -1, -o.Units)
			delete(m.Offers, id)
		}
	}
	return match.Fits(c.ReplyChannel, work.Units, t.candidate(&m))
}

// limitWords say which limit something would exceed.
var limitWords = map[match.Gate]string{ //nolint:gochecknoglobals // a table
	match.GateCapacity: "the agent's capacity", match.GateHeadroom: "what the agent may hold beside live work",
	match.GateChannelMax: "how many of this channel the agent may hold", match.GateDailyCap: "how many contacts the agent may take today",
}

// today is the day that it is in the policy's zone.
func (s *State) today(now time.Time) string {
	return now.In(s.zone()).Format(time.DateOnly)
}

// zone is where days and shifts are counted.
func (s *State) zone() *time.Location {
	if s.limits == nil || s.limits.Zone == nil {
		return time.UTC
	}
	return s.limits.Zone
}

// dayFor is the day for which an assignment counts.
func (t *turn) dayFor(reason string) string {
	if t.limits == nil || reason == reasonEngaged {
		return ""
	}
	return t.today(t.env.Now)
}

// took counts a contact for its day. A clock that was set back over midnight
// brings no day back.
func (a *Agent) took(day string) {
	if day == "" {
		return
	}
	if day > a.Day {
		a.Day, a.Taken = day, 0
	}
	a.Taken++
}

// capped reports whether an agent has taken as many contacts as they may today,
// with those that they are offered.
func (s *State) capped(a *Agent, now time.Time) bool {
	if a.DailyCap <= 0 {
		return false
	}
	taken := 0
	if s.today(now) <= a.Day {
		taken = a.Taken
	}
	return taken+len(a.Offers) >= a.DailyCap
}

// timeAgent sets when an agent must be looked at again: at the beginning of a
// shift, where it drains, at its end; at midnight for who has a cap.
func (s *State) timeAgent(a *Agent) {
	if s.limits == nil || a.Removed || len(a.Shifts) == 0 && a.DailyCap <= 0 {
		return
	}
	next := time.Time{}
	consider := func(at time.Time) {
		if at.After(s.At) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if len(a.Shifts) > 0 {
		sp := s.shift(a, s.At)
		consider(sp.from)
		consider(sp.until.Add(-s.limits.Drain))
		consider(sp.until)
	}
	if a.DailyCap > 0 {
		y, m, d := s.At.In(s.zone()).Date()
		next := time.Date(y, m, d+1, 0, 0, 0, 0, s.zone())
		for s.today(next) == s.today(s.At) { // where the clocks go forward at midnight there is none
			next = next.Add(15 * time.Minute)
		}
		consider(next)
	}
	if !next.IsZero() && !next.Equal(a.timedAt) {
		a.timedAt = next
		s.timers.add(next, timerAgent, a.ID)
	}
}

// agentDue looks at an agent again.
func (t *turn) agentDue(id string, at time.Time) {
	a := t.Agents[id]
	if a == nil || !a.timedAt.Equal(at) {
		return
	}
	a.timedAt = time.Time{}
	t.indexAgent(a)
	t.roster.Touch(id)
	t.matchDue = true
}
