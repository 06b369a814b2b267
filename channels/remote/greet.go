package remote

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
)

// partBytes is how much of an original or a file goes into one message: base64
// adds a third, and a message has at most maxPayload.
const partBytes = 512 << 10

// probeTime is how long a process may take to show that it is there when another
// wants its place.
const probeTime = 2 * time.Second

// greet answers Hello: the account's adapter is one process at a time.
func (a *Account) greet(ctx context.Context, data []byte) any {
	var h Hello
	out := Welcome{Schema: Schema, Channel: string(a.cfg.Channel), Account: a.cfg.Account, PartBytes: partBytes}
	switch err := json.Unmarshal(data, &h); {
	case err != nil:
		out.Error = refuse(channels.Malformed, "hello is not the JSON that is asked for: "+channels.Bounded(err.Error(), 200))
	case h.Schema != Schema:
		out.Error = refuse(channels.Malformed, "its schema is not 1: this daemon knows no other")
	case !processForm.MatchString(h.Process):
		out.Error = refuse(channels.Malformed, "process must have 8 to 64 letters, digits, - and _")
	}
	a.mu.Lock()
	if a.gate == nil {
		out.Error = refuse(channels.Unavailable, "the account is not served any more")
		a.mu.Unlock()
		return out
	}
	out.EverySeconds = max(1, int(a.gate.cfg.Silence.Seconds()/3))
	other := ""
	if out.Error == nil && a.process != nil && a.process.hello.Process != h.Process {
		other = a.process.hello.Process
	}
	a.mu.Unlock()
	if out.Error != nil {
		return out
	}
	if other != "" && (h.Ends || !a.gone(ctx, other)) {
		out.Error = refuse(channels.Unavailable, "another process is the adapter of this account already: end that one first")
		return out
	}
	out.Run = a.attach(h)
	return out
}

// gone asks whether a process is connected no more.
func (a *Account) gone(ctx context.Context, process string) bool {
	o := Order{Schema: Schema, Order: randomID(), Do: doHello}
	data, err := json.Marshal(o)
	if err != nil {
		return false
	}
	open := &order{process: process, answers: make(chan Answer, 1), nobody: make(chan struct{})}
	a.mu.Lock()
	g := a.gate
	a.orders[o.Order] = open
	a.mu.Unlock()
	defer a.put(o.Order)
	if g == nil || g.conn.PublishMsg(&nats.Msg{Subject: a.prefix + verbOrder + process, Reply: a.prefix + verbAnswer + o.Order, Data: data}) != nil {
		return false
	}
	limit := time.NewTimer(probeTime)
	defer limit.Stop()
	select {
	case <-open.nobody:
		return true
	case <-open.answers:
	case <-limit.C:
	case <-ctx.Done():
	}
	return false
}

// told is what a hello has to say to the source that items go to.
type told struct {
	src      channels.Source
	standing string
	troubled map[string]string
	notice   *Notice
}

// attach makes the process the account's adapter, or notes how it is doing, and
// gives the run that takes its items.
func (a *Account) attach(h Hello) (taking string) {
	now := time.Now()
	a.mu.Lock()
	before := a.process
	if before != nil && before.hello.Process != h.Process {
		before = nil
		clear(a.uploads)
	}
	if h.Ends {
		if a.process != nil {
			a.detach(now, a.failure("connect", channels.Unavailable, "the adapter process of this account was ended; what to do: start it again"))
		}
		a.mu.Unlock()
		return ""
	}
	a.process, a.hello = &attached{hello: h, seen: now}, &h
	var say told
	switch stood, lost := linkBefore(before); {
	case h.Link == nil || h.Link.Why == nil && h.Link.Stood > 0:
		fresh := before == nil || a.loss != nil || h.Link != nil && h.Link.Stood > stood
		a.loss = nil
		if fresh {
			say.standing = a.standing()
		}
	case h.Link.Why != nil && (before == nil || h.Link.Lost > lost):
		a.lost(failed(a.cfg.Channel, a.cfg.Account, "receive", h.Link.Why))
	}
	if before == nil {
		a.change()
	}
	if a.run != nil {
		taking, say.src = a.run.id, a.run.src
		say.troubled = troubles(before, &h)
		if h.Notice != nil && (before == nil || before.hello.Notice == nil || before.hello.Notice.Number != h.Notice.Number) {
			say.notice = h.Notice
		}
	}
	a.mu.Unlock()
	a.say(say)
	return taking
}

func linkBefore(p *attached) (stood, lost int) {
	if p == nil || p.hello.Link == nil {
		return 0, 0
	}
	return p.hello.Link.Stood, p.hello.Link.Lost
}

// troubles gives what has changed in the sources that can't be read: "" for one
// that can be again.
func troubles(before *attached, h *Hello) map[string]string {
	out := map[string]string{}
	was := map[string]string{}
	if before != nil {
		was = before.hello.Troubled
	}
	for source, words := range h.Troubled {
		if was[source] != words {
			out[source] = words
		}
	}
	for source := range was {
		if _, still := h.Troubled[source]; !still {
			out[source] = ""
		}
	}
	return out
}

// say hands on what a process has said of its link.
func (a *Account) say(t told) {
	if t.src == nil {
		return
	}
	if t.standing != "" {
		channels.Connected(t.src, t.standing)
	}
	for _, source := range slices.Sorted(maps.Keys(t.troubled)) {
		var err error
		if words := t.troubled[source]; words != "" {
			err = errors.New(channels.Bounded(words, maxWords))
		}
		channels.Troubled(t.src, source, err)
	}
	if t.notice != nil {
		channels.Told(t.src, t.notice.Source, channels.Bounded(t.notice.Text, maxWords))
	}
}
