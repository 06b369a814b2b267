package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/journal"
	"stagecoach/router"
)

// A record that can't be read holds up nobody else's: it is passed over, told and
// counted, by whoever follows the log.
func TestSpoiltRecordIsPassedOver(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	first, second := mailFrom(t, d, 1, "first"), mailFrom(t, d, 2, "second")
	whose := func(id string) (customer, conversation string) {
		t.Helper()
		if err := d.engine.View(t.Context(), func(s *router.State) {
			customer, conversation = s.Contacts[id].Customer, s.Contacts[id].Conversation
		}); err != nil {
			t.Fatal(err)
		}
		return customer, conversation
	}
	bad, ofBad := whose(first)
	good, ofGood := whose(second)
	until(t, "records", func() bool {
		_, err := d.directory.Get(t.Context(), good)
		_, err2 := d.directory.Get(t.Context(), bad)
		return err == nil && err2 == nil
	})
	if _, err := d.journal.PutAll(t.Context(), journal.KindCustomer, []journal.Piece{{ID: bad, Value: []byte("{")}}); err != nil {
		t.Fatal(err)
	}
	// The index is read anew: the bytes that nobody can read are in it.
	dir := t.TempDir()
	anew, err := directory.Open(t.Context(), directory.Config{Dir: dir, Store: customerStore{d.journal}, Now: time.Now, Key: identityKey(d.keys)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = anew.Close() }()
	asked(t, anew, good)
	var told strings.Builder
	spoilt := new(spoiltRecords)
	k := &habitKeeper{directory: anew, ledger: d.ledger, logger: slog.New(slog.NewTextHandler(&told, nil)), spoilt: spoilt}
	if err := k.keep(t.Context(), []turnSaid{wrote(ofBad), wrote(ofGood)}, 1); err != nil {
		t.Fatalf("one record that can't be read ends it: %v", err)
	}
	rec, err := anew.Get(t.Context(), good)
	if err != nil || rec.Habits[0].Answered != 1 {
		t.Errorf("the other's habits are %+v, %v", rec, err)
	}
	if spoilt.n.Load() != 1 || !strings.Contains(told.String(), bad) || strings.Contains(told.String(), good) {
		t.Errorf("%d were counted, told: %s", spoilt.n.Load(), told.String())
	}
}

// asked has us wait for a customer's answer by mail.
func asked(t *testing.T, d *directory.Directory, customer string) {
	t.Helper()
	if _, err := d.Update(t.Context(), customer, "test", func(rec *customers.Record) error {
		rec.Habits = []customers.Habit{{Channel: contact.Email, Sent: 1, Open: time.Now().Add(-time.Minute)}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// wrote is an answer of a customer's.
func wrote(conversation string) turnSaid {
	return turnSaid{Turn: customers.Turn{Channel: contact.Email, At: time.Now(), N: 1}, conversation: conversation}
}

// What can be tried again is: the place is noted only behind what was counted.
func TestHabitsAreReadAgain(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	id := mailFrom(t, d, 1, "first")
	var customer, conversation string
	if err := d.engine.View(t.Context(), func(s *router.State) {
		customer, conversation = s.Contacts[id].Customer, s.Contacts[id].Conversation
	}); err != nil {
		t.Fatal(err)
	}
	until(t, "a record", func() bool { _, err := d.directory.Get(t.Context(), customer); return err == nil })
	store := &cutStore{customerStore: customerStore{d.journal}}
	anew, err := directory.Open(t.Context(), directory.Config{Dir: t.TempDir(), Store: store, Now: time.Now, Key: identityKey(d.keys)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = anew.Close() }()
	k := &habitKeeper{directory: anew, ledger: d.ledger, logger: slog.New(slog.DiscardHandler), spoilt: new(spoiltRecords)}
	asked(t, anew, customer)
	cut := errors.New("cut")
	store.err = cut
	said := []turnSaid{wrote(conversation)}
	if err := k.keep(t.Context(), said, 7); !errors.Is(err, cut) {
		t.Fatalf("got %v", err)
	}
	if mark, err := anew.Mark(t.Context(), habitsMark); mark != 0 || err != nil {
		t.Errorf("the place is %d, %v: what was said before it is never counted", mark, err)
	}
	store.err = nil
	if err := k.keep(t.Context(), said, 7); err != nil {
		t.Fatal(err)
	}
	if mark, err := anew.Mark(t.Context(), habitsMark); mark != 7 || err != nil {
		t.Errorf("the place is %d, %v", mark, err)
	}
}

// cutStore can't be written while it has an error.
type cutStore struct {
	customerStore
	err error
}

func (s *cutStore) PutAll(ctx context.Context, pieces []directory.Piece) (map[int]uint64, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.customerStore.PutAll(ctx, pieces)
}
