package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/channels/webhook/webhookfake"
	"stagecoach/contact"
	"stagecoach/demo/town"
	"stagecoach/desk/view"
	"stagecoach/ledger"
)

// inARow is how many messages each customer writes.
const inARow = 8

// rush is what came of many messages by all channels at once.
type rush struct {
	count         int           // messages
	conversations int           // customers
	ordered       int           // conversations whose messages are all there, in their order
	took          time.Duration // from the first message to the last in the ledger
	by            map[contact.Channel]time.Duration
	cpu           time.Duration
	rss           watched
}

// watched is a daemon's memory over a time, in MiB.
type watched struct{ start, half, peak, end float64 }

// rush has all customers write at once, waits until the ledger has it all, and
// reads every conversation.
func (b *bench) rush(ctx context.Context, p *process, s *screen, t *town.Town) (r *rush, err error) {
	customers := max(1, b.cmd.Messages/len(town.Channels())/inARow)
	r = &rush{count: customers * inARow * len(town.Channels()), conversations: customers * len(town.Channels()), by: map[contact.Channel]time.Duration{}}
	w, err := b.writers(ctx, t, customers)
	defer func() { err = errors.Join(err, w.close()) }()
	if err != nil {
		return nil, err
	}
	var before ledger.Summary
	if err := s.call(ctx, "GET", "/api/summary", nil, &before); err != nil {
		return nil, err
	}
	if r.rss.start, err = p.resident(); err != nil {
		return nil, err
	}
	spent, err := p.cpu()
	if err != nil {
		return nil, err
	}
	g, inner := errgroup.WithContext(ctx)
	begin := time.Now()
	g.Go(func() error { return w.write() })
	g.Go(func() error { return b.followRush(inner, p, s, r, &before, begin) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	used, err := p.cpu()
	if err != nil {
		return nil, err
	}
	r.cpu = used - spent
	return r, b.readAll(ctx, s, r)
}

// followRush waits until the ledger has every message, and watches the memory.
func (b *bench) followRush(ctx context.Context, p *process, s *screen, r *rush, before *ledger.Summary, begin time.Time) error {
	for limit := time.Now().Add(floodLimit); ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		mib, err := p.resident()
		if err != nil {
			return err
		}
		var now ledger.Summary
		if err := s.call(ctx, "GET", "/api/summary", nil, &now); err != nil {
			return err
		}
		have := int(now.Messages - before.Messages) //nolint:gosec // small counts
		if r.rss.peak = max(r.rss.peak, mib); r.rss.half == 0 && have >= r.count/2 {
			r.rss.half = mib
		}
		for _, channel := range town.Channels() {
			done := int(now.Channels[channel].Seen - before.Channels[channel].Seen) //nolint:gosec // small counts
			if all := done >= r.count/len(town.Channels()); r.by[channel] == 0 && (all || have >= r.count) {
				r.by[channel] = time.Since(begin)
			}
		}
		b.bar.show("ingest: all channels at once", have, r.count)
		if have >= r.count {
			r.took, r.rss.end = time.Since(begin), mib
			return nil
		}
		if time.Now().After(limit) {
			return fmt.Errorf("after %s only %d of %d messages are in the ledger", floodLimit, have, r.count)
		}
	}
	return ctx.Err()
}

// readAll reads every conversation as an agent does: a customer's messages must
// all be there, in the order in which they were written.
func (b *bench) readAll(ctx context.Context, s *screen, r *rush) error {
	var list ledgerListCmd
	rows, _, err := list.rows(ctx, &client{http: s.http, base: s.base, token: s.token}, url.Values{"state": {"open"}})
	if err != nil {
		return err
	}
	if len(rows) != r.conversations {
		return fmt.Errorf("%d conversations became %d contacts", r.conversations, len(rows))
	}
	for i, row := range rows {
		b.bar.show("ingest: reading every conversation", i, len(rows))
		var talk view.Conversation
		if err := s.call(ctx, "GET", "/api/conversations/"+row.Conversation, nil, &talk); err != nil {
			return err
		}
		next, who := 1, ""
		for _, item := range talk.Items {
			if item.Kind != view.ItemMessage {
				continue
			}
			var name string
			var n int
			if _, err := fmt.Sscanf(lastLine(item.ReplyText), "This is number %d of %s", &n, &name); err != nil {
				return fmt.Errorf("a message reads otherwise than it was written: %q", item.ReplyText)
			}
			if n != next || who != "" && name != who {
				return fmt.Errorf("a conversation by %s is out of order: number %d of %s where number %d of %s was due", row.Channel, n, name, next, who)
			}
			next, who = next+1, name
		}
		if next != inARow+1 {
			return fmt.Errorf("a conversation by %s has %d messages instead of %d", row.Channel, next-1, inARow)
		}
		r.ordered++
	}
	return nil
}

func lastLine(text string) string {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '\n' {
			return text[i+1:]
		}
	}
	return text
}

// writers are the customers of all channels, ready to write.
type writers struct {
	town     *town.Town
	count    int
	slack    []string
	visitors *company
}

// company are visitors of the web chat who came together.
type company struct {
	crowd *town.Crowd
	all   []*webchatfake.Visitor
}

func (c *company) close() error {
	var group sync.WaitGroup
	for _, v := range c.all {
		group.Go(v.Close)
	}
	group.Wait()
	c.crowd.Close()
	return nil
}

// writers makes so many customers on each channel.
func (b *bench) writers(ctx context.Context, t *town.Town, count int) (*writers, error) {
	w := &writers{town: t, count: count, visitors: &company{crowd: town.NewCrowd(chatting)}}
	for i := range count {
		w.slack = append(w.slack, t.Slack.AddUser(slackfake.User{Name: writerName(contact.Slack, i)}))
		w.visitors.all = append(w.visitors.all, t.Visitor(ctx, town.Guest{Language: "en", Page: writerName(contact.WebChat, i), Client: w.visitors.crowd.Client()}))
	}
	var come errgroup.Group
	come.SetLimit(chatting)
	for _, v := range w.visitors.all {
		come.Go(v.Come)
	}
	return w, come.Wait()
}

// chatting is how many visitors wait for the word that their message is safe, at
// the same time.
const chatting = 64

func (w *writers) close() error {
	if w == nil {
		return nil
	}
	return w.visitors.close()
}

func writerName(channel contact.Channel, i int) string { return fmt.Sprintf("%s-%d", channel, i) }

// words are what a customer writes as number n.
func (w *writers) words(channel contact.Channel, i, n int) string {
	all := sentences()
	return all[(i+n)%len(all)] + "\n" + fmt.Sprintf("This is number %d of %s", n, writerName(channel, i))
}

// write has everybody write all that they have to say, and returns once visitors
// of the web chat know that theirs is safe.
func (w *writers) write() error {
	var chats errgroup.Group
	chats.SetLimit(chatting)
	for i, v := range w.visitors.all {
		chats.Go(func() error {
			for n := range inARow {
				if _, err := v.Say(w.words(contact.WebChat, i, n+1)); err != nil {
					return fmt.Errorf("writing in the chat: %w", err)
				}
			}
			return nil
		})
		if i == chatting/2 { // the others begin with them
			w.post()
		}
	}
	if w.count <= chatting/2 {
		w.post()
	}
	return chats.Wait()
}

// post lays what the customers of the other channels write at their providers.
func (w *writers) post() {
	under := make([]*blueskyfake.Ref, w.count)
	below := make([]string, w.count)
	for n := 1; n <= inARow; n++ {
		for i := range w.count {
			w.town.Slack.Put(slackfake.Message{User: w.slack[i], Text: w.words(contact.Slack, i, n)})
			below[i] = w.town.Mastodon.Put(mastodonfake.Post{
				From: writerName(contact.Mastodon, i) + "@far.example", Text: w.words(contact.Mastodon, i, n), InReplyTo: below[i], Visibility: "direct",
			})
			ref := w.town.Bluesky.Put(blueskyfake.Post{Author: writerName(contact.Bluesky, i) + ".example", Text: w.words(contact.Bluesky, i, n), Reply: under[i]})
			under[i] = &ref
			w.town.Webhook.Put(webhookfake.Message{
				Conversation: writerName(contact.Webhook, i), From: writerName(contact.Webhook, i), Name: writerName(contact.Webhook, i), Text: w.words(contact.Webhook, i, n),
			})
		}
	}
}

// connect brings visitors of the web chat, each with a live line.
func (b *bench) connect(ctx context.Context, t *town.Town) (*company, int, error) {
	c := &company{crowd: town.NewCrowd(chatting)}
	var come errgroup.Group
	come.SetLimit(chatting)
	for range b.cmd.Visitors {
		v := t.Visitor(ctx, town.Guest{Language: "en", Page: "Shop", Client: c.crowd.Client()})
		c.all = append(c.all, v)
		come.Go(func() error { //nolint:contextcheck // a browser stays until it leaves
			if err := v.Come(); err != nil {
				return fmt.Errorf("opening the chat: %w", err)
			}
			v.Listen()
			return nil
		})
	}
	if err := come.Wait(); err != nil {
		return c, 0, err
	}
	for i, v := range c.all {
		b.bar.show("ingest: visitors of the web chat", i, len(c.all))
		for changed := v.Changed(); !v.Streaming(); changed = v.Changed() {
			select {
			case <-changed:
			case <-ctx.Done():
				return c, i, ctx.Err()
			}
		}
	}
	return c, len(c.all), nil
}
