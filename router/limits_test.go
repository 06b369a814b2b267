package router

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
)

// largest gives the size of the largest commit so far, in bytes.
func (r *rig) largest() int {
	most := 0
	for _, data := range r.log {
		most = max(most, len(data))
	}
	return most
}

// fits fails when a commit would not be taken by the log.
func (r *rig) fits() {
	r.t.Helper()
	if n := r.largest(); n > maxCommit {
		r.t.Fatalf("one command was decided to a commit of %d bytes, %d are allowed", n, maxCommit)
	}
}

// settle ticks until nothing is due any more.
func (r *rig) settle() {
	r.t.Helper()
	for range 1000 {
		at, ok := r.state.NextWake(r.rules.Timing().Digest)
		if !ok || at.After(r.now) {
			return
		}
		r.must(ActorRouter, Tick{})
	}
	r.t.Fatal("something is always due")
}

// A night's mails are due at the same instant, and all at risk at another.
func TestManyPromisesDueAtOnceAreTakenInSteps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const many = 6000 / raceFactor
	r.receive(r.mail("first", "first"))
	for i := 1; i < many; i++ {
		r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("sender", i)))
	}
	for id := range r.state.Contacts {
		r.now = r.state.Contacts[id].Due
	}
	r.log = nil
	r.must(ActorRouter, Begin{Life: "life-2"})
	r.settle()
	r.fits()
	if n := r.state.Totals.Breached; n != many {
		t.Errorf("%d of %d contacts are recorded as late", n, many)
	}
}

// Everybody comes back to a queue that has grown: it is offered in steps.
func TestManyOffersAreMadeInSteps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const many = 2000 / raceFactor
	for i := range 50 {
		r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: fmt.Sprint("agent-", i), Role: contact.RoleAgent, Capacity: 800}})
		r.must(fmt.Sprint("agent-", i), SetPresence{Agent: fmt.Sprint("agent-", i), Presence: contact.Available})
	}
	for i := range many {
		r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("sender", i)))
	}
	if len(r.state.Offers) != many {
		t.Fatalf("%d offers", len(r.state.Offers))
	}
	r.now = r.now.Add(time.Minute) // all have run out, while no router was there
	r.log = nil
	r.must(ActorRouter, Begin{Life: "life-2"})
	r.settle()
	r.fits()
	r.now = r.now.Add(31 * time.Second)
	r.settle()
	r.fits()
	if problems := invariants(r.state); len(problems) > 0 {
		t.Fatal(problems[0])
	}
}

// A mail to very many people is one event, however many they are.
func TestManyRecipientsFitInACommit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	m := r.mail("m1", "alice")
	for i := range 20_000 {
		m.Participants = append(m.Participants, fmt.Sprintf("%032x", i))
	}
	c := r.receive(m)
	r.fits()
	if n := len(r.state.Conversations[c.Conversation].Participants); n != maxParticipants {
		t.Errorf("%d take part", n)
	}
	r.check()
}

func TestDisposingOfTooManyIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.refused(RefusedInvalid, "anna", Dispose{Contacts: strings.Split(strings.Repeat("x,", 2000), ","), Disposition: contact.Spam})
}

// Everybody's network fails at once while an append is on its way: what is
// being built does not outgrow what the log takes.
func TestManyLeaveAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const many = 3000 / raceFactor
	for i := range many {
		r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: fmt.Sprint("agent-", i), Role: contact.RoleAgent, Capacity: 60}})
		r.state.Agents[fmt.Sprint("agent-", i)].Presence = contact.Available
	}
	cfg := Config{Now: func() time.Time { return r.now }, Rules: func() Rules { return r.rules }, Heartbeat: time.Second}
	e := NewEngine(cfg, nil, nil, nil, slog.New(slog.DiscardHandler))
	loop := &term{Engine: e, state: r.state, clock: newClock(r.now, r.now)}
	for range 100 {
		loop.lookAround()
	}
	if n := loop.building.encoded.Len(); n > maxEncoded || loop.broken != nil {
		t.Errorf("the commit has %d bytes: %v", n, loop.broken)
	}
}

// A command that can't be written is refused, and the state without it is made
// anew of the log.
func TestCommandTooLargeForTheLog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	m := r.mail("m1", "alice")
	for i := range 30_000 {
		m.Keys = append(m.Keys, fmt.Sprintf("%032x", i))
	}
	e := NewEngine(Config{Now: time.Now, Rules: func() Rules { return r.rules }}, nil, nil, nil, slog.New(slog.DiscardHandler))
	loop := &term{Engine: e, state: r.state, clock: newClock(r.now, r.now)}
	req := &request{env: Envelope{Actor: ActorIntake, Command: *m}, done: make(chan Answer, 1)}
	loop.decide(req)
	if a := <-req.done; a.Err == nil || loop.broken == nil {
		t.Errorf("answered %+v, broken is %v", a, loop.broken)
	}
}

// The clock was ahead and is set back while everybody has offers: they are made
// anew in steps.
func TestClockStepWithManyOffers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const many = 6000 / raceFactor
	for i := range 60 {
		r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: fmt.Sprint("agent-", i), Role: contact.RoleAgent, Capacity: 2000}})
		r.must(fmt.Sprint("agent-", i), SetPresence{Agent: fmt.Sprint("agent-", i), Presence: contact.Available})
	}
	for i := range many {
		r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("sender", i)))
	}
	if len(r.state.Offers) != many {
		t.Fatalf("%d offers", len(r.state.Offers))
	}
	r.log = nil
	from := r.now
	r.now = r.now.Add(-30 * 24 * time.Hour)
	r.must(ActorRouter, StepClock{From: from, To: r.now})
	r.settle()
	r.fits()
	for _, o := range r.state.Offers {
		if o.MadeAt.After(r.now) || o.Expires.Sub(r.now) > time.Hour {
			t.Fatalf("an offer made at %v stands until %v, now is %v", o.MadeAt, o.Expires, r.now)
		}
	}
	if problems := invariants(r.state); len(problems) > 0 {
		t.Fatal(problems[0])
	}
}

// A contact with all the messages that one may list comes back while another of
// its conversation lists as many: the commit that it is put into may be nearly
// closed.
func TestTwoFullContactsOfOneConversation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleSupervisor, 100)
	n := 0
	storm := func(count int, thread string) *Contact {
		var c *Contact
		for range count {
			m := r.mail(fmt.Sprintf("m%d", n), "alice")
			if thread != "" {
				m.Threads = []string{thread}
			}
			m.Ref = fmt.Sprintf("inbox.main.0.%d", 1_000_000_000+n)
			n++
			c = r.receive(m)
		}
		return c
	}
	first := storm(messagesAtMost, "")
	r.must("anna", Assign{Contact: first.ID, Agent: "anna"})
	id := r.reply("anna", first, contact.Answer, first.LastMessage())
	r.deliver(id)
	second := storm(messagesAtMost, "mid:m1")
	dsn := r.mail("dsn", "mailer")
	dsn.Bounce = &BounceFact{Permanent: true, Key: "mid:" + id}
	r.must(ActorIntake, *dsn)
	if most := len(r.log[len(r.log)-1]); most > maxEncoded-maxCommit {
		t.Errorf("the bounce was decided to %d bytes", most)
	}
	for _, c := range []*Contact{first, second} {
		if c = r.state.Contacts[c.ID]; !c.Open() || len(c.Messages) != messagesAtMost {
			t.Errorf("contact %s is %s with %d messages", c.ID, c.State, len(c.Messages))
		}
	}
	r.check()
}
