package router

import (
	"testing"

	"stagecoach/contact"
)

// forward sends what is said in a conversation to a third person.
func (r *rig) forward(agent, id, conversation string, facts *Conversation) {
	r.t.Helper()
	r.must(agent, Send{
		Reply: Reply{
			ID: id, Kind: contact.Forward, Conversation: conversation, Channel: contact.Email, Account: "support", Ref: "reply." + id,
		},
		Keys: []string{"mid:" + id}, Conversation: facts,
	})
}

func (r *rig) failSending(reply string) {
	r.t.Helper()
	res := r.must(ActorSender, Attempt{Reply: reply, Life: r.state.Life})
	r.must(ActorSender, Outcome{Reply: reply, Attempt: res.Attempt, Life: r.state.Life, Permanent: true, Reason: "rejected", Code: "5.1.1"})
}

// onlyOpen gives the one open contact there is.
func (r *rig) onlyOpen() *Contact {
	r.t.Helper()
	var open *Contact
	for _, c := range r.state.Contacts {
		if c.Open() {
			if open != nil {
				r.t.Fatalf("contacts %s and %s are open", open.ID, c.ID)
			}
			open = c
		}
	}
	if open == nil {
		r.t.Fatal("no contact is open: nobody sees to it")
	}
	return open
}

// What is forwarded from a conversation that has long left memory, and does not
// arrive, is a contact that its author is offered.
func TestForwardFromAFadedConversationFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("bert", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	agent := r.accept(c)
	r.deliver(r.reply(agent, c, contact.Answer, c.LastMessage()))
	facts := *r.state.Conversations[c.Conversation]
	r.fadeAll()
	if r.state.Conversations[facts.ID] != nil {
		t.Fatal("the conversation is still in memory")
	}
	lost := Send{Reply: Reply{ID: "f0", Kind: contact.Forward, Conversation: facts.ID, Channel: contact.Email, Account: "support"}}
	r.refused(RefusedNotFound, "bert", lost)
	r.forward("bert", "f1", facts.ID, &facts)
	r.fadeAll()
	r.failSending("f1")
	got := r.onlyOpen()
	if got.Promise != PromiseFailed || got.Conversation != facts.ID || got.Customer != facts.Customer || got.Prefer != "bert" {
		t.Errorf("it is %+v", got)
	}
	if o := r.offerFor(got); o.Agent != "bert" {
		t.Errorf("it is offered to %s, not to who forwarded it", o.Agent)
	}
	if v := r.state.Conversations[facts.ID]; v.ResolveMissed || !v.ResolveBy.After(r.now) {
		t.Errorf("what was resolved in time is to be resolved by %v, missed %v", v.ResolveBy, v.ResolveMissed)
	}
	r.check()
}

// A forward fails while its conversation is open: its contact stands for it,
// and when that has been answered, somebody still sees to it.
func TestForwardFromAnOpenConversationFails(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"answered", "answered in part", "disposed", "pledged"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.agent("anna", contact.RoleAgent, 100)
			c := r.receive(r.mail("m1", "alice"))
			r.accept(c)
			r.forward("anna", "f1", c.Conversation, nil)
			due := c.Due
			r.failSending("f1")
			if c.Undelivered == nil || c.Undelivered.Reply != "f1" || c.Undelivered.Code != "5.1.1" || !c.Due.Equal(due) {
				t.Fatalf("the contact says %+v, due %v, want due %v", c.Undelivered, c.Due, due)
			}
			first := c.LastMessage()
			switch end {
			case "answered":
				r.deliver(r.reply("anna", c, contact.Answer, first))
			case "answered in part":
				r.receive(r.mail("m2", "alice", "m1"))
				r.deliver(r.reply("anna", c, contact.Answer, first))
				next := r.onlyOpen()
				if next.Undelivered == nil {
					t.Fatal("the next contact does not stand for it")
				}
				r.must("anna", Dispose{Contacts: []string{next.ID}, Disposition: contact.NoReplyNeeded})
			case "disposed":
				r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.NoReplyNeeded})
			case "pledged":
				r.deliver(r.reply("anna", c, contact.Pledge, first))
				next := r.onlyOpen()
				r.deliver(r.reply("anna", next, contact.Answer, ""))
			}
			got := r.onlyOpen()
			if got.Promise != PromiseFailed || got.Prefer != "anna" || got.ID == c.ID {
				t.Errorf("what is open is %+v", got)
			}
			r.must("anna", Dispose{Contacts: []string{got.ID}, Disposition: contact.NoReplyNeeded})
			if r.state.Totals.Open != 0 || r.state.Conversations[c.Conversation].State != ConversationResolved {
				t.Error("it does not end")
			}
			r.check()
		})
	}
}

// Nobody holds the contact of a conversation from which a forward failed: the
// last resort is told, and what is due for it counts.
func TestFailedForwardThatNobodyHoldsAlarms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("lead", contact.RoleSupervisor, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.deliver(r.reply("lead", c, contact.Pledge, c.LastMessage()))
	owed := r.onlyOpen()
	r.must("lead", SetPresence{Agent: "lead", Presence: contact.Offline, HandOver: true})
	r.forward("lead", "f1", c.Conversation, nil)
	r.failSending("f1")
	r.wait(0)
	if !owed.Risky || !r.state.Alarmed()[owed.ID] || !r.state.ToldAt.Equal(r.now) {
		t.Errorf("nobody is told: at risk %v, told at %v", owed.Risky, r.state.ToldAt)
	}
	r.check()
}

// The bounce of a forward, long after, does not reopen what was answered.
func TestBounceOfAFadedForward(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.accept(c)
	r.must("anna", Send{Reply: Reply{
		ID: "f1", Kind: contact.Forward, Conversation: c.Conversation, Contact: c.ID, Channel: contact.Email, Account: "support",
	}, Keys: []string{"mid:f1"}})
	r.deliver("f1")
	r.deliver(r.reply("anna", c, contact.Answer, c.LastMessage()))
	ended, facts, conversation := *c, *r.state.Replies["f1"], *r.state.Conversations[c.Conversation]
	r.fadeAll()
	dsn := r.mail("dsn", "mailer")
	dsn.Bounce = &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:f1"}
	dsn.AsOf = r.state.N
	dsn.Known = map[string]Found{"mid:f1": {
		Kind: KeyReply, Reply: "f1", Contact: c.ID, Conversation: c.Conversation,
		ContactFacts: &ended, ReplyFacts: &facts, ConversationFacts: &conversation,
	}}
	r.must(ActorIntake, *dsn)
	if got := r.onlyOpen(); got.Promise != PromiseFailed || got.ID == c.ID {
		t.Errorf("what is open is %+v", got)
	}
	if r.state.Totals.Replied != 1 {
		t.Errorf("%d contacts count as replied to", r.state.Totals.Replied)
	}
	r.check()
}
