package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/policies"
	"stagecoach/router"
)

// sendingOffice is a sender between a router and a provider, with one reply
// queued, which the test hands to it.
type sendingOffice struct {
	*sender
	provider *emailfake.Server
	item     journal.OutboxItem
	rules    atomic.Pointer[policies.Set]
}

const theReply = "0199c0de-0000-7000-8000-000000000001"

// Enqueue implements router.Outbox: the test has the item already.
func (o *sendingOffice) Enqueue(context.Context, router.Reply) error { return nil }

func startSending(t *testing.T) *sendingOffice {
	t.Helper()
	return startSendingTo(t, []string{"alice@cust.test"})
}

func startSendingTo(t *testing.T, to []string, cc ...string) *sendingOffice {
	t.Helper()
	users := map[string]string{"support@acme.test": "pw"}
	for _, user := range slices.Concat(to, cc) {
		users[user] = "pw"
	}
	o := &sendingOffice{item: journal.OutboxItem{Reply: theReply, Channel: string(contact.Email), Account: "support"}}
	quiet := slog.New(slog.DiscardHandler)
	var err error
	o.provider, err = emailfake.Start(emailfake.Config{Users: users})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.provider.Close() })
	ca := writeFile(t, filepath.Join(t.TempDir(), "ca.pem"), string(o.provider.CertificatePEM()))
	mailbox, err := email.New(email.Config{Account: "support", Address: "support@acme.test", SMTP: email.SMTP{Endpoint: email.Endpoint{
		Host: "127.0.0.1", Port: o.provider.SMTPSPort(), CAFile: ca, Username: "support@acme.test", Password: "pw",
	}}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	o.rules.Store(set)
	j := journaltest.Open(t)
	engine := router.NewEngine(router.Config{
		Office: "main", Life: "life", Now: time.Now, Rules: func() router.Rules { return router.RulesOf(o.rules.Load()) },
	}, j.Log(), nil, o, quiet)
	o.sender = newSender(mailbox.Channel(), engine, j, "life", newFlights(), quiet)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	o.queueReply(t, mailbox, to, cc)
	return o
}

// queueReply stores a reply and has an agent send it.
func (o *sendingOffice) queueReply(t *testing.T, composer channels.Composer, to, cc []string) {
	t.Helper()
	ctx := t.Context()
	addresses := func(list []string) (out []contact.Address) {
		for _, one := range list {
			out = append(out, contact.Address{Address: one})
		}
		return out
	}
	r := contact.Reply{
		ID: theReply, Kind: contact.Outbound, Channel: contact.Email, Account: "support", CreatedAt: time.Now(),
		To: addresses(to), CC: addresses(cc), Subject: "Hello", Text: "It is here.",
	}
	var err error
	if r.Raw, err = composer.Compose(&r); err != nil {
		t.Fatal(err)
	}
	words, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := o.journal.Put(ctx, journal.KindReply, theReply, words)
	if err != nil {
		t.Fatal(err)
	}
	hire := router.SetAgent{Agent: router.AgentProfile{ID: "anna", Role: contact.RoleAgent}}
	if _, err := o.engine.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: hire}); err != nil {
		t.Fatal(err)
	}
	_, err = o.engine.Do(ctx, router.Envelope{Actor: "anna", Command: router.StartOutbound{
		Channel: contact.Email, Account: "support", Identity: "alice",
		Reply: router.Reply{ID: theReply, Kind: contact.Outbound, Channel: contact.Email, Account: "support", Ref: ref},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func (o *sendingOffice) state(t *testing.T) (state router.ReplyState) {
	t.Helper()
	if err := o.engine.View(t.Context(), func(s *router.State) { state = s.Replies[theReply].State }); err != nil {
		t.Fatal(err)
	}
	return state
}

func (o *sendingOffice) delivered(t *testing.T, times int) {
	t.Helper()
	if state := o.state(t); state != router.ReplyIsDelivered {
		t.Errorf("the reply is %s", state)
	}
	if n := len(o.provider.Taken()); n != times {
		t.Errorf("the provider took %d mails, want %d", n, times)
	}
}

// The router grants an attempt, and the answer is lost: the reply is sent all
// the same, once.
func TestAttemptWhoseGrantWasLost(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	_, err := o.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: theReply, Life: o.life}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if v := o.handle(t.Context(), o.item, 1, nil); v != journal.Done() {
			t.Errorf("the verdict is %+v, want done", v)
		}
	}
	o.delivered(t, 1)
}

// An account is swapped while it sends: what it knows by then is recorded.
func TestOutcomeOutlivesItsSender(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	grant, err := o.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: theReply, Life: o.life}})
	if err != nil {
		t.Fatal(err)
	}
	swapped, swap := context.WithCancel(t.Context())
	swap()
	if !o.record(swapped, router.Outcome{Reply: theReply, Attempt: grant.Attempt, Life: o.life, Delivered: true}) {
		t.Error("the outcome was not recorded")
	}
	o.delivered(t, 0)
}

// An outcome that could not be recorded is recorded later, and the reply isn't
// sent again for it; while somebody has the reply in hand, others wait.
func TestOutcomeIsOwed(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	grant, err := o.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: theReply, Life: o.life}})
	if err != nil {
		t.Fatal(err)
	}
	if _, free := o.flights.take(theReply); !free {
		t.Fatal("somebody has the reply")
	}
	if v := o.handle(t.Context(), o.item, 1, nil); v != journal.RetryAfter(time.Second) {
		t.Errorf("the verdict is %+v, want later", v)
	}
	o.flights.leave(theReply, &router.Outcome{Reply: theReply, Attempt: grant.Attempt, Life: o.life, Delivered: true})
	if v := o.handle(t.Context(), o.item, 2, nil); v != journal.Done() {
		t.Errorf("the verdict is %+v, want done", v)
	}
	o.delivered(t, 0)
}

// An account is swapped, or the daemon ends, while the provider takes a reply:
// that is seen to its end.
func TestSendingIsSeenToItsEnd(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	swapped, swap := context.WithCancel(t.Context())
	o.provider.Misbehave(emailfake.Misbehaviour{Recipient: func(string) error {
		swap()
		return nil
	}})
	if v := o.handle(swapped, o.item, 1, nil); v != journal.Done() {
		t.Errorf("the verdict is %+v, want done", v)
	}
	o.delivered(t, 1)
}

// The provider takes a copy and asks the customer's colleague to come later:
// they get it later, alone, and nobody gets it twice, also when the process dies
// in between.
func TestWhoIsDeferredGetsItLater(t *testing.T) {
	t.Parallel()
	for _, crash := range []bool{false, true} {
		o := startSendingTo(t, []string{"alice@cust.test", "carl@cust.test"}, "bob@cust.test", "dora@cust.test")
		var greylisted atomic.Bool
		greylisted.Store(true)
		o.provider.Misbehave(emailfake.Misbehaviour{SaveSent: true, Recipient: func(address string) error {
			switch {
			case greylisted.Load() && (address == "carl@cust.test" || address == "bob@cust.test"):
				return emailfake.Refusal(450, [3]int{4, 7, 1}, "Greylisted, come back later")
			case address == "dora@cust.test":
				return emailfake.Refusal(550, [3]int{5, 1, 1}, "No such user")
			}
			return nil
		}})
		if crash { // it dies after the provider took the reply, before that was recorded
			grant, err := o.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: theReply, Life: o.life}})
			if err != nil {
				t.Fatal(err)
			}
			if out := o.send(t.Context(), theReply, grant.Attempt); !out.Delivered {
				t.Fatalf("the outcome is %+v", out)
			}
			for _, cmd := range []router.Command{router.Attempt{Reply: theReply, Life: "life-2"}, router.Resolve{Reply: theReply, Delivered: true}} {
				if _, err := o.engine.Do(t.Context(), router.Envelope{Actor: router.ActorSender, Command: cmd}); err != nil {
					t.Fatal(err)
				}
			}
		} else if v := o.handle(t.Context(), o.item, 1, nil); v != journal.Done() {
			t.Fatalf("the verdict is %+v", v)
		}
		rest := ""
		_ = o.engine.View(t.Context(), func(st *router.State) {
			for id, r := range st.Replies {
				if r.Kind == contact.Remainder {
					rest = id
				}
			}
		})
		if rest == "" {
			t.Fatal("nobody gets it later")
		}
		greylisted.Store(false)
		grant := o.send(t.Context(), rest, 1)
		if !grant.Delivered {
			t.Fatalf("the rest came to %+v", grant)
		}
		taken := o.provider.Taken()
		if len(taken) != 2 || fmt.Sprint(taken[0].To) != "[alice@cust.test]" || fmt.Sprint(taken[1].To) != "[carl@cust.test bob@cust.test]" {
			t.Fatalf("crash is %v: taken are %v", crash, taken)
		}
		if !bytes.Equal(taken[0].Raw, taken[1].Raw) {
			t.Error("the second is another mail than the first")
		}
	}
}

// An item whose attempt is refused takes nobody's turn.
func TestRefusedAttemptTakesNoTurn(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	pacer := &countingPacer{Sender: o.adapter.Sender}
	o.adapter.Sender = pacer
	if v := o.handle(t.Context(), o.item, 1, nil); v != journal.Done() {
		t.Fatalf("the verdict is %+v", v)
	}
	for range 5 {
		if v := o.handle(t.Context(), o.item, 1, nil); v != journal.Done() {
			t.Fatalf("the verdict is %+v", v)
		}
	}
	if pacer.turns != 1 {
		t.Errorf("%d turns were counted for one mail", pacer.turns)
	}
}

// countingPacer counts the turns that were taken and not given back.
type countingPacer struct {
	channels.Sender
	turns int
}

func (p *countingPacer) Pause(time.Time) time.Duration {
	p.turns++
	return 0
}

func (p *countingPacer) Unused() { p.turns-- }
