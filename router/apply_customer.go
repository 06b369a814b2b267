package router

import (
	"slices"
	"strings"
)

// proposalsAtMost bounds how many proposals are remembered of one customer.
const proposalsAtMost = 16

func (s *State) applyLinkProposed(e *LinkProposed) {
	if list := s.Proposals[e.A]; !slices.Contains(list, e.B) && len(list) < proposalsAtMost {
		s.Proposals[e.A] = append(list, e.B)
		s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadeProposal, ID: e.A + "/" + e.B})
	}
}

func (s *State) dropProposal(a, b string) {
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		list := slices.DeleteFunc(s.Proposals[pair[0]], func(id string) bool { return id == pair[1] })
		if len(list) == 0 {
			delete(s.Proposals, pair[0])
		} else {
			s.Proposals[pair[0]] = list
		}
	}
}

// fadeProposal forgets a proposal that the ledger has; earlier builds noted only whom it
// was about, and forgot all of theirs.
func (s *State) fadeProposal(id string) {
	if a, b, one := strings.Cut(id, "/"); one {
		s.dropProposal(a, b)
		return
	}
	delete(s.Proposals, id)
}

// pairOf names two customers, whichever of them comes first.
func pairOf(a, b string) string { return min(a, b) + "/" + max(a, b) }

// deny remembers that a person said of two that they are not one, until the ledger has
// it: meanwhile nothing proposes or links them by itself.
func (s *State) deny(a, b string) {
	if s.Denied == nil { // a snapshot of an earlier build
		s.Denied = map[string]uint64{}
	}
	s.Denied[pairOf(a, b)] = s.N
	s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadeDenied, ID: pairOf(a, b)})
}

// denied reports whether a person has just said so of two.
func (s *State) denied(a, b Person) bool {
	if len(s.Denied) == 0 {
		return false
	}
	for _, one := range a.Members {
		for _, other := range b.Members {
			if s.Denied[pairOf(one, other)] > 0 {
				return true
			}
		}
	}
	return false
}

func (s *State) applyConversationJoined(e *ConversationJoined) {
	c := s.Contacts[e.Contact]
	if c != nil && c.Open() {
		c.Attend(e.Conversation)
	}
	if v := s.Conversations[e.Conversation]; v != nil {
		v.Join(e)
		s.touch(v)
		s.timeConversation(v)
	}
}

// Join lets what was said in the conversation wait in another's contact.
func (v *Conversation) Join(e *ConversationJoined) {
	v.With, v.Contact, v.State = e.With, e.Contact, ConversationOpen
}

// Part lets the conversation stand for itself again.
func (v *Conversation) Part(e *ConversationParted) {
	v.With = ""
	if v.Contact == e.Contact {
		v.Contact = ""
	}
}

func (s *State) applyConversationParted(e *ConversationParted) {
	if c := s.Contacts[e.Contact]; c != nil && c.Open() {
		c.Part(e, s.Replies[c.Reply])
		s.indexContact(c)
	}
	if v := s.Conversations[e.Conversation]; v != nil {
		v.Part(e)
		s.touch(v)
		s.timeConversation(v)
	}
}

// ChangeCustomer makes of the contact what is known now of its customer.
func (c *Contact) ChangeCustomer(e *CustomerChanged) {
	known := e.Known
	if c.Known = &known; e.ReplyChannel != "" {
		c.ReplyChannel, c.Demand.ReplyChannel = e.ReplyChannel, e.ReplyChannel
	}
}

func (s *State) applyCustomerChanged(e *CustomerChanged) {
	c := s.Contacts[e.Contact]
	if c == nil {
		return
	}
	if c.State == Waiting && c.Proposed == "" {
		s.forgetKnown(c) // by whom it knew until now
	}
	holder := s.Agents[c.Agent]
	if holder != nil { // who holds it does so on the channel of the reply
		s.addLoad(holder, c.ReplyChannel, -1, -c.Units)
	}
	c.ChangeCustomer(e)
	if holder != nil {
		s.addLoad(holder, c.ReplyChannel, 1, c.Units)
	}
	if e.Class != nil {
		c.Revise(e.Revised(), e.Policy, s.At)
	}
	s.shareContact(c)
	c.need = nil
	s.indexContact(c)
}

// Revised gives what has changed of the contact's class and promise.
func (e CustomerChanged) Revised() *Revised {
	return &Revised{
		Contact: e.Contact, Due: e.Due, AtRiskAt: e.AtRiskAt, Traits: e.Traits, Entry: e.Entry, StepAt: e.StepAt, Class: e.Class,
	}
}
