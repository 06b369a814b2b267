package journal_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"stagecoach/channels"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

func TestInboundComesBackWhole(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			large := strings.Repeat("A large original. ", 80_000) // 1.4 MB, three chunks
			for _, raw := range []string{"", "small", large} {
				in := mail(fmt.Sprint("id", len(raw)), raw)
				ref, dup, err := j.PutInbound(t.Context(), in)
				ok(t, err)
				if dup {
					t.Error("new, yet called a duplicate")
				}
				if len(raw) > 0 && in.Raw == nil {
					t.Error("the caller's item was changed")
				}
				got, err := j.Inbound(t.Context(), ref)
				ok(t, err)
				if (len(raw) > journal.LargeValue) != (got.RawObject != "") {
					t.Errorf("%d bytes lie in object %q", len(raw), got.RawObject)
				}
				got.RawObject = ""
				if len(raw) == 0 {
					got.Raw = in.Raw
				}
				if !reflect.DeepEqual(got, in) {
					t.Errorf("%d bytes: what came back differs", len(raw))
				}
			}
		})
	}
}

func TestInboundIsKnownAgain(t *testing.T) {
	dir := t.TempDir()
	cfg := journal.Config{Dir: dir, Unsynced: true}
	j := journaltest.OpenAt(t, cfg)
	first, _, err := j.PutInbound(t.Context(), mail("m1", "hello"))
	ok(t, err)
	other := mail("m1", "hello")
	other.Account = "sales"
	if ref, dup, err := j.PutInbound(t.Context(), other); dup || ref == first || err != nil {
		t.Errorf("the same id at another account: %q %v %v", ref, dup, err)
	}
	// A mailbox may hold the same mail twice: both were seen there.
	other = mail("m1", "hello")
	other.Position = "1:another"
	if ref, dup, err := j.PutInbound(t.Context(), other); dup || ref == first || err != nil {
		t.Errorf("the same id at another place: %q %v %v", ref, dup, err)
	}
	for range 2 {
		if ref, dup, err := j.PutInbound(t.Context(), mail("m1", "hello")); !dup || ref != first || err != nil {
			t.Errorf("again: %q %v %v, want %q and a duplicate", ref, dup, err, first)
		}
		j = reopen(t, j, cfg)
	}
}

func TestInboundThatIsNotThere(t *testing.T) {
	j := journaltest.Open(t)
	for _, ref := range []string{"", "inbox", "inbox.0", "inbox.0.0", "inbox.0.1", "inbox.99.1", "inbox.-1.1", "inbox.0.x", "reply.0.1"} {
		_, err := j.Inbound(t.Context(), ref)
		wantErr(t, err, journal.ErrNotFound)
	}
}

func TestOneSendersItemsComeInOrder(t *testing.T) {
	j := journaltest.Open(t)
	const n, senders = 20, 5
	for i := range n * senders {
		in := mail(fmt.Sprint("m", i), "x")
		in.Sender = fmt.Sprintf("anna%d@example.org", i%senders)
		_, _, err := j.PutInbound(t.Context(), in)
		ok(t, err)
	}
	c, last, mu := newCollector(), map[string]string{}, sync.Mutex{}
	stop := running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, oneByOne(func(_ context.Context, _ string, in *channels.Inbound) error {
			mu.Lock()
			defer mu.Unlock()
			if before := last[in.Sender]; len(in.ProviderID) < len(before) || len(in.ProviderID) == len(before) && in.ProviderID < before {
				t.Errorf("%s of %s came after %s", in.ProviderID, in.Sender, before)
			}
			last[in.Sender] = in.ProviderID
			c.add(in.ProviderID)
			return nil
		}))
	})
	c.await(t, "all items", func(seen map[string]int) bool { return len(seen) == n*senders })
	stop()
}

// collector counts what a consumer handed over.
type collector struct {
	mu   sync.Mutex
	seen map[string]int
	more chan struct{}
}

func newCollector() *collector {
	return &collector{seen: map[string]int{}, more: make(chan struct{}, 10_000)}
}

func (c *collector) add(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[key]++
	c.more <- struct{}{}
	return c.seen[key]
}

func (c *collector) await(t *testing.T, what string, done func(seen map[string]int) bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		c.mu.Lock()
		finished := done(c.seen)
		c.mu.Unlock()
		if finished {
			return
		}
		select {
		case <-c.more:
		case <-deadline:
			t.Fatalf("in vain waited for: %s; seen %v", what, c.seen)
		}
	}
}

func TestIntakeGetsEverythingOnceItSaysSo(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			const n = 60
			for i := range n {
				_, _, err := j.PutInbound(t.Context(), mail(fmt.Sprint("m", i), "x"))
				ok(t, err)
			}
			if p, err := j.InboxPending(t.Context()); p != n || err != nil {
				t.Errorf("%d pending, %v; want %d", p, err, n)
			}
			c := newCollector()
			stop := running(t, func(ctx context.Context) error {
				return j.ConsumeInbox(ctx, oneByOne(func(_ context.Context, ref string, in *channels.Inbound) error {
					if k := c.add(in.ProviderID); k == 1 && (in.ProviderID == "m3" || in.ProviderID == "m7") {
						return errors.New("not now")
					}
					return nil
				}))
			})
			c.await(t, "each item, and the two failed ones again", func(seen map[string]int) bool {
				return len(seen) == n && seen["m3"] == 2 && seen["m7"] == 2
			})
			soon(t, "nothing pending", func() bool { p, err := j.InboxPending(t.Context()); return p == 0 && err == nil })
			stop()
			for id, k := range c.seen {
				if want := map[string]int{"m3": 2, "m7": 2}[id]; k != max(1, want) {
					t.Errorf("item %q came %d times", id, k)
				}
			}
		})
	}
}

// What was handed out and not finished when the process ended comes again at
// once after a restart, not after the engine's time-out.
func TestIntakeResumesAtOnceAfterARestart(t *testing.T) {
	dir := t.TempDir()
	cfg := journal.Config{Dir: dir, Unsynced: true, Shards: 1}
	j := journaltest.OpenAt(t, cfg)
	for i := range 5 {
		_, _, err := j.PutInbound(t.Context(), mail(fmt.Sprint("m", i), "x"))
		ok(t, err)
	}
	c := newCollector()
	stop := running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, oneByOne(func(ctx context.Context, _ string, in *channels.Inbound) error {
			c.add(in.ProviderID)
			if in.ProviderID != "m2" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}))
	})
	c.await(t, "the item that hangs", func(seen map[string]int) bool { return seen["m2"] == 1 })
	stop()
	j = reopen(t, j, cfg)
	again := newCollector()
	began := time.Now()
	running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, oneByOne(func(_ context.Context, _ string, in *channels.Inbound) error {
			again.add(in.ProviderID)
			return nil
		}))
	})
	again.await(t, "the rest", func(seen map[string]int) bool { return seen["m2"] > 0 && seen["m3"] > 0 && seen["m4"] > 0 })
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("the rest came after %s", d)
	}
	if again.seen["m0"] > 0 {
		t.Error("a finished item came again")
	}
}

func TestIntakeGetsTheUndecodableToo(t *testing.T) {
	j := journaltest.Open(t)
	js, err := jetstream.New(j.Conn())
	ok(t, err)
	for _, data := range []string{"not json", `{"schema":99,"provider_id":"later"}`} {
		_, err = js.Publish(t.Context(), "inbox.main.0.support", []byte(data))
		ok(t, err)
	}
	got := make(chan *channels.Inbound, 2)
	running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, oneByOne(func(_ context.Context, _ string, in *channels.Inbound) error {
			got <- in
			return nil
		}))
	})
	for _, want := range []string{"not json", `{"schema":99,"provider_id":"later"}`} {
		if in := <-got; in.Format != journal.FormatUndecodable || string(in.Raw) != want {
			t.Errorf("got %q %q, want %q", in.Format, in.Raw, want)
		}
	}
}

func TestErasedInboundLeavesNoBytes(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, store := open(t)
			small := "words-of-the-small-mail-4711-aa" // a multiple of 3 less 2: base64 keeps all but its end
			large := strings.Repeat("words-of-the-large-mail-4711-bb;", 30_000)
			markers := [][]byte{
				[]byte(base64.StdEncoding.EncodeToString([]byte(small))[:36]),
				[]byte("words-of-the-large-mail-4711-bb"), []byte("1:position-a"), []byte("1:position-b"),
			}
			var refs []string
			for id, raw := range map[string]string{"position-a": small, "position-b": large} {
				for i := range 3 { // neighbours that stay
					_, _, err := j.PutInbound(t.Context(), mail(fmt.Sprint("n", id, i), "neighbour"))
					ok(t, err)
				}
				ref, _, err := j.PutInbound(t.Context(), mail(id, raw))
				ok(t, err)
				refs = append(refs, ref)
			}
			for _, m := range markers {
				if holds(t, store, m) == "" {
					t.Fatalf("marker %q isn't on disk before: the test proves nothing", m)
				}
			}
			for _, ref := range refs {
				ok(t, j.Erase(t.Context(), ref))
				_, err := j.Inbound(t.Context(), ref)
				wantErr(t, err, journal.ErrErased)
				ok(t, j.Erase(t.Context(), ref))
			}
			for _, m := range markers {
				if f := holds(t, store, m); f != "" {
					t.Errorf("after erasing, %q is still in %s", m, f)
				}
			}
			if p, err := j.InboxPending(t.Context()); p != 6 || err != nil {
				t.Errorf("%d pending, %v; want the 6 neighbours", p, err)
			}
		})
	}
}
