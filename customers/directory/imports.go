package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"stagecoach/customers"
)

// Imported is what came of rows.
type Imported struct {
	Loaded    int `json:"loaded"`
	Unchanged int `json:"unchanged"`
	// Rejected are the rows that could not be taken, by their place among those given.
	Rejected []Refusal `json:"rejected"`
	// Shared are rows with addresses that customers have besides whom the list doesn't
	// name.
	Shared []Sharing `json:"shared"`
	// Before are the rows of people who were erased, which whoever hands the rows over
	// looks for.
	Before []Before `json:"before,omitempty"`
	// Failed says over the control socket why the rest was not taken, "" where all was.
	Failed string `json:"failed,omitempty"`
}

// Refusal says why a row was not taken.
type Refusal struct {
	At     int    `json:"at"`
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// Before says that a row is of somebody who was erased, and whether it was taken.
type Before struct {
	At       int       `json:"at"`
	ErasedAt time.Time `json:"erased_at"`
	Loaded   bool      `json:"loaded"`
}

// Sharing says that a row's address is also that of other customers.
type Sharing struct {
	At      int      `json:"at"`
	Address string   `json:"address"`
	With    []string `json:"with"`
}

// plan is what is to be made of one row.
type plan struct {
	row  *customers.Row
	at   int
	id   string
	made bool // the id is new
}

// Import takes rows of the company's list in: each changes the record with its
// external_id; otherwise, that of the one customer without such an id who has one of its
// addresses; otherwise it makes one. Dry, it only says what would come of it. A row that
// can't be taken stops none of the others. With an error of the store it gives what is
// stored all the same.
func (d *Directory) Import(ctx context.Context, rows []customers.Row, dry bool) (*Imported, error) {
	out := &Imported{Rejected: []Refusal{}, Shared: []Sharing{}}
	// What a write has left that was cut must be found, or it is made a second time.
	if err := d.renewAll(ctx); err != nil {
		return nil, fmt.Errorf("importing customers: %w", err)
	}
	var met int
	err := d.db.read.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM customer WHERE foreign_id = 0)").Scan(&met)
	if err != nil {
		return nil, fmt.Errorf("importing customers: %w", err)
	}
	r := &resolver{d: d, met: met > 0, taken: map[string]bool{}, shard: int(d.imports.Add(1)) % d.cfg.Store.Shards()}
	var plans []plan
	for n := range rows {
		p, err := r.resolve(ctx, &rows[n], n, out)
		if err != nil {
			return out, fmt.Errorf("importing customers: %w", err)
		}
		if p.id == "" {
			continue
		}
		if r.taken[p.id] { // two rows of one customer: one after the other
			if err := d.importPlans(ctx, plans, dry, out); err != nil {
				return out, err
			}
			plans, r.taken = plans[:0], map[string]bool{}
		}
		r.taken[p.id] = true
		plans = append(plans, p)
	}
	return out, d.importPlans(ctx, plans, dry, out)
}

// importPlans makes of records what was planned.
func (d *Directory) importPlans(ctx context.Context, plans []plan, dry bool, out *Imported) error {
	now := d.cfg.Now().UTC()
	changes := make([]Change, len(plans))
	for n, p := range plans {
		changes[n] = Change{ID: p.id, New: p.made, Make: func(rec *customers.Record) error { return rec.Take(p.row, now, d.Same) }}
	}
	update := d.UpdateAll
	if dry {
		update = d.tryAll
	}
	results, failed := update(ctx, customers.FromImport, changes)
	if failed != nil {
		for _, r := range results { // the rest is told by the next import
			if r.New {
				out.Loaded++
			}
		}
		return fmt.Errorf("importing customers: %w", failed)
	}
	for n, p := range plans {
		r := results[n]
		switch {
		case errors.Is(r.Err, customers.ErrOtherExternal): // somebody else's by now
			p.id, p.made = uuid.Must(uuid.NewV7()).String(), true
			if err := d.importPlans(ctx, []plan{p}, dry, out); err != nil {
				return err
			}
		case r.Err != nil:
			out.Rejected = append(out.Rejected, Refusal{At: p.at, Column: "", Reason: r.Err.Error()})
		case r.New:
			out.Loaded++
		default:
			out.Unchanged++
		}
	}
	return nil
}

// tryAll is UpdateAll that stores nothing.
func (d *Directory) tryAll(ctx context.Context, by string, changes []Change) ([]Changed, error) {
	out := make([]Changed, len(changes))
	for n, c := range changes {
		_, out[n] = d.change(ctx, by, c)
	}
	return out, nil
}

// resolver finds whom rows mean.
type resolver struct {
	d *Directory
	// met is true where there are customers whom no list has named.
	met   bool
	taken map[string]bool
	// shard is where the new ones lie: those of one call lie together, so that calls
	// made at the same time don't wait for each other.
	shard int
	// by has who was made for addresses of rows without an external_id.
	by map[string]string
}

// resolve finds the customer of a row; one whom it doesn't mean gets a refusal.
func (r *resolver) resolve(ctx context.Context, row *customers.Row, at int, out *Imported) (plan, error) {
	p := plan{row: row, at: at}
	if row.External != "" {
		id, err := r.d.db.external(ctx, row.External)
		if !errors.Is(err, ErrNotFound) {
			p.id = id
			return p, err
		}
	}
	if row.External == "" || r.met {
		if err := r.byAddress(ctx, row, at, &p, out); err != nil || p.id != "" || p.at < 0 {
			return p, err
		}
	}
	p.id, p.made = r.newID(), true
	if row.External == "" {
		if r.by == nil {
			r.by = map[string]string{}
		}
		for _, i := range row.Identities {
			r.by[r.d.KeyOf(i)] = p.id
		}
	}
	return p, nil
}

// byAddress looks for the one customer with the addresses of a row. A row without an
// external_id may mean any, one with an id only who has none yet.
func (r *resolver) byAddress(ctx context.Context, row *customers.Row, at int, p *plan, out *Imported) error {
	var ids []string
	for _, i := range row.Identities {
		key := r.d.KeyOf(i)
		if id := r.by[key]; id != "" && row.External == "" {
			p.id = id
			return nil
		}
		owners, err := r.d.db.owners(ctx, keyBytes(key))
		if err != nil {
			return err
		}
		var others []string
		for _, o := range owners {
			rec, err := unpack(o.record)
			if err != nil {
				continue
			}
			if row.External == "" || rec.External == "" {
				ids = append(ids, o.id)
			} else {
				others = append(others, o.id)
			}
		}
		if len(others) > 0 {
			out.Shared = append(out.Shared, Sharing{At: at, Address: i.Address, With: others})
		}
	}
	ids = unique(ids)
	switch {
	case len(ids) == 0:
	case row.External != "" || len(ids) == 1:
		p.id = ids[0] // the eldest
		if r.taken[p.id] && row.External != "" {
			p.id = "" // another row has just named them
		}
	default:
		out.Rejected = append(out.Rejected, Refusal{At: at, Column: "external_id", Reason: fmt.Sprintf(
			"its addresses are of several customers, and no external_id says who is meant: %s and %s", ids[0], ids[1])})
		p.at = -1
	}
	return nil
}

// unique sorts out ids that are there twice; the eldest comes first.
func unique(ids []string) []string {
	var out []string
	for _, id := range ids {
		n := 0
		for n < len(out) && out[n] < id {
			n++
		}
		if n == len(out) || out[n] != id {
			out = append(out[:n], append([]string{id}, out[n:]...)...)
		}
	}
	return out
}

// newID makes the id of a customer in the shard of this call.
func (r *resolver) newID() string {
	for {
		id := uuid.Must(uuid.NewV7()).String()
		if r.d.cfg.Store.Shard(id) == r.shard {
			return id
		}
	}
}

// SharedAddresses counts the addresses that several customers have.
func (d *Directory) SharedAddresses(ctx context.Context) (n int, err error) {
	err = d.db.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM identity GROUP BY key HAVING count(*) > 1)").Scan(&n)
	return n, err
}
