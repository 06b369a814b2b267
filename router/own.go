package router

import (
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// knownBy gives who knows the customer of a contact, the first to be asked first: the
// agents that were named, then who answered last.
func (c *Contact) knownBy() []string {
	if c.Prefer == "" || slices.Contains(c.Preferred, c.Prefer) {
		return c.Preferred
	}
	return append(slices.Clip(c.Preferred), c.Prefer)
}

// named reports whether the contact is kept for an agent whom the policy names for
// its customer.
func (c *Contact) named() bool { return c.own != "" && slices.Contains(c.Preferred, c.own) }

// clock is since when the time of a promise runs that the rule reckons with: as
// long before its due time as the promise allows. Where the calendar is closed in
// between, what is over of the promise is not yet used up; who came at night is
// as late as who came when it opened.
func (c *Contact) clock() time.Time {
	if c.Traits.Target <= 0 {
		return c.Start
	}
	return c.Due.Add(-c.Traits.Target)
}

// wait puts a contact among those that wait for an offer.
func (s *State) wait(c *Contact) {
	c.own = s.ownAgent(c)
	s.waiting.Add(&c.Demand, &c.Traits, &match.Head{
		Contact: c.ID, Due: c.Due, Start: c.clock(), Need: c.need, Prefer: c.own, Named: c.named(), Cool: c.Cool,
	})
	s.matchDue = true
}

// ownAgent gives whom of those who know the customer the contact is kept for: the
// first who is there, can do it and has room, else the first who is there and can
// do it, "" for nobody. Who declined it, missed it or gave it back has had it.
func (s *State) ownAgent(c *Contact) string {
	there := ""
	for _, id := range c.knownBy() {
		a := s.Agents[id]
		if _, declined := c.Cool[id]; declined {
			continue
		}
		if a == nil || a.cand == nil || a.Presence != contact.Available || match.Able(&c.Demand, &c.Traits, 0, a.cand) != "" {
			continue
		}
		if a.Load < a.Capacity {
			return id
		}
		if there == "" {
			there = id
		}
	}
	return there
}

// choose finds again whom contacts are kept for, as one who knows their customer
// has come, gone, changed or filled up.
func (s *State) choose(contacts map[string]bool) {
	for id := range contacts {
		if c := s.Contacts[id]; c.own != s.ownAgent(c) {
			s.wait(c)
			s.timeContact(c) // the time for which it is kept may have begun
		}
	}
}

// noteKnown and forgetKnown keep who knows the customers of waiting contacts.
func (s *State) noteKnown(c *Contact) {
	all := c.knownBy()
	for _, agent := range all {
		note(s.knowing, agent, c.ID)
		if len(all) > 1 {
			note(s.ranked, agent, c.ID)
		}
	}
}

func (s *State) forgetKnown(c *Contact) {
	for _, agent := range c.knownBy() {
		forget(s.knowing, agent, c.ID)
		forget(s.ranked, agent, c.ID)
	}
}

func note(of map[string]map[string]bool, agent, id string) {
	if of[agent] == nil {
		of[agent] = map[string]bool{}
	}
	of[agent][id] = true
}

func forget(of map[string]map[string]bool, agent, id string) {
	if delete(of[agent], id); len(of[agent]) == 0 {
		delete(of, agent)
	}
}
