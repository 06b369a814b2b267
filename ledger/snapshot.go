package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxReaders is how many snapshots are read at once.
const maxReaders = 4

// reader is one connection for snapshots with the statements prepared on it.
// The zero reader connects when it is first used.
type reader struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

var _ querier = (*reader)(nil)

// maxStatements bounds how many statements a reader keeps; filters make many.
const maxStatements = 64

var errClosed = errors.New("the ledger is closed")

// snapshot runs fn in one read transaction, so that all that it reads is of
// one commit.
func (db *database) snapshot(ctx context.Context, fn func(tx querier) error) error {
	var r *reader
	select {
	case r = <-db.readers:
	case <-ctx.Done():
		return fmt.Errorf("reading ledger: %w", ctx.Err())
	}
	if r == nil {
		return fmt.Errorf("reading ledger: %w", errClosed)
	}
	defer func() { db.readers <- r }()
	if err := r.begin(ctx, db.read); err != nil {
		return fmt.Errorf("reading ledger: %w", errors.Join(err, r.close()))
	}
	err := fn(r)
	if end := r.end(ctx); end != nil {
		return fmt.Errorf("reading ledger: %w", errors.Join(err, end, r.close()))
	}
	return err
}

func (r *reader) begin(ctx context.Context, db *sql.DB) error {
	if r.conn == nil {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		r.conn, r.stmts = conn, map[string]*sql.Stmt{}
	}
	return r.run(ctx, "BEGIN")
}

func (r *reader) end(ctx context.Context) error { return r.run(ctx, "ROLLBACK") }

// run begins or ends; it is never cut in its middle.
func (r *reader) run(ctx context.Context, query string) error {
	s, err := r.statement(ctx, query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(context.WithoutCancel(ctx))
	return err
}

// close gives the connection up; the next use connects anew.
func (r *reader) close() error {
	if r.conn == nil {
		return nil
	}
	var errs []error
	for _, s := range r.stmts {
		errs = append(errs, s.Close())
	}
	errs = append(errs, r.conn.Close())
	r.conn, r.stmts = nil, nil
	return errors.Join(errs...)
}

func (r *reader) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := r.stmts[query]; s != nil {
		return s, nil
	}
	s, err := r.conn.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	if len(r.stmts) >= maxStatements {
		for old, s := range r.stmts {
			if old != "BEGIN" && old != "ROLLBACK" {
				delete(r.stmts, old)
				_ = s.Close() // whatever it is, it is not needed
				break
			}
		}
	}
	r.stmts[query] = s
	return s, nil
}

// QueryContext implements querier.
func (r *reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := r.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext implements querier.
func (r *reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := r.statement(ctx, query)
	if err != nil { // asking again gives the same error in a Row
		return r.conn.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}
