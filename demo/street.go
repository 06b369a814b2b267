package demo

import (
	"context"
	"slices"
	"sync"
	"time"

	"stagecoach/contact"
	"stagecoach/demo/town"
)

// said is what a customer writes who doesn't write mails.
type said struct {
	text     string
	language string
	// readers is who can read it.
	readers readers
	// under is the answer of ours that it is written under, nil for none.
	under *answer
	photo bool
	// tag is the hashtag that it has instead of our name.
	tag string
}

// readers is who can read something, the fewest first.
type readers int

const (
	nobodyElse readers = iota
	followers
	whoLooks
	everybody
)

// answer is what came to such a customer.
type answer struct {
	id string
	// to is what it stands under, "" where the channel doesn't show that.
	to      string
	text    string
	readers readers
}

// place is where a customer speaks with the company.
type place interface {
	// say writes something, and gives the id of it.
	say(ctx context.Context, s said) (string, error)
	// next waits for an answer.
	next(ctx context.Context) (answer, error)
	// answers gives all that lie there, each of several posts once.
	answers() []answer
	// leave ends it.
	leave()
}

// changer is a place where what was written can be changed.
type changer interface {
	edit(id string, s said)
	withdraw(id string)
}

// found is an answer at a provider, with the key of whom it is for.
type found struct {
	key string
	answer
}

// street is one provider: it knows what lies there for whom.
type street struct {
	// list gives all answers at the provider, the oldest first.
	list func() []found

	mu    sync.Mutex
	boxes map[string]*box[answer]
	// handed are the ids of what was put into a box.
	handed map[string]bool
}

func newStreet(list func() []found) *street {
	return &street{list: list, boxes: map[string]*box[answer]{}, handed: map[string]bool{}}
}

// claim says that what comes under a key is for that box.
func (s *street) claim(key string, b *box[answer]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boxes[key] = b
}

// handOver puts what is new into the boxes, and gives what is nobody's.
func (s *street) handOver() (strays []found) {
	all := s.list()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range all {
		b := s.boxes[f.key]
		switch {
		case s.handed[f.id]:
		case b == nil:
			strays = append(strays, f)
		default:
			s.handed[f.id] = true
			b.put(f.answer)
		}
	}
	return strays
}

// of gives what lies there under any of the keys.
func (s *street) of(keys ...string) []answer {
	var out []answer
	for _, f := range s.list() {
		if slices.Contains(keys, f.key) {
			out = append(out, f.answer)
		}
	}
	return out
}

// quarter is the part of the play that isn't e-mail: the town, and its streets.
type quarter struct {
	*town.Town
	streets map[contact.Channel]*street
	// help is the channel of the workspace in which everybody can ask.
	help string

	mu    sync.Mutex
	tally map[contact.Channel]posted
}

// The company where there are handles and hashtags.
const handle = "lindenhof"

func newQuarter(ctx context.Context) (*quarter, error) {
	t, err := town.Open(ctx, town.Config{Company: company, Handle: handle, Hashtags: []string{handle}})
	if err != nil {
		return nil, err
	}
	q := &quarter{Town: t, help: t.Slack.AddChannel("help", false, true), tally: map[contact.Channel]posted{}}
	q.streets = map[contact.Channel]*street{
		contact.Slack: newStreet(q.onSlack), contact.Mastodon: newStreet(q.onMastodon),
		contact.Bluesky: newStreet(q.onBluesky), contact.Webhook: newStreet(q.onWebhook),
	}
	return q, nil
}

// lookEvery is how often providers are looked at for answers.
const lookEvery = 50 * time.Millisecond

// run brings answers to customers until ctx ends.
func (q *quarter) run(ctx context.Context) {
	for wait(ctx, lookEvery) {
		for _, s := range q.streets {
			s.handOver()
		}
	}
}

// count notes what a customer has sent on a channel.
func (q *quarter) count(channel contact.Channel, messages, evidence int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.tally[channel]
	p.messages += messages
	p.evidence += evidence
	q.tally[channel] = p
}

func (q *quarter) sent(channel contact.Channel) posted {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tally[channel]
}

// settle gives a customer their place on a channel.
func (q *quarter) settle(ctx context.Context, s *story) place {
	switch s.channel {
	case contact.Slack:
		return q.atSlack(s)
	case contact.WebChat:
		return q.atChat(ctx, s)
	case contact.Mastodon:
		return q.atMastodon(s)
	case contact.Bluesky:
		return q.atBluesky(s)
	default:
		return q.atWebhook(s)
	}
}
