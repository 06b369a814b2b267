package router

import (
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
)

// works reports whether somebody with this presence is at their desk, so that
// what they hold stays theirs.
func works(p contact.Presence) bool {
	return p == contact.Available || p == contact.Busy
}

func (s *State) applyOfferMade(e *OfferMade) {
	a := s.Agents[e.Agent]
	s.Offers[e.Offer] = &Offer{
		ID: e.Offer, Contact: e.Contact, Agent: e.Agent, Units: e.Units,
		MadeAt: s.At, Expires: e.Expires, Why: e.Why, After: len(a.Offers),
	}
	c := s.Contacts[e.Contact]
	c.State = Offered
	c.Offers = append(c.Offers, e.Offer)
	a.Offers[e.Offer] = true
	s.addLoad(a, c.ReplyChannel, 1, e.Units)
	s.timers.add(e.Expires, timerOffer, e.Offer)
	s.indexContact(c)
	s.Forecast.Offer(c.ID, s.At)
}

// dropOffer takes an offer off its contact and its agent.
func (s *State) dropOffer(id string) *Contact {
	o := s.Offers[id]
	if o == nil {
		return nil
	}
	delete(s.Offers, id)
	c := s.Contacts[o.Contact]
	if a := s.Agents[o.Agent]; a != nil {
		delete(a.Offers, id)
		s.addLoad(a, c.ReplyChannel, -1, -o.Units)
	}
	c.Offers = slices.DeleteFunc(c.Offers, func(x string) bool { return x == id })
	return c
}

func (s *State) applyOfferEnded(e *OfferEnded) {
	c := s.dropOffer(e.Offer)
	if c == nil {
		return
	}
	if len(c.Offers) == 0 && c.State == Offered {
		c.State = Waiting
	}
	c.cool(e.Agent, e.CoolUntil)
	if a := s.Agents[e.Agent]; a != nil && e.End != OfferRevoked {
		a.IdleSince = s.At
		if e.Missed {
			a.Misses++
		}
		s.indexAgent(a)
	}
	s.indexContact(c)
}

// cool passes the agent over for this contact until then.
func (c *Contact) cool(agent string, until time.Time) {
	if until.IsZero() {
		return
	}
	if c.Cool == nil {
		c.Cool = map[string]time.Time{}
	}
	c.Cool[agent] = until
}

func (s *State) applyAssigned(e *Assigned) {
	c := s.Contacts[e.Contact]
	if e.Offer != "" {
		s.dropOffer(e.Offer)
	}
	if c.Agent != e.Agent {
		s.undoTurn(c)
	}
	s.release(c)
	c.Turn += e.Turn
	c.State, c.Agent, c.AssignedAt, c.Units = AssignedTo, e.Agent, s.At, e.Units
	c.WarnAt, c.PullAt, c.RecallAt, c.Warned = e.WarnAt, e.PullAt, e.RecallAt, false
	if r := s.Replies[c.Reply]; r != nil && r.SettledN == 0 {
		c.State = Sending
	}
	a := s.Agents[e.Agent]
	a.Holds[c.ID] = true
	a.took(e.Day)
	a.Misses = 0
	a.IdleSince = s.At
	a.Credit += e.Turn
	s.addLoad(a, c.ReplyChannel, 1, e.Units)
	s.indexContact(c)
	s.Forecast.Take(c.ID, s.At)
}

func (s *State) applyUnassigned(e *Unassigned) {
	c := s.Contacts[e.Contact]
	s.undoTurn(c)
	s.release(c)
	c.State = Waiting
	c.cool(e.Agent, e.CoolUntil)
	s.indexContact(c)
	s.Forecast.Return(c.ID, s.At)
}

// undoTurn takes back what an assignment did to what its holder owes, as they
// give the contact away unanswered: a turn that was owed is owed still.
func (s *State) undoTurn(c *Contact) {
	if a := s.Agents[c.Agent]; a != nil {
		a.Credit -= c.Turn
	}
	c.Turn = 0
}

// release takes a contact off whoever holds it.
func (s *State) release(c *Contact) {
	if c.Agent == "" {
		return
	}
	if a := s.Agents[c.Agent]; a != nil && a.Holds[c.ID] {
		delete(a.Holds, c.ID)
		s.addLoad(a, c.ReplyChannel, -1, -c.Units)
	}
	c.Agent, c.Units = "", 0
	c.AssignedAt, c.WarnAt, c.PullAt, c.RecallAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	c.Warned = false
}

func (s *State) applyReplyQueued(e *ReplyQueued) {
	r := e.Reply
	r.State, r.QueuedAt = ReplyIsQueued, s.At
	s.Replies[r.ID] = &r
	delete(s.Owed, r.ID)
	entry := &IndexEntry{Kind: KeyReply, Reply: r.ID, Conversation: r.Conversation, Contact: r.Contact}
	if v := s.Conversations[r.Conversation]; v != nil {
		entry.Customer = v.Customer
		v.Participants = Joined(v.Participants, e.Participants)
		s.touch(v)
	}
	for _, k := range e.Keys {
		s.index(k, entry)
	}
	if c := s.Contacts[r.Contact]; c != nil && Covers(r.Kind) {
		c.Reply, c.State = r.ID, Sending
		s.indexContact(c)
	}
	s.indexReply(&r)
	s.timeReply(&r)
}

// maxParticipants bounds how many identities take part in one conversation.
const maxParticipants = 200

// Joined gives the participants with those of more that are new.
func Joined(participants, more []string) []string {
	for _, p := range more {
		if len(participants) < maxParticipants && !slices.Contains(participants, p) {
			participants = append(participants, p)
		}
	}
	return participants
}

// Covers reports whether a reply of this kind ends its contact when it is
// delivered.
func Covers(k contact.ReplyKind) bool {
	return k == contact.Answer || k == contact.Ask || k == contact.Pledge
}

func (s *State) applyAttemptFailed(e *AttemptFailed) {
	r := s.Replies[e.Reply]
	r.State, r.Reason, r.Code, r.RetryAt = ReplyIsQueued, e.Reason, e.Code, e.RetryAt
	s.indexReply(r)
	if e.Again {
		s.timeReply(r)
	}
}

func (s *State) applyReplyDelivered(e *ReplyDelivered) {
	r := s.Replies[e.Reply]
	r.State, r.Reason, r.Code = ReplyIsDelivered, "", ""
	s.settle(r)
	s.applyAnswered(r)
	s.indexReply(r)
}

func (s *State) applyReplyFailed(e *ReplyFailed) {
	if c := s.Contacts[e.Contact]; c != nil && c.Open() {
		c.Owe(e)
		s.indexContact(c)
	}
	r := s.Replies[e.Reply]
	if r == nil { // bounced after it left memory: the contact comes back by ContactReopened
		return
	}
	r.State, r.Reason, r.Code = ReplyHasFailed, e.Reason, e.Code
	s.settle(r)
	s.indexReply(r)
	if c := s.Contacts[r.Contact]; c != nil && c.Open() && c.Reply == r.ID {
		c.Reply = ""
		if c.State == Sending {
			c.State = AssignedTo
		}
		if c.Unrevised { // it is open again, by the promise of a set that decides no more
			c.Unrevised = false
			s.reviseLater(c.ID)
		}
		if v := s.Conversations[c.Conversation]; v != nil {
			s.timeConversation(v) // its steps have waited for the reply
		}
		s.indexContact(c)
	}
}

func (s *State) settle(r *Reply) {
	r.SettledN = s.N
	s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadeReply, ID: r.ID})
	if v := s.Conversations[r.Conversation]; v != nil {
		s.touch(v)
	}
}

// applyAnswered notes a delivered reply on its conversation.
func (s *State) applyAnswered(r *Reply) {
	if !Covers(r.Kind) && r.Kind != contact.Outbound {
		return
	}
	answered := []string{r.Conversation}
	if c := s.Contacts[r.Contact]; c != nil {
		answered = append(answered, c.Also...)
	}
	for _, id := range answered {
		if v := s.Conversations[id]; v != nil {
			v.Answer(r)
			s.touch(v)
		}
	}
}

// Answer notes a delivered reply on the conversation.
func (v *Conversation) Answer(r *Reply) {
	v.LastAgent, v.Answered = r.Agent, true
	if r.Kind == contact.Pledge {
		v.Pledges++
	} else {
		v.Pledges = 0
	}
}

func (s *State) applyAgentSet(e *AgentSet) {
	a := s.Agents[e.Agent.ID]
	if a == nil {
		a = &Agent{Presence: contact.Offline, Holds: map[string]bool{}, Offers: map[string]bool{}}
		s.Agents[e.Agent.ID] = a
	}
	a.AgentProfile, a.Removed, a.span = e.Agent, false, span{}
	s.profilesAt++
	s.indexAgent(a)
	s.choose(s.knowing[a.ID])
}

func (s *State) applyAgentRemoved(e *AgentRemoved) {
	if a := s.Agents[e.Agent]; a != nil {
		a.Removed, a.Presence = true, contact.Offline
		s.profilesAt++
		s.indexAgent(a)
		s.choose(s.knowing[a.ID])
		s.Forecast.Staffed(s.staff, s.At)
	}
}

func (s *State) applyPresence(e *PresenceChanged) {
	a := s.Agents[e.Agent]
	if e.Presence == contact.Available && a.Presence != contact.Available || works(e.Presence) && !works(a.Presence) {
		a.IdleSince = s.At
	}
	a.Presence, a.SetAway, a.ChatsUntil = e.Presence, time.Time{}, e.ChatsUntil
	switch {
	case e.Presence == contact.Available:
		a.Misses = 0
	case e.Presence == contact.Away && e.Cause == causeMissedOffers:
		a.SetAway = s.At
	}
	s.indexAgent(a)
	s.choose(s.knowing[a.ID])
	s.Forecast.Staffed(s.staff, s.At)
	for _, id := range slices.Sorted(maps.Keys(a.Holds)) {
		s.timeContact(s.Contacts[id])
	}
}
