package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/router"
)

// broken is an adapter with a fault in it.
type broken struct{ parts []string }

// Send implements channels.Sender.
func (b broken) Send(context.Context, *contact.Reply) (channels.Receipt, error) {
	return channels.Receipt{ProviderID: b.parts[0]}, nil
}

// Delivered implements channels.Resolver.
func (broken) Delivered(context.Context, *contact.Reply) (delivered, known bool, err error) {
	panic("no answer for this")
}

// An adapter that panics while it sends leaves its reply in doubt, and the daemon
// alive.
func TestPanicLeavesDoubt(t *testing.T) {
	t.Parallel()
	o := startSending(t)
	var log strings.Builder
	o.logger = slog.New(slog.NewTextHandler(&log, nil))
	o.adapter.Sender, o.adapter.Resolver = broken{}, broken{}
	if v := o.handle(t.Context(), o.item, 1, nil); v != journal.Done() {
		t.Errorf("the verdict is %+v", v)
	}
	if state := o.state(t); state != router.ReplyIsInDoubt {
		t.Errorf("the reply is %s", state)
	}
	if !o.resolveOne(t.Context(), theReply) {
		t.Error("a look-up that panics is tried for ever")
	}
	if !strings.Contains(log.String(), "an adapter panicked") || !strings.Contains(log.String(), "panic_test.go") {
		t.Errorf("the log doesn't say where: %s", log.String())
	}
}
