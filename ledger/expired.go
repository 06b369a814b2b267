package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Words that expire, by what the policy calls them.
const (
	ExpireMessages   = "messages"
	ExpireReplies    = "replies"
	ExpireNotes      = "notes"
	ExpireQuarantine = "quarantine"
)

// Expired is a piece of words that is old.
type Expired struct {
	// Entry orders them as the log does.
	Entry uint64
	Ref   string
	// Customer is whose conversation it is in, "" for none; Open is true where a
	// contact of it still awaits its reply, or one of the same person's other
	// conversation in which it waits.
	Customer string
	Open     bool
	// Contact is the one that it is about, "" for none.
	Contact string
}

// Expired gives what is older than an instant of a kind, behind an entry, in the order
// of the log. Where at is later than before, all that follows is younger: it ends there.
func (l *Ledger) Expired(ctx context.Context, kind string, before time.Time, after uint64, most int) ([]Expired, error) {
	query, ok := expiredQueries()[kind]
	if !ok {
		return nil, fmt.Errorf("nothing of kind %q expires", kind)
	}
	return l.expired(ctx, query+" LIMIT ?3", int64(after), micros(before), most) //nolint:gosec // below 2^63
}

// ExpiredAt gives again those of entries that were passed over before.
func (l *Ledger) ExpiredAt(ctx context.Context, kind string, before time.Time, entries []uint64) ([]Expired, error) {
	query, ok := expiredQueries()[kind]
	if !ok || len(entries) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(entries)
	if err != nil {
		return nil, fmt.Errorf("reading what has expired: %w", err)
	}
	return l.expired(ctx, "SELECT * FROM ("+query+") WHERE id IN (SELECT value FROM json_each(?3))", 0, micros(before), string(list))
}

func (l *Ledger) expired(ctx context.Context, query string, args ...any) ([]Expired, error) {
	out := []Expired{}
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, query, args, func(rows *sql.Rows) error {
			var e Expired
			err := rows.Scan(&e.Entry, &e.Ref, &e.Customer, &e.Open, &e.Contact)
			out = append(out, e)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading what has expired: %w", err)
	}
	return out, nil
}

// expiredQueries gives, by kind, what reads the words of the entries behind ?1 that are
// older than ?2.
func expiredQueries() map[string]string {
	const open = `coalesce(v.customer, ''), EXISTS(SELECT 1 FROM contact c WHERE c.conv = e.conv AND c.state <> 'ended')
		OR coalesce(json_extract(v.facts, '$.contact'), '') <> '',
		coalesce((SELECT o.id FROM contact o WHERE o.num = e.contact), '')
		FROM entry e LEFT JOIN conversation v ON v.num = e.conv WHERE e.id > ?1 AND e.at < ?2 AND `
	return map[string]string{
		ExpireMessages: "SELECT e.id, e.ref, " + open + "e.ref <> '' AND e.kind IN ('message_received', 'evidence_received') ORDER BY e.id",
		ExpireReplies:  "SELECT e.id, e.ref, " + open + "e.ref <> '' AND e.kind = 'reply_queued' ORDER BY e.id",
		ExpireNotes: "SELECT e.id, iif(e.kind = 'noted', e.ref, e.remark), " + open +
			"e.conv > 0 AND (e.kind = 'noted' AND e.ref <> '' OR e.remark <> '') ORDER BY e.id",
		ExpireQuarantine: "SELECT q.num AS id, q.ref, '', 0, '' FROM quarantine q WHERE q.num > ?1 AND q.at < ?2 AND q.message = '' ORDER BY q.num",
	}
}
