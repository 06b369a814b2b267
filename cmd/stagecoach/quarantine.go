package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"stagecoach/channels"
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
	end := time.Now().Add(reasonTime)
	for _, it := range items {
		v := view.Quarantined{ID: it.ID, At: it.At, Reason: "It could not be read.", URL: "/api/originals/" + it.Ref}
		if in, err := q.d.shown.Original(ctx, it.Ref); err == nil {
			v.Channel, v.Account, v.Size, v.Head = in.Channel, in.Account, in.Size, head(in.Raw)
			if time.Now().Before(end) {
				v.Reason = q.reason(in)
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// reasonTime bounds how long a list looks for reasons: each is found by reading
// the item once more.
const reasonTime = 5 * time.Second

// reason says why an item can't be read.
func (q quarantine) reason(in *channels.Inbound) string {
	if _, err := q.d.links.parse(in); err != nil {
		return err.Error()
	}
	return "It could not be read when it came, but can be now: have it read again."
}

// headShown is how much of an original a list shows, in bytes.
const headShown = 4 << 10

// head is the beginning of an original that is text.
func head(raw []byte) string {
	raw = raw[:min(len(raw), headShown)]
	if bytes.IndexByte(raw, 0) >= 0 {
		return ""
	}
	return strings.ToValidUTF8(string(raw), "\ufffd")
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
		in, err := q.d.shown.Original(ctx, it.Ref)
		if err != nil {
			return err
		}
		_, err = q.d.intake.Again(ctx, id, it.Ref, in)
		return err
	}
	return fmt.Errorf("no item %q is in quarantine", id)
}
