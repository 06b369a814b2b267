package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Rebuild folds the whole log into a new file while the old one is served and
// followed, and puts it in the old one's place. The search is left as it is:
// its positions are places in the log.
func (l *Ledger) Rebuild(ctx context.Context, log Log) error {
	next := nextPath(l.cfg.Dir)
	if err := removeDatabase(next); err != nil {
		return err
	}
	db, _, err := openDatabase(ctx, next, factsKind())
	if err != nil {
		return err
	}
	if err := foldInto(ctx, db, log); err != nil {
		return errors.Join(fmt.Errorf("rebuilding ledger: %w", err), db.close(), removeDatabase(next))
	}
	err = l.takeTurn(ctx, func() error {
		// What came meanwhile; nobody may see the ledger go back.
		if err := foldInto(ctx, db, log); err != nil {
			return errors.Join(fmt.Errorf("rebuilding ledger: %w", err), db.close(), removeDatabase(next))
		}
		return l.swap(ctx, db)
	})
	if err != nil {
		return err
	}
	l.tell()
	l.log.InfoContext(ctx, "ledger was rebuilt", "commit", l.At())
	return nil
}

func foldInto(ctx context.Context, db *database, log Log) error {
	e, err := newEngine(ctx, db, nil)
	if err != nil {
		return err
	}
	return errors.Join(e.run(ctx, func(ctx context.Context, after uint64, fn func(uint64, []byte) error) error {
		_, err := log.Replay(ctx, after, fn)
		return err
	}), e.close())
}

// swap puts the new file in the old one's place. Closing a file leaves nothing
// in its write-ahead log, so that a plain rename moves all of it.
func (l *Ledger) swap(ctx context.Context, db *database) error {
	if err := db.close(); err != nil {
		return fmt.Errorf("rebuilding ledger: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	path := l.facts.path
	if err := l.facts.close(); err != nil {
		return fmt.Errorf("rebuilding ledger: %w", err)
	}
	if err := removeDatabase(path); err != nil {
		return err
	}
	if err := os.Rename(nextPath(l.cfg.Dir), path); err != nil {
		return fmt.Errorf("rebuilding ledger: %w", err)
	}
	fresh, _, err := openDatabase(ctx, path, factsKind())
	if err != nil {
		return err
	}
	l.facts = fresh
	return l.reload(ctx)
}
