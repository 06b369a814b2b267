package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"stagecoach/demo/town"
)

// others measures the way from the customers of all channels but e-mail to an
// agent. The daemon is a process of its own, so that memory and processor time are
// its alone; providers and customers are in this one.
func (b *bench) others(ctx context.Context) error {
	err := b.inTown(ctx, func(p *process, t *town.Town) error {
		s, err := p.screen(ctx)
		if err != nil {
			return err
		}
		if err := b.chatLatency(ctx, s, t); err != nil {
			return err
		}
		r, err := b.rush(ctx, p, s, t)
		if err != nil {
			return err
		}
		return b.tellRush(ctx, r)
	})
	if err != nil {
		return err
	}
	return b.inTown(ctx, func(p *process, t *town.Town) error { return b.visitors(ctx, p, t) })
}

// inTown runs a daemon of its own with an account on each channel but e-mail.
func (b *bench) inTown(ctx context.Context, do func(p *process, t *town.Town) error) (err error) {
	t, err := town.Open(ctx, town.Config{Company: "Bench", Handle: "bench"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	dir, err := b.folder("channels")
	if err != nil {
		return err
	}
	settings, err := t.Settings(dir)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "stagecoach.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nchannels:\n"+settings+"log: {level: error}\n"), 0o600); err != nil {
		return fmt.Errorf("writing a configuration: %w", err)
	}
	p, err := startProcess(ctx, filepath.Join(dir, "data"), "--config", file)
	if err != nil {
		return err
	}
	defer func() {
		_, stopped := p.stop()
		err = errors.Join(err, stopped)
	}()
	t.Connect(p.url)
	return do(p, t)
}

// screen opens an agent's desk at the daemon.
func (p *process) screen(ctx context.Context) (*screen, error) {
	token, err := setupToken(p.dir)
	if err != nil {
		return nil, err
	}
	return openScreen(ctx, p.url, token)
}

// chatLatency times messages of the web chat one by one until they are on an
// agent's screen.
func (b *bench) chatLatency(ctx context.Context, s *screen, t *town.Town) error {
	var whole, bare []time.Duration
	crowd := town.NewCrowd(8)
	defer crowd.Close()
	for i := range b.cmd.Single {
		b.bar.show("ingest: chats one by one", i, b.cmd.Single)
		page := fmt.Sprintf("shelf %d", i)
		took, asked, err := s.chat(ctx, t, town.Guest{Page: page, Language: "en", Client: crowd.Client()}, "Chat from "+page)
		if err != nil {
			return err
		}
		whole, bare = append(whole, took), append(bare, asked)
	}
	disk, err := syncedWrites(b.dir, noise(1024), 100, 3*time.Second)
	if err != nil {
		return err
	}
	// What no chat can do without: two synced writes, the visitor's words and their
	// place in the log, and the screen's own question.
	raw := 2*p95(disk) + p95(bare)
	b.add(figure{Name: "webchat_screen_p95", Value: millis(p95(whole)), Unit: "ms", Limit: millis(raw)}, atMost(100))
	b.note("webchat_screen: %d messages one by one, each by a new visitor, from the request to the offer read by the live line's reader; raw limit: two synced writes and one request for the desk.", b.cmd.Single)
	return s.call(ctx, "POST", "/api/presence", map[string]string{"presence": "offline"}, nil)
}

// chat has a visitor say something, waits until it is on the screen, and ends the
// contact. It also tells how long the screen's own request takes.
func (s *screen) chat(ctx context.Context, t *town.Town, g town.Guest, subject string) (took, asked time.Duration, err error) {
	v := t.Visitor(ctx, g)
	defer v.Close()
	if err := v.Come(); err != nil {
		return 0, 0, fmt.Errorf("opening the chat: %w", err)
	}
	said := make(chan error, 1)
	begin := time.Now()
	go func() {
		_, err := v.Say("Is this in stock?")
		said <- err
	}()
	offer, err := s.until(ctx, subject)
	took = time.Since(begin)
	if err := errors.Join(err, <-said); err != nil {
		return 0, 0, err
	}
	begin = time.Now()
	if err := s.call(ctx, "GET", "/api/desk", nil, nil); err != nil {
		return 0, 0, err
	}
	asked = time.Since(begin)
	if err := s.call(ctx, "POST", "/api/offers/"+offer+"/accept", nil, nil); err != nil {
		return 0, 0, err
	}
	return took, asked, s.end(ctx, subject)
}

// tellRush measures the raw limits and records all figures of the rush.
func (b *bench) tellRush(ctx context.Context, r *rush) (err error) {
	b.bar.show("ingest: raw limits", 0, 0)
	dir, err := b.folder("engine")
	if err != nil {
		return err
	}
	c, err := b.core(ctx, dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	begin, cpu := time.Now(), ownCPU()
	if err := c.pour(ctx, callers, r.count, 0, c.message); err != nil {
		return err
	}
	engine, engineCPU := time.Since(begin), ownCPU()-cpu
	n, steady, flat := float64(r.count), goal{}, goal{}
	if r.count <= usualMessages {
		steady = atMost(300)
	}
	if r.count >= manyMessages {
		flat = atMost(8192)
	}
	b.add(figure{Name: "channels", Value: n / r.took.Seconds(), Unit: "messages/s", Limit: n / engine.Seconds()}, atLeast(600))
	for _, channel := range town.Channels() {
		b.add(figure{Name: "channels_" + string(channel), Value: float64(r.count/len(town.Channels())) / r.by[channel].Seconds(), Unit: "messages/s"}, goal{})
	}
	b.add(figure{Name: "channels_cpu", Value: millis(r.cpu) / n, Unit: "ms/message", Limit: millis(engineCPU) / n}, goal{})
	b.add(figure{Name: "channels_in_order", Value: float64(r.ordered), Unit: "conversations", Limit: float64(r.conversations)}, atLeast(float64(r.conversations)))
	b.add(figure{Name: "channels_rss_start", Value: r.rss.start, Unit: "MiB"}, goal{})
	b.add(figure{Name: "channels_rss_peak", Value: r.rss.peak, Unit: "MiB", Limit: r.rss.start}, steady)
	b.add(figure{Name: "channels_rss_end", Value: r.rss.end, Unit: "MiB", Limit: r.rss.start}, goal{})
	b.add(figure{Name: "channels_memory", Value: max(0, r.rss.end-r.rss.half) * (1 << 20) / (n / 2), Unit: "B/message"}, flat)
	b.note("channels: %d messages by %d customers on each of Slack, web chat, Mastodon, Bluesky and webhook, all at once, until the ledger has them; the daemon is a process of its own, CPU and memory are its. "+
		"The time begins with the first message at a provider, the seconds until one is asked included. Order: each customer's words as an agent reads them. "+
		"Memory: resident; a message: what the second half added. Raw limit: the engine alone taking in as many messages, or its CPU.",
		r.count, r.conversations/len(town.Channels()))
	return nil
}

// manyMessages are enough for buffers of a fixed size not to count, usualMessages
// what the bound of memory is meant for.
const (
	manyMessages  = 20_000
	usualMessages = 10_000
)

// visitors measures the memory of many visitors of the web chat who are connected
// at once.
func (b *bench) visitors(ctx context.Context, p *process, t *town.Town) error {
	before, err := p.resident()
	if err != nil {
		return err
	}
	group, all, err := b.connect(ctx, t)
	if err != nil {
		return errors.Join(err, group.close())
	}
	pause(ctx, settled)
	mib, err := p.resident()
	if err != nil {
		return errors.Join(err, group.close())
	}
	b.add(figure{Name: "webchat_visitors_rss", Value: mib, Unit: "MiB", Limit: before}, atMost(300))
	b.note("webchat_visitors: resident with %d visitors connected, each with a live line, all of a daemon of its own; raw limit: the same daemon before they came.", all)
	return group.close()
}
