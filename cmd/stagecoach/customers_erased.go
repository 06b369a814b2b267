package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/router"
)

// erasedRow is a row of somebody who was erased before.
type erasedRow struct {
	Line int `json:"line"`
	// ErasedAt is when that was decided; Loaded is true where they were loaded again.
	ErasedAt time.Time `json:"erased_at"`
	Loaded   bool      `json:"loaded"`
}

// externalKey is the keyed hash of a company's own id.
func externalKey(k router.Keys, external string) string { return k.Of("external_id", external) }

// keysOf gives the keyed hashes by which customers are known again once they are erased:
// of the company's ids, and of the addresses that are theirs. One that somebody only
// claimed to have would shut out its owner.
func (r *rights) keysOf(ctx context.Context, ids []string) (keys []string, numbered bool, err error) {
	records, err := r.recordsOf(ctx, ids)
	for i := range records {
		if records[i].External != "" {
			keys, numbered = append(keys, externalKey(r.keys, records[i].External)), true
		}
		for _, one := range records[i].Identities {
			if !one.Unproven {
				keys = append(keys, r.keys.Identity(string(one.Channel), one.Address))
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), numbered, err
}

// sifted are rows without those of people who were erased.
type sifted struct {
	rows []customers.Row
	// places say where each of the rows stood.
	places []int
	before []directory.Before
}

// sift takes out of a list who was erased, and has not come back by themselves since: a
// list that is loaded every night would undo every erasure.
func (c *customerControls) sift(ctx context.Context, d *directory.Directory, batch *rowBatch) (*sifted, error) {
	out := &sifted{rows: batch.Rows, before: []directory.Before{}}
	if c.rights == nil || c.rights.register.Newest().IsZero() {
		return out, nil
	}
	out.rows = nil
	for n := range batch.Rows {
		row := &batch.Rows[n]
		at, err := c.rights.erasedBefore(ctx, d, row)
		if err != nil {
			return nil, err
		}
		if !at.IsZero() {
			out.before = append(out.before, directory.Before{At: n, ErasedAt: at, Loaded: batch.Again})
		}
		if at.IsZero() || batch.Again {
			out.rows, out.places = append(out.rows, *row), append(out.places, n)
		}
	}
	return out, nil
}

// erasedBefore gives when the person of a row was erased, zero where they weren't, or
// are a customer again.
func (r *rights) erasedBefore(ctx context.Context, d *directory.Directory, row *customers.Row) (time.Time, error) {
	external := ""
	if row.External != "" {
		external = externalKey(r.keys, row.External)
	}
	addresses := make([]string, 0, len(row.Identities))
	for _, i := range row.Identities {
		addresses = append(addresses, d.KeyOf(i))
	}
	e, found := r.register.Find(external, addresses)
	if !found {
		return time.Time{}, nil
	}
	again, err := r.cameBack(ctx, d, row, addresses)
	if err != nil || again {
		return time.Time{}, err
	}
	return e.At, nil
}

// cameBack reports whether somebody whom a row may mean is a customer now. Who shares an
// address and has another number is somebody else.
func (r *rights) cameBack(ctx context.Context, d *directory.Directory, row *customers.Row, addresses []string) (bool, error) {
	if row.External != "" {
		_, err := d.External(ctx, row.External)
		if err == nil || !errors.Is(err, directory.ErrNotFound) && !errors.Is(err, directory.ErrErased) {
			return err == nil, err
		}
	}
	owners, err := d.Lookup(ctx, addresses)
	if err != nil {
		return false, err
	}
	for _, key := range addresses {
		for _, id := range owners[key].All {
			rec, err := d.Get(ctx, id)
			switch {
			case errors.Is(err, directory.ErrNotFound), errors.Is(err, directory.ErrErased): // just now
			case err != nil:
				return false, err
			case row.External == "" || rec.External == "":
				return true, nil
			}
		}
	}
	return false, nil
}

// placed puts what came of the rows back to where they stood in the batch.
func (s *sifted) placed(out *directory.Imported) *directory.Imported {
	if out == nil {
		return nil
	}
	if s.places != nil {
		for n := range out.Rejected {
			out.Rejected[n].At = s.places[out.Rejected[n].At]
		}
		for n := range out.Shared {
			out.Shared[n].At = s.places[out.Shared[n].At]
		}
	}
	out.Before = s.before
	return out
}

// printErased tells of the rows of people who were erased.
func printErased(w io.Writer, rep *importReport) {
	if rep.ErasedCount == 0 {
		return
	}
	what := "left out. Take them out of your list; if they are customers again, load them with --again."
	if rep.Erased[0].Loaded {
		what = "loaded again, as you asked."
	}
	fmt.Fprintf(w, "%s of people who were erased: %s\n", counted(rep.ErasedCount, "row is", "rows are"), what)
	for n, e := range rep.Erased {
		if n == 5 {
			fmt.Fprintln(w, "  …")
			break
		}
		fmt.Fprintf(w, "  line %d: erased on %s\n", e.Line, e.ErasedAt.Local().Format(time.DateOnly))
	}
}
