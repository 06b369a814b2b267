package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite" // also registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// applicationID marks our files ("stgc"), so that a stranger's database under
// our name is noticed.
const applicationID = 0x73746763

// database is one SQLite file: one connection that writes, and a pool that
// only reads.
type database struct {
	path  string
	write *sql.DB
	read  *sql.DB
	// readers are the connections for snapshots, each in use or in here.
	readers chan *reader
}

type databaseKind struct {
	version int
	schema  string
	// pragmas are further ones for the connection that writes.
	pragmas []string
}

func factsKind() databaseKind {
	return databaseKind{version: factsVersion, schema: factsSchema, pragmas: []string{"cache_size(-16000)", "wal_autocheckpoint(4000)"}}
}

func wordsKind() databaseKind {
	return databaseKind{version: wordsVersion, schema: wordsSchema, pragmas: []string{"cache_size(-8000)", "secure_delete(1)"}}
}

// openDatabase opens a file, and makes it when it is missing. A file of another
// version, or one that can't be read, is deleted and made anew: fresh is true
// then. The projections hold nothing that the log and the content lack.
func openDatabase(ctx context.Context, path string, kind databaseKind) (db *database, fresh bool, err error) {
	for try := range 2 {
		db, err = dial(path, kind)
		if err != nil {
			return nil, false, err
		}
		fresh, err = db.prepare(ctx, kind)
		if err == nil {
			return db, fresh || try > 0, nil
		}
		_ = db.close()
		if !errors.Is(err, errOtherVersion) && !damaged(err) {
			return nil, false, fmt.Errorf("opening %q: %w", path, err)
		}
		if err := removeDatabase(path); err != nil {
			return nil, false, err
		}
	}
	return nil, false, fmt.Errorf("opening %q: %w", path, err)
}

func dial(path string, kind databaseKind) (*database, error) {
	base := []string{"busy_timeout(5000)", "temp_store(2)"}
	writer := append([]string{"journal_mode(WAL)", "synchronous(NORMAL)"}, append(base, kind.pragmas...)...)
	w, err := sql.Open("sqlite", dsn(path, "_txlock=immediate", writer))
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", path, err)
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", dsn(path, "mode=ro", append([]string{"query_only(1)"}, base...)))
	if err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("opening %q: %w", path, err)
	}
	r.SetMaxOpenConns(maxReaders + 2) // the fold reads beside the snapshots
	r.SetMaxIdleConns(1)
	db := &database{path: path, write: w, read: r, readers: make(chan *reader, maxReaders)}
	for range maxReaders {
		db.readers <- &reader{}
	}
	return db, nil
}

func dsn(path, option string, pragmas []string) string {
	var b strings.Builder
	b.WriteString("file:")
	b.WriteString((&url.URL{Path: path}).EscapedPath())
	b.WriteString("?" + option)
	for _, p := range pragmas {
		b.WriteString("&_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

var errOtherVersion = errors.New("the file is of another version")

func (db *database) prepare(ctx context.Context, kind databaseKind) (fresh bool, err error) {
	var version, app int
	if err := db.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return false, fmt.Errorf("reading version: %w", err)
	}
	if err := db.write.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return false, fmt.Errorf("reading application id: %w", err)
	}
	if version == kind.version && app == applicationID {
		return false, nil
	}
	if version != 0 || app != 0 {
		return false, errOtherVersion
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("making tables: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	stamp := fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d;", kind.version, applicationID)
	if _, err := tx.ExecContext(ctx, kind.schema+stamp); err != nil {
		return false, fmt.Errorf("making tables: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("making tables: %w", err)
	}
	return true, nil
}

// damaged reports whether an error says that the file is no good.
func damaged(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// close waits for the snapshots in use. Closing again does nothing.
func (db *database) close() error {
	var errs []error
	for range maxReaders {
		r, ok := <-db.readers
		if !ok {
			return nil
		}
		errs = append(errs, r.close())
	}
	close(db.readers)
	return errors.Join(append(errs, db.read.Close(), db.write.Close())...)
}

func removeDatabase(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing %q: %w", path+suffix, err)
		}
	}
	return nil
}

func factsPath(dir string) string { return filepath.Join(dir, "ledger", "ledger.db") }
func nextPath(dir string) string  { return filepath.Join(dir, "ledger", "ledger.next.db") }
func wordsPath(dir string) string { return filepath.Join(dir, "ledger", "search.db") }
