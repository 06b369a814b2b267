package router

import (
	"cmp"
	"slices"

	"stagecoach/customers"
)

// maxMembers bounds how many customers are one person: who has more addresses than
// that is none.
const maxMembers = 64

// PersonEntry is whom a customer is part of, for what the ledger may not have yet.
type PersonEntry struct {
	Person
	N uint64 `json:"n"`
}

// personOf gives whom a customer is part of: what the state has of it, else what
// the ledger knew.
func (t *turn) personOf(customer string, known map[string]Found) Person {
	if e := t.Persons[customer]; e != nil {
		return e.Person
	}
	if f, ok := known[CustomerKey(customer)]; ok && f.Person != "" {
		return Person{ID: f.Person, Members: f.Members}
	}
	return Person{ID: customer, Members: []string{customer}}
}

// ofPerson gives whom a customer is part of, "" where they are of nobody else.
func (t *turn) ofPerson(customer string, known map[string]Found) string {
	if p := t.personOf(customer, known); p.ID != customer {
		return p.ID
	}
	return ""
}

// CustomerKey is what the ledger is asked by for a customer whose id is known.
func CustomerKey(customer string) string { return "customer/" + customer }

// samePerson reports whether two customers are one person, as far as the first
// one's is known.
func (t *turn) samePerson(a, b string, known map[string]Found) bool {
	return a == b || slices.Contains(t.personOf(a, known).Members, b)
}

// PersonID gives the id of the person of an open contact.
func (c *Contact) PersonID() string { return cmp.Or(c.Person, c.Customer) }

// joinedPerson gives the person that two make together.
func joinedPerson(a, b Person) Person {
	members := slices.Concat(a.Members, b.Members)
	slices.Sort(members)
	members = slices.Compact(members)
	return Person{ID: members[0], Members: members}
}

// Edge is a link that holds between two customers.
type Edge struct {
	Link     string             `json:"link"`
	A        string             `json:"a"`
	B        string             `json:"b"`
	Evidence customers.Evidence `json:"evidence"`
}

// PartsOf gives the persons that links make of customers, in order of their ids.
func PartsOf(members []string, edges []Edge) []Person {
	root := map[string]string{}
	var find func(id string) string
	find = func(id string) string {
		if up := root[id]; up != "" && up != id {
			return find(up)
		}
		return id
	}
	for _, e := range edges {
		if a, b := find(e.A), find(e.B); a != b {
			root[max(a, b)] = min(a, b)
		}
	}
	members = slices.Clone(members)
	slices.Sort(members)
	var out []Person
	at := map[string]int{}
	for _, id := range slices.Compact(members) {
		top := find(id)
		k, ok := at[top]
		if !ok {
			k = len(out)
			at[top] = k
			out = append(out, Person{ID: id})
		}
		out[k].Members = append(out[k].Members, id)
	}
	return out
}

// applyPersons notes whom customers are part of from now on. The id that a person
// had before is among their members.
func (s *State) applyPersons(parts []Person) {
	var open []string
	for i := range parts {
		for _, id := range parts[i].Members {
			open = append(open, s.byCustomer[id]...)
		}
	}
	for i := range parts {
		p := &parts[i]
		for _, id := range p.Members {
			delete(s.byCustomer, id)
			delete(s.nearby, id)
			s.Persons[id] = &PersonEntry{Person: *p, N: s.N}
			s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadePerson, ID: id})
		}
	}
	s.regroup(open)
}

// regroup puts open contacts, which stand nowhere, under their persons as those are now:
// all at once, as one by one would take time by the square of how many they are.
func (s *State) regroup(open []string) {
	changed := map[string]bool{}
	for _, id := range open {
		c := s.Contacts[id]
		if c.Person = s.personID(c.Customer); c.Person == c.Customer {
			c.Person = ""
		}
		person := c.PersonID()
		s.byCustomer[person] = append(s.byCustomer[person], id)
		changed[person] = true
	}
	for person := range changed {
		slices.Sort(s.byCustomer[person])
		s.gatherNearby(person)
	}
}

// personID gives the person of a customer as far as it was settled lately.
func (s *State) personID(customer string) string {
	if e := s.Persons[customer]; e != nil {
		return e.ID
	}
	return customer
}

// noteCustomer and forgetCustomer keep the open contacts of each person, in the
// order of their ids, so that a state made of a snapshot has the same.
func (s *State) noteCustomer(c *Contact) {
	open := s.byCustomer[c.PersonID()]
	if k, there := slices.BinarySearch(open, c.ID); !there {
		s.byCustomer[c.PersonID()] = slices.Insert(open, k, c.ID)
	}
}

func (s *State) forgetCustomer(c *Contact) {
	open := s.byCustomer[c.PersonID()]
	k, there := slices.BinarySearch(open, c.ID)
	switch {
	case !there:
	case len(open) == 1:
		delete(s.byCustomer, c.PersonID())
	default:
		s.byCustomer[c.PersonID()] = slices.Delete(open, k, k+1)
	}
	s.forgetNearby(c)
}

// OpenOf gives the ids of a person's open contacts.
func (s *State) OpenOf(person string) []string { return s.byCustomer[person] }

// OpenFor gives the ids of the open contacts of whoever a customer is.
func (s *State) OpenFor(customer string) []string {
	if e := s.Persons[customer]; e != nil {
		return s.OpenOf(e.ID)
	}
	return s.OpenOf(customer)
}
