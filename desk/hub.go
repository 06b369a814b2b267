package desk

import (
	"context"
	"maps"
	"sync"
	"time"
)

// The names of live updates. Conversation's and
// Presence's go on with the conversation's id.
const (
	TopicOffer        = "offer"
	TopicDesk         = "desk"
	TopicReview       = "review"
	TopicWaiting      = "waiting"
	TopicOverview     = "overview"
	TopicConversation = "conversation:"
	TopicPresence     = "presence:"
)

// hub passes the names of what has changed to the open pages. A name that was
// not taken yet isn't kept twice, so a slow page costs nothing and holds up
// nobody.
type hub struct {
	mu   sync.Mutex
	subs map[*subscriber]bool
	// waiting is the news up to commit n that the ledger may not have yet.
	n       uint64
	waiting *news
	wake    chan struct{}
}

// subscriber is one open page's share of the news.
type subscriber struct {
	agent string
	wake  chan struct{}
	// gone is closed when the line shall end.
	gone chan struct{}

	mu      sync.Mutex
	pending map[string]bool
}

func newHub() *hub {
	return &hub{subs: map[*subscriber]bool{}, waiting: newNews(), wake: make(chan struct{}, 1)}
}

func (h *hub) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs) == 0
}

// later keeps news of commit n until the ledger has it.
func (h *hub) later(n uint64, v *news) {
	h.mu.Lock()
	h.n = n
	maps.Copy(h.waiting.topics, v.topics)
	maps.Copy(h.waiting.agents, v.agents)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// ripe waits for news and takes all there is.
func (h *hub) ripe(ctx context.Context) (uint64, *news, error) {
	select {
	case <-ctx.Done():
		return 0, nil, context.Cause(ctx)
	case <-h.wake:
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.waiting
	h.waiting = newNews()
	return h.n, out, nil
}

func (h *hub) subscribe(agent string) *subscriber {
	s := &subscriber{agent: agent, wake: make(chan struct{}, 1), gone: make(chan struct{}), pending: map[string]bool{}}
	h.mu.Lock()
	h.subs[s] = true
	h.mu.Unlock()
	return s
}

func (h *hub) leave(s *subscriber) {
	h.mu.Lock()
	delete(h.subs, s)
	h.mu.Unlock()
}

// tell gives news to everybody, or to one agent's pages.
func (h *hub) tell(agent string, topics ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if agent == "" || s.agent == agent {
			s.add(topics)
		}
	}
}

// hangUp ends every open line: the pages come back at once and fetch all that
// they show anew.
func (h *hub) hangUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		close(s.gone)
		delete(h.subs, s)
	}
}

func (s *subscriber) add(topics []string) {
	s.mu.Lock()
	for _, t := range topics {
		s.pending[t] = true
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take gives all news since the last call: offers first.
func (s *subscriber) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.pending))
	if s.pending[TopicOffer] {
		out = append(out, TopicOffer)
		delete(s.pending, TopicOffer)
	}
	for t := range s.pending {
		out = append(out, t)
	}
	clear(s.pending)
	return out
}

// pace is the least time between two rounds of news to one page, so that a
// burst of mail doesn't have every browser fetch its lists hundreds of times.
const pace = 250 * time.Millisecond
