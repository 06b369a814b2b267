package journaltest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"stagecoach/journal"
)

// ErrCrashed is what a writer gets from the model from its crash on. A test
// then opens another one.
var ErrCrashed = errors.New("this writer has crashed")

// errNoAnswer is the model's time-out.
var errNoAnswer = errors.New("no answer in time")

type entry struct {
	id   string
	data []byte
}

// delayed is an append on its way: it arrives when calls reaches 0.
type delayed struct {
	entry
	prev  uint64
	calls int
}

// Model is the log of JetStream as a model in memory: the same order, the same
// check of the expected sequence, the same refusals. Several writers on one
// Model are fenced as on one stream. Without faults it behaves as the real one.
type Model struct {
	mu      sync.Mutex
	plan    Plan
	entries []entry
	byID    map[string]uint64 // the sequence of each id's first writing
	late    []delayed
	changed chan struct{} // closed and replaced at each write
	crashes int
	fates   [numFates]int
}

// NewModel makes an empty log. plan may be nil: then nothing fails.
func NewModel(plan Plan) *Model {
	if plan == nil {
		plan = Always(Pass)
	}
	return &Model{plan: plan, byID: map[string]uint64{}, changed: make(chan struct{})}
}

// Open gives a writer of its own, as a process that has just started has one.
// It tries each append twice and never waits; with a crash of the plan it ends
// for good: every call then returns ErrCrashed.
func (m *Model) Open() *journal.Log {
	return m.OpenTrying(2)
}

// OpenTrying is Open with a number of attempts per append. With 1 every lost
// answer reaches the caller as journal.ErrUnavailable.
func (m *Model) OpenTrying(attempts int) *journal.Log {
	return journal.NewLog(&writer{m: m}, journal.LogConfig{Attempts: attempts, Wait: -1},
		slog.New(slog.DiscardHandler))
}

// SetPlan replaces the plan, for instance to end the faults before a final
// check.
func (m *Model) SetPlan(plan Plan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plan = plan
}

// Commits gives a copy of what is written, in order, without any fault.
func (m *Model) Commits() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([][]byte, len(m.entries))
	for i, e := range m.entries {
		out[i] = slices.Clone(e.data)
	}
	return out
}

// Crashes counts the crashes so far.
func (m *Model) Crashes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.crashes
}

// Count says how often a fate has come to pass, so that a test can prove that
// it was exercised.
func (m *Model) Count(f Fate) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fates[f]
}

func (m *Model) last() uint64 { return uint64(len(m.entries)) }

func (m *Model) write(e entry) uint64 {
	m.entries = append(m.entries, entry{id: e.id, data: slices.Clone(e.data)})
	if m.byID[e.id] == 0 {
		m.byID[e.id] = m.last()
	}
	close(m.changed)
	m.changed = make(chan struct{})
	return m.last()
}

// arrive lets delayed appends arrive whose time has come. Like JetStream it
// writes one only if its expected sequence is the last.
func (m *Model) arrive() {
	var rest []delayed
	for _, d := range m.late {
		d.calls--
		switch {
		case d.calls > 0:
			rest = append(rest, d)
		case d.prev == m.last() && m.byID[d.id] == 0:
			m.write(d.entry)
		}
	}
	m.late = rest
}

// writer is one process's access to the model.
type writer struct {
	m       *Model
	crashed bool // under m.mu
}

var _ journal.LogStore = (*writer)(nil)

func (w *writer) begin(ctx context.Context) (unlock func(), err error) {
	w.m.mu.Lock()
	w.m.arrive()
	switch {
	case w.crashed:
		err = ErrCrashed
	default:
		err = ctx.Err()
	}
	return w.m.mu.Unlock, err
}

// Publish implements journal.LogStore.
func (w *writer) Publish(ctx context.Context, id string, prev uint64, data []byte) (uint64, error) {
	unlock, err := w.begin(ctx)
	defer unlock()
	if err != nil {
		return 0, err
	}
	m := w.m
	f := m.plan()
	m.fates[f]++
	switch f {
	case Lose:
		return 0, errNoAnswer
	case Refuse:
		return 0, journal.ErrWriteInProcess
	case Delay:
		m.late = append(m.late, delayed{
			entry: entry{id: id, data: slices.Clone(data)}, prev: prev, calls: 2 + m.fates[Delay]%3,
		})
		return 0, errNoAnswer
	case CrashBefore:
		return 0, w.crash()
	default: // the others get as far as the log
	}
	if prev != m.last() {
		return 0, fmt.Errorf("%w: %d", journal.ErrWrongSequence, m.last())
	}
	if seq := m.byID[id]; seq != 0 {
		return seq, nil // a duplicate, as JetStream knows it by its message id
	}
	seq := m.write(entry{id: id, data: data})
	switch f {
	case Double:
		m.write(entry{id: id, data: data})
	case LoseAck:
		return 0, errNoAnswer
	case CrashAfter:
		return 0, w.crash()
	default: // written and answered
	}
	return seq, nil
}

func (w *writer) crash() error {
	w.crashed = true
	w.m.crashes++
	return ErrCrashed
}

// ID implements journal.LogStore.
func (w *writer) ID(ctx context.Context, seq uint64) (string, error) {
	unlock, err := w.begin(ctx)
	defer unlock()
	if err != nil {
		return "", err
	}
	if seq == 0 || seq > w.m.last() {
		return "", fmt.Errorf("log sequence %d: %w", seq, journal.ErrNotFound)
	}
	return w.m.entries[seq-1].id, nil
}

// Last implements journal.LogStore.
func (w *writer) Last(ctx context.Context) (uint64, error) {
	unlock, err := w.begin(ctx)
	defer unlock()
	if err != nil {
		return 0, err
	}
	return w.m.last(), nil
}

// Read implements journal.LogStore.
func (w *writer) Read(ctx context.Context, after, until uint64, fn func(uint64, []byte) error) error {
	for until == 0 || after < until {
		unlock, err := w.begin(ctx)
		if err != nil {
			unlock()
			return err
		}
		if after >= w.m.last() {
			changed := w.m.changed
			unlock()
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		data := slices.Clone(w.m.entries[after].data)
		unlock()
		after++
		if err := fn(after, data); err != nil {
			return err
		}
	}
	return nil
}
