package router

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

// acknowledging gives the rules of a policy that sends receipts.
func acknowledging(t failer, send string) Rules {
	t.Helper()
	set, err := policies.LoadFiles("ack", map[string][]byte{
		"escalation.yaml": []byte("version: 1\nacknowledgement: {send: " + send + "}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return RulesOf(set)
}

// customer is a message of somebody who can be answered.
func (r *rig) customer(id, sender string, threads ...string) *Receive {
	m := r.mail(id, sender, threads...)
	m.Correspondents = []string{"id:" + sender}
	return m
}

// owed gives the receipts that are owed.
func (r *rig) owed() []string {
	out := []string{}
	for id := range r.state.OwedAcknowledgements() {
		out = append(out, id)
	}
	return out
}

// receipts has every owed receipt stored, sent and delivered.
func (r *rig) receipts() (n int) {
	r.t.Helper()
	for _, id := range r.owed() {
		r.must(ActorSender, Acknowledge{Reply: Reply{ID: id, Ref: "reply." + id}, Keys: []string{"mid:" + id}})
		res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
		r.must(ActorSender, Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Delivered: true})
		n++
	}
	return n
}

func TestReceiptNeverStopsTheClock(t *testing.T) {
	r := newRig(t)
	r.rules = acknowledging(t, "first")
	c := r.receive(r.customer("m1", "alice"))
	if len(r.owed()) != 1 {
		t.Fatalf("%d receipts are owed, want 1", len(r.owed()))
	}
	owed := r.state.Owed[r.owed()[0]]
	if !owed.Due.Equal(c.Due) || owed.Contact != c.ID || owed.Message.ID != c.Messages[0].ID {
		t.Errorf("owed is %+v", owed)
	}
	due := c.Due
	if r.receipts() != 1 || len(r.owed()) != 0 {
		t.Fatal("the receipt did not go")
	}
	if c = r.state.Contacts[c.ID]; !c.Open() || !c.Due.Equal(due) || r.state.Conversations[c.Conversation].Answered {
		t.Errorf("after the receipt the contact is %s, due %v", c.State, c.Due)
	}
	// Its bounce reopens nothing and ends nothing.
	bounce := r.mail("dsn", "mailer")
	for id := range r.state.Replies {
		bounce.Bounce = &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + id}
	}
	r.must(ActorIntake, *bounce)
	if c = r.state.Contacts[c.ID]; !c.Open() || r.state.Totals.Open != 1 {
		t.Errorf("after its bounce %d are open", r.state.Totals.Open)
	}
	r.wait(due.Sub(r.now))
	if !r.state.Contacts[c.ID].Breached {
		t.Error("the promise was not missed")
	}
}

func TestWhoGetsAReceipt(t *testing.T) {
	for name, c := range map[string]struct {
		send string
		make func(r *rig) *Receive
		want int
	}{
		"first":              {"first", func(r *rig) *Receive { return r.customer("m", "alice") }, 1},
		"off":                {"never", func(r *rig) *Receive { return r.customer("m", "alice") }, 0},
		"an automatic mail":  {"always", func(r *rig) *Receive { m := r.customer("m", "alice"); m.Auto = contact.AutoReply; return m }, 0},
		"a list":             {"always", func(r *rig) *Receive { m := r.customer("m", "alice"); m.Auto = contact.AutoList; return m }, 0},
		"who asked for none": {"always", func(r *rig) *Receive { m := r.customer("m", "alice"); m.Unanswerable = "asked"; return m }, 0},
		"proposed as spam":   {"always", func(r *rig) *Receive { m := r.customer("m", "alice"); m.Propose = contact.Spam; return m }, 0},
		"nobody":             {"always", func(r *rig) *Receive { m := r.customer("m", "alice"); m.Correspondents = nil; return m }, 0},
		"history":            {"always", func(r *rig) *Receive { m := r.customer("m", "alice"); m.Kind = KindHistory; return m }, 0},
		"what came a day ago": {"always", func(r *rig) *Receive {
			m := r.customer("m", "alice")
			m.ReceivedAt = r.now.Add(-24 * time.Hour)
			return m
		}, 0},
		"what is in conversation": {"always", func(r *rig) *Receive { r.receive(r.mail("m0", "alice")); return r.customer("m", "alice", "m0") }, 0},
	} {
		r := newRig(t)
		r.rules = acknowledging(t, c.send)
		m := c.make(r)
		r.must(ActorIntake, *m)
		if got := len(r.owed()); got != c.want {
			t.Errorf("%s: %d receipts, want %d", name, got, c.want)
		}
	}
}

func TestOneReceiptInAnHour(t *testing.T) {
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.rules = acknowledging(t, "always")
	sent := 0
	for i := range 12 { // a mail every ten minutes for two hours, on something else each
		m := r.customer(fmt.Sprintf("m%d", i), "alice")
		m.Account = fmt.Sprintf("box%d", i) // to every mailbox
		r.must(ActorIntake, *m)
		sent += r.receipts()
		r.wait(10 * time.Minute)
	}
	if sent != 2 {
		t.Errorf("%d receipts in two hours, want 2", sent)
	}
}

func TestReceiptComesTooLate(t *testing.T) {
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.rules = acknowledging(t, "first")
	c := r.receive(r.customer("m1", "alice"))
	id := r.owed()[0]
	r.reply("anna", c, contact.Answer, c.LastMessage())
	r.refused(RefusedNotAllowed, "anna", Acknowledge{Reply: Reply{ID: id}})
	r.must(ActorSender, Acknowledge{Reply: Reply{ID: id, Ref: "reply." + id}})
	if r.state.Replies[id] != nil || len(r.owed()) != 0 {
		t.Error("a receipt goes out although a person has answered")
	}
	if res := r.must(ActorSender, Acknowledge{Reply: Reply{ID: id}}); !res.Known {
		t.Errorf("asked again it is %+v", res)
	}
}

// TestDuelEnds has a robot that answers each mail of ours at once, without any
// mark of a machine, on new matters and to all mailboxes, for a week.
func TestDuelEnds(t *testing.T) {
	for _, how := range []struct {
		name     string
		thread   bool
		every    time.Duration
		sender   func(i int) string
		domain   bool
		atMost   int
		proposed bool
	}{
		{name: "threads its answers", thread: true, every: 0, atMost: 3, proposed: false},
		{name: "begins anew", every: 61 * time.Minute, atMost: 3, proposed: true},
		{name: "many addresses of one domain", every: time.Minute, domain: true, sender: func(i int) string { return fmt.Sprintf("robot%d", i) }, atMost: 3, proposed: true},
	} {
		r := newRig(t)
		r.rules = acknowledging(t, "always")
		sent, proposed, messages := 0, 0, 0
		last := ""
		for i := range 20 {
			sender := "robot"
			if how.sender != nil {
				sender = how.sender(i)
			}
			m := r.customer(fmt.Sprintf("m%d", i), sender)
			m.Account = fmt.Sprintf("box%d", i%3)
			if how.thread && last != "" {
				m.Threads = []string{"mid:" + last}
			}
			if how.domain {
				m.Correspondents = append(m.Correspondents, "domain:robots")
			}
			res := r.must(ActorIntake, *m)
			messages++
			if c := r.state.Contacts[res.Contact]; c == nil || !c.Open() {
				t.Fatalf("%s: message %d has no contact", how.name, i)
			} else if c.Proposed == contact.Machine {
				proposed++
			}
			if owed := r.owed(); len(owed) > 0 {
				last = owed[0]
			}
			sent += r.receipts()
			if i < 3 { // it answers at once, and, where it must, comes back when it may get one again
				r.wait(5 * time.Second)
				echo := r.customer(fmt.Sprintf("echo%d", i), sender)
				echo.Account, echo.Correspondents = m.Account, m.Correspondents
				r.must(ActorIntake, *echo)
				messages++
			}
			if how.every > 0 {
				r.wait(how.every)
			}
		}
		if sent > how.atMost {
			t.Errorf("%s: %d automatic mails, want at most %d", how.name, sent, how.atMost)
		}
		if how.proposed && proposed == 0 {
			t.Errorf("%s: nothing was proposed as a machine's", how.name)
		}
		var in uint64
		for _, s := range r.state.Sources {
			in += s.Messages
		}
		if int(in) != messages {
			t.Errorf("%s: %d messages are known of %d", how.name, in, messages)
		}
	}
}

func TestPersonWhoWritesALotIsNoMachine(t *testing.T) {
	r := newRig(t)
	r.rules = acknowledging(t, "always")
	for i := range 10 { // every two hours on something new, after having read the receipt
		res := r.must(ActorIntake, *r.customer(fmt.Sprintf("m%d", i), "alice"))
		if c := r.state.Contacts[res.Contact]; c.Proposed != "" {
			t.Fatalf("message %d is proposed as %s by %s", i, c.Proposed, c.Rule)
		}
		r.receipts()
		r.wait(2 * time.Hour)
	}
}

func TestMachineMailsAreHeaped(t *testing.T) {
	r := newRig(t)
	opened := map[string]bool{}
	for i := range 60 {
		m := r.customer(fmt.Sprintf("m%d", i), "monitor")
		m.Auto, m.Propose = contact.AutoReply, contact.Machine
		opened[r.must(ActorIntake, *m).Contact] = true
		r.wait(10 * time.Minute) // no burst
	}
	if len(opened) != machineContacts {
		t.Errorf("60 mails of a machine opened %d contacts, want %d", len(opened), machineContacts)
	}
	var in uint64
	for _, s := range r.state.Sources {
		in += s.Messages
	}
	if in != 60 {
		t.Errorf("%d messages are known of 60", in)
	}
}

// A receipt is queued, and its provider can't be reached for a while: what comes
// after that is no receipt any more.
func TestQueuedReceiptComesTooLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		late func(r *rig, c *Contact)
		want string
	}{
		"in time":              {func(*rig, *Contact) {}, ""},
		"after ten minutes":    {func(r *rig, _ *Contact) { r.wait(10 * time.Minute) }, ""},
		"answered":             {func(r *rig, c *Contact) { r.deliver(r.reply("anna", c, contact.Answer, c.LastMessage())) }, "answered"},
		"an answer on its way": {func(r *rig, c *Contact) { r.reply("anna", c, contact.Answer, c.LastMessage()) }, "answered"},
		"closed": {func(r *rig, c *Contact) {
			r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.NoReplyNeeded})
		}, "answered"},
		"after hours":         {func(r *rig, _ *Contact) { r.wait(receiptLife + time.Second) }, "late"},
		"after the time told": {func(r *rig, c *Contact) { r.now = c.Due.Add(time.Second) }, "late"},
		"after a restart":     {func(r *rig, _ *Contact) { r.must(ActorRouter, Begin{Life: "life-2"}) }, ""},
	} {
		r := newRig(t)
		r.agent("anna", contact.RoleSupervisor, 100)
		r.rules = acknowledging(t, "first")
		opened := r.receive(r.customer("m1", "alice"))
		id := r.owed()[0]
		r.must(ActorSender, Acknowledge{Reply: Reply{ID: id, Ref: "reply." + id}})
		c.late(r, opened)
		got := ""
		if res, err := r.do(ActorSender, Attempt{Reply: id, Life: "life-1"}); err != nil || res.Known {
			got = r.state.Replies[id].Reason
		}
		if got != c.want {
			t.Errorf("%s: the receipt is dropped as %q, want %q", name, got, c.want)
		}
		if c.want != "" && (r.state.Replies[id].State != ReplyHasFailed || r.state.Unsent()[id]) {
			t.Errorf("%s: the receipt is %s", name, r.state.Replies[id].State)
		}
		r.check()
	}
}

// Nobody takes a receipt to send, as its account is gone: it ends all the same,
// and no person has to see to it.
func TestReceiptOfAnAccountThatIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = acknowledging(t, "first")
	r.receive(r.customer("m1", "alice"))
	id := r.owed()[0]
	r.must(ActorSender, Acknowledge{Reply: Reply{ID: id, Ref: "reply." + id}})
	r.wait(receiptLife + time.Second)
	r.settle()
	if rep := r.state.Replies[id]; rep.State != ReplyHasFailed || rep.Reason != "late" {
		t.Errorf("the receipt is %s, %q", rep.State, rep.Reason)
	}
	if r.state.Totals.Opened != 1 {
		t.Errorf("%d contacts were opened", r.state.Totals.Opened)
	}
}

// A crash in the middle of sending a receipt: it is neither sent again nor a
// person's to find out about.
func TestReceiptInDoubtIsNoPersonsWork(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(r *rig, id string){
		"restarted":    func(r *rig, _ string) { r.must(ActorRouter, Begin{Life: "life-2"}) },
		"another life": func(r *rig, id string) { r.must(ActorSender, Attempt{Reply: id, Life: "life-2"}) },
		"cut": func(r *rig, id string) {
			r.must(ActorSender, Outcome{Reply: id, Attempt: 1, Life: "life-1", InDoubt: true, Reason: "in_doubt"})
		},
		"without limit": func(r *rig, _ string) { r.wait(50 * time.Hour); r.settle(); r.must(ActorRouter, Begin{Life: "life-2"}) },
	} {
		r := newRig(t)
		r.rules = acknowledging(t, "first")
		r.receive(r.customer("m1", "alice"))
		id := r.owed()[0]
		r.must(ActorSender, Acknowledge{Reply: Reply{ID: id, Ref: "reply." + id}})
		r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
		end(r, id)
		if len(r.state.InDoubt()) != 0 || len(r.state.Unsent()) != 0 || r.state.Replies[id].State != ReplyHasFailed {
			t.Errorf("%s: the receipt is %s", name, r.state.Replies[id].State)
		}
		r.check()
	}
}

// A receipt that could not be written for long isn't written any more.
func TestOwedReceiptComesTooLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = acknowledging(t, "first")
	r.receive(r.customer("m1", "alice"))
	id := r.owed()[0]
	r.wait(latestReceipt + time.Second)
	r.must(ActorSender, Acknowledge{Reply: Reply{ID: id, Ref: "reply." + id}})
	if r.state.Replies[id] != nil || len(r.owed()) != 0 {
		t.Error("the receipt is queued")
	}
}
