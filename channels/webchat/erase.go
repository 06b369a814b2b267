package webchat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"stagecoach/channels"
	"stagecoach/scrub"
)

// How often the write-ahead log is emptied again while others read it, and how
// long that may take in all.
const (
	emptyAgain = 50 * time.Millisecond
	emptyTotal = 30 * time.Second
)

// Erase removes a visitor and all that is kept of them, by the address that
// contacts have ("user:…" or "visitor:…"), so that no byte stays in the file or
// beside it. One that isn't known is no error, so a crash is mended by calling it
// again. The address of an anonymous visitor who has logged in since means what
// they wrote before: the login's own conversation stays.
func (a *Adapter) Erase(ctx context.Context, address string) error {
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return a.failure("erase", channels.Unavailable, "", err)
	}
	defer done()
	var gone string
	err = store.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		address, err := a.insideEver(ctx, tx, address)
		if err != nil {
			return err
		}
		v, err := byAddress(ctx, tx, address)
		if errors.Is(err, errNoVisitor) {
			former, _ := cut(address, "visitor:")
			return eraseFormer(ctx, tx, former)
		}
		if err != nil {
			return err
		}
		gone = v.ID
		return dropVisitor(ctx, tx, v.ID)
	})
	if err == nil && gone != "" {
		a.hub.dismiss(gone)
	}
	if err == nil {
		err = store.emptyLog(ctx)
	}
	if err != nil {
		return a.failure("erase", channels.Unavailable, "", err)
	}
	return nil
}

// eraseFormer takes the words, files and addresses out of what somebody wrote, and
// got, before they logged in. The lines stay, empty: their numbers have no gaps.
func eraseFormer(ctx context.Context, tx *sql.Tx, former string) error {
	if former == "" {
		return nil
	}
	const threads = "(SELECT id FROM threads WHERE former = ?1)"
	for _, query := range []string{
		"DELETE FROM mails WHERE reply IN (SELECT id FROM messages WHERE ours = 1 AND thread IN " + threads + ")",
		"DELETE FROM files WHERE id IN (SELECT f.value ->> 'id' FROM messages m, json_each(iif(m.files = '', '[]', m.files)) f WHERE m.thread IN " + threads + ")",
		"UPDATE messages SET text = '', files = '', name = '', event = NULL WHERE thread IN " + threads,
	} {
		if _, err := tx.ExecContext(ctx, query, former); err != nil {
			return fmt.Errorf("erasing: %w", err)
		}
	}
	return nil
}

// emptyLog writes the write-ahead log into the file and empties it: what was
// erased stands there until then. It waits for those who read.
func (s *store) emptyLog(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, emptyTotal)
	defer cancel()
	if err := scrub.Database(ctx, s.write); err != nil {
		return err
	}
	for {
		var busy, frames, moved int
		if err := s.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
			return fmt.Errorf("emptying the log of what was erased: %w", err)
		}
		if busy == 0 {
			return nil
		}
		again := time.NewTimer(emptyAgain)
		select {
		case <-ctx.Done():
			again.Stop()
			return fmt.Errorf("emptying the log of what was erased: it is read all the time: %w", ctx.Err())
		case <-again.C:
		}
	}
}

// Backup writes a consistent copy of all conversations to a new file, while
// visitors are served.
func (a *Adapter) Backup(ctx context.Context, path string) error {
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return a.failure("backup", channels.Unavailable, "", err)
	}
	defer done()
	if err := store.copyTo(ctx, path); err != nil {
		return a.failure("backup", channels.Unavailable, "the copy was not written", err)
	}
	return nil
}
