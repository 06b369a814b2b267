// Package slack is the channel to one Slack workspace, by Socket Mode and the Web
// API.
//
// Events come over a web socket and are acknowledged once they are stored. What
// was said while no socket stood is read from the history of each conversation,
// from its own bookmark on. A conversation's bookmark goes forward only when all
// that lies before it is stored, and waits until its history has been read.
//
// The frames of the socket are slack-go's types. Its socketmode client isn't used:
// it ends the old socket before the new one stands, puts acknowledgements on
// whichever socket is there, and leaves a goroutine behind; its Web client hides
// the bytes of originals and whether a request went out.
//
// Goroutines of a Receive: one per socket (two for a moment when Slack wants it
// changed) with one that pings, one that reads histories, one that advances
// bookmarks, one that waits for the end, and up to 64 deliveries. All end with it.
package slack

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Adapter is one account. Its methods may be called from several goroutines.
type Adapter struct {
	cfg  Config
	log  *slog.Logger
	base *url.URL
	// again repeats what may be repeated, once nothing.
	again *retryablehttp.Client
	once  *http.Client

	self   atomic.Pointer[self]
	people *peopleBook
	// passed holds what this process has delivered.
	passed *lru.Cache[string, struct{}]
	// threads tells of the threads in channels that aren't ours whether we take
	// part.
	threads *lru.Cache[string, bool]
	// authors tells who wrote a message: Slack may not, when it is deleted.
	authors *lru.Cache[string, string]
	sent    *sentBook
	pace    channels.Hold
	crowd   crowd
	// settle is how long after an attempt its effect may still show; silence is how
	// long a socket may say nothing.
	settle, silence time.Duration
	// patience is how long an event waits for the history before it, young how old a
	// message must be for its absence to tell something.
	patience, young time.Duration
	// pause is how long it is waited where Slack fails at something, at first.
	pause time.Duration
	// together bounds the attachments of one message, in bytes.
	together int64
	started  time.Time
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
const Format = "slack+json"

// How much is remembered so as not to be done or asked again.
const (
	passedKept  = 8192
	threadsKept = 4096
)

// New makes the adapter of one account. It does no I/O but reading CAFile.
func New(cfg Config, log *slog.Logger) (*Adapter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring slack account %q: %w", cfg.Account, err)
	}
	cfg = cfg.withDefaults()
	base, err := url.Parse(cfg.API)
	if err != nil {
		return nil, fmt.Errorf("configuring slack account %q: %w", cfg.Account, err)
	}
	a := &Adapter{
		cfg: cfg, log: log.With("component", "slack", "account", cfg.Account), base: base,
		sent: newSentBook(), settle: 12 * time.Second, silence: 45 * time.Second, patience: 90 * time.Second, young: youngAbsence, pause: firstPauseOfHistory, together: maxTogether, started: time.Now(),
	}
	if a.again, a.once, err = newClients(cfg); err != nil {
		return nil, fmt.Errorf("configuring slack account %q: %w", cfg.Account, err)
	}
	if a.passed, err = lru.New[string, struct{}](passedKept); err != nil {
		return nil, fmt.Errorf("configuring slack account %q: %w", cfg.Account, err)
	}
	if a.threads, err = lru.New[string, bool](threadsKept); err != nil {
		return nil, fmt.Errorf("configuring slack account %q: %w", cfg.Account, err)
	}
	if a.authors, err = lru.New[string, string](passedKept); err != nil {
		return nil, fmt.Errorf("configuring slack account %q: %w", cfg.Account, err)
	}
	if a.people, err = newPeopleBook(); err != nil {
		return nil, fmt.Errorf("configuring slack account %q: %w", cfg.Account, err)
	}
	return a, nil
}

// Channel gives the adapter as the daemon holds it.
func (a *Adapter) Channel() channels.Adapter {
	return channels.Adapter{
		Channel: contact.Slack, Account: a.cfg.Account, Address: "slack/" + a.cfg.Account,
		Receiver: a, Sender: a, Parser: a, Composer: a, Lister: a, Resolver: a, Checker: a, Limits: a.Limits(),
	}
}

// Limits implements channels.Limited.
// https://docs.slack.dev/reference/methods/chat.postMessage/#truncating
func (a *Adapter) Limits() contact.Limits {
	return contact.Limits{
		TextRunes: 40000, PartRunes: partRunes, AttachmentCount: maxFiles, AttachmentBytes: maxUpload,
	}
}

// self is who we are in the workspace.
type self struct {
	team, teamName string
	user, name     string
	bot            string
	// scopes are those of the bot token, nil where the server doesn't tell.
	scopes map[string]bool
	// ahead is how much the server's clock is ahead of ours, where that is more
	// than its header can't tell.
	ahead time.Duration
}

// may reports whether the bot token has a scope, or nobody knows.
func (s *self) may(scope string) bool { return s.scopes == nil || s.scopes[scope] }

// login finds out who we are. https://docs.slack.dev/reference/methods/auth.test
func (a *Adapter) login(ctx context.Context, op string) (*self, error) {
	var me struct {
		TeamID string `json:"team_id"`
		Team   string `json:"team"`
		UserID string `json:"user_id"`
		User   string `json:"user"`
		BotID  string `json:"bot_id"`
	}
	asked := time.Now()
	res, err := a.read(ctx, op, "auth.test", nil, &me)
	if err != nil {
		return nil, err
	}
	if !validID(me.TeamID) || !validID(me.UserID) {
		return nil, a.failure(op, channels.Malformed, "", "server "+a.base.Host+" doesn't say whose token it is: is the address of the API right?", nil)
	}
	if me.BotID == "" {
		return nil, a.failure(op, channels.Auth, "", "bot_token is a person's: want the bot user's, which begins with xoxb-", nil)
	}
	who := &self{team: me.TeamID, teamName: me.Team, user: me.UserID, name: me.User, bot: me.BotID}
	if said, ok := res.header[http.CanonicalHeaderKey("X-OAuth-Scopes")]; ok {
		who.scopes = map[string]bool{}
		for scope := range strings.SplitSeq(strings.Join(said, ","), ",") {
			who.scopes[strings.TrimSpace(scope)] = true
		}
	}
	if at, err := http.ParseTime(res.header.Get("Date")); err == nil {
		if ahead := at.Sub(asked); ahead > 2*time.Second || ahead < -2*time.Second {
			who.ahead = ahead
		}
	}
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

// Prepare implements channels.Preparer: it finds out whether the account can
// send, and whether under the agent's name.
func (a *Adapter) Prepare(ctx context.Context) error {
	who, err := a.login(ctx, opLogin)
	if err != nil {
		return err
	}
	if !who.may(scopeWrite) {
		return a.lacks(opLogin, scopeWrite)
	}
	return nil
}
