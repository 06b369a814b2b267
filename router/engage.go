package router

import (
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
)

// Engagement is a live conversation that goes on after its reply: it takes its
// units of the agent's capacity until it is over.
type Engagement struct {
	Conversation string `json:"conversation"`
	Agent        string `json:"agent"`
	Units        int    `json:"units"`
	// Channel is that of the replies.
	Channel contact.Channel `json:"channel,omitempty"`
	// Until is when it is over by itself, unless something is said.
	Until time.Time `json:"until"`
}

// Engaged keeps an agent's capacity for a live conversation.
type Engaged struct{ Engagement }

// Disengaged gives it free. The reasons are those of Disengage, and "quiet",
// "not_there", "wrote_again", "agent_removed".
type Disengaged struct {
	Conversation string `json:"conversation"`
	Agent        string `json:"agent"`
	Reason       string `json:"reason"`
}

func (Engaged) event()    {}
func (Disengaged) event() {}

// Disengage says that a live conversation is over for its agent.
type Disengage struct{ Conversation string }

func (Disengage) command() {}

// The reasons for the end of an engagement.
const (
	reasonDone    = "done"
	reasonQuiet   = "quiet"
	reasonOngoing = "wrote_again"
	reasonEngaged = "engaged"
)

func (s *State) applyEngaged(e *Engaged) {
	one := e.Engagement
	s.dropEngagement(one.Conversation)
	s.Engagements[one.Conversation] = &one
	if a := s.Agents[one.Agent]; a != nil {
		s.addLoad(a, one.Channel, 1, one.Units)
	}
	s.timers.add(one.Until, timerEngagement, one.Conversation)
}

func (s *State) dropEngagement(conversation string) {
	e := s.Engagements[conversation]
	if e == nil {
		return
	}
	delete(s.Engagements, conversation)
	if a := s.Agents[e.Agent]; a != nil {
		s.addLoad(a, e.Channel, -1, -e.Units)
	}
}

// engage keeps the agent's capacity after a reply in a live conversation.
func (t *turn) engage(c *Contact, agent string) {
	work := t.env.Rules.Work(c.ReplyChannel)
	a := t.Agents[agent]
	if work.Linger <= 0 || a == nil || a.Removed || !works(a.Presence) {
		return
	}
	t.emit(Engaged{Engagement{Conversation: c.Conversation, Agent: agent, Units: work.Units, Channel: c.ReplyChannel, Until: t.env.Now.Add(work.Linger)}})
}

// speaksOn lets a live conversation go on for as long again, as its agent has
// added a line.
func (t *turn) speaksOn(r *Reply) {
	e, linger := t.Engagements[r.Conversation], t.env.Rules.Work(r.Channel).Linger
	if e != nil && e.Agent == r.Agent && linger > 0 {
		again := *e
		again.Until = t.env.Now.Add(linger)
		t.emit(Engaged{again})
	}
}

// goesOn gives a contact to the agent with whom its live conversation goes on.
func (t *turn) goesOn(c *Contact) {
	e := t.Engagements[c.Conversation]
	if e == nil {
		return
	}
	a := t.Agents[e.Agent]
	t.emit(Disengaged{Conversation: e.Conversation, Agent: e.Agent, Reason: reasonOngoing})
	if a != nil && !a.Removed && works(a.Presence) && c.Proposed == "" {
		t.give(c, a.ID, ActorRouter, reasonEngaged, t.env.Rules.Work(c.ReplyChannel))
	}
}

// disengage ends an engagement by its agent's word, or a supervisor's.
func (t *turn) disengage(cmd Disengage) error {
	e := t.Engagements[cmd.Conversation]
	switch {
	case e == nil:
		t.result.Known = true
		return nil
	case e.Agent != t.actor && !t.isSupervisor():
		return refuse(RefusedNotYours, "a colleague is in this conversation")
	}
	t.emit(Disengaged{Conversation: e.Conversation, Agent: e.Agent, Reason: reasonDone})
	t.result.Conversation = e.Conversation
	return nil
}

// leaveConversations ends all engagements of an agent. It costs O(engagements).
func (t *turn) leaveConversations(agent, reason string) {
	for _, id := range slices.Sorted(maps.Keys(t.Engagements)) {
		if t.Engagements[id].Agent == agent {
			t.emit(Disengaged{Conversation: id, Agent: agent, Reason: reason})
		}
	}
}

// engagementDue ends an engagement in which nothing was said for long.
func (t *turn) engagementDue(conversation string) {
	if e := t.Engagements[conversation]; e != nil && !e.Until.After(t.env.Now) {
		t.emit(Disengaged{Conversation: conversation, Agent: e.Agent, Reason: reasonQuiet})
	}
}
