package router_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/policies"
	"stagecoach/router"
)

// outbox collects what the engine hands out.
type outbox struct {
	mu   sync.Mutex
	seen map[string]int
	got  chan string
}

func newOutbox() *outbox { return &outbox{seen: map[string]int{}, got: make(chan string, 10_000)} }

func (o *outbox) Enqueue(_ context.Context, r router.Reply) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen[r.ID]++
	o.got <- r.ID
	return nil
}

func rules(tb testing.TB) router.Rules {
	tb.Helper()
	set, err := policies.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return router.RulesOf(set)
}

func engine(tb testing.TB, life string, log router.Log, out router.Outbox) *router.Engine {
	tb.Helper()
	r := rules(tb)
	return router.NewEngine(router.Config{
		Office: "main", Life: life, Now: time.Now, Rules: func() router.Rules { return r },
	}, log, nil, out, slog.New(slog.DiscardHandler))
}

// start runs an engine until stop is called, which gives its error.
func start(tb testing.TB, e *router.Engine) (stop func() error) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func mail(id, sender string) router.Receive {
	return router.Receive{
		Item: router.Item{
			Source: "email/support/INBOX", Channel: contact.Email, Account: "support", Ref: "inbox.0.1",
			ItemKey: "item:" + id, MessageKey: "msg:" + id, Place: id, ReceivedAt: time.Now().UTC(),
		},
		Kind: router.KindFresh, Identity: "id:" + sender, Keys: []string{"mid:" + id},
	}
}

func do(tb testing.TB, e *router.Engine, id, actor string, cmd router.Command) router.Result {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	for {
		res, err := e.Do(ctx, router.Envelope{ID: id, Actor: actor, Command: cmd})
		if err == nil {
			return res
		}
		var refusal *router.Refusal
		if errors.As(err, &refusal) || ctx.Err() != nil {
			tb.Fatalf("%s: %v", router.CommandName(cmd), err)
		}
	}
}

func staff(tb testing.TB, e *router.Engine, ids ...string) {
	tb.Helper()
	for _, id := range ids {
		do(tb, e, "", router.ActorRouter, router.SetAgent{Agent: router.AgentProfile{ID: id, Role: contact.RoleAgent, Capacity: 1000}})
		do(tb, e, "", id, router.SetPresence{Agent: id, Presence: contact.Available})
	}
}

// sameAsReplay fails unless a replay of the log gives the live state (I9).
func sameAsReplay(tb testing.TB, e *router.Engine, commits [][]byte) {
	tb.Helper()
	var live string
	if err := e.View(tb.Context(), func(s *router.State) {
		h, err := s.Hash()
		if err != nil {
			tb.Error(err)
		}
		live = h
	}); err != nil {
		tb.Fatal(err)
	}
	again := router.NewState("main")
	for _, data := range commits {
		router.Fold(again, data, slog.New(slog.DiscardHandler))
	}
	if h, err := again.Hash(); err != nil || h != live {
		tb.Fatalf("replay gives another state than the live one: %v", err)
	}
}

// TestEngineGroupsCommandsAndReplays has 200 commands come while one commit is
// being written: they share the next ones.
func TestEngineGroupsCommandsAndReplays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		model := journaltest.NewModel(nil)
		out := newOutbox()
		e := engine(t, "life-1", model.Open(), out)
		stop := start(t, e)
		staff(t, e, "anna", "bert")
		before := len(model.Commits())
		watch := e.Watch(t.Context())
		written := make(chan struct{})
		model.SetPlan(func() journaltest.Fate {
			<-written
			return journaltest.Pass
		})
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				do(t, e, "", router.ActorIntake, mail(fmt.Sprint("m", i), fmt.Sprint("sender", i)))
			})
		}
		synctest.Wait()
		close(written)
		wg.Wait()
		if c := <-watch; len(c.Entries) == 0 {
			t.Error("a watched commit is empty")
		}
		sameAsReplay(t, e, model.Commits())
		if n := len(model.Commits()) - before; n > 20 {
			t.Errorf("%d commits for 200 commands that waited together", n)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestEngineSurvivesABadLog drives the engine over a log that loses appends and
// answers, doubles, delays, refuses spuriously and crashes. Every command that
// was answered is in the log once; the state is what a replay gives.
func TestEngineSurvivesABadLog(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			model := journaltest.NewModel(journaltest.Seeded(seed, 4))
			out := newOutbox()
			life, crashes := 0, 0
			var e *router.Engine
			var stop func() error
			boot := func() {
				life++
				e = engine(t, fmt.Sprint("life-", life), model.Open(), out)
				stop = start(t, e)
			}
			boot()
			const n = 60
			for i := range n {
				cmd := mail(fmt.Sprint("m", i), fmt.Sprint("sender", i))
				for {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					_, err := e.Do(ctx, router.Envelope{Actor: router.ActorIntake, Command: cmd})
					cancel()
					if err == nil {
						break
					}
					if model.Crashes() > crashes || errors.Is(err, router.ErrNotActive) {
						crashes = model.Crashes() // the process is dead: another one starts
						_ = stop()
						boot()
					}
				}
			}
			model.SetPlan(journaltest.Always(journaltest.Pass))
			_ = stop()
			boot()
			staff(t, e, "anna")
			sameAsReplay(t, e, model.Commits())
			if err := e.View(t.Context(), func(s *router.State) {
				if s.Totals.Opened != n || !s.Totals.AddsUp() {
					t.Errorf("%d contacts opened for %d mails", s.Totals.Opened, n)
				}
			}); err != nil {
				t.Fatal(err)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestDeposedRouterIsRefused has two routers on one real log: the first is
// stopped and woken, after the second has taken over.
func TestDeposedRouterIsRefused(t *testing.T) {
	t.Parallel()
	j := journaltest.Open(t)
	out := newOutbox()
	first := engine(t, "life-1", j.Log(), out)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx) }()
	do(t, first, "", router.ActorIntake, mail("m1", "alice"))

	second := engine(t, "life-2", j.Log(), out)
	stop := start(t, second)
	do(t, second, "", router.ActorIntake, mail("m2", "bob"))

	_, err := first.Do(t.Context(), router.Envelope{Actor: router.ActorIntake, Command: mail("m3", "carol")})
	if err == nil {
		t.Fatal("the deposed router answered a command")
	}
	if err := <-ended; !errors.Is(err, router.ErrDeposed) {
		t.Fatalf("the deposed router ended with %v", err)
	}
	do(t, second, "", router.ActorIntake, mail("m3", "carol"))
	if err := second.View(t.Context(), func(s *router.State) {
		if s.Totals.Opened != 3 {
			t.Errorf("%d contacts, want 3", s.Totals.Opened)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestTakeoverPublishesWhatWasQueued(t *testing.T) {
	t.Parallel()
	model := journaltest.NewModel(nil)
	out := newOutbox()
	e := engine(t, "life-1", model.Open(), out)
	stop := start(t, e)
	staff(t, e, "anna")
	c := do(t, e, "", router.ActorIntake, mail("m1", "alice"))
	var offer, covers string
	if err := e.View(t.Context(), func(s *router.State) {
		offer, covers = s.Contacts[c.Contact].Offers[0], s.Contacts[c.Contact].LastMessage()
	}); err != nil {
		t.Fatal(err)
	}
	do(t, e, "", "anna", router.Accept{Offer: offer})
	do(t, e, "r1", "anna", router.Send{Reply: router.Reply{ID: "r1", Kind: contact.Answer, Contact: c.Contact, Channel: contact.Email, Account: "support", Covers: covers}})
	if got := <-out.got; got != "r1" {
		t.Fatalf("published %q", got)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	e = engine(t, "life-2", model.Open(), out)
	stop = start(t, e)
	select {
	case got := <-out.got:
		if got != "r1" {
			t.Errorf("published %q", got)
		}
	case <-time.After(60 * time.Second):
		t.Error("what was queued was not published again")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestSilentAgentBecomesUnreachable(t *testing.T) {
	t.Parallel()
	r := rules(t)
	e := router.NewEngine(router.Config{
		Office: "main", Life: "life-1", Now: time.Now, Rules: func() router.Rules { return r }, Heartbeat: 900 * time.Millisecond,
	}, journaltest.NewModel(nil).Open(), nil, newOutbox(), slog.New(slog.DiscardHandler))
	stop := start(t, e)
	staff(t, e, "anna")
	watch := e.Watch(t.Context())
	presence := func(want contact.Presence) {
		t.Helper()
		for c := range watch {
			for _, ev := range c.Entries[0].Events {
				if p, ok := ev.(router.PresenceChanged); ok && p.Presence == want {
					return
				}
			}
		}
		t.Fatalf("never became %s", want)
	}
	presence(contact.Unreachable)
	e.Heartbeat("anna")
	presence(contact.Available)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

var _ router.Log = (*journal.Log)(nil)
