package channeltest

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
)

// Source is a daemon's side in memory: it stores what is delivered, keeps the
// bookmarks, and can be made to fail. It fails the test when a bookmark covers
// an item that isn't stored.
type Source struct {
	t testing.TB
	// Covers reports whether a bookmark covers an item of the same source.
	Covers func(b channels.Bookmark, position string) bool

	mu        sync.Mutex
	changed   chan struct{}
	fail      func(in *channels.Inbound) error
	gate      chan struct{}
	items     []*channels.Inbound
	stored    map[string]bool
	asked     map[string]int
	pending   map[string]string // position by ProviderID and source
	bookmarks map[string]channels.Bookmark
	advances  int
	connected int
}

// NewSource makes an empty Source.
func NewSource(t testing.TB) *Source {
	return &Source{
		t: t, changed: make(chan struct{}), stored: map[string]bool{}, asked: map[string]int{},
		pending: map[string]string{}, bookmarks: map[string]channels.Bookmark{},
	}
}

var (
	_ channels.Source  = (*Source)(nil)
	_ channels.Witness = (*Source)(nil)

	_ channels.Recaller = (*Source)(nil)
)

func (s *Source) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Deliver implements channels.Source.
func (s *Source) Deliver(ctx context.Context, in *channels.Inbound) error {
	s.mu.Lock()
	fail, gate := s.fail, s.gate
	s.mu.Unlock()
	key := in.Source + " " + in.Position
	s.change(func() {
		s.asked[in.ProviderID]++
		s.pending[key] = in.Position
	})
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if fail != nil {
		if err := fail(in); err != nil {
			return err
		}
	}
	s.change(func() {
		delete(s.pending, key)
		if !s.stored[in.ProviderID] {
			s.stored[in.ProviderID] = true
			s.items = append(s.items, in)
		}
	})
	return nil
}

// DeliverAgain implements channels.Recaller.
func (s *Source) DeliverAgain(ctx context.Context, in *channels.Inbound) (before bool, err error) {
	s.mu.Lock()
	before = s.stored[in.ProviderID]
	s.mu.Unlock()
	return before, s.Deliver(ctx, in)
}

// Bookmark implements channels.Source.
func (s *Source) Bookmark(_ context.Context, source string) (channels.Bookmark, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.bookmarks[source]
	return b, ok, nil
}

// Advance implements channels.Source.
func (s *Source) Advance(_ context.Context, b channels.Bookmark) error {
	s.change(func() {
		for key, position := range s.pending {
			if s.Covers != nil && key == b.Source+" "+position && s.Covers(b, position) {
				s.t.Errorf("bookmark %s at %s covers %s, which is not stored", b.Source, b.Position, position)
			}
		}
		s.bookmarks[b.Source] = b
		s.advances++
	})
	return nil
}

// Connected implements channels.Witness.
func (s *Source) Connected(string) { s.change(func() { s.connected++ }) }

// Fail makes Deliver ask fail first; nil ends that.
func (s *Source) Fail(fail func(in *channels.Inbound) error) { s.change(func() { s.fail = fail }) }

// Hold makes Deliver wait until the function given back is called.
func (s *Source) Hold() (release func()) {
	gate := make(chan struct{})
	s.change(func() { s.gate = gate })
	return sync.OnceFunc(func() {
		s.change(func() { s.gate = nil })
		close(gate)
	})
}

// Items lists what is stored, each once, in the order of storing.
func (s *Source) Items() []*channels.Inbound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*channels.Inbound(nil), s.items...)
}

// Asked counts the calls of Deliver for an item, failed ones included.
func (s *Source) Asked(providerID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[providerID]
}

// Bookmarks gives all bookmarks by source.
func (s *Source) Bookmarks() map[string]channels.Bookmark {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]channels.Bookmark{}
	maps.Copy(out, s.bookmarks)
	return out
}

// Killed puts the bookmarks back to what they were: the process has ended before it
// could set others, and what it delivered stays.
func (s *Source) Killed(marks map[string]channels.Bookmark) {
	s.change(func() { s.bookmarks = maps.Clone(marks) })
}

// Forget loses what was stored, the bookmarks apart: as if the daemon had never
// had it.
func (s *Source) Forget() {
	s.change(func() { s.items, s.stored = nil, map[string]bool{} })
}

// Connections counts how often the adapter said that the link stands.
func (s *Source) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connected
}

// patience is how long Until waits: a machine that does much else is slow.
const patience = 2 * time.Minute

// Until waits until ok holds, asking at every change and five times a second
// besides, and fails the test when its patience ends.
func (s *Source) Until(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(200 * time.Millisecond) // for what changes elsewhere
	defer tick.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("waited %v for: %s", patience, what)
		}
	}
}

// UntilStored waits until n items are stored.
func (s *Source) UntilStored(n int) {
	s.t.Helper()
	s.Until("items to be stored", func() bool { return len(s.Items()) >= n })
}
