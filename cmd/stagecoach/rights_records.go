package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// named finds the customers whose record has this external id or address; a name is
// too little to export or erase anybody by.
func (r *rights) named(ctx context.Context, text string) ([]string, error) {
	records, err := r.directory(ctx)
	if err != nil {
		return nil, err
	}
	rec, err := records.External(ctx, text)
	if err == nil {
		return []string{rec.ID}, nil
	}
	if !errors.Is(err, directory.ErrNotFound) && !errors.Is(err, directory.ErrErased) {
		return nil, err
	}
	found, err := records.Find(ctx, text, mostNamed)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range found {
		for _, one := range found[i].Identities {
			if strings.EqualFold(one.Address, text) || strings.EqualFold(string(one.Channel)+":"+one.Address, text) {
				out = append(out, found[i].ID)
				break
			}
		}
	}
	return out, nil
}

// mostNamed is how many records with one address are looked at.
const mostNamed = 100

// recordsOf gives the records of customers that there are.
func (r *rights) recordsOf(ctx context.Context, ids []string) ([]customers.Record, error) {
	var out []customers.Record
	records, err := r.directory(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		rec, err := records.Get(ctx, id)
		switch {
		case errors.Is(err, directory.ErrNotFound), errors.Is(err, directory.ErrErased):
		case err != nil:
			return nil, err
		default:
			out = append(out, *rec)
		}
	}
	return out, nil
}

// recorded adds what the records of customers say of who they are, and whether they
// are held.
func (r *rights) recorded(ctx context.Context, ids []string, who *identities) error {
	records, err := r.recordsOf(ctx, ids)
	for i := range records {
		rec := &records[i]
		who.name = cmp.Or(who.name, rec.Name)
		for _, one := range rec.Identities {
			who.add(one.Channel, one.Address)
		}
		if rec.Hold != nil && holds(rec.Hold, time.Now()) {
			who.held, who.heldUntil = rec.Hold.Reason, rec.Hold.Until
		}
	}
	return err
}

// holds reports whether a hold has not run out: its last day is part of it.
func holds(h *customers.Hold, now time.Time) bool {
	return h.Until == "" || h.Until >= now.Format(time.DateOnly)
}

// hold keeps a person's data from being erased, or lifts that.
func (r *rights) hold(ctx context.Context, by, text string, hold view.Hold) (*view.CustomerData, error) {
	hold.Reason, hold.Until = strings.TrimSpace(hold.Reason), strings.TrimSpace(hold.Until)
	if hold.Until != "" {
		day, err := time.Parse(time.DateOnly, hold.Until)
		if err != nil {
			return nil, refusedFor("%q is no day: write it like 2031-12-31", hold.Until)
		}
		if day.Format(time.DateOnly) < time.Now().Format(time.DateOnly) {
			return nil, refusedFor("%s has passed: say a day to come", hold.Until)
		}
	}
	if len(hold.Reason) > 1000 {
		return nil, refusedFor("a reason has at most 1,000 bytes")
	}
	ids, err := r.resolve(ctx, text)
	if err != nil {
		return nil, err
	}
	records, err := r.directory(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		_, err := records.Update(ctx, id, by, func(rec *customers.Record) error {
			if rec.Hold = nil; hold.Reason != "" {
				rec.Hold = &customers.Hold{Reason: hold.Reason, Until: hold.Until, At: time.Now().UTC(), By: by}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return r.look(ctx, text)
}

func refusedFor(format string, args ...any) error {
	return &router.Refusal{Code: router.RefusedInvalid, Message: fmt.Sprintf(format, args...)}
}
