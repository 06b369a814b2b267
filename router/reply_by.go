package router

import (
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// ReplyBy says why an answer goes by the channel that it goes by.
type ReplyBy struct {
	// Source is one of customers.PreferStated and so on, "" where the answer goes
	// where the message came from and nothing else was known. At is since when.
	Source string    `json:"source,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// Public is true where anybody can read the question, Private where the answer to
	// it shall be for the customer alone.
	Public  bool `json:"public,omitempty"`
	Private bool `json:"private,omitempty"`
	// By is the agent who has said so, "" for the policy.
	By string `json:"by,omitempty"`
}

// ReplyChannelChosen records by which channel a contact is answered from now on.
type ReplyChannelChosen struct {
	Contact string          `json:"contact"`
	Channel contact.Channel `json:"channel"`
	ReplyBy ReplyBy         `json:"reply_by,omitzero"`
	// Failed is the channel by which an answer has just not arrived.
	Failed contact.Channel `json:"failed,omitempty"`
}

// ChooseReply has a contact answered by a channel, as the customer wants it: by the
// word of an agent, or of the customer on their own page.
type ChooseReply struct {
	Contact string
	Channel contact.Channel
	// Source is customers.PreferStated where that is what the customer has said.
	Source string
}

func (ReplyChannelChosen) event() {}
func (ChooseReply) command()      {}

// wantsReply fills in by which channel a contact that opens is answered.
func (t *turn) wantsReply(c *Contact, public bool) {
	c.ReplyBy = ReplyBy{Public: public}
	t.answeredBy(c)
}

// answeredBy finds by which channel a contact is answered, by what is known of it.
func (t *turn) answeredBy(c *Contact) {
	way := t.env.Rules.Timing().ReplyBy
	if way == nil {
		return
	}
	in := customers.Asking{Arrival: c.Channel, Public: c.ReplyBy.Public, Tried: c.Tried}
	if c.ReplyBy.Source == "" && c.ReplyChannel != "" && !slices.Contains(c.Tried, c.ReplyChannel) {
		in.Arrival = c.ReplyChannel // they have gone on there
	}
	if k := c.Known; k != nil {
		in.Wanted = customers.Choice{Channel: k.Prefer, Source: k.PreferSource, At: k.PreferAt}
		in.Reach = k.Reached()
	}
	if v := t.Conversations[c.Conversation]; v != nil && !slices.Contains(in.Reach, v.Channel) {
		in.Reach = append(in.Reach, v.Channel) // it began there
	}
	got, private := way(factsOf(c), in)
	c.ReplyChannel, c.Demand.ReplyChannel = got.Channel, got.Channel
	c.ReplyBy.Private = c.ReplyBy.Public && private
	c.ReplyBy.Source, c.ReplyBy.At, c.ReplyBy.By = got.Source, got.At, ""
	if got.Source == customers.PreferArrival && in.Wanted.Channel == "" && len(c.Tried) == 0 {
		c.ReplyBy.Source = ""
	}
}

// chooseAgain finds anew by which channel an open contact is answered, as more is
// known of its customer, or an answer by failed did not arrive. What a person has
// chosen stays, unless that has failed.
func (t *turn) chooseAgain(c *Contact, failed contact.Channel) {
	if c == nil || failed == "" && (c.ReplyBy.By != "" || c.State == Sending) {
		return
	}
	next := *c
	next.Tried = slices.Clone(c.Tried)
	if failed != "" && !slices.Contains(next.Tried, failed) {
		next.Tried = append(next.Tried, failed)
	}
	t.answeredBy(&next)
	switch {
	case failed != "" && next.ReplyChannel == failed: // there is no other way
		return
	case next.ReplyChannel == c.ReplyChannel && next.ReplyBy == c.ReplyBy && len(next.Tried) == len(c.Tried):
		return
	}
	t.answerBy(c, &ReplyChannelChosen{Contact: c.ID, Channel: next.ReplyChannel, ReplyBy: next.ReplyBy, Failed: failed})
}

// answerBy records a channel. Whoever holds the contact, or was offered it, and
// doesn't work on that channel, gives it back.
func (t *turn) answerBy(c *Contact, e *ReplyChannelChosen) {
	able := func(id string) bool {
		a := t.Agents[id]
		return a == nil || len(a.Channels) == 0 || slices.Contains(a.Channels, e.Channel)
	}
	for _, id := range slices.Clone(c.Offers) {
		if o := t.Offers[id]; !able(o.Agent) {
			t.emit(OfferEnded{Offer: id, Contact: c.ID, Agent: o.Agent, End: OfferRevoked, Reason: reasonReplyChannel})
		}
	}
	if c.State == AssignedTo && !able(c.Agent) {
		t.emit(Unassigned{Contact: c.ID, Agent: c.Agent, By: ActorRouter, Reason: reasonReplyChannel})
	}
	t.emit(*e)
}

// reasonReplyChannel is why a contact leaves an agent who doesn't work on the channel
// by which it is answered now.
const reasonReplyChannel = "reply_channel"

// chooseReply does what a person says of the channel of an answer.
func (t *turn) chooseReply(cmd *ChooseReply) error {
	c, err := t.openContact(cmd.Contact)
	if err != nil {
		return err
	}
	if !t.isPerson() {
		return refuse(RefusedNotAllowed, "only a person says where an answer goes")
	}
	if !slices.Contains(contact.Channels(), cmd.Channel) {
		return refuse(RefusedInvalid, "there is no channel %q", cmd.Channel)
	}
	if c.Agent != "" {
		if err := t.mayHandle(c); err != nil {
			return err
		}
	}
	t.about(c)
	by := c.ReplyBy
	by.Source, by.At, by.By = cmd.Source, t.env.Now, t.actor
	if cmd.Channel == c.ReplyChannel && by.Source == c.ReplyBy.Source {
		t.result.Known = true
		return nil
	}
	if a := t.Agents[t.actor]; a != nil && c.Agent == t.actor && len(a.Channels) > 0 && !slices.Contains(a.Channels, cmd.Channel) {
		return refuse(RefusedNotAllowed, "you do not answer on this channel: hand the contact over first")
	}
	t.answerBy(c, &ReplyChannelChosen{Contact: c.ID, Channel: cmd.Channel, ReplyBy: by})
	return nil
}

// AnswerBy takes over by which channel the contact is answered.
func (c *Contact) AnswerBy(e *ReplyChannelChosen) {
	c.ReplyChannel, c.Demand.ReplyChannel, c.ReplyBy = e.Channel, e.Channel, e.ReplyBy
	if e.Failed != "" && !slices.Contains(c.Tried, e.Failed) {
		c.Tried = append(slices.Clone(c.Tried), e.Failed)
	}
}

func (s *State) applyReplyChannelChosen(e *ReplyChannelChosen) {
	c := s.Contacts[e.Contact]
	if c == nil {
		return
	}
	was := c.ReplyChannel
	if c.State == Waiting && c.Proposed == "" {
		s.forgetKnown(c)
	}
	c.AnswerBy(e)
	if was != c.ReplyChannel { // what its agents hold is counted by it
		if a := s.Agents[c.Agent]; a != nil && a.Holds[c.ID] {
			s.moveLoad(a, was, c.ReplyChannel, c.Units)
		}
		for _, id := range c.Offers {
			if o := s.Offers[id]; o != nil && s.Agents[o.Agent] != nil {
				s.moveLoad(s.Agents[o.Agent], was, c.ReplyChannel, o.Units)
			}
		}
	}
	s.shareContact(c)
	c.need = nil
	s.indexContact(c)
	s.matchDue = true
}

// moveLoad counts what an agent holds under another channel.
func (s *State) moveLoad(a *Agent, from, to contact.Channel, units int) {
	a.hold(from, -1, -units)
	a.hold(to, 1, units)
	s.indexAgent(a)
	s.roster.Touch(a.ID) // a limit of the channel that it leaves may have opened
}
