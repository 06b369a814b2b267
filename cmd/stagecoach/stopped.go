package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/configs"
	"stagecoach/customers/directory"
	"stagecoach/customers/register"
	"stagecoach/desk"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

// stopped is a data directory that no daemon has: the parts that a subcommand
// needs, behind the same handler that a daemon has on its socket.
type stopped struct {
	journal *journal.Journal
	ledger  *ledger.Ledger
	handler http.Handler
	// directory is opened by the first who asks for it.
	directory *directory.Directory
	customers *customerControls
	dir       string
	keys      router.Keys
	words     *words
	log       *slog.Logger
	rights    *rights
	// stop ends what runs; wait tells how it ended.
	stop context.CancelFunc
	run  *errgroup.Group
}

func newStopped(stop context.CancelFunc, dir string, log *slog.Logger) *stopped {
	return &stopped{stop: stop, run: &errgroup.Group{}, dir: dir, log: log}
}

// openStopped takes the lock of a directory. To read, nothing is appended to
// its log; to write, a router takes the log over for the moment.
func openStopped(ctx context.Context, cfg *configs.Config, dir string, what need) (*client, error) {
	ctx, stop := context.WithCancel(ctx)
	s := newStopped(stop, dir, slog.New(slog.DiscardHandler))
	if err := s.open(ctx, cfg, dir, what); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &client{
		http: &http.Client{Transport: inProcess{s.handler}, Timeout: callLimit}, base: "http://" + cfg.HTTP.Listen, dir: dir,
		close: s.close, rows: s.customers.importRows,
	}, nil
}

func (s *stopped) open(ctx context.Context, cfg *configs.Config, dir string, what need) (err error) {
	log := s.log
	s.journal, err = journal.Open(ctx, journal.Config{
		Dir: dir, URL: cfg.NATS.URL, Credentials: cfg.NATS.Credentials, CA: cfg.NATS.CAFile,
		Office: cfg.Office, Replicas: cfg.NATS.Replicas,
	}, log)
	if err != nil {
		return fmt.Errorf("opening the data directory: %w", err)
	}
	if s.ledger, err = ledger.Open(ledger.Config{Dir: dir, Office: cfg.Office}, log); err != nil {
		return fmt.Errorf("opening the ledger: %w", err)
	}
	over := newVeil()
	deps := desk.Deps{
		Ledger: s.ledger, Records: veiledRecords{s.ledger, over}, Content: deskContent{s.journal, over},
		Messages: veiledWords{newWords(s.journal, newLinks(nil, s.journal, "", "", log).parse), over},
		Keys:     router.NewKeys(s.journal.Keys().Key(journal.KeyHash), s.journal.Keys().Key(journal.KeyToken)),
		Channels: newLinks(nil, s.journal, "", "", log), Sessions: deskSessions{s.journal.Sessions()},
		Pending: s.journal.InboxPending, Voices: s.ledger,
	}
	set, err := policies.Load(cfg.Policies)
	if err != nil {
		return fmt.Errorf("loading policies: %w", err)
	}
	deps.Rules = func() router.Rules { return router.RulesOf(set) }
	deps.Past = pastOf(s.journal, cfg.Office, deps.Rules, log)
	if what != toRead {
		engine := s.takeOver(ctx, cfg, set, log)
		deps.Router = engine
	} else {
		deps.Still = true
		deps.Router, err = s.lookOnly(ctx, cfg, deps.Rules(), log)
	}
	if err != nil {
		return err
	}
	rights, err := s.openRights(cfg, set, deps.Router)
	if err != nil {
		return err
	}
	rights.veil = over
	deps.Rights, deps.Persons = rights, s.ledger
	people := &customerDesk{ledger: s.ledger, router: deps.Router}
	deps.Customers = people
	links := newLinks(nil, s.journal, "", "", log)
	texts := newWords(s.journal, links.parse)
	deps.Simulator = &policySimulator{
		journal: s.journal, look: deps.Router.View, fallback: func() *policies.Set { return set }, words: texts,
		intake: router.NewIntake(router.IntakeConfig{Keys: deps.Keys, Parse: texts.read, Account: links.account, Ours: links.ours}, nil, s.ledger, log),
	}
	svc := desk.NewService(desk.Config{BaseURL: cfg.HTTP.BaseURL, Zone: time.Local, Version: version}, deps, log)
	if err := svc.Load(ctx); err != nil {
		return err
	}
	srv, err := desk.NewServer(svc, log)
	if err != nil {
		return err
	}
	s.keys, s.words = deps.Keys, texts
	c := &controls{next: srv.ControlHandler(), journal: s.journal, ledger: s.ledger, pending: s.journal.InboxPending}
	s.customers = s.customerControls(ctx, c)
	c.customers = s.customers
	rights.directory, people.directory = c.customers.open, c.customers.open
	s.rights, c.rights = rights, rights
	s.handler = c.handler()
	rights.forget = svc.Forget
	if what == toWrite {
		s.run.Go(func() error { return rights.Run(ctx) })
		return nil
	}
	return rights.coverPending(ctx)
}

// takeOver starts a router and the ledger behind it.
func (s *stopped) takeOver(ctx context.Context, cfg *configs.Config, set *policies.Set, log *slog.Logger) *router.Engine {
	engine := router.NewEngine(router.Config{
		Office: cfg.Office, Life: randomID(), Now: time.Now,
		Rules: func() router.Rules { return router.RulesOf(set) }, Heartbeat: set.Timing().Heartbeat,
	}, s.journal.Log(), snapshots{s.journal}, outbox{s.journal}, log)
	s.run.Go(func() error { return engine.Run(ctx) })
	s.run.Go(func() error { return s.ledger.Run(ctx, s.journal.Log(), nil) })
	return engine
}

// openRights does what people ask of their data while nobody runs, and what was left
// undone of it.
func (s *stopped) openRights(cfg *configs.Config, set *policies.Set, engine rightsRouter) (*rights, error) {
	reg, err := register.Open(s.dir, cfg.Office, cfg.Backup.Register)
	if err != nil {
		return nil, err
	}
	words := newWords(s.journal, newLinks(nil, s.journal, "", "", s.log).parse)
	return newRights(s.dir, cfg.Office, func() *policies.Set { return set }, s.journal, s.ledger, engine, words, reg, s.log), nil
}

// pastOf replays the log of a journal.
func pastOf(j *journal.Journal, office string, rules func() router.Rules, log *slog.Logger) func(context.Context, uint64, string) (*router.Past, error) {
	past := &router.Replayed{Office: office, Log: j.Log(), Snapshots: snapshots{j}, Logger: log}
	return func(ctx context.Context, n uint64, offer string) (*router.Past, error) {
		return past.Past(ctx, n, offer, rules())
	}
}

// lookOnly folds what the log says, and appends nothing.
func (s *stopped) lookOnly(ctx context.Context, cfg *configs.Config, rules router.Rules, log *slog.Logger) (desk.Router, error) {
	if err := s.ledger.Catchup(ctx, s.journal.Log()); err != nil {
		return nil, fmt.Errorf("bringing the ledger up to date: %w", err)
	}
	state, seq, err := router.LoadSnapshot(ctx, cfg.Office, snapshots{s.journal}, log)
	if err != nil {
		return nil, err
	}
	_, err = s.journal.Log().Replay(ctx, seq, func(_ uint64, data []byte) error {
		router.Fold(state, data, log)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("replaying the log: %w", err)
	}
	state.Prepare(rules)
	return &stillRouter{state: state}, nil
}

func (s *stopped) close() error {
	s.stop()
	errs := []error{s.run.Wait()}
	if s.directory != nil {
		errs = append(errs, s.directory.Close())
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	return errors.Join(errs...)
}

// stillRouter shows the state of a log that nobody writes to.
type stillRouter struct{ state *router.State }

var _ desk.Router = (*stillRouter)(nil)

var errStill = errors.New("the daemon is stopped: nothing is changed by looking")

// Do implements desk.Router.
func (r *stillRouter) Do(context.Context, router.Envelope) (router.Result, error) {
	return router.Result{}, errStill
}

// View implements desk.Router. Requests come one at a time: a subcommand has
// one line.
func (r *stillRouter) View(_ context.Context, look func(*router.State)) error {
	look(r.state)
	return nil
}

// Heartbeat implements desk.Router.
func (*stillRouter) Heartbeat(string) time.Duration { return time.Minute }

// DraftSaved implements desk.Router.
func (*stillRouter) DraftSaved(string) {}

// Watch implements desk.Router: nothing will come.
func (*stillRouter) Watch(context.Context) <-chan *router.Commit {
	closed := make(chan *router.Commit)
	close(closed)
	return closed
}

// inProcess carries requests to a handler without a network.
type inProcess struct{ handler http.Handler }

var _ http.RoundTripper = inProcess{}

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	w := &answerBuffer{header: http.Header{}, code: http.StatusOK}
	t.handler.ServeHTTP(w, r)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.code, http.StatusText(w.code)), StatusCode: w.code,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answerBuffer is an http.ResponseWriter in memory.
type answerBuffer struct {
	header http.Header
	code   int
	begun  bool
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *answerBuffer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *answerBuffer) WriteHeader(code int) {
	if !w.begun {
		w.begun, w.code = true, code
	}
}

// Write implements http.ResponseWriter.
func (w *answerBuffer) Write(p []byte) (int, error) {
	w.begun = true
	return w.body.Write(p)
}
