package forecast

import "time"

// Expectation is how long a contact waits for its first reply: half of such
// contacts are answered within P50, nine of ten within P90. Both count from the
// moment of asking, in the time in which somebody is there to answer.
type Expectation struct {
	P50, P90 time.Duration
}

// slip is how far the last estimates were out, in positions of the scale: what
// is added to them.
type slip struct {
	P50 int `json:"p50"`
	P90 int `json:"p90"`
}

// How far a slip goes for an estimate that was passed, and back for one that was
// kept: so that it rests where half of the medians are kept and, with a little to
// spare for days that get worse, 92 of a hundred of the 90th percentiles.
const (
	pace  = 48
	spare = 92
	half  = 50
	// fine is by how much a slip is finer than the scale, and most how far it goes.
	fine = 1 << 8
	most = 3 * octave * fine
)

// judge tells the slips that a contact has passed what was estimated.
func (b *Book) judge(w *wait, now int64) {
	if w.P50 > 0 && now-w.Opened > w.P50 {
		b.slipped(w, half, true)
		w.P50 = 0
	}
	if w.P90 > 0 && now-w.Opened > w.P90 {
		b.slipped(w, spare, true)
		w.P90 = 0
	}
}

// judged tells the slips of a contact that is answered.
func (b *Book) judged(w *wait, now int64) {
	b.judge(w, now)
	if w.P50 > 0 {
		b.slipped(w, half, false)
	}
	if w.P90 > 0 {
		b.slipped(w, spare, false)
	}
}

func (b *Book) slipped(w *wait, percent int, passed bool) {
	key := b.keyOf(w.Case.Channel, w.Case.Tier)
	s := b.Slips[string(key)]
	if s == nil {
		if len(b.Slips) >= maxTables {
			return
		}
		s = &slip{}
		b.Slips[string(key)] = s
	}
	step := -(100 - percent) * pace * fine / 100
	if passed {
		step = percent * pace * fine / 100
	}
	if percent == half {
		s.P50 = clamp(s.P50+step/2, most)
	} else {
		s.P90 = clamp(s.P90+step, most)
	}
}

// thinned gives a part that is halved for each octave of a slip.
func thinned(part int64, slip int) int64 {
	if slip >= 0 {
		return part << second / span(slip)
	}
	return min(part*span(-slip)>>second, whole*95/100)
}

func clamp(v, limit int) int { return min(max(v, -limit), limit) }

// settle finds out how full it was when a contact opened, and what is to be
// expected of it.
func (b *Book) settle(w *wait) {
	if w.Settled {
		return
	}
	w.Mood, w.Ahead = b.mood(w)
	w.Settled = true
	b.line(w.Case.Demand).Mood = w.Mood
	p50, p90 := b.positions(&w.Case, b.known(w), w.Mood, w.Ahead, 0)
	w.P50, w.P90 = span(p50), span(p90)
	b.plan(w)
}

// mood tells how full it is for a contact, and how long those before it need.
// After an outage as much waits as has come meanwhile, although only the first of
// it may have been seen yet.
func (b *Book) mood(w *wait) (mood, int64) {
	if w.Settled {
		return w.Mood, w.Ahead
	}
	m, ahead := b.line(w.Case.Demand).mood(b.Clock)
	switch {
	case w.Lead > 0:
		return moodLate, max(ahead, w.Lead)
	case w.Offered:
		return moodAtOnce, 0
	default:
		return m, ahead
	}
}

// positions gives the percentiles of a wait that has lasted for a while.
func (b *Book) positions(c *Case, ts tables, m mood, ahead, age int64) (p50, p90 int) {
	by := shift(m, ahead)
	from := max(position(age)-by, 0)
	k := curveOf(c, ts, m, ahead)
	s := slip{}
	if known := b.Slips[string(b.keyOf(c.Channel, c.Tier))]; known != nil {
		s = *known
	}
	p50 = min(max(k.until(from, thinned(whole/2, s.P50/fine)), from+1), highest)
	p90 = k.until(from, thinned(whole/10, s.P90/fine))
	return min(p50+by, highest), min(max(p90, p50+1)+by, highest)
}

func curveOf(c *Case, ts tables, m mood, ahead int64) curve {
	k := curve{prior: prior{reply: position(millis(c.Reply)+ahead) - shift(m, ahead), target: position(millis(c.Target)) - shift(m, ahead)}}
	for i, t := range ts {
		if t != nil {
			k.tables[i] = &t[m]
		}
	}
	return k
}

// known gives the tables of a contact's case that are made.
func (b *Book) known(w *wait) tables {
	if w.tables[len(w.tables)-1] != nil {
		return w.tables
	}
	return b.tablesFor(&w.Case)
}

// Expect gives how long the rest of a contact's wait will be; false when it is
// not known or doesn't wait.
func (b *Book) Expect(id string, now time.Time) (Expectation, bool) {
	w := b.Waits[id]
	if w == nil {
		return Expectation{}, false
	}
	m, ahead := b.mood(w)
	return b.expectation(&w.Case, b.known(w), m, ahead, b.clock(now)-w.Opened), true
}

// ExpectOf gives how long a contact would wait that came now; false when nothing
// like it was ever seen.
func (b *Book) ExpectOf(c *Case, now time.Time) (Expectation, bool) {
	l := b.Lines[c.Demand]
	if l == nil {
		return Expectation{}, false
	}
	m, ahead := l.mood(b.clock(now))
	if l.Waiting == 0 && l.Mood == moodAtOnce {
		m = moodAtOnce
	}
	return b.expectation(c, b.tablesFor(c), m, ahead, 0), true
}

// Channel gives how long a contact would wait that came now and was like the last
// one that is answered on a channel; false when none has come yet, or the channel
// is new.
func (b *Book) Channel(name string, now time.Time) (Expectation, bool) {
	return b.Queue(onChannel+name, now)
}

// Queue gives how long a contact would wait that came to a queue now and was like
// its last one; false when none has come yet, or what it is answered on is new.
func (b *Book) Queue(name string, now time.Time) (Expectation, bool) {
	c, ok := b.Latest[name]
	if !ok || !b.Knows(c.Channel) {
		return Expectation{}, false
	}
	return b.ExpectOf(&c, now)
}

// Told gives what may be told to whoever waits for this contact's reply: what
// Expect gives, false as long as too few were answered on its channel.
func (b *Book) Told(id string, now time.Time) (Expectation, bool) {
	w := b.Waits[id]
	if w == nil || !b.Knows(w.Case.Channel) {
		return Expectation{}, false
	}
	return b.Expect(id, now)
}

// leastAnswered is how many must have been answered on a channel before anybody
// is told how long it takes.
const leastAnswered = 5

// Knows reports whether enough were answered on a channel to tell people of it.
// Until then an estimate is what the policy's handling times suggest.
func (b *Book) Knows(channel string) bool {
	all := b.Tables[channel]
	if all == nil {
		return false
	}
	answered := uint64(one / 2) // what was counted first counts a little less by now
	for i := range all {
		for _, n := range all[i].Answered {
			answered += uint64(n)
		}
	}
	return answered >= leastAnswered*one
}

func (b *Book) expectation(c *Case, ts tables, m mood, ahead, age int64) Expectation {
	p50, p90 := b.positions(c, ts, m, ahead, age)
	return Expectation{P50: duration(max(span(p50)-age, 0)), P90: duration(max(span(p90)-age, 0))}
}

// Chance gives the chance, of a thousand, that a contact still has no reply when
// so much time is over in which somebody is there.
func (b *Book) Chance(id string, within time.Duration, now time.Time) int {
	w := b.Waits[id]
	if w == nil {
		return 0
	}
	at, since := b.clock(now), w.Opened
	if left := w.Case.Target - duration(at-w.Opened+w.Lead); left > 0 { // nights may lie before the due time
		within = min(within, left)
	}
	var k curve
	by := 0
	if w.Taken >= 0 {
		since = w.Taken
		t := b.worksFor(&w.Case)
		k = curve{tables: [3]*table{t[0], t[1]}, prior: prior{reply: position(millis(w.Case.Reply)), target: highest}}
	} else {
		m, ahead := b.mood(w)
		k, by = curveOf(&w.Case, b.known(w), m, ahead), shift(m, ahead)
		k.prior.reply = position(millis(w.Case.Reply)) - by // whoever is ahead may be passed by who is due first
	}
	return int(k.left(max(position(at-since)-by, 0), max(position(at-since+millis(within))-by, 0)) * 1000 / whole)
}
