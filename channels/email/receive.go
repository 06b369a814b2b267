package email

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"stagecoach/channels"
)

// Receive implements channels.Receiver.
func (a *Adapter) Receive(ctx context.Context, src channels.Source) error {
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	start := func(name string, work func(context.Context) error) {
		beside.Go(func() { a.persist(ctx, name, work) })
	}
	err := a.watch(ctx, src, func(mark channels.Bookmark) {
		start("sent folder", func(ctx context.Context) error { return a.watchSent(ctx, src) })
		start("sent copies", a.appendCopies)
		start("older mail", func(ctx context.Context) error { return a.loadOlder(ctx, src, mark.Since) })
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// watch follows the inbox until the link is lost. connected is called once when
// it stands.
func (a *Adapter) watch(ctx context.Context, src channels.Source, connected func(channels.Bookmark)) error {
	s, err := a.login(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	r := &reader{
		a: a, s: s, src: src, kind: channels.Fresh,
		source: sourceName(a.cfg.Account, a.cfg.IMAP.Folder), folder: a.cfg.IMAP.Folder,
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	channels.Connected(src, r.source)
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
		before := r.at.last
		if err := r.catchUp(ctx); err != nil {
			return err
		}
		if r.at.last != before {
			trust = settle
		}
		trust = min(trust, r.a.cfg.IdleMaximum)
		if err := r.s.waitForNews(ctx, trust, r.a.cfg.PollInterval); err != nil {
			return r.a.imapError("idle", err)
		}
		trust *= 4
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
