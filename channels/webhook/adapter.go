// Package webhook is the way to connect anything that speaks HTTP: another system
// posts signed JSON of a documented schema, and gets the replies posted to an
// address of its own.
//
// Both directions are signed as Standard Webhooks 1.0.0 has it
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
// webhook-id, webhook-timestamp, webhook-signature, "v1" (HMAC-SHA256) or "v1a"
// (Ed25519) over "id.timestamp.body". The JSON is in schema/*.json, which the Go
// types are checked against.
//
// A message is answered 200 only when Deliver has returned nil; while it can't be
// stored the sender gets 503 and tries again. What is signed and malformed is
// refused with words on where it is wrong, since its sender can mend it. The
// message's own id makes it one message, however often it comes.
//
// A Receive starts no goroutine: requests run in those of the HTTP server, and
// Receive waits for the ones that are being stored.
package webhook

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Adapter is one connected system. Its methods may be called from several
// goroutines.
type Adapter struct {
	cfg Config
	log *slog.Logger
	// taken verifies what comes in, given signs what goes out.
	taken, given keyring

	mu  sync.RWMutex
	run *run
	// rate is how much the account takes, large how many large bodies are read, and
	// fetching for how many messages files are fetched at a time.
	rate            *rate.Limiter
	large, fetching chan struct{}
	// stored remembers the latest messages: id → digest of what was said.
	stored   *lru.Cache[string, digest]
	troubled atomic.Bool
	tally    tally

	files    *fetcher
	callback *http.Client
	once     *onceBook
	// heldUntil is when the receiver wants to be asked again, in Unix
	// nanoseconds, 0 if it has said nothing.
	heldUntil atomic.Int64
}

var (
	_ channels.Receiver = (*Adapter)(nil)
	_ channels.Sender   = (*Adapter)(nil)
	_ channels.Parser   = (*Adapter)(nil)
	_ channels.Composer = (*Adapter)(nil)
	_ channels.Resolver = (*Adapter)(nil)
	_ channels.Checker  = (*Adapter)(nil)
	_ channels.Limited  = (*Adapter)(nil)
	_ channels.Pacer    = (*Adapter)(nil)
	_ http.Handler      = (*Adapter)(nil)
)

// rememberedMessages is how many messages are remembered, so that an id which
// comes with other words is noticed.
const rememberedMessages = 10_000

// largeBodies is how many bodies above smallBody are in memory at a time, and as
// many messages with files that are fetched.
const largeBodies = 3

// New makes the adapter of one connected system. It does no I/O but reading the
// CA file. The error names everything that is wrong with cfg.
func New(cfg Config, log *slog.Logger) (*Adapter, error) {
	parts, err := cfg.parts()
	if err != nil {
		return nil, fmt.Errorf("configuring webhook %q: %w", cfg.Account, err)
	}
	cfg = cfg.withDefaults()
	stored, err := lru.New[string, digest](rememberedMessages)
	if err != nil {
		return nil, fmt.Errorf("configuring webhook %q: %w", cfg.Account, err)
	}
	once, err := newOnceBook()
	if err != nil {
		return nil, fmt.Errorf("configuring webhook %q: %w", cfg.Account, err)
	}
	return &Adapter{
		cfg:   cfg,
		log:   log.With("component", "webhook", "account", cfg.Account),
		taken: parts.taken, given: parts.given,
		rate:     rate.NewLimiter(rate.Limit(cfg.PerSecond), cfg.Burst),
		large:    make(chan struct{}, largeBodies),
		fetching: make(chan struct{}, largeBodies),
		stored:   stored,
		files:    newFetcher(cfg, parts.roots),
		callback: newCallbackClient(parts.roots),
		once:     once,
	}, nil
}

// Channel gives the adapter as the daemon holds it: without a receiver where
// there is no secret to verify by, without a sender where there is no callback.
func (a *Adapter) Channel() channels.Adapter {
	out := channels.Adapter{
		Channel: contact.Webhook, Account: a.cfg.Account, Address: a.cfg.Account,
		Parser: a, Composer: a, Checker: a, Limits: a.Limits(),
	}
	if len(a.taken) > 0 {
		out.Receiver, out.HTTP = a, a
	}
	if a.cfg.Callback.URL != "" {
		out.Sender = a
		if !a.cfg.Callback.NotIdempotent {
			out.Resolver = a
		}
	}
	return out
}

// What a reply carries at most: base64 adds a third, and receivers that take
// 25 MiB are common.
const (
	replyFiles     = 10
	replyFileBytes = 15 << 20
)

// Limits implements channels.Limited.
func (a *Adapter) Limits() contact.Limits {
	return contact.Limits{
		TextRunes: a.cfg.Callback.TextLimit, AttachmentCount: replyFiles, AttachmentBytes: replyFileBytes,
		Public: a.cfg.Public, HTML: true,
	}
}

// source names the one place that messages come from.
func (a *Adapter) source() string { return "webhook/" + a.cfg.Account + "/messages" }

// Tally counts requests since the start.
type Tally struct {
	// Stored are messages stored, those that were known already included.
	Stored uint64 `json:"stored"`
	// Refused are signed requests whose sender must change something: not JSON,
	// not of the schema, too large, an id used twice.
	Refused uint64 `json:"refused"`
	// Unsigned are requests without a valid signature of now.
	Unsigned uint64 `json:"unsigned"`
	// Postponed are requests told to come again: too many, or not storable now.
	Postponed uint64 `json:"postponed"`
}

type tally struct{ stored, refused, unsigned, postponed atomic.Uint64 }

// Tally gives the counts so far.
func (a *Adapter) Tally() Tally {
	return Tally{
		Stored: a.tally.stored.Load(), Refused: a.tally.refused.Load(),
		Unsigned: a.tally.unsigned.Load(), Postponed: a.tally.postponed.Load(),
	}
}

func (a *Adapter) now() time.Time { return a.cfg.Now() }
