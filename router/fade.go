package router

import (
	"slices"
	"time"
)

func (s *State) applyTrimmed(before uint64) {
	s.TrimmedTo = max(s.TrimmedTo, before)
	past, awaited := 0, s.awaited()
	var kept []Fade
	for past < len(s.Fading) && s.Fading[past].N < before {
		if one := s.Fading[past]; one.Kind == FadeContact && awaited[one.ID] {
			kept = append(kept, one)
		} else {
			s.fade(one, before, awaited)
		}
		past++
	}
	s.Fading = slices.Concat(kept, s.Fading[past:])
	s.forgetAcknowledgements()
	s.forgetBegun()
	for id, r := range s.Commands {
		if s.At.Sub(r.At) > commandMemory {
			delete(s.Commands, id)
		}
	}
}

// commandMemory is how long the answer to a command is kept.
const commandMemory = 24 * time.Hour

// awaited gives the conversations with a reply that is not settled: they stay,
// and are touched when it is. So do contacts whose reply is still on its way to
// those in To: they come back with their first clock should it not arrive.
func (s *State) awaited() map[string]bool {
	out := map[string]bool{}
	for _, replies := range []map[string]bool{s.unsent, s.inDoubt} {
		for id := range replies {
			r := s.Replies[id]
			out[r.Conversation] = true
			if r.Main {
				out[r.Contact] = true
			}
		}
	}
	return out
}

func (s *State) fade(f Fade, before uint64, awaited map[string]bool) {
	switch f.Kind {
	case FadeKey:
		if e := s.Index[f.ID]; e != nil && e.N < before {
			delete(s.Index, f.ID)
		}
	case FadeContact:
		if c := s.Contacts[f.ID]; c != nil && !c.Open() && c.EndedN < before {
			delete(s.Contacts, f.ID)
		}
	case FadeConversation:
		if v := s.Conversations[f.ID]; v != nil && v.Contact == "" && v.Touched < before && !awaited[f.ID] {
			delete(s.Conversations, f.ID)
		}
	case FadeProposal:
		s.fadeProposal(f.ID)
	case FadeDenied:
		if n := s.Denied[f.ID]; n > 0 && n < before {
			delete(s.Denied, f.ID)
		}
	case FadePerson:
		if e := s.Persons[f.ID]; e != nil && e.N < before {
			delete(s.Persons, f.ID)
		}
	case FadeReply:
		if r := s.Replies[f.ID]; r != nil && r.SettledN != 0 && r.SettledN < before {
			delete(s.Replies, f.ID)
		}
	}
}
