package webchat

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// What is kept no longer: files that no message names after unusedTime, tokens
// that have ended, visitors who never wrote and haven't come back for emptyTime,
// and anonymous ones whom no token can lead back to what they wrote.
const (
	emptyTime  = 3 * 24 * time.Hour
	houseFirst = time.Minute
	houseEvery = time.Hour
	// houseBatch is how many rows one commit drops, so that nobody waits long.
	houseBatch = 200
)

// keepHouse drops what is of no use to anybody, until ctx ends.
func (u *run) keepHouse(ctx context.Context) error {
	tick := time.NewTimer(houseFirst)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if _, err := u.a.dropStale(ctx, u.store); err != nil && ctx.Err() == nil {
			u.a.log.WarnContext(ctx, "old visitors could not be dropped, it is tried again", "err", err)
		}
		tick.Reset(houseEvery)
	}
}

// dropStale drops all that is kept no longer, and counts it.
func (a *Adapter) dropStale(ctx context.Context, s *store) (dropped int64, err error) {
	now := a.now()
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM files WHERE id IN (SELECT id FROM files WHERE used = 0 AND at < ? LIMIT ?)", []any{now.Add(-unusedTime).UnixMilli(), houseBatch}},
		{"DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires > 0 AND expires < ? LIMIT ?)", []any{now.UnixMilli(), houseBatch}},
	} {
		n, err := s.repeat(ctx, step.query, step.args...)
		dropped += n
		if err != nil {
			return dropped, err
		}
	}
	n, err := a.dropVisitors(ctx, s, "user IS NULL AND last = 0 AND created < ?", now.Add(-emptyTime).UnixMilli())
	dropped += n
	if err != nil {
		return dropped, err
	}
	n, err = a.dropVisitors(ctx, s, "user IS NULL AND created < ? AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.visitor = v.id)"+
		" AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.visitor = v.id AND m.at > ?)",
		now.Add(-anonymousTime).UnixMilli(), now.Add(-anonymousTime).UnixMilli())
	return dropped + n, err
}

// repeat runs a statement that is bounded until it finds nothing more.
func (s *store) repeat(ctx context.Context, query string, args ...any) (total int64, err error) {
	for {
		var n int64
		err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, query, args...)
			if err != nil {
				return fmt.Errorf("dropping what is old: %w", err)
			}
			n, err = res.RowsAffected()
			return err
		})
		total += n
		if err != nil || n < houseBatch {
			return total, err
		}
		if ctx.Err() != nil {
			return total, ctx.Err()
		}
	}
}

// dropVisitors drops the visitors that a condition names, but those who are here.
func (a *Adapter) dropVisitors(ctx context.Context, s *store, where string, args ...any) (total int64, err error) {
	after := ""
	for ctx.Err() == nil {
		ids, err := s.visitorsWhere(ctx, after, where, args)
		if err != nil || len(ids) == 0 {
			return total, err
		}
		after = ids[len(ids)-1]
		err = s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, id := range ids {
				if a.hub.here(id) {
					continue
				}
				total++
				if err := dropVisitor(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return total, err
		}
	}
	return total, ctx.Err()
}

func (s *store) visitorsWhere(ctx context.Context, after, where string, args []any) ([]string, error) {
	query := "SELECT v.id FROM visitors v WHERE v.id > ? AND " + where + " ORDER BY v.id LIMIT ?" //nolint:gosec // the condition is a constant of ours
	rows, err := s.read.QueryContext(ctx, query, append(append([]any{after}, args...), houseBatch)...)
	if err != nil {
		return nil, fmt.Errorf("looking for old visitors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("looking for old visitors: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// dropVisitor removes a visitor and all that is kept of them.
func dropVisitor(ctx context.Context, tx *sql.Tx, id string) error {
	for _, query := range []string{
		"DELETE FROM tokens WHERE visitor = ?", "DELETE FROM threads WHERE visitor = ?", "DELETE FROM messages WHERE visitor = ?",
		"DELETE FROM files WHERE visitor = ?", "DELETE FROM mails WHERE visitor = ?", "DELETE FROM visitors WHERE id = ?",
	} {
		if _, err := tx.ExecContext(ctx, query, id); err != nil {
			return fmt.Errorf("erasing: %w", err)
		}
	}
	return nil
}
