package match

import (
	"math"
	"time"
)

// face is what a look needs to know of a group before it looks into it. The faces
// of all groups lie side by side, as most of them are passed over.
type face struct {
	// live and late count who waits in it.
	live, late int32
	// lateness is the most that the lateness of anybody is worth.
	lateness int64
	// hot is the most that the urgency of anybody can be worth until hotUntil, as
	// long as hotOf is the first of those who live.
	hot, hotUntil int64
	hotOf         *item
}

// moment is a time of a group, in microseconds.
type moment struct {
	at  int64
	num int32
}

// never is the time of a group that has none.
const never = math.MaxInt64

// moments has the group whose time comes first at hand.
type moments struct {
	heap []moment
	// place is where each group stands in it.
	place []int32
}

// add takes in the next group, for which there is no time.
func (q *moments) add() {
	q.place = append(q.place, int32(len(q.heap)))                       //nolint:gosec // groups are thousands
	q.heap = append(q.heap, moment{at: never, num: int32(len(q.heap))}) //nolint:gosec // groups are thousands
}

// first gives the earliest time, never where there is none.
func (q *moments) first() moment {
	if len(q.heap) == 0 {
		return moment{at: never}
	}
	return q.heap[0]
}

// set changes the time of a group.
func (q *moments) set(num int, at int64) {
	i := int(q.place[num])
	if q.heap[i].at == at {
		return
	}
	q.heap[i].at = at
	for i > 0 && q.heap[i].at < q.heap[(i-1)/2].at {
		q.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		below := 2*i + 1
		if below >= len(q.heap) {
			return
		}
		if below+1 < len(q.heap) && q.heap[below+1].at < q.heap[below].at {
			below++
		}
		if q.heap[below].at >= q.heap[i].at {
			return
		}
		q.swap(i, below)
		i = below
	}
}

func (q *moments) swap(i, j int) {
	h := q.heap
	h[i], h[j] = h[j], h[i]
	q.place[h[i].num], q.place[h[j].num] = q.place[h[j].num], q.place[h[i].num]
}

// past appends the numbers of the groups whose time has come, in no order. It
// costs as much as there are.
func (q *moments) past(at int64, out []int32) []int32 {
	if q.first().at > at || len(q.heap) == 0 {
		return out
	}
	from := len(out)
	out = append(out, 0)
	for i := from; i < len(out); i++ {
		below := 2*int(out[i]) + 1
		for c := below; c < min(below+2, len(q.heap)); c++ {
			if q.heap[c].at <= at {
				out = append(out, int32(c)) //nolint:gosec // groups are thousands
			}
		}
		out[i] = q.heap[out[i]].num
	}
	return out
}

// note brings what is known of a group up to date, after who waits in it has
// changed.
func (w *Waiting) note(g *Group) {
	f := &w.faces[g.num]
	w.liveWork += int64(g.live.len()-int(f.live)) * g.Traits.Handling.Microseconds()
	f.live, f.late = int32(g.live.len()), int32(g.late.len()) //nolint:gosec // contacts are millions
	edge, guard := int64(never), int64(never)
	if f.late > 0 {
		first := g.late.first()
		f.lateness = -first.Due.UnixMilli() * Micro
		guard = w.m.guardAt(g, &first.Head).UnixMicro()
	}
	if f.live > 0 {
		first := g.live.first()
		edge = first.due - g.best
		guard = min(guard, w.m.guardAt(g, &first.Head).UnixMicro())
		if f.hotOf != first {
			f.hotUntil = math.MinInt64
		}
	} else {
		f.hotOf = nil
	}
	w.edges.set(g.num, edge)
	w.guards.set(g.num, guard)
}

// retune works out anew what is known of the groups by the parameters.
func (w *Waiting) retune() {
	w.settled = never
	for _, g := range w.list {
		g.tune(&w.m.Params)
		w.faces[g.num].hotUntil = math.MinInt64
		w.note(g)
	}
}

// tune takes over what parameters say of a group.
func (g *Group) tune(p *Params) {
	g.best, g.early = p.bestCase(&g.Traits).Microseconds(), p.early(&g.Traits).Microseconds()
}

// settle moves those to the late ones who can't be answered in time any more, and
// back, as the clock may be set. It costs as much as there are who move.
func (w *Waiting) settle(now int64) {
	if now < w.settled {
		for _, g := range w.list {
			for g.late.len() > 0 && g.late.last().due-g.best >= now {
				it := g.late.last()
				g.late.take(it)
				it.late = false
				g.live.put(it)
			}
			w.note(g)
		}
	}
	w.settled = now
	for w.edges.first().at < now {
		g := w.list[w.edges.first().num]
		for g.live.len() > 0 && g.live.first().due-g.best < now {
			it := g.live.first()
			g.live.take(it)
			it.late = true
			g.late.put(it)
		}
		w.note(g)
	}
}

// bestCase is how long the fastest answer takes.
func (p *Params) bestCase(t *Traits) time.Duration {
	if t.Live {
		return time.Duration(p.BestAccept*float64(p.Accept)) + t.Words
	}
	return p.Accept + time.Duration(p.BestCase*float64(t.Handling))
}
