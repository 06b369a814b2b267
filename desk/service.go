package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/contact"
	"stagecoach/desk/auth"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// Config is how the desk is set up. The zero value works.
type Config struct {
	// BaseURL is where people reach the desk, "" when only the request tells.
	BaseURL string
	// TrustedProxies may say for whom they speak (X-Forwarded-For).
	TrustedProxies []netip.Prefix
	// Setup is the token of the one-time link that makes the first supervisor,
	// "" when there is none.
	Setup string
	// MaxUpload bounds one uploaded file, in bytes; 0 means 25 MiB.
	MaxUpload int64
	// CatchUp is how long an answer waits for the ledger; 0 means one second.
	CatchUp time.Duration
	// PasswordCost is what a password's hash takes; the zero value is right
	// anywhere but in tests.
	PasswordCost auth.Cost
	// Zone is the office's time zone; nil is UTC.
	Zone *time.Location
	// Version is that of the build, for the API's description.
	Version string
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.MaxUpload <= 0 {
		c.MaxUpload = 25 << 20
	}
	if c.CatchUp <= 0 {
		c.CatchUp = time.Second
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (c Config) secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// Service is what the desk can do, for pages and API alike.
type Service struct {
	cfg  Config
	deps Deps
	log  *slog.Logger
	now  func() time.Time

	accounts  *accounts
	answers   *answers
	drafts    *drafts
	headlines *headlines
	hub       *hub
	watched   *watched

	hasher    *auth.Hasher
	sessions  *auth.Sessions
	perOrigin *auth.Limiter
	perPair   *auth.Limiter
	perEmail  *auth.Limiter

	// sending holds the ids of the replies being written now.
	sending sync.Map
	surveys surveys
	// replaying lets one past decision be replayed at a time.
	replaying sync.Mutex
	// closing is closed when the desk stops: open lines end at once.
	closing chan struct{}
}

// NewService makes the service. Load and Run give it life.
func NewService(cfg Config, deps Deps, log *slog.Logger) *Service {
	cfg = cfg.withDefaults()
	log = log.With("component", "desk")
	return &Service{
		cfg: cfg, deps: deps, log: log, now: cfg.Now,
		accounts:  newAccounts(deps.Content),
		answers:   newAnswers(deps.Content),
		drafts:    newDrafts(deps.Content, log),
		headlines: newHeadlines(),
		hub:       newHub(),
		watched:   newWatched(),
		hasher:    auth.NewHasher(2, cfg.PasswordCost),
		sessions:  auth.NewSessions(deps.Sessions),
		perOrigin: auth.NewLimiter(500*time.Millisecond, 60),
		perPair:   auth.NewLimiter(20*time.Second, 6),
		perEmail:  auth.NewLimiter(10*time.Second, 60),
		surveys:   surveys{last: map[string]*survey{}},
		closing:   make(chan struct{}),
	}
}

// Load reads what the desk keeps at hand: agents, saved answers, which contacts
// have a draft.
func (s *Service) Load(ctx context.Context) error {
	for _, load := range []func(context.Context) error{s.accounts.load, s.answers.load, s.drafts.load} {
		if err := load(ctx); err != nil {
			return fmt.Errorf("opening the desk: %w", err)
		}
	}
	return nil
}

// Run passes the router's commits on to the pages and keeps drafts, until ctx
// ends.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		<-ctx.Done()
		close(s.closing)
		return nil
	})
	g.Go(func() error { return s.watch(ctx) })
	g.Go(func() error { return s.announce(ctx) })
	g.Go(func() error { return s.drafts.run(ctx) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("running the desk: %w", err)
	}
	return nil
}

// do sends a command to the router and waits, for a moment, until the ledger
// shows its effect.
func (s *Service) do(ctx context.Context, who Who, id string, c router.Command) (view.Done, error) {
	res, err := s.command(ctx, who, id, c)
	if err != nil {
		return view.Done{}, err
	}
	return s.done(ctx, res), nil
}

func (s *Service) command(ctx context.Context, who Who, id string, c router.Command) (router.Result, error) {
	if id == "" {
		made, err := newID()
		if err != nil {
			return router.Result{}, err
		}
		id = made
	}
	if len(id) > 100 {
		return router.Result{}, invalid("The command id is longer than 100 characters.")
	}
	res, err := s.deps.Router.Do(ctx, router.Envelope{ID: who.ID + ":" + id, Actor: who.ID, Command: c})
	if err != nil {
		return router.Result{}, fmt.Errorf("asking the router: %w", err)
	}
	return res, nil
}

// done waits until the ledger has reached the commit, at most CatchUp.
func (s *Service) done(ctx context.Context, res router.Result) view.Done {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.CatchUp)
	defer cancel()
	late := s.deps.Ledger.WaitFor(ctx, res.Commit) != nil
	return view.Done{
		Commit: res.Commit, Contact: res.Contact, Conversation: res.Conversation, Message: res.Message,
		Reply: res.Reply, Offer: res.Offer, Known: res.Known, CatchingUp: late,
	}
}

// role gives the role of an agent who may come in, and false for anybody else.
func (s *Service) role(ctx context.Context, agent string) (contact.Role, bool, error) {
	var role contact.Role
	var known bool
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if a := st.Agents[agent]; a != nil && !a.Removed {
			role, known = a.Role, true
		}
	})
	if err != nil {
		return "", false, fmt.Errorf("looking up an agent: %w", err)
	}
	return role, known, nil
}
