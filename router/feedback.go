package router

import (
	"time"

	"stagecoach/contact"
)

// FeedbackFact is what a customer says on their page, as intake read it.
type FeedbackFact struct {
	Rating contact.Rating
	Kind   contact.FeedbackKind
	// Contact, Reply and Agent are what is rated, as the page found it.
	Contact, Reply, Agent string
	// Words is true where they wrote some.
	Words bool
	// ByLink is true where nobody has proved who they are.
	ByLink bool
}

// FollowUp says what becomes of a bad answer.
type FollowUp struct {
	// On opens a contact; Another passes over who gave the answer, for the share Apart
	// of its promise.
	On, Another bool
	Apart       float64
	// Queue is where it waits, "" for where the contact was. Lead is asked first, by
	// the address that they log in with.
	Queue, Lead string
}

// feedback records what a customer says of an answer. A bad one opens a contact with
// a promise of its own, or is joined to the one that is open; anything else is
// evidence.
func (t *turn) feedback(c *Receive) {
	f, v := t.pageOf(c)
	fb := c.Feedback
	if v == nil || fb == nil || t.erased[v.Customer] {
		t.evidence(c, EvidenceFeedback, Found{})
		return
	}
	v = t.recall(v)
	e := FeedbackGiven{
		Conversation: v.ID, Customer: v.Customer, Contact: fb.Contact, Reply: fb.Reply, Agent: fb.Agent, Rating: fb.Rating, Kind: fb.Kind,
		ByLink: fb.ByLink,
	}
	if fb.Words {
		e.Ref = c.Ref
	}
	if fb.Rating == contact.RatedBad && t.env.Rules.Timing().FollowUp.On {
		e.Follow = t.followUp(c, v, f.ContactFacts)
	} else {
		t.evidence(c, EvidenceFeedback, Found{Conversation: v.ID, Contact: fb.Contact, Reply: fb.Reply})
	}
	e.Feedback = t.result.Message
	t.emit(e)
}

// pageOf finds the conversation on whose page something was said, by its token.
func (t *turn) pageOf(c *Receive) (Found, *Conversation) {
	for _, k := range c.Threads {
		if f, ok := t.find(k, c.Known); ok && f.Conversation != "" {
			return f, t.facts(f)
		}
	}
	return Found{}, nil
}

// followUp has a bad answer looked at again, and gives the contact that does.
func (t *turn) followUp(c *Receive, v *Conversation, was *Contact) string {
	id := t.newID()
	m := MsgRef{ID: id, Ref: c.Ref, ReceivedAt: c.ReceivedAt}
	e := MessageReceived{Item: c.Item, Message: id, Customer: v.Customer, Conversation: v.ID, Keys: c.Keys, Trust: c.Trust, JoinedBy: joinedByToken}
	if open := t.Contacts[v.Contact]; open != nil && open.Open() {
		e.Contact = open.ID
		if v.ID != open.Conversation {
			m.In = v.ID
		}
		t.emit(e)
		t.join(open, m, c)
	} else {
		t.asBefore(c, v, was)
		v = t.goOn(t.renew(v, itemFacts(c), c.ReceivedAt), itemFacts(c), c.ReceivedAt)
		next := t.contactFor(c, v, m)
		t.apart(&next, c.Feedback)
		e.Contact = next.ID
		t.emit(e)
		t.emit(ContactOpened{Contact: next, Policy: t.env.Rules.Version()})
	}
	t.result.Message, t.result.Contact, t.result.Conversation = id, e.Contact, v.ID
	return e.Contact
}

// asBefore gives what is said of an answer the demand of the contact that it
// answered: "that was no help" says nothing of its own matter.
func (t *turn) asBefore(c *Receive, v *Conversation, was *Contact) {
	if known := t.Contacts[c.Feedback.Contact]; known != nil {
		was = known
	}
	c.About, c.Propose = string(contact.FeedbackComplaint), ""
	if was != nil && was.Conversation == v.ID {
		c.Class, c.Rule, c.Language, c.Tier, c.Demand = was.Class, was.Rule, was.Language, was.Tier, was.Demand
		c.Queue, c.Preferred, c.Asked = was.Queue, was.Preferred, was.Asked
	}
	if queue := t.env.Rules.Timing().FollowUp.Queue; queue != "" {
		c.Queue = queue
	}
}

// apart passes over who gave the bad answer for a share of the promise, and asks a
// lead first where the policy names one.
func (t *turn) apart(n *Contact, fb *FeedbackFact) {
	how := t.env.Rules.Timing().FollowUp
	n.FollowsUp = fb.Contact
	if how.Another && fb.Agent != "" {
		n.Prefer = ""
		if until := n.Start.Add(time.Duration(how.Apart * float64(n.Due.Sub(n.Start)))); until.After(t.env.Now) {
			n.Cool = map[string]time.Time{fb.Agent: until}
		}
	}
	if how.Lead != "" && t.env.Facts.Agent != nil {
		if id, known := t.env.Facts.Agent(how.Lead); known && (id != fb.Agent || !how.Another) {
			n.Preferred = []string{id}
		}
	}
}

// decideIdea records what becomes of an idea.
func (t *turn) decideIdea(cmd *DecideIdea) error {
	if !t.isSupervisor() && t.actor != ActorControl {
		return refuse(RefusedNotAllowed, "only a supervisor decides what becomes of an idea")
	}
	switch cmd.State {
	case IdeaOpen, IdeaPlanned, IdeaDone, IdeaDeclined:
	default:
		return refuse(RefusedInvalid, "an idea is open, planned, done or declined")
	}
	if cmd.Idea == "" || cmd.Conversation == "" {
		return refuse(RefusedInvalid, "say which idea")
	}
	t.emit(IdeaDecided{Idea: cmd.Idea, Conversation: cmd.Conversation, State: cmd.State, Ref: cmd.Ref, Reply: cmd.Reply, By: t.actor})
	t.result.Conversation, t.result.Reply = cmd.Conversation, cmd.Reply
	return nil
}

// endPageLinks makes the links that were sent for a conversation invalid.
func (t *turn) endPageLinks(cmd *EndPageLinks) error {
	if !t.isPerson() && t.actor != ActorCustomer && t.actor != ActorControl {
		return refuse(RefusedNotAllowed, "only an agent or the customer can do this")
	}
	v := t.Conversations[cmd.Conversation]
	if v == nil && cmd.Facts != nil && cmd.Facts.ID == cmd.Conversation {
		v = t.recall(cmd.Facts)
	}
	if v == nil {
		return refuse(RefusedNotFound, "there is no such conversation")
	}
	t.emit(PageLinksEnded{Conversation: v.ID, Epoch: v.PageEpoch + 1, By: t.actor})
	t.result.Conversation = v.ID
	return nil
}

func (s *State) applyPageLinksEnded(e *PageLinksEnded) {
	if v := s.Conversations[e.Conversation]; v != nil {
		v.PageEpoch = e.Epoch
		s.touch(v)
	}
}
