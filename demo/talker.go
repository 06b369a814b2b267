package demo

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"

	"stagecoach/contact"
)

// player is a customer, on whichever channel.
type player interface {
	// run plays the story to its end.
	run(ctx context.Context) error
	// tale is the story.
	tale() *story
	// took is how many contacts it has opened, once it is over.
	took() int
	// waits reports whether an answer is due.
	waits() bool
}

// talker plays one story of a customer who doesn't write mails.
type talker struct {
	story
	place place
	q     *quarter
	words *vocabulary
	pace  pace
	rng   *rand.Rand

	// wrote are the ids of what they wrote.
	wrote   []string
	opened  int
	waiting atomic.Bool
}

func newTalker(ctx context.Context, s story, q *quarter, words *vocabulary, pc pace) *talker {
	return &talker{
		story: s, place: q.settle(ctx, &s), q: q, words: words, pace: pc, opened: s.kind.cost(),
		rng: rand.New(rand.NewPCG(s.seed, 1)), //nolint:gosec // a demonstration, not a secret
	}
}

func (u *talker) tale() *story { return &u.story }
func (u *talker) took() int    { return u.opened }
func (u *talker) waits() bool  { return u.waiting.Load() }

// run implements player.
func (u *talker) run(ctx context.Context) error {
	switch u.kind {
	case flurry:
		return u.hurry(ctx)
	case edited, withdrawn:
		return u.rethink(ctx)
	default:
	}
	key := u.topic
	if u.kind == outreach {
		key = "outreach"
	}
	if _, err := u.say(ctx, key, nil); err != nil {
		return err
	}
	first, err := u.next(ctx)
	if err != nil {
		return err
	}
	switch u.kind {
	case followUp:
		return u.goOn(ctx, &first, "more", true)
	case vague:
		return u.goOn(ctx, &first, "number", true)
	case thanks:
		return u.goOn(ctx, &first, "thanks", false)
	case pledged:
		u.waiting.Store(true)
		_, err = u.next(ctx)
		return err
	default:
		return judge(ctx, first.text, &u.pace, u.rng)
	}
}

// say writes something, below an answer if there is one.
func (u *talker) say(ctx context.Context, key string, under *answer) (string, error) {
	s := u.said(key)
	s.under, s.photo = under, u.photo && len(u.wrote) == 0
	if u.kind == outreach {
		s.tag = handle
	}
	least, _ := u.kind.answers()
	u.waiting.Store(least > 0 && key != "thanks")
	id, err := u.place.say(ctx, s)
	if err != nil {
		return "", err
	}
	u.q.count(u.channel, 1, 0)
	u.wrote = append(u.wrote, id)
	return id, nil
}

func (u *talker) said(key string) said {
	return said{text: u.words.say(u.rng, u.language, chatKey(key), u.fill()).text, language: u.language, readers: u.readers}
}

// chatKey is that of the short form of a text.
func chatKey(key string) string { return "chat." + key }

func (u *talker) next(ctx context.Context) (answer, error) {
	a, err := u.place.next(ctx)
	if err == nil {
		u.waiting.Store(false)
	}
	return a, err
}

// goOn writes back, and waits for what comes of it.
func (u *talker) goOn(ctx context.Context, under *answer, key string, wanted bool) error {
	if !wait(ctx, u.pace.answer.draw(u.rng)) {
		return ctx.Err()
	}
	if _, err := u.say(ctx, key, under); err != nil || !wanted {
		return err
	}
	_, err := u.next(ctx)
	return err
}

// hurry says it bit by bit; only the last bit tells what it is about.
func (u *talker) hurry(ctx context.Context) error {
	for _, key := range []string{"hello", u.topic} {
		if len(u.wrote) > 0 && !wait(ctx, u.pace.afterthought.draw(u.rng)) {
			return ctx.Err()
		}
		if _, err := u.say(ctx, key, nil); err != nil {
			return err
		}
	}
	return u.untilAnswered(ctx)
}

// rethink changes what was just written, or takes it back.
func (u *talker) rethink(ctx context.Context) error {
	can, ok := u.place.(changer)
	if !ok {
		u.opened = 0
		return nil
	}
	key := "hello"
	if u.kind == withdrawn {
		key = u.topic
	}
	id, err := u.say(ctx, key, nil)
	if err != nil {
		return err
	}
	if !wait(ctx, u.pace.afterthought.draw(u.rng)/4) {
		return ctx.Err()
	}
	if u.kind == withdrawn {
		u.q.count(u.channel, 0, 1)
		can.withdraw(id)
		return nil
	}
	u.q.count(u.channel, 1, 0)
	can.edit(id, u.said(u.topic))
	return u.untilAnswered(ctx)
}

// untilAnswered waits for the answer to all of it: that names the order.
func (u *talker) untilAnswered(ctx context.Context) error {
	for u.opened = 1; ; u.opened++ {
		a, err := u.next(ctx)
		if err != nil || strings.Contains(a.text, u.order) {
			return err
		}
		u.waiting.Store(true)
	}
}

// compare checks what lies at the customer's place against the story, and gives
// the number of answers there.
func (u *talker) compare(problem func(string, ...any)) int {
	all := u.place.answers()
	least, most := u.kind.answers()
	if n := len(all); n < least || n > most {
		problem("%s has %d answers on %s where %d were due (%s)", u.name, n, u.channel, least, u.kind)
	}
	for _, a := range all {
		if a.readers > u.readers {
			problem("%s asked on %s for few to read, and more can read the answer %s", u.name, u.channel, a.id)
		}
		if a.to != "" && !slices.Contains(u.wrote, a.to) {
			problem("an answer to %s on %s stands below something else: %s", u.name, u.channel, a.to)
		}
		if !strings.Contains(a.text, u.first) {
			problem("%s got an answer on %s that is not theirs: %s", u.name, u.channel, a.id)
		}
	}
	if chat, ok := u.place.(*atChat); ok && chat.complaints() != "" {
		problem("the chat of %s: %s", u.name, chat.complaints())
	}
	return len(all)
}

// short reports whether people write little at a time on a channel.
func short(channel string) bool { return channel != "" && channel != string(contact.Email) }
