package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"stagecoach/contact"
	"stagecoach/demo/town"
)

// kind is how a customer's story goes.
type kind string

const (
	plain      kind = "plain"      // one question, one answer
	again      kind = "again"      // writes again while waiting
	followUp   kind = "follow_up"  // has another question after the answer
	thanks     kind = "thanks"     // says thank you, which needs no reply
	vague      kind = "vague"      // forgets the order number and is asked for it
	pledged    kind = "pledged"    // is told that more is to come, and gets it
	awayNow    kind = "away"       // a machine answers our answer
	bounced    kind = "bounced"    // the first answer comes back
	newsletter kind = "newsletter" // for review: a machine
	spam       kind = "spam"       // for review
	garbled    kind = "garbled"    // bytes without a sender
	copied     kind = "copied"     // writes to two of our addresses at once
	stranger   kind = "stranger"   // in a language that nobody on shift speaks

	// On the other channels alone.
	flurry    kind = "flurry"    // writes in several short messages
	edited    kind = "edited"    // changes what they wrote
	withdrawn kind = "withdrawn" // takes back what they wrote
	outreach  kind = "outreach"  // speaks of us, and not to us

	guesting kind = "guest" // not of the play: somebody who looks on
)

// cost is how many contacts a story opens at most.
func (k kind) cost() int {
	switch k {
	case again, followUp, thanks, vague, pledged, flurry, edited:
		return 2
	default:
		return 1
	}
}

// answers is how many replies must be in the customer's mailbox at the end,
// least and most: who writes again is answered together or one by one.
func (k kind) answers() (least, most int) {
	switch k {
	case followUp, vague, pledged:
		return 2, 2
	case again, flurry, edited:
		return 1, 2
	case withdrawn:
		return 0, 1
	case newsletter, spam, garbled:
		return 0, 0
	default:
		return 1, 1
	}
}

// trouble is what goes wrong on our side of a story.
type trouble string

const (
	calm      trouble = ""
	declines  trouble = "declined"    // the first agent asked says no
	misses    trouble = "missed"      // the first agent asked doesn't look
	silence   trouble = "silent"      // the first agent takes it and does nothing
	leaves    trouble = "left"        // the first agent takes it and goes
	transfers trouble = "transferred" // the first agent hands it to a colleague
)

// story is one customer with all that will happen.
type story struct {
	number  int
	kind    kind
	channel contact.Channel
	trouble trouble
	// readers is who can read it, photo whether there is one, on other channels
	// than e-mail.
	readers  readers
	photo    bool
	language string
	topic    string
	name     string
	first    string
	address  string
	order    string
	product  string
	seed     uint64
}

func (s *story) fill(more ...string) map[string]string {
	m := map[string]string{"name": s.name, "first": s.first, "order": s.order, "product": s.product}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// author makes stories. The same seed makes the same ones.
type author struct {
	words *vocabulary

	mu    sync.Mutex
	rng   *rand.Rand
	deck  []lot
	decks int
	upset []trouble
	count int
	names map[string]bool
}

func newAuthor(words *vocabulary, seed uint64) *author {
	return &author{words: words, rng: rand.New(rand.NewPCG(seed, 0x5747)), names: map[string]bool{}} //nolint:gosec // a demonstration, not a secret
}

// lot is what is drawn for the next story.
type lot struct {
	kind    kind
	channel contact.Channel
}

// opening is how many stories come first, with a question on every channel.
const opening = 10

// plan makes stories that open exactly so many contacts, if each opens as many
// as it may. What costs time stands in the first half.
func (a *author) plan(contacts int) []story {
	var out []story
	for room := contacts; room > 0; {
		c, early := a.draw(), room*2 > contacts
		if c.kind.cost() > room {
			c.kind = plain
		}
		if !early && c.slow() && len(out) >= opening {
			c = lot{plain, contact.Email}
		}
		out = append(out, a.write(c, early))
		room -= c.kind.cost()
	}
	return out
}

// slow reports whether a story waits for a provider that is asked every few
// seconds.
func (c lot) slow() bool {
	return c.channel == contact.Bluesky || c.channel == contact.Mastodon && c.kind != plain
}

// draw takes a lot from the deck: each deck has a bit of everything, so that
// even a short demonstration shows it.
func (a *author) draw() lot {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.deck) == 0 {
		first := a.decks == 0
		a.decks++
		a.deck = a.shuffled(append(mails(first), chats(first)...))
		if first { // every channel is among the first to be seen
			a.deck = append(a.shuffled(append(each(), slices.Repeat([]lot{{plain, contact.Email}}, opening-len(town.Channels()))...)), a.deck...)
		}
	}
	c := a.deck[0]
	a.deck = a.deck[1:]
	return c
}

func (a *author) shuffled(deck []lot) []lot {
	a.rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}

// mails are the stories of a deck that are told by e-mail.
func mails(first bool) []lot {
	kinds := slices.Concat(
		slices.Repeat([]kind{plain}, 14), slices.Repeat([]kind{followUp}, 3), slices.Repeat([]kind{again}, 2),
		slices.Repeat([]kind{vague}, 2), slices.Repeat([]kind{pledged}, 2),
		[]kind{thanks, awayNow, newsletter, spam, copied, stranger},
	)
	if first {
		kinds = append(kinds[5:], bounced, garbled)
	}
	out := make([]lot, len(kinds))
	for i, k := range kinds {
		out[i] = lot{k, contact.Email}
	}
	return out
}

// each has a question on every channel but e-mail.
func each() []lot {
	out := make([]lot, 0, len(town.Channels()))
	for _, channel := range town.Channels() {
		out = append(out, lot{plain, channel})
	}
	return out
}

// chats are the stories of a deck that are told on other channels.
func chats(first bool) []lot {
	deck := []lot{
		{flurry, contact.Slack},
		{edited, contact.Slack},
		{withdrawn, contact.Slack},
		{followUp, contact.Slack},
		{flurry, contact.WebChat},
		{followUp, contact.WebChat},
		{thanks, contact.WebChat},
		{stranger, contact.WebChat},
		{followUp, contact.Mastodon},
		{outreach, contact.Mastodon},
		{outreach, contact.Bluesky},
		{followUp, contact.Bluesky},
		{edited, contact.Webhook},
		{vague, contact.Webhook},
		{pledged, contact.Webhook},
		{withdrawn, contact.Webhook},
	}
	if !first {
		deck = append(deck, each()...)
	}
	return deck
}

// upsetting draws what goes wrong in the next plain story: one of each kind
// first, so that a short demonstration has them too.
func (a *author) upsetting() trouble {
	if len(a.upset) == 0 {
		one := []trouble{declines, misses, silence, leaves, transfers}
		more := []trouble{declines, declines, misses, transfers, calm, calm, calm, calm}
		a.rng.Shuffle(len(one), func(i, j int) { one[i], one[j] = one[j], one[i] })
		a.rng.Shuffle(len(more), func(i, j int) { more[i], more[j] = more[j], more[i] })
		a.upset = append(one, more...)
	}
	t := a.upset[0]
	a.upset = a.upset[1:]
	return t
}

// write makes the next story. early is false where nothing may take long.
func (a *author) write(c lot, early bool) story {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	s := story{number: a.count, kind: c.kind, channel: c.channel, seed: a.rng.Uint64(), language: languages()[a.rng.IntN(len(languages()))]}
	s.topic = topics()[a.rng.IntN(len(topics()))]
	s.order = fmt.Sprintf("LH-%05d", 10000+a.rng.IntN(89999))
	switch c.kind {
	case plain:
		if c.channel == contact.Email {
			s.trouble = a.upsetting()
		}
		if !early && (s.trouble == silence || s.trouble == leaves) {
			s.trouble = declines
		}
	case vague:
		s.topic = "vague"
	case pledged:
		s.topic = "pledge"
	case stranger:
		s.language, s.topic = foreign, "delivery"
	case newsletter, spam:
		s.language = "en"
	default:
	}
	if c.channel != contact.Email {
		s.readers, s.photo = a.audience(c), a.rng.IntN(4) == 0 && c.kind != edited
	}
	s.product = a.words.oneOf(a.rng, s.language, "products")
	a.christen(&s)
	return s
}

// audience draws who can read it: what is said of us and not to us, everybody.
func (a *author) audience(c lot) readers {
	switch {
	case c.kind == outreach:
		return everybody
	case c.channel == contact.Slack, c.channel == contact.Bluesky:
		return []readers{nobodyElse, everybody}[a.rng.IntN(2)]
	case c.channel == contact.Mastodon:
		return readers(a.rng.IntN(4))
	default:
		return nobodyElse
	}
}

// christen gives a customer a name that nobody else has here.
func (a *author) christen(s *story) {
	for try := 0; ; try++ {
		s.first = a.words.oneOf(a.rng, s.language, "first names")
		last := a.words.oneOf(a.rng, s.language, "last names")
		s.name = s.first + " " + last
		if try > 20 {
			s.name = fmt.Sprintf("%s %c. %s", s.first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[a.rng.IntN(26)], last)
		}
		if try > 40 {
			s.name = fmt.Sprintf("%s %s (%d)", s.first, last, s.number)
		}
		if !a.names[s.name] {
			break
		}
	}
	a.names[s.name] = true
	s.address = fmt.Sprintf("%s%d@%s", slug(s.name), s.number, s.host())
}

// club is where members of the company's club have their addresses.
const club = "club.lindenhof.example"

// trader gives the domain of a shop or of guides that buy by the dozen, "" for
// none in that language.
func trader(language string) string {
	return map[string]string{
		"de": "bergsport-huber.example", "en": "summitguides.example",
		"es": "rutas-del-sur.example", "fr": "refuge-des-aiguilles.example",
	}[language]
}

// host is where a customer has their address: of eight, one is in trade, two are
// members of the club, and the others are neither.
func (s *story) host() string {
	const anywhere = "mail.example"
	if s.kind == newsletter || s.kind == spam {
		return anywhere
	}
	hosts := []string{"post.example", club, anywhere, "web.example", trader(s.language), "home.example", club, "post.example"}
	return cmp.Or(hosts[s.number%len(hosts)], anywhere)
}

// slug makes the plain letters of a name, with dots between words.
func slug(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(strings.NewReplacer("ß", "ss", "ı", "i", "ø", "o").Replace(name))) {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case unicode.IsSpace(r) && b.Len() > 0:
			b.WriteByte('.')
		}
	}
	return strings.Trim(b.String(), ".")
}
