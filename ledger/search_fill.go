package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"stagecoach/contact"
)

// document is what the search holds of one message, reply or note.
type document struct {
	entry        uint64
	kind         string // message, reply, note
	item         string
	ref          string
	conversation string
	contact      string
	at           time.Time
	// have is false when its words could not be had now, gone when they never
	// will.
	have, gone bool
	text       texts
}

// fillAtOnce is how many documents one transaction holds, gather how long they
// are waited for: finding a text a moment later costs nobody anything.
const (
	fillAtOnce = 64
	gather     = 50 * time.Millisecond
)

// keepFilling looks for the words of whatever the fold has named, for ever.
func (l *Ledger) keepFilling(ctx context.Context, words Words) error {
	pause := time.NewTicker(l.again)
	defer pause.Stop()
	for {
		l.state.Lock()
		news := l.state.news
		l.state.Unlock()
		more, err := l.fill(ctx, words)
		if ctx.Err() != nil {
			return nil
		}
		if damaged(err) {
			if err = l.remakeWords(ctx, err); err == nil {
				continue
			}
		}
		if err != nil {
			l.log.WarnContext(ctx, "filling the search was cut", "err", err)
			if !rest(ctx, firstPause*10) {
				return nil
			}
			continue
		}
		if more {
			continue
		}
		select {
		case <-news:
			if !rest(ctx, gather) {
				return nil
			}
		case <-pause.C:
			if err := l.fillMissed(ctx, words); err != nil && ctx.Err() == nil {
				l.log.WarnContext(ctx, "filling the search was cut", "err", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// fill indexes the next documents, and reports whether there may be more.
func (l *Ledger) fill(ctx context.Context, words Words) (more bool, err error) {
	docs, err := l.documents(ctx, "e.id > ? ORDER BY e.id LIMIT ?", l.filled.Load(), fillAtOnce)
	if err != nil || len(docs) == 0 {
		return false, err
	}
	for i := range docs {
		docs[i].fetch(ctx, words)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	last := docs[len(docs)-1].entry
	if err := l.index(context.WithoutCancel(ctx), docs, last); err != nil {
		return false, err
	}
	l.filled.Store(last)
	l.tell()
	return len(docs) == fillAtOnce, nil
}

// remakeWords puts an empty file in the place of a damaged one.
func (l *Ledger) remakeWords(ctx context.Context, cause error) error {
	l.log.ErrorContext(ctx, "the search's file is damaged and is made anew", "err", cause)
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.words.close() // it is damaged
	if err := removeDatabase(l.words.path); err != nil {
		return err
	}
	db, _, err := openDatabase(ctx, l.words.path, wordsKind())
	if err != nil {
		return err
	}
	l.words = db
	l.filled.Store(0)
	return nil
}

// fillMissed tries again what could not be had before.
func (l *Ledger) fillMissed(ctx context.Context, words Words) error {
	var missed []uint64
	err := l.viewWords(ctx, func(tx querier) error {
		return each(ctx, tx, "SELECT id FROM later WHERE tries < ? ORDER BY tries, id LIMIT ?", []any{maxTries, fillAtOnce},
			func(rows *sql.Rows) error {
				var id uint64
				err := rows.Scan(&id)
				missed = append(missed, id)
				return err
			})
	})
	if err != nil {
		return err
	}
	for _, id := range missed {
		docs, err := l.documents(ctx, "e.id = ? LIMIT ?", id, 1)
		if err != nil {
			return err
		}
		for i := range docs {
			docs[i].fetch(ctx, words)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := l.index(context.WithoutCancel(ctx), docs, l.filled.Load()); err != nil {
			return err
		}
	}
	return nil
}

// maxTries bounds how often words are asked for that can't be had and are not
// said to be gone: a day, once a minute.
const maxTries = 24 * 60

func (l *Ledger) documents(ctx context.Context, where string, args ...any) ([]document, error) {
	var docs []document
	query := `SELECT e.id, e.kind, e.item, e.ref, e.at, e.until, coalesce(v.id, ''), coalesce(c.id, '')
		FROM entry e LEFT JOIN conversation v ON v.num = e.conv LEFT JOIN contact c ON c.num = e.contact
		WHERE e.ref <> '' AND e.kind IN ('message_received', 'reply_queued', 'noted') AND ` + where
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, query, args, func(rows *sql.Rows) error {
			var d document
			var at, until int64
			if err := rows.Scan(&d.entry, &d.kind, &d.item, &d.ref, &at, &until, &d.conversation, &d.contact); err != nil {
				return err
			}
			d.at = fromMicros(at)
			switch d.kind {
			case "message_received":
				d.kind, d.at = "message", fromMicros(until)
			case "reply_queued":
				d.kind = "reply"
			case "noted":
				d.kind = "note"
			}
			docs = append(docs, d)
			return nil
		})
	})
	return docs, err
}

// fetch gets the words.
func (d *document) fetch(ctx context.Context, words Words) {
	var err error
	switch d.kind {
	case "message":
		var m *contact.Message
		if m, err = words.Message(ctx, d.ref); err == nil && m != nil {
			d.text = textsOfMessage(m)
		}
	case "reply":
		var r *contact.Reply
		if r, err = words.Reply(ctx, d.ref); err == nil && r != nil {
			d.text = textsOfReply(r)
		}
	case "note":
		var n *contact.Note
		if n, err = words.Note(ctx, d.ref); err == nil && n != nil {
			d.text = textsOfNote(n)
		}
	}
	d.gone = errors.Is(err, ErrGone)
	d.have = err == nil
}

// index writes documents and the position in one transaction.
func (l *Ledger) index(ctx context.Context, docs []document, filled uint64) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	tx, err := l.words.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("filling search: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for i := range docs {
		if err := indexOne(ctx, tx, &docs[i]); err != nil {
			return fmt.Errorf("filling search: %w", err)
		}
	}
	const position = "INSERT INTO meta(name, value) VALUES('filled', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"
	if _, err := tx.ExecContext(ctx, position, int64(filled)); err != nil { //nolint:gosec // below 2^63
		return fmt.Errorf("filling search: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("filling search: %w", err)
	}
	return nil
}

func indexOne(ctx context.Context, tx *sql.Tx, d *document) error {
	id := int64(d.entry) //nolint:gosec // below 2^63
	if !d.have && !d.gone {
		_, err := tx.ExecContext(ctx, "INSERT INTO later(id, tries) VALUES(?, 1) ON CONFLICT(id) DO UPDATE SET tries = tries + 1", id)
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM later WHERE id = ?", id); err != nil || d.gone {
		return err
	}
	var skip bool
	err := tx.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM gone WHERE ref = ?) OR EXISTS(SELECT 1 FROM doc WHERE ref = ?)", d.ref, d.ref).Scan(&skip)
	if err != nil || skip {
		return err
	}
	num, err := docNumber(ctx, tx, d.at)
	if err != nil {
		return err
	}
	const doc = "INSERT INTO doc(num, ref, kind, item, conversation, contact) VALUES(?, ?, ?, ?, ?, ?)"
	if _, err := tx.ExecContext(ctx, doc, num, d.ref, d.kind, d.item, d.conversation, d.contact); err != nil {
		return err
	}
	const row = "INSERT INTO words(rowid, subject, body, author, also) VALUES(?, ?, ?, ?, ?)"
	_, err = tx.ExecContext(ctx, row, num, d.text.subject, d.text.body, d.text.author, d.text.also)
	return err
}

// docNumber gives the first free number of an instant.
func docNumber(ctx context.Context, tx *sql.Tx, at time.Time) (int64, error) {
	first := max(at.UnixMilli(), 1) << 16
	var last sql.NullInt64
	err := tx.QueryRowContext(ctx, "SELECT max(num) FROM doc WHERE num >= ? AND num < ?", first, first+1<<16).Scan(&last)
	if err != nil {
		return 0, err
	}
	if last.Valid {
		return last.Int64 + 1, nil
	}
	return first, nil
}

func readFilled(ctx context.Context, q querier) (uint64, error) {
	var n int64
	_, err := found(q.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'filled'").Scan(&n))
	if err != nil {
		return 0, fmt.Errorf("reading position of search: %w", err)
	}
	return uint64(n), nil //nolint:gosec // never negative
}
