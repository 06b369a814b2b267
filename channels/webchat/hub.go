package webchat

import (
	"sync"
	"time"
)

// hub knows which visitors have a stream open, and wakes them.
type hub struct {
	most int

	mu      sync.Mutex
	streams map[string]map[*stream]bool
	total   int
	// perAddress counts the streams of one IP address.
	perAddress map[string]int
	// left is when a visitor's last stream ended, of those who have not come back.
	left map[string]time.Time
	// typing is until when a visitor counts as writing.
	typing map[string]time.Time
}

// stream is one open connection to a browser.
type stream struct {
	visitor, address string
	// wake says that there is more to read in the store.
	wake chan struct{}
	// passing are events that nobody keeps, such as typing.
	passing chan []byte
	// gone is closed when the visitor is no more: their data moved or was erased.
	gone chan struct{}
}

// What one visitor may have open at once, and what one IP address always may,
// however full it is.
const (
	streamsPerVisitor = 20
	streamsPerAddress = 50
)

// How many visitors are remembered as gone or typing; beyond that all older ones
// are forgotten.
const rememberedPeople = 10_000

func newHub(most int) *hub {
	return &hub{
		most: most, streams: map[string]map[*stream]bool{}, perAddress: map[string]int{},
		left: map[string]time.Time{}, typing: map[string]time.Time{},
	}
}

// join opens a stream, nil when there are too many.
func (h *hub) join(visitor, address string) *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.total >= h.most || len(h.streams[visitor]) >= streamsPerVisitor || h.crowds(address) {
		return nil
	}
	s := &stream{visitor: visitor, address: address, wake: make(chan struct{}, 1), passing: make(chan []byte, 4), gone: make(chan struct{})}
	if h.streams[visitor] == nil {
		h.streams[visitor] = map[*stream]bool{}
	}
	h.streams[visitor][s] = true
	h.perAddress[address]++
	h.total++
	delete(h.left, visitor)
	return s
}

// crowds reports whether one more stream of this IP address would leave too little
// for others: it may have half of what they don't use, so that no handful of
// addresses shuts everybody out.
func (h *hub) crowds(address string) bool {
	own := h.perAddress[address]
	return own >= streamsPerAddress && own >= (h.most-(h.total-own))/2
}

// leave ends a stream, and reports whether it was the visitor's last.
func (h *hub) leave(s *stream, now time.Time) (last bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.perAddress[s.address]--; h.perAddress[s.address] == 0 {
		delete(h.perAddress, s.address)
	}
	h.total--
	if !h.streams[s.visitor][s] {
		return false // it was dismissed
	}
	delete(h.streams[s.visitor], s)
	if len(h.streams[s.visitor]) > 0 {
		return false
	}
	delete(h.streams, s.visitor)
	remember(h.left, s.visitor, now)
	return true
}

func remember(of map[string]time.Time, who string, at time.Time) {
	if len(of) >= rememberedPeople {
		clear(of)
	}
	of[who] = at
}

// wake tells all of a visitor's streams to look into the store.
func (h *hub) wake(visitor string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams[visitor] {
		select {
		case s.wake <- struct{}{}:
		default: // it is to look anyway
		}
	}
}

// pass gives all of a visitor's streams an event that nobody keeps.
func (h *hub) pass(visitor string, event []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams[visitor] {
		select {
		case s.passing <- event:
		default: // a slow reader misses it
		}
	}
}

// dismiss ends all streams of a visitor who is no more: their browsers ask anew
// who they are.
func (h *hub) dismiss(visitor string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams[visitor] {
		close(s.gone)
	}
	delete(h.streams, visitor)
	delete(h.left, visitor)
	delete(h.typing, visitor)
}

// writes notes that a visitor is writing, until then.
func (h *hub) writes(visitor string, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	remember(h.typing, visitor, until)
}

// wrote notes that a visitor has sent what they were writing.
func (h *hub) wrote(visitor string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.typing, visitor)
}

func (h *hub) here(visitor string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams[visitor]) > 0
}

// about tells whether a visitor is here or since when they are gone, and until
// when they count as writing; zero times where nothing is known.
func (h *hub) about(visitor string) (here bool, gone, typing time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams[visitor]) > 0, h.left[visitor], h.typing[visitor]
}

func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total
}
