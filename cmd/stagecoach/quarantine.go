package main

import (
	"context"
	"fmt"

	"stagecoach/desk"
	"stagecoach/desk/view"
)

// quarantine is what could not be read, for the desk.
type quarantine struct{ d *Daemon }

var _ desk.Quarantine = quarantine{}

// quarantineShown is how many items a page lists.
const quarantineShown = 500

// List implements desk.Quarantine.
func (q quarantine) List(ctx context.Context) ([]view.Quarantined, error) {
	items, err := q.d.ledger.Quarantined(ctx, quarantineShown)
	if err != nil {
		return nil, err
	}
	out := make([]view.Quarantined, 0, len(items))
	for _, it := range items {
		v := view.Quarantined{ID: it.ID, At: it.At, Reason: "It could not be read.", URL: "/api/originals/" + it.Ref}
		if in, err := q.d.words.Original(ctx, it.Ref); err == nil {
			v.Channel, v.Account, v.Size = in.Channel, in.Account, in.Size
			if _, err := q.d.links.parse(in); err != nil {
				v.Reason = err.Error()
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// Retry implements desk.Quarantine.
func (q quarantine) Retry(ctx context.Context, id string) error {
	items, err := q.d.ledger.Quarantined(ctx, quarantineShown)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.ID != id {
			continue
		}
		in, err := q.d.words.Original(ctx, it.Ref)
		if err != nil {
			return err
		}
		_, err = q.d.intake.Again(ctx, id, it.Ref, in)
		return err
	}
	return fmt.Errorf("no item %q is in quarantine", id)
}
