package router

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// rig runs the core without an engine: each command is a commit, encoded and
// decoded as the log would.
type rig struct {
	t     failer
	state *State
	rules Rules
	now   time.Time
	log   [][]byte
	cmds  int
	facts Facts
}

// failer is what testing.T and rapid.T share.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// builtIn is the built-in policy set, loaded once: a set doesn't change.
var builtIn = sync.OnceValues(policies.Default)

func newRig(t failer) *rig {
	t.Helper()
	set, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, state: NewState("main"), rules: RulesOf(set), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	r.must(ActorRouter, Begin{Life: "life-1"})
	return r
}

// do decides one command as a commit of its own.
func (r *rig) do(actor string, cmd Command) (Result, error) {
	r.t.Helper()
	r.cmds++
	return r.doID(fmt.Sprintf("c%d", r.cmds), actor, cmd)
}

func (r *rig) doID(id, actor string, cmd Command) (Result, error) {
	r.t.Helper()
	n, at, epoch := r.state.N, r.state.At, r.state.Epoch
	if _, ok := cmd.(Begin); ok {
		epoch++
	}
	r.state.beginCommit(n+1, epoch, r.now)
	e, err := Decide(r.state, &Env{Now: r.now, Rules: r.rules, Facts: r.facts}, &Envelope{ID: id, Actor: actor, Command: cmd})
	if err != nil || len(e.Events) == 0 {
		r.state.N, r.state.At = n, at
		if e.Result != nil {
			return *e.Result, err
		}
		return Result{}, err
	}
	res := *e.Result
	if e.Command == "" {
		e.Result = nil
	}
	c := &Commit{Schema: CommitSchema, N: n + 1, Epoch: epoch, At: r.now, Entries: []Entry{e}}
	data, err := c.Encode()
	if err != nil {
		r.t.Fatal(err)
	}
	r.log = append(r.log, data)
	return res, nil
}

func (r *rig) must(actor string, cmd Command) Result {
	r.t.Helper()
	res, err := r.do(actor, cmd)
	if err != nil {
		r.t.Fatalf("%s by %s: %v", CommandName(cmd), actor, err)
	}
	return res
}

func (r *rig) refused(code, actor string, cmd Command) {
	r.t.Helper()
	_, err := r.do(actor, cmd)
	ref, ok := err.(*Refusal) //nolint:errorlint // Decide gives it bare
	if !ok || ref.Code != code {
		r.t.Fatalf("%s by %s: got %v, want refusal %s", CommandName(cmd), actor, err, code)
	}
}

func (r *rig) wait(d time.Duration) {
	r.t.Helper()
	r.now = r.now.Add(d)
	r.must(ActorRouter, Tick{})
}

func (r *rig) agent(id string, role contact.Role, caps int, langs ...string) {
	r.t.Helper()
	r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: id, Role: role, Capacity: caps, Languages: langs}})
	r.must(id, SetPresence{Agent: id, Presence: contact.Available, Cause: "self"})
}

// mail is a message of a sender; threads are message ids that it answers.
func (r *rig) mail(id, sender string, threads ...string) *Receive {
	m := &Receive{
		Item: Item{
			Source: "email/support/INBOX", Channel: contact.Email, Account: "support", Ref: "inbox.0." + id,
			ItemKey: "item:" + id, MessageKey: "msg:" + id, Place: id, ReceivedAt: r.now,
		},
		Kind: KindFresh, Identity: "id:" + sender, Keys: []string{"mid:" + id},
	}
	for _, th := range threads {
		m.Threads = append(m.Threads, "mid:"+th)
	}
	return m
}

func (r *rig) receive(m *Receive) *Contact {
	r.t.Helper()
	return r.state.Contacts[r.must(ActorIntake, *m).Contact]
}

// offerFor gives the live offer of a contact to an agent.
func (r *rig) offerFor(c *Contact) *Offer {
	r.t.Helper()
	if len(c.Offers) == 0 {
		r.t.Fatalf("contact %s has no offer: it is %s", c.ID, c.State)
	}
	return r.state.Offers[c.Offers[0]]
}

func (r *rig) accept(c *Contact) string {
	r.t.Helper()
	o := r.offerFor(c)
	r.must(o.Agent, Accept{Offer: o.ID})
	return o.Agent
}

func (r *rig) reply(agent string, c *Contact, kind contact.ReplyKind, covers string) string {
	r.t.Helper()
	id := fmt.Sprintf("reply-%d", r.cmds)
	rep := Reply{ID: id, Kind: kind, Contact: c.ID, Channel: contact.Email, Account: "support", Covers: covers, Ref: "reply." + id}
	if kind == contact.Pledge {
		rep.PledgeDue = r.now.Add(24 * time.Hour)
	}
	r.must(agent, Send{Reply: rep, Keys: []string{"mid:" + id}})
	return id
}

// replyCopied answers a contact with copies to others.
func (r *rig) replyCopied(agent string, c *Contact, copies ...string) string {
	r.t.Helper()
	id := fmt.Sprintf("reply-%d", r.cmds)
	rep := Reply{ID: id, Kind: contact.Answer, Contact: c.ID, Channel: contact.Email, Account: "support", Covers: c.LastMessage(), Ref: "reply." + id, Copies: copies}
	r.must(agent, Send{Reply: rep, Keys: []string{"mid:" + id}})
	return id
}

func (r *rig) deliver(reply string) {
	r.t.Helper()
	res := r.must(ActorSender, Attempt{Reply: reply, Life: "life-1"})
	r.must(ActorSender, Outcome{Reply: reply, Attempt: res.Attempt, Life: "life-1", Delivered: true})
}

// check fails unless the invariants hold and a replay gives the same state.
func (r *rig) check() {
	r.t.Helper()
	if problems := invariants(r.state); len(problems) > 0 {
		r.t.Fatalf("invariants broken: %v", problems)
	}
	again := NewState("main")
	for _, data := range r.log {
		c, err := DecodeCommit(data)
		if err != nil {
			r.t.Fatal(err)
		}
		if err := again.ApplyCommit(c); err != nil {
			r.t.Fatal(err)
		}
	}
	want, err := json.Marshal(r.state)
	if err != nil {
		r.t.Fatal(err)
	}
	got, err := json.Marshal(again)
	if err != nil {
		r.t.Fatal(err)
	}
	if string(got) != string(want) {
		r.t.Fatalf("replay differs (I9)\nlive   %s\nreplay %s", want, got)
	}
	r.checkSnapshot(want)
}

// checkSnapshot fails unless a snapshot gives the state again.
func (r *rig) checkSnapshot(want []byte) {
	r.t.Helper()
	var b bytes.Buffer
	if err := r.state.WriteSnapshot(&b); err != nil {
		r.t.Fatal(err)
	}
	again, err := RestoreState(b.Bytes())
	if err != nil {
		r.t.Fatal(err)
	}
	got, err := json.Marshal(again)
	if err != nil {
		r.t.Fatal(err)
	}
	if string(got) != string(want) {
		r.t.Fatalf("the state of the snapshot differs\nlive     %s\nrestored %s", want, got)
	}
	if problems := invariants(again); len(problems) > 0 {
		r.t.Fatalf("invariants of the state of the snapshot broken: %v", problems)
	}
}

// invariants gives what is wrong with a state, in words.
func invariants(s *State) []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	if !s.Totals.AddsUp() {
		say("I13: totals don't add up: %+v", s.Totals)
	}
	bad = append(bad, nearbyFaults(s)...)
	open := uint64(0)
	message := map[string]string{}
	for id, c := range s.Contacts {
		for _, m := range c.Messages {
			if was := message[m.ID]; was != "" && c.Open() && s.Contacts[was].Open() {
				say("I3: message %s is in contacts %s and %s", m.ID, was, id)
			}
			message[m.ID] = id
		}
		if c.End == EndReplied {
			bad = append(bad, covered(s, c)...)
		}
		if !c.Open() {
			continue
		}
		open++
		if c.Due.IsZero() || c.LastResort == "" {
			say("I3: contact %s has due %v and last resort %q", id, c.Due, c.LastResort)
		}
		bad = append(bad, holding(s, c)...)
	}
	if problem := figuresAreWhatAWalkGives(s); problem != "" {
		bad = append(bad, problem)
	}
	if open != s.Totals.Open {
		say("%d contacts are open, totals say %d", open, s.Totals.Open)
	}
	for id, a := range s.Agents {
		load := 0
		for c := range a.Holds {
			load += s.Contacts[c].Units
		}
		for o := range a.Offers {
			load += s.Offers[o].Units
		}
		for _, e := range s.Engagements {
			if e.Agent == id {
				load += e.Units
			}
		}
		if load != a.Load {
			say("agent %s has load %d, sum is %d", id, a.Load, load)
		}
	}
	return bad
}

// covered checks that a contact ended by a reply has no message that its author
// had not on screen (a message at any instant is answered by a reply that covers
// it, or is open).
func covered(s *State, c *Contact) []string {
	r := s.Replies[c.Reply]
	if r == nil || len(c.Messages) == 0 || c.LastMessage() == r.Covers {
		return nil
	}
	return []string{fmt.Sprintf("contact %s ended by a reply that covers %q, its last message is %s", c.ID, r.Covers, c.LastMessage())}
}

// holding checks that one contact is held by one, offered, or found by matching.
func holding(s *State, c *Contact) []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	holders := 0
	for _, a := range s.Agents {
		if a.Holds[c.ID] {
			holders++
		}
	}
	switch c.State {
	case AssignedTo, Sending:
		if holders != 1 || !s.Agents[c.Agent].Holds[c.ID] {
			say("I6: contact %s is held by %d, says %s", c.ID, holders, c.Agent)
		}
		if len(c.Offers) != 0 {
			say("I6: contact %s is held and offered", c.ID)
		}
	case Offered:
		if holders != 0 || len(c.Offers) == 0 {
			say("I6: offered contact %s has %d holders and %d offers", c.ID, holders, len(c.Offers))
		}
	case Waiting:
		if holders != 0 || len(c.Offers) != 0 {
			say("I6: waiting contact %s has %d holders and %d offers", c.ID, holders, len(c.Offers))
		}
		if c.Proposed == "" && !waitsIn(s, c) {
			say("waiting contact %s is not found by matching", c.ID)
		}
	case EndedContact:
	}
	if c.timedAt.IsZero() && (!c.Risky || !c.Breached) {
		say("contact %s has no timer", c.ID)
	}
	return bad
}

func waitsIn(s *State, c *Contact) bool {
	for _, g := range s.waiting.Groups() {
		if g.Demand.Key() != c.Demand.Key() {
			continue
		}
		found := false
		g.First(func(h *match.Head) bool {
			found = h.Contact == c.ID
			return !found
		})
		if found {
			return true
		}
	}
	return false
}
