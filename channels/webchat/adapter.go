// Package webchat is the chat on a company's own web site: one script tag, a
// bubble and a panel. Here we are the provider ourselves: the adapter keeps a
// small durable store of what both sides wrote, and everything in it has a number.
//
// A visitor's message is stored under the browser's own id, delivered to the
// daemon, and only then confirmed to the browser. A reply is stored under its id,
// then pushed. A browser that comes back says which number it saw last and gets
// the rest: a restart, a crash or a lost link loses and doubles nothing.
//
// There are no cookies: a random token in the Authorization header says who it
// is, so that no foreign page can act in a visitor's name. Logged-in customers
// are vouched for by the shop's server with an HMAC (identity.go).
//
// Streams run in the goroutines of the HTTP server. Receive waits for all of
// them, and for the workers that it starts.
package webchat

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Adapter is one web chat. Its methods may be called from several goroutines.
type Adapter struct {
	cfg     Config
	log     *slog.Logger
	origins map[string]bool
	proxies []netip.Prefix
	keeper  *keeper
	hub     *hub
	limits  *limiters
	uploads *uploads
	widget  widget

	mu  sync.RWMutex
	run *run
}

var (
	_ channels.Receiver = (*Adapter)(nil)
	_ channels.Sender   = (*Adapter)(nil)
	_ channels.Parser   = (*Adapter)(nil)
	_ channels.Composer = (*Adapter)(nil)
	_ channels.Resolver = (*Adapter)(nil)
	_ channels.Lister   = (*Adapter)(nil)
	_ channels.Checker  = (*Adapter)(nil)
	_ channels.Limited  = (*Adapter)(nil)

	_ channels.Typist    = (*Adapter)(nil)
	_ channels.Attendant = (*Adapter)(nil)

	_ http.Handler = (*Adapter)(nil)
)

// New makes the adapter of one web chat. It does no I/O: the store is opened
// while something is done. The error names everything that is wrong with cfg.
func New(cfg Config, log *slog.Logger) (*Adapter, error) {
	origins, proxies, err := cfg.parts()
	if err != nil {
		return nil, fmt.Errorf("configuring web chat %q: %w", cfg.Account, err)
	}
	cfg = cfg.withDefaults()
	limits, err := newLimiters(cfg)
	if err != nil {
		return nil, fmt.Errorf("configuring web chat %q: %w", cfg.Account, err)
	}
	page, err := newWidget()
	if err != nil {
		return nil, fmt.Errorf("configuring web chat %q: %w", cfg.Account, err)
	}
	return &Adapter{
		cfg: cfg, log: log.With("component", "webchat", "account", cfg.Account),
		origins: origins, proxies: proxies, limits: limits,
		keeper: &keeper{path: filepath.Join(cfg.Dir, "webchat-"+cfg.Account+".db")},
		hub:    newHub(cfg.Visitors), uploads: newUploads(), widget: page,
	}, nil
}

// Channel gives the adapter as the daemon holds it.
func (a *Adapter) Channel() channels.Adapter {
	return channels.Adapter{
		Channel: contact.WebChat, Account: a.cfg.Account, Address: a.cfg.Title,
		Receiver: a, Sender: a, Parser: a, Composer: a, Lister: a, Resolver: a, Checker: a, HTTP: a,
		Limits: a.Limits(),
	}
}

// What one message carries at most, either way.
const (
	maxText       = 10_000
	maxFiles      = 10
	maxReplyFiles = MaxFile
)

// Limits implements channels.Limited.
func (a *Adapter) Limits() contact.Limits {
	return contact.Limits{TextRunes: maxText, AttachmentCount: maxFiles, AttachmentBytes: maxReplyFiles}
}

// source names the one place that messages come from.
func (a *Adapter) source() string { return "webchat/" + a.cfg.Account + "/messages" }

func (a *Adapter) now() time.Time { return a.cfg.Now() }

// Connected counts the streams that are open to visitors' browsers now.
func (a *Adapter) Connected() int { return a.hub.count() }

// Busy counts the requests of visitors' browsers that are being served now, open
// streams included.
func (a *Adapter) Busy() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.run == nil {
		return 0
	}
	return a.run.holds.count()
}

func (a *Adapter) failure(op string, reason channels.Reason, words string, err error) *channels.Error {
	switch {
	case err == nil:
		err = fmt.Errorf("%s", words)
	case words != "":
		err = fmt.Errorf("%s: %w", words, err)
	}
	return &channels.Error{Channel: contact.WebChat, Account: a.cfg.Account, Op: op, Reason: reason, Err: err}
}

// report tells whoever shows agents what visitors do.
func (a *Adapter) report(act Activity) {
	if a.cfg.Activity != nil {
		act.Visitor = a.outside(act.Visitor)
		a.cfg.Activity(act)
	}
}
