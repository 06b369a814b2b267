package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/auth"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// The small values below give each package the journal in its own words.

type outbox struct{ j *journal.Journal }

// Enqueue implements router.Outbox.
func (o outbox) Enqueue(ctx context.Context, r router.Reply) error {
	return o.j.PublishOutbox(ctx, journal.OutboxItem{Reply: r.ID, Channel: string(r.Channel), Account: r.Account})
}

type snapshots struct{ *journal.Journal }

var _ router.Snapshots = snapshots{}

// deskContent gives the desk the journal's content.
type deskContent struct {
	j    *journal.Journal
	veil *veil
}

var _ desk.Content = deskContent{}

// Put implements desk.Content.
func (c deskContent) Put(ctx context.Context, kind desk.Kind, id string, value []byte) (string, error) {
	return c.j.Put(ctx, journal.Kind(kind), id, value)
}

// Get implements desk.Content.
func (c deskContent) Get(ctx context.Context, ref string) ([]byte, error) {
	if err := c.veil.through(ctx, ref); err != nil {
		return nil, err
	}
	data, err := c.j.Get(ctx, ref)
	return data, deskError(err)
}

// Each implements desk.Content.
func (c deskContent) Each(ctx context.Context, kind desk.Kind, f func(id string, value []byte) error) error {
	return c.j.Each(ctx, journal.Kind(kind), f)
}

// Erase implements desk.Content.
func (c deskContent) Erase(ctx context.Context, ref string) error { return c.j.Erase(ctx, ref) }

// PutObject implements desk.Content.
func (c deskContent) PutObject(ctx context.Context, r io.Reader) (string, int64, error) {
	return c.j.PutObject(ctx, r)
}

// GetObject implements desk.Content.
func (c deskContent) GetObject(ctx context.Context, id string) (io.ReadCloser, error) {
	r, err := c.j.GetObject(ctx, id)
	return r, deskError(err)
}

func deskError(err error) error {
	switch {
	case errors.Is(err, journal.ErrErased):
		return fmt.Errorf("%w: %w", desk.ErrErased, err)
	case errors.Is(err, journal.ErrNotFound):
		return fmt.Errorf("%w: %w", desk.ErrMissing, err)
	}
	return err
}

// deskSessions gives the desk the journal's sessions.
type deskSessions struct{ *journal.Sessions }

// Get implements auth.Store.
func (s deskSessions) Get(ctx context.Context, tokenHash string) (string, []byte, error) {
	agent, value, err := s.Sessions.Get(ctx, tokenHash)
	if errors.Is(err, journal.ErrNotFound) {
		return "", nil, auth.ErrNoSession
	}
	return agent, value, err
}

// words reads content for people and for the search, with the messages read
// last kept parsed.
type words struct {
	journal *journal.Journal
	parse   func(*channels.Inbound) (*contact.Message, error)
	cache   *lru.Cache[string, *contact.Message]
}

var (
	_ desk.Messages = (*words)(nil)
	_ ledger.Words  = (*words)(nil)
)

// keptParsed is how many messages stay parsed; those over keptSize don't.
const (
	keptParsed = 512
	keptSize   = 64 << 10
)

func newWords(j *journal.Journal, parse func(*channels.Inbound) (*contact.Message, error)) *words {
	cache, err := lru.New[string, *contact.Message](keptParsed)
	if err != nil {
		panic(err) // the size is a constant over zero
	}
	return &words{journal: j, parse: parse, cache: cache}
}

// Message gives a message as its channel's parser understands it.
func (w *words) Message(ctx context.Context, ref string) (*contact.Message, error) {
	if m, ok := w.cache.Get(ref); ok {
		cp := *m
		return &cp, nil
	}
	in, err := w.Original(ctx, ref)
	if errors.Is(err, ledger.ErrGone) { // what it says may be kept longer
		m, merr := readJSON[contact.Message](ctx, w.journal, string(journal.KindMessage)+"."+ref)
		if errors.Is(merr, ledger.ErrGone) {
			return nil, err
		}
		return m, merr
	}
	if err != nil {
		return nil, err
	}
	m, err := w.read(ref, in)
	if err != nil {
		return nil, fmt.Errorf("reading message %q: %w", ref, err)
	}
	return m, nil
}

// read parses the original kept under ref and keeps what it makes of it: the
// search asks for what intake has read a moment ago.
func (w *words) read(ref string, in *channels.Inbound) (*contact.Message, error) {
	m, err := w.parse(in)
	if err != nil {
		return nil, err
	}
	m.ReceivedAt = in.ReceivedAt
	if in.Size < keptSize {
		w.cache.Add(ref, m)
	}
	cp := *m
	return &cp, nil
}

// Original gives the item as it came.
func (w *words) Original(ctx context.Context, ref string) (*channels.Inbound, error) {
	in, err := w.journal.Inbound(ctx, ref)
	return in, wordsError(err)
}

// Reply implements ledger.Words.
func (w *words) Reply(ctx context.Context, ref string) (*contact.Reply, error) {
	return readJSON[contact.Reply](ctx, w.journal, ref)
}

// Note implements ledger.Words.
func (w *words) Note(ctx context.Context, ref string) (*contact.Note, error) {
	return readJSON[contact.Note](ctx, w.journal, ref)
}

func readJSON[T any](ctx context.Context, j *journal.Journal, ref string) (*T, error) {
	data, err := j.Get(ctx, ref)
	if err != nil {
		return nil, wordsError(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, fmt.Errorf("reading %q: %w", ref, err)
	}
	return &v, nil
}

func wordsError(err error) error {
	if errors.Is(err, journal.ErrErased) || errors.Is(err, journal.ErrNotFound) {
		return errors.Join(ledger.ErrGone, deskError(err))
	}
	return err
}
