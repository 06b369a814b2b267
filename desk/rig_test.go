package desk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/auth"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

const setupToken = "the-token-of-the-set-up-link"

// rig is a desk on a real journal, router, ledger and mail adapter. What is
// sent lands in outbox, and a test says what became of it.
// Warnings implements desk.Health.
func (r *rig) Warnings() []string { return nil }

type rig struct {
	tb      testing.TB
	journal *journal.Journal
	engine  *router.Engine
	ledger  *ledger.Ledger
	svc     *desk.Service
	server  *httptest.Server
	control http.Handler
	outbox  chan router.Reply
	adapter channels.Adapter
	// chat is a second account, if a test has one.
	chat   channels.Adapter
	intake *router.Intake
	people people
	mails  int
	// ahead is how far the router's clock is ahead, in nanoseconds.
	ahead atomic.Int64
}

// content gives the journal the desk's words.
type content struct{ j *journal.Journal }

func gone(err error) error {
	switch {
	case errors.Is(err, journal.ErrErased):
		return fmt.Errorf("%w: %w", desk.ErrErased, err)
	case errors.Is(err, journal.ErrNotFound):
		return fmt.Errorf("%w: %w", desk.ErrMissing, err)
	}
	return err
}

func (c content) Put(ctx context.Context, kind desk.Kind, id string, value []byte) (string, error) {
	return c.j.Put(ctx, journal.Kind(kind), id, value)
}

func (c content) Get(ctx context.Context, ref string) ([]byte, error) {
	v, err := c.j.Get(ctx, ref)
	return v, gone(err)
}

func (c content) Each(ctx context.Context, kind desk.Kind, f func(string, []byte) error) error {
	return c.j.Each(ctx, journal.Kind(kind), f)
}

func (c content) Erase(ctx context.Context, ref string) error { return gone(c.j.Erase(ctx, ref)) }

func (c content) PutObject(ctx context.Context, r io.Reader) (string, int64, error) {
	return c.j.PutObject(ctx, r)
}

func (c content) GetObject(ctx context.Context, id string) (io.ReadCloser, error) {
	r, err := c.j.GetObject(ctx, id)
	return r, gone(err)
}

// messages parses what lies in the journal.
type messages struct {
	j     *journal.Journal
	parse func(in *channels.Inbound) (*contact.Message, error)
}

func (m messages) Original(ctx context.Context, ref string) (*channels.Inbound, error) {
	in, err := m.j.Inbound(ctx, ref)
	return in, gone(err)
}

func (m messages) Message(ctx context.Context, ref string) (*contact.Message, error) {
	in, err := m.Original(ctx, ref)
	if err != nil {
		return nil, err
	}
	return m.parse(in)
}

func (m messages) Reply(ctx context.Context, ref string) (*contact.Reply, error) {
	return decoded[contact.Reply](m.j.Get(ctx, ref))
}

func (m messages) Note(ctx context.Context, ref string) (*contact.Note, error) {
	return decoded[contact.Note](m.j.Get(ctx, ref))
}

func decoded[T any](value []byte, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	v := new(T)
	return v, json.Unmarshal(value, v)
}

// sessions gives the journal's sessions the desk's error.
type sessions struct{ *journal.Sessions }

func (s sessions) Get(ctx context.Context, hash string) (string, []byte, error) {
	agent, v, err := s.Sessions.Get(ctx, hash)
	if errors.Is(err, journal.ErrNotFound) {
		err = auth.ErrNoSession
	}
	return agent, v, err
}

func (r *rig) Enqueue(_ context.Context, reply router.Reply) error {
	r.outbox <- reply
	return nil
}

// Enter is what a person enters by hand: stored, then taken in.
func (r *rig) Enter(ctx context.Context, actor string, in *channels.Inbound) (router.Result, error) {
	ref, _, err := r.journal.PutInbound(ctx, in)
	if err != nil {
		return router.Result{}, err
	}
	return r.intake.Take(ctx, actor, ref, in)
}

func (r *rig) Adapters() []channels.Adapter {
	if r.chat.Account == "" {
		return []channels.Adapter{r.adapter}
	}
	return []channels.Adapter{r.adapter, r.chat}
}

func (r *rig) States() []desk.ChannelState {
	return []desk.ChannelState{{Channel: contact.Email, Account: "support", Address: r.adapter.Address, OK: true}}
}

func (r *rig) Ready(context.Context) (bool, map[string]string) {
	return true, map[string]string{"email/support": ""}
}

func must[T any](tb testing.TB) func(T, error) T {
	tb.Helper()
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	return newRigAt(tb, desk.Config{Setup: setupToken})
}

func newRigAt(tb testing.TB, cfg desk.Config) *rig {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg.PasswordCost = auth.Cost{MemoryKiB: 64, Passes: 1}
	r := &rig{tb: tb, journal: journaltest.Open(tb), outbox: make(chan router.Reply, 1000)}
	mail := must[*email.Adapter](tb)(email.New(email.Config{
		Account: "support", Address: "support@acme.example", FromName: "Acme",
		SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "127.0.0.1", Port: 1}},
	}, log))
	r.adapter = mail.Channel()
	set := must[*policies.Set](tb)(policies.Default())
	rules := router.RulesOf(set)
	r.engine = router.NewEngine(router.Config{
		Office: "main", Life: "life", Now: func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }, Rules: func() router.Rules { return rules },
	}, r.journal.Log(), nil, r, log)
	r.ledger = must[*ledger.Ledger](tb)(ledger.Open(ledger.Config{Dir: tb.TempDir(), Office: "main"}, log))
	keys := router.NewKeys(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	parse := func(in *channels.Inbound) (*contact.Message, error) {
		if in.Format == "json" {
			m := new(contact.Message)
			return m, json.Unmarshal(in.Raw, m)
		}
		if in.Channel == contact.WebChat {
			return r.chat.Parser.Parse(in)
		}
		return mail.Parse(in)
	}
	words := messages{r.journal, parse}
	r.intake = router.NewIntake(router.IntakeConfig{
		Keys: keys, Parse: func(_ string, in *channels.Inbound) (*contact.Message, error) { return parse(in) }, Policy: func() *policies.Set { return set },
		Account: func(contact.Channel, string) router.AccountFacts {
			return router.AccountFacts{Addresses: []string{"support@acme.example"}}
		},
	}, r.engine, r.ledger, log)
	active := func() router.Rules { return rules }
	r.svc = desk.NewService(cfg, desk.Deps{
		Router: r.engine, Ledger: r.ledger, Records: r.ledger, Content: content{r.journal}, Messages: words,
		Intake: r, Keys: keys, Channels: r, Directory: &r.people, Sessions: sessions{r.journal.Sessions()}, Health: r, Pending: r.journal.InboxPending,
		Rules: active, Past: r.past(active),
		Apology: func(language string, f policies.Facts, sorry policies.Sorry) string {
			return set.ApologyText(language, f, sorry, time.UTC)
		},
	}, log)
	r.run(words)
	srv := must[*desk.Server](tb)(desk.NewServer(r.svc, log))
	r.control = srv.ControlHandler()
	r.server = httptest.NewServer(srv.Handler())
	tb.Cleanup(r.server.Close)
	return r
}

// run starts everything that runs, and joins it when the test ends.
func (r *rig) run(words ledger.Words) {
	ctx, cancel := context.WithCancel(context.Background())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.engine.Run(ctx) })
	g.Go(func() error { return r.ledger.Run(ctx, r.journal.Log(), words) })
	loadCtx, done := context.WithTimeout(ctx, 20*time.Second)
	defer done()
	if err := r.svc.Load(loadCtx); err != nil {
		r.tb.Fatal(err)
	}
	g.Go(func() error { return r.svc.Run(ctx) })
	r.tb.Cleanup(func() {
		cancel()
		if err := g.Wait(); err != nil {
			r.tb.Error(err)
		}
		if err := r.ledger.Close(); err != nil {
			r.tb.Error(err)
		}
	})
}

// mail has a customer write; it gives what the router made of it.
func (r *rig) mail(from, subject, text string, header ...string) router.Result {
	r.tb.Helper()
	r.mails++
	raw := fmt.Sprintf("From: %s\r\nTo: support@acme.example\r\nSubject: %s\r\nMessage-ID: <m%d@customer.example>\r\n"+
		"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n%s\r\n%s\r\n",
		from, subject, r.mails, strings.Join(append(header, ""), "\r\n"), text)
	return r.rawMail([]byte(raw), channels.Fresh)
}

func (r *rig) rawMail(raw []byte, kind channels.InboundKind) router.Result {
	r.tb.Helper()
	return r.oldMail(raw, kind, 0)
}

// oldMail takes in a mail that the server has had for so long.
func (r *rig) oldMail(raw []byte, kind channels.InboundKind, age time.Duration) router.Result {
	r.tb.Helper()
	r.mails++
	res, err := r.Enter(r.tb.Context(), router.ActorIntake, &channels.Inbound{
		Schema: channels.InboundSchema, Kind: kind, Channel: contact.Email, Account: "support",
		Source: "email/support/INBOX", Position: fmt.Sprint("1:", r.mails), ProviderID: fmt.Sprint("p", r.mails),
		ReceivedAt: time.Now().Add(-age).UTC(), Format: "rfc822", Raw: raw, Size: int64(len(raw)),
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	if err := r.ledger.WaitFor(r.tb.Context(), res.Commit); err != nil {
		r.tb.Fatal(err)
	}
	return res
}

// delivered has the provider take the next reply that is sent.
func (r *rig) delivered() router.Reply {
	r.tb.Helper()
	reply := r.sent()
	r.attempt(reply, router.Outcome{Delivered: true})
	return reply
}

func (r *rig) sent() router.Reply {
	r.tb.Helper()
	select {
	case reply := <-r.outbox:
		return reply
	case <-time.After(60 * time.Second):
		r.tb.Fatal("nothing was sent")
		return router.Reply{}
	}
}

// attempt sends a reply, with this outcome.
func (r *rig) attempt(reply router.Reply, out router.Outcome) {
	r.tb.Helper()
	ctx := r.tb.Context()
	res := must[router.Result](r.tb)(r.engine.Do(ctx, router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: reply.ID, Life: "life"}}))
	out.Reply, out.Attempt, out.Life = reply.ID, res.Attempt, "life"
	res = must[router.Result](r.tb)(r.engine.Do(ctx, router.Envelope{Actor: router.ActorSender, Command: out}))
	if err := r.ledger.WaitFor(ctx, res.Commit); err != nil {
		r.tb.Fatal(err)
	}
}
