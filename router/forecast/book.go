package forecast

import (
	"time"

	"stagecoach/router/heap"
)

// Case is what a contact's wait depends on, as far as it is known when it opens.
type Case struct {
	// Channel is that of the reply, Queue where people see it.
	Channel string `json:"channel"`
	Queue   string `json:"queue,omitempty"`
	Tier    string `json:"tier,omitempty"`
	// Demand is the canonical name of what it needs of its agent.
	Demand string `json:"demand"`
	// Target is how long its promise allows, Reply how long an answer takes once
	// somebody has it; both in working time.
	Target time.Duration `json:"target"`
	Reply  time.Duration `json:"reply"`
}

// Book is what has been learnt of waits, and who waits. Times are in the time in
// which somebody was there to answer, counted in milliseconds.
type Book struct {
	// Wall is the time of the last fact; Staff how many are there; Clock how long
	// somebody was there until then.
	Wall  time.Time `json:"wall"`
	Staff int       `json:"staff,omitempty"`
	Clock int64     `json:"clock,omitempty"`

	Waits map[string]*wait `json:"waits,omitempty"`
	// Tables are the life tables of the time from opening to the first reply, by
	// channel, tier and demand, and by how full it was; Work those from when
	// somebody took it, by channel and demand.
	Tables map[string]*[moods]table `json:"tables,omitempty"`
	Work   map[string]*table        `json:"work,omitempty"`
	// Lines are who waits for the same, Slips how far estimates were out, and
	// Latest the last contact of each queue and, behind onChannel, each channel.
	Lines  map[string]*line `json:"lines,omitempty"`
	Slips  map[string]*slip `json:"slips,omitempty"`
	Latest map[string]Case  `json:"latest,omitempty"`
	// Fresh are the contacts whose mood isn't known yet.
	Fresh []string `json:"fresh,omitempty"`

	// agenda is whom to look at next.
	agenda heap.Heap[*wait, soonest]
	key    []byte
}

// wait is a contact that waits.
type wait struct {
	Case Case `json:"case"`
	// Opened and Taken are when, on the book's clock; Taken is -1 while nobody
	// has it.
	Opened int64 `json:"opened"`
	Taken  int64 `json:"taken"`
	Mood   mood  `json:"mood"`
	// Offered is true once somebody was asked.
	Offered bool `json:"offered,omitempty"`
	// Lead is how late it came in, 0 if less than half of its promise was over;
	// Ahead how long those before it need.
	Lead  int64 `json:"lead,omitempty"`
	Ahead int64 `json:"ahead,omitempty"`
	// Settled is true once its mood is known.
	Settled bool `json:"settled,omitempty"`
	// Noted is the bin up to which it is counted in the tables, Worked that of
	// its work.
	Noted  int `json:"noted,omitempty"`
	Worked int `json:"worked,omitempty"`
	// P50 and P90 are what was estimated when it opened, 0 once they were judged.
	P50 int64 `json:"p50,omitempty"`
	P90 int64 `json:"p90,omitempty"`

	id string
	// next is when it must be looked at, place where it stands on the agenda, from
	// 1.
	next  int64
	place int
	// tables and works are those of its case, as far as they have been made.
	tables tables
	works  works
}

// position gives the place on the scale that a contact's wait has come to.
func (w *wait) position(now int64) int {
	return max(position(now-w.Opened)-shift(w.Mood, w.Ahead), 0)
}

// mood is how full it was when a contact opened.
type mood uint8

// The moods: somebody was asked at once; it came in late, as after an outage; and
// from there on how long those before it need.
const (
	moodAtOnce mood = iota
	moodLate
	moodShort
	moods = moodShort + 12
)

// onChannel stands before the name of a channel where queues are named too.
const onChannel = "\x00"

// Limits of a book, so that its size doesn't depend on how many customers or
// contacts there were.
const (
	maxTables = 600
	maxLines  = 4000
	maxQueues = 1000
)

// New gives an empty book.
func New() *Book {
	b := &Book{}
	b.Restore()
	return b
}

// Restore makes a book whole that was read from JSON.
func (b *Book) Restore() {
	fill(&b.Waits)
	fill(&b.Tables)
	fill(&b.Work)
	fill(&b.Lines)
	fill(&b.Slips)
	fill(&b.Latest)
	for name, l := range b.Lines {
		l.name = name
	}
	b.agenda = heap.Heap[*wait, soonest]{}
	for id, w := range b.Waits {
		w.id, w.place, w.tables, w.works = id, 0, tables{}, works{}
		if w.Settled {
			b.plan(w)
		}
	}
}

func fill[V any](m *map[string]V) {
	if *m == nil {
		*m = map[string]V{}
	}
}

// clock gives the book's time at a moment, which is never before the last fact.
func (b *Book) clock(now time.Time) int64 {
	if b.Staff == 0 {
		return b.Clock
	}
	return b.Clock + millis(now.Sub(b.Wall))
}

// turn brings the book to the time of a fact. What has come of those who opened
// before is settled first.
func (b *Book) turn(now time.Time) {
	if now.After(b.Wall) && len(b.Fresh) > 0 {
		for _, id := range b.Fresh {
			if w := b.Waits[id]; w != nil {
				b.settle(w)
			}
		}
		b.Fresh = b.Fresh[:0]
	}
	b.Clock = b.clock(now)
	b.Wall = now
	for b.agenda.Len() > 0 && (*b.agenda.First()).next <= b.Clock {
		w := *b.agenda.First()
		b.judge(w, b.Clock)
		b.note(w, b.Clock)
		b.plan(w)
	}
}

// Staffed counts how many are there to answer.
func (b *Book) Staffed(n int, now time.Time) {
	b.turn(now)
	b.Staff = n
}

// Open begins the wait of a contact whose promise began at start.
func (b *Book) Open(id string, c Case, start, now time.Time) {
	b.turn(now)
	if b.Waits[id] != nil {
		return
	}
	l := b.line(c.Demand)
	l.Waiting++
	if l.name == c.Demand {
		c.Demand = l.name
	}
	for _, name := range [2]string{c.Queue, onChannel + c.Channel} {
		if _, known := b.Latest[name]; known || len(b.Latest) < maxQueues {
			b.Latest[name] = c
		}
	}
	w := &wait{id: id, Case: c, Opened: b.Clock, Taken: -1}
	if lead := now.Sub(start); c.Target > 0 && lead > c.Target/2 {
		w.Lead = millis(lead)
	}
	b.Waits[id] = w
	b.Fresh = append(b.Fresh, id)
}

// Offer notes that somebody was asked.
func (b *Book) Offer(id string, now time.Time) {
	b.turn(now)
	if w := b.Waits[id]; w != nil {
		w.Offered = true
	}
}

// Take notes that somebody has it.
func (b *Book) Take(id string, now time.Time) {
	b.turn(now)
	w := b.Waits[id]
	if w == nil {
		return
	}
	if w.Taken < 0 {
		b.line(w.Case.Demand).took(b.Clock)
	}
	w.Offered, w.Taken, w.Worked = true, b.Clock, 0
	if w.Settled {
		b.plan(w)
	}
}

// Return notes that nobody has it any more.
func (b *Book) Return(id string, now time.Time) {
	b.turn(now)
	if w := b.Waits[id]; w != nil && w.Taken >= 0 {
		w.Taken = -1
		b.line(w.Case.Demand).Waiting++
		if w.Settled {
			b.plan(w)
		}
	}
}

// Answer ends a wait with its first reply.
func (b *Book) Answer(id string, now time.Time) {
	b.turn(now)
	w := b.Waits[id]
	if w == nil {
		return
	}
	b.settle(w)
	b.note(w, b.Clock)
	b.judged(w, b.Clock)
	bin := w.position(b.Clock) / width
	for i, t := range b.tablesOf(w) {
		if t != nil {
			t[w.Mood].answered(bin, memories[i])
		}
	}
	if w.Taken >= 0 {
		bin := position(b.Clock-w.Taken) / width
		for _, t := range b.worksOf(w) {
			if t != nil {
				t.answered(bin, workMemory)
			}
		}
	}
	b.drop(w)
}

// Drop ends a wait that gets no reply.
func (b *Book) Drop(id string, now time.Time) {
	b.turn(now)
	if w := b.Waits[id]; w != nil {
		b.note(w, b.Clock)
		b.drop(w)
	}
}

func (b *Book) drop(w *wait) {
	if w.Taken < 0 {
		b.line(w.Case.Demand).leave()
	}
	if w.place > 0 {
		b.agenda.Remove(w.place)
	}
	delete(b.Waits, w.id)
}

// note counts in the tables what a contact has waited since it was last counted.
func (b *Book) note(w *wait, now int64) {
	bin := w.position(now) / width
	if bin > w.Noted {
		for _, t := range b.tablesOf(w) {
			if t != nil {
				t[w.Mood].passed(w.Noted, bin)
			}
		}
		w.Noted = bin
	}
	if w.Taken < 0 {
		return
	}
	if bin = position(now-w.Taken) / width; bin > w.Worked {
		for _, t := range b.worksOf(w) {
			if t != nil {
				t.passed(w.Worked, bin)
			}
		}
		w.Worked = bin
	}
}

// How many contacts the tables remember, the widest first.
var memories = [3]uint32{256, 128, 64} //nolint:gochecknoglobals // a table

const workMemory = 256
