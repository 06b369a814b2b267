package router

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
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

func TestFirstMailIsOfferedAnsweredAndEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100, "de", "en")
	c := r.receive(r.mail("m1", "alice"))
	if c.State != Offered || c.Promise != PromiseFirst {
		t.Fatalf("contact is %s under %s, want offered under first", c.State, c.Promise)
	}
	if got := r.offerFor(c).Why.Winner.Agent; got != "anna" {
		t.Errorf("winner is %q", got)
	}
	agent := r.accept(c)
	id := r.reply(agent, c, contact.Answer, c.LastMessage())
	if c.State != Sending {
		t.Fatalf("contact is %s, want sending", c.State)
	}
	r.deliver(id)
	if c.End != EndReplied || r.state.Totals.Replied != 1 || r.state.Totals.Kept != 1 {
		t.Fatalf("contact ended %q, totals %+v", c.End, r.state.Totals)
	}
	if v := r.state.Conversations[c.Conversation]; v.State != ConversationResolved || v.LastAgent != "anna" {
		t.Errorf("conversation is %s with last agent %s", v.State, v.LastAgent)
	}
	next := r.receive(r.mail("m2", "alice", id))
	if next.Conversation != c.Conversation || next.Promise != PromiseNext || next.Prefer != "anna" {
		t.Errorf("the answer to our reply opened %+v", next)
	}
	r.check()
}

func TestSameItemTwiceIsOneMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.receive(r.mail("m1", "alice"))
	if res := r.must(ActorIntake, *r.mail("m1", "alice")); !res.Known {
		t.Error("a redelivery is not known")
	}
	moved := r.mail("m1", "alice")
	moved.Place = "elsewhere"
	r.must(ActorIntake, *moved)
	other := r.mail("m1", "alice")
	other.Account, other.ItemKey, other.Source = "sales", "item:sales", "email/sales/INBOX"
	r.must(ActorIntake, *other)
	s := r.state.Sources["email/support/INBOX"]
	if s.Messages != 1 || s.Evidence != 1 || r.state.Sources["email/sales/INBOX"].Evidence != 1 || r.state.Totals.Opened != 1 {
		t.Errorf("messages %d, evidence %d, opened %d", s.Messages, s.Evidence, r.state.Totals.Opened)
	}
	r.check()
}

func TestTwoMailsOfANewSenderAreOneCustomerAndOneContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.receive(r.mail("m1", "alice"))
	r.now = r.now.Add(20 * time.Second)
	b := r.receive(r.mail("m2", "alice"))
	if a != b || len(a.Messages) != 2 {
		t.Errorf("contacts %s and %s", a.ID, b.ID)
	}
	r.now = r.now.Add(2 * burstWindow)
	if c := r.receive(r.mail("m3", "alice")); c == a || c.Customer != a.Customer {
		t.Error("a mail on another matter, later, is the same customer and another contact")
	}
	r.check()
}

func TestStrangerWhoQuotesGetsAContactOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.receive(r.mail("m1", "alice"))
	b := r.receive(r.mail("m2", "mallory", "m1"))
	if a.Conversation == b.Conversation {
		t.Fatal("a stranger joined somebody else's conversation")
	}
	r.check()
}

func TestWhoeverWeWroteToTakesPart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	rep := Reply{ID: "r1", Kind: contact.Answer, Contact: c.ID, Channel: contact.Email, Account: "support", Covers: c.LastMessage()}
	r.must("anna", Send{Reply: rep, Keys: []string{"mid:r1"}, Participants: []string{"id:bob", "id:bob"}})
	r.deliver("r1")
	if next := r.receive(r.mail("m2", "bob", "r1")); next.Conversation != c.Conversation {
		t.Error("somebody in copy who answers opened a conversation of their own")
	}
	if got := r.state.Conversations[c.Conversation].Participants; len(got) != 1 {
		t.Errorf("participants are %q", got)
	}
	r.check()
}

func TestMessageDuringSendingBecomesTheNextContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	first := c.LastMessage()
	id := r.reply("anna", c, contact.Answer, first)
	r.now = r.now.Add(time.Minute)
	r.receive(r.mail("m2", "alice", "m1"))
	late := r.now
	r.now = r.now.Add(time.Minute)
	r.deliver(id)
	v := r.state.Conversations[c.Conversation]
	next := r.state.Contacts[v.Contact]
	if next == nil || next.ID == c.ID || !next.Start.Equal(late) || len(next.Messages) != 1 {
		t.Fatalf("next contact is %+v", next)
	}
	if next.Prefer != "anna" {
		t.Errorf("prefers %q", next.Prefer)
	}
	r.check()
}

func TestPledgeLeavesADueTimeAndAnOwner(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.deliver(r.reply("anna", c, contact.Pledge, c.LastMessage()))
	next := r.state.Contacts[r.state.Conversations[c.Conversation].Contact]
	if next == nil || next.Agent != "anna" || next.Promise != PromisePledge || !next.Due.After(r.now) {
		t.Fatalf("a pledge left %+v", next)
	}
	due := next.Due
	r.receive(r.mail("m2", "alice", "m1"))
	if !next.Due.Before(due) || len(next.Messages) != 1 {
		t.Errorf("a message during a pledge: due %v, was %v", next.Due, due)
	}
	r.check()
}

func TestPledgeLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("lead", contact.RoleSupervisor, 0)
	c := r.receive(r.mail("m1", "alice"))
	if agent := r.accept(c); agent == "lead" {
		r.must("lead", Assign{Contact: c.ID, Agent: "anna"})
	}
	for range 2 {
		r.deliver(r.reply("anna", c, contact.Pledge, c.LastMessage()))
		c = r.state.Contacts[r.state.Conversations[c.Conversation].Contact]
	}
	third := Reply{ID: "third", Kind: contact.Pledge, Contact: c.ID, Channel: contact.Email, PledgeDue: r.now.Add(time.Hour)}
	r.refused(RefusedNotAllowed, "anna", Send{Reply: third})
	third.PledgeDue = r.now.Add(30 * 24 * time.Hour)
	r.refused(RefusedNotAllowed, "anna", Send{Reply: third})
	r.must("lead", Send{Reply: third, Confirmed: true})
	r.check()
}

func TestBounceReopensWithTheOriginalClock(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	due := c.Due
	r.accept(c)
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	r.deliver(id)
	r.now = r.now.Add(time.Hour)
	dsn := r.mail("dsn", "mailer")
	dsn.Auto, dsn.Bounce = contact.AutoBounce, &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + id}
	r.must(ActorIntake, *dsn)
	back := r.state.Contacts[c.ID]
	if !back.Open() || !back.Due.Equal(due) || r.state.Totals.Replied != 0 || r.state.Totals.Kept != 0 {
		t.Fatalf("after the bounce: open %v due %v totals %+v", back.Open(), back.Due, r.state.Totals)
	}
	r.check()
}

func TestBounceMergesWhatCameMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	r.deliver(id)
	r.now = r.now.Add(10 * time.Minute)
	other := r.receive(r.mail("m2", "alice", "m1"))
	dsn := r.mail("dsn", "mailer")
	dsn.Bounce = &BounceFact{Permanent: true, Key: "mid:" + id}
	r.must(ActorIntake, *dsn)
	if other.End != EndMerged || len(r.state.Contacts[c.ID].Messages) != 2 || r.state.Totals.Merged != 1 {
		t.Fatalf("other ended %q, totals %+v", other.End, r.state.Totals)
	}
	r.check()
}

func TestAttemptIsGrantedToOneLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	id := r.reply("anna", c, contact.Answer, c.LastMessage())
	r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.refused(RefusedAttempt, ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.must(ActorRouter, Begin{Life: "life-2"})
	if got := r.state.Replies[id].State; got != ReplyIsInDoubt {
		t.Fatalf("after a restart the reply is %s, want in doubt", got)
	}
	r.refused(RefusedAttempt, ActorSender, Attempt{Reply: id, Life: "life-2"})
	if res := r.must(ActorSender, Outcome{Reply: id, Attempt: 1, Life: "life-1", Delivered: true}); !res.Known {
		t.Error("a late outcome of another life changed something")
	}
	r.must("anna", Resolve{Reply: id, Delivered: true})
	if c.End != EndReplied {
		t.Errorf("contact ended %q", c.End)
	}
	r.check()
}

func TestSilenceMovesTheContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.now = c.WarnAt
	r.must(ActorRouter, Tick{})
	if !c.Warned {
		t.Fatal("the silent holder was not warned")
	}
	r.agent("bert", contact.RoleAgent, 100)
	r.now = c.PullAt
	r.must(ActorRouter, Tick{})
	if o := r.offerFor(c); o.Agent != "bert" {
		t.Fatalf("pulled back and offered to %s", o.Agent)
	}
	r.check()
}

func TestWhoeverWritesKeepsTheContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.now = c.PullAt
	r.facts.DraftAt = func(string) time.Time { return r.now.Add(-time.Minute) }
	r.must(ActorRouter, Tick{})
	if c.Agent != "anna" || !c.PullAt.After(r.now) {
		t.Fatalf("held by %q until %v at %v", c.Agent, c.PullAt, r.now)
	}
	r.facts.DraftAt = func(string) time.Time { return r.now.Add(-time.Hour) }
	r.now = c.PullAt
	r.must(ActorRouter, Tick{})
	if c.Agent != "" {
		t.Error("who has stopped writing keeps the contact for ever")
	}
	r.check()
}

func TestMissedOffersSetAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	for range 3 {
		if len(c.Offers) == 0 {
			r.wait(31 * time.Second)
		}
		r.wait(46 * time.Second)
	}
	if got := r.state.Agents["anna"].Presence; got != contact.Away {
		t.Fatalf("after three missed offers anna is %s", got)
	}
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Available})
	r.wait(31 * time.Second)
	if c.State != Offered {
		t.Errorf("back again, the contact is %s", c.State)
	}
	r.check()
}

func TestDeclineCoolsDownAndComesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.must("anna", Decline{Offer: r.offerFor(c).ID, Reason: "busy"})
	if c.State != Waiting {
		t.Fatalf("declined by the only one, it is %s", c.State)
	}
	r.wait(29 * time.Second)
	if c.State != Waiting {
		t.Fatal("offered again within the cool-down")
	}
	r.wait(2 * time.Second)
	if c.State != Offered {
		t.Fatal("the cool-down has become a bar")
	}
	r.check()
}

func TestUnreachableGivesOffersBackAtOnceAndHoldsWhenLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	held := r.receive(r.mail("m1", "alice"))
	r.accept(held)
	offered := r.receive(r.mail("m2", "bob"))
	r.must(ActorRouter, SetPresence{Agent: "anna", Presence: contact.Unreachable, Cause: "heartbeat"})
	if offered.State != Waiting || held.State != AssignedTo {
		t.Fatalf("offered is %s, held is %s", offered.State, held.State)
	}
	r.now = held.RecallAt
	r.must(ActorRouter, Tick{})
	if held.State != Waiting {
		t.Fatalf("at its last moment, the contact is %s", held.State)
	}
	r.check()
}

func TestOnlyAPersonDisposes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	for _, actor := range []string{ActorRouter, ActorIntake, ActorSender, "nobody"} {
		r.refused(RefusedNotAllowed, actor, Dispose{Contacts: []string{c.ID}, Disposition: contact.Spam})
	}
	r.refused(RefusedInvalid, "anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Erased})
	r.refused(RefusedInvalid, "anna", Dispose{Contacts: []string{c.ID}, Disposition: "tired"})
	r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Spam})
	r.must("anna", Reopen{Contact: c.ID})
	if !r.state.Contacts[c.ID].Open() {
		t.Error("not reopened")
	}
	r.check()
}

func TestReviewIsNeverOffered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	m := r.mail("m1", "machine")
	m.Auto, m.Propose, m.Rule = contact.AutoReply, contact.Machine, "auto-submitted"
	c := r.receive(m)
	if c.State != Waiting || c.Queue != "review" || c.Promise != PromiseReview {
		t.Fatalf("proposed contact is %s in %s", c.State, c.Queue)
	}
	r.must("anna", MoveTo{Contact: c.ID, Clear: true, Reason: "a person"})
	if r.state.Contacts[c.ID].State != Offered {
		t.Errorf("cleared, it is %s", c.State)
	}
	r.check()
}

func TestLastResortIsToldAtMostEveryFiveMinutes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.receive(r.mail("m1", "alice"))
	told := func() int {
		n := 0
		for _, data := range r.log {
			commit, err := DecodeCommit(data)
			if err != nil {
				t.Fatal(err)
			}
			for _, ev := range commit.Entries[0].Events {
				if e, ok := ev.(LastResortTold); ok && slices.Contains(e.Contacts, c.ID) {
					n++
				}
			}
		}
		return n
	}
	r.now = c.AtRiskAt
	r.must(ActorRouter, Tick{})
	if told() != 1 {
		t.Fatalf("told %d times at risk", told())
	}
	for range 4 {
		r.wait(time.Minute)
	}
	if told() != 1 {
		t.Fatalf("told %d times within five minutes", told())
	}
	r.wait(2 * time.Minute)
	if told() != 2 {
		t.Fatalf("told %d times after seven minutes, nobody has accepted", told())
	}
	r.agent("anna", contact.RoleAgent, 100)
	r.accept(c)
	r.wait(6 * time.Minute)
	if told() != 2 {
		t.Errorf("told %d times although somebody has accepted", told())
	}
	r.check()
}

func TestQuarantinedItemIsReadAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bad := r.mail("m1", "alice")
	bad.Quarantine = "unreadable"
	id := r.must(ActorIntake, *bad).Message
	bad.Released = id
	r.refused(RefusedInvalid, ActorIntake, *bad)
	good := r.mail("m1", "alice")
	good.Released = id
	c := r.receive(good)
	s := r.state.Sources["email/support/INBOX"]
	if c == nil || s.Quarantined != 0 || s.Messages != 1 {
		t.Fatalf("contact %v, quarantined %d, messages %d", c, s.Quarantined, s.Messages)
	}
	if res := r.must(ActorIntake, *r.mail("m1", "alice")); !res.Known {
		t.Error("the item is not known any more")
	}
	r.check()
}

func TestCommandIDGivesTheFirstAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	o := r.offerFor(c).ID
	first, err := r.doID("same", "anna", Accept{Offer: o})
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.doID("same", "anna", Accept{Offer: o})
	if err != nil || !again.Known || again.Contact != first.Contact || again.Commit != first.Commit {
		t.Errorf("again: %+v, %v; first %+v", again, err, first)
	}
	r.check()
}
