package webchat

import (
	"sync"
	"time"

	"stagecoach/channels"
)

// progress knows which messages are delivered, and up to where all are.
type progress struct {
	mu    sync.Mutex
	first int64
	low   int64
	// order are those handed to the workers, oldest first; done those delivered
	// before an older one was.
	order   []int64
	done    map[int64]bool
	waiting map[int64][]chan struct{}
	base    channels.Bookmark
	fresh   bool
}

func (p *progress) begin(from int64, mark channels.Bookmark) {
	p.first, p.low, p.base = from, from, mark
	p.done, p.waiting = map[int64]bool{}, map[int64][]chan struct{}{}
}

func (p *progress) from() int64 { return p.first }

func (p *progress) expect(seq int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order = append(p.order, seq)
}

func (p *progress) delivered(seq int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[seq] = true
	for len(p.order) > 0 && p.done[p.order[0]] {
		p.low = p.order[0]
		delete(p.done, p.low)
		p.order = p.order[1:]
		p.base.Seen++
		p.fresh = true
	}
	for _, w := range p.waiting[seq] {
		close(w)
	}
	delete(p.waiting, seq)
}

// await gives a channel that is closed once the message is delivered.
func (p *progress) await(seq int64) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	ch := make(chan struct{})
	if seq <= p.low || p.done[seq] {
		close(ch)
		return ch
	}
	p.waiting[seq] = append(p.waiting[seq], ch)
	return ch
}

func (p *progress) moved() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fresh
}

func (p *progress) mark(now time.Time) (channels.Bookmark, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fresh = false
	p.base.At = now
	return p.base, p.low
}
