package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"stagecoach/customers"
)

// Withhold has the records of customers given to nobody and found by nothing, as if they
// were erased already, until they are or Release is called. Withheld gives them still.
func (d *Directory) Withhold(ids []string) { d.hide(ids, true) }

// Release gives the records of customers again, where there are any.
func (d *Directory) Release(ids []string) { d.hide(ids, false) }

func (d *Directory) hide(ids []string, hidden bool) {
	d.index.Lock()
	defer d.index.Unlock()
	next := map[string]bool{}
	if now := d.withheld.Load(); now != nil {
		next = maps.Clone(*now)
	}
	for _, id := range ids {
		if hidden {
			next[id] = true
		} else {
			delete(next, id)
		}
	}
	d.withheld.Store(&next)
}

// hides reports whether a customer's record is withheld.
func (d *Directory) hides(id string) bool {
	now := d.withheld.Load()
	return now != nil && (*now)[id]
}

// shown leaves out those who are withheld.
func (d *Directory) shown(all []owner) []owner {
	return slices.DeleteFunc(all, func(o owner) bool { return d.hides(o.id) })
}

// Withheld is Get, also of a record that is withheld: for whoever erases it.
func (d *Directory) Withheld(ctx context.Context, id string) (*customers.Record, error) {
	rec, err := d.db.record(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("reading customer %q: %w", id, err)
	}
	return rec, nil
}
