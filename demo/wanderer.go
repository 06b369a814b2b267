package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/contact"
)

// Listed is the shop's own list of customers, which the daemon is given at its start.
const Listed = "customers.csv"

// rosa is on that list, under all her addresses. She writes wherever she is.
func rosa() story {
	return story{
		number: 7, kind: plain, channel: contact.WebChat, language: "en", topic: "delivery", name: "Rosa Winter", first: "Rosa",
		address: "rosa.winter@" + club, order: "LH-47110", product: "head torch", seed: 7,
	}
}

// list writes the shop's list beside the configuration.
func list(dir string) error {
	s := rosa()
	rows := "external_id,name,emails,handles,language,timezone,value,customer_since,preferred_channel,tags\n" +
		fmt.Sprintf("LH-1007,%s,%s,mastodon:%s,en,Europe/Berlin,740,2017-03-11,email,club\n", s.name, s.address, s.address)
	return os.WriteFile(filepath.Join(dir, Listed), []byte(rows), 0o600)
}

// wanderer asks the same in the chat, on Mastodon and by mail: she is one customer,
// and gets one answer.
type wanderer struct {
	*customer
	chat, square place
}

func (p *play) wanderer(ctx context.Context) (*wanderer, error) {
	s := rosa()
	mails, err := newCustomer(s, p.post, p.words, p.pace)
	if err != nil {
		return nil, err
	}
	return &wanderer{customer: mails, chat: p.quarter.atChat(ctx, &s), square: p.quarter.atMastodon(&s)}, nil
}

// run implements player: she has had enough once the first answer is there.
func (w *wanderer) run(ctx context.Context) error {
	defer w.chat.leave()
	say := func(at place) error {
		_, err := at.say(ctx, said{text: w.words.say(w.rng, w.language, chatKey(w.topic), w.fill()).text, language: w.language})
		return err
	}
	if err := say(w.chat); err != nil {
		return err
	}
	if err := say(w.square); err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var g errgroup.Group
	for _, next := range []func() error{
		func() error { _, err := w.chat.next(ctx); return err },
		func() error { _, err := w.square.next(ctx); return err },
		func() error { _, err := w.answer(ctx); return err },
	} {
		g.Go(func() error {
			defer enough() // the first will do
			if err := next(); err != nil && ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	return g.Wait()
}

// wander lets her come a while after the first customers.
func (p *play) wander(ctx context.Context) error {
	if !wait(ctx, wanderAfter) {
		return nil
	}
	w, err := p.wanderer(ctx)
	if err != nil {
		return err
	}
	p.stage.enter(w.tale())
	if err := w.run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("customer %s: %w", w.name, err)
	}
	return nil
}

// wanderAfter is when: whoever looks on has logged in by then.
const wanderAfter = 20 * time.Second
