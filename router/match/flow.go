package match

import "time"

// flow is what has come of one demand, as work in seconds.
type flow struct {
	demand Demand
	work   float64
	live   bool
	// need is the room that one of it takes, ready how many free agents have it.
	need, ready int
	// able counts the agents at work who can do it, scarcity is the work for each
	// of them, 1 on the average.
	able     int
	scarcity float64
}

// reserve is how many agents are kept for it, of so many that are wished for.
func (f *flow) reserve(wished int) int { return min(wished, max(1, f.able-1)) }

// flows are what comes, and how scarce the agents for it are.
type flows struct {
	of   map[string]*flow
	list []*flow
	// changed counts what makes the counts of the ready void; counted is for which
	// of them they hold.
	changed, counted int
	// learnt numbers the scarcities; at is when they were learnt, for which roster
	// and how many flows.
	learnt  int
	at      time.Time
	version int
	known   int
	faded   time.Time
	key     []byte
}

// learnEvery is how long scarcities hold although agents came or went, fadeEvery
// after which time what has come counts half.
const (
	learnEvery = time.Minute
	fadeEvery  = 24 * time.Hour
)

func (fs *flows) find(d *Demand, t *Traits) *flow {
	fs.key = d.appendKey(fs.key[:0])
	f := fs.of[string(fs.key)]
	if f == nil {
		f = &flow{demand: *d}
		fs.of[string(fs.key)] = f
		fs.list = append(fs.list, f)
		fs.changed++
	}
	if t.Live && !f.live {
		f.live = true
		fs.changed++
	}
	return f
}

// ableFor gives the flows that a crew is able for.
func (w *Waiting) ableFor(c *crew) []*flow {
	for ; c.flowed < len(w.flows.list); c.flowed++ {
		if f := w.flows.list[c.flowed]; Able(&f.demand, &Traits{}, 0, c.like) == "" {
			c.able = append(c.able, f)
		}
	}
	return c.able
}

// liveFor gives those of them that are live.
func (w *Waiting) liveFor(c *crew) []*flow {
	if c.liveAt != w.flows.changed {
		c.liveAt, c.live = w.flows.changed, c.live[:0]
		for _, f := range w.ableFor(c) {
			if f.live {
				c.live = append(c.live, f)
			}
		}
	}
	return c.live
}

// recount counts the agents who stand ready for each flow of live work, if that
// isn't known. It costs O(agents), after a demand came for the first time.
func (r *Roster) recount() {
	fs := &r.w.flows
	if fs.counted == fs.changed {
		return
	}
	fs.counted = fs.changed
	for _, f := range fs.list {
		f.ready = 0
		if r.w.units != nil {
			f.need = r.w.units(f.demand.ReplyChannel)
		}
	}
	for _, a := range r.free {
		a.seen = -1
		r.count(a, a.Room)
	}
}

// learn finds how scarce the agents are for what comes: work for each agent at
// work who is able for it, 1 on the average. Agents come and go all the time, so
// it is done anew once a minute at most.
func (r *Roster) learn(now time.Time) {
	fs := &r.w.flows
	same := fs.version == r.version && fs.known == len(fs.list)
	if !fs.learns(same, now) {
		return
	}
	fs.learnt++
	fs.at, fs.version, fs.known = now, r.version, len(fs.list)
	if now.Sub(fs.faded) >= fadeEvery {
		if !fs.faded.IsZero() {
			for _, f := range fs.list {
				f.work /= 2
			}
		}
		fs.faded = now
	}
	r.weigh(nil)
}

// learns reports whether scarcities are to be found anew, where those at work and
// what comes are the same as the last time, or not.
func (fs *flows) learns(same bool, now time.Time) bool {
	return fs.learnt == 0 || !same && now.Sub(fs.at).Abs() >= learnEvery
}

// weigh finds how scarce agents are for each flow; with one of them given, that one
// is at work as they are given, not as the roster knows them.
func (r *Roster) weigh(given *Agent) {
	fs := &r.w.flows
	for _, f := range fs.list {
		f.able = 0
	}
	count := func(c *crew, n int) {
		for _, f := range r.w.ableFor(c) {
			f.able += n
		}
	}
	for _, c := range r.crews {
		if c.present > 0 {
			count(c, c.present)
		}
	}
	if given != nil {
		if old := r.agents[given.ID]; old != nil && !old.absent {
			count(old.crew, -1)
		}
		count(given.crew, 1)
	}
	sum := 0.0
	for _, f := range fs.list {
		f.scarcity = f.work / max(float64(f.able), 0.5)
		sum += f.scarcity
	}
	if sum > 0 {
		for _, f := range fs.list {
			f.scarcity *= float64(len(fs.list)) / sum
		}
	}
}

// rarestOf gives how scarce the scarcest flow is that a crew is able for.
func (w *Waiting) rarestOf(c *crew) float64 {
	if c.learnt != w.flows.learnt {
		c.learnt, c.rarest = w.flows.learnt, 0
		for _, f := range w.ableFor(c) {
			c.rarest = max(c.rarest, f.scarcity)
		}
	}
	return c.rarest
}
