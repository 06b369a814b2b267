package router

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"stagecoach/fault"
)

// maxCommit is how large a commit grows before it is closed, in bytes.
const maxCommit = 256 << 10

// maxEncoded is what the log takes in one message, in bytes, with some room.
const maxEncoded = 700 << 10

// batch is a commit being built, with those who wait for it.
type batch struct {
	n       uint64
	at      time.Time
	entries []Entry
	encoded *writer
	waiters []waiter
	events  int
}

type waiter struct {
	req *request
	ans Answer
}

// term is one run of the loop: from takeover until the log refuses or ctx ends.
type term struct {
	*Engine
	state *State
	seq   uint64
	clock *clock

	building *batch
	flight   *batch
	landed   chan landing
	// spare is the buffer of the commit that landed last.
	spare *writer
	// stop ends an append in flight when the term does.
	stop context.CancelFunc
	// every is the heartbeat that agents are looked at by.
	every time.Duration
	// number counts the terms of this life: a commit of an earlier one may still
	// arrive, and must not be taken for ours.
	number int
	// broken is why the state no longer is what the log will hold.
	broken error
}

type landing struct {
	seq uint64
	err error
}

func (e *Engine) term(ctx context.Context) error {
	state, seq, err := e.rebuild(ctx)
	if err != nil {
		return err
	}
	if e.cfg.Resume != nil {
		e.cfg.Resume(ctx, state)
	}
	e.terms++
	t := &term{Engine: e, state: state, seq: seq, landed: make(chan landing, 1), number: e.terms}
	t.clock = newClock(e.cfg.Now(), state.At)
	defer t.abandon()
	if err := t.takeOver(ctx); err != nil {
		return err
	}
	e.presence.begin(e.cfg.Now())
	return t.loop(ctx)
}

// takeOver appends the first commit of a new epoch. Whoever had the log before
// is refused from then on.
func (t *term) takeOver(ctx context.Context) error {
	t.state.Epoch++
	t.decide(&request{env: Envelope{Actor: ActorRouter, Command: Begin{Life: t.cfg.Life}}, done: make(chan Answer, 1)})
	if t.broken != nil {
		return fmt.Errorf("taking the log over: %w", t.broken)
	}
	b := t.building
	t.building = nil
	landed := t.append(ctx, b, t.seq, t.state.Epoch)
	if landed.err != nil {
		// Something was written since the replay, be it a late commit of our own:
		// who is not active yet is not deposed, but tries again.
		return fmt.Errorf("taking the log over: %v", landed.err) //nolint:errorlint // on purpose
	}
	t.seq = landed.seq
	t.release(b)
	for _, id := range sortedKeys(t.state.Unsent()) {
		if r := t.state.Replies[id]; r.State == ReplyIsQueued && !r.Channel.ByHand() && !r.Held() {
			t.hub.enqueue(*r)
		}
	}
	t.logger.InfoContext(ctx, "the router is active", "epoch", t.state.Epoch, "commit", t.state.N, "open", t.state.Totals.Open)
	t.metrics.Active.Store(true)
	return nil
}

func (t *term) loop(ctx context.Context) error {
	wake := time.NewTimer(0)
	defer wake.Stop()
	t.every = t.heartbeat()
	look := time.NewTicker(t.every / 9)
	defer look.Stop()
	for {
		requests, looks, wakes := t.requests, look.C, wake.C
		if t.full() { // what is being built must go first
			requests, looks, wakes = nil, nil, nil
		}
		select {
		case <-ctx.Done():
			return t.drain(ctx)
		case r := <-requests:
			t.decide(r)
			t.drainRequests()
		case l := <-t.landed:
			if err := t.land(l); err != nil {
				return err
			}
		case <-looks:
			t.lookAround()
			t.keepPace(look)
		case <-wakes:
			t.internal(Tick{})
		}
		if t.broken != nil {
			return t.broken
		}
		t.launch(ctx)
		t.setAlarm(wake)
	}
}

// keepPace looks around as often as the policy that is active now wants.
func (t *term) keepPace(look *time.Ticker) {
	if now := t.heartbeat(); now != t.every {
		t.every = now
		look.Reset(now / 9)
	}
}

// full reports whether the commit that is being built takes no more commands.
func (t *term) full() bool { return t.building != nil && t.building.encoded.Len() >= maxCommit }

// drainRequests decides what else has arrived, as far as the commit has room.
func (t *term) drainRequests() {
	for !t.full() && t.broken == nil {
		select {
		case r := <-t.requests:
			t.decide(r)
		default:
			return
		}
	}
}

// drain waits for the append in flight, so that its commands get their answer.
func (t *term) drain(ctx context.Context) error {
	if t.flight == nil {
		return nil
	}
	select {
	case l := <-t.landed:
		return t.land(l)
	case <-time.After(1500 * time.Millisecond):
		return context.Cause(ctx)
	}
}

// setAlarm makes the loop look at what is due next.
func (t *term) setAlarm(wake *time.Timer) {
	at, ok := t.state.NextWake(t.cfg.Rules().Timing().Digest)
	if !ok {
		wake.Stop()
		return
	}
	wait := at.Sub(t.clock.now(t.cfg.Now()))
	if wait <= 0 && t.building != nil { // its time stands still until it is on its way
		wake.Stop()
		return
	}
	wake.Reset(max(wait, time.Millisecond))
}

// internal decides a command of the router's own.
func (t *term) internal(cmd Command) {
	t.decide(&request{env: Envelope{Actor: ActorRouter, Command: cmd}, done: make(chan Answer, 1)})
}

// lookAround notices who has gone, who is back, and a clock that was set.
func (t *term) lookAround() {
	wall := t.cfg.Now()
	if from, to, stepped := t.clock.step(wall); stepped {
		t.logger.Warn("the clock was set", "from", from, "to", to)
		t.internal(StepClock{From: from, To: to})
	}
	gone, back := t.presence.changes(t.state.Agents, wall, t.heartbeat())
	for _, cmd := range append(gone, back...) {
		if t.full() || t.broken != nil { // the others at the next look
			return
		}
		t.internal(cmd)
	}
}

// decide handles one request on the building commit.
func (t *term) decide(r *request) {
	if r.after != nil && r.after.lost {
		r.lose()
		return
	}
	r.after = nil // from here on both are lost together or neither
	if r.view != nil {
		r.view(t.state)
		t.answer(r, Answer{})
		return
	}
	fresh := t.building == nil
	n, at := t.state.N, t.state.At
	if fresh {
		t.state.beginCommit(n+1, t.state.Epoch, t.clock.now(t.cfg.Now()))
	}
	env := &Env{Now: t.state.At, Rules: t.cfg.Rules(), Facts: Facts{DraftAt: t.presence.draftAt, Agent: t.cfg.Agent}}
	entry, err := Decide(t.state, env, &r.env)
	if err != nil || len(entry.Events) == 0 {
		if fresh {
			t.state.N, t.state.At = n, at
		}
		a := Answer{Err: err}
		if entry.Result != nil {
			a.Result = *entry.Result
			a.Result.Commit = min(a.Result.Commit, t.state.N) // none came of it
		}
		t.answer(r, a)
		return
	}
	if fresh {
		t.building = &batch{n: t.state.N, at: t.state.At, encoded: t.takeWriter()}
	}
	t.add(entry, r)
}

// takeWriter gives an empty buffer, one that has grown already if there is one.
func (t *term) takeWriter() *writer {
	w := t.spare
	t.spare = nil
	if w == nil {
		return newWriter()
	}
	w.Reset()
	return w
}

func (t *term) add(entry Entry, r *request) {
	b := t.building
	result := *entry.Result
	if entry.Command == "" {
		entry.Result = nil
	}
	before := b.encoded.Len()
	if len(b.entries) > 0 {
		b.encoded.WriteByte(',')
	}
	err := b.encoded.entry(&entry)
	if err == nil && b.encoded.Len() > maxEncoded {
		err = refuse(RefusedInvalid, "this is too much at once: %d events", len(entry.Events))
	}
	if err != nil { // the state has it, the log never will
		b.encoded.Truncate(before)
		t.broken = fmt.Errorf("%s by %s: %w", entry.Kind, entry.Actor, err)
		r.lost = true // and with it what the commit has already
		r.done <- Answer{Err: err}
		return
	}
	b.entries = append(b.entries, entry)
	b.events += len(entry.Events)
	b.waiters = append(b.waiters, waiter{req: r, ans: Answer{Result: result}})
}

// answer gives an answer that changed nothing: once the commit whose state it
// was judged on is durable.
func (t *term) answer(r *request, a Answer) {
	switch {
	case t.building != nil:
		t.building.waiters = append(t.building.waiters, waiter{req: r, ans: a})
	case t.flight != nil:
		t.flight.waiters = append(t.flight.waiters, waiter{req: r, ans: a})
	default:
		r.done <- a
	}
}

// launch appends the building commit, if none is in flight.
func (t *term) launch(ctx context.Context) {
	if t.flight != nil || t.building == nil {
		return
	}
	t.flight, t.building = t.building, nil
	b, prev, epoch := t.flight, t.seq, t.state.Epoch
	// An append that has begun is seen to its end: it outlives ctx.
	flight, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop = stop
	go func() { t.landed <- t.append(flight, b, prev, epoch) }()
}

func (t *term) append(ctx context.Context, b *batch, prev, epoch uint64) landing {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, errors.New("the log did not answer within 10 s"))
	defer cancel()
	started := time.Now()
	fault.Here(fault.LogBeforeAppend)
	id := fmt.Sprintf("%s.%d.%d", t.cfg.Life, t.number, b.n)
	seq, err := t.log.Append(ctx, id, prev, encodeCommit(b, epoch))
	fault.Here(fault.LogAfterAppend)
	t.metrics.commit(time.Since(started), b.events)
	return landing{seq: seq, err: err}
}

func encodeCommit(b *batch, epoch uint64) []byte {
	at, err := b.at.MarshalText()
	if err != nil {
		at = []byte(b.at.Format(time.RFC3339Nano))
	}
	out := make([]byte, 0, b.encoded.Len()+128)
	out = append(out, `{"v":`...)
	out = strconv.AppendInt(out, CommitSchema, 10)
	out = append(out, `,"n":`...)
	out = strconv.AppendUint(out, b.n, 10)
	out = append(out, `,"epoch":`...)
	out = strconv.AppendUint(out, epoch, 10)
	out = append(out, `,"at":"`...)
	out = append(out, at...)
	out = append(out, `","entries":[`...)
	out = append(out, b.encoded.Bytes()...)
	return append(out, "]}"...)
}

// land handles the end of an append: its effects leave the router only now.
func (t *term) land(l landing) error {
	b := t.flight
	t.flight = nil
	t.stop()
	if l.err != nil {
		b.fail()
		return l.err
	}
	t.seq = l.seq
	t.spare, b.encoded = b.encoded, nil
	t.release(b)
	return nil
}

func (t *term) release(b *batch) {
	t.metrics.note(t.state)
	c := &Commit{Schema: CommitSchema, N: b.n, Epoch: t.state.Epoch, At: b.at, Entries: b.entries}
	t.hub.send(c)
	for _, w := range b.waiters {
		w.req.done <- w.ans
	}
}

func (b *batch) fail() {
	for _, w := range b.waiters {
		w.req.lose()
	}
}

// abandon answers everybody who still waits when the term ends.
func (t *term) abandon() {
	t.metrics.Active.Store(false)
	if t.building != nil {
		t.building.fail()
	}
	if t.flight != nil {
		t.stop()
		<-t.landed
		t.flight.fail()
	}
}
