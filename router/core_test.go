package router

import (
	"slices"
	"testing"
	"time"

	"stagecoach/contact"
)

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
