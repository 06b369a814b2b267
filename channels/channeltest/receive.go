package channeltest

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
)

func needsReceiver(t *testing.T, b *bench) channels.Adapter {
	t.Helper()
	a := b.adapter(t)
	if a.Receiver == nil || b.h.Put == nil {
		t.Skip("the channel receives nothing")
	}
	return a
}

func checkDelivers(t *testing.T, b *bench) {
	a := needsReceiver(t, b)
	if !b.h.Pushes {
		b.h.Put(t, "older than the connection")
	}
	b.receive(t, a)
	const n = 30
	for i := range n {
		b.h.Put(t, fmt.Sprintf("item no%03d.", i))
	}
	b.src.UntilStored(n)
	seen := map[string]bool{}
	for i := range n {
		found := b.find(fmt.Sprintf("item no%03d.", i))
		if len(found) != 1 {
			t.Fatalf("item %d: delivered as %d items, want 1", i, len(found))
		}
		checkItem(t, a, found[0])
		seen[found[0].ProviderID] = true
	}
	if len(seen) != n {
		t.Errorf("%d items have %d provider ids", n, len(seen))
	}
	if old := b.find("older than the connection"); len(old) != 0 && old[0].Kind == channels.Fresh {
		t.Error("what was there before the connection was delivered as fresh")
	}
}

func checkItem(t *testing.T, a channels.Adapter, in *channels.Inbound) {
	t.Helper()
	switch {
	case in.Schema != channels.InboundSchema, in.Channel != a.Channel, in.Account != a.Account:
		t.Errorf("item says schema %d, channel %q, account %q", in.Schema, in.Channel, in.Account)
	case in.Source == "" || in.Position == "" || in.ProviderID == "" || in.Format == "":
		t.Errorf("item lacks source, position, provider id or format: %+v", in)
	case in.Size != int64(len(in.Raw)):
		t.Errorf("item says %d bytes and has %d", in.Size, len(in.Raw))
	case in.ReceivedAt.After(time.Now()) || time.Since(in.ReceivedAt) > time.Hour:
		t.Errorf("item was received at %v", in.ReceivedAt)
	}
	m, err := a.Parser.Parse(in)
	if err != nil || m == nil || m.ReceivedAt != in.ReceivedAt {
		t.Errorf("Parse gives %v, %v", m, err)
	}
}

func checkNoEarlyMark(t *testing.T, b *bench) {
	a := needsReceiver(t, b)
	b.receive(t, a)
	// What was there before may be read another way than what comes from now on.
	const first, text = "the first of all", "held back by the store"
	b.h.Put(t, first)
	b.src.UntilStored(1)
	b.src.Until("the first to be marked", func() bool { return b.covered(first) || b.h.Marked != nil && b.h.Marked(t, first) })
	release := b.src.Hold()
	defer release()
	b.h.Put(t, text)
	b.src.Until("Deliver to be called", func() bool {
		b.src.mu.Lock()
		defer b.src.mu.Unlock()
		return len(b.src.pending) > 0
	})
	// Nothing tells that nothing happens: look for a while. The source itself
	// fails the test at a bookmark that covers the item.
	for watch := time.After(300 * time.Millisecond); ; {
		if b.h.Marked != nil && b.h.Marked(t, text) {
			t.Fatal("the provider was told before Deliver returned")
		}
		select {
		case <-watch:
			release()
			b.src.UntilStored(2)
			b.src.Until("the bookmark to cover the item", func() bool { return b.covered(text) })
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *bench) covered(text string) bool {
	if b.h.Covers == nil {
		return true
	}
	for _, in := range b.find(text) {
		for _, mark := range b.src.Bookmarks() {
			if mark.Source == in.Source && b.h.Covers(mark, in.Position) {
				return true
			}
		}
	}
	return false
}

// checkOrder checks that what one customer writes is stored in that order, though
// storing takes longer at times.
func checkOrder(t *testing.T, b *bench) {
	a := needsReceiver(t, b)
	if b.h.Shuffles {
		t.Skip("the provider keeps no order")
	}
	stop := b.receive(t, a)
	const n = 40
	var calls atomic.Int64
	b.src.Fail(func(*channels.Inbound) error {
		if k := calls.Add(1); k%3 == 1 { // the first of what is delivered beside each other is the slowest
			<-time.After(time.Duration(10-k%10) * time.Millisecond)
		}
		return nil
	})
	for i := range n {
		if i == n/2 {
			stop() // half of it is caught up
		}
		b.h.Put(t, fmt.Sprintf("item no%03d.", i))
	}
	b.receive(t, b.adapter(t))
	b.src.UntilStored(n)
	last := map[string]int{}
	for at, in := range b.src.Items() {
		for i := range n {
			if !bytes.Contains(in.Raw, fmt.Appendf(nil, "item no%03d.", i)) {
				continue
			}
			if before, there := last[in.Sender]; there && in.Sender != "" && before > i {
				t.Errorf("item %d of one sender is stored behind item %d, as number %d", i, before, at)
			}
			last[in.Sender] = i
		}
	}
	if last[""] > 0 && len(last) == 1 {
		t.Error("no item names its sender: nothing is known of its order")
	}
}

func checkRedelivers(t *testing.T, b *bench) {
	a := needsReceiver(t, b)
	b.receive(t, a)
	b.h.Put(t, "the first of all") // the first time may be another way
	b.src.UntilStored(1)
	refusals := 0
	b.src.Fail(func(in *channels.Inbound) error {
		b.src.mu.Lock()
		defer b.src.mu.Unlock()
		if bytes.Contains(in.Raw, []byte("refused three times")) && refusals < 3 {
			refusals++
			return errors.New("the disk is full")
		}
		return nil
	})
	b.h.Put(t, "before it")
	b.h.Put(t, "refused three times")
	b.h.Put(t, "after it")
	b.src.UntilStored(4)
	for _, text := range []string{"before it", "refused three times", "after it"} {
		if n := len(b.find(text)); n != 1 {
			t.Errorf("%q was stored %d times, want once", text, n)
		}
	}
	if in := b.find("refused three times")[0]; b.src.Asked(in.ProviderID) < 4 {
		t.Errorf("Deliver was called %d times for an item refused three times, want 4 at least", b.src.Asked(in.ProviderID))
	}
}

func checkRestart(t *testing.T, b *bench) {
	stop := b.receive(t, needsReceiver(t, b))
	b.h.Put(t, "before the restart")
	b.src.UntilStored(1)
	stop()
	for i := range 5 {
		b.h.Put(t, fmt.Sprintf("while away no%d.", i))
	}
	b.receive(t, b.adapter(t))
	b.h.Put(t, "after the restart")
	b.src.UntilStored(7)
	for _, text := range []string{"before the restart", "while away no0.", "while away no4.", "after the restart"} {
		if n := len(b.find(text)); n != 1 {
			t.Errorf("%q was stored %d times, want once", text, n)
		}
	}
}

func checkCut(t *testing.T, b *bench) {
	if b.h.Cut == nil {
		t.Skip("links can't be cut here")
	}
	b.receive(t, needsReceiver(t, b))
	const n = 20
	for i := range n {
		b.h.Put(t, fmt.Sprintf("item no%03d.", i))
		if i%7 == 3 {
			b.h.Cut(t)
		}
	}
	b.src.UntilStored(n)
	for i := range n {
		if got := len(b.find(fmt.Sprintf("item no%03d.", i))); got != 1 {
			t.Errorf("item %d was stored %d times, want once", i, got)
		}
	}
}

func checkOutage(t *testing.T, b *bench) {
	if b.h.Down == nil {
		t.Skip("the provider can't be stopped here")
	}
	a := needsReceiver(t, b)
	b.receive(t, a)
	b.h.Put(t, "before the outage")
	b.src.UntilStored(1)
	connections := b.src.Connections()
	b.h.Down(t)
	b.h.Up(t)
	b.h.Put(t, "during the outage")
	b.src.UntilStored(2)
	if b.src.Connections() <= connections {
		t.Error("the link stands without having been made again")
	}
}

func checkStops(t *testing.T, b *bench) {
	stop := b.receive(t, needsReceiver(t, b))
	stop() // fails the test after a second

	stop = b.receive(t, b.adapter(t))
	release := b.src.Hold()
	defer release()
	b.h.Put(t, "being stored at the end")
	b.src.Until("Deliver to be called", func() bool {
		b.src.mu.Lock()
		defer b.src.mu.Unlock()
		return len(b.src.pending) > 0
	})
	stop()
}

func checkMalformed(t *testing.T, b *bench) {
	a := needsReceiver(t, b)
	if b.h.PutMalformed == nil {
		t.Skip("the provider passes on nothing malformed")
	}
	b.receive(t, a)
	want := b.h.PutMalformed(t)
	b.h.Put(t, "after the malformed one")
	b.src.UntilStored(2)
	found := b.find(string(want))
	if len(found) != 1 {
		t.Fatalf("the malformed item was stored whole %d times, want once", len(found))
	}
	if m, err := a.Parser.Parse(found[0]); err == nil && (m == nil || m.Warnings == nil) {
		t.Errorf("Parse gives neither an error nor a message with warnings")
	}
}

func checkBadSecret(t *testing.T, b *bench) {
	if b.h.NewBadSecret == nil {
		t.Skip("the channel has no secret")
	}
	a := b.h.NewBadSecret(t, slog.New(slog.NewTextHandler(b.log, nil)))
	check := func(what string, err error) {
		t.Helper()
		var typed *channels.Error
		if !errors.As(err, &typed) || typed.Reason != channels.Auth {
			t.Errorf("%s with a wrong secret gives %v, want reason auth", what, err)
			return
		}
		b.noSecrets(t, what, err.Error())
		b.noSecrets(t, what, fmt.Sprintf("%+v %#v", err, err))
	}
	if a.Receiver != nil {
		check("Receive", a.Receiver.Receive(t.Context(), b.src))
	}
	if a.Checker != nil {
		_, err := a.Checker.Check(t.Context())
		check("Check", err)
	}
	if a.Sender != nil && b.h.Reply != nil {
		_, err := a.Sender.Send(t.Context(), b.composed(t, a, newID(t), "never seen"))
		check("Send", err)
	}
}
