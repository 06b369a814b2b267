// Package mastodon is the channel to servers that speak the Mastodon API:
// Mastodon, GoToSocial, Pleroma and Akkoma.
//
// Notifications, asked for from time to time, are the truth; streaming only wakes
// the asking. An edit or deletion by the customer is found by looking at recent
// messages again. Hashtags and keywords that the configuration names open
// contacts that weren't addressed to us.
//
// Ids are opaque: nothing sorts by them. How far a place was read is kept as the
// ids of the last items seen there and one that lies behind them, from which the
// server is asked to go on, so that an item that turns up late or out of order
// isn't lost.
//
// Goroutines of a Receive: one that asks and delivers, with up to 8 that deliver
// beside each other, and one that holds the stream. All end with it.
package mastodon

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
	"stagecoach/channels/media"
	"stagecoach/contact"
)

// Adapter is one account. Its methods may be called from several goroutines.
type Adapter struct {
	cfg  Config
	log  *slog.Logger
	base *url.URL
	// again repeats what may be repeated, once nothing, files fetches from
	// anywhere public and knows no token.
	again *retryablehttp.Client
	once  *http.Client
	files *media.Fetcher

	self   atomic.Pointer[self]
	server atomic.Pointer[server]
	// types is which of typeSets the server takes.
	types atomic.Int32
	// noBatch is true once the server can't show several posts at once.
	noBatch atomic.Bool

	watched *watchBook
	// passed holds what this process has delivered, and whether a bookmark that
	// was recorded counts it.
	passed *lru.Cache[string, bool]
	sent   *sentBook
	pace   channels.Hold
	// settle is how long after an attempt its effect may still show.
	settle time.Duration
	// rest is how long a server without a stream is left alone.
	rest time.Duration
	// largest is how many bytes of an answer are read.
	largest int64
	started time.Time
}

var (
	_ channels.Receiver = (*Adapter)(nil)
	_ channels.Sender   = (*Adapter)(nil)
	_ channels.Parser   = (*Adapter)(nil)
	_ channels.Composer = (*Adapter)(nil)
	_ channels.Lister   = (*Adapter)(nil)
	_ channels.Resolver = (*Adapter)(nil)
	_ channels.Checker  = (*Adapter)(nil)
	_ channels.Limited  = (*Adapter)(nil)
	_ channels.Pacer    = (*Adapter)(nil)
	_ channels.Preparer = (*Adapter)(nil)
)

// settleTime is how long after an attempt without an answer its effect is waited
// for: servers have finished what a proxy had given up already
// (https://github.com/mastodon/mastodon/pull/21840), and some answer a repeated
// key with an error (https://github.com/mastodon/mastodon/issues/40399).
const settleTime = 18 * time.Second

// Format names the originals of this channel: see envelope.
const Format = "mastodon+json"

// New makes the adapter of one account. It does no I/O but reading CAFile.
func New(cfg Config, log *slog.Logger) (*Adapter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring mastodon account %q: %w", cfg.Account, err)
	}
	cfg = cfg.withDefaults()
	base, err := url.Parse(cfg.Server)
	if err != nil {
		return nil, fmt.Errorf("configuring mastodon account %q: %w", cfg.Account, err)
	}
	roots, err := cfg.roots()
	if err != nil {
		return nil, fmt.Errorf("configuring mastodon account %q: %w", cfg.Account, err)
	}
	again, once := newClients(cfg, roots)
	passed, err := lru.New[string, bool](passedKept)
	if err != nil {
		return nil, fmt.Errorf("configuring mastodon account %q: %w", cfg.Account, err)
	}
	return &Adapter{
		cfg: cfg, log: log.With("component", "mastodon", "account", cfg.Account), base: base,
		again: again, once: once, files: media.New(roots, cfg.Server),
		watched: newWatchBook(), passed: passed, sent: newSentBook(),
		settle: settleTime, rest: longestPause, largest: maxAnswer, started: time.Now(),
	}, nil
}

// Channel gives the adapter as the daemon holds it.
func (a *Adapter) Channel() channels.Adapter {
	return channels.Adapter{
		Channel: contact.Mastodon, Account: a.cfg.Account, Address: a.cfg.Address,
		Receiver: a, Sender: a, Parser: a, Composer: a, Lister: a, Resolver: a, Checker: a, Limits: a.Limits(),
	}
}

// self is who we are at the server.
type self struct {
	id   string
	acct string
}

// login finds out who we are, and that it is whom the configuration names.
func (a *Adapter) login(ctx context.Context, op string) (*self, error) {
	var me account
	if _, err := a.get(ctx, op, "/api/v1/accounts/verify_credentials", nil, &me); err != nil {
		return nil, err
	}
	if me.ID == "" {
		return nil, a.failure(op, channels.Malformed, "", "server "+a.base.Host+" doesn't say whose token it is", nil)
	}
	name, _, _ := strings.Cut(a.cfg.Address, "@")
	if !strings.EqualFold(me.Username, name) {
		return nil, a.failure(op, channels.Auth, "", fmt.Sprintf(
			"the token belongs to the account %q, and address names %q: set the one right", me.Username, name), nil)
	}
	who := &self{id: me.ID, acct: me.Acct}
	a.self.Store(who)
	return who, nil
}

// whoami is login, asked once.
func (a *Adapter) whoami(ctx context.Context, op string) (*self, error) {
	if who := a.self.Load(); who != nil {
		return who, nil
	}
	return a.login(ctx, op)
}

// server is what a server has told of itself.
type server struct {
	// software is "mastodon", "gotosocial", "pleroma", "akkoma" or another's name.
	software  string
	version   string
	maxChars  int
	maxMedia  int
	urlChars  int
	streaming string
	// domain is that of its people's names.
	domain string
}

// The limits that Mastodon has, for as long as the server hasn't told its own
// (https://docs.joinmastodon.org/user/posting/#text).
const (
	standardChars    = 500
	standardMedia    = 4
	standardURLChars = 23
)

func standardServer() *server {
	return &server{software: "mastodon", maxChars: standardChars, maxMedia: standardMedia, urlChars: standardURLChars}
}

// about gives what is known of the server.
func (a *Adapter) about() *server {
	if s := a.server.Load(); s != nil {
		return s
	}
	return standardServer()
}

// learn asks the server about itself; what it doesn't say stays as Mastodon has it.
func (a *Adapter) learn(ctx context.Context, op string) (*server, error) {
	var told instance
	res, err := a.ask(ctx, op, "/api/v2/instance", nil)
	if err == nil && !res.ok() {
		res, err = a.ask(ctx, op, "/api/v1/instance", nil)
	}
	if err != nil {
		return nil, err
	}
	if !res.ok() {
		return nil, a.refusal(op, res)
	}
	if err := unmarshalLoosely(res.body, &told); err != nil {
		return nil, a.unreadable(op, res, err)
	}
	s := standardServer()
	s.version = told.Version
	s.software = softwareOf(told)
	c := told.Configuration.Statuses
	if n := max(c.MaxCharacters, told.MaxTootChars); n > 0 {
		s.maxChars = n
	}
	if c.MaxMedia > 0 {
		s.maxMedia = c.MaxMedia
	}
	if c.CharactersPerU > 0 {
		s.urlChars = c.CharactersPerU
	}
	s.streaming = told.Configuration.URLs.Streaming
	s.domain = strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(firstOf(told.Domain, told.URI), "https://"), "http://"))
	a.server.Store(s)
	return s, nil
}

// compatibleForm is how other servers name themselves in the version.
var compatibleForm = regexp.MustCompile(`compatible; *([a-z]+)`)

func softwareOf(told instance) string {
	version := strings.ToLower(told.Version)
	if found := compatibleForm.FindStringSubmatch(version); found != nil {
		return found[1]
	}
	if strings.Contains(strings.ToLower(told.SourceURL), "gotosocial") || strings.Contains(version, "gotosocial") {
		return "gotosocial"
	}
	return "mastodon"
}

// Prepare implements channels.Preparer: it finds out whether the account can
// send, and how much fits into a post.
func (a *Adapter) Prepare(ctx context.Context) error {
	if _, err := a.login(ctx, opLogin); err != nil {
		return err
	}
	_, err := a.learn(ctx, opLogin)
	return err
}

// maxParts is how many posts one reply is split into at most; what is stated in
// Limits fits into fewer.
const (
	maxParts    = 30
	statedParts = 10
	// frame is what the mention and the number take of a post, about.
	frame = 50
)

// Limits implements channels.Limited.
func (a *Adapter) Limits() contact.Limits {
	s := a.about()
	part := max(s.maxChars-frame, s.maxChars/2)
	return contact.Limits{
		TextRunes: statedParts * part, PartRunes: part, AttachmentCount: s.maxMedia,
		AttachmentBytes: maxUpload, Public: true,
	}
}
