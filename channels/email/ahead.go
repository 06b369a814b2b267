package email

import (
	"sync"

	"github.com/emersion/go-imap/v2"
)

// aheadBook remembers, from one session to the next, what was delivered behind a
// mail that wasn't: the bookmark can't say it. After a restart these are
// delivered again, and known to the daemon.
type aheadBook struct {
	mu sync.Mutex
	at map[string]*aheadOf
}

// aheadOf is what is known of one source.
type aheadOf struct {
	numbering
	states map[imap.UID]chunkState
	// below is up to where all is forgotten.
	below imap.UID
	// marks are mails of this numbering, by which it is known again.
	marks landmarks
}

func newAheadBook() *aheadBook { return &aheadBook{at: map[string]*aheadOf{}} }

// of gives what is known of a source under its present numbering.
func (b *aheadBook) of(source string, n numbering) *aheadOf {
	o := b.at[source]
	if o == nil || o.numbering != n {
		o = &aheadOf{numbering: n, states: map[imap.UID]chunkState{}}
		b.at[source] = o
	}
	return o
}

func (b *aheadBook) note(source string, n numbering, uid imap.UID, state chunkState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.of(source, n)
	o.states[uid] = state
	o.below = min(o.below, uid-1)
}

func (b *aheadBook) state(source string, n numbering, uid imap.UID) chunkState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of(source, n).states[uid]
}

// landmark remembers a mail of the numbering by its fingerprint.
func (b *aheadBook) landmark(source string, n numbering, uid imap.UID, print uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.of(source, n)
	o.marks = o.marks.add(uid, print)
}

// latest gives the numbering that was last read from, with its landmarks.
func (b *aheadBook) latest(source string) (n numbering, marks landmarks, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, known := b.at[source]
	if !known {
		return numbering{}, nil, false
	}
	return o.numbering, o.marks, true
}

// forget drops what the bookmark covers.
func (b *aheadBook) forget(source string, n numbering, last imap.UID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.of(source, n)
	if last <= o.below {
		return
	}
	if int64(last-o.below) < int64(len(o.states)) {
		for uid := o.below + 1; uid <= last; uid++ {
			delete(o.states, uid)
		}
	} else {
		for uid := range o.states {
			if uid <= last {
				delete(o.states, uid)
			}
		}
	}
	o.below = last
	if len(o.states) == 0 {
		o.states = map[imap.UID]chunkState{} // a map keeps the room that it once had
	}
}
