package webchat

import "sync"

// hub knows which visitors have a stream open, and wakes them.
type hub struct {
	most int
	// uploads are the files under way, which are in memory until they are stored.
	uploads chan struct{}

	mu      sync.Mutex
	streams map[string]map[*stream]bool
	total   int
	// perAddress counts the streams of one IP address.
	perAddress map[string]int
}

// stream is one open connection to a browser.
type stream struct {
	visitor, address string
	// wake says that there is more to read in the store.
	wake chan struct{}
	// passing are events that nobody keeps, such as typing.
	passing chan []byte
}

// What one visitor, one IP address and all together may have open at once.
const (
	streamsPerVisitor = 20
	streamsPerAddress = 3000
	uploadsAtOnce     = 6
)

func newHub(most int) *hub {
	return &hub{most: most, uploads: make(chan struct{}, uploadsAtOnce), streams: map[string]map[*stream]bool{}, perAddress: map[string]int{}}
}

// join opens a stream, nil when there are too many.
func (h *hub) join(visitor, address string) *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.total >= h.most || len(h.streams[visitor]) >= streamsPerVisitor || h.perAddress[address] >= streamsPerAddress {
		return nil
	}
	s := &stream{visitor: visitor, address: address, wake: make(chan struct{}, 1), passing: make(chan []byte, 4)}
	if h.streams[visitor] == nil {
		h.streams[visitor] = map[*stream]bool{}
	}
	h.streams[visitor][s] = true
	h.perAddress[address]++
	h.total++
	return s
}

func (h *hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams[s.visitor], s)
	if len(h.streams[s.visitor]) == 0 {
		delete(h.streams, s.visitor)
	}
	if h.perAddress[s.address]--; h.perAddress[s.address] == 0 {
		delete(h.perAddress, s.address)
	}
	h.total--
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

func (h *hub) here(visitor string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams[visitor]) > 0
}

func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total
}
