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
	})
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
