package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"slices"
	"strings"
	"sync/atomic"
)

// customer plays one story of a customer who writes mails.
type customer struct {
	story
	post  *post
	words *vocabulary
	pace  pace
	rng   *rand.Rand
	box   *box[incoming]

	// wrote are the ids of what they wrote and want an answer to, thread all
	// ids of the conversation, subject its subject.
	wrote   []string
	thread  []string
	subject string
	letters int
	// opened is how many contacts the story has opened, once it is over.
	opened int
	// waiting is true as long as an answer is due.
	waiting atomic.Bool
}

func newCustomer(s story, p *post, words *vocabulary, pc pace) (*customer, error) {
	u := &customer{
		story: s, post: p, words: words, pace: pc, opened: s.kind.cost(),
		rng: rand.New(rand.NewPCG(s.seed, 1)), //nolint:gosec // a demonstration, not a secret
	}
	var err error
	u.box, err = p.moveIn(s.address, s.kind == bounced)
	return u, err
}

func (u *customer) tale() *story { return &u.story }
func (u *customer) took() int    { return u.opened }
func (u *customer) waits() bool  { return u.waiting.Load() }

// run implements player.
func (u *customer) run(ctx context.Context) error {
	if err := u.begin(); err != nil {
		return err
	}
	switch u.kind {
	case newsletter, spam, garbled:
		return nil
	case again:
		return u.writeAgain(ctx)
	case bounced:
		return u.bounce(ctx)
	default:
		first, err := u.answer(ctx)
		if err != nil {
			return err
		}
		return u.answered(ctx, first)
	}
}

// answered plays on after the first reply.
func (u *customer) answered(ctx context.Context, first incoming) error {
	switch u.kind {
	case followUp:
		return u.goOn(ctx, first, "more")
	case vague:
		return u.goOn(ctx, first, "number")
	case thanks:
		if err := u.thank(ctx, first); err != nil {
			return err
		}
		return judge(ctx, first.text, &u.pace, u.rng)
	case pledged:
		_, err := u.answer(ctx)
		return err
	case awayNow:
		return u.away(ctx, first)
	default:
		return judge(ctx, first.text, &u.pace, u.rng)
	}
}

// begin sends the first mail.
func (u *customer) begin() error {
	if u.kind == garbled {
		u.letters++
		return u.post.send("", []string{supportAddress}, unreadable(u.rng, u.newID()), false)
	}
	key := u.topic
	if u.kind == newsletter || u.kind == spam {
		key = string(u.kind)
	}
	p := u.words.say(u.rng, u.language, key, u.fill())
	u.subject = p.subject
	l := letter{text: p.text, to: []mail.Address{{Name: company, Address: supportAddress}}, rich: u.rng.IntN(3) == 0, photo: key == "technical" && u.rng.IntN(2) == 0}
	if u.kind == copied {
		l.to = append(l.to, mail.Address{Address: billingAddress})
	}
	if u.kind == newsletter {
		l.more = []string{"List-Id", "<weekly.news.example>", "List-Unsubscribe", "<https://news.example/bye>", "Precedence", "bulk"}
	}
	return u.mail(&l, false)
}

func (u *customer) newID() string {
	return fmt.Sprintf("%016x.%d@%s", u.seed, u.letters, u.address[strings.IndexByte(u.address, '@')+1:])
}

// mail sends a letter as the next of the conversation.
func (u *customer) mail(l *letter, evidence bool) error {
	u.letters++
	l.id, l.from = u.newID(), mail.Address{Name: u.name, Address: u.address}
	if l.subject == "" {
		l.subject = u.subject
		if len(u.thread) > 0 {
			l.subject = "Re: " + u.subject
		}
	}
	l.references = slices.Clone(u.thread)
	if len(u.thread) > 0 && l.inReplyTo == "" {
		l.inReplyTo = u.thread[len(u.thread)-1]
	}
	raw, err := l.bytes()
	if err != nil {
		return err
	}
	u.thread = append(u.thread, l.id)
	if !evidence {
		u.wrote = append(u.wrote, l.id)
		least, _ := u.kind.answers()
		u.waiting.Store(least > 0)
	}
	to := make([]string, len(l.to))
	for i, a := range l.to {
		to[i] = a.Address
	}
	return u.post.send(u.address, to, raw, evidence)
}

// answer waits for a reply to what they wrote.
func (u *customer) answer(ctx context.Context) (incoming, error) {
	in, err := u.box.next(ctx)
	if err == nil {
		u.thread = append(u.thread, in.id)
		u.waiting.Store(false)
	}
	return in, err
}

// writeAgain adds something while waiting. A reply that was under way by then
// answers only the first mail, and the second gets its own.
func (u *customer) writeAgain(ctx context.Context) error {
	first := u.thread[0]
	if !wait(ctx, u.pace.afterthought.draw(u.rng)) {
		return ctx.Err()
	}
	p := u.words.say(u.rng, u.language, "again", u.fill())
	if err := u.mail(&letter{text: p.text, inReplyTo: first, to: []mail.Address{{Name: company, Address: supportAddress}}}, false); err != nil {
		return err
	}
	second := u.wrote[1]
	for u.opened = 1; ; u.opened++ {
		in, err := u.answer(ctx)
		if err != nil {
			return err
		}
		if in.inReplyTo == second || slices.Contains(in.references, second) {
			return nil
		}
		u.waiting.Store(true)
	}
}

// reply answers one of our mails as mail programs do: to its Reply-To, quoted.
func (u *customer) reply(in incoming, text string) *letter {
	quote := u.words.say(u.rng, u.language, "quote", map[string]string{"date": in.at.Format("2006-01-02 15:04"), "agent": in.from.Name}).text
	return &letter{
		text: text + "\n\n" + quote + "\n" + quoted(in.text), inReplyTo: in.id,
		to: []mail.Address{{Name: in.from.Name, Address: in.answerTo}},
	}
}

// goOn writes back and waits for the next reply.
func (u *customer) goOn(ctx context.Context, in incoming, key string) error {
	if !wait(ctx, u.pace.answer.draw(u.rng)) {
		return ctx.Err()
	}
	if err := u.mail(u.reply(in, u.words.say(u.rng, u.language, key, u.fill()).text), false); err != nil {
		return err
	}
	_, err := u.answer(ctx)
	return err
}

// thank writes back what needs no reply.
func (u *customer) thank(ctx context.Context, in incoming) error {
	if !wait(ctx, u.pace.answer.draw(u.rng)) {
		return ctx.Err()
	}
	err := u.mail(u.reply(in, u.words.say(u.rng, u.language, "thanks", u.fill()).text), false)
	u.waiting.Store(false)
	return err
}

// away is the machine that answers for a customer on holiday (RFC 3834).
func (u *customer) away(ctx context.Context, in incoming) error {
	if !wait(ctx, u.pace.bounce.draw(u.rng)) {
		return ctx.Err()
	}
	p := u.words.say(u.rng, u.language, "away", u.fill())
	return u.mail(&letter{
		text: p.text, subject: p.subject, inReplyTo: in.id, to: []mail.Address{{Address: in.sender}},
		more: []string{"Auto-Submitted", "auto-replied"},
	}, true)
}

// bounce loses the first reply: it comes back, the mailbox is emptied, and the
// next reply gets through.
func (u *customer) bounce(ctx context.Context) error {
	lost, err := u.answer(ctx)
	if err != nil {
		return err
	}
	u.waiting.Store(true)
	if !wait(ctx, u.pace.bounce.draw(u.rng)) {
		return ctx.Err()
	}
	if err := u.post.server.AddUser(u.address, password); err != nil {
		return fmt.Errorf("emptying a mailbox: %w", err)
	}
	raw := report("report."+u.newID(), lost.sender, u.address, lost.id)
	if err := u.post.send("", []string{lost.sender}, raw, true); err != nil {
		return err
	}
	_, err = u.answer(ctx)
	return err
}
