package router

import (
	"cmp"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// LongestWait says how long nobody of a tier on a channel waits longer than, with
// what waits now and the agents who are at work (match.BoundOf).
type LongestWait struct {
	Channel contact.Channel
	Tier    string
	// Waiting counts those who wait.
	Waiting int
	// Agents is how many could take them, at the least.
	Agents int
	// Known is false when there is no bound: nobody at work could take them, or
	// the rule owes no turns.
	Known bool
	// Turns and Wait are the bound: Wait counts the time that promises count.
	Turns int
	Wait  time.Duration
}

// stake is what one kind of contact has in common.
type stake struct {
	LongestWait
	demand match.Demand
	traits match.Traits
	units  int
	// guard is that of the last of them, ahead how many have theirs before it.
	guard time.Time
	ahead int
}

// LongestWaits gives the bounds of all who wait, by channel and tier, and of what
// would come now of these others. It costs O(open contacts × log kinds).
func (s *State) LongestWaits(r Rules, now time.Time, others []PromiseFacts) []LongestWait {
	fair, ok := r.Matching().(match.Fair)
	if !ok {
		return nil
	}
	kinds := s.stakes(r, &fair, now, others)
	s.countAhead(kinds, &fair)
	terms := match.Stake{Guard: fair.Guard, Turn: fair.Turn, AtOnce: 1}
	least := s.pace(r, kinds, &terms)
	for _, k := range kinds {
		k.bound(s, terms, least)
	}
	return byPromise(kinds)
}

// stakes are the kinds of contacts that wait, in no order.
func (s *State) stakes(r Rules, fair *match.Fair, now time.Time, others []PromiseFacts) []*stake {
	type kind struct {
		channel      contact.Channel
		tier, demand string
		target       time.Duration
	}
	found := map[kind]*stake{}
	add := func(d match.Demand, t match.Traits, channel contact.Channel, tier string, start time.Time, n int) {
		key := kind{channel, tier, d.Key(), t.Target}
		k := found[key]
		if k == nil {
			k = &stake{demand: d, traits: t, units: r.Work(channel).Units}
			k.Channel, k.Tier = channel, tier
			found[key] = k
		}
		k.Waiting += n
		if at := match.GuardAt(start, t.Target, fair.Guard); at.After(k.guard) {
			k.guard = at
		}
	}
	for _, c := range s.Contacts {
		if queued(c) {
			add(c.Demand, c.Traits, c.ReplyChannel, c.Tier, c.Start, 1)
		}
	}
	seen := map[contact.Channel]bool{}
	for k := range found {
		seen[k.channel] = true
	}
	for _, f := range others {
		if !seen[f.Channel] {
			add(match.Demand{Channel: f.Channel, ReplyChannel: f.Channel}, r.Traits(PromiseFirst, f), f.Channel, f.Tier, now, 0)
		}
	}
	out := make([]*stake, 0, len(found))
	for _, k := range found {
		out = append(out, k)
	}
	return out
}

// queued reports whether a contact waits for an agent.
func queued(c *Contact) bool {
	return (c.State == Waiting || c.State == Offered) && c.Proposed == ""
}

// countAhead counts for each kind who reaches their guard no later than its last.
func (s *State) countAhead(kinds []*stake, fair *match.Fair) {
	slices.SortFunc(kinds, func(x, y *stake) int { return x.guard.Compare(y.guard) })
	for _, c := range s.Contacts {
		if !queued(c) {
			continue
		}
		at := match.GuardAt(c.Start, c.Traits.Target, fair.Guard)
		i, _ := slices.BinarySearchFunc(kinds, at, func(k *stake, at time.Time) int { return k.guard.Compare(at) })
		if i < len(kinds) {
			kinds[i].ahead++
		}
	}
	sum := 0
	for _, k := range kinds {
		sum += k.ahead
		k.ahead = sum
		if k.Waiting > 0 {
			k.ahead-- // the last is not ahead of themself
		}
	}
}

// pace puts in how fast agents go from one contact to the next, by the channels
// that are worked on, and gives the least that one of these takes.
func (s *State) pace(r Rules, kinds []*stake, terms *match.Stake) (least int) {
	count := func(ch contact.Channel) {
		work, offer := r.Work(ch), r.Offering(ch)
		terms.Between = max(terms.Between, work.Handling+offer.TimeOut)
		if least == 0 || work.Units > 0 && work.Units < least {
			least = work.Units
		}
	}
	for _, k := range kinds {
		count(k.Channel)
	}
	for _, a := range s.Agents {
		for id := range a.Holds {
			if c := s.Contacts[id]; c != nil {
				count(c.ReplyChannel)
			}
		}
	}
	for _, a := range s.Agents {
		terms.AtOnce = max(terms.AtOnce, a.Capacity/max(least, 1))
	}
	return least
}

// bound works out the bound of a kind.
func (k *stake) bound(s *State, terms match.Stake, least int) {
	terms.Target, terms.Ahead = k.traits.Target, k.ahead
	age := time.Duration(terms.Guard * float64(k.traits.Target))
	for _, a := range s.Agents {
		like := match.Agent{ID: a.ID, Skills: a.Skills, Languages: a.Languages, Channels: a.Channels}
		if !a.Removed && a.Presence == contact.Available && a.Capacity >= k.units && match.Able(&k.demand, &k.traits, age, &like) == "" {
			terms.Credits = append(terms.Credits, a.Credit)
		}
	}
	k.Agents = len(terms.Credits)
	if k.units > least { // room may have to be made
		terms.Room = terms.Between
	}
	b, ok := match.BoundOf(&terms)
	k.Known, k.Turns, k.Wait = ok, b.Turns, b.Wait
}

// byPromise gives the longest of each tier and channel; one without a bound is
// longer than all.
func byPromise(kinds []*stake) []LongestWait {
	var out []LongestWait
	for _, k := range kinds {
		i := slices.IndexFunc(out, func(w LongestWait) bool { return w.Channel == k.Channel && w.Tier == k.Tier })
		if i < 0 {
			out = append(out, k.LongestWait)
			continue
		}
		w := &out[i]
		w.Waiting, w.Agents = w.Waiting+k.Waiting, min(w.Agents, k.Agents)
		if w.Known = w.Known && k.Known; k.Wait > w.Wait {
			w.Turns, w.Wait = k.Turns, k.Wait
		}
	}
	slices.SortFunc(out, func(x, y LongestWait) int {
		return cmp.Or(cmp.Compare(x.Channel, y.Channel), cmp.Compare(x.Tier, y.Tier))
	})
	return out
}
