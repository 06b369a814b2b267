// Package register keeps the register of erasures: a small file that only grows,
// with ids, times and keyed hashes and nothing else, which outlives the data directory. It is
// written before anything is erased, so that an erasure which was begun is finished
// whatever happens, and a backup that is restored loses again whom it still had.
//
// It is a file of JSON, one value a line. The first says what it is:
//
//	{"register":"stagecoach erasures","version":1,"office":"main","made":"…"}
//	{"erasure":"…","customers":["…"],"by":"…","at":"…","keys":["…"]}
//	{"done":"…","at":"…"}
//	{"hold":"…","standing":true,"until":"2031-12-31","by":"…","at":"…"}
//
// An erasure that a hold has become of has "standing" and "until" too: what is theirs
// is put away until that has ended, and a backup that is restored, be it older than the
// hold, keeps it restricted. A line "hold" changes that, or lifts it.
//
// The keys are hashes of the company's ids and of the addresses, with the key of the data
// directory: nobody reads them, and a list that names somebody again is told from them.
//
// A line that was cut off by a crash, the last one, is passed over.
package register

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Name is the file's in a data directory and in a backup.
const Name = "erasures.register"

const kind = "stagecoach erasures"

// Entry is one erasure.
type Entry struct {
	Erasure   string    `json:"erasure"`
	Customers []string  `json:"customers"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	// Held is true where a hold stands, Until its last day, "" for until it is lifted.
	Held  bool   `json:"standing,omitempty"`
	Until string `json:"until,omitempty"`
	// HeldBy decided that last, HeldAt is when; zero where it was with the erasure.
	HeldBy string    `json:"held_by,omitempty"`
	HeldAt time.Time `json:"held_at,omitzero"`
	// Keys are the keyed hashes by which they are known again in a list.
	Keys []string `json:"keys,omitempty"`
	// Numbered is true where the company's own id was among them.
	Numbered bool `json:"numbered,omitempty"`
	// DoneAt is when nothing was left, zero while something may be.
	DoneAt time.Time `json:"-"`
}

// hold is the line by which a hold is changed or lifted.
type hold struct {
	Hold  string    `json:"hold"`
	Held  bool      `json:"standing,omitempty"`
	Until string    `json:"until,omitempty"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
}

// head is the first line, done the one that says that an erasure has ended.
type head struct {
	Register string    `json:"register"`
	Version  int       `json:"version"`
	Office   string    `json:"office"`
	Made     time.Time `json:"made"`
}

type done struct {
	Done string    `json:"done"`
	At   time.Time `json:"at"`
}

// Register is an open register. It is safe for several goroutines of one process;
// the data directory's lock keeps others away.
type Register struct {
	path, office string
	copyTo       string

	mu      sync.Mutex
	entries []Entry
	place   map[string]int
	// keyed has the last erasure of each key.
	keyed map[string]int
	// cut is how many bytes of the file are whole lines.
	whole int64
}

// Open reads the register of a data directory; a missing file is an empty one, and
// is made with its first entry. Each change is copied to the folder copyTo, "" for
// none.
func Open(dir, office, copyTo string) (*Register, error) {
	r := &Register{path: filepath.Join(dir, Name), office: office, copyTo: copyTo, place: map[string]int{}, keyed: map[string]int{}}
	data, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the register of erasures: %w", err)
	}
	return r, r.parse(data)
}

// Read reads a register from a file, which must be there.
func Read(path string) (*Register, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, fmt.Errorf("reading the register of erasures: %w", err)
	}
	r := &Register{path: path, place: map[string]int{}, keyed: map[string]int{}}
	if err := r.parse(data); err != nil {
		return nil, err
	}
	if r.office == "" {
		return nil, fmt.Errorf("%s is no register of erasures", path)
	}
	return r, nil
}

func (r *Register) parse(data []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		end := r.whole + int64(len(line)) + 1
		if end > int64(len(data)) { // it was cut off
			break
		}
		if err := r.line(n, line); err != nil {
			return fmt.Errorf("%s:%d: %w", r.path, n, err)
		}
		r.whole = end
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	return nil
}

func (r *Register) line(n int, data []byte) error {
	if n == 1 {
		var h head
		if err := json.Unmarshal(data, &h); err != nil || h.Register != kind {
			return errors.New("this is no register of erasures: its first line says what it is")
		}
		if h.Version != 1 {
			return fmt.Errorf("this register is of version %d, this build reads 1: use a newer build", h.Version)
		}
		if r.office != "" && h.Office != r.office {
			return fmt.Errorf("this register is of office %q, not of %q", h.Office, r.office)
		}
		r.office = h.Office
		return nil
	}
	var both struct {
		Entry
		Done string `json:"done"`
		Hold string `json:"hold"`
	}
	if err := json.Unmarshal(data, &both); err != nil {
		return fmt.Errorf("a line that can't be read: %w", err)
	}
	switch {
	case both.Done != "":
		if k, ok := r.place[both.Done]; ok {
			r.entries[k].DoneAt = both.At
		}
	case both.Hold != "":
		r.noteHold(&hold{Hold: both.Hold, Held: both.Held, Until: both.Until, By: both.By, At: both.At})
	case both.Erasure == "" || len(both.Customers) == 0:
		return errors.New("a line that is neither an erasure nor the end of one")
	default:
		r.note(&both.Entry)
	}
	return nil
}

func (r *Register) note(e *Entry) {
	if _, known := r.place[e.Erasure]; !known {
		r.place[e.Erasure] = len(r.entries)
		for _, key := range e.Keys {
			r.keyed[key] = len(r.entries)
		}
		r.entries = append(r.entries, *e)
	}
}

func (r *Register) noteHold(h *hold) {
	if k, ok := r.place[h.Hold]; ok {
		e := &r.entries[k]
		e.Held, e.Until, e.HeldBy, e.HeldAt = h.Held, h.Until, h.By, h.At
	}
}

// Office gives whose register it is.
func (r *Register) Office() string { return r.office }

// Entries gives all erasures, the oldest first.
func (r *Register) Entries() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Entry{}, r.entries...)
}

// Newest gives when the register was last written, zero where it is empty.
func (r *Register) Newest() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last time.Time
	for i := range r.entries {
		for _, at := range []time.Time{r.entries[i].At, r.entries[i].DoneAt, r.entries[i].HeldAt} {
			if at.After(last) {
				last = at
			}
		}
	}
	return last
}

// Begin writes down an erasure, durably. One that is there already changes nothing.
func (r *Register) Begin(e Entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.place[e.Erasure]; known {
		return nil
	}
	e.DoneAt = time.Time{} // another register's end is not ours
	err := r.write(e)
	if stands(err) {
		r.note(&e)
	}
	return err
}

// Hold writes down that a hold on an erasure was made, changed or lifted. What is known
// already changes nothing.
func (r *Register) Hold(erasure string, held bool, until, by string, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, known := r.place[erasure]
	if !known {
		return fmt.Errorf("the register has no erasure %q", erasure)
	}
	if e := &r.entries[k]; e.Held == held && e.Until == until {
		return nil
	}
	h := hold{Hold: erasure, Held: held, Until: until, By: by, At: at}
	err := r.write(h)
	if stands(err) {
		r.noteHold(&h)
	}
	return err
}

// End writes down that nothing is left.
func (r *Register) End(erasure string, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, known := r.place[erasure]
	if !known || !r.entries[k].DoneAt.IsZero() {
		return nil
	}
	err := r.write(done{Done: erasure, At: at})
	if stands(err) {
		r.entries[k].DoneAt = at
	}
	return err
}

// stands reports whether a line was written, be it copied or not.
func stands(err error) bool {
	_, copying := errors.AsType[*CopyError](err)
	return err == nil || copying
}

// write appends lines, and copies the file.
func (r *Register) write(v any) error {
	var lines []byte
	if r.whole == 0 {
		first, err := json.Marshal(head{Register: kind, Version: 1, Office: r.office, Made: time.Now().UTC()})
		if err != nil {
			return fmt.Errorf("writing the register of erasures: %w", err)
		}
		lines = append(first, '\n')
	}
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing the register of erasures: %w", err)
	}
	lines = append(append(lines, line...), '\n')
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the register of erasures: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Truncate(r.whole); err != nil {
		return fmt.Errorf("writing the register of erasures: %w", err)
	}
	if _, err := f.WriteAt(lines, r.whole); err != nil {
		return fmt.Errorf("writing the register of erasures: %w", err)
	}
	if err := errors.Join(f.Sync(), syncDir(filepath.Dir(r.path))); err != nil {
		return fmt.Errorf("writing the register of erasures: %w", err)
	}
	r.whole += int64(len(lines))
	return r.copied()
}

// CopyError says that the register stands in the data directory, and its copy
// couldn't be written.
type CopyError struct{ Err error }

// Error implements error.
func (e *CopyError) Error() string {
	return "the register of erasures could not be copied to backup.register: " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *CopyError) Unwrap() error { return e.Err }

func (r *Register) copied() error {
	if r.copyTo == "" {
		return nil
	}
	if err := r.copy(filepath.Join(r.copyTo, Name)); err != nil {
		return &CopyError{Err: err}
	}
	return nil
}

// Copy writes the register to a file, whole or not at all. An empty one is copied
// too: it says that nobody was erased.
func (r *Register) Copy(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copy(path)
}

func (r *Register) copy(path string) error {
	data, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = json.Marshal(head{Register: kind, Version: 1, Office: r.office, Made: time.Now().UTC()})
		data = append(data, '\n')
	} else if err == nil {
		data = data[:min(int64(len(data)), r.whole)]
	}
	if err != nil {
		return fmt.Errorf("copying the register of erasures: %w", err)
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // in the operator's folder
	if err != nil {
		return fmt.Errorf("copying the register of erasures: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("copying the register of erasures: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("copying the register of erasures: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator's folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Merge takes over every erasure of another register that this one lacks, as not
// yet done, and what was decided of holds since. That the copy can't be written is told
// once all are taken over.
func (r *Register) Merge(from *Register) (added int, err error) {
	var uncopied error
	for _, e := range from.Entries() {
		mine, known := r.entry(e.Erasure)
		var err error
		switch {
		case !known:
			if err = r.Begin(e); stands(err) {
				added++
			}
		case e.HeldAt.After(mine.HeldAt):
			err = r.Hold(e.Erasure, e.Held, e.Until, e.HeldBy, e.HeldAt)
		}
		if !stands(err) {
			return added, err
		}
		if err != nil {
			uncopied = err
		}
	}
	return added, uncopied
}

func (r *Register) entry(erasure string) (Entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, known := r.place[erasure]
	if !known {
		return Entry{}, false
	}
	return r.entries[k], true
}
