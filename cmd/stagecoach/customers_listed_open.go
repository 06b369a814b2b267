package main

import (
	"context"
	"errors"
	"slices"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/router"
)

// listedRows are records that rows of the company's list have changed.
type listedRows struct {
	ids []string
	// many is true where they are not worth remembering one by one.
	many bool
}

// listedMost bounds how many are remembered.
const listedMost = 50_000

func (l *listedRows) add(ids []string) {
	if l.many = l.many || len(l.ids)+len(ids) > listedMost; l.many {
		l.ids = nil
		return
	}
	l.ids = append(l.ids, ids...)
}

func (l *listedRows) any() bool { return l.many || len(l.ids) > 0 }

// takeListed gives the rows that came, and forgets them.
func (r *customerRefresh) takeListed() listedRows {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := r.listed
	r.listed = listedRows{}
	return rows
}

// linkListed links those who have something open to whom the list names: of the rows
// that came, or of everything that is open where that is less to look at.
func (r *customerRefresh) linkListed(ctx context.Context, rows listedRows) {
	if !rows.many {
		var open int
		if err := r.engine.View(ctx, func(s *router.State) { open = len(s.Contacts) }); err != nil {
			return // it is ending
		}
		rows.many = len(rows.ids) >= open
	}
	if rows.many {
		r.linkOpen(ctx)
		return
	}
	open, err := r.openAmong(ctx, rows.ids)
	switch {
	case err == nil:
		r.link(ctx, open)
	case ctx.Err() == nil:
		r.logger.WarnContext(ctx, "whom the list names could not be looked up; all that is open is looked at instead", "err", err)
		r.linkOpen(ctx)
	}
}

// openAmong gives who has something open and shares an address with one of the rows.
func (r *customerRefresh) openAmong(ctx context.Context, rows []string) ([]string, error) {
	near, err := r.sharing(ctx, rows)
	if err != nil {
		return nil, err
	}
	var open []string
	for some := range slices.Chunk(near, refreshBatch) {
		more, err := r.haveOpen(ctx, some)
		if err != nil {
			return nil, err
		}
		open = append(open, more...)
	}
	return open, nil
}

// linkOpen looks at everything that is open.
func (r *customerRefresh) linkOpen(ctx context.Context) {
	var open []string
	if err := r.engine.View(ctx, func(s *router.State) {
		for _, c := range s.Contacts {
			if c.Open() {
				open = append(open, c.Customer)
			}
		}
	}); err != nil {
		return // it is ending
	}
	slices.Sort(open)
	r.link(ctx, slices.Compact(open))
}

// sharing gives who has an address that the list has of one of the records, beside
// others: of an address that one has alone there is nobody to link.
func (l *listedLinks) sharing(ctx context.Context, records []string) ([]string, error) {
	var out []string
	people := peopleOf{l.directory}
	for n, id := range records {
		if n%100 == 99 {
			rest(ctx, listedRest) // who arrives now comes first
		}
		rec, err := l.directory.Get(ctx, id)
		if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrErased) {
			continue
		}
		if err != nil {
			return nil, err
		}
		keys := []string{}
		for _, i := range rec.Identities {
			if i.Source == customers.FromImport {
				keys = append(keys, l.directory.KeyOf(i))
			}
		}
		owners, err := people.Owners(ctx, keys)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if len(owners[key]) > 1 {
				out = append(out, owners[key]...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
