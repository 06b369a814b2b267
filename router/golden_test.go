package router

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// update names the golden log to write anew. Only one that nobody has in
// production may be rewritten: afterwards another is added instead.
var update = flag.String("update", "", "write the golden log of this name anew")

// story is one of everything that a log can hold.
func story(r *rig) {
	r.agent("anna", contact.RoleAgent, 100, "de", "en")
	r.agent("lead", contact.RoleSupervisor, 0)
	r.must(ActorRouter, Activate{Version: "0123456789ab"})
	r.must(ActorRouter, StepClock{From: r.now, To: r.now.Add(time.Minute)})
	r.must(ActorIntake, Advance{Read: SourceRead{Source: "email/support/INBOX", Channel: "email", Account: "support", Position: "1:1:0", At: r.now, Since: r.now, Seen: 1}})
	c := r.receive(r.mail("m1", "alice"))
	o := r.offerFor(c)
	r.must(o.Agent, Decline{Offer: o.ID, Reason: "busy"})
	r.must("lead", Assign{Contact: c.ID, Agent: "anna", Reason: "knows her", Remark: "reason.1", Override: true})
	r.must("anna", Note{Conversation: c.Conversation, Contact: c.ID, Note: "n1", Ref: "note.n1"})
	r.now = c.WarnAt
	r.must(ActorRouter, Tick{})
	r.now = c.PullAt
	r.facts.DraftAt = func(string) time.Time { return r.now } // she is writing
	r.must(ActorRouter, Tick{})
	r.receive(r.mail("m2", "alice", "m1"))
	id := r.reply("anna", c, contact.Pledge, c.LastMessage())
	res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Reason: "unavailable", RetryAfter: time.Minute})
	r.now = r.now.Add(time.Minute)
	res = r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", InDoubt: true, Reason: "cut"})
	r.must("anna", Resolve{Reply: id, Delivered: true})
	bounce := r.mail("dsn", "mailer")
	bounce.Bounce = &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + id}
	r.must(ActorIntake, *bounce)
	bad := r.mail("bad", "carol")
	bad.Quarantine = "unreadable"
	again := r.mail("bad", "carol")
	again.Released = r.must(ActorIntake, *bad).Message
	other := r.receive(again)
	r.now = other.AtRiskAt
	r.must(ActorRouter, Tick{})
	r.now = other.Due
	r.must(ActorRouter, Tick{})
	r.must("lead", MoveTo{Contact: other.ID, Queue: "late", Reason: "late"})
	r.must("lead", Dispose{Contacts: []string{other.ID}, Disposition: contact.NoReplyNeeded, Remark: "reason.2"})
	r.must("lead", Reopen{Contact: other.ID})
	r.must("lead", StartOutbound{Identity: "id:dave", Channel: contact.Email, Account: "support", Reply: Reply{ID: "out", Channel: contact.Email, Account: "support"}})
	r.must(ActorRouter, SetPresence{Agent: "anna", Presence: contact.Unreachable, Cause: "heartbeat"})
	r.must("lead", RemoveAgent{Agent: "anna"})
	r.must(ActorRouter, Trim{Before: r.state.N})
	r.must(ActorRouter, Begin{Life: "life-2"})
	r.now = r.state.Conversations[other.Conversation].ResolveBy
	r.must(ActorRouter, Tick{})
	r.rules = acknowledging(r.t, "first")
	for i, drop := range []string{"", "no_sender"} {
		erin := r.customer(fmt.Sprintf("e%d", i), fmt.Sprintf("erin%d", i))
		erin.AsOf = r.state.N
		r.must(ActorIntake, *erin)
		for id := range r.state.OwedAcknowledgements() {
			r.must(ActorSender, Acknowledge{Reply: Reply{ID: id, Ref: "reply." + id}, Keys: []string{"mid:" + id}, Drop: drop})
		}
	}
}

// laterStory is what logs hold since the first golden one was written.
func laterStory(r *rig) {
	r.agent("anna", contact.RoleAgent, 100)
	r.rules = acknowledging(r.t, "first")
	c := r.receive(r.customer("m1", "alice"))
	receipt := r.owed()[0]
	r.must(ActorSender, Acknowledge{Reply: Reply{ID: receipt, Ref: "reply." + receipt}, Keys: []string{"mid:" + receipt}})
	id := r.replyCopied("anna", c, "id:bob")
	res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	r.must(ActorSender, Attempt{Reply: receipt, Life: "life-1"})
	r.must(ActorSender, Partly{Reply: id, Attempt: res.Attempt, Life: "life-1", Refused: []int{2}, Deferred: []int{1}, Reason: "unavailable", Code: "4.2.0", RetryAfter: time.Minute})
	r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Delivered: true})
	dsn := r.mail("dsn", "mailer")
	dsn.Bounce = &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + id, Failed: []string{"id:bob"}}
	r.must(ActorIntake, *dsn)
	r.must(ActorRouter, StepClock{From: r.now, To: r.now.Add(-time.Hour)})
}

// liveStory is a conversation that goes on after its reply.
func liveStory(r *rig) {
	r.rules = lingering{r.rules}
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.deliver(r.reply(r.accept(c), c, contact.Answer, c.LastMessage()))
	c = r.receive(r.mail("m2", "alice", "m1"))
	r.deliver(r.reply("anna", c, contact.Answer, c.LastMessage()))
	r.must("anna", Disengage{Conversation: c.Conversation})
}

// demandingStory has demands that yield, and one that nobody can meet.
func demandingStory(r *rig) {
	r.able("anna", true, AgentProfile{Languages: []string{"de"}, Skills: []match.Skill{{Name: "trainee", Level: 1}}})
	m := r.mail("m1", "alice")
	m.Demand = match.Demand{
		Any: [][]match.Skill{{{Name: "billing", Level: 2}, {Name: "orders", Level: 1}}}, Not: []string{"banned"},
		Wishes:    []match.Wish{{Skill: match.Skill{Name: "cars", Level: 2}, For: time.Minute}},
		Languages: []string{"fr"}, LanguageFor: time.Hour,
	}
	r.receive(m)
	r.able("bert", true, AgentProfile{Skills: []match.Skill{{Name: "orders", Level: 1}}})
}

// foreseenStory is a contact that is too much for whoever is there.
func foreseenStory(r *rig) {
	r.agent("anna", contact.RoleAgent, 1)
	c := r.receive(r.mail("m1", "alice"))
	for !c.Foreseen && !c.Breached {
		r.now, _ = r.state.NextTimer()
		r.must(ActorRouter, Tick{})
	}
	r.now = c.Due
	r.must(ActorRouter, Tick{})
}

// tunedStory is a policy set drafted, approved and tried, with what it changes.
func tunedStory(r *rig) {
	r.agent("lead", contact.RoleSupervisor, 1)
	r.agent("second", contact.RoleSupervisor, 1)
	r.tune(ActorRouter, promising(r.t, "4h"))
	c := r.receive(r.mail("m1", "alice"))
	r.must("lead", ShadowPolicy{Version: "candidate", Set: "setting.candidate"})
	r.must("second", DropPolicy{Draft: r.must("lead", DraftPolicy{Version: "candidate", Set: "setting.candidate"}).Draft})
	next := promising(r.t, "2h")
	d := r.must("lead", DraftPolicy{Version: next.Version(), Set: "setting.next", Remark: "setting.why"}).Draft
	r.tune("second", next, func(a *Activate) { a.Draft, a.Two, a.Reason = d, true, PolicyApproved })
	r.must(ActorRouter, Tick{})
	r.must(ActorRouter, Reclassify{Policy: next.Version(), First: c.ID, Done: 1, Contacts: map[string]Reclassified{
		c.ID: {Class: "bill", Kind: "complaint", Queue: "billing", Tier: "gold"},
	}})
}

// askedStory is of somebody who was here before: what the policy was told of that is
// on the contact, and on the one that follows from it.
func askedStory(r *rig) {
	r.agent("anna", contact.RoleAgent, 100)
	m := r.mail("m1", "alice")
	m.Asked = Asked{Contacts: 4}
	c := r.receive(m)
	r.deliver(r.reply(r.accept(c), c, contact.Pledge, c.LastMessage()))
}

// ladderStory is a contact and a conversation that go up the ladder.
func ladderStory(r *rig) {
	const golden = "  - {name: golden, share: 0.3, when: contact.queue == \"gold\", action: warn}\n"
	r.agent("boss", contact.RoleSupervisor, 100)
	r.tune(ActorRouter, laddered(r.t, wholeLadder+"  - {name: late, for: [resolution], at: due, action: lead}\n"+golden))
	r.knows("boss@example.com", "boss")
	m := r.mail("m1", "alice")
	m.Demand = match.Demand{Wishes: []match.Wish{{Skill: match.Skill{Name: "cars", Level: 2}, For: 90 * time.Minute}}}
	c := r.receive(m)
	r.now = c.StepAt
	r.must(ActorRouter, Tick{})
	r.must("boss", MoveTo{Contact: c.ID, Queue: "gold"})
	r.tune("boss", laddered(r.t, wholeLadder+"  - {name: late, for: [resolution], share: 1.5, when: contact.queue == \"seniors\", action: lead}\n"))
	r.must(ActorRouter, Tick{})
	r.must("boss", Assign{Contact: c.ID, Agent: "boss"})
	r.must("boss", MoveTo{Contact: c.ID, Queue: "other"})
	r.now = r.now.Add(20 * time.Hour)
	r.must(ActorRouter, Tick{})
	r.must(ActorRouter, Told{Tellings: r.state.OwingIDs(), By: []string{"mail", "webhook"}})
	id := r.reply("boss", c, contact.Ask, c.LastMessage())
	r.deliver(id)
	r.receive(r.mail("m2", "alice", "m1"))
}

// saidStory is of what an external classifier said, or didn't.
func saidStory(r *rig) {
	for i, said := range []policies.Said{{Class: "billing", Language: "de", Confidence: 930, Used: true}, {Trouble: policies.TroubleTimeOut}} {
		m := r.mail(fmt.Sprint("m", i), fmt.Sprint("alice", i))
		m.Class, m.Asked = said.Class, Asked{Said: &said}
		r.receive(m)
	}
}

// personStory is of one person on two channels: proposed, declined, linked by proof
// and by hand, answered together, and taken apart again.
func personStory(r *rig) {
	r.agent("anna", contact.RoleAgent, 100)
	first := r.visit("w1", "visitor")
	r.receive(first)
	mail := r.mail("m1", "alice")
	mail.Hints = []Hint{{Customer: r.whose(first), Evidence: customers.SameName}}
	r.receive(mail)
	asked := r.state.Proposals[r.whose(mail)]
	r.must("anna", DeclineLink{Link: "p", A: r.whose(mail), B: asked[0]})
	post := r.mail("t1", "@alice")
	post.Channel, post.Account = contact.Mastodon, "shop"
	post.Hints = []Hint{{Customer: r.whose(first), Evidence: customers.SignedWeb}}
	r.receive(post)
	link := r.must("anna", Link{A: r.whose(first), B: r.whose(mail), Evidence: customers.ByAgent, Remark: "reason.1", AsOf: r.state.N}).Link
	c := r.state.Contacts[r.state.OpenOf(r.state.Persons[r.whose(mail)].ID)[0]]
	r.must(ActorRouter, ChangeCustomer{Contact: c.ID, Known: customers.Facts{Record: "d1", Version: 2, Value: 7, ValueSource: "import"}, ReplyChannel: contact.Email})
	edges := r.edges()
	r.must("anna", Unlink{Link: link, Edges: edges, Remark: "reason.2", AsOf: r.state.N})
}

func TestGoldenLogs(t *testing.T) {
	t.Parallel()
	if tell := map[string]func(*rig){"log-v1": story, "log-v2": laterStory, "log-v3": liveStory, "log-v4": demandingStory, "log-v5": foreseenStory, "log-v6": tunedStory, "log-v7": askedStory, "log-v8": ladderStory, "log-v9": saidStory, "log-v10": personStory, "log-begun": boundedStory}[*update]; tell != nil {
		r := newRig(t)
		tell(r)
		writeGolden(t, r, *update)
	}
	logs, err := filepath.Glob("testdata/log-*.jsonl")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no golden log: %v", err)
	}
	var everything sync.Map
	for _, path := range logs {
		t.Run(filepath.Base(path), func(t *testing.T) { replayGolden(t, path, &everything) })
	}
	for name := range decoders {
		if _, seen := everything.Load(name); !seen {
			t.Errorf("no golden log has a %s", name)
		}
	}
}

func replayGolden(t *testing.T, path string, everything *sync.Map) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	state := NewState("main")
	seen := map[string]bool{}
	for line := range bytes.Lines(data) {
		c, err := DecodeCommit(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Entries {
			for _, ev := range e.Events {
				seen[EventName(ev)] = true
			}
		}
		if err := state.ApplyCommit(c); err != nil {
			t.Fatal(err)
		}
	}
	if problems := invariants(state); len(problems) > 0 {
		t.Errorf("invariants broken: %v", problems)
	}
	want, err := os.ReadFile(strings.TrimSuffix(path, ".jsonl") + ".totals.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := totalsOf(t, state); !bytes.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for name := range seen {
		everything.Store(name, true)
	}
}

func totalsOf(t *testing.T, s *State) []byte {
	t.Helper()
	data, err := json.MarshalIndent(map[string]any{"n": s.N, "epoch": s.Epoch, "totals": s.Totals, "sources": s.Sources, "channels": s.Channels}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

func writeGolden(t *testing.T, r *rig, name string) {
	t.Helper()
	var b bytes.Buffer
	for _, line := range r.log {
		fmt.Fprintf(&b, "%s\n", line)
	}
	for path, data := range map[string][]byte{"testdata/" + name + ".jsonl": b.Bytes(), "testdata/" + name + ".totals.json": totalsOf(t, r.state)} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
