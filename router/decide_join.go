package router

import (
	"slices"
	"time"

	"stagecoach/contact"
)

// How a message came to its conversation, as MessageReceived.JoinedBy has it.
const (
	joinedByThread  = "thread"
	joinedByToken   = "token"
	joinedBySubject = "subject"
	joinedByBurst   = "burst"
	// joinedByMatter is how what comes on another channel joins an open contact.
	joinedByMatter = "same_matter"
)

// copyOf finds the message of which the item is another copy: the same mail
// that came to another of our addresses, also when servers on the way gave it
// another id or added to it. In one account two mails with ids of their own are
// two.
func (t *turn) copyOf(c *Receive) (Found, bool) {
	if f, ok := t.find(c.MessageKey, c.Known); ok {
		return f, true
	}
	for _, k := range c.Copies {
		if f, ok := t.find(k, c.Known); ok && f.Kind == KeyMessage && (c.Nameless || t.cameElsewhere(f, c.Account)) {
			return f, true
		}
	}
	return Found{}, false
}

// cameElsewhere reports whether what was found came to another account.
func (t *turn) cameElsewhere(f Found, account string) bool {
	c := t.Contacts[f.Contact]
	if c == nil {
		c = f.ContactFacts
	}
	if c != nil {
		return c.Account != account
	}
	v := t.facts(f)
	return v != nil && v.Account != account
}

// facts gives the conversation of what was found, nil if it has none.
func (t *turn) facts(f Found) *Conversation {
	if v := t.Conversations[f.Conversation]; v != nil {
		return v
	}
	if f.ConversationFacts != nil && f.ConversationFacts.ID == f.Conversation {
		return f.ConversationFacts
	}
	return nil
}

// automatic handles what a machine sent in answer to a message of ours: that is
// evidence on its contact, and opens none. It gives false when nothing of ours
// is answered, or when a person must see to it.
func (t *turn) automatic(c *Receive) bool {
	kind, ok := evidenceOf(c.Auto)
	if !ok {
		return false
	}
	for _, k := range c.Threads {
		if f, ok := t.find(k, c.Known); ok && f.Reply != "" {
			t.evidence(c, kind, t.openOrOwn(f))
			return true
		}
	}
	if v, _, _ := t.thread(c); v != nil {
		t.evidence(c, kind, Found{Conversation: v.ID, Contact: v.Contact})
		return true
	}
	if v := t.bySubject(c); v != nil {
		t.evidence(c, kind, Found{Conversation: v.ID, Contact: v.Contact})
		return true
	}
	return false
}

// reported finds the reply that a delivery report speaks of: the one that it
// names, else one that it answers.
func (t *turn) reported(c *Receive) (Found, bool) {
	for _, k := range append([]string{c.Bounce.Key}, c.Threads...) {
		if f, ok := t.find(k, c.Known); ok && f.Reply != "" {
			return f, true
		}
	}
	return Found{}, false
}

// evidenceOf gives what an automatic answer is evidence of. A report of failure
// that names no reply of ours, and a system that holds our mail until somebody
// acts, are for people to see to.
func evidenceOf(auto contact.AutoKind) (EvidenceKind, bool) {
	switch auto {
	case contact.AutoReply:
		return EvidenceAutoReply, true
	case contact.AutoReceipt:
		return EvidenceReceipt, true
	case contact.AutoDelivered:
		return EvidenceDelivered, true
	case contact.AutoCalendar:
		return EvidenceCalendar, true
	case contact.AutoNone, contact.AutoBounce, contact.AutoList, contact.AutoChallenge:
	}
	return "", false
}

// thread finds the conversation that the item answers, and by what. A sender who
// takes no part in it is a stranger: they get a conversation of their own, and
// quoted names the one that they spoke of.
func (t *turn) thread(c *Receive) (v *Conversation, by, quoted string) {
	for _, k := range c.Threads {
		f, ok := t.find(k, c.Known)
		if !ok || f.Conversation == "" {
			continue
		}
		facts := t.facts(f)
		if facts == nil {
			continue
		}
		by = joinedByThread
		if k == c.Token {
			by = joinedByToken
		}
		if !t.takesPart(c, facts, by) {
			quoted = orFirst(quoted, facts.ID)
			continue
		}
		return t.recall(facts), by, ""
	}
	return nil, "", quoted
}

func orFirst(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// takesPart reports whether the sender is the conversation's customer or one of
// those whom we or they wrote to in it. One whom nothing proves to be who they
// say needs the token as well, which only those have whom we wrote to.
func (t *turn) takesPart(c *Receive, v *Conversation, by string) bool {
	if t.erased[v.Customer] {
		return false // nobody is led there any more
	}
	is := func(identity string) bool {
		if identity == "" {
			return false
		}
		if slices.Contains(v.Participants, identity) {
			return true
		}
		f, ok := t.find(identity, c.Known)
		return ok && f.Customer != "" && t.samePerson(f.Customer, v.Customer, c.Known)
	}
	return is(c.Identity) || by == joinedByToken && is(c.Claimed)
}

// bySubject finds the conversation of a sender who wrote, or whom we wrote to,
// under the same subject lately: what is left where a mail program drops all
// that threads. The key is of the sender and the subject, so nobody else's
// conversation is found.
func (t *turn) bySubject(c *Receive) *Conversation {
	f, ok := t.find(c.Subject, c.Known)
	if !ok {
		return nil
	}
	v := t.facts(f)
	if v == nil || v.Account != c.Account || !t.takesPart(c, v, joinedBySubject) {
		return nil
	}
	last := t.lastSeen(f)
	if last.IsZero() || c.ReceivedAt.Sub(last) > subjectWindow || last.Sub(c.ReceivedAt) > subjectWindow {
		return nil
	}
	return t.recall(v)
}

// lastSeen gives when something last happened to what was found.
func (t *turn) lastSeen(f Found) time.Time {
	var last time.Time
	later := func(at time.Time) {
		if at.After(last) {
			last = at
		}
	}
	c := t.Contacts[f.Contact]
	if c == nil {
		c = f.ContactFacts
	}
	if c != nil {
		later(c.EndedAt)
		if n := len(c.Messages); n > 0 {
			later(c.Messages[n-1].ReceivedAt)
		}
	}
	r := t.Replies[f.Reply]
	if r == nil {
		r = f.ReplyFacts
	}
	if r != nil {
		later(r.QueuedAt)
	}
	return last
}

// recall brings a conversation back into memory.
func (t *turn) recall(v *Conversation) *Conversation {
	if t.Conversations[v.ID] == nil {
		t.emit(ConversationOpened{Conversation: *v, Back: true})
	}
	return t.Conversations[v.ID]
}

// newcomers gives those whom a message was sent to and who take no part yet. One
// whom nothing proves to be who they say brings nobody in.
func newcomers(v *Conversation, c *Receive) []string {
	var out []string
	if !c.Trust.Proven() {
		return out
	}
	for _, p := range c.Participants {
		if !slices.Contains(v.Participants, p) && !slices.Contains(out, p) && len(v.Participants)+len(out) < maxParticipants {
			out = append(out, p)
		}
	}
	return out
}
