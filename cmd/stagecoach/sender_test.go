package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

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
}

const theReply = "0199c0de-0000-7000-8000-000000000001"

// Enqueue implements router.Outbox: the test has the item already.
func (o *sendingOffice) Enqueue(context.Context, router.Reply) error { return nil }

func startSending(t *testing.T) *sendingOffice {
	t.Helper()
	o := &sendingOffice{item: journal.OutboxItem{Reply: theReply, Channel: string(contact.Email), Account: "support"}}
	quiet := slog.New(slog.DiscardHandler)
	var err error
	o.provider, err = emailfake.Start(emailfake.Config{Users: map[string]string{"support@acme.test": "pw", "alice@cust.test": "pw"}})
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
	j := journaltest.Open(t)
	engine := router.NewEngine(router.Config{
		Office: "main", Life: "life", Now: time.Now, Rules: func() router.Rules { return router.RulesOf(set) },
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
	o.queueReply(t)
	return o
}

// queueReply stores a reply and has an agent send it.
func (o *sendingOffice) queueReply(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	words, err := json.Marshal(contact.Reply{
		ID: theReply, Kind: contact.Outbound, Channel: contact.Email, Account: "support", CreatedAt: time.Now(),
		To: []contact.Address{{Address: "alice@cust.test"}}, Subject: "Hello", Text: "It is here.",
	})
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
