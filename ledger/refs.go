package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// QuarantinedItem is an item that could not be read and that nothing has become
// of yet.
type QuarantinedItem struct {
	ID     string    `json:"id"`
	Source string    `json:"source"`
	Ref    string    `json:"ref"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Quarantined lists what could not be read, newest first.
func (l *Ledger) Quarantined(ctx context.Context, most int) ([]QuarantinedItem, error) {
	out := []QuarantinedItem{}
	err := l.view(ctx, func(tx querier) error {
		query := "SELECT id, source, ref, reason, at FROM quarantine WHERE message = '' ORDER BY num DESC LIMIT ?"
		return each(ctx, tx, query, []any{limit(most, defaultLimit, maxLimit)}, func(rows *sql.Rows) error {
			var q QuarantinedItem
			var at int64
			if err := rows.Scan(&q.ID, &q.Source, &q.Ref, &q.Reason, &at); err != nil {
				return err
			}
			q.At = fromMicros(at)
			out = append(out, q)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading what could not be read: %w", err)
	}
	return out, nil
}

// Originals calls fn with the reference and the source of every original that
// an event names.
func (l *Ledger) Originals(ctx context.Context, fn func(ref, source string) error) error {
	return l.refs(ctx, "SELECT ref, source FROM message UNION ALL SELECT ref, source FROM evidence UNION ALL SELECT ref, source FROM quarantine", fn)
}

// Written calls fn with the reference of everything else that an event names:
// replies, notes, reasons.
func (l *Ledger) Written(ctx context.Context, fn func(ref, kind string) error) error {
	return l.refs(ctx, "SELECT ref, kind FROM entry WHERE ref <> '' UNION ALL SELECT remark, kind FROM entry WHERE remark <> ''", fn)
}

func (l *Ledger) refs(ctx context.Context, query string, fn func(ref, what string) error) error {
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, query, nil, func(rows *sql.Rows) error {
			var ref, what string
			if err := rows.Scan(&ref, &what); err != nil {
				return err
			}
			return fn(ref, what)
		})
	})
	if err != nil {
		return fmt.Errorf("reading references: %w", err)
	}
	return nil
}
