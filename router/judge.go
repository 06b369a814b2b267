package router

import (
	"maps"
	"slices"

	"stagecoach/router/match"
)

// indexNeed gives a waiting contact the need of its demand, and notes when it is
// not known of it yet that nobody could take it, or no longer true.
func (s *State) indexNeed(c *Contact) {
	if c.need == nil {
		c.need = s.needs.Of(c.Demand, &c.Traits)
	}
	s.judgeLater(c)
	if c.NobodyAble != "" && !c.NobodyTold && !c.Risky && !c.Breached {
		s.untold[c.ID] = true
	}
}

func (s *State) judgeLater(c *Contact) {
	if c.need.Lacks() != c.NobodyAble {
		s.unjudged[c.ID] = true
	} else {
		delete(s.unjudged, c.ID)
	}
}

// lookAtNeeds finds out at which stage of each need there is somebody who could
// take it, at work or not. It does nothing unless there is a new need, or a
// profile has changed.
func (s *State) lookAtNeeds() {
	if !s.needs.Stale(s.profilesAt) {
		return
	}
	if s.known == nil || s.knownAt != s.profilesAt {
		s.known, s.knownAt = make(map[string]*match.Agent, len(s.Agents)), s.profilesAt
		for id, a := range s.Agents {
			if !a.Removed {
				s.known[id] = &match.Agent{ID: id, Skills: a.Skills, Languages: a.Languages, Channels: a.Channels}
			}
		}
	}
	changed := s.needs.Look(s.profilesAt, maps.Values(s.known), func(id string) *match.Agent { return s.known[id] })
	if len(changed) == 0 {
		return
	}
	s.waiting.TouchAll()
	s.matchDue = true
	for _, g := range s.waiting.Groups() {
		g.First(func(h *match.Head) bool {
			if !changed[h.Need] {
				return false
			}
			s.judgeLater(s.Contacts[h.Contact])
			return true
		})
	}
}

// judge records of which waiting contacts nobody could ever take them, and of
// which somebody can after all: as many at once as a commit holds.
func (t *turn) judge() {
	t.lookAtNeeds()
	if len(t.unjudged) == 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(t.unjudged)) {
		if len(t.events) >= tickAtMost {
			return // NextWake makes the router go on
		}
		t.emit(NobodyAble{Contact: id, Lacks: t.Contacts[id].need.Lacks()})
	}
}

func (s *State) applyLastResortTold(e *LastResortTold) {
	s.ToldAt = s.At
	for _, id := range e.Contacts {
		if c := s.Contacts[id]; c != nil && c.NobodyAble != "" {
			c.NobodyTold = true
			delete(s.untold, id)
		}
	}
}

// Impossible counts the waiting contacts that nobody who is known could ever
// take. It costs O(groups).
func (s *State) Impossible() int {
	n := 0
	for _, g := range s.waiting.Groups() {
		g.First(func(h *match.Head) bool {
			if h.Need.Lacks() != "" {
				n += g.Len()
			}
			return false
		})
	}
	return n
}
