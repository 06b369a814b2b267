package slack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stagecoach/channels"
)

// crowd counts our own sockets, to notice those of others: Slack shares the events
// of an app out among all its sockets, so that another program with the same token
// takes a part of the messages.
// https://docs.slack.dev/apis/events-api/using-socket-mode#connections
type crowd struct {
	mu       sync.Mutex
	standing int
	left     time.Time
}

// goneFor is how long Slack may still count a socket that has broken.
const goneFor = 2 * time.Minute

func (c *crowd) join() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.standing++
}

func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.standing--
	c.left = time.Now()
}

// others gives how many of so many sockets can't be ours.
func (c *crowd) others(counted int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.left.IsZero() && time.Since(c.left) < goneFor {
		return 0
	}
	return max(0, counted-c.standing)
}

// hello tells people where somebody else receives beside us.
func (r *run) hello(ctx context.Context, counted int) {
	others := r.a.crowd.others(counted)
	if others == 0 {
		return
	}
	r.a.log.WarnContext(ctx, "another program takes a part of the events", "sockets", others)
	channels.Told(r.src, r.root.mark.Source, fmt.Sprintf("Slack counts %d more of this app's sockets than ours: "+
		"another program with the same app-level token gets a part of the messages, until the next time that we read the histories. "+
		"End it, or give it an app of its own", others))
}
