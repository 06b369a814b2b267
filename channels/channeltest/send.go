package channeltest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"stagecoach/channels"
	"stagecoach/contact"
)

func newID(t *testing.T) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

func needsSender(t *testing.T, b *bench) channels.Adapter {
	t.Helper()
	a := b.adapter(t)
	if a.Sender == nil || b.h.Reply == nil {
		t.Skip("the channel sends nothing")
	}
	return a
}

// composed gives a reply as the daemon hands it to Send.
func (b *bench) composed(t *testing.T, a channels.Adapter, id, text string) *contact.Reply {
	t.Helper()
	r := b.h.Reply(id, text)
	if a.Composer == nil {
		return r
	}
	raw, err := a.Composer.Compose(r)
	if err != nil {
		t.Fatalf("Compose: %v", err)
	}
	r.Raw = raw
	return r
}

func checkSend(t *testing.T, b *bench) {
	a := needsSender(t, b)
	const text = "the answer is 42"
	receipt, err := a.Sender.Send(t.Context(), b.composed(t, a, newID(t), text))
	if err != nil {
		t.Fatal(err)
	}
	if receipt.ProviderID == "" || receipt.At.IsZero() || len(receipt.Refused) != 0 {
		t.Errorf("receipt is %+v", receipt)
	}
	if n := b.h.Received(t, text); n != 1 {
		t.Errorf("the customer got it %d times, want once", n)
	}
}

func checkTwice(t *testing.T, b *bench) {
	a := needsSender(t, b)
	const text = "sent by a double click"
	r := b.composed(t, a, newID(t), text)
	type outcome struct {
		receipt channels.Receipt
		err     error
	}
	out := make(chan outcome, 2)
	for range 2 {
		go func() {
			receipt, err := a.Sender.Send(t.Context(), r)
			out <- outcome{receipt, err}
		}()
	}
	first, second := <-out, <-out
	if err := errors.Join(first.err, second.err); err != nil && channels.ReasonOf(err) != channels.InDoubt {
		t.Errorf("sending the same reply twice gives %v", err)
	}
	if first.err == nil && second.err == nil && first.receipt.ProviderID != second.receipt.ProviderID {
		t.Errorf("one reply has two receipts: %+v and %+v", first.receipt, second.receipt)
	}
	if _, err := a.Sender.Send(t.Context(), r); err != nil {
		t.Errorf("sending it a third time gives %v", err)
	}
	if n := b.h.Received(t, text); n != 1 {
		t.Errorf("the customer got it %d times, want once", n)
	}
	if !b.h.OnceAcrossRestarts {
		return
	}
	_, err := b.adapter(t).Sender.Send(t.Context(), r)
	if n := b.h.Received(t, text); n != 1 {
		t.Errorf("after a restart the customer got it %d times, want once (%v)", n, err)
	}
}

func checkCompose(t *testing.T, b *bench) {
	a := needsSender(t, b)
	if a.Composer == nil {
		t.Skip("the channel composes nothing")
	}
	id := newID(t)
	first := b.composed(t, a, id, "the same words").Raw
	again := b.composed(t, b.adapter(t), id, "the same words").Raw
	if !bytes.Equal(first, again) {
		t.Errorf("the same reply gives other bytes:\n%s\n---\n%s", first, again)
	}
	if other := b.composed(t, a, newID(t), "the same words").Raw; bytes.Equal(first, other) {
		t.Error("another reply gives the same bytes")
	}
}

func checkFailures(t *testing.T, b *bench) {
	a := needsSender(t, b)
	for _, f := range b.h.Failures {
		t.Run(f.Name, func(t *testing.T) {
			f.Set(t)
			text := "refused: " + f.Name
			r := b.composed(t, a, newID(t), text)
			receipt, err := a.Sender.Send(t.Context(), r)
			f.Clear(t)
			var typed *channels.Error
			if !errors.As(err, &typed) {
				t.Fatalf("Send gives %+v, %v, want a *channels.Error", receipt, err)
			}
			if typed.Reason != f.Want || typed.Channel != a.Channel || typed.Account != a.Account || typed.Op == "" {
				t.Errorf("Send gives %#v (%v), want reason %s", typed, err, f.Want)
			}
			if f.WantWait > 0 && (typed.RetryAfter <= 0 || typed.RetryAfter < f.WantWait-5*time.Second || typed.RetryAfter > f.WantWait+5*time.Second) {
				t.Errorf("Send wants to be tried again after %v, the provider after %v", typed.RetryAfter, f.WantWait)
			}
			b.noSecrets(t, "the error", err.Error())
			if n := b.h.Received(t, text); n > 0 && !f.WantSent {
				t.Errorf("the customer got it %d times, want never", n)
			}
			if f.Want == channels.InDoubt {
				return
			}
			if _, err := a.Sender.Send(t.Context(), r); err != nil {
				t.Errorf("sending again once the provider is well gives %v", err)
			}
		})
	}
}
