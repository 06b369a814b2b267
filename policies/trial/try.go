package trial

import (
	"fmt"
	"strconv"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// Outcome is what the router decided about a case, and why.
type Outcome struct {
	policies.Classification
	// Asked are the entries that were asked, in order.
	Asked []policies.Asked
	// Promise is what is promised, by the entry of this name.
	Promise sla.Promise
	Start   time.Time
	Due     time.Time
	AtRisk  time.Time
	// LastResort owns it where nobody else does.
	LastResort string
	// Steps are those of the ladder that come while nobody answers.
	Steps []sla.Rung
	// Candidates are who could take it, the best first: the winner and the five
	// next. Failed counts the others by what they lack.
	Candidates []match.Candidate
	Failed     map[match.Gate]int
	Lane       match.Lane
	// Winner is who was offered it or got it, "" for nobody; Assigned is true where
	// nobody was asked.
	Winner   string
	Assigned bool
	// Impossible is what nobody who works here could ever meet, "" if somebody
	// could.
	Impossible match.Gate
	// Standing tells of each agent what they lack, and of what would come next.
	Standing *router.Standing
}

// trialID is the name of what is tried.
const trialID = "trial"

// room is the router's core with a set, for one case.
type room struct {
	state *router.State
	rules router.Rules
	now   time.Time
	// known counts the messages that were given to it.
	known int
}

func (r *room) do(actor string, cmd router.Command) (router.Entry, error) {
	e, err := r.state.Step(&router.Env{Now: r.now, Rules: r.rules}, &router.Envelope{Actor: actor, Command: cmd})
	if err != nil {
		return e, fmt.Errorf("%s: %w", router.CommandName(cmd), err)
	}
	return e, nil
}

// Try gives a case to the router and tells what it decided.
func Try(set *policies.Set, c *Case) (*Outcome, error) {
	r := &room{state: router.NewState("main"), rules: router.RulesOf(set), now: c.At}
	if _, err := r.do(router.ActorRouter, router.Begin{Life: trialID}); err != nil {
		return nil, err
	}
	in := c.input()
	got := set.Classify(in)
	if err := r.staff(c, in.Channel); err != nil {
		return nil, err
	}
	cmd := r.receive(in.Channel, in.Account, &got)
	cmd.Auto, cmd.Trust, cmd.Outreach = in.Auto, in.Trust, in.Outreach
	cmd.Profile.Facts = got.Known
	cmd.LastAgent = c.known(c.Customer.LastAgent)
	for _, name := range got.Agents {
		if c.known(name) != "" {
			cmd.Preferred = append(cmd.Preferred, name)
		}
	}
	e, err := r.do(router.ActorIntake, cmd)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Classification: got, Asked: set.Trace(in), Failed: map[match.Gate]int{}}
	if e.Result == nil || r.state.Contacts[e.Result.Contact] == nil {
		return nil, fmt.Errorf("the router opened no contact for it")
	}
	out.read(set, r.state.Contacts[e.Result.Contact])
	out.Steps = router.StepsOf(r.rules, r.state.Contacts[e.Result.Contact])
	out.see(e.Events)
	later, err := r.do(router.ActorRouter, router.Tick{})
	if err != nil {
		return nil, err
	}
	out.see(later.Events)
	out.Impossible = r.state.Contacts[e.Result.Contact].NobodyAble
	out.Standing, _ = r.state.Standing(e.Result.Contact, r.rules, c.At)
	return out, nil
}

// known gives the name of an agent of the case, "" where there is none.
func (c *Case) known(name string) string {
	for i := range c.Agents {
		if c.Agents[i].Name == name {
			return name
		}
	}
	return ""
}

// staff lets the agents in, with what they hold in hand.
func (r *room) staff(c *Case, channel contact.Channel) error {
	for i := range c.Agents {
		a := &c.Agents[i]
		p := router.AgentProfile{
			ID: a.Name, Role: contact.RoleAgent, Skills: a.Skills, Languages: a.Languages, Channels: a.Channels, Capacity: a.Capacity,
		}
		for _, s := range a.Shifts {
			p.Shifts = append(p.Shifts, router.Shift{Day: s.Day, From: s.From, To: s.To})
		}
		if _, err := r.do(router.ActorRouter, router.SetAgent{Agent: p}); err != nil {
			return fmt.Errorf("agent %s: %w", a.Name, err)
		}
	}
	for i := range c.Agents {
		if err := r.occupy(&c.Agents[i], channel); err != nil {
			return fmt.Errorf("agent %s: %w", c.Agents[i].Name, err)
		}
	}
	for i := range c.Agents {
		a := &c.Agents[i]
		if _, err := r.do(a.Name, router.SetPresence{Agent: a.Name, Presence: a.Presence, Cause: "self"}); err != nil {
			return fmt.Errorf("agent %s: %w", a.Name, err)
		}
	}
	return nil
}

// occupy gives an agent what they have in hand.
func (r *room) occupy(a *Agent, channel contact.Channel) error {
	for range a.Holds {
		e, err := r.do(router.ActorIntake, r.receive(channel, "", &policies.Classification{Class: "in hand", Queue: "in hand"}))
		if err != nil {
			return err
		}
		if _, err := r.do(a.Name, router.Assign{Contact: e.Result.Contact, Agent: a.Name, Reason: "trial", Override: true}); err != nil {
			return err
		}
	}
	return nil
}

// receive is a message of somebody who was not heard of before.
func (r *room) receive(channel contact.Channel, account string, got *policies.Classification) router.Receive {
	r.known++
	id := trialID + strconv.Itoa(r.known)
	cmd := router.Receive{
		Item: router.Item{
			Source: trialID, Channel: channel, Account: account, Ref: id,
			ItemKey: "i" + id, MessageKey: "m" + id, Place: id, ReceivedAt: r.now,
		},
		Kind: router.KindFresh, Identity: "p" + id, AsOf: r.state.N,
	}
	router.Classified(&cmd, got)
	return cmd
}

// read takes in what the contact is.
func (o *Outcome) read(set *policies.Set, c *router.Contact) {
	facts := policies.Facts{
		Channel: c.ReplyChannel, Account: c.Account, Class: c.Class, Kind: c.Kind, Queue: c.Queue, Language: c.Language, Tier: c.Tier, Proposed: c.Proposed,
		Value: o.Known.Points(),
	}
	o.Promise = set.Promise(facts)
	o.Asked = append(o.Asked, set.TracePromise(facts)...)
	o.Queue, o.Class = c.Queue, c.Class
	o.Start, o.Due, o.AtRisk, o.LastResort = c.Start, c.Due, c.AtRiskAt, c.LastResort
}

// see takes in what was decided about the contact that is tried.
func (o *Outcome) see(events []router.Event) {
	for _, ev := range events {
		switch ev := any(ev).(type) {
		case router.OfferMade:
			if o.Winner == "" {
				o.won(ev.Agent, &ev.Why)
			}
		case router.Assigned:
			o.Winner, o.Assigned = ev.Agent, true
		}
	}
}

func (o *Outcome) won(agent string, why *match.Explanation) {
	o.Winner, o.Lane = agent, why.Lane
	o.Candidates = append([]match.Candidate{why.Winner}, why.Next...)
	for gate, n := range why.Failed {
		o.Failed[gate] += n
	}
}
