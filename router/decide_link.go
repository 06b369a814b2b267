package router

import (
	"slices"

	"stagecoach/customers"
)

// Link says that two customers are one person, by evidence. AsOf is the commit up to
// which Known is what the ledger says of both, by CustomerKey.
type Link struct {
	A, B     string
	Evidence customers.Evidence
	// Conflict is a code for what speaks against it: such a link is refused.
	Conflict string
	Message  string
	Remark   string
	AsOf     uint64
	Known    map[string]Found
}

// Unlink takes a link back. Edges are all links that hold within the person, as of
// the commit AsOf.
type Unlink struct {
	Link   string
	Remark string
	Edges  []Edge
	// Joined are the conversations that wait, or waited, with one of another part for
	// an answer; Together is what was answered on a channel of the others' alone.
	Joined   []Conversation
	Together []AnsweredTogether
	// Alone is what is known of the part of each of its members by itself: where they
	// want to be answered, and can be.
	Alone map[string]customers.Facts
	AsOf  uint64
}

// AnsweredTogether is a conversation whose messages were answered, with those of another of
// the same person, by a reply that went elsewhere: should it turn out that they are
// of two, nobody has answered its own.
type AnsweredTogether struct {
	Conversation Conversation
	Contact      Contact
	Messages     []MsgRef
}

// DeclineLink says that two customers of whom it was proposed are not one person.
type DeclineLink struct {
	Link, A, B string
	Remark     string
}

func (Link) command()        {}
func (Unlink) command()      {}
func (DeclineLink) command() {}

// RefusedConflict is a link that would make one person of two who are known to be
// different.
const RefusedConflict = "conflict"

// stalePerson refuses what was judged before somebody's links last changed.
func (t *turn) stalePerson(asOf uint64, ids ...string) error {
	if asOf+1 < t.TrimmedTo {
		return refuse(RefusedStale, "the records are being brought up to date: try again in a moment")
	}
	for _, id := range ids {
		if e := t.Persons[id]; e != nil && e.N > asOf {
			return refuse(RefusedStale, "what is known of this customer has just changed: look again")
		}
	}
	return nil
}

// link handles a link that somebody makes.
func (t *turn) link(c *Link) error {
	switch {
	case c.A == "" || c.B == "" || c.A == c.B:
		return refuse(RefusedInvalid, "name two customers")
	case !c.Evidence.Proves():
		return refuse(RefusedInvalid, "%q is no proof", c.Evidence)
	case c.Evidence == customers.ByAgent && !t.vouches():
		return refuse(RefusedNotAllowed, "only a person vouches for a link")
	case t.erased[c.A] || t.erased[c.B]:
		return refuse(RefusedEnded, "this customer was erased: nothing is known of them any more")
	case c.Conflict != "":
		return refuse(RefusedConflict, "these are two people: %s", conflictWords(c.Conflict))
	}
	if err := t.stalePerson(c.AsOf, c.A, c.B); err != nil {
		return err
	}
	a, b := t.personOf(c.A, c.Known), t.personOf(c.B, c.Known)
	if a.ID == b.ID {
		t.result.Known, t.result.Person = true, a.ID
		return nil
	}
	if c.Evidence != customers.ByAgent && t.said(a, b, c.Known) {
		return refuse(RefusedConflict, "these are two people: %s", conflictWords(ConflictSaid))
	}
	if len(a.Members)+len(b.Members) > maxMembers {
		return refuse(RefusedInvalid, "nobody has more than %d addresses that were met apart", maxMembers)
	}
	t.result.Link = t.linked(c, a, b)
	t.result.Person = joinedPerson(a, b).ID
	return nil
}

// vouches reports whether the actor may say who is whom: a person, or whoever may open
// the data directory.
func (t *turn) vouches() bool { return t.isPerson() || t.actor == ActorControl }

// The codes of what speaks against a link.
const (
	// ConflictExternal means that the company knows them as two customers.
	ConflictExternal = "external_id"
	// ConflictSaid means that a person has said so, or has undone such a link.
	ConflictSaid = "said_different"
	// ConflictName means that they give different names.
	ConflictName = "other_name"
	// ConflictShared means that several people use the address.
	ConflictShared = "shared_address"
)

func conflictWords(code string) string {
	switch code {
	case ConflictExternal:
		return "your own list has them under two numbers (external_id)"
	case ConflictSaid:
		return "somebody has said so before"
	case ConflictName:
		return "they give different names"
	case ConflictShared:
		return "several people use this address"
	}
	return code
}

// said reports whether a person has said that two are not one.
func (t *turn) said(a, b Person, known map[string]Found) bool {
	return t.denied(a, b) || speaksOf(a, b, known, func(f *Found) []string { return f.Not })
}

// proposed reports whether it is proposed already that two are one.
func (t *turn) proposed(a, b Person, known map[string]Found) bool {
	for _, id := range a.Members {
		for _, p := range t.Proposals[id] {
			if slices.Contains(b.Members, p) {
				return true
			}
		}
	}
	return speaksOf(a, b, known, func(f *Found) []string { return f.Proposed })
}

func speaksOf(a, b Person, known map[string]Found, of func(*Found) []string) bool {
	for _, pair := range [][2]Person{{a, b}, {b, a}} {
		for _, id := range pair[0].Members {
			f, ok := known[CustomerKey(id)]
			if ok && slices.ContainsFunc(of(&f), func(other string) bool { return slices.Contains(pair[1].Members, other) }) {
				return true
			}
		}
	}
	return false
}

// linked records a link, and lets what is open of one matter wait for one answer.
func (t *turn) linked(c *Link, a, b Person) (id string) {
	id = t.newID()
	both := joinedPerson(a, b)
	t.emit(CustomersLinked{
		Link: id, A: c.A, B: c.B, Evidence: c.Evidence, Message: c.Message, Remark: c.Remark, By: t.actor, Person: both,
	})
	t.mergeOpen(both.ID)
	return id
}

// hint handles what an item says of who else its sender may be.
func (t *turn) hint(c *Receive, customer, message string) {
	for _, h := range c.Hints {
		if h.Customer == "" || h.Customer == customer || t.erased[h.Customer] {
			continue
		}
		a, b := t.personOf(customer, c.Known), t.personOf(h.Customer, c.Known)
		if a.ID == b.ID || len(a.Members)+len(b.Members) > maxMembers {
			continue
		}
		conflict := h.Conflict
		if conflict == "" && t.said(a, b, c.Known) {
			conflict = ConflictSaid
		}
		if h.Evidence.Proves() && conflict == "" {
			t.linked(&Link{A: customer, B: h.Customer, Evidence: h.Evidence, Message: message}, a, b)
			continue
		}
		if conflict == ConflictSaid || t.proposed(a, b, c.Known) {
			continue
		}
		t.emit(LinkProposed{Link: t.newID(), A: customer, B: h.Customer, Evidence: h.Evidence, Conflict: conflict, Message: message})
	}
}

// declineLink records that two customers are not one person.
func (t *turn) declineLink(c *DeclineLink) error {
	if !t.vouches() {
		return refuse(RefusedNotAllowed, "only a person says that two are not one")
	}
	if c.Link == "" || c.A == "" || c.B == "" {
		return refuse(RefusedInvalid, "name the proposal")
	}
	t.emit(LinkDeclined{Link: c.Link, A: c.A, B: c.B, Remark: c.Remark, By: t.actor})
	t.result.Link = c.Link
	return nil
}

// unlink takes a link back: nothing was moved by it, so its customers are again who
// they were, and what waits in one contact for both waits in two.
func (t *turn) unlink(c *Unlink) error {
	if !t.vouches() {
		return refuse(RefusedNotAllowed, "only a person undoes a link")
	}
	at := slices.IndexFunc(c.Edges, func(e Edge) bool { return e.Link == c.Link })
	if at < 0 {
		return refuse(RefusedNotFound, "there is no such link, or it was undone before")
	}
	edge := c.Edges[at]
	var members []string
	for _, e := range c.Edges {
		members = append(members, e.A, e.B)
	}
	if err := t.stalePerson(c.AsOf, members...); err != nil {
		return err
	}
	parts := PartsOf(members, slices.Delete(slices.Clone(c.Edges), at, at+1))
	t.emit(CustomersUnlinked{Link: edge.Link, A: edge.A, B: edge.B, Remark: c.Remark, By: t.actor, Parts: parts})
	t.result.Link = edge.Link
	for i := range parts {
		t.part(&parts[i])
	}
	for i := range c.Joined {
		if v := t.recall(&c.Joined[i]); v.With != "" {
			t.emit(ConversationParted{Conversation: v.ID, With: v.With, Messages: []string{}})
		}
	}
	for i := range c.Together {
		t.answerApart(&c.Together[i])
	}
	for i := range parts {
		t.answerAlone(&parts[i], c.Alone)
	}
	return nil
}
