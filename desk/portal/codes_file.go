package portal

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// CodesFile is what the file of the codes is called in the data directory.
const CodesFile = "codes.db"

// Codes are the codes that were sent and not used yet, and what bounds them. They are in
// a small file of their own, so that ending the process gives nobody more tries. It holds
// keyed hashes, times and ids of customers; no address, and no code.
type Codes struct {
	db   *sql.DB
	key  []byte
	hash func() hash.Hash
	now  func() time.Time
}

// codesVersion is that of the tables: a file with another is made again, since what is in
// it holds for a day at most.
const codesVersion = 1

const codesSchema = `
CREATE TABLE code(
	purpose BLOB PRIMARY KEY, page BLOB NOT NULL, customer TEXT NOT NULL, hash BLOB NOT NULL,
	until INTEGER NOT NULL, tries INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX code_page ON code(page);
CREATE INDEX code_until ON code(until);
CREATE TABLE tally(what BLOB NOT NULL, page BLOB NOT NULL, at INTEGER NOT NULL);
CREATE INDEX tally_what ON tally(what, at);
CREATE INDEX tally_page ON tally(page);
CREATE INDEX tally_at ON tally(at);
`

// OpenCodes opens the codes of a data directory, and makes their file where it is
// missing. secret is at least 32 bytes.
func OpenCodes(ctx context.Context, dir string, secret []byte, now func() time.Time) (*Codes, error) {
	path := filepath.Join(dir, CodesFile)
	c := &Codes{key: derived(secret, "customer's codes"), hash: sha256.New, now: now}
	err := c.open(ctx, path)
	if useless(err) {
		for _, end := range []string{"", "-journal", "-wal", "-shm"} {
			if gone := os.Remove(path + end); gone != nil && !errors.Is(gone, os.ErrNotExist) {
				return nil, fmt.Errorf("opening %s: %w", path, errors.Join(err, gone))
			}
		}
		err = c.open(ctx, path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return c, nil
}

// useless reports whether the file itself is no good. Whatever else stands in the way of
// opening it, such as an ending daemon, must not give anybody new tries.
func useless(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return errors.Is(err, errVersion)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR: // the last: it has no such table
		return true
	}
	return false
}

var errVersion = errors.New("the file is of another version")

func (c *Codes) open(ctx context.Context, path string) (err error) {
	made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the data directory
	if err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"journal_mode(DELETE)", "synchronous(FULL)", "secure_delete(1)", "busy_timeout(5000)", "temp_store(2)",
	}}
	if c.db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+pragmas.Encode()); err != nil {
		return err
	}
	c.db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = errors.Join(err, c.db.Close())
		}
	}()
	var version int
	if err := c.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch version {
	case codesVersion:
		_, err := c.db.ExecContext(ctx, "SELECT purpose FROM code LIMIT 1")
		return err
	case 0:
		_, err := c.db.ExecContext(ctx, "BEGIN IMMEDIATE;"+codesSchema+fmt.Sprintf("PRAGMA user_version = %d; COMMIT", codesVersion))
		return err
	}
	return fmt.Errorf("%w: %d", errVersion, version)
}

// Close closes the file.
func (c *Codes) Close() error { return c.db.Close() }

// String hides the key.
func (*Codes) String() string { return "codes(hidden)" }

func (c *Codes) inTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	ctx = context.WithoutCancel(ctx) // who goes away has tried all the same
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keeping a code: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		if errors.Is(err, errManyCodes) {
			return err
		}
		return fmt.Errorf("keeping a code: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keeping a code: %w", err)
	}
	return nil
}
