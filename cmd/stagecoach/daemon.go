package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels/remote"
	"stagecoach/configs"
	"stagecoach/customers/directory"
	"stagecoach/desk"
	"stagecoach/desk/portal"
	"stagecoach/desk/view"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/policies/classifier"
	"stagecoach/router"
)

// Daemon is the whole of Stagecoach as a value that tests can start: it is the
// only place that knows every package.
type Daemon struct {
	cfg    *configs.Config
	opts   Options
	logger *slog.Logger

	journal *journal.Journal
	keys    router.Keys
	policy  atomic.Pointer[policies.Set]
	// classifier is the external one, nil for none, and asks its address.
	classifier atomic.Pointer[classifier.Client]
	asks       atomic.Pointer[string]
	// crm is asked about customers, nil for none.
	crm    atomic.Pointer[askedCRM]
	keeper *policyKeeper
	// policyDesk is what people do with policy sets, shadow the one that is tried.
	policyDesk *policyDesk
	shadow     *policyShadow
	engine     *router.Engine
	// directory has the customers' records.
	directory *directory.Directory
	// spoilt counts records that are passed over.
	spoilt spoiltRecords
	// changes tells the router of records that were changed.
	changes *customerRefresh
	// rights does what people ask of what is kept about them.
	rights *rights
	intake *router.Intake
	ledger *ledger.Ledger
	desk   *desk.Service
	server *desk.Server
	words  *words
	// shown are words for people's eyes.
	shown veiledWords
	links *links
	// gate is where adapters that run elsewhere connect to, nil for nowhere.
	gate   *remote.Gate
	notify *notifier
	// caller tells whom the steps of the ladder name.
	caller *caller
	// pages makes the links to the customers' own pages.
	pages  *pageLinks
	portal *portal.Server
	codes  *portal.Codes
	// receipts writes the automatic receipts that are owed.
	receipts *acknowledger
	// lastResort is the configuration's as last read; stale says why a newer
	// one was not taken up, nil if it was.
	lastResort atomic.Pointer[configs.LastResort]
	stale      atomic.Pointer[string]

	listener net.Listener
	setup    string
	ready    chan struct{}
}

// Options is what the command line adds to the configuration.
type Options struct {
	// Dir is the data directory.
	Dir string
	// Policy overrides the configured policy set.
	Policy *policies.Set
	// Unsynced leaves syncing to the system: benchmarks of other parts only.
	Unsynced bool
	// Life names this run; random if left out.
	Life string
	// Build names the program, which reads the quarantine again when it is
	// another than last time; the running one's own if left out.
	Build string
}

// NewDaemon opens the data directory and puts the parts together. Nothing runs
// yet; Close undoes it.
func NewDaemon(ctx context.Context, cfg *configs.Config, opts Options, logger *slog.Logger) (*Daemon, error) {
	if opts.Build == "" {
		opts.Build = buildID()
	}
	d := &Daemon{cfg: cfg, opts: opts, logger: logger, ready: make(chan struct{})}
	d.lastResort.Store(&cfg.LastResort)
	if err := d.loadPolicy(ctx); err != nil {
		return nil, err
	}
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// loadPolicy reads the policy directory. Where there is data already, one that is
// broken does not keep the daemon from starting: the set goes on deciding that did
// before.
func (d *Daemon) loadPolicy(ctx context.Context) error {
	d.keeper = &policyKeeper{active: &d.policy, logger: d.logger.With("component", "policy"), warn: func(ctx context.Context, set *policies.Set) {
		d.warnOf(ctx, set)
		d.warnOfUnknown(ctx, set)
		d.warnOfUncalled(ctx, set)
		d.warnOfAbsent(ctx, set)
	}}
	d.keeper.from.Store(d.policyDir(d.cfg))
	d.keeper.two.Store(d.cfg.PolicyApproval == configs.ApprovalTwo)
	set, err := d.policySet(d.cfg)
	if err == nil && d.opts.Policy == nil && isData(d.opts.Dir) != nil { // the first set there is
		_, err = policies.CheckDir(d.cfg.Policies)
	}
	if err != nil {
		if isData(d.opts.Dir) != nil {
			return err
		}
		d.keeper.found(ctx, err)
		if set, err = policies.Default(); err != nil {
			return fmt.Errorf("loading the built-in policies: %w", err)
		}
		d.policy.Store(set) // until the log has been read
		return nil
	}
	d.keeper.read = set
	d.policy.Store(set)
	return nil
}

// policyDir gives the directory whose policies decide, "" where none does.
func (d *Daemon) policyDir(cfg *configs.Config) *string {
	dir := cfg.Policies
	if d.opts.Policy != nil {
		dir = ""
	}
	return &dir
}

func (d *Daemon) open(ctx context.Context) error {
	j, err := journal.Open(ctx, journal.Config{
		Dir: d.opts.Dir, URL: d.cfg.NATS.URL, Credentials: d.cfg.NATS.Credentials, CA: d.cfg.NATS.CAFile,
		Office: d.cfg.Office, Replicas: d.cfg.NATS.Replicas, Unsynced: d.opts.Unsynced,
	}, d.logger)
	if err != nil {
		return err
	}
	d.journal = j
	d.keys = router.NewKeys(j.Keys().Key(journal.KeyHash), j.Keys().Key(journal.KeyToken))
	if d.ledger, err = ledger.Open(ledger.Config{Dir: d.opts.Dir, Office: d.cfg.Office}, d.logger); err != nil {
		return err
	}
	d.pages = &pageLinks{base: d.cfg.HTTP.CustomerURL, signer: portal.NewSigner(j.Keys().Key(journal.KeySign)), policy: &d.policy}
	d.changes = newCustomerRefresh()
	if d.directory, err = openDirectory(ctx, j, d.opts.Dir, d.keys, d.changes.from); err != nil {
		return err
	}
	life := d.opts.Life
	if life == "" {
		life = randomID()
	}
	d.engine = router.NewEngine(router.Config{
		Office: d.cfg.Office, Life: life, Now: fault.Now, Rules: d.rules, Resume: d.keeper.resume, Agent: d.agentID,
	}, j.Log(), snapshots{j}, outbox{j}, d.logger)
	d.keeper.engine, d.keeper.journal = d.engine, j
	d.links = newLinks(d.engine, j, d.opts.Dir, life, d.logger)
	if d.gate, err = newGate(d.cfg, d.logger); err != nil {
		return err
	}
	d.links.gate, d.links.consent = d.gate, d.consent
	d.links.chats = d.chats() //nolint:contextcheck // whoever asks for the disk has no context
	if err := d.links.set(d.cfg); err != nil {
		return err
	}
	d.words = newWords(j, d.links.parse)
	client, err := newClassifier(&d.cfg.Classifier, d.logger)
	if err != nil {
		return err
	}
	d.asks.Store(&d.cfg.Classifier.URL)
	d.askElsewhere(client)
	asked, err := newCRM(&d.cfg.CRM, d.logger)
	if err != nil {
		return err
	}
	d.askCRM(asked)
	d.intake = router.NewIntake(router.IntakeConfig{
		Keys: d.keys, Parse: d.words.read, Policy: d.policy.Load, Account: d.links.account, Ours: d.links.ours,
		Agent:     d.agentID,
		Consult:   d.consult,
		Directory: peopleOf{d.directory},
		Reaches:   d.links.reaches,
	}, d.engine, d.ledger, d.logger)
	d.links.seen = d.intake.Seen
	d.shadow = &policyShadow{policyKeeper: d.keeper, words: d.words, intake: d.intake, names: d.nameOfAgent}
	d.policyDesk = &policyDesk{policyKeeper: d.keeper, words: d.words, intake: d.intake, shadow: d.shadow, asks: func(set *policies.Set) *view.PolicyClassifier {
		return classifierView(d.classifier.Load(), *d.asks.Load(), set)
	}}
	d.notify = newNotifier(d.cfg.HTTP.BaseURL, d.lastResort.Load, d.engine, d.links, d.logger)
	d.caller = newCaller(d.cfg.HTTP.BaseURL, d.lastResort.Load, d.engine, d.links, d.nameOfAgent, d.logger)
	d.receipts = &acknowledger{
		engine: d.engine, journal: j, words: d.words, links: d.links, pages: d.pages, keys: d.keys, policy: &d.policy, zone: time.Local,
		logger: d.logger.With("component", "acknowledger"),
	}
	if err := d.openRights(); err != nil {
		return err
	}
	d.shown = veiledWords{d.words, d.rights.veil}
	if err := d.openDesk(ctx); err != nil {
		return err
	}
	d.rights.forget = d.desk.Forget
	return nil
}

func (d *Daemon) openDesk(ctx context.Context) error {
	var err error
	if d.setup, err = setupToken(d.opts.Dir); err != nil {
		return err
	}
	proxies := make([]netip.Prefix, 0, len(d.cfg.HTTP.TrustedProxies))
	for _, p := range d.cfg.HTTP.TrustedProxies {
		proxies = append(proxies, p.Prefix)
	}
	d.desk = desk.NewService(desk.Config{
		BaseURL: d.cfg.HTTP.BaseURL, TrustedProxies: proxies, Setup: d.setup, Zone: time.Local, Version: version, Now: fault.Now,
	}, desk.Deps{
		Router: d.engine, Ledger: d.ledger, Records: veiledRecords{d.ledger, d.rights.veil}, Content: deskContent{d.journal, d.rights.veil}, Messages: d.shown,
		Intake: byHand{d}, Keys: d.keys, Channels: d.links, Sessions: deskSessions{d.journal.Sessions()},
		Health: d, Quarantine: quarantine{d}, Pending: d.journal.InboxPending, Metrics: d.metricsHandler(),
		Apology: func(language string, f policies.Facts, sorry policies.Sorry) string {
			return d.policy.Load().ApologyText(language, f, sorry, time.Local)
		},
		Page: d.pages.of, AskRating: d.pages.ask, Voices: d.ledger,
		Policies: d.policyDesk, Simulator: d.simulator(), Rules: d.rules, Past: pastOf(d.journal, d.cfg.Office, d.rules, d.logger),
		Rights: d.rights, Persons: d.ledger,
		Customers: &customerDesk{
			ledger: d.ledger, router: d.engine,
			directory: func(context.Context) (*directory.Directory, error) { return d.directory, nil },
			rules:     &apartRules{policy: d.policy.Load, reaches: d.links.reaches},
		},
		Directory: deskPeople{d.directory, d.ledger},
	}, d.logger)
	if err := d.desk.Load(ctx); err != nil {
		return err
	}
	if d.server, err = desk.NewServer(d.desk, d.logger); err != nil {
		return err
	}
	return d.openPages(ctx)
}

// Close releases the data directory.
func (d *Daemon) Close() error {
	var errs []error
	if d.ledger != nil {
		errs = append(errs, d.ledger.Close())
	}
	if d.directory != nil {
		errs = append(errs, d.directory.Close())
	}
	if d.codes != nil {
		errs = append(errs, d.codes.Close())
	}
	if d.journal != nil {
		errs = append(errs, d.journal.Close())
	}
	if d.listener != nil {
		_ = d.listener.Close()
	}
	if d.gate != nil {
		errs = append(errs, d.gate.Close())
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, then stops everything within two seconds.
func (d *Daemon) Run(ctx context.Context) error {
	if err := d.listen(ctx); err != nil {
		return err
	}
	defer frugal()()
	g, ctx := errgroup.WithContext(ctx)
	// The router ends last, so that what the others still have to tell it, such
	// as that a reply was delivered, is recorded.
	routing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g.Go(func() error { return d.engine.Run(routing) })
	var others sync.WaitGroup
	for _, run := range []func(context.Context) error{
		func(ctx context.Context) error { return d.ledger.Run(ctx, d.journal.Log(), d.words) },
		func(ctx context.Context) error { return quiet(ctx, d.journal.ConsumeInbox(ctx, d.intake.Handle)) },
		d.links.Run, d.runGate, d.notify.Run, d.caller.Run, d.receipts.Run, d.desk.Run, d.keepHouse, d.serveHTTP, d.serveControl, d.customerKeeper().Run, d.habitKeeper().Run, d.activate, d.revise, d.shadow.Run, d.reread, d.runRights,
		d.followCRM, d.customerRefresh().Run,
	} {
		others.Add(1)
		g.Go(func() error {
			defer others.Done()
			return run(ctx)
		})
	}
	g.Go(func() error {
		<-ctx.Done()
		others.Wait()
		stop()
		return nil
	})
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// quiet takes the error of a loop that ended because ctx did for none.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // that is how it shall end
	}
	return err
}

// activate settles which policy set decides; the daemon is ready then. It takes up
// what changes in the policy directory from there on.
func (d *Daemon) activate(ctx context.Context) error {
	if err := d.keeper.settle(ctx); err != nil {
		return err
	}
	if ctx.Err() == nil {
		close(d.ready)
		d.keeper.watch(ctx, lookEvery)
	}
	return nil
}

// revise finds the classes of open contacts again after an activation.
func (d *Daemon) revise(ctx context.Context) error {
	return (&policyReviser{policyKeeper: d.keeper, words: d.words, intake: d.intake}).Run(ctx)
}

// Active is closed once the router is active.
func (d *Daemon) Active() <-chan struct{} { return d.ready }
