package email

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"stagecoach/channels"
)

// Receive implements channels.Receiver. The link stands and falls with the main
// folder; trouble with another one is told, and ends when that can be read.
func (a *Adapter) Receive(ctx context.Context, src channels.Source) error {
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	start := func(name string, work func(context.Context) error) {
		beside.Go(func() { a.persist(ctx, name, work) })
	}
	older := func(folder string) func(channels.Bookmark) {
		return func(mark channels.Bookmark) {
			start("older mail", func(ctx context.Context) error { return a.loadOlder(ctx, src, folder, mark.Since) })
		}
	}
	main := a.cfg.IMAP.Folders[0]
	err := a.watch(ctx, src, main, func(mark channels.Bookmark) {
		channels.Connected(src, sourceName(a.cfg.Account, main))
		start("sent folder", func(ctx context.Context) error { return a.watchSent(ctx, src) })
		start("sent copies", a.appendCopies)
		older(main)(mark)
		for _, folder := range a.cfg.IMAP.Folders[1:] {
			start("folder", func(ctx context.Context) error { return a.watchOther(ctx, src, folder, older(folder)) })
		}
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// watchOther follows a folder that isn't the main one, and tells how it is doing.
func (a *Adapter) watchOther(ctx context.Context, src channels.Source, folder string, connected func(channels.Bookmark)) error {
	source := sourceName(a.cfg.Account, folder)
	err := a.watch(ctx, src, folder, func(mark channels.Bookmark) {
		channels.Troubled(src, source, nil)
		connected(mark)
	})
	if err != nil && ctx.Err() == nil {
		channels.Troubled(src, source, err)
	}
	return err
}

// watch follows a folder until the link is lost. connected is called once when
// it stands.
func (a *Adapter) watch(ctx context.Context, src channels.Source, folder string, connected func(channels.Bookmark)) error {
	s, err := a.login(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	r := &reader{
		a: a, s: s, src: src, kind: channels.Fresh,
		source: sourceName(a.cfg.Account, folder), folder: folder,
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	connected(r.mark)
	return r.follow(ctx)
}

// settle is how long the first IDLE after mail came is trusted; each that stays
// silent makes the next four times as long, up to IdleMaximum. Some servers
// lose what arrives between the last answer and the IDLE.
const settle = 250 * time.Millisecond

// follow delivers what is there and what comes, until the link is lost.
func (r *reader) follow(ctx context.Context) error {
	trust := settle
	for {
		before := r.delivered
		if err := r.catchUp(ctx); err != nil {
			return err
		}
		if r.delivered != before {
			trust = settle
		}
		trust = min(trust, r.a.cfg.IdleMaximum)
		idle, poll := trust, r.a.cfg.PollInterval
		if r.s.simple() {
			idle = min(idle, poll)
		}
		if due := r.a.stuck.nextDue(r.source, r.at.numbering); !due.IsZero() {
			wait := max(time.Until(due), time.Millisecond)
			idle, poll = min(idle, wait), min(poll, wait)
		}
		if err := r.s.waitForNews(ctx, idle, poll); err != nil {
			return r.a.imapError("idle", err)
		}
		trust *= 4
		if err := r.reopen(ctx); err != nil {
			return err
		}
	}
}

// persist does work that may not stop the inbox: again and again with back-off
// while it fails, until it is done or ctx ends.
func (a *Adapter) persist(ctx context.Context, name string, work func(context.Context) error) {
	for wait := time.Second; ; wait = min(2*wait, 5*time.Minute) {
		err := work(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		a.log.LogAttrs(ctx, slog.LevelWarn, "side work failed",
			slog.String("work", name), slog.Any("err", err), slog.Duration("retry_in", wait))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
