package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"stagecoach/router/match"
)

// Why is the record of every decision about one contact.
type Why struct {
	Row Row `json:"contact"`
	// AsOf is the commit up to which this is told.
	AsOf uint64 `json:"as_of"`
	// At is the time of that commit.
	At time.Time `json:"at"`
	// Offers are all offers of it, in order, each with what it was decided on.
	Offers []OfferStory `json:"offers"`
	// Steps are all entries about it, in the order of the log.
	Steps []Entry `json:"steps"`
	// Failed counts, for the last offer, the agents who were passed over by the
	// first need that they did not meet. Empty when there was no offer.
	Failed map[match.Gate]int `json:"failed,omitempty"`
}

// OfferStory is one offer and what became of it.
type OfferStory struct {
	Offer   string    `json:"offer"`
	Agent   string    `json:"agent"`
	N       uint64    `json:"n"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Policy  string    `json:"policy"`
	Units   int       `json:"units"`
	// Why is the stored explanation of the decision (I11).
	Why match.Explanation `json:"why"`
	// End is accepted, declined, expired or revoked, "" while it stands.
	End       string    `json:"end"`
	Reason    string    `json:"reason,omitempty"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	CoolUntil time.Time `json:"cool_until,omitzero"`
}

// Why tells why a contact was routed as it was, and why it still waits.
func (l *Ledger) Why(ctx context.Context, idOrPrefix string) (*Why, error) {
	w := &Why{Offers: []OfferStory{}, Steps: []Entry{}}
	err := l.view(ctx, func(tx querier) error {
		pos, err := readPosition(ctx, tx)
		if err != nil {
			return err
		}
		w.AsOf, w.At = pos.N, pos.At
		if w.Row, err = readRow(ctx, tx, idOrPrefix); err != nil {
			return err
		}
		query := "SELECT " + entryColumns + ` FROM entry e WHERE e.conv > 0
			AND e.conv = (SELECT conv FROM contact WHERE num = ?1) AND e.contact = ?1 ORDER BY e.id`
		return each(ctx, tx, query, []any{w.Row.Num}, func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			e.Contact = w.Row.ID
			w.Steps = append(w.Steps, e)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("explaining contact %q: %w", idOrPrefix, err)
	}
	w.tellOffers()
	return w, nil
}

func (w *Why) tellOffers() {
	place := map[string]int{}
	for i := range w.Steps {
		e := &w.Steps[i]
		switch e.Kind {
		case "offer_made":
			o := OfferStory{
				Offer: e.Item, Agent: e.Agent, N: e.N, At: e.At, Expires: e.Until,
				Policy: e.Detail.Policy, Units: e.Detail.Units,
			}
			if e.Detail.Why != nil {
				o.Why = *e.Detail.Why
				w.Failed = o.Why.Failed
			}
			place[e.Item] = len(w.Offers)
			w.Offers = append(w.Offers, o)
		case "offer_ended":
			if k, ok := place[e.Item]; ok {
				w.Offers[k].End, w.Offers[k].Reason, w.Offers[k].EndedAt, w.Offers[k].CoolUntil = e.Code, e.Reason, e.At, e.Until
			}
		case "assigned":
			if k, ok := place[e.Item]; ok && e.Item != "" {
				w.Offers[k].End, w.Offers[k].EndedAt = "accepted", e.At
			}
		}
	}
}
