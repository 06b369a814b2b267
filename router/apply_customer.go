package router

import "slices"

// proposalsAtMost bounds how many proposals are remembered of one customer.
const proposalsAtMost = 16

func (s *State) applyLinkProposed(e *LinkProposed) {
	if list := s.Proposals[e.A]; !slices.Contains(list, e.B) && len(list) < proposalsAtMost {
		s.Proposals[e.A] = append(list, e.B)
		s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadeProposal, ID: e.A})
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
