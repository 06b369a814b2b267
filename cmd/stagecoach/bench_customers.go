package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers/directory"
	"stagecoach/customers/load"
	"stagecoach/journal"
	"stagecoach/router"
)

// lookups is how many look-ups are timed.
const lookups = 20_000

// customers measures the customers' directory: how fast a list is loaded, an address
// found, and how soon a start has them all, also after a kill.
func (b *bench) customers(ctx context.Context) (err error) {
	dir, err := b.folder("customers")
	if err != nil {
		return err
	}
	home, err := b.home(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, home.close()) }()
	if err := b.importList(ctx, home); err != nil {
		return err
	}
	if err := b.lookUp(ctx, home); err != nil {
		return err
	}
	// As a kill leaves it: nothing was closed.
	killed, err := b.folder("killed")
	if err != nil {
		return err
	}
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		return fmt.Errorf("copying the data: %w", err)
	}
	if err := home.close(); err != nil {
		return err
	}
	for _, start := range []struct{ name, dir string }{{"customers_start", dir}, {"customers_start_after_kill", killed}} {
		if err := b.startWith(ctx, start.name, start.dir); err != nil {
			return err
		}
	}
	b.note("customers: %d customers with 2.5 addresses; every write synced. Raw limits: the records put into JetStream alone; one key of the index by itself; "+
		"the start of the journal alone. Memory is what the process grew by at a start, the journal included; the index is the file beside it.", b.cmd.Customers)
	return nil
}

// home is a journal with the customers' directory and nothing else.
type home struct {
	dir       string
	journal   *journal.Journal
	directory *directory.Directory
	key       func(contact.Channel, string) string
}

func (b *bench) home(ctx context.Context, dir string) (*home, error) {
	j, err := journal.Open(ctx, journal.Config{Dir: dir}, b.log)
	if err != nil {
		return nil, err
	}
	keys := router.NewKeys(j.Keys().Key(journal.KeyHash), j.Keys().Key(journal.KeyToken))
	d, err := openDirectory(ctx, j, dir, keys, nil)
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return &home{dir: dir, journal: j, directory: d, key: identityKey(keys)}, nil
}

func (h *home) close() error {
	if h.directory == nil {
		return nil
	}
	err := errors.Join(h.directory.Close(), h.journal.Close())
	h.directory = nil
	return err
}

// customerLine is the n-th customer of a made-up list: each has an e-mail address, most
// a number, half a handle.
func customerLine(n int) string {
	handle, phone := "", fmt.Sprintf("+49170%07d", n)
	if n%2 == 0 {
		handle = fmt.Sprintf("mastodon:customer%d@social.example", n)
	}
	return fmt.Sprintf("K-%07d,%s %s,customer%d@example.org,%s,%s,de,Europe/Berlin,%d.50,20%02d-05-03,email,newsletter\n",
		n, []string{"Anna", "Björn", "Chloé", "Dieter", "Emine"}[n%5], rareWord(n), n, phone, handle, n%2000, 10+n%15)
}

// importList writes a list and imports it by the command's own code.
func (b *bench) importList(ctx context.Context, h *home) error {
	path := filepath.Join(b.dir, "customers.csv")
	var text strings.Builder
	text.WriteString("external_id,name,emails,phones,handles,language,timezone,value,customer_since,preferred_channel,tags\n")
	for n := range b.cmd.Customers {
		text.WriteString(customerLine(n))
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("writing a list: %w", err)
	}
	once := func() (*importReport, time.Duration, error) {
		line := &client{rows: func(ctx context.Context, b rowBatch) (*directory.Imported, error) {
			return h.directory.Import(ctx, b.Rows, b.Dry)
		}}
		var rep *importReport
		took, err := timed(func() (err error) {
			rep, err = importFile(ctx, &customersImportCmd{File: path}, line, b.bar)
			return err
		})
		return rep, took, err
	}
	first, took, err := once()
	if err != nil {
		return err
	}
	if first.Loaded != b.cmd.Customers {
		return fmt.Errorf("%d of %d customers were loaded", first.Loaded, b.cmd.Customers)
	}
	raw, err := b.rawRecords(ctx)
	if err != nil {
		return err
	}
	b.add(figure{Name: "customers_import", Value: float64(b.cmd.Customers) / took.Seconds(), Unit: "rows/s", Limit: raw}, atLeast(1_000_000/120.0))
	again, took, err := once()
	if err != nil {
		return err
	}
	if again.Unchanged != b.cmd.Customers {
		return fmt.Errorf("the same list again left %d of %d unchanged", again.Unchanged, b.cmd.Customers)
	}
	b.add(figure{Name: "customers_import_again", Value: float64(b.cmd.Customers) / took.Seconds(), Unit: "rows/s"}, atLeast(1_000_000/120.0))
	return nil
}

// rawRecords gives how many records a second JetStream alone takes.
func (b *bench) rawRecords(ctx context.Context) (rate float64, err error) {
	dir, err := b.folder("raw")
	if err != nil {
		return 0, err
	}
	j, err := journal.Open(ctx, journal.Config{Dir: dir}, b.log)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	count := min(b.cmd.Customers, 100_000)
	pieces := make([]journal.Piece, count)
	for n := range pieces {
		pieces[n] = journal.Piece{ID: strconv.Itoa(n), Value: make([]byte, 700)}
	}
	took, err := timed(func() error {
		for part := range slices.Chunk(pieces, importBatch) {
			if _, err := j.PutAll(ctx, journal.KindCustomer, part); err != nil {
				return err
			}
		}
		return nil
	})
	return float64(count) / took.Seconds(), err
}

// lookUp times looking addresses up, known ones and others.
func (b *bench) lookUp(ctx context.Context, h *home) error {
	r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // chooses customers
	var known, raw []time.Duration
	for i := range lookups {
		n := r.IntN(b.cmd.Customers)
		key := h.key(contact.Email, fmt.Sprintf("Customer%d@example.org", n))
		var found map[string]directory.Match
		took, err := timed(func() (err error) {
			found, err = h.directory.Lookup(ctx, []string{key})
			return err
		})
		if err != nil {
			return err
		}
		if m := found[key]; m.Record == nil || m.Record.External != fmt.Sprintf("K-%07d", n) {
			return fmt.Errorf("customer %d was not found", n)
		}
		known = append(known, took)
		if took, err = timed(func() error {
			return h.directory.Touch(ctx, h.key(contact.Phone, fmt.Sprintf("+49170%07d", n)))
		}); err != nil {
			return err
		}
		raw = append(raw, took)
		b.bar.show("customers: looking up", i, lookups)
	}
	b.add(figure{Name: "customers_lookup_p99", Value: millis(quantile(known, 0.99)), Unit: "ms", Limit: millis(quantile(raw, 0.99))}, atMost(1))
	return nil
}

// startWith times a start on data that are there.
func (b *bench) startWith(ctx context.Context, name, dir string) error {
	b.bar.show("customers: starting", 0, 0)
	debug.FreeOSMemory()
	before := ownResident()
	var h *home
	var raw time.Duration
	took, err := timed(func() (err error) {
		begun := time.Now()
		j, err := journal.Open(ctx, journal.Config{Dir: dir}, b.log)
		if err != nil {
			return err
		}
		raw = time.Since(begun)
		keys := router.NewKeys(j.Keys().Key(journal.KeyHash), j.Keys().Key(journal.KeyToken))
		d, err := openDirectory(ctx, j, dir, keys, nil)
		if err != nil {
			return errors.Join(err, j.Close())
		}
		h = &home{dir: dir, journal: j, directory: d}
		return nil
	})
	if err != nil {
		return err
	}
	n, err := h.directory.Count(ctx)
	if err == nil && n != b.cmd.Customers {
		err = fmt.Errorf("%d of %d customers are there", n, b.cmd.Customers)
	}
	b.add(figure{Name: name, Value: took.Seconds(), Unit: "s", Limit: raw.Seconds()}, atMost(10))
	if name == "customers_start" {
		debug.FreeOSMemory()
		b.add(figure{Name: "customers_memory_each", Value: float64(max(1, ownResident()-before)) / float64(b.cmd.Customers), Unit: "B"}, atMost(1024))
		info, serr := os.Stat(directory.Path(dir))
		if err = errors.Join(err, serr); serr == nil {
			b.add(figure{Name: "customers_index_each", Value: float64(info.Size()) / float64(b.cmd.Customers), Unit: "B"}, atMost(1024))
		}
	}
	return errors.Join(err, h.close())
}

// quantile gives the time below which a share of them lies.
func quantile(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(math.Ceil(share*float64(len(sorted))))-1)]
}

// importFile imports a file over a line.
func importFile(ctx context.Context, cmd *customersImportCmd, line *client, bar *progress) (rep *importReport, err error) {
	file, err := load.Open(cmd.File, load.Options{Now: time.Now()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return (&importing{cmd: cmd, file: file, rows: importRows(line), bar: bar}).run(ctx)
}

// ownResident gives the bytes of memory that this process has.
func ownResident() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64) // the system's own figure
	return pages * int64(os.Getpagesize())
}
