package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"stagecoach/channels"
)

// request asks the daemon and decodes what it answers.
func (p *Process) request(ctx context.Context, verb string, limit time.Duration, ask, answer any) error {
	data, err := json.Marshal(ask)
	if err != nil {
		return fmt.Errorf("writing a request for %s: %w", verb, err)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m, err := p.conn.RequestWithContext(ctx, p.prefix+verb, data)
	if err != nil {
		return p.failure("ask", channels.Plain("the daemon doesn't answer: "+Words(err), err))
	}
	if err := json.Unmarshal(m.Data, answer); err != nil {
		return p.failure("ask", fmt.Errorf("the daemon's answer can't be read: %w", err))
	}
	return nil
}

func (p *Process) failure(op string, err error) error {
	return &channels.Error{Channel: p.adapter.Channel, Account: p.adapter.Account, Op: op, Reason: channels.Unavailable, Err: err}
}

// greetLimit bounds one hello.
const greetLimit = 5 * time.Second

// greet says hello every few seconds, and at once when something has changed.
func (p *Process) greet(ctx context.Context) {
	for ctx.Err() == nil {
		if p.conn.IsConnected() {
			p.hello(ctx)
		} else if err := p.conn.LastError(); err != nil {
			p.trouble.tell(err) // of a refused login the client tells nobody else
		}
		p.mu.Lock()
		every := p.every
		p.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-p.wake:
		case <-time.After(every):
		}
	}
}

func (p *Process) hello(ctx context.Context) {
	var w Welcome
	err := p.request(ctx, verbHello, greetLimit, p.says(), &w)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		p.unheard(ctx, err)
		return
	case w.Error != nil:
		p.setRun("")
		p.notTaken(ctx, w.Error.Text)
		return
	}
	p.mu.Lock()
	p.every, p.greeted = min(max(time.Duration(w.EverySeconds)*time.Second, time.Second), time.Minute), time.Now()
	if w.PartBytes > 0 {
		p.partBytes = min(w.PartBytes, partBytes)
	}
	first := p.refused != "" || p.run == "" && w.Run != ""
	p.refused = ""
	p.mu.Unlock()
	if first {
		p.log.InfoContext(ctx, "the daemon takes this process for the account's adapter", "receiving", w.Run != "")
	}
	p.setRun(w.Run)
}

// unheard ends receiving once the daemon has been silent for long.
func (p *Process) unheard(ctx context.Context, err error) {
	p.mu.Lock()
	long := time.Since(p.greeted) > 4*p.every
	p.mu.Unlock()
	if long {
		p.setRun("")
	}
	if p.conn.IsConnected() {
		p.notTaken(ctx, channels.Words(err)+"; is the account configured there, under channels.remote?")
	}
}

// notTaken says why the daemon doesn't take this process, once.
func (p *Process) notTaken(ctx context.Context, words string) {
	words = channels.Bounded(words, maxWords)
	p.mu.Lock()
	again := p.refused == words
	p.refused = words
	p.mu.Unlock()
	if !again {
		p.log.WarnContext(ctx, "the daemon doesn't take this process for the account's adapter yet", "why", words)
	}
}

// says is what hello says now.
func (p *Process) says() *Hello {
	a := p.adapter
	limits := a.Limits
	if limited, ok := a.Sender.(channels.Limited); ok {
		limits = limited.Limits()
	}
	h := &Hello{
		Schema: Schema, Process: p.id, Program: p.cfg.Program, Receives: a.Receiver != nil, Sends: a.Sender != nil,
		Resolves: a.Resolver != nil, Checks: a.Checker != nil, Address: a.Address, Limits: &limits,
	}
	_, h.Prepares = a.Sender.(channels.Preparer)
	_, h.Partly = a.Sender.(channels.PartialSender)
	_, h.Copies = a.Sender.(channels.Copier)
	if pacer, ok := a.Sender.(channels.Pacer); ok {
		if wait := pacer.Pause(time.Now()); wait > 0 {
			h.Pause = wait.Seconds()
		} else {
			pacer.Unused() // it was only to look
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.Receives {
		link := p.link
		h.Link = &link
	}
	h.Troubled = maps.Clone(p.troubled)
	h.Notice = p.notice
	return h
}

// farewell tells the daemon that another process may come.
func (p *Process) farewell(ctx context.Context) {
	if !p.conn.IsConnected() || ctx.Err() != nil {
		return
	}
	h := p.says()
	h.Ends = true
	var w Welcome
	_ = p.request(ctx, verbHello, ending/2, h, &w) // else it finds out by itself
}
