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
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/auth"
	"stagecoach/desk/view"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

const setupToken = "the-token-of-the-set-up-link"

// rig is a desk on a real journal, router, ledger and mail adapter. What is
// sent lands in outbox, and a test says what became of it.
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
	intake  *router.Intake
	mails   int
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

func (r *rig) Adapters() []channels.Adapter { return []channels.Adapter{r.adapter} }

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

func newRig(tb testing.TB) *rig { return newRigAt(tb, desk.Config{Setup: setupToken}) }

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
		Office: "main", Life: "life", Now: time.Now, Rules: func() router.Rules { return rules },
	}, r.journal.Log(), nil, r, log)
	r.ledger = must[*ledger.Ledger](tb)(ledger.Open(ledger.Config{Dir: tb.TempDir(), Office: "main"}, log))
	keys := router.NewKeys(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	parse := func(in *channels.Inbound) (*contact.Message, error) {
		if in.Format == "json" {
			m := new(contact.Message)
			return m, json.Unmarshal(in.Raw, m)
		}
		return mail.Parse(in)
	}
	words := messages{r.journal, parse}
	r.intake = router.NewIntake(router.IntakeConfig{
		Keys: keys, Parse: parse, Policy: func() *policies.Set { return set },
		Account: func(contact.Channel, string) router.AccountFacts {
			return router.AccountFacts{Addresses: []string{"support@acme.example"}}
		},
	}, r.engine, r.ledger, log)
	r.svc = desk.NewService(cfg, desk.Deps{
		Router: r.engine, Ledger: r.ledger, Records: r.ledger, Content: content{r.journal}, Messages: words,
		Intake: r, Keys: keys, Channels: r, Sessions: sessions{r.journal.Sessions()}, Health: r, Pending: r.journal.InboxPending,
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
	r.mails++
	res, err := r.Enter(r.tb.Context(), router.ActorIntake, &channels.Inbound{
		Schema: channels.InboundSchema, Kind: kind, Channel: contact.Email, Account: "support",
		Source: "email/support/INBOX", Position: fmt.Sprint("1:", r.mails), ProviderID: fmt.Sprint("p", r.mails),
		ReceivedAt: time.Now().UTC(), Format: "rfc822", Raw: raw, Size: int64(len(raw)),
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
	case <-time.After(20 * time.Second):
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

// client is a program, or with a jar a browser, that works for one agent.
type client struct {
	rig   *rig
	http  *http.Client
	token string
	me    view.Person
}

// boss makes the first supervisor; agent adds a colleague. Both are available.
func (r *rig) boss() *client {
	r.tb.Helper()
	c := &client{rig: r, http: r.server.Client()}
	var in view.Login
	c.post("/api/setup", map[string]any{
		"token": setupToken, "name": "Berta Boss", "email": "boss@acme.example", "password": "correct horse",
	}, &in)
	c.token, c.me = in.Token, in.Me
	return c
}

func (c *client) agent(name string, more map[string]any) *client {
	c.rig.tb.Helper()
	address := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@acme.example"
	in := map[string]any{"name": name, "email": address, "password": "battery staple"}
	for k, v := range more {
		in[k] = v
	}
	var m view.Member
	c.post("/api/agents", in, &m)
	a := &client{rig: c.rig, http: c.rig.server.Client()}
	var l view.Login
	a.post("/api/login", map[string]any{"email": address, "password": "battery staple"}, &l)
	a.token, a.me = l.Token, l.Me
	a.post("/api/presence", map[string]any{"presence": "available"}, nil)
	return a
}

// call makes a request and gives status and body.
func (c *client) call(method, path string, in any) (int, []byte) {
	c.rig.tb.Helper()
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			c.rig.tb.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(c.rig.tb.Context(), method, c.rig.server.URL+path, body)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.do(req)
}

func (c *client) do(req *http.Request) (int, []byte) {
	c.rig.tb.Helper()
	resp, err := c.http.Do(req)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	return resp.StatusCode, out
}

func (c *client) want(status int, method, path string, in, out any) {
	c.rig.tb.Helper()
	got, body := c.call(method, path, in)
	if got != status {
		c.rig.tb.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, body)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			c.rig.tb.Fatalf("%s %s: %v in %s", method, path, err, body)
		}
	}
}

func (c *client) post(path string, in, out any) {
	c.rig.tb.Helper()
	if in == nil {
		in = map[string]any{}
	}
	c.want(http.StatusOK, http.MethodPost, path, in, out)
}

func (c *client) get(path string, out any) {
	c.rig.tb.Helper()
	c.want(http.StatusOK, http.MethodGet, path, nil, out)
}

// refused makes a request that must fail so, and gives the words.
func (c *client) refused(status int, code, method, path string, in any) string {
	c.rig.tb.Helper()
	var p desk.Problem
	c.want(status, method, path, in, &p)
	if p.Code != code || p.Detail == "" {
		c.rig.tb.Fatalf("%s %s: refused as %q (%q), want %q", method, path, p.Code, p.Detail, code)
	}
	return p.Detail
}

func (c *client) desk() view.Desk {
	c.rig.tb.Helper()
	var d view.Desk
	c.get("/api/desk", &d)
	return d
}

func (c *client) conversation(id string) view.Conversation {
	c.rig.tb.Helper()
	var v view.Conversation
	c.get("/api/conversations/"+id, &v)
	return v
}

// take accepts the one offer that there is.
func (c *client) take() view.Done {
	c.rig.tb.Helper()
	d := c.desk()
	if len(d.Offers) != 1 {
		c.rig.tb.Fatalf("%d offers, want 1", len(d.Offers))
	}
	var done view.Done
	c.post("/api/offers/"+d.Offers[0].ID+"/accept", nil, &done)
	return done
}

// browser logs an agent in with cookies and follows no redirect.
func (r *rig) browser(address, password string) *client {
	r.tb.Helper()
	jar := must[*cookiejar.Jar](r.tb)(cookiejar.New(nil))
	c := &client{rig: r, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if status, _, _ := c.form("/login", "email", address, "password", password); status != http.StatusSeeOther {
		r.tb.Fatalf("logging in as %s: status %d", address, status)
	}
	return c
}

// form posts a form as a browser does, and gives status, body and where it is
// sent on to.
func (c *client) form(path string, pairs ...string) (int, string, string) {
	c.rig.tb.Helper()
	return c.formWith(nil, path, pairs...)
}

func (c *client) formWith(header map[string]string, path string, pairs ...string) (int, string, string) {
	c.rig.tb.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(c.rig.tb.Context(), http.MethodPost, c.rig.server.URL+path, strings.NewReader(v.Encode()))
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header.Get("Location") + resp.Header.Get("Hx-Redirect")
}

// page gets a page, which must be there.
func (c *client) page(path string) string {
	c.rig.tb.Helper()
	status, body := c.call(http.MethodGet, path, nil)
	if status != http.StatusOK {
		c.rig.tb.Fatalf("GET %s: status %d: %.300s", path, status, body)
	}
	return string(body)
}
