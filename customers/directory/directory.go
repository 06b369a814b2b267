package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// The errors that callers act on. Test them with errors.Is.
var (
	// ErrNotFound means that there is no record of this name.
	ErrNotFound = errors.New("no such customer in the directory")
	// ErrErased means that the record was there and has been erased for good.
	ErrErased = errors.New("the customer was erased")
	// ErrRecord means that this one record can't be read or written, now or later.
	ErrRecord = errors.New("the customer's record is spoilt")
)

// Piece is a record as it is stored.
type Piece struct {
	ID    string
	Value []byte
}

// Version is a stored record as it is read back.
type Version struct {
	ID     string
	Seq    uint64
	Value  []byte
	Erased bool
}

// Store is where records lie.
type Store interface {
	// Shards and Shard say how records are spread.
	Shards() int
	Shard(id string) int
	// PutAll stores a version of each record durably and gives the last sequence
	// written in each shard.
	PutAll(ctx context.Context, pieces []Piece) (last map[int]uint64, err error)
	// Since calls fn with what a shard holds behind a sequence, in order, and gives
	// the last one; after 0 it may leave out all but the last version of each. One
	// that the shard hasn't reached is ErrNotFound.
	Since(ctx context.Context, shard int, after uint64, fn func(Version) error) (last uint64, err error)
	// Erase overwrites all versions of a record; a Since sees it as erased.
	Erase(ctx context.Context, id string) error
}

// Config says where the index lies and what stands around it.
type Config struct {
	// Dir is the data directory.
	Dir   string
	Store Store
	// Key gives the key of an address on a channel, the same for all ways to write it.
	Key func(ch contact.Channel, address string) string
	// Unproven gives the key of one that nothing proves to be the sender's; nil finds
	// nobody by those.
	Unproven func(ch contact.Channel, address string) string
	Now      func() time.Time
	// Changed is told whose records were changed, and by whom, after they were; it must
	// not wait. It may be nil.
	Changed func(ids []string, by string)
}

// KeyOf gives the key of one of a record's identities, "" where it has none.
func (d *Directory) KeyOf(i customers.Identity) string {
	switch {
	case i.Address == "", i.Unproven && d.cfg.Unproven == nil:
		return ""
	case i.Unproven:
		return d.cfg.Unproven(i.Channel, i.Address)
	default:
		return d.cfg.Key(i.Channel, i.Address)
	}
}

// Directory finds and changes records. Its methods may be called from any number of
// goroutines.
type Directory struct {
	cfg Config
	// shards are held by whoever writes there; index by whoever writes to the file.
	shards []shard
	index  sync.Mutex
	db     *file
	// withheld are customers whose records are given to nobody.
	withheld atomic.Pointer[map[string]bool]
	// imports counts calls of Import.
	imports atomic.Uint32
}

// shard is what is known of one shard of the store.
type shard struct {
	mu sync.Mutex
	// behind is true when something may have been stored that the index lacks.
	behind atomic.Bool
}

// Open opens the index and reads what is new in the store. Close must be called.
func Open(ctx context.Context, cfg Config) (*Directory, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Directory{cfg: cfg, shards: make([]shard, cfg.Store.Shards())}
	if err := d.open(ctx); err != nil {
		return nil, fmt.Errorf("opening the customers' directory: %w", err)
	}
	return d, nil
}

// Path gives the file of the index in a data directory.
func Path(dir string) string { return filepath.Join(dir, "directory.db") }

func (d *Directory) open(ctx context.Context) (err error) {
	whose := d.cfg.Key(contact.Email, "whose keys are these?")
	for try := 0; ; try++ {
		if d.db, err = openFile(ctx, Path(d.cfg.Dir), whose); err != nil {
			return err
		}
		for k := range d.shards {
			if err = d.catchUp(ctx, k); err != nil {
				break
			}
		}
		if err == nil {
			return nil
		}
		err = errors.Join(err, d.db.close())
		if try > 0 || !errors.Is(err, ErrNotFound) && !damaged(err) {
			return err
		}
		// The index has read a journal that isn't this one, or can't be read.
		if err := removeFile(Path(d.cfg.Dir)); err != nil {
			return err
		}
	}
}

// Close gives the file free.
func (d *Directory) Close() error { return d.db.close() }

// Get gives a record. It is ErrNotFound where there never was one, ErrErased where it
// was erased.
func (d *Directory) Get(ctx context.Context, id string) (*customers.Record, error) {
	if d.hides(id) {
		return nil, fmt.Errorf("reading customer %q: %w", id, ErrErased)
	}
	return d.Withheld(ctx, id)
}

// Same reports whether two identities are one and the same.
func (d *Directory) Same(a, b customers.Identity) bool {
	if a.Channel != b.Channel && (!isNumber(a.Channel) || !isNumber(b.Channel)) || a.Unproven != b.Unproven {
		return false
	}
	return a.Channel == b.Channel && a.Address == b.Address || d.KeyOf(a) == d.KeyOf(b)
}

func isNumber(ch contact.Channel) bool { return ch == contact.Phone || ch == contact.SMS }

// External gives the record with one of the company's own ids.
func (d *Directory) External(ctx context.Context, external string) (*customers.Record, error) {
	id, err := d.db.external(ctx, external)
	if err != nil {
		return nil, fmt.Errorf("looking for a customer by the company's id: %w", err)
	}
	return d.Get(ctx, id)
}

// Count gives how many records there are.
func (d *Directory) Count(ctx context.Context) (n int, err error) {
	return n, d.db.read.QueryRowContext(ctx, "SELECT count(*) FROM customer").Scan(&n)
}

// Mark gives the number that was noted under a name, 0 for none. It goes with the file:
// whoever follows something into the directory notes how far it has come.
func (d *Directory) Mark(ctx context.Context, name string) (uint64, error) {
	var value string
	err := d.db.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", "mark "+name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading mark %q: %w", name, err)
	}
	return strconv.ParseUint(value, 10, 64)
}

// SetMark notes a number under a name.
func (d *Directory) SetMark(ctx context.Context, name string, n uint64) error {
	return d.inTx(ctx, func(w *writer) error {
		_, err := w.exec(ctx, "INSERT INTO meta VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
			"mark "+name, strconv.FormatUint(n, 10))
		return err
	})
}
