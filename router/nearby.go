package router

import (
	"iter"
	"slices"
	"sort"
	"strings"
	"time"

	"stagecoach/contact"
)

// manyOpen is how many open contacts of one person are looked through one by one; of
// whoever has more those are found that a message may belong to.
const manyOpen = 32

// nearby has the open contacts of somebody who has many, by channel and class and in the
// order of their last messages.
type nearby struct {
	at      map[string]spot // where each contact stands
	shelves []*shelf        // in the order in which they came up
	// machines are those that a machine's messages are joined to, by their ids.
	machines []string
}

// shelf has what is open on one channel and of one class.
type shelf struct {
	channel contact.Channel
	class   string
	spots   []spot
	// starts are the same, the longest waiting first.
	starts []spot
}

// spot is where a contact stands.
type spot struct {
	last, start time.Time
	id          string
	class       string
}

func (p spot) compareStart(o spot) int {
	if d := p.start.Compare(o.start); d != 0 {
		return d
	}
	return strings.Compare(p.id, o.id)
}

func (p spot) compare(o spot) int {
	if d := p.last.Compare(o.last); d != 0 {
		return d
	}
	return strings.Compare(p.id, o.id)
}

// noteNearby puts an open contact where it stands now.
func (s *State) noteNearby(c *Contact) {
	person := c.PersonID()
	if n := s.nearby[person]; n != nil {
		n.put(c)
		return
	}
	if len(s.byCustomer[person]) > manyOpen {
		s.gatherNearby(person)
	}
}

// gatherNearby makes anew what is kept of a person who has many open contacts.
func (s *State) gatherNearby(person string) {
	delete(s.nearby, person)
	if len(s.byCustomer[person]) <= manyOpen {
		return
	}
	n := &nearby{at: map[string]spot{}}
	for _, id := range s.byCustomer[person] {
		n.put(s.Contacts[id])
	}
	s.nearby[person] = n
}

func (s *State) forgetNearby(c *Contact) {
	person := c.PersonID()
	n := s.nearby[person]
	if n == nil {
		return
	}
	n.drop(c)
	if len(n.at) == 0 && len(s.byCustomer[person]) == 0 {
		delete(s.nearby, person)
	}
}

func (n *nearby) put(c *Contact) {
	k, there := slices.BinarySearch(n.machines, c.ID)
	switch machine := c.Proposed == contact.Machine; {
	case machine && !there:
		n.machines = slices.Insert(n.machines, k, c.ID)
	case !machine && there:
		n.machines = slices.Delete(n.machines, k, k+1)
	}
	was, placed := n.at[c.ID]
	if len(c.Messages) == 0 {
		n.take(c)
		return
	}
	now := spot{last: c.Messages[len(c.Messages)-1].ReceivedAt, start: c.Start, id: c.ID, class: c.Class}
	if placed && was.class == now.class && was.last.Equal(now.last) && was.start.Equal(now.start) {
		return
	}
	n.take(c)
	sh := n.shelf(c.Channel, c.Class)
	at, _ := slices.BinarySearchFunc(sh.spots, now, spot.compare)
	sh.spots = slices.Insert(sh.spots, at, now)
	at, _ = slices.BinarySearchFunc(sh.starts, now, spot.compareStart)
	sh.starts = slices.Insert(sh.starts, at, now)
	n.at[c.ID] = now
}

func (n *nearby) drop(c *Contact) {
	if k, there := slices.BinarySearch(n.machines, c.ID); there {
		n.machines = slices.Delete(n.machines, k, k+1)
	}
	n.take(c)
}

// take takes a contact from its shelf.
func (n *nearby) take(c *Contact) {
	was, placed := n.at[c.ID]
	if !placed {
		return
	}
	delete(n.at, c.ID)
	sh := n.shelf(c.Channel, was.class)
	if at, there := slices.BinarySearchFunc(sh.spots, was, spot.compare); there {
		sh.spots = slices.Delete(sh.spots, at, at+1)
	}
	if at, there := slices.BinarySearchFunc(sh.starts, was, spot.compareStart); there {
		sh.starts = slices.Delete(sh.starts, at, at+1)
	}
}

func (n *nearby) shelf(ch contact.Channel, class string) *shelf {
	for _, sh := range n.shelves {
		if sh.channel == ch && sh.class == class {
			return sh
		}
	}
	sh := &shelf{channel: ch, class: class}
	n.shelves = append(n.shelves, sh)
	return sh
}

// openNear gives the open contacts of a person to which something may belong that is of
// a time: those whose last message is as near to it as is said of their channel and
// class. Of somebody with few it gives all: whoever asks looks at each.
func (s *State) openNear(person string, at time.Time, within func(ch contact.Channel, class string) time.Duration) iter.Seq[*Contact] {
	return func(yield func(*Contact) bool) {
		n := s.nearby[person]
		if n == nil {
			s.each(s.byCustomer[person], yield)
			return
		}
		for _, sh := range n.shelves {
			for _, p := range sh.near(at, within(sh.channel, sh.class)) {
				if !yield(s.Contacts[p.id]) {
					return
				}
			}
		}
	}
}

// near gives what stands at most so long from a time.
func (sh *shelf) near(at time.Time, d time.Duration) []spot {
	first := sort.Search(len(sh.spots), func(i int) bool { return !sh.spots[i].last.Before(at.Add(-d)) })
	end := sort.Search(len(sh.spots), func(i int) bool { return sh.spots[i].last.After(at.Add(d)) })
	return sh.spots[first:max(first, end)]
}

// waited reports whether the contact has waited longer than another, or there is none.
func (c *Contact) waited(than *Contact) bool {
	return than == nil || c.Start.Before(than.Start) || c.Start.Equal(than.Start) && c.ID < than.ID
}

// oldestNear gives of those that openNear gives the one that fits and has waited longest,
// nil for none.
func (s *State) oldestNear(person string, at time.Time, within func(ch contact.Channel, class string) time.Duration, fits func(c *Contact) bool) *Contact {
	var best *Contact
	n := s.nearby[person]
	if n == nil {
		for c := range s.openNear(person, at, within) {
			if c.waited(best) && fits(c) {
				best = c
			}
		}
		return best
	}
	for _, sh := range n.shelves {
		best = s.oldestOn(sh, at, within(sh.channel, sh.class), best, fits)
	}
	return best
}

// oldestOn gives who has waited longer than the best so far and stands near on a shelf.
// Where many do it begins with who has waited longest, and ends at the first that fits.
func (s *State) oldestOn(sh *shelf, at time.Time, d time.Duration, best *Contact, fits func(c *Contact) bool) *Contact {
	near := sh.near(at, d)
	inOrder := len(near)*len(near) > len(sh.starts)
	if inOrder {
		near = sh.starts
	}
	for _, p := range near {
		if away := at.Sub(p.last); away > d || -away > d {
			continue
		}
		c := s.Contacts[p.id]
		later := !c.waited(best)
		if later && inOrder { // so have all behind it
			return best
		}
		if later || !fits(c) {
			continue
		}
		if best = c; inOrder {
			return best
		}
	}
	return best
}

// openMachines gives those of a person's open contacts that a machine's messages may be
// joined to; of somebody with few, all.
func (s *State) openMachines(person string) iter.Seq[*Contact] {
	return func(yield func(*Contact) bool) {
		if n := s.nearby[person]; n != nil {
			s.each(n.machines, yield)
			return
		}
		s.each(s.byCustomer[person], yield)
	}
}

func (s *State) each(ids []string, yield func(*Contact) bool) {
	for _, id := range ids {
		if !yield(s.Contacts[id]) {
			return
		}
	}
}
