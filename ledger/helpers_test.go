package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
)

// memoryLog is a log in memory.
type memoryLog struct {
	mu      sync.Mutex
	commits [][]byte
	wake    chan struct{}
	// cutAt makes Follow fail once after that sequence; 0 never.
	cutAt uint64
}

func newMemoryLog() *memoryLog { return &memoryLog{wake: make(chan struct{})} }

func (l *memoryLog) append(data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commits = append(l.commits, data)
	close(l.wake)
	l.wake = make(chan struct{})
}

var errCut = errors.New("the link was cut")

func (l *memoryLog) next(after uint64) (data []byte, wake chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cutAt != 0 && after >= l.cutAt {
		l.cutAt = 0
		return nil, nil, errCut
	}
	if after < uint64(len(l.commits)) {
		return l.commits[after], nil, nil
	}
	return nil, l.wake, nil
}

func (l *memoryLog) Follow(ctx context.Context, after uint64, fn func(uint64, []byte) error) error {
	for {
		data, wake, err := l.next(after)
		switch {
		case err != nil:
			return err
		case data == nil:
			select {
			case <-wake:
			case <-ctx.Done():
				return nil
			}
			continue
		}
		after++
		if err := fn(after, data); err != nil {
			return err
		}
	}
}

func (l *memoryLog) Replay(ctx context.Context, after uint64, fn func(uint64, []byte) error) (uint64, error) {
	l.mu.Lock()
	commits := l.commits
	l.mu.Unlock()
	for ; after < uint64(len(commits)); after++ {
		if ctx.Err() != nil {
			return after, ctx.Err()
		}
		if err := fn(after+1, commits[after]); err != nil {
			return after, err
		}
	}
	return after, nil
}

// story makes a log: with the router's own core (do), or of events by hand
// (tell).
type story struct {
	t     testing.TB
	log   *memoryLog
	state *router.State
	rules router.Rules
	now   time.Time
	epoch uint64
	n     uint64
	cmds  int
}

func newStory(tb testing.TB) *story {
	tb.Helper()
	set, err := policies.Default()
	if err != nil {
		tb.Fatal(err)
	}
	s := &story{
		t: tb, log: newMemoryLog(), state: router.NewState("main"), rules: router.RulesOf(set),
		now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
	return s
}

// do has the router's core decide a command, as one commit.
func (s *story) do(actor string, cmd router.Command) router.Result {
	s.t.Helper()
	s.cmds++
	if _, ok := cmd.(router.Begin); ok {
		s.epoch++
	}
	s.state.N, s.state.Epoch, s.state.At = s.n+1, s.epoch, s.now
	env := &router.Env{Now: s.now, Rules: s.rules}
	e, err := router.Decide(s.state, env, &router.Envelope{ID: fmt.Sprintf("c%d", s.cmds), Actor: actor, Command: cmd})
	if err != nil {
		s.t.Fatalf("%s by %s: %v", router.CommandName(cmd), actor, err)
	}
	res := *e.Result
	if len(e.Events) == 0 {
		s.state.N = s.n
		return res
	}
	s.commit(e)
	res.Commit = s.n
	return res
}

// tell appends a commit with these events, whatever they say.
func (s *story) tell(actor string, events ...router.Event) {
	s.t.Helper()
	s.commit(router.Entry{Kind: "told", Actor: actor, Events: events})
}

func (s *story) commit(entries ...router.Entry) {
	s.t.Helper()
	s.n++
	s.raw(&router.Commit{Schema: router.CommitSchema, N: s.n, Epoch: s.epoch, At: s.now, Entries: entries})
}

func (s *story) raw(c *router.Commit) {
	s.t.Helper()
	data, err := c.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	s.log.append(data)
}

func (s *story) wait(d time.Duration) {
	s.t.Helper()
	s.now = s.now.Add(d)
	s.do(router.ActorRouter, router.Tick{})
}

func (s *story) agent(id string) {
	s.t.Helper()
	s.do(router.ActorRouter, router.SetAgent{Agent: router.AgentProfile{ID: id, Role: contact.RoleSupervisor, Capacity: 50}})
	s.do(id, router.SetPresence{Agent: id, Presence: contact.Available, Cause: "self"})
}

// mail is a message of a sender that answers others.
func (s *story) mail(id, sender string, answers ...string) router.Receive {
	m := router.Receive{
		Item: item(id, s.now), Kind: router.KindFresh, Identity: "identity:" + sender, Keys: []string{"mid:" + id},
	}
	for _, a := range answers {
		m.Threads = append(m.Threads, "mid:"+a)
	}
	return m
}

func item(id string, at time.Time) router.Item {
	return router.Item{
		Source: "email/support/INBOX", Channel: contact.Email, Account: "support", Ref: "inbox.0." + id,
		ItemKey: "item:" + id, MessageKey: "message:" + id, Place: "place:" + id, ReceivedAt: at,
	}
}

// receive takes a mail in and gives its contact.
func (s *story) receive(m router.Receive) *router.Contact {
	s.t.Helper()
	return s.state.Contacts[s.do(router.ActorIntake, m).Contact]
}

// take has an agent take a contact, offered or not.
func (s *story) take(c *router.Contact, agent string) {
	s.t.Helper()
	if c.Agent != agent {
		s.do(agent, router.Assign{Contact: c.ID, Agent: agent, Reason: "self"})
	}
}

func (s *story) reply(c *router.Contact, kind contact.ReplyKind, covers string) string {
	s.t.Helper()
	id := fmt.Sprintf("reply-%d", s.cmds)
	r := router.Reply{
		ID: id, Kind: kind, Contact: c.ID, Conversation: c.Conversation, Channel: contact.Email,
		Account: "support", Covers: covers, Ref: "reply." + id,
	}
	if kind == contact.Pledge {
		r.PledgeDue = s.now.Add(24 * time.Hour)
	}
	s.do(c.Agent, router.Send{Reply: r, Keys: []string{"mid:" + id}})
	return id
}

func (s *story) send(reply string, o router.Outcome) {
	s.t.Helper()
	res := s.do(router.ActorSender, router.Attempt{Reply: reply, Life: "life-1"})
	o.Reply, o.Attempt, o.Life = reply, res.Attempt, "life-1"
	s.do(router.ActorSender, o)
}

func (s *story) deliver(reply string) {
	s.t.Helper()
	s.send(reply, router.Outcome{Delivered: true})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func openAt(tb testing.TB, dir string) *Ledger {
	tb.Helper()
	l, err := Open(Config{Dir: dir, Office: "main"}, quiet())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

// folded opens a ledger that has folded all of the story.
func (s *story) folded() *Ledger {
	s.t.Helper()
	l := openAt(s.t, s.t.TempDir())
	s.fold(l)
	return l
}

func (s *story) fold(l *Ledger) {
	s.t.Helper()
	if err := l.Catchup(context.Background(), s.log); err != nil {
		s.t.Fatal(err)
	}
}

// run follows in the background until the test ends.
func run(tb testing.TB, l *Ledger, log Log, words Words) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, log, words) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				tb.Errorf("run: %v", err)
			}
		})
	}
	tb.Cleanup(stop)
	return stop
}

func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

// day makes a story in which most things happen that can.
func day(tb testing.TB) *story {
	tb.Helper()
	s := newStory(tb)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	s.agent("ben")
	s.do(router.ActorIntake, router.Advance{Read: router.SourceRead{
		Source: "email/support/INBOX", Channel: "email", Account: "support", Position: "1:1", At: s.now, Since: s.now, Seen: 0,
	}})
	s.answered()
	s.pledged()
	s.bounced()
	s.disposed()
	s.silent()
	s.items()
	s.forwarded()
	s.outbound()
	return s
}

func (s *story) answered() {
	c := s.receive(s.mail("m1", "carl"))
	s.do(router.ActorIntake, s.mail("m2", "carl", "m1"))
	covers := c.Messages[0].ID
	s.take(c, "anna")
	s.do("anna", router.Note{Conversation: c.Conversation, Contact: c.ID, Note: "note-1", Ref: "note.note-1"})
	r := s.reply(c, contact.Answer, covers)
	s.send(r, router.Outcome{Reason: "unavailable", Code: "4.4.1", RetryAfter: time.Minute})
	s.wait(2 * time.Minute)
	s.deliver(r)
	next := s.state.Contacts[s.state.Conversations[c.Conversation].Contact]
	s.take(next, "ben")
	s.deliver(s.reply(next, contact.Ask, next.LastMessage()))
}

func (s *story) pledged() {
	c := s.receive(s.mail("p1", "dora"))
	s.take(c, "anna")
	s.deliver(s.reply(c, contact.Pledge, c.LastMessage()))
	next := s.state.Contacts[s.state.Conversations[c.Conversation].Contact]
	s.do(router.ActorIntake, s.mail("p2", "dora", "p1"))
	s.deliver(s.reply(next, contact.Answer, next.LastMessage()))
}

func (s *story) bounced() {
	c := s.receive(s.mail("b1", "emil"))
	s.take(c, "anna")
	r := s.reply(c, contact.Answer, c.LastMessage())
	s.deliver(r)
	s.do(router.ActorIntake, s.mail("b2", "emil", "b1"))
	m := s.mail("dsn", "postmaster")
	m.Auto, m.Bounce = contact.AutoBounce, &router.BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + r}
	s.do(router.ActorIntake, m)
	s.take(s.state.Contacts[c.ID], "ben")
	back := s.state.Contacts[c.ID]
	s.deliver(s.reply(back, contact.Answer, back.LastMessage()))
}

func (s *story) disposed() {
	m := s.mail("d1", "spammer")
	m.Propose, m.Rule = contact.Spam, "spam.words"
	c := s.receive(m)
	s.do("anna", router.Dispose{Contacts: []string{c.ID}, Disposition: contact.Spam})
	s.do("ben", router.Reopen{Contact: c.ID})
	s.do("ben", router.MoveTo{Contact: c.ID, Queue: "billing", Reason: "sorted", Clear: true})
	s.do("anna", router.Dispose{Contacts: []string{c.ID}, Disposition: contact.NoReplyNeeded, Remark: "reason.r1"})
}

// silent lets offers run out, a holder fall silent, and a promise be missed.
func (s *story) silent() {
	c := s.receive(s.mail("s1", "fred"))
	if len(c.Offers) > 0 {
		s.do(s.state.Offers[c.Offers[0]].Agent, router.Decline{Offer: c.Offers[0], Reason: "not_mine"})
	}
	for range 6 {
		s.wait(10 * time.Minute)
	}
	s.take(s.state.Contacts[c.ID], "ben")
	s.do("anna", router.PullBack{Contact: c.ID, Reason: "other_work"})
	for range 60 {
		s.wait(2 * time.Hour)
	}
}

func (s *story) items() {
	moved := s.mail("m1", "carl")
	moved.Place = "place:elsewhere"
	s.do(router.ActorIntake, moved)
	second := s.mail("m1", "carl")
	second.ItemKey, second.Account, second.Source = "item:m1-sales", "sales", "email/sales/INBOX"
	s.do(router.ActorIntake, second)
	broken := s.mail("q1", "x")
	broken.Quarantine = "unreadable"
	s.do(router.ActorIntake, broken)
	old := s.mail("h1", "gerda")
	old.Kind, old.ReceivedAt = router.KindHistory, s.now.AddDate(-1, 0, 0)
	s.do(router.ActorIntake, old)
}

func (s *story) outbound() {
	s.do("anna", router.StartOutbound{
		Identity: "identity:hugo", Channel: contact.Email, Account: "support",
		Reply: router.Reply{ID: "out-1", Channel: contact.Email, Account: "support", Ref: "reply.out-1"}, Keys: []string{"mid:out-1"},
	})
	s.send("out-1", router.Outcome{Permanent: true, Reason: "rejected", Code: "5.7.1"})
	s.do("anna", router.StartOutbound{
		Identity: "identity:ida", Channel: contact.Email, Account: "support",
		Reply: router.Reply{ID: "out-2", Channel: contact.Email, Account: "support", Ref: "reply.out-2"},
	})
	s.do(router.ActorSender, router.Attempt{Reply: "out-2", Life: "life-1"})
	s.do(router.ActorSender, router.Attempt{Reply: "out-2", Life: "life-2"})
	s.do("ben", router.SetPresence{Agent: "ben", Presence: contact.Away, Cause: "self"})
	s.do("anna", router.RemoveAgent{Agent: "ben"})
	s.do(router.ActorIntake, router.Advance{Read: router.SourceRead{
		Source: "email/support/INBOX", Channel: "email", Account: "support", Position: "1:10", At: s.now, Since: s.now, Seen: 10,
	}})
}

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
