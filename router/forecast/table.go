package forecast

// one is a contact in the counts of a life table, which have a fraction because
// what is long ago counts less.
const one = 1 << 10

// whole is certainty.
const whole = 1 << 24

// table counts, by how long they had waited, how many reached a moment of the
// scale without an answer, and how many of them were answered in it.
type table struct {
	Reached  []uint32 `json:"reached,omitempty"`
	Answered []uint32 `json:"answered,omitempty"`
}

func (t *table) grow(bin int) {
	for len(t.Reached) <= bin {
		t.Reached, t.Answered = append(t.Reached, 0), append(t.Answered, 0)
	}
}

// passed counts a contact that has waited through some bins.
func (t *table) passed(from, to int) {
	for bin := from; bin < to; bin++ {
		t.grow(bin)
		t.Reached[bin] += one
	}
}

// answered counts a contact that was answered in a bin, and makes all that is
// there count a little less: a table remembers about as many contacts as memory.
func (t *table) answered(bin int, memory uint32) {
	for i := range t.Reached {
		t.Reached[i] -= t.Reached[i] / memory
		t.Answered[i] -= t.Answered[i] / memory
	}
	t.grow(bin)
	t.Reached[bin] += one
	t.Answered[bin] += one
}

// tables are the life tables of a case for each mood, the widest first, works those
// from when somebody took it. What isn't made is nil.
type (
	tables [3]*[moods]table
	works  [2]*table
)

// keyOf joins names to a key that holds until the next.
func (b *Book) keyOf(names ...string) []byte {
	b.key = b.key[:0]
	for i, name := range names {
		if i > 0 {
			b.key = append(b.key, '|')
		}
		b.key = append(b.key, name...)
	}
	return b.key
}

// tablesFor gives the tables of a case as far as they are made.
func (b *Book) tablesFor(c *Case) tables {
	return tables{
		b.Tables[string(b.keyOf(c.Channel))], b.Tables[string(b.keyOf(c.Channel, c.Tier))], b.Tables[string(b.keyOf(c.Channel, c.Tier, c.Demand))],
	}
}

// tablesOf gives the tables of a contact's case, made if need be: as long as there
// are not too many.
func (b *Book) tablesOf(w *wait) *tables {
	c := &w.Case
	for i, names := range [3][]string{{c.Channel}, {c.Channel, c.Tier}, {c.Channel, c.Tier, c.Demand}} {
		if w.tables[i] == nil {
			w.tables[i] = made(b.Tables, b.keyOf(names...))
		}
	}
	return &w.tables
}

// worksFor gives the tables of a case's work as far as they are made.
func (b *Book) worksFor(c *Case) works {
	return works{b.Work[string(b.keyOf(c.Channel))], b.Work[string(b.keyOf(c.Channel, c.Demand))]}
}

// worksOf gives the tables of a contact's work, made if need be.
func (b *Book) worksOf(w *wait) *works {
	c := &w.Case
	for i, names := range [2][]string{{c.Channel}, {c.Channel, c.Demand}} {
		if w.works[i] == nil {
			w.works[i] = made(b.Work, b.keyOf(names...))
		}
	}
	return &w.works
}

func made[T any](of map[string]*T, key []byte) *T {
	t := of[string(key)]
	if t == nil && len(of) < maxTables {
		t = new(T)
		of[string(key)] = t
	}
	return t
}

// trust is how many contacts it takes until a narrower table counts as much as
// the wider one above it.
const trust = 6

// curve is what is known of a contact's wait: tables from the widest to the
// narrowest, and what is thought before anything is known.
type curve struct {
	tables [3]*table
	prior  prior
}

// hazard is the part of those who have reached a bin that is answered in it, of
// whole.
func (c *curve) hazard(bin int) int64 {
	h := c.prior.hazard(bin)
	for _, t := range c.tables {
		if t != nil && bin < len(t.Reached) {
			h = (int64(t.Answered[bin])*whole + trust*one*h) / (int64(t.Reached[bin]) + trust*one)
		}
	}
	floor := int64(whole / 1000)
	if bin*width >= c.prior.target {
		floor = whole / late
	}
	return min(max(h, floor), whole)
}

// left is the part of those who have waited until from that still waits at to.
func (c *curve) left(from, to int) int64 {
	s := int64(whole)
	for from < to {
		end := min(from/width*width+width, to)
		s -= s * (c.hazard(from/width) * int64(end-from) / width) / whole
		from = end
	}
	return s
}

// until is when only a part of those who have waited until from still waits.
func (c *curve) until(from int, part int64) int {
	s := int64(whole)
	for from < highest {
		end := from/width*width + width
		rest := s - s*(c.hazard(from/width)*int64(end-from)/width)/whole
		if rest <= part {
			return min(from+int(int64(end-from)*(s-part)/max(s-rest, 1)), highest)
		}
		s, from = rest, end
	}
	return highest
}

// late is the least that is thought to be answered, as a fraction of those who
// wait past their promise, while they wait a fifth longer.
const late = 10

// prior is what is thought of a wait of which nothing is known: that half of what
// must come before an answer has to pass first.
type prior struct{ reply, target int }

func (p prior) hazard(bin int) int64 {
	if bin*width < p.reply-octave {
		return whole / 50
	}
	return whole / 5
}
