package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"modernc.org/sqlite" // also registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"stagecoach/scrub"
)

// applicationID marks our files ("stdi"), so that a stranger's database under our name
// is noticed. Another fileVersion means that the file is deleted and made again.
const (
	applicationID = 0x73746469
	fileVersion   = 1
)

// schema makes directory.db. A word is one of a name, in lower case and without accents;
// gone has the ids of the erased; foreign_id is 1 where the company has an id of its own.
const schema = `
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shard(k INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE customer(num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record BLOB NOT NULL, foreign_id INTEGER NOT NULL);
CREATE INDEX customer_met ON customer(num) WHERE foreign_id = 0;
CREATE TABLE gone(id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE identity(key BLOB NOT NULL, num INTEGER NOT NULL, PRIMARY KEY(key, num)) WITHOUT ROWID;
CREATE TABLE external(id TEXT NOT NULL, num INTEGER NOT NULL, PRIMARY KEY(id, num)) WITHOUT ROWID;
CREATE TABLE word(word TEXT NOT NULL, num INTEGER NOT NULL, PRIMARY KEY(word, num)) WITHOUT ROWID;
`

// file is the open index: one connection that writes, some that read.
type file struct {
	path        string
	write, read *sql.DB
	q           queries
}

// queries are prepared once.
type queries struct{ owners, record, gone, external *sql.Stmt }

// readers is how many look-ups run at a time.
const readers = 4

// openFile opens the index, and makes it when it is missing or no good.
func openFile(ctx context.Context, path, whose string) (*file, error) {
	for try := 0; ; try++ {
		f, err := dial(ctx, path, whose)
		if err == nil {
			return f, nil
		}
		if try > 0 || !errors.Is(err, errOther) && !damaged(err) {
			return nil, fmt.Errorf("opening %s: %w", path, err)
		}
		if err := removeFile(path); err != nil {
			return nil, err
		}
	}
}

func dial(ctx context.Context, path, whose string) (*file, error) {
	// Its owner's eyes only; what SQLite puts beside it is like it.
	made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the data directory
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	w, err := sql.Open("sqlite", dsn(path, "_txlock=immediate",
		"journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(1)", "cache_size(-16000)", "wal_autocheckpoint(4000)"))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	f := &file{path: path, write: w}
	if err := f.prepare(ctx, whose); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if f.read, err = sql.Open("sqlite", dsn(path, "mode=ro", "query_only(1)", "cache_size(-8000)", "mmap_size(1073741824)")); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	f.read.SetMaxOpenConns(readers)
	f.read.SetMaxIdleConns(readers)
	for stmt, text := range map[**sql.Stmt]string{
		&f.q.owners:   "SELECT c.id, c.record FROM identity i JOIN customer c ON c.num = i.num WHERE i.key = ? ORDER BY c.id LIMIT " + strconv.Itoa(mostOwners),
		&f.q.record:   "SELECT record FROM customer WHERE id = ?",
		&f.q.gone:     "SELECT count(*) FROM gone WHERE id = ?",
		&f.q.external: "SELECT c.id FROM external e JOIN customer c ON c.num = e.num WHERE e.id = ? ORDER BY c.id LIMIT 1",
	} {
		if *stmt, err = f.read.PrepareContext(ctx, text); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	return f, nil
}

func dsn(path, option string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + option)
	for _, p := range append(pragmas, "busy_timeout(5000)", "temp_store(2)") {
		b.WriteString("&_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

// errOther means that the file is of another version or another journal.
var errOther = errors.New("the file is of another version")

// prepare makes the tables of a new file and knows ours again.
func (f *file) prepare(ctx context.Context, whose string) error {
	var version, app int
	if err := f.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if err := f.write.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return err
	}
	if version == 0 && app == 0 {
		tx, err := f.write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		stamp := fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d;", fileVersion, applicationID)
		if _, err := tx.ExecContext(ctx, schema+stamp); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES('whose', ?)", whose); err != nil {
			return err
		}
		return tx.Commit()
	}
	if version != fileVersion || app != applicationID {
		return errOther
	}
	var has string
	err := f.write.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'whose'").Scan(&has)
	if err == nil && has != whose {
		return errOther
	}
	return err
}

// damaged reports whether an error says that the file is no good.
func damaged(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

func (f *file) close() error {
	var errs []error
	for _, s := range []*sql.Stmt{f.q.owners, f.q.record, f.q.gone, f.q.external} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	if f.read != nil {
		errs = append(errs, f.read.Close())
	}
	return errors.Join(append(errs, f.write.Close())...)
}

func removeFile(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing %q: %w", path+suffix, err)
		}
	}
	return nil
}

// truncate writes what the WAL holds into the file and empties it, so that no bytes of
// what was deleted stay behind.
func (f *file) truncate(ctx context.Context) error {
	if err := scrub.Database(ctx, f.write); err != nil {
		return err
	}
	for {
		var busy, log, done int
		if err := f.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
			return fmt.Errorf("emptying the index's journal: %w", err)
		}
		if busy == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
