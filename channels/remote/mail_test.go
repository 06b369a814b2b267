package remote_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/remote"
	"stagecoach/contact"
)

// mailer is an adapter whose provider refuses some recipients, and which keeps
// copies.
type mailer struct {
	*probe
	kept chan string
}

func (m *mailer) SendPartly(ctx context.Context, r *contact.Reply, note func(channels.Refusals) error) (channels.Receipt, error) {
	refused := channels.Refusals{
		Refused: []string{"gone@example.test"}, Deferred: []string{"later@example.test"},
		Why: &channels.Error{Channel: contact.Email, Account: "mine", Op: "send", Reason: channels.Unavailable, Code: "4.2.2", RetryAfter: time.Minute, Err: errors.New("the mailbox is full")},
	}
	if err := note(refused); err != nil {
		return channels.Receipt{}, &channels.Error{Channel: contact.Email, Account: "mine", Op: "send", Reason: channels.Unavailable, Err: err}
	}
	receipt, err := m.Send(ctx, r)
	receipt.Refusals = refused
	return receipt, err
}

// count is how often something was sent.
func (m *mailer) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sent)
}

func (m *mailer) KeepCopy(_ context.Context, r *contact.Reply) error {
	m.kept <- r.ID
	return nil
}

// Whom a mail server refuses is known before the others get the mail, and when
// that can't be recorded nobody gets it.
func TestRefusalsAreKnownFirst(t *testing.T) {
	m := &mailer{probe: newProbe(), kept: make(chan string, 1)}
	of := channels.Adapter{Channel: contact.Email, Account: "mine", Address: "me@example.test", Receiver: m, Sender: m}
	a := account(t, of, gateSecret, nil)
	g := gateOf(t, remote.GateConfig{}, a)
	begin(t, remote.ProcessConfig{URL: g.URL()}, of, nil)
	attached(t, a)
	r := smsReply("r1")
	r.To = []contact.Address{{Address: "a@example.test"}, {Address: "gone@example.test"}, {Address: "later@example.test"}}
	composed(t, a, r)
	r.Only = []int{2}
	partial, ok := a.Channel().Sender.(channels.PartialSender)
	if !ok {
		t.Fatal("it can't send to some only")
	}
	full := errors.New("the disk is full")
	if _, err := partial.SendPartly(t.Context(), r, func(channels.Refusals) error { return full }); err == nil || m.count() != 0 {
		t.Errorf("sent %d times though it could not be recorded (%v)", m.count(), err)
	}
	var noted channels.Refusals
	receipt, err := partial.SendPartly(t.Context(), r, func(known channels.Refusals) error {
		if m.count() != 0 {
			t.Error("it was sent before")
		}
		noted = known
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []channels.Refusals{noted, receipt.Refusals} {
		why, _ := errors.AsType[*channels.Error](got.Why)
		if !slices.Equal(got.Refused, []string{"gone@example.test"}) || !slices.Equal(got.Deferred, []string{"later@example.test"}) || why == nil || why.Code != "4.2.2" || why.RetryAfter != time.Minute {
			t.Errorf("the refusals are %+v", got)
		}
	}
	if sent := m.last(t); !slices.Equal(sent.Only, []int{2}) || len(sent.To) != 3 {
		t.Errorf("sent %+v", sent)
	}
	copier, ok := a.Channel().Sender.(channels.Copier)
	if !ok {
		t.Fatal("it keeps no copies")
	}
	if err := copier.KeepCopy(t.Context(), r); err != nil || <-m.kept != "r1" {
		t.Errorf("the copy: %v", err)
	}
	if id := a.MessageID(r); id != "r1@example.test" {
		t.Errorf("its message id is %q", id)
	}
}
