package main

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"stagecoach/channels/webchat"
)

// How long what visitors are told is believed, and what somebody is told who has
// only just written; how long finding it out may take, and after how long without
// it nothing is said.
const (
	outlookAge  = 15 * time.Second
	outlookSoon = 2 * time.Second
	outlookTime = 3 * time.Second
	outlookEnd  = 5 * time.Minute
)

// The threads that are looked at are those asked about within threadsAge, and so
// many at most.
const (
	threadsAge  = 2 * time.Minute
	threadsMost = 10_000
)

// told is what the visitors of one chat are told: all of them, and those who wait,
// by thread.
type told struct {
	all   webchat.Outlook
	yours map[string]time.Duration
}

// outlooks keeps what visitors are told at hand: thousands ask, one looks.
type outlooks struct {
	find   func(ctx context.Context, threads []string) (told, error)
	now    func() time.Time
	logger *slog.Logger

	mu      sync.Mutex
	last    told
	at      time.Time
	tried   time.Time
	looking bool
	// asked is when each thread was last asked about, fresh is true when one was
	// for the first time since anybody looked.
	asked map[string]time.Time
	fresh bool
}

// look gives what is known, of a thread too unless it is "". One of those who ask
// finds it out anew when it is old.
func (o *outlooks) look(ctx context.Context, thread string) webchat.Outlook {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	o.note(thread, now)
	age := outlookAge
	if o.fresh {
		age = outlookSoon
	}
	if o.looking || now.Sub(o.tried) < age {
		return o.current(thread, now)
	}
	maps.DeleteFunc(o.asked, func(_ string, at time.Time) bool { return now.Sub(at) > threadsAge })
	threads := slices.Collect(maps.Keys(o.asked))
	o.looking, o.tried, o.fresh = true, now, false
	o.mu.Unlock()
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), outlookTime)
	found, err := o.find(bound, threads)
	cancel()
	o.mu.Lock()
	o.looking = false
	if err != nil {
		o.logger.WarnContext(ctx, "visitors are not told how long an answer takes", "err", err)
	} else {
		o.last, o.at = found, now
	}
	return o.current(thread, o.now())
}

// note remembers that a thread is asked about.
func (o *outlooks) note(thread string, now time.Time) {
	if thread == "" {
		return
	}
	if o.asked == nil {
		o.asked = map[string]time.Time{}
	}
	if _, known := o.asked[thread]; !known {
		if len(o.asked) >= threadsMost {
			return
		}
		o.fresh = true
	}
	o.asked[thread] = now
}

// current gives the last word while it is true enough.
func (o *outlooks) current(thread string, now time.Time) webchat.Outlook {
	if now.Sub(o.at) > outlookEnd {
		return webchat.Outlook{}
	}
	out := o.last.all
	if out.Open {
		out.Yours = o.last.yours[thread]
	}
	return out
}
