package directory

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"stagecoach/customers"
)

// mostOwners bounds how many customers of one address are told.
const mostOwners = 50

// owner is a customer who has an address.
type owner struct {
	id     string
	record []byte
}

// keyBytes gives a key as it is indexed: half as long where it is a keyed hash.
func keyBytes(key string) []byte {
	if b, err := hex.DecodeString(key); err == nil && len(b) > 0 {
		return b
	}
	return append([]byte{0}, key...)
}

func decode(value []byte) (*customers.Record, error) {
	rec := new(customers.Record)
	if err := json.Unmarshal(value, rec); err != nil {
		return nil, fmt.Errorf("%w: reading it: %w", ErrRecord, err)
	}
	return rec, nil
}

// owners gives who has an address, by their ids.
func (f *file) owners(ctx context.Context, key []byte) ([]owner, error) {
	rows, err := f.q.owners.QueryContext(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []owner
	for rows.Next() {
		var o owner
		if err := rows.Scan(&o.id, &o.record); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// record gives a record by its id.
func (f *file) record(ctx context.Context, id string) (*customers.Record, error) {
	value, err := f.value(ctx, id)
	if err != nil {
		return nil, err
	}
	return decode(value)
}

// value gives a record as it is stored.
func (f *file) value(ctx context.Context, id string) ([]byte, error) {
	var blob []byte
	err := f.q.record.QueryRowContext(ctx, id).Scan(&blob)
	if err == nil {
		return unpacked(blob)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	var gone int
	if err := f.q.gone.QueryRowContext(ctx, id).Scan(&gone); err != nil {
		return nil, err
	}
	if gone > 0 {
		return nil, ErrErased
	}
	return nil, ErrNotFound
}

// external gives the id of the record with one of the company's own ids.
func (f *file) external(ctx context.Context, external string) (id string, err error) {
	err = f.q.external.QueryRowContext(ctx, external).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	return id, err
}

// entries are by what a record is found.
type entries struct {
	keys     [][]byte
	external string
	words    []string
}

// entriesOf gives by what a record is found; nil has nothing.
func (d *Directory) entriesOf(rec *customers.Record) entries {
	var e entries
	if rec == nil {
		return e
	}
	e.external = rec.External
	e.words = Words(rec.Name)
	for _, i := range rec.Identities {
		name := d.KeyOf(i)
		if name == "" {
			continue
		}
		key := keyBytes(name)
		if !slices.ContainsFunc(e.keys, func(k []byte) bool { return bytes.Equal(k, key) }) {
			e.keys = append(e.keys, key)
		}
	}
	return e
}

// writer writes to the index in one transaction.
type writer struct {
	tx *sql.Tx
	d  *Directory
	// stmts are prepared once per transaction.
	stmts map[string]*sql.Stmt
}

// inTx runs fn in a transaction of the index.
func (d *Directory) inTx(ctx context.Context, fn func(w *writer) error) error {
	d.index.Lock()
	defer d.index.Unlock()
	tx, err := d.db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	w := &writer{tx: tx, d: d, stmts: map[string]*sql.Stmt{}}
	err = fn(w)
	for _, s := range w.stmts {
		err = errors.Join(err, s.Close())
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

func (w *writer) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := w.stmts[text]; s != nil {
		return s, nil
	}
	s, err := w.tx.PrepareContext(ctx, text)
	if err == nil {
		w.stmts[text] = s
	}
	return s, err
}

func (w *writer) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := w.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// find gives the number of a customer in the index and what is kept there; old is nil
// where that can't be read.
func (w *writer) find(ctx context.Context, id string) (num int64, old *customers.Record, err error) {
	s, err := w.prepare(ctx, "SELECT num, record FROM customer WHERE id = ?")
	if err != nil {
		return 0, nil, err
	}
	var value []byte
	err = s.QueryRowContext(ctx, id).Scan(&num, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	if old, err = unpack(value); err != nil {
		return num, nil, nil //nolint:nilerr // it is found by nothing
	}
	return num, old, nil
}

// put indexes the last version of a record. What can't be read (rec is nil) is found by
// its id only.
func (w *writer) put(ctx context.Context, id string, rec *customers.Record, value []byte) error {
	num, old, err := w.find(ctx, id)
	if err != nil {
		return err
	}
	if rec != nil && old != nil && old.Version >= rec.Version {
		return nil // read again
	}
	if num == 0 {
		return w.insert(ctx, id, rec, value)
	}
	if _, err = w.exec(ctx, "UPDATE customer SET record = ?, foreign_id = ? WHERE num = ?", pack(value), hasExternal(rec), num); err != nil {
		return err
	}
	return w.move(ctx, num, w.d.entriesOf(old), w.d.entriesOf(rec))
}

func hasExternal(rec *customers.Record) bool { return rec != nil && rec.External != "" }

// insert indexes a record that is known to be new.
func (w *writer) insert(ctx context.Context, id string, rec *customers.Record, value []byte) error {
	res, err := w.exec(ctx, "INSERT INTO customer(id, record, foreign_id) VALUES(?, ?, ?)", id, pack(value), hasExternal(rec))
	if err != nil {
		return err
	}
	num, err := res.LastInsertId()
	if err != nil {
		return err
	}
	return w.move(ctx, num, entries{}, w.d.entriesOf(rec))
}

// remove takes a record that was erased out, and remembers that it was.
func (w *writer) remove(ctx context.Context, id string) error {
	num, old, err := w.find(ctx, id)
	if err != nil {
		return err
	}
	if _, err := w.exec(ctx, "INSERT OR IGNORE INTO gone VALUES(?)", id); err != nil || num == 0 {
		return err
	}
	if _, err := w.exec(ctx, "DELETE FROM customer WHERE num = ?", num); err != nil {
		return err
	}
	if old != nil {
		return w.move(ctx, num, w.d.entriesOf(old), entries{})
	}
	// What can't be read may have been, once.
	for _, table := range []string{"identity", "external", "word"} {
		if _, err := w.exec(ctx, "DELETE FROM "+table+" WHERE num = ?", num); err != nil {
			return err
		}
	}
	return nil
}

// move makes what a customer is found by what it is now.
func (w *writer) move(ctx context.Context, num int64, from, to entries) error {
	has := func(list [][]byte, key []byte) bool {
		return slices.ContainsFunc(list, func(k []byte) bool { return bytes.Equal(k, key) })
	}
	var failed error
	do := func(text string, args ...any) {
		if failed == nil {
			_, failed = w.exec(ctx, text, args...)
		}
	}
	for _, k := range from.keys {
		if !has(to.keys, k) {
			do("DELETE FROM identity WHERE key = ? AND num = ?", k, num)
		}
	}
	for _, k := range to.keys {
		if !has(from.keys, k) {
			do("INSERT OR IGNORE INTO identity VALUES(?, ?)", k, num)
		}
	}
	for _, word := range from.words {
		if !slices.Contains(to.words, word) {
			do("DELETE FROM word WHERE word = ? AND num = ?", word, num)
		}
	}
	for _, word := range to.words {
		if !slices.Contains(from.words, word) {
			do("INSERT OR IGNORE INTO word VALUES(?, ?)", word, num)
		}
	}
	if from.external != to.external && from.external != "" {
		do("DELETE FROM external WHERE id = ? AND num = ?", from.external, num)
	}
	if from.external != to.external && to.external != "" {
		do("INSERT OR IGNORE INTO external VALUES(?, ?)", to.external, num)
	}
	return failed
}

// reached notes up to where a shard of the store is indexed.
func (w *writer) reached(ctx context.Context, shard int, seq uint64) error {
	_, err := w.exec(ctx, "INSERT INTO shard VALUES(?, ?) ON CONFLICT(k) DO UPDATE SET seq = max(seq, excluded.seq)", shard, int64(seq)) //nolint:gosec // counts of messages
	return err
}

// at gives up to where a shard is indexed.
func (f *file) at(ctx context.Context, shard int) (uint64, error) {
	var seq int64
	err := f.write.QueryRowContext(ctx, "SELECT seq FROM shard WHERE k = ?", shard).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return uint64(seq), err //nolint:gosec // counts of messages
}
