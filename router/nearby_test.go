package router

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/customers"
)

// A message is compared with the open contacts that it may belong to, however many its
// sender has.
func TestIntakeLooksAtFew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const n = 3000 / raceFactor
	for i := range n {
		m := r.mail(fmt.Sprint("m", i), "alice")
		m.Account = fmt.Sprint("a", i)
		r.receive(m)
		r.now = r.now.Add(time.Hour)
	}
	person := r.state.Index["id:alice"].Customer
	looked := 0
	for range r.state.openNear(person, r.now, func(contact.Channel, string) time.Duration { return 10 * time.Hour }) {
		looked++
	}
	if looked > 11 {
		t.Errorf("of %d open contacts %d are looked at for one message", n, looked)
	}
	looked = 0
	oldest := r.state.oldestNear(person, r.now, func(contact.Channel, string) time.Duration { return n * time.Hour }, func(*Contact) bool { looked++; return true })
	if looked != 1 || oldest.Messages[0].ID != r.state.Contacts[r.state.nearby[person].shelves[0].starts[0].id].Messages[0].ID {
		t.Errorf("of %d open contacts %d are looked at for who has waited longest", n, looked)
	}
	for range r.state.openMachines(person) {
		t.Fatal("a person's are looked at for a machine's")
	}
}

// What is found among many is what is found where each is looked at.
func TestNearbyFindsAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		r.agent("anna", contact.RoleAgent, 100)
		var all []*Contact
		for i := range 3 * manyOpen {
			m := r.mail(fmt.Sprint("m", i), "alice")
			if rapid.Bool().Draw(rt, "chat") {
				m = r.visit(fmt.Sprint("w", i), "visitor")
			}
			m.Account, m.Class = fmt.Sprint("a", i%40), rapid.SampledFrom([]string{"billing", "order"}).Draw(rt, "class")
			if rapid.IntRange(0, 5).Draw(rt, "machine") == 0 {
				m.Propose = contact.Machine
			}
			r.now = r.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "later")) * time.Minute)
			if c := r.receive(m); !slices.Contains(all, c) {
				all = append(all, c)
			}
			if i == 2*manyOpen {
				alice, visitor := r.state.Index["id:alice"], r.state.Index["id:visitor"]
				if alice != nil && visitor != nil {
					r.must(ActorControl, Link{A: alice.Customer, B: visitor.Customer, Evidence: customers.ByAgent, AsOf: r.state.N})
					if bad := nearbyFaults(r.state); len(bad) > 0 {
						rt.Fatal("linked: ", bad)
					}
				}
			}
			if c := all[rapid.IntRange(0, len(all)-1).Draw(rt, "which")]; c.Open() && rapid.IntRange(0, 3).Draw(rt, "end") == 0 {
				r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.NoReplyNeeded, Remark: "reason.1"})
			}
		}
		if bad := nearbyFaults(r.state); len(bad) > 0 {
			rt.Fatal(bad)
		}
		oldestIsRight(rt, r)
	})
}

// oldestIsRight compares who is found to have waited longest with a look at each.
func oldestIsRight(rt *rapid.T, r *rig) {
	person := r.state.Index["id:alice"]
	if person == nil {
		return
	}
	id := person.Customer
	if e := r.state.Persons[id]; e != nil {
		id = e.ID
	}
	windows := map[string]time.Duration{}
	for _, ch := range []contact.Channel{contact.Email, contact.WebChat} {
		for _, class := range []string{"billing", "order"} {
			windows[string(ch)+class] = time.Duration(rapid.IntRange(-1, 60).Draw(rt, "window")) * time.Hour
		}
	}
	within := func(ch contact.Channel, class string) time.Duration { return windows[string(ch)+class] }
	at := r.now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(rt, "ago")) * time.Hour)
	odd := rapid.Bool().Draw(rt, "some don't fit")
	fits := func(c *Contact) bool { return !odd || c.ID[len(c.ID)-1]%2 == 0 }
	var want *Contact
	for c := range r.state.openNear(id, at, within) {
		if r.state.nearby[id] == nil { // of few all are given
			continue
		}
		if fits(c) && (want == nil || c.Start.Before(want.Start) || c.Start.Equal(want.Start) && c.ID < want.ID) {
			want = c
		}
	}
	if got := r.state.oldestNear(id, at, within, fits); r.state.nearby[id] != nil && got != want {
		rt.Fatalf("the one that has waited longest is not found: %v, %v", got == nil, want == nil)
	}
}

// nearbyFaults compares what is kept of those who have many open with all that is open.
func nearbyFaults(s *State) (bad []string) {
	for person, ids := range s.byCustomer {
		n := s.nearby[person]
		if n == nil {
			if len(ids) > manyOpen {
				bad = append(bad, fmt.Sprintf("%s has %d open and nothing is kept of them", person, len(ids)))
			}
			continue
		}
		found := map[string]int{}
		for _, sh := range n.shelves {
			same := slices.Clone(sh.starts)
			slices.SortFunc(same, spot.compare)
			if !slices.IsSortedFunc(sh.starts, spot.compareStart) || !slices.Equal(same, sh.spots) {
				bad = append(bad, "what has waited longest is out of order")
			}
			if !slices.IsSortedFunc(sh.spots, spot.compare) {
				bad = append(bad, "a shelf is out of order")
			}
			for _, p := range sh.spots {
				c := s.Contacts[p.id]
				if found[p.id]++; sh.channel != c.Channel || sh.class != c.Class || !p.last.Equal(c.Messages[len(c.Messages)-1].ReceivedAt) {
					bad = append(bad, fmt.Sprintf("%s stands on %s, %s, %v", p.id, sh.channel, sh.class, p.last))
				}
			}
		}
		for _, id := range ids {
			c := s.Contacts[id]
			if want := min(1, len(c.Messages)); found[id] != want || (c.Proposed == contact.Machine) != slices.Contains(n.machines, id) {
				bad = append(bad, fmt.Sprintf("%s stands in %d places, want %d", id, found[id], want))
			}
			delete(found, id)
		}
		if len(found) > 0 {
			bad = append(bad, fmt.Sprintf("%v are not open, or somebody else's", found))
		}
	}
	for person := range s.nearby {
		if len(s.byCustomer[person]) == 0 {
			bad = append(bad, person+" has nothing open and is kept")
		}
	}
	return bad
}

// BenchmarkReceiveOfMany takes in a message of a sender who has n open.
func BenchmarkReceiveOfMany(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := newRig(b)
			r.flood(n, r.mail, "alice")
			r.now = r.now.Add(48 * time.Hour)
			i := 0
			for b.Loop() {
				i++
				m := r.mail(fmt.Sprint("more", i), "alice")
				m.Account = fmt.Sprint("b", i)
				r.must(ActorIntake, *m)
				r.log = r.log[:0]
			}
		})
	}
}

// BenchmarkBeginsElsewhere takes in a message on another channel of a sender who has n
// open of its class.
func BenchmarkBeginsElsewhere(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := newRig(b)
			r.flood(n, r.mail, "alice")
			r.now = r.now.Add(time.Hour)
			first := r.receive(r.visit("chat", "visitor"))
			r.must(ActorControl, Link{A: r.state.Index["id:alice"].Customer, B: first.Customer, Evidence: customers.ByAgent, AsOf: r.state.N})
			i := 0
			for b.Loop() {
				i++
				m := r.visit(fmt.Sprint("more", i), "visitor")
				m.Account = fmt.Sprint("b", i)
				r.must(ActorIntake, *m)
				r.log = r.log[:0]
			}
		})
	}
}
