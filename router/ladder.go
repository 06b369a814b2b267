package router

import (
	"maps"
	"slices"
	"time"

	"stagecoach/router/match"
)

// Escalated records one step of the ladder, once: it stands before what it does,
// in the same commit, so that no restart repeats it.
type Escalated struct {
	Contact string `json:"contact"`
	// Conversation is set where the promise is the conversation's, for its resolution.
	Conversation string      `json:"conversation,omitempty"`
	Promise      PromiseKind `json:"promise"`
	Step         string      `json:"step"`
	Action       string      `json:"action"`
	// Policy is the set that the step is of, At is when it was to come.
	Policy string    `json:"policy"`
	At     time.Time `json:"at"`
	// Outcome says why it has done nothing, "" where it has.
	Outcome StepOutcome `json:"outcome,omitempty"`
	// Agents are who is told by it; To is the name of those who are, where they
	// aren't agents. Queue is where it goes.
	Agents []string `json:"agents,omitempty"`
	To     string   `json:"to,omitempty"`
	Queue  string   `json:"queue,omitempty"`
	// Demand, RelaxAfter and Widened are what is left to ask for.
	Demand     *match.Demand `json:"demand,omitempty"`
	RelaxAfter time.Duration `json:"relax_after,omitempty"`
	Widened    time.Duration `json:"widened,omitempty"`
	// Tell makes somebody be told outside the desk: see Telling.
	Tell bool `json:"tell,omitempty"`
	// Next is when the next step comes, zero for none.
	Next time.Time `json:"next,omitzero"`
}

// StepOutcome says why a step has done nothing beside being on record.
type StepOutcome string

// The reasons.
const (
	StepInReview   StepOutcome = "in_review"
	StepNobodyHas  StepOutcome = "nobody_has_it"
	StepAtWork     StepOutcome = "at_work"
	StepJustTaken  StepOutcome = "just_taken"
	StepNothingIs  StepOutcome = "nothing_left"
	StepThere      StepOutcome = "there_already"
	StepNotThere   StepOutcome = "not_there"
	StepUnknown    StepOutcome = "unknown_person"
	StepHeld       StepOutcome = "held"
	StepNoContact  StepOutcome = "no_contact"
	StepHasAlready StepOutcome = "has_it_already"
)

// LadderPlanned records when the next step of a contact comes, as what it depends
// on has changed.
type LadderPlanned struct {
	Contact string    `json:"contact"`
	Next    time.Time `json:"next,omitzero"`
}

// EscalationTold records that whoever a step tells outside the desk was told, or
// why they can't be. By names the way: "mail", "webhook".
type EscalationTold struct {
	Tellings []string `json:"tellings"`
	By       []string `json:"by,omitempty"`
	Failed   string   `json:"failed,omitempty"`
}

func (Escalated) event()      {}
func (LadderPlanned) event()  {}
func (EscalationTold) event() {}

// Telling is owed to somebody whom a step tells outside the desk. It stays until it
// is on record that they were told: after a crash in between they are told twice,
// by the same id, rather than never.
type Telling struct {
	Contact      string    `json:"contact"`
	Conversation string    `json:"conversation"`
	Step         string    `json:"step"`
	Action       string    `json:"action"`
	Agent        string    `json:"agent,omitempty"`
	To           string    `json:"to,omitempty"`
	At           time.Time `json:"at"`
}

// Told reports that tellings were made, or that they can't be.
type Told struct {
	Tellings []string
	By       []string
	Failed   string
}

func (Told) command() {}

// toldTogether is how many tellings one Told is about at most: each is a line of the
// ledger.
const toldTogether = 100

// tellingID is one step's for ever.
func tellingID(e *Escalated) string {
	if e.Conversation != "" {
		return e.Conversation + "/" + e.Step
	}
	return e.Contact + "/" + e.Step
}

// Tellings gives what somebody is still to be told outside the desk, by its id.
func (s *State) Tellings() map[string]*Telling { return s.Owing }

// Climb makes the contact what a step of its ladder makes of it.
func (c *Contact) Climb(e *Escalated) {
	if e.Demand != nil {
		c.Demand, c.Traits.RelaxAfter, c.Widened = *e.Demand, e.RelaxAfter, e.Widened
	}
	if e.Conversation == "" {
		c.Steps, c.StepAt = append(slices.Clip(c.Steps), e.Step), e.Next
	}
}

// Climb makes the conversation what a step of its ladder makes of it.
func (v *Conversation) Climb(e *Escalated) {
	v.Steps, v.StepAt = append(slices.Clip(v.Steps), e.Step), e.Next
}

func (s *State) applyEscalated(e *Escalated) {
	if v := s.Conversations[e.Conversation]; v != nil {
		v.Climb(e)
		s.touch(v)
		s.timeConversation(v)
	}
	if c := s.Contacts[e.Contact]; c != nil {
		if e.Demand != nil {
			c.need = nil
		}
		c.Climb(e)
		if c.Open() {
			s.indexContact(c)
		}
	}
	if !e.Tell {
		return
	}
	one := &Telling{Contact: e.Contact, Conversation: e.Conversation, Step: e.Step, Action: e.Action, To: e.To, At: s.At}
	if len(e.Agents) > 0 {
		one.Agent = e.Agents[0]
	}
	if s.Owing == nil {
		s.Owing = map[string]*Telling{}
	}
	s.Owing[tellingID(e)] = one
}

func (s *State) applyEscalationTold(e *EscalationTold) {
	for _, id := range e.Tellings {
		delete(s.Owing, id)
	}
	if len(s.Owing) == 0 {
		s.Owing = nil
	}
}

func (t *turn) told(cmd *Told) error {
	if t.isPerson() {
		return refuse(RefusedNotAllowed, "only the program says so")
	}
	e := EscalationTold{By: cmd.By, Failed: cmd.Failed}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(cmd.Tellings))) {
		if t.Owing[id] != nil && len(e.Tellings) < toldTogether {
			e.Tellings = append(e.Tellings, id)
		}
	}
	if len(e.Tellings) > 0 {
		t.emit(e)
	}
	return nil
}

// OwingIDs gives the ids of what is still to be told, in order.
func (s *State) OwingIDs() []string { return slices.Sorted(maps.Keys(s.Owing)) }
