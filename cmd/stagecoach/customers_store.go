package main

import (
	"context"
	"errors"
	"time"

	"stagecoach/contact"
	"stagecoach/customers/directory"
	"stagecoach/journal"
	"stagecoach/router"
)

// openDirectory opens the customers' directory of a journal.
func openDirectory(ctx context.Context, j *journal.Journal, dir string, keys router.Keys, changed func(ids []string, by string)) (*directory.Directory, error) {
	return directory.Open(ctx, directory.Config{
		Dir: dir, Store: customerStore{j}, Now: time.Now, Key: identityKey(keys), Changed: changed,
		Unproven: func(ch contact.Channel, address string) string { return keys.Unproven(string(ch), address) },
	})
}

// identityKey gives the key of an address.
func identityKey(keys router.Keys) func(contact.Channel, string) string {
	return func(ch contact.Channel, address string) string { return keys.Identity(string(ch), address) }
}

// customerStore keeps records in the journal's DIRECTORY.
type customerStore struct{ j *journal.Journal }

var _ directory.Store = customerStore{}

// Shards implements directory.Store.
func (s customerStore) Shards() int { return s.j.Shards() }

// Shard implements directory.Store.
func (s customerStore) Shard(id string) int { return s.j.Shard(id) }

// PutAll implements directory.Store.
func (s customerStore) PutAll(ctx context.Context, pieces []directory.Piece) (map[int]uint64, error) {
	out := make([]journal.Piece, len(pieces))
	for n, p := range pieces {
		out[n] = journal.Piece(p)
	}
	return s.j.PutAll(ctx, journal.KindCustomer, out)
}

// Since implements directory.Store.
func (s customerStore) Since(ctx context.Context, shard int, after uint64, fn func(directory.Version) error) (uint64, error) {
	last, err := s.j.Since(ctx, journal.KindCustomer, shard, after, func(v journal.Version) error {
		return fn(directory.Version(v))
	})
	if errors.Is(err, journal.ErrNotFound) {
		err = errors.Join(directory.ErrNotFound, err)
	}
	return last, err
}

// Erase implements directory.Store.
func (s customerStore) Erase(ctx context.Context, id string) error {
	return s.j.Erase(ctx, string(journal.KindCustomer)+"."+id)
}
