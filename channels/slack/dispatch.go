package slack

import (
	"context"
	"slices"
	"strings"

	"stagecoach/channels"
)

// flight is a delivery under way. The same item coming again waits for its end.
type flight struct {
	acks []func()
}

// dispatch has a task delivered, after what came before it in its conversation and
// of its sender, and then acknowledged. It returns once that is under way, and
// waits while too much is.
func (r *run) dispatch(ctx context.Context, t *task, ack func()) error {
	turns := r.turns
	if t.slow() {
		turns = r.patient
	}
	select {
	case turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	if f := r.flights[t.id]; f != nil {
		f.acks = append(f.acks, ack)
		r.mu.Unlock()
		<-turns
		return nil
	}
	r.flights[t.id] = &flight{acks: []func(){ack}}
	t.conv.begin(t.position)
	before, done := r.queue(t)
	r.mu.Unlock()
	r.group.Go(func() error {
		defer func() { <-turns }()
		settled, err := r.carry(ctx, t, before)
		if err != nil {
			r.failed.Store(true)
		}
		r.leave(t, done, settled)
		close(done)
		return err
	})
	return nil
}

// slow reports whether a task may take long before it is delivered: it must hold up
// nobody but what comes behind it.
func (t *task) slow() bool { return t.ask != "" || t.m != nil && len(t.m.Files) > 0 }

// queue puts a task behind those of its conversation and its sender. r.mu is held.
func (r *run) queue(t *task) (before []chan struct{}, done chan struct{}) {
	done = make(chan struct{})
	for _, key := range t.keys() {
		if last := r.tails[key]; last != nil {
			before = append(before, last)
		}
		r.tails[key] = done
	}
	return before, done
}

// keys name what a task keeps its order in: its conversation, which in channels is a
// thread, and its sender. What may not be for us at all holds up no more than its
// thread.
func (t *task) keys() []string {
	keys := []string{"c/" + t.conv.id}
	if !direct(t.conv.kind) {
		keys[0] += "/" + t.root
	}
	if t.sender != "" && t.ask == "" {
		keys = append(keys, "s/"+t.sender)
	}
	return keys
}

// carry fetches what belongs to a task, waits for its turn and delivers it. settled
// tells that Slack needs to send it no more. Behind one that failed nothing is
// delivered, so that the order is kept.
func (r *run) carry(ctx context.Context, t *task, before []chan struct{}) (settled bool, err error) {
	if r.a.passed.Contains(t.id) {
		t.conv.end(t.position, true)
		return true, nil
	}
	if t.ask != "" {
		ours, err := r.takesPart(ctx, t.conv, t.ask)
		if err != nil {
			return false, err
		}
		if !ours {
			t.conv.end(t.position, false)
			return true, nil
		}
	}
	if t.m == nil || len(t.m.Files) == 0 {
		r.furnish(ctx, t)
	}
	for _, wait := range before {
		select {
		case <-wait:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if t.m != nil && len(t.m.Files) > 0 { // in its turn: who holds files in memory waits for nobody
		select {
		case r.filing <- struct{}{}:
			defer func() { <-r.filing }()
		case <-ctx.Done():
			return false, ctx.Err()
		}
		r.furnish(ctx, t)
	}
	if r.failed.Load() || ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err := r.deliver(ctx, t); err != nil {
		return false, err
	}
	return true, nil
}

// deliver has a task stored. Where it is a message that was edited before it was read
// here, and is stored as it was before, the edit is stored too.
func (r *run) deliver(ctx context.Context, t *task) error {
	in, err := r.a.inbound(t, &t.env)
	if err != nil {
		return err
	}
	if t.kind != channels.Fresh || t.m == nil || t.m.Edited == nil || !validTS(t.m.Edited.TS) {
		if err := r.src.Deliver(ctx, in); err != nil {
			return err
		}
		r.stored(t)
		return nil
	}
	before, err := channels.DeliverAgain(ctx, r.src, in)
	if err != nil {
		return err
	}
	if edit, v := r.judgeEdited(t.conv, t.m); before && v == take && !r.a.passed.Contains(edit.id) {
		edit.env = t.env
		edit.conv.begin(edit.position)
		if err := r.deliver(ctx, edit); err != nil {
			return err
		}
	}
	r.stored(t)
	return nil
}

// stored remembers what is durable now.
func (r *run) stored(t *task) {
	r.a.passed.Add(t.id, struct{}{})
	if t.root != "" {
		r.a.threads.Add(t.conv.id+"/"+t.root, true)
		r.follow(t.conv, t.m)
	}
	if t.m != nil && t.sender != "" {
		r.a.authors.Add(t.conv.id+"/"+t.m.TS, t.sender)
	}
	switch {
	case t.m == nil:
	case t.kind == channels.Fresh:
		t.conv.keep(t.m)
	case strings.HasSuffix(t.id, deletedMark):
		t.conv.drop(t.m.TS)
	}
	t.conv.end(t.position, true)
}

// follow remembers the thread of a message where something may still be said that
// the history doesn't show by itself. Where all is for us, a message without answers
// is one of the many that a page shows.
func (r *run) follow(c *conv, m *message) {
	if m == nil || (direct(c.kind) || r.ours[c.id]) && (m.ThreadTS == "" || m.ThreadTS == m.TS) {
		return
	}
	c.remember(firstOf(m.ThreadTS, m.TS))
}

// leave ends a delivery. Only what is settled is acknowledged.
func (r *run) leave(t *task, done chan struct{}, settled bool) {
	r.mu.Lock()
	f := r.flights[t.id]
	delete(r.flights, t.id)
	for _, key := range t.keys() {
		if r.tails[key] == done {
			delete(r.tails, key)
		}
	}
	r.mu.Unlock()
	if !settled {
		return
	}
	for _, ack := range f.acks {
		ack()
	}
	r.stir(t.conv)
}

// furnish fetches who wrote a message, whom it names, and its files.
func (r *run) furnish(ctx context.Context, t *task) {
	t.env.Team, t.env.Self = r.me.team, r.me.user
	if t.m == nil {
		return
	}
	names := mentioned(t.m.Text)
	if validID(t.m.User) && !slices.Contains(names, t.m.User) {
		names = append(names, t.m.User)
	}
	t.env.People = map[string]person{}
	for _, id := range names {
		p := person{Name: r.me.name, Bot: true}
		if id != r.me.user {
			p = r.a.who(ctx, r.me, id)
		}
		if p != (person{}) {
			t.env.People[id] = p
		}
	}
	for _, id := range unnamedRooms(t.m.Text) {
		if name := r.a.roomName(ctx, id); name != "" {
			if t.env.Rooms == nil {
				t.env.Rooms = map[string]string{}
			}
			t.env.Rooms[id] = name
		}
	}
	t.env.Files, t.env.Notes = r.a.fetchFiles(ctx, t.m.Files)
}
