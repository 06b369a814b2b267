// Package bluesky is the channel to Bluesky and other servers of the AT protocol
// (https://atproto.com, https://docs.bsky.app).
//
// Mentions, replies and quotes are found by asking for notifications from time to
// time, direct messages by the log of the chat service. Hashtags and keywords that
// the configuration names open contacts that weren't addressed to us.
//
// A post is written under a record key that is made of the reply's id, so that
// however often it is sent there is one: a lost answer needs no doubt. A direct
// message has no such key: after a cut it is looked for, and else in doubt.
//
// Goroutines of a Receive: one that asks and delivers, with up to 8 that deliver
// beside each other. All end with it.
package bluesky

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
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
	cfg Config
	log *slog.Logger
	// again repeats what may be repeated, once nothing, files fetches from
	// anywhere public and knows no token.
	again *retryablehttp.Client
	once  *http.Client
	files *media.Fetcher

	sessions sessions
	// server is where the account was found to be, nil before.
	server atomic.Pointer[string]

	// passed holds what this process has delivered, and whether a bookmark that
	// was recorded counts it.
	passed *lru.Cache[string, bool]
	convos *lru.Cache[string, *convo]
	sent   *sentBook
	pace   channels.Hold
	// settle is how long after an attempt its effect may still show.
	settle  time.Duration
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

// Format names the originals of this channel: see envelope.
const Format = "bluesky+json"

// New makes the adapter of one account. It does no I/O but reading CAFile.
func New(cfg Config, log *slog.Logger) (*Adapter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring bluesky account %q: %w", cfg.Account, err)
	}
	cfg = cfg.withDefaults()
	roots, err := cfg.roots()
	if err != nil {
		return nil, fmt.Errorf("configuring bluesky account %q: %w", cfg.Account, err)
	}
	again, once := newClients(cfg, roots)
	passed, err := lru.New[string, bool](passedKept)
	if err != nil {
		return nil, fmt.Errorf("configuring bluesky account %q: %w", cfg.Account, err)
	}
	convos, err := lru.New[string, *convo](convosKept)
	if err != nil {
		return nil, fmt.Errorf("configuring bluesky account %q: %w", cfg.Account, err)
	}
	sent, err := newSentBook()
	if err != nil {
		return nil, fmt.Errorf("configuring bluesky account %q: %w", cfg.Account, err)
	}
	return &Adapter{
		cfg: cfg, log: log.With("component", "bluesky", "account", cfg.Account),
		again: again, once: once, files: media.New(roots, cfg.Server),
		sessions: sessions{turn: make(chan struct{}, 1)},
		passed:   passed, convos: convos, sent: sent, settle: 12 * time.Second, started: time.Now(),
	}, nil
}

// Channel gives the adapter as the daemon holds it.
func (a *Adapter) Channel() channels.Adapter {
	return channels.Adapter{
		Channel: contact.Bluesky, Account: a.cfg.Account, Address: "@" + a.cfg.Handle,
		Receiver: a, Sender: a, Parser: a, Composer: a, Lister: a, Resolver: a, Checker: a, Limits: a.Limits(),
	}
}

// Prepare implements channels.Preparer: it finds out whether the account can send.
func (a *Adapter) Prepare(ctx context.Context) error {
	_, err := a.session(ctx, opLogin)
	return err
}

// What a post and a direct message carry
// (https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json,
// .../app/bsky/embed/images.json, .../chat/bsky/convo/defs.json). Older servers
// take pictures of 1 MB only.
const (
	postGraphemes    = 300
	postBytes        = 3000
	messageGraphemes = 1000
	messageBytes     = 10000
	maxImages        = 4
	maxImageBytes    = 1_000_000
	// maxParts is how many posts one reply is split into at most; what is stated
	// in Limits fits into fewer.
	maxParts    = 30
	statedParts = 10
	// frame is what the number takes of a post.
	frame = 10
)

// Limits implements channels.Limited.
func (a *Adapter) Limits() contact.Limits {
	return contact.Limits{
		TextRunes: statedParts * (postGraphemes - 2*frame), PartRunes: postGraphemes - frame,
		AttachmentCount: maxImages, AttachmentBytes: maxImages * maxImageBytes, Public: true,
	}
}
