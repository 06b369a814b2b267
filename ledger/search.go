package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SearchOptions says which finds are wanted.
type SearchOptions struct {
	// Limit is 20 when it is 0, and 200 at most.
	Limit int
	// Before is the Num of the last find of the page before; 0 for the first.
	Before uint64
	// Rank orders by how well the words fit, instead of newest first. It has
	// one page only.
	Rank bool
}

// Hit is one message, reply or note that has the words.
type Hit struct {
	Num          uint64 `json:"num"`
	Conversation string `json:"conversation"`
	// Contact is the contact that it belongs to, "" for none.
	Contact string `json:"contact"`
	// Kind is message, reply or note.
	Kind string `json:"kind"`
	// Item is the id of the message, reply or note, Ref where its words lie.
	Item string    `json:"item"`
	Ref  string    `json:"ref"`
	At   time.Time `json:"at"`
	// Author is the name and address of who wrote it, as they wrote it.
	Author  string `json:"author"`
	Subject string `json:"subject"`
	// Snippet has the found words between « and ».
	Snippet string `json:"snippet"`
}

const searchQuery = `SELECT d.num, d.kind, d.item, d.ref, d.conversation, d.contact, w.author, w.subject,
	snippet(words, 1, '«', '»', '…', 24)
	FROM words w JOIN doc d ON d.num = w.rowid
	WHERE words MATCH ? `

// Search finds messages, replies and notes by their words, newest first. What
// is typed is never syntax: words are looked for as they are, in any order,
// without regard to case and diacritics; the last one may be a beginning; words
// between quotes stand side by side. Erased words are not found.
func (l *Ledger) Search(ctx context.Context, q string, o SearchOptions) ([]Hit, error) {
	hits := []Hit{}
	match := question(q)
	if match == "" {
		return hits, nil
	}
	query, args := searchQuery, []any{match}
	if o.Before > 0 && !o.Rank {
		query += "AND w.rowid < ? "
		args = append(args, o.Before)
	}
	if o.Rank {
		query += "ORDER BY w.rank, w.rowid DESC LIMIT ?"
	} else {
		query += "ORDER BY w.rowid DESC LIMIT ?"
	}
	args = append(args, limit(o.Limit, 20, 200))
	err := l.viewWords(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, query, args, func(rows *sql.Rows) error {
			var h Hit
			err := rows.Scan(&h.Num, &h.Kind, &h.Item, &h.Ref, &h.Conversation, &h.Contact, &h.Author, &h.Subject, &h.Snippet)
			h.At = time.UnixMilli(int64(h.Num >> 16)).UTC() //nolint:gosec // 41 bits of it
			h.Snippet = strings.Join(strings.Fields(h.Snippet), " ")
			hits = append(hits, h)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	if err := l.place(ctx, hits); err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	return hits, nil
}

// place tells to which contacts messages belong now: what a reply did not
// cover has gone to the next one.
func (l *Ledger) place(ctx context.Context, hits []Hit) error {
	return l.view(ctx, func(tx *sql.Tx) error {
		for i := range hits {
			if hits[i].Kind != "message" {
				continue
			}
			var now string
			err := tx.QueryRowContext(ctx, "SELECT contact FROM message WHERE id = ?", hits[i].Item).Scan(&now)
			if err == nil {
				hits[i].Contact = now
			} else if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		return nil
	})
}

// EraseWords takes the words at these references out of the search for ever.
// When it returns, none of their bytes is left in the files.
func (l *Ledger) EraseWords(ctx context.Context, refs []string) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.eraseRows(ctx, refs); err != nil {
		return fmt.Errorf("erasing words: %w", err)
	}
	for pause := time.Millisecond; ; pause = min(2*pause, time.Second) {
		var busy, total, done int
		err := l.words.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &total, &done)
		if err != nil {
			return fmt.Errorf("erasing words: %w", err)
		}
		if busy == 0 {
			return nil
		}
		if !rest(ctx, pause) { // somebody is reading what is older
			return fmt.Errorf("erasing words: %w", ctx.Err())
		}
	}
}

func (l *Ledger) eraseRows(ctx context.Context, refs []string) error {
	tx, err := l.words.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, ref := range refs {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO gone(ref) VALUES(?)", ref); err != nil {
			return err
		}
		var num int64
		there, err := found(tx.QueryRowContext(ctx, "DELETE FROM doc WHERE ref = ? RETURNING num", ref).Scan(&num))
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM words WHERE rowid = ?", num); err != nil {
			return err
		}
	}
	return tx.Commit()
}
