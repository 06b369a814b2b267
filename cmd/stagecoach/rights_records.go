package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"stagecoach/customers"
	"stagecoach/customers/directory"
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
		rec, err := records.Withheld(ctx, id)
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
		if rec.Hold != nil && holds(rec.Hold, r.now()) {
			who.held = longerHold(who.held, rec.Hold)
		}
	}
	return err
}

func refusedFor(format string, args ...any) error {
	return &router.Refusal{Code: router.RefusedInvalid, Message: fmt.Sprintf(format, args...)}
}
