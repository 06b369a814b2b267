package slack

import (
	"context"
	"slices"
	"time"
)

// waiting is an event of a conversation whose history is still to be read.
type waiting struct {
	t    *task
	size int
	acks []func()
}

// Bounds of what is held back. What is beyond them isn't acknowledged: it comes
// again, by Slack or by the history.
const (
	mostHeld  = 2000
	mostBytes = 32 << 20
)

// holdBack keeps an event until the history of its conversation is read, so that it
// overtakes nothing that was said before, and reports whether it does. It waits
// r.a.patience at most.
func (r *run) holdBack(ctx context.Context, t *task, ack func()) bool {
	c := t.conv
	r.mu.Lock()
	defer r.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.root || c.caught || c.tired {
		return false
	}
	if at := slices.IndexFunc(c.held, func(w *waiting) bool { return w.t.id == t.id }); at >= 0 {
		c.held[at].acks = append(c.held[at].acks, ack)
		return true
	}
	size := len(t.env.Event)
	if r.held == mostHeld || r.heldBytes+size > mostBytes {
		r.a.log.WarnContext(ctx, "too much waits for histories: an event is left for later", "conversation", c.id)
		return true
	}
	r.held, r.heldBytes = r.held+1, r.heldBytes+size
	if c.held = append(c.held, &waiting{t: t, size: size, acks: []func(){ack}}); len(c.held) > 1 {
		return true
	}
	read := c.read
	r.group.Go(func() error {
		select {
		case <-ctx.Done():
		case <-read:
		case <-time.After(r.a.patience):
			r.a.log.WarnContext(ctx, "a history takes long to be read: what is said now is taken before", "conversation", c.id)
			return r.letGo(ctx, c, func() { c.tired = !c.caught })
		}
		return nil
	})
	return true
}

// letGo delivers what waits for a conversation, the oldest first, and then, when
// nothing waits any more, does then. c.mu and r.mu are held for that.
func (r *run) letGo(ctx context.Context, c *conv, then func()) error {
	for {
		all := r.takeHeld(c, then)
		if len(all) == 0 {
			return nil
		}
		slices.SortStableFunc(all, func(a, b *waiting) int { return compareTS(a.t.position, b.t.position) })
		for _, w := range all {
			err := r.dispatch(ctx, w.t, func() {
				for _, ack := range w.acks {
					ack()
				}
			})
			if err != nil {
				return err
			}
		}
	}
}

func (r *run) takeHeld(c *conv, then func()) []*waiting {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.held
	c.held = nil
	for _, w := range all {
		r.held, r.heldBytes = r.held-1, r.heldBytes-w.size
	}
	if len(all) == 0 {
		then()
		c.settle()
	}
	return all
}

// settle closes read once the history is. c.mu is held.
func (c *conv) settle() {
	if !c.caught {
		return
	}
	select {
	case <-c.read:
	default:
		close(c.read)
	}
}

// again has the history read once more. c.mu is held.
func (c *conv) again() {
	c.tired = false
	if c.caught {
		c.caught, c.read = false, make(chan struct{})
	}
}
