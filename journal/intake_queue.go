package journal

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"stagecoach/channels"
)

// How much of one sender is taken in in a turn, and how much of a shard is held
// in memory until then. What doesn't fit is put down: only its place is kept, and
// it is read again when its turn has come.
const (
	turnItems = 32
	turnBytes = 1 << 20
	heldItems = 2 * turnItems // of one sender
	heldBytes = 4 << 20       // of all
)

// triesHere is how often what fails is tried again in its place, with the
// sender's others waiting behind it, before it lets them pass: a log that is away
// for a moment doesn't change their order.
const triesHere = 5

// pulled is an item that isn't answered for.
type pulled struct {
	seq      uint64
	delivery uint64
	// answerTo is the subject on which the engine waits for the answer.
	answerTo string
	size     int
	// at is when it came from the engine.
	at time.Time
	// tries is how often it was tried in its place.
	tries uint64
	// heavy is true when the original lies in the object store.
	heavy bool
	// in is nil while the item is put down.
	in *channels.Inbound
}

func (p *pulled) alone() bool { return p.heavy || p.delivery > 1 || p.tries > 1 }

// intakeQueue is what waits in a shard. Senders who have something waiting stand
// in a ring, and each gets a turn.
type intakeQueue struct {
	mu      sync.Mutex
	senders map[string]*intakeSender
	pending map[uint64]*pulled
	bytes   int
	// ring has room for everybody: who stands in it has an item pending.
	ring chan *intakeSender
}

// intakeSender is one sender's items, in order. It stands in the ring while it
// has some, none is being taken in and it doesn't rest because some failed.
type intakeSender struct {
	key    string
	items  []*pulled
	held   int
	inTurn bool
}

func newIntakeQueue() *intakeQueue {
	return &intakeQueue{
		senders: map[string]*intakeSender{}, pending: map[uint64]*pulled{},
		ring: make(chan *intakeSender, inboxMaxPending),
	}
}

// put adds an item behind those of its sender. One that is known comes once
// more only because the engine missed that it is worked on.
func (q *intakeQueue) put(ctx context.Context, p *pulled, in *channels.Inbound) error {
	q.mu.Lock()
	if known := q.pending[p.seq]; known != nil {
		known.answerTo, known.delivery = p.answerTo, p.delivery
		q.mu.Unlock()
		return nil
	}
	key := in.Account + "\x00" + cmp.Or(in.Sender, in.ProviderID)
	s := q.senders[key]
	if s == nil {
		s = &intakeSender{key: key}
		q.senders[key] = s
	}
	p.heavy = in.RawObject != ""
	if s.held < heldItems && q.bytes+p.size <= heldBytes {
		p.in = in
		s.held++
		q.bytes += p.size
	}
	q.pending[p.seq] = p
	s.items = append(s.items, p)
	idle := !s.inTurn && len(s.items) == 1
	q.mu.Unlock()
	if !idle {
		return nil
	}
	return q.stand(ctx, s)
}

// stand puts a sender at the end of the ring.
func (q *intakeQueue) stand(ctx context.Context, s *intakeSender) error {
	select {
	case q.ring <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next gives the first items of the sender who is next. A large original makes a
// turn of its own, and so does what has failed before: it may be why.
func (q *intakeQueue) next(ctx context.Context) (*intakeSender, []*pulled, error) {
	var s *intakeSender
	select {
	case s = <-q.ring:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	s.inTurn = true
	n, bytes := 0, 0
	for n < min(len(s.items), turnItems) {
		p := s.items[n]
		if n > 0 && (p.alone() || bytes+p.size > turnBytes) {
			break
		}
		bytes += p.size
		n++
		if p.alone() {
			break
		}
	}
	turn := slices.Clone(s.items[:n])
	clear(s.items[:n])
	s.items = s.items[n:]
	return s, turn, nil
}

// done ends a sender's turn. What is to be tried again stands before its others,
// and comes after a rest.
func (q *intakeQueue) done(ctx context.Context, s *intakeSender, turn, again []*pulled) error {
	q.mu.Lock()
	for _, p := range turn {
		if p.in != nil {
			p.in = nil
			s.held--
			q.bytes -= p.size
		}
	}
	if len(again) > 0 {
		s.items = slices.Concat(again, s.items)
		time.AfterFunc(backOff(again[0].tries), func() { q.wake(s) })
		q.mu.Unlock()
		return nil
	}
	s.inTurn = false
	more := len(s.items) > 0
	if !more {
		delete(q.senders, s.key)
	}
	q.mu.Unlock()
	if !more {
		return nil
	}
	return q.stand(ctx, s)
}

// wake ends a sender's rest.
func (q *intakeQueue) wake(s *intakeSender) {
	q.mu.Lock()
	s.inTurn = false
	q.mu.Unlock()
	q.ring <- s // it has room
}

// stays reports whether an item that failed is tried again in its place. One that
// the engine has handed out again has let the others pass already.
func (q *intakeQueue) stays(p *pulled) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.delivery > 1 || p.tries >= triesHere {
		return false
	}
	p.tries++
	return true
}

// forget takes an item off those that are pending, and gives the subject on
// which the engine waits for the answer, and how often it has handed it out.
func (q *intakeQueue) forget(p *pulled) (answerTo string, delivery uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.pending, p.seq)
	return p.answerTo, p.delivery
}

// unanswered gives the subjects on which the engine waits for answers.
func (q *intakeQueue) unanswered() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	subjects := make([]string, 0, len(q.pending))
	for _, p := range q.pending {
		subjects = append(subjects, p.answerTo)
	}
	return subjects
}
