package router_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/policies"
	"stagecoach/router"
)

// received gives the item keys of the messages that the log has, in its order.
func received(t *testing.T, commits [][]byte) (items []string) {
	t.Helper()
	state := router.NewState("main")
	for _, data := range commits {
		c := router.Fold(state, data, slog.New(slog.DiscardHandler))
		if c == nil {
			continue // written twice: every fold skips it
		}
		for _, entry := range c.Entries {
			for _, ev := range entry.Events {
				if m, is := ev.(router.MessageReceived); is {
					items = append(items, m.ItemKey)
				}
			}
		}
	}
	return items
}

// stormOf gives a sender's messages; the more keys each has, the fewer fit into
// a commit.
func stormOf(n, more int) (envs []router.Envelope, keys []string) {
	for i := range n {
		m := mail(fmt.Sprintf("m%04d", i), "storm")
		for k := range more {
			m.Keys = append(m.Keys, fmt.Sprintf("%032x", i*more+k))
		}
		envs = append(envs, router.Envelope{Actor: router.ActorIntake, Command: m})
		keys = append(keys, m.ItemKey)
	}
	return envs, keys
}

// One sender's messages all join one contact, and share commits.
func TestOneSendersMessagesShareCommits(t *testing.T) {
	t.Parallel()
	model := journaltest.NewModel(nil)
	e := engine(t, "life-1", model.Open(), newOutbox())
	stop := start(t, e)
	envs, keys := stormOf(320, 0)
	for batch := range slices.Chunk(envs, 32) {
		for _, a := range e.DoAll(t.Context(), batch) {
			if a.Err != nil {
				t.Fatal(a.Err)
			}
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	commits := model.Commits()
	if got := received(t, commits); !slices.Equal(got, keys) {
		t.Errorf("the log has %d messages of %d, or not in order", len(got), len(keys))
	}
	// Most often two for a batch: its first, and the rest. A loop that is never
	// ahead of its caller may need a few more.
	if len(commits) > 160 {
		t.Errorf("%d commits for 320 messages in batches of 32", len(commits))
	}
}

// However badly the log does, and wherever the process dies: what is asked
// again until it is answered is in the log once, in order.
func TestBatchesStayInOrderOverABadLog(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			model := journaltest.NewModel(journaltest.Seeded(seed, 4))
			life, crashes := 1, 0
			e := engine(t, "life-1", model.Open(), newOutbox())
			stop := start(t, e)
			envs, keys := stormOf(64, 600)
			for len(envs) > 0 {
				batch := envs[:min(32, len(envs))] // more than a commit holds
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				answers := e.DoAll(ctx, batch)
				cancel()
				done, lost := 0, false
				for _, a := range answers {
					switch {
					case a.Err == nil && lost:
						t.Error("decided although the outcome of one before is not known")
					case a.Err == nil:
						done++
					default:
						lost = true
					}
				}
				envs = envs[done:]
				if model.Crashes() > crashes || ended(e) {
					crashes = model.Crashes()
					_ = stop()
					life++
					e = engine(t, fmt.Sprint("life-", life), model.Open(), newOutbox())
					stop = start(t, e)
				}
			}
			_ = stop()
			if got := received(t, model.Commits()); !slices.Equal(got, keys) {
				t.Errorf("the log has %d messages of %d, or not in order", len(got), len(keys))
			}
		})
	}
}

func ended(e *router.Engine) bool {
	select {
	case <-e.Ended():
		return true
	default:
		return false
	}
}

// stormOffice is a journal, an engine and an intake over one folder, until it
// dies. Intake goes on only while somebody reads from taken.
type stormOffice struct {
	journal *journal.Journal
	log     *journal.Log
	stop    func()
	taken   chan int
}

// nothing is a ledger that knows nothing: the router has it all in memory.
type nothing struct{}

func (nothing) Known(context.Context, []string) (uint64, map[string]router.Found, error) {
	return 1 << 40, nil, nil
}

// TestKilledAmidAStorm: the process ends again and again while a storm is taken
// in, with commands under way whose commits may or may not be written. Each
// message is in the log once, in order, and so is what others wrote.
func TestKilledAmidAStorm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := openStorm(t, dir)
	const n, others = 300, 5
	var want []string
	put := func(sender, id string) {
		if _, _, err := o.journal.PutInbound(t.Context(), &channels.Inbound{
			Kind: channels.Fresh, Channel: contact.Email, Account: "support", Source: "email/support/INBOX", Position: id,
			ProviderID: id, Sender: sender, ReceivedAt: time.Now().UTC(), Format: "rfc822", Raw: []byte(id),
		}); err != nil {
			t.Fatal(err)
		}
	}
	keys := stormKeys()
	for i := range n {
		id := fmt.Sprintf("storm%04d", i)
		put("machine@storm.test", id)
		want = append(want, keys.Of("item", "email", "support", id))
	}
	for i := range others {
		put(fmt.Sprintf("other%d@cust.test", i), fmt.Sprint("other", i))
	}
	for _, kill := range []int{30, 60, 90} { // messages of a life
		deadline := time.After(60 * time.Second)
		for taken := 0; taken < kill; {
			select {
			case n := <-o.taken:
				taken += n
			case <-deadline:
				t.Fatal("in vain waited for the storm")
			}
		}
		o.stop()
		o = openStorm(t, dir)
	}
	o.finish(t)
	var commits [][]byte
	if _, err := o.log.Replay(t.Context(), 0, func(_ uint64, data []byte) error {
		commits = append(commits, slices.Clone(data))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	o.stop()
	got := received(t, commits)
	if len(got) != n+others {
		t.Errorf("%d messages are in the log, want %d", len(got), n+others)
	}
	got = slices.DeleteFunc(got, func(key string) bool { return !slices.Contains(want, key) })
	if !slices.Equal(got, want) {
		t.Errorf("%d of the storm's %d messages are in the log, or not in order", len(got), n)
	}
}

// finish lets intake go on until nothing is pending.
func (o *stormOffice) finish(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(60 * time.Second)
	for {
		if p, err := o.journal.InboxPending(t.Context()); err == nil && p == 0 {
			return
		}
		select {
		case <-o.taken:
		case <-tick.C:
		case <-deadline:
			t.Fatal("in vain waited for the storm's end")
		}
	}
}

func stormKeys() router.Keys {
	return router.NewKeys([]byte("0123456789abcdef0123456789abcdef"), []byte("0123456789abcdef0123456789abcdef"))
}

func openStorm(t *testing.T, dir string) *stormOffice {
	t.Helper()
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Unsynced: true, Shards: 2}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	o := &stormOffice{journal: j, log: j.Log(), taken: make(chan int)}
	e := engine(t, fmt.Sprint("life-", time.Now().UnixNano()), o.log, newOutbox())
	in := router.NewIntake(router.IntakeConfig{
		Keys: stormKeys(), Policy: func() *policies.Set { return set },
		Parse: func(_ string, in *channels.Inbound) (*contact.Message, error) {
			return &contact.Message{MessageID: in.ProviderID, From: contact.Address{Address: in.Sender}, Subject: strings.Repeat("x", 20)}, nil
		},
		Account: func(contact.Channel, string) router.AccountFacts { return router.AccountFacts{} },
	}, e, nothing{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	beside.Go(func() {
		if err := e.Run(ctx); err != nil {
			t.Errorf("the engine ended: %v", err)
		}
	})
	beside.Go(func() {
		err := j.ConsumeInbox(ctx, func(ctx context.Context, items []router.Stored) []error {
			failed := in.Handle(ctx, items)
			select {
			case o.taken <- len(items):
			case <-ctx.Done(): // dead between the commit and the acknowledgement
				return slices.Repeat([]error{ctx.Err()}, len(items))
			}
			return failed
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("intake ended: %v", err)
		}
	})
	o.stop = func() {
		cancel()
		beside.Wait()
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
	return o
}

// A message that no commit can hold takes those decided before it in the same
// commit with it, and so none behind it may be decided either.
func TestWhatNoCommitHoldsKeepsTheOrder(t *testing.T) {
	t.Parallel()
	for try := range 12 {
		model := journaltest.NewModel(nil)
		e := engine(t, "life-1", model.Open(), newOutbox())
		stop := start(t, e)
		envs, keys := stormOf(8, 0)
		huge := mail("huge", "storm")
		for k := range 30_000 {
			huge.Keys = append(huge.Keys, fmt.Sprintf("%032x", k))
		}
		envs[4].Command = huge
		e.DoAll(t.Context(), envs)
		_ = stop()
		got := received(t, model.Commits())
		want := slices.Delete(slices.Clone(keys), 4, 5)
		if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("try %d: the log has %d messages, and not the first ones", try, len(got))
		}
	}
}
