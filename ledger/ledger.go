package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"stagecoach/contact"
)

// Config says where the ledger lies.
type Config struct {
	// Dir is the data directory; the files are in its folder "ledger".
	Dir string
	// Office is whose log it is.
	Office string
}

// Log is what the facts are folded from. It holds commits in their order; a
// sequence is the log's own number of one.
type Log interface {
	// Follow calls fn for every commit after a sequence, and goes on with new
	// ones until ctx ends.
	Follow(ctx context.Context, after uint64, fn func(seq uint64, commit []byte) error) error
	// Replay calls fn for every commit after a sequence up to the last that
	// there is when it is called, and gives that sequence.
	Replay(ctx context.Context, after uint64, fn func(seq uint64, commit []byte) error) (last uint64, err error)
}

// Words gives what lies at a reference. An error that is ErrGone means that it
// was erased or has expired, and is never asked for again.
type Words interface {
	Message(ctx context.Context, ref string) (*contact.Message, error)
	Reply(ctx context.Context, ref string) (*contact.Reply, error)
	Note(ctx context.Context, ref string) (*contact.Note, error)
}

// ErrGone says that words are no longer there, and rightly so.
var ErrGone = errors.New("the words are gone")

// ErrNotFound says that the ledger has no such thing.
var ErrNotFound = errors.New("not in the ledger")

// ErrAmbiguous says that more than one id begins so.
var ErrAmbiguous = errors.New("more than one id begins so")

// Ledger is the two projections of an office. It is safe for use by several
// goroutines.
type Ledger struct {
	cfg Config
	log *slog.Logger

	// mu guards which files are open: readers hold it while they read, and it
	// is locked when a rebuilt file takes the place of the old one.
	mu    sync.RWMutex
	facts *database
	words *database

	// turn holds one token: whoever has it may write ledger.db.
	turn chan struct{}

	state struct {
		sync.Mutex
		// news is closed when commits were folded, and made anew.
		news chan struct{}
		// interrupt ends the follower at work, so that it gives up its turn.
		interrupt context.CancelFunc
		alarmed   map[GapKind]bool
	}
	n atomic.Uint64
	// filled is the last entry whose words were looked for.
	filled atomic.Uint64
	// again is how long the words that could not be had rest.
	again time.Duration
}

// Open opens the files, or makes them. A file of another version or a damaged
// one is deleted: Run fills it again.
func Open(cfg Config, log *slog.Logger) (*Ledger, error) {
	ctx := context.Background() //nolint:forbidigo // two local files are opened: there is nothing to give up
	if err := os.MkdirAll(filepath.Join(cfg.Dir, "ledger"), 0o700); err != nil {
		return nil, fmt.Errorf("making ledger folder: %w", err)
	}
	if err := removeDatabase(nextPath(cfg.Dir)); err != nil {
		return nil, err
	}
	l := &Ledger{
		cfg: cfg, log: log.With("component", "ledger", "office", cfg.Office),
		turn: make(chan struct{}, 1), again: time.Minute,
	}
	l.state.news = make(chan struct{})
	l.state.alarmed = map[GapKind]bool{}
	facts, fresh, err := openDatabase(ctx, factsPath(cfg.Dir), factsKind())
	if err != nil {
		return nil, err
	}
	words, freshWords, err := openDatabase(ctx, wordsPath(cfg.Dir), wordsKind())
	if err != nil {
		return nil, errors.Join(err, facts.close())
	}
	l.facts, l.words = facts, words
	if fresh || freshWords {
		l.log.InfoContext(ctx, "ledger is filled from the log", "facts", fresh, "words", freshWords)
	}
	err = l.reload(ctx)
	if damaged(err) { // whichever of the two it is
		err = errors.Join(l.remake(ctx, err), l.remakeWords(ctx, err))
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// reload reads the position of the file that is open.
func (l *Ledger) reload(ctx context.Context) error {
	pos, err := readPosition(ctx, l.facts.read)
	if err != nil {
		return err
	}
	l.n.Store(pos.N)
	filled, err := readFilled(ctx, l.words.read)
	if err != nil {
		return err
	}
	l.filled.Store(filled)
	return nil
}

// Close closes the files. Run must have ended.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.facts.close(), l.words.close()); err != nil {
		return fmt.Errorf("closing ledger: %w", err)
	}
	return nil
}

// At gives the last folded commit.
func (l *Ledger) At() uint64 { return l.n.Load() }

// Lacking reports whether the search still lacks words of what is folded.
func (l *Ledger) Lacking(ctx context.Context) (bool, error) {
	next, err := l.documents(ctx, "e.id > ? ORDER BY e.id LIMIT ?", l.filled.Load(), 1)
	return len(next) > 0, err
}

// Filled gives the last commit whose words the search has. Later ones may have
// none.
func (l *Ledger) Filled() uint64 { return entryCommit(l.filled.Load()) }

// WaitFor returns when commit n has been folded, or with ctx's error.
func (l *Ledger) WaitFor(ctx context.Context, n uint64) error {
	return l.await(ctx, func() bool { return l.n.Load() >= n })
}

func (l *Ledger) await(ctx context.Context, done func() bool) error {
	for {
		l.state.Lock()
		news := l.state.news
		l.state.Unlock()
		if done() {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the ledger: %w", context.Cause(ctx))
		}
	}
}

// tell wakes everybody who waits.
func (l *Ledger) tell() {
	l.state.Lock()
	defer l.state.Unlock()
	close(l.state.news)
	l.state.news = make(chan struct{})
}

// alarm logs the first gap of each kind.
func (l *Ledger) alarm(ctx context.Context, gaps []Gap) {
	l.state.Lock()
	defer l.state.Unlock()
	for _, g := range gaps {
		if l.state.alarmed[g.What] {
			continue
		}
		l.state.alarmed[g.What] = true
		l.log.ErrorContext(ctx, "the ledger does not add up", "gap", string(g.What), "where", g.Where, "detail", g.Detail, "commit", g.N)
	}
}

// view runs fn in one snapshot of the facts.
func (l *Ledger) view(ctx context.Context, fn func(tx querier) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.facts.snapshot(ctx, fn)
}

// viewWords runs fn in one snapshot of the words.
func (l *Ledger) viewWords(ctx context.Context, fn func(tx querier) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.words.snapshot(ctx, fn)
}
