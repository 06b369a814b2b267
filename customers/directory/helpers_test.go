package directory_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/journal"
	"stagecoach/router"
)

// store is the journal, as the daemon has it. fail, if it is set, is asked before and
// after each write.
type store struct {
	j    *journal.Journal
	fail func(when string) error
}

func (s *store) Shards() int         { return s.j.Shards() }
func (s *store) Shard(id string) int { return s.j.Shard(id) }

func (s *store) PutAll(ctx context.Context, pieces []directory.Piece) (map[int]uint64, error) {
	if err := s.ask("before"); err != nil {
		return nil, err
	}
	out := make([]journal.Piece, len(pieces))
	for n, p := range pieces {
		out[n] = journal.Piece(p)
	}
	last, err := s.j.PutAll(ctx, journal.KindCustomer, out)
	if err == nil {
		err = s.ask("after")
	}
	return last, err
}

func (s *store) ask(when string) error {
	if s.fail == nil {
		return nil
	}
	return s.fail(when)
}

func (s *store) Since(ctx context.Context, shard int, after uint64, fn func(directory.Version) error) (uint64, error) {
	last, err := s.j.Since(ctx, journal.KindCustomer, shard, after, func(v journal.Version) error {
		return fn(directory.Version(v))
	})
	if errors.Is(err, journal.ErrNotFound) {
		err = errors.Join(directory.ErrNotFound, err)
	}
	return last, err
}

func (s *store) Erase(ctx context.Context, id string) error {
	return s.j.Erase(ctx, "customer."+id)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openJournal(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Unsynced: true}, slog.New(slog.DiscardHandler))
	ok(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func key(j *journal.Journal) func(contact.Channel, string) string {
	keys := router.NewKeys(j.Keys().Key(journal.KeyHash), j.Keys().Key(journal.KeyToken))
	return func(ch contact.Channel, address string) string { return keys.Identity(string(ch), address) }
}

// clock counts seconds.
func clock() func() time.Time {
	at := time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Second)
		return at
	}
}

func openAt(t *testing.T, dir string, s *store) *directory.Directory {
	t.Helper()
	d, err := directory.Open(t.Context(), directory.Config{Dir: dir, Store: s, Key: key(s.j), Now: clock()})
	ok(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// open gives a directory on an empty journal, and what opens it again.
func open(t *testing.T) (d *directory.Directory, s *store, dir string) {
	t.Helper()
	dir = t.TempDir()
	s = &store{j: openJournal(t, dir)}
	return openAt(t, dir, s), s, dir
}

func mail(address string) customers.Identity {
	return customers.Identity{Channel: contact.Email, Address: address, Source: "import"}
}

// add makes a record.
func add(t *testing.T, d *directory.Directory, id, external, name string, identities ...customers.Identity) *customers.Record {
	t.Helper()
	rec, err := d.Update(t.Context(), id, "import", func(rec *customers.Record) error {
		rec.External, rec.Name, rec.Identities = external, name, identities
		return nil
	})
	ok(t, err)
	return rec
}

// whose gives who has an e-mail address: an id, "" for nobody, several joined by "+".
func whose(t *testing.T, d *directory.Directory, s *store, address string) string {
	t.Helper()
	k := key(s.j)(contact.Email, address)
	found, err := d.Lookup(t.Context(), []string{k, k})
	ok(t, err)
	m, there := found[k]
	switch {
	case !there:
		return ""
	case m.Shared != (len(m.All) > 1) || m.Shared != (m.Record == nil) || m.Shared != (m.Customer == ""):
		t.Errorf("%s: %+v doesn't fit together", address, m)
	case !m.Shared && (m.Record.ID != m.Customer || m.All[0] != m.Customer):
		t.Errorf("%s: %+v is somebody else's", address, m)
	}
	return strings.Join(m.All, "+")
}

func found(t *testing.T, d *directory.Directory, text string) string {
	t.Helper()
	list, err := d.Find(t.Context(), text, 3)
	ok(t, err)
	ids := []string{}
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	return fmt.Sprint(ids)
}
