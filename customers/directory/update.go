package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"stagecoach/customers"
)

// catchUpStep is how many records are indexed in one transaction.
const catchUpStep = 20000

// catchUp indexes what a shard of the store holds and the index lacks. The caller has
// the shard, or is alone.
func (d *Directory) catchUp(ctx context.Context, shard int) error {
	after, err := d.db.at(ctx, shard)
	if err != nil {
		return err
	}
	var step []Version
	flush := func(upTo uint64) error {
		return d.inTx(ctx, func(w *writer) error {
			for _, v := range step {
				if err := w.putVersion(ctx, v); err != nil {
					return err
				}
			}
			step = step[:0]
			// What is read from the beginning comes out of order.
			if after == 0 && upTo == 0 {
				return nil
			}
			return w.reached(ctx, shard, upTo)
		})
	}
	last, err := d.cfg.Store.Since(ctx, shard, after, func(v Version) error {
		v.Value = slices.Clone(v.Value)
		step = append(step, v)
		if len(step) < catchUpStep {
			return nil
		}
		if after == 0 {
			return flush(0)
		}
		return flush(v.Seq)
	})
	if err != nil {
		return fmt.Errorf("indexing customers: %w", err)
	}
	if last == after && len(step) == 0 {
		return nil
	}
	return flush(last)
}

func (w *writer) putVersion(ctx context.Context, v Version) error {
	if v.Erased {
		return w.remove(ctx, v.ID)
	}
	rec, err := decode(v.Value)
	if err != nil {
		rec = nil // it is found by its id, and whoever reads it is told
	}
	return w.put(ctx, v.ID, rec, v.Value)
}

// lock takes the shards of some records, in order, brings those up to date that are
// behind, and gives what undoes it.
func (d *Directory) lock(ctx context.Context, ids ...string) (unlock func(), err error) {
	which := make([]int, 0, len(ids))
	for _, id := range ids {
		which = append(which, d.cfg.Store.Shard(id))
	}
	slices.Sort(which)
	which = slices.Compact(which)
	for _, k := range which {
		d.shards[k].mu.Lock()
	}
	unlock = func() {
		for _, k := range which {
			d.shards[k].mu.Unlock()
		}
	}
	for _, k := range which {
		if err := d.renew(ctx, k); err != nil {
			unlock()
			return nil, err
		}
	}
	return unlock, nil
}

// renew brings a shard up to date that is behind. The caller has it.
func (d *Directory) renew(ctx context.Context, k int) error {
	if !d.shards[k].behind.Load() {
		return nil
	}
	if err := d.catchUp(ctx, k); err != nil {
		return err
	}
	d.shards[k].behind.Store(false)
	return nil
}

// renewAll brings every shard up to date that is behind.
func (d *Directory) renewAll(ctx context.Context) error {
	for k := range d.shards {
		if !d.shards[k].behind.Load() { // whoever writes there is not waited for
			continue
		}
		d.shards[k].mu.Lock()
		err := d.renew(ctx, k)
		d.shards[k].mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Change is what is to be made of one record.
type Change struct {
	ID string
	// Make changes the record, which has only its id where there is none yet. It must
	// be quick. Its error leaves the record as it is.
	Make func(rec *customers.Record) error
	// New is true where the id was made for this record just now: none is looked for.
	New bool
}

// Changed is what came of a Change.
type Changed struct {
	// Record is as it is now, nil after an error.
	Record *customers.Record
	// New is true for a new version.
	New bool
	Err error
}

// Update changes a record, by whom, and makes it where there is none; unchanged, it
// gets no new version. The change must be quick: others wait for it. Its error is
// returned and nothing is stored then. A customer who was erased is ErrErased.
func (d *Directory) Update(ctx context.Context, id, by string, change func(rec *customers.Record) error) (*customers.Record, error) {
	out, err := d.UpdateAll(ctx, by, []Change{{ID: id, Make: change}})
	if err == nil {
		err = out[0].Err
	}
	if err != nil {
		return nil, fmt.Errorf("changing customer %q: %w", id, err)
	}
	return out[0].Record, nil
}

// UpdateAll changes many records, each once, and stores them in batches. One that can't
// be changed is told in its place and stops none of the others; with an error of the
// store those that were stored all the same are told as such, as far as that can be
// found out, all others have that error, and the same call again is harmless.
func (d *Directory) UpdateAll(ctx context.Context, by string, changes []Change) ([]Changed, error) {
	ids := make([]string, len(changes))
	for n, c := range changes {
		ids[n] = c.ID
	}
	unlock, err := d.lock(ctx, ids...)
	if err != nil {
		return nil, err
	}
	defer unlock()
	out := make([]Changed, len(changes))
	var news []fresh
	seen := make(map[string]bool, len(changes))
	for n, c := range changes {
		if seen[c.ID] || c.ID == "" {
			out[n] = Changed{Err: fmt.Errorf("customer %q is named twice, or has no id", c.ID)}
			continue
		}
		seen[c.ID] = true
		f, changed := d.change(ctx, by, c)
		out[n] = changed
		if changed.New {
			news = append(news, f)
		}
	}
	if err := d.store(ctx, news); err != nil {
		return d.settle(ctx, out, news, err), err
	}
	return out, nil
}

// settle tells which versions are in the store after its error. The caller has their
// shards.
func (d *Directory) settle(ctx context.Context, out []Changed, news []fresh, failed error) []Changed {
	byShard := map[int]map[string]uint64{}
	for _, f := range news {
		k := d.cfg.Store.Shard(f.rec.ID)
		if byShard[k] == nil {
			byShard[k] = map[string]uint64{}
		}
		byShard[k][f.rec.ID] = f.rec.Version
	}
	stored := map[string]bool{}
	for k, versions := range byShard {
		after, err := d.db.at(ctx, k)
		if err != nil {
			continue
		}
		_, _ = d.cfg.Store.Since(ctx, k, after, func(v Version) error { // what can't be read is not told as stored
			if want := versions[v.ID]; want > 0 && !v.Erased {
				rec, err := decode(v.Value)
				stored[v.ID] = err == nil && rec.Version == want
			}
			return nil
		})
	}
	for n := range out {
		if rec := out[n].Record; out[n].New && !stored[rec.ID] {
			out[n] = Changed{Err: failed}
		}
	}
	return out
}

// fresh is a new version of a record.
type fresh struct {
	rec   *customers.Record
	value []byte
}

// change makes a new version, if it is one.
func (d *Directory) change(ctx context.Context, by string, c Change) (fresh, Changed) {
	rec := &customers.Record{ID: c.ID}
	var before []byte
	if !c.New {
		had, err := d.db.value(ctx, c.ID)
		if err == nil {
			before = had
			rec, err = decode(had)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return fresh{}, Changed{Err: err}
		}
	}
	version, made, changed, by0 := rec.Version, rec.MadeAt, rec.ChangedAt, rec.By
	if err := c.Make(rec); err != nil {
		return fresh{}, Changed{Err: err}
	}
	rec.ID, rec.Version, rec.MadeAt, rec.ChangedAt, rec.By = c.ID, version, made, changed, by0
	if before == nil {
		return d.stamp(rec, by)
	}
	same, err := sameRecord(rec, before)
	if err != nil {
		return fresh{}, Changed{Err: err}
	}
	if same {
		return fresh{}, Changed{Record: rec}
	}
	return d.stamp(rec, by)
}

// sameRecord reports whether a record says what is stored, in whichever form an earlier
// build has stored it.
func sameRecord(rec *customers.Record, before []byte) (bool, error) {
	value, err := json.Marshal(rec)
	if err != nil {
		return false, fmt.Errorf("%w: writing it: %w", ErrRecord, err)
	}
	if bytes.Equal(value, before) {
		return true, nil
	}
	old, err := decode(before)
	if err != nil {
		return false, err
	}
	if before, err = json.Marshal(old); err != nil {
		return false, fmt.Errorf("%w: writing it: %w", ErrRecord, err)
	}
	return bytes.Equal(value, before), nil
}

// stamp makes rec the next version.
func (d *Directory) stamp(rec *customers.Record, by string) (fresh, Changed) {
	now := d.cfg.Now().UTC()
	rec.Version++
	if rec.MadeAt.IsZero() {
		rec.MadeAt = now
	}
	rec.ChangedAt, rec.By = now, by
	value, err := json.Marshal(rec)
	if err != nil {
		return fresh{}, Changed{Err: fmt.Errorf("%w: writing it: %w", ErrRecord, err)}
	}
	return fresh{rec, value}, Changed{Record: rec, New: true}
}

// store makes versions durable, then findable. The caller has their shards.
func (d *Directory) store(ctx context.Context, news []fresh) error {
	if len(news) == 0 {
		return nil
	}
	pieces := make([]Piece, len(news))
	for n, f := range news {
		pieces[n] = Piece{ID: f.rec.ID, Value: f.value}
	}
	last, err := d.cfg.Store.PutAll(ctx, pieces)
	if err == nil {
		err = d.inTx(ctx, func(w *writer) error {
			for _, f := range news {
				put := w.put
				if f.rec.Version == 1 {
					put = w.insert
				}
				if err := put(ctx, f.rec.ID, f.rec, f.value); err != nil {
					return fmt.Errorf("indexing customers: %w", err)
				}
			}
			for k, seq := range last {
				if err := w.reached(ctx, k, seq); err != nil {
					return fmt.Errorf("indexing customers: %w", err)
				}
			}
			return nil
		})
	}
	if err == nil {
		d.tell(news)
	}
	if err != nil { // what was stored is unknown: read it before the next change
		for _, f := range news {
			d.shards[d.cfg.Store.Shard(f.rec.ID)].behind.Store(true)
		}
	}
	return err
}

// tell says whose records were changed.
func (d *Directory) tell(news []fresh) {
	if d.cfg.Changed == nil {
		return
	}
	ids := make([]string, len(news))
	for n, f := range news {
		ids[n] = f.rec.ID
	}
	d.cfg.Changed(ids, news[0].rec.By)
}

// PutAll stores records as they are, each as the next version, in atomic batches.
func (d *Directory) PutAll(ctx context.Context, recs []*customers.Record) error {
	changes := make([]Change, len(recs))
	for n, rec := range recs {
		changes[n] = Change{ID: rec.ID, Make: func(to *customers.Record) error {
			*to = *rec
			return nil
		}}
	}
	out, err := d.UpdateAll(ctx, "import", changes)
	errs := []error{err}
	for n, o := range out {
		if o.Err != nil {
			errs = append(errs, fmt.Errorf("storing customer %q: %w", recs[n].ID, o.Err))
		}
	}
	return errors.Join(errs...)
}

// Erase overwrites a record, all its versions and what the index has of it, and
// returns when the bytes are gone. Erasing what isn't there is no error.
func (d *Directory) Erase(ctx context.Context, id string) error {
	unlock, err := d.lock(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	shard := &d.shards[d.cfg.Store.Shard(id)]
	if err := d.cfg.Store.Erase(ctx, id); err != nil {
		shard.behind.Store(true)
		return fmt.Errorf("erasing customer %q: %w", id, err)
	}
	err = d.inTx(ctx, func(w *writer) error { return w.remove(ctx, id) })
	if err == nil {
		err = d.truncate(ctx)
	}
	if err != nil {
		shard.behind.Store(true)
		return fmt.Errorf("erasing customer %q from the index: %w", id, err)
	}
	return nil
}

func (d *Directory) truncate(ctx context.Context) error {
	d.index.Lock()
	defer d.index.Unlock()
	return d.db.truncate(ctx)
}
