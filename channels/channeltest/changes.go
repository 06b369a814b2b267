package channeltest

import (
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/contact"
)

// checkChanges checks that an edit and a withdrawal name the message that they
// change, each once.
func checkChanges(t *testing.T, b *bench) {
	a := needsReceiver(t, b)
	if b.h.Edit == nil && b.h.Withdraw == nil {
		t.Skip("nothing can be changed on this channel")
	}
	stop := b.receive(t, a)
	for _, text := range []string{"to be changed", "to be taken back"} {
		b.h.Put(t, text)
	}
	b.src.UntilStored(2)
	changes := 0
	if b.h.Edit != nil {
		changes++
		b.h.Edit(t, "to be changed", "changed by now")
		m := b.change(t, a, changes, "to be changed")
		if m.Withdrawn || !strings.Contains(m.Text, "changed by now") {
			t.Errorf("the edit is understood as %+v", m)
		}
	}
	if b.h.Withdraw != nil {
		changes++
		b.h.Withdraw(t, "to be taken back")
		if m := b.change(t, a, changes, "to be taken back"); !m.Withdrawn {
			t.Errorf("the withdrawal is understood as %+v", m)
		}
	}
	stop()
	b.receive(t, b.adapter(t))
	b.h.Put(t, "after the restart")
	b.src.Until("the last message", func() bool { return len(b.find("after the restart")) > 0 })
	if n := len(b.src.Items()); n != 3+changes {
		t.Errorf("%d items were delivered, want %d", n, 3+changes)
	}
}

// checkEditBehindKill checks that what a customer changes while nobody is there is
// told, also where the message was stored and the process died before it had told
// the provider and set its bookmark: the message is read again, as it is now.
func checkEditBehindKill(t *testing.T, b *bench) {
	a := needsReceiver(t, b)
	if b.h.Edit == nil {
		t.Skip("nothing can be edited on this channel")
	}
	stop := b.receive(t, a)
	b.h.Put(t, "the first of all")
	b.src.UntilStored(1)
	marks := b.src.Bookmarks()
	b.h.Put(t, "to be changed")
	b.src.UntilStored(2)
	stop()
	b.src.Killed(marks)
	b.h.Edit(t, "to be changed", "changed by now")
	again := b.adapter(t)
	b.receive(t, again)
	m := b.change(t, again, 1, "to be changed")
	if m.Withdrawn || !strings.Contains(m.Text, "changed by now") {
		t.Errorf("the edit is understood as %+v", m)
	}
}

// change waits for the n-th change, and checks that it is one of the message with
// this text.
func (b *bench) change(t *testing.T, a channels.Adapter, n int, of string) *contact.Message {
	t.Helper()
	var changed, original []*contact.Message
	b.src.Until("the change", func() bool {
		changed, original = nil, nil
		for _, in := range b.src.Items() {
			m, err := a.Parser.Parse(in)
			switch {
			case err != nil:
			case in.Kind == channels.Changed:
				changed = append(changed, m)
			case strings.Contains(m.Text, of):
				original = append(original, m)
			}
		}
		return len(changed) >= n
	})
	m := changed[n-1]
	if len(original) != 1 || m.Replaces == "" || m.Replaces != original[0].MessageID || m.MessageID == m.Replaces {
		t.Errorf("the change %q replaces %q, of %d messages %q", m.MessageID, m.Replaces, len(original), of)
	}
	return m
}

// hard is text that is spoilt where bytes, UTF-16 units or code points are taken
// for characters.
const hard = "Grüße, naïve 👩\u200d👩\u200d👧\u200d👦 🇩🇪 e\u0301 नमस्ते 👍🏽 שלום \U0001F9D1\u200d\U0001F680 Ω"

func checkUnicode(t *testing.T, b *bench) {
	if !b.h.Unicode {
		t.Skip("the texts of this harness aren't whole")
	}
	a := b.adapter(t)
	if a.Receiver != nil && b.h.Put != nil {
		b.receive(t, a)
		b.h.Put(t, hard)
		b.src.UntilStored(1)
		if m, err := a.Parser.Parse(b.src.Items()[0]); err != nil || !strings.Contains(m.Text, hard) || !strings.Contains(m.ReplyText, hard) {
			t.Errorf("%q came as %+v, %v", hard, m, err)
		}
	}
	if a.Sender != nil && b.h.Reply != nil {
		if _, err := a.Sender.Send(t.Context(), b.composed(t, a, newID(t), hard)); err != nil {
			t.Fatal(err)
		}
		if n := b.h.Received(t, hard); n != 1 {
			t.Errorf("the customer got %q %d times, want once", hard, n)
		}
	}
}
