package email

import (
	"context"
	"sync"
	"time"
)

// smtpPool keeps links that are greeted and logged in for the next reply, so
// that a burst needs one handshake. A link leaves by a timer when nothing was
// sent for a while: servers hang up on idle clients, and count them.
type smtpPool struct {
	mu   sync.Mutex
	idle []*idleLink
	done bool
}

type idleLink struct {
	link  *smtpLink
	timer *time.Timer
}

// A link is kept for idleLimit after its last reply, and for so many replies;
// at most idleLinks are kept at once.
const (
	idleLimit   = 15 * time.Second
	linkReplies = 100
	idleLinks   = 4
)

// take gives a kept link that still answers, nil if there is none.
func (p *smtpPool) take(ctx context.Context) *smtpLink {
	for {
		p.mu.Lock()
		if len(p.idle) == 0 {
			p.mu.Unlock()
			return nil
		}
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.mu.Unlock()
		last.timer.Stop()
		last.link.bind(ctx)
		if last.link.fresh() {
			return last.link
		}
		last.link.drop()
	}
}

// put keeps a link for the next reply.
func (p *smtpPool) put(l *smtpLink) {
	l.unhook()
	p.mu.Lock()
	if p.done || len(p.idle) >= idleLinks || l.replies >= linkReplies || l.broken {
		p.mu.Unlock()
		l.close()
		return
	}
	kept := &idleLink{link: l}
	kept.timer = time.AfterFunc(idleLimit, func() { p.leave(kept) })
	p.idle = append(p.idle, kept)
	p.mu.Unlock()
}

// leave closes a link that nothing was sent by for a while.
func (p *smtpPool) leave(kept *idleLink) {
	p.mu.Lock()
	found := false
	for i, one := range p.idle {
		if one == kept {
			p.idle = append(p.idle[:i:i], p.idle[i+1:]...)
			found = true
			break
		}
	}
	p.mu.Unlock()
	if found {
		kept.link.close()
	}
}

// shut closes all links and keeps none any more.
func (p *smtpPool) shut() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.done = nil, true
	p.mu.Unlock()
	for _, one := range idle {
		one.timer.Stop()
		one.link.close()
	}
}

// Close implements io.Closer: links to the SMTP server that are kept for the
// next reply end. Sending goes on to work, with a link for each reply.
func (a *Adapter) Close() error {
	a.pool.shut()
	return nil
}
