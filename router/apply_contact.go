package router

import (
	"maps"
	"slices"
	"time"
)

func (s *State) applyContactOpened(c Contact) {
	c.Messages, c.Also = slices.Clone(c.Messages), slices.Clone(c.Also)
	c.Cool = maps.Clone(c.Cool)
	c.timedAt, c.tallied, c.need = time.Time{}, tallied{}, nil
	s.shareContact(&c)
	s.Contacts[c.ID] = &c
	s.Totals.Opened++
	s.Totals.Open++
	s.attach(&c)
	s.waiting.Saw(&c.Demand, &c.Traits)
	s.expect(&c)
}

// attach makes c the open contact of its conversation, and of what it stands for
// besides.
func (s *State) attach(c *Contact) {
	for _, id := range c.Conversations() {
		if v := s.Conversations[id]; v != nil {
			v.Contact, v.State = c.ID, ConversationOpen
			s.touch(v)
			s.timeConversation(v)
		}
	}
	s.indexContact(c)
}

func (s *State) applyMoved(e *Moved) {
	c := s.Contacts[e.Contact]
	c.Move(e)
	c.need = nil // it may be another promise's
	s.indexContact(c)
	if e.Cleared {
		s.expect(c)
	}
}

func (s *State) applyContactEnded(e *ContactEnded) {
	c := s.Contacts[e.Contact]
	s.release(c)
	if e.End == EndReplied {
		s.Forecast.Answer(c.ID, s.At)
	} else {
		s.Forecast.Drop(c.ID, s.At)
	}
	c.State = EndedContact
	c.End, c.Disposition, c.EndedBy, c.EndedAt, c.EndedN = e.End, e.Disposition, e.By, s.At, s.N
	c.Reply = e.Reply
	c.Undelivered = nil
	c.Leave(e.Left)
	s.Totals.Open--
	switch e.End {
	case EndReplied:
		s.Totals.Replied++
		s.channel(c.Channel).Replied++
		if !s.At.After(c.Due) {
			s.Totals.Kept++
		}
	case EndMerged:
		s.Totals.Merged++
	case EndDisposed:
		s.Totals.Disposed[e.Disposition]++
	}
	for _, id := range c.Conversations() {
		if v := s.Conversations[id]; v != nil && v.Contact == c.ID {
			v.Contact = ""
			s.touch(v)
		}
	}
	s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadeContact, ID: c.ID})
	s.indexContact(c)
	s.matchDue = true // somebody may have made room for it
}

func (s *State) applyContactReopened(e *ContactReopened) {
	c := e.Contact
	c.Messages, c.Also = slices.Clone(c.Messages), slices.Clone(c.Also)
	c.Cool = maps.Clone(c.Cool)
	c.timedAt, c.tallied, c.need = time.Time{}, tallied{}, nil
	s.shareContact(&c)
	s.Contacts[c.ID] = &c
	s.Totals.Open++
	switch e.Was {
	case EndReplied:
		s.Totals.Replied--
		s.channel(c.Channel).Replied--
		if e.Kept {
			s.Totals.Kept--
		}
	case EndMerged:
		s.Totals.Merged--
	case EndDisposed:
		s.Totals.Disposed[e.Disposition]--
	}
	s.attach(&c)
}
