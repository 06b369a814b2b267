package webchat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// applicationID marks our files ("stwc"), so that a stranger's database under our
// name is noticed.
const applicationID = 0x73747763

// storeSteps make the tables of a new file, and bring one of an older build up to
// date: the version of a file is the number of steps done.
func storeSteps() []string { return []string{storeFirst, storeFates} }

// storeFirst is what is kept. n numbers all that one visitor reads, seq all
// messages of the account; hashes stand for tokens.
const storeFirst = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE visitors(
	id TEXT PRIMARY KEY, user TEXT UNIQUE, name TEXT NOT NULL DEFAULT '', email TEXT NOT NULL DEFAULT '',
	language TEXT NOT NULL DEFAULT '', thread TEXT NOT NULL DEFAULT '', last INTEGER NOT NULL DEFAULT 0,
	read INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, proven INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE tokens(hash BLOB PRIMARY KEY, visitor TEXT NOT NULL, expires INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX tokens_visitor ON tokens(visitor);
CREATE TABLE threads(id TEXT PRIMARY KEY, visitor TEXT NOT NULL, opened INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX threads_visitor ON threads(visitor);
CREATE TABLE messages(
	seq INTEGER PRIMARY KEY AUTOINCREMENT, visitor TEXT NOT NULL, thread TEXT NOT NULL, n INTEGER NOT NULL,
	ours INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL DEFAULT '', text TEXT NOT NULL,
	files TEXT NOT NULL DEFAULT '', at INTEGER NOT NULL, event BLOB
);
CREATE UNIQUE INDEX messages_n ON messages(visitor, n);
CREATE UNIQUE INDEX messages_theirs ON messages(visitor, id) WHERE ours = 0;
CREATE UNIQUE INDEX messages_ours ON messages(id) WHERE ours = 1;
CREATE TABLE files(
	id TEXT PRIMARY KEY, visitor TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL,
	type TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX files_visitor ON files(visitor, at);
CREATE TABLE mails(
	reply TEXT PRIMARY KEY, visitor TEXT NOT NULL, n INTEGER NOT NULL, due INTEGER NOT NULL,
	tries INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX mails_state ON mails(state, due);
`

// storeFates adds what became of replies: when one was read, and to which address
// it was mailed, when. A thread's former is who began it before they logged in.
const storeFates = `
ALTER TABLE messages ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mails ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN former TEXT NOT NULL DEFAULT '';
CREATE INDEX threads_former ON threads(former) WHERE former <> '';
CREATE INDEX tokens_expires ON tokens(expires);
CREATE INDEX files_unused ON files(at) WHERE used = 0;
`

// store is the open database: one connection that writes, some that read.
type store struct {
	path        string
	write, read *sql.DB
	// epoch is new with each database, so that no position of an older one is
	// taken for one of this.
	epoch string

	mu    sync.Mutex
	queue []*change
	// turn is held by whoever commits.
	turn chan struct{}
}

// keeper opens the store for the first who needs it and closes it after the last.
type keeper struct {
	path string

	mu    sync.Mutex
	users int
	open  *store
}

// use gives the store until done is called.
func (k *keeper) use(ctx context.Context) (s *store, done func(), err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open == nil {
		if k.open, err = openStore(ctx, k.path); err != nil {
			return nil, nil, err
		}
	}
	k.users++
	s = k.open
	return s, sync.OnceFunc(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.users--; k.users == 0 {
			_ = s.close() // all is committed
			k.open = nil
		}
	}), nil
}

func dsn(path, option string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + option)
	for _, p := range append(pragmas, "busy_timeout(2000)", "temp_store(2)", "foreign_keys(0)") {
		b.WriteString("&_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

func openStore(ctx context.Context, path string) (*store, error) {
	// It holds what customers wrote: nobody else on the machine may read it.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the daemon's own data folder
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	w, err := sql.Open("sqlite", dsn(path, "_txlock=immediate", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)", "cache_size(-8000)"))
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", dsn(path, "mode=ro", "query_only(1)", "cache_size(-2000)"))
	if err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	r.SetMaxOpenConns(4)
	r.SetMaxIdleConns(4)
	s := &store{path: path, write: w, read: r, turn: make(chan struct{}, 1)}
	if err := s.prepare(context.WithoutCancel(ctx)); err != nil {
		_ = s.close()
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return s, nil
}

func (s *store) close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// prepare makes the tables of a new file, or brings an older one's up to date. A
// stranger's, or one of a newer build, is left alone: it holds what can't be had
// again.
func (s *store) prepare(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var version, app int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return err
	}
	steps := storeSteps()
	switch {
	case app != applicationID && (version != 0 || app != 0):
		return errors.New("the file belongs to another program")
	case version > len(steps):
		return fmt.Errorf("the file is of version %d, this build knows version %d: run the newer build, or move the file away", version, len(steps))
	}
	for _, step := range steps[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return err
		}
	}
	stamp := fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d;", len(steps), applicationID)
	if _, err := tx.ExecContext(ctx, stamp); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES('epoch', ?), ('delivered', '0')", randomID()); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'epoch'").Scan(&s.epoch); err != nil {
		return err
	}
	return tx.Commit()
}

// change is one writer's part of a commit.
type change struct {
	do   func(ctx context.Context, tx *sql.Tx) error
	err  error
	done chan struct{}
}

// commitTime bounds one commit, batchSize how many changes share one.
const (
	commitTime = 20 * time.Second
	batchSize  = 64
)

// update runs do in a transaction, and returns when it is on disk. Those who come
// meanwhile share the next sync; one's error undoes that one's part alone.
func (s *store) update(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	c := &change{do: do, done: make(chan struct{})}
	s.mu.Lock()
	s.queue = append(s.queue, c)
	s.mu.Unlock()
	for {
		select {
		case <-c.done:
			return c.err
		case s.turn <- struct{}{}:
		}
		select {
		case <-c.done:
			<-s.turn
			return c.err
		default:
		}
		s.commit(context.WithoutCancel(ctx))
		<-s.turn
	}
}

func (s *store) commit(ctx context.Context) {
	s.mu.Lock()
	batch := s.queue[:min(len(s.queue), batchSize)]
	s.queue = append([]*change(nil), s.queue[len(batch):]...)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	err := s.commitBatch(ctx, batch)
	for _, c := range batch {
		if c.err == nil {
			c.err = err
		}
		close(c.done)
	}
}

func (s *store) commitBatch(ctx context.Context, batch []*change) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, c := range batch {
		if _, err := tx.ExecContext(ctx, "SAVEPOINT one"); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		if c.err = c.do(ctx, tx); c.err != nil {
			if _, err := tx.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
				return fmt.Errorf("writing: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, "RELEASE one"); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

// copyTo writes a consistent copy to a new file, which nobody else may read.
func (s *store) copyTo(ctx context.Context, path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the path is that of the backup
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	from, err := sql.Open("sqlite", dsn(s.path, "mode=rw")) // a reader's connection would write nothing
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	if _, err := from.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncFile(path)
}

func syncFile(path string) error {
	file, err := os.Open(path) //nolint:gosec // the path is that of the backup
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
