package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/remote"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/router"
)

// links holds the accounts of all channels and keeps each running. A reload
// swaps them without losing a message: what an old one had in hand is stored or
// seen again.
type links struct {
	engine  *router.Engine
	journal *journal.Journal
	life    string
	flights *flights
	logger  *slog.Logger
	// dir is the data directory, where logins are kept.
	dir string
	// seen reports whether the router has an item.
	seen func(ctx context.Context, in *channels.Inbound) (bool, error)
	// consent gives what a customer has said by now of what nobody has asked for, nil
	// where nobody can tell.
	consent consentOf
	// chats is what web chats need of the daemon.
	chats *chats
	// gate is where adapters that run elsewhere connect to, nil for nowhere.
	gate *remote.Gate

	mu      sync.Mutex
	all     map[string]*link
	changed chan struct{}
}

// link is one account with what keeps it running.
type link struct {
	adapter  channels.Adapter
	facts    router.AccountFacts
	runner   *channels.Runner
	sender   *sender
	settings string
	// remote is the adapter where it runs as a process of its own, else nil.
	remote *remote.Account
}

func newLinks(engine *router.Engine, j *journal.Journal, dir, life string, logger *slog.Logger) *links {
	return &links{engine: engine, journal: j, dir: dir, life: life, flights: newFlights(), logger: logger, all: map[string]*link{}, changed: make(chan struct{}, 1)}
}

// set makes the accounts of the configuration and swaps them in.
func (l *links) set(cfg *configs.Config) error {
	made, err := l.build(cfg)
	if err == nil {
		l.swap(made)
	}
	return err
}

// build makes the accounts of the configuration: everything that can fail.
func (l *links) build(cfg *configs.Config) ([]*link, error) {
	return buildAccounts(cfg, l.dir, l.chats, l.logger)
}

// swap makes these the accounts: nothing of it can fail. Those whose settings
// have not changed go on undisturbed.
func (l *links) swap(made []*link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := map[string]*link{}
	for _, m := range made {
		key := string(m.adapter.Channel) + "/" + m.adapter.Account
		if old := l.all[key]; old != nil && old.settings == m.settings {
			next[key] = old
			continue
		}
		m.runner = channels.NewRunner(m.adapter, &source{journal: l.journal, engine: l.engine, seen: l.hasSeen}, channels.RunnerConfig{}, l.logger)
		m.sender = newSender(m.adapter, l.engine, l.journal, l.life, l.flights, l.logger)
		m.sender.consent = l.consent
		next[key] = m
	}
	l.all = next
	l.admit()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// admit lets the processes of these accounts in at the gate, and no others. mu
// must be held.
func (l *links) admit() {
	if l.gate == nil {
		return
	}
	var elsewhere []*remote.Account
	for _, k := range l.all {
		if k.remote != nil {
			elsewhere = append(elsewhere, k.remote)
		}
	}
	l.gate.Serve(elsewhere)
}

// Run keeps every account running until ctx ends, and follows changes.
func (l *links) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	running := map[*link]*journey{}
	before := map[string]<-chan struct{}{} // the end of an account's last one
	for {
		l.mu.Lock()
		want := map[*link]bool{}
		for _, k := range l.all {
			want[k] = true
		}
		l.mu.Unlock()
		for k, j := range running {
			if !want[k] {
				j.stop()
				before[k.name()] = j.ended
				delete(running, k)
			}
		}
		for k := range want {
			if running[k] == nil {
				running[k] = k.start(ctx, &wg, before[k.name()], l.logger)
			}
		}
		select {
		case <-ctx.Done():
			for _, j := range running {
				j.stop()
			}
			return nil
		case <-l.changed:
		}
	}
}

// journey is a link on its way.
type journey struct {
	stop  context.CancelFunc
	ended <-chan struct{}
}

func (k *link) name() string { return string(k.adapter.Channel) + "/" + k.adapter.Account }

// start runs the link once the account's last one has ended: two at a time
// would take the bookmark from each other.
func (k *link) start(ctx context.Context, wg *sync.WaitGroup, before <-chan struct{}, logger *slog.Logger) *journey {
	kctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	wg.Go(func() {
		defer close(ended)
		if before != nil {
			<-before
		}
		k.run(kctx, logger)
	})
	return &journey{stop: stop, ended: ended}
}

func (k *link) run(ctx context.Context, logger *slog.Logger) {
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := k.runner.Run(ctx); err != nil {
			logger.ErrorContext(ctx, "a channel has stopped", "channel", k.adapter.Channel, "account", k.adapter.Account, "err", err)
		}
	})
	if k.adapter.Sender != nil {
		wg.Go(func() {
			if err := k.sender.Run(ctx); err != nil && ctx.Err() == nil {
				logger.ErrorContext(ctx, "sending has stopped", "channel", k.adapter.Channel, "account", k.adapter.Account, "err", err)
			}
		})
	}
	wg.Wait()
}

// hasSeen asks the intake, which is made after the accounts.
func (l *links) hasSeen(ctx context.Context, in *channels.Inbound) (bool, error) {
	return l.seen(ctx, in)
}

// list gives the accounts in order of their names.
func (l *links) list() []*link {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*link, 0, len(l.all))
	for _, key := range slices.Sorted(maps.Keys(l.all)) {
		out = append(out, l.all[key])
	}
	return out
}

func (l *links) get(ch contact.Channel, account string) *link {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[string(ch)+"/"+account]
}

// Adapters implements desk.Channels.
func (l *links) Adapters() []channels.Adapter {
	all := l.list()
	out := make([]channels.Adapter, len(all))
	for i, k := range all {
		out[i] = k.adapter
		if limited, ok := k.adapter.Sender.(channels.Limited); ok {
			out[i].Limits = limited.Limits() // what the provider has said meanwhile
		}
		if k.remote != nil && out[i].Address == "" {
			out[i].Address = k.remote.Address()
		}
	}
	return out
}

// States implements desk.Channels.
func (l *links) States() []desk.ChannelState {
	all := l.list()
	out := make([]desk.ChannelState, len(all))
	now := time.Now()
	for i, k := range all {
		s := k.runner.State()
		st := desk.ChannelState{
			Channel: k.adapter.Channel, Account: k.adapter.Account, Address: k.adapter.Address,
			OK: s.Connected || k.adapter.Receiver == nil, Trouble: readingTrouble(s),
			LagSeconds: s.Lag(now).Seconds(), SendFailures: k.sender.failures(),
		}
		if !st.OK && st.Trouble == "" {
			st.Trouble = "not connected yet"
		}
		if s.Troubled != "" {
			st.OK = false
			st.Trouble = joinWords(st.Trouble, s.Troubled)
		}
		if trouble := k.sender.trouble(); trouble != "" {
			st.OK = false
			st.Trouble = joinWords(st.Trouble, trouble)
		}
		if st.OK && now.Sub(s.NoticedAt) < noticeShown {
			st.Trouble = s.Notice
		}
		out[i] = st
	}
	return out
}

// noticeShown is how long people see what an account's adapter told them.
const noticeShown = 3 * 24 * time.Hour

func joinWords(a, b string) string {
	if a == "" {
		return b
	}
	if strings.HasSuffix(a, ".") || strings.HasSuffix(a, "?") {
		return a + " " + strings.ToUpper(b[:1]) + b[1:]
	}
	return a + "; " + b
}

// account tells what is set for one.
func (l *links) account(ch contact.Channel, account string) router.AccountFacts {
	if k := l.get(ch, account); k != nil {
		return k.facts
	}
	return router.AccountFacts{}
}

// ours reports whether an address is that of an account of ours.
func (l *links) ours(ch contact.Channel, address string) bool {
	for _, k := range l.list() {
		is := func(a string) bool { return strings.EqualFold(a, address) }
		if k.adapter.Channel == ch && (slices.ContainsFunc(k.facts.Addresses, is) || k.remote != nil && is(k.remote.Address())) {
			return true
		}
	}
	return false
}

var errNoParser = errors.New("no channel understands this format")

// parse makes a message of an original by its channel's parser, or reads one
// that came as JSON. An account that is no longer configured is read by any
// other of its channel.
func (l *links) parse(in *channels.Inbound) (*contact.Message, error) {
	if in.Format == "json" {
		return parseJSON(in)
	}
	if k := l.get(in.Channel, in.Account); k != nil && k.adapter.Parser != nil {
		return parsed(k.adapter.Parser, in)
	}
	for _, k := range l.list() {
		if k.adapter.Channel == in.Channel && k.adapter.Parser != nil {
			return parsed(k.adapter.Parser, in)
		}
	}
	if p := anyParser(in.Format); p != nil {
		return parsed(p, in)
	}
	return nil, fmt.Errorf("%w: %q", errNoParser, in.Format)
}

func parseJSON(in *channels.Inbound) (*contact.Message, error) {
	var m contact.Message
	if err := json.Unmarshal(in.Raw, &m); err != nil {
		return nil, fmt.Errorf("reading a message as JSON: %w", err)
	}
	m.Channel, m.Account, m.ReceivedAt = in.Channel, in.Account, in.ReceivedAt
	return &m, nil
}

// source is what an adapter delivers to.
type source struct {
	journal *journal.Journal
	engine  *router.Engine
	// seen reports whether the router has an item; INBOX itself knows those of the
	// last hour.
	seen func(ctx context.Context, in *channels.Inbound) (bool, error)
}

var (
	_ channels.Source   = (*source)(nil)
	_ channels.Recaller = (*source)(nil)
)

// Deliver implements channels.Source: it returns once the item is durable.
func (s *source) Deliver(ctx context.Context, in *channels.Inbound) error {
	_, _, err := s.journal.PutInbound(ctx, in)
	return err
}

// DeliverAgain implements channels.Recaller.
func (s *source) DeliverAgain(ctx context.Context, in *channels.Inbound) (before bool, err error) {
	if before, err = s.seen(ctx, in); err != nil {
		return false, err
	}
	_, dup, err := s.journal.PutInbound(ctx, in)
	return before || dup, err
}

// Bookmark implements channels.Source.
func (s *source) Bookmark(ctx context.Context, name string) (channels.Bookmark, bool, error) {
	var b channels.Bookmark
	var ok bool
	err := s.engine.View(ctx, func(st *router.State) {
		if src := st.Sources[name]; src != nil && src.Position != "" {
			b = channels.Bookmark{Source: name, Position: src.Position, At: src.At, Since: src.Since, Seen: src.Seen}
			ok = true
		}
	})
	return b, ok, err
}

// Advance implements channels.Source.
func (s *source) Advance(ctx context.Context, b channels.Bookmark) error {
	ch, account := splitSource(b.Source)
	fault.On(ch, fault.SourceBeforeMark)
	_, err := s.engine.Do(ctx, router.Envelope{Actor: router.ActorIntake, Command: router.Advance{Read: router.SourceRead{
		Source: b.Source, Channel: ch, Account: account, Position: b.Position,
		At: b.At.UTC(), Since: b.Since.UTC(), Seen: b.Seen,
	}}})
	if err != nil {
		return fmt.Errorf("recording how far %q was read: %w", b.Source, err)
	}
	fault.On(ch, fault.SourceAfterMark)
	return nil
}

// splitSource takes "email/support/INBOX" apart.
func splitSource(name string) (channel, account string) {
	channel, rest, _ := strings.Cut(name, "/")
	account, _, _ = strings.Cut(rest, "/")
	return channel, account
}
