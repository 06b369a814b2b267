package router

import (
	"slices"
	"strings"
)

// maxWords bounds how many names are held to be shared.
const maxWords = 10_000

// word gives the one copy of a name that many things carry: of a hundred
// thousand contacts each would have its own "general" otherwise.
func word[T ~string](s *State, v *T) {
	if *v == "" {
		return
	}
	if known, ok := s.words[string(*v)]; ok {
		*v = T(known)
		return
	}
	if len(s.words) < maxWords {
		own := strings.Clone(string(*v))
		s.words[own] = own
		*v = T(own)
	}
}

// shareContact lets a contact hold what others hold too only once. It changes
// no value.
func (s *State) shareContact(c *Contact) {
	word(s, &c.Channel)
	word(s, &c.Account)
	word(s, &c.ReplyChannel)
	word(s, &c.Queue)
	word(s, &c.Class)
	word(s, &c.Kind)
	word(s, &c.Language)
	word(s, &c.Tier)
	word(s, &c.Demand.Channel)
	word(s, &c.Demand.ReplyChannel)
	word(s, &c.Rule)
	word(s, &c.Promise)
	word(s, &c.LastResort)
	word(s, &c.State)
	word(s, &c.Agent)
	word(s, &c.Prefer)
	if len(c.Preferred) > 0 {
		c.Preferred = slices.Clone(c.Preferred)
		for i := range c.Preferred {
			word(s, &c.Preferred[i])
		}
	}
	if v := s.Conversations[c.Conversation]; v != nil {
		c.Conversation = v.ID
		if v.Customer == c.Customer {
			c.Customer = v.Customer
		}
		if v.Contact == c.ID {
			v.Contact = c.ID
		}
	}
}

func (s *State) shareConversation(v *Conversation) {
	word(s, &v.Channel)
	word(s, &v.Account)
	word(s, &v.State)
	word(s, &v.LastAgent)
}
