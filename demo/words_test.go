package demo

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/demo/town"
	"stagecoach/policies"
	"stagecoach/router/match"
)

func vocabularyOf(t *testing.T) *vocabulary {
	t.Helper()
	words, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestNothingIsLeftUnsaid(t *testing.T) {
	words := vocabularyOf(t)
	s := story{name: "Anna Schmidt", first: "Anna", order: "LH-1", product: "Zelt"}
	fill := s.fill("agent", "Mara", "date", "today")
	for key, pieces := range words.pieces {
		language, rest, _ := strings.Cut(key, " ")
		for range 4 * len(pieces) {
			p := words.say(rand.New(rand.NewPCG(1, 1)), language, rest, fill)
			if p.text == "" || strings.ContainsAny(p.text+p.subject, "{}") {
				t.Errorf("%s: %q %q", key, p.subject, p.text)
			}
		}
	}
}

func TestRepliesNameTheCustomer(t *testing.T) {
	// The mailboxes are checked by the name in the replies.
	words := vocabularyOf(t)
	for key, pieces := range words.pieces {
		_, rest, _ := strings.Cut(key, " ")
		if !strings.HasPrefix(rest, "re.") && rest != "ask" && rest != "owe" && rest != "final" {
			continue
		}
		for _, p := range pieces {
			if !strings.Contains(p.text, "{name}") || !strings.Contains(p.text, "{agent}") {
				t.Errorf("%s does not say to whom, or from whom: %q", key, p.text)
			}
		}
	}
}

func TestShortAnswersNameTheCustomer(t *testing.T) {
	// What lies with customers is checked by the first name, and whether it is the
	// answer to all that they said by the order. It fits into one post.
	words := vocabularyOf(t)
	s := story{name: "Hannelore Schmidt", first: "Hannelore", order: "LH-12345", product: strings.Repeat("x", 40)}
	for key, pieces := range words.pieces {
		language, rest, _ := strings.Cut(key, " ")
		short, is := strings.CutPrefix(rest, "chat.")
		if !is {
			continue
		}
		answers := strings.HasPrefix(short, "re.") || short == "ask" || short == "owe" || short == "final"
		silent := short == "ask" || short == "hello" || short == "vague" || short == "more" || short == "thanks"
		for _, p := range pieces {
			if answers != strings.Contains(p.text, "{first}") || silent == strings.Contains(p.text, "{order}") {
				t.Errorf("%s says too little or too much: %q", key, p.text)
			}
			said := words.say(rand.New(rand.NewPCG(1, 1)), language, rest, s.fill("agent", "Ingrid Solberg")).text
			if n := utf8.RuneCountInString(said); n > 250 {
				t.Errorf("%s has %d characters", key, n)
			}
		}
	}
}

// policyOf writes the demonstration's files out and loads them as the daemon
// does.
func policyOf(t *testing.T, pc pace) (*configs.Config, *policies.Set) {
	t.Helper()
	p, err := newPost()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.server.Close() })
	dir := t.TempDir()
	q, err := newQuarter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	file, err := furnish(dir, "127.0.0.1:0", pc, p, q.Town)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := configs.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("warnings: %v", cfg.Warnings)
	}
	if cfg.Data != filepath.Join(dir, "data") || len(cfg.Channels.Email) != 2 || cfg.Channels.Count() != 7 {
		t.Errorf("data %q, %d accounts", cfg.Data, cfg.Channels.Count())
	}
	set, err := policies.Load(cfg.Policies)
	if err != nil {
		t.Fatal(err)
	}
	return cfg, set
}

func TestTheDaemonTakesWhatTheDemoWrites(t *testing.T) {
	for _, pc := range []pace{fast(), live()} {
		_, set := policyOf(t, pc)
		offer, timing := set.Offer(contact.Email), set.Timing()
		if pc.react[1] >= offer.TimeOut {
			t.Errorf("%s: agents react in up to %s, offers stand %s", pc.policy, pc.react[1], offer.TimeOut)
		}
		if 3*pc.heartbeat >= timing.Heartbeat || pc.lost[0] <= timing.Heartbeat {
			t.Errorf("%s: a heartbeat each %s, lost lines for %s, and the policy waits %s", pc.policy, pc.heartbeat, pc.lost[0], timing.Heartbeat)
		}
		if pc.research+pc.poll+pc.think[1] >= timing.SilentLeast {
			t.Errorf("%s: a pledge is kept after up to %s, and taken away after %s", pc.policy, pc.research+pc.poll+pc.think[1], timing.SilentLeast)
		}
		for _, channel := range append(town.Channels(), contact.Email) {
			if set.Units(channel) > room {
				t.Errorf("%s: a contact by %s takes %d units, agents think at most %d", pc.policy, channel, set.Units(channel), room)
			}
		}
	}
}

func TestEachMailNeedsWhatItsTopicSays(t *testing.T) {
	_, set := policyOf(t, fast())
	words := vocabularyOf(t)
	queues := map[string]string{
		"delivery": "delivery", "billing": "billing", "technical": "technical", "complaint": "complaints",
		"vague": "delivery", "pledge": "billing",
	}
	s := story{name: "Anna Schmidt", first: "Anna", order: "LH-12345", product: "x"}
	for _, language := range append(languages(), foreign) {
		for key, queue := range queues {
			for _, p := range words.pieces[language+" "+key] {
				text := strings.NewReplacer("{order}", s.order, "{name}", s.name, "{first}", s.first, "{product}", s.product).Replace(p.text)
				got := set.Classify(policies.ClassifyInput{Channel: contact.Email, Account: "support", Subject: p.subject, Text: text})
				if got.Queue != queue || got.Language != language || len(got.Languages) != 1 {
					t.Errorf("%s %s %q: queue %q, language %q (needed %v)", language, key, p.subject, got.Queue, got.Language, got.Languages)
				}
			}
		}
	}
	for key, want := range map[string]contact.Disposition{"spam": contact.Spam} {
		p := words.pieces["en "+key][0]
		if got := set.Classify(policies.ClassifyInput{Channel: contact.Email, Subject: p.subject, Text: p.text}); got.Propose != want {
			t.Errorf("%s is proposed as %q", key, got.Propose)
		}
	}
	if got := set.Classify(policies.ClassifyInput{Channel: contact.Email, Auto: contact.AutoList}); got.Propose != contact.Machine {
		t.Errorf("a newsletter is proposed as %q", got.Propose)
	}
}

// TestTheShiftCanDoEverything: only the stranger's language is nobody's.
func TestTheShiftCanDoEverything(t *testing.T) {
	_, set := policyOf(t, live())
	words := vocabularyOf(t)
	for _, language := range languages() {
		for _, topic := range slices.Concat(topics(), []string{"vague", "pledge"}) {
			for _, p := range words.pieces[language+" "+topic] {
				c := set.Classify(policies.ClassifyInput{Channel: contact.Email, Account: "support", Subject: p.subject, Text: p.text})
				n := 0
				for _, one := range staff() {
					if able(&one, &c.Demand) {
						n++
					}
				}
				if n < 3 {
					t.Errorf("%d agents can do %s %q, and some go away", n, language, p.subject)
				}
			}
		}
	}
}

// able reports whether somebody meets all that is not only wished.
func able(p *persona, d *match.Demand) bool {
	has := func(need match.Skill) bool {
		return slices.ContainsFunc(p.Skills, func(s skill) bool { return s.Name == need.Name && s.Level >= need.Level })
	}
	for _, need := range d.Skills {
		if !has(need) {
			return false
		}
	}
	for _, set := range d.Any {
		if !slices.ContainsFunc(set, has) {
			return false
		}
	}
	barred := slices.ContainsFunc(d.Not, func(name string) bool { return has(match.Skill{Name: name, Level: 1}) })
	speaks := !slices.ContainsFunc(d.Languages, func(l string) bool { return !slices.Contains(p.Languages, l) })
	return speaks && !barred
}

// TestThePolicySpeaksOfSkillsThatSomebodyHas: a wish that nobody could ever meet
// would show nothing.
func TestThePolicySpeaksOfSkillsThatSomebodyHas(t *testing.T) {
	_, set := policyOf(t, live())
	words := vocabularyOf(t)
	wished, barred := 0, 0
	for _, topic := range topics() {
		p := words.pieces["en "+topic][0]
		c := set.Classify(policies.ClassifyInput{Channel: contact.Email, Account: "support", Subject: p.subject, Text: p.text})
		for _, w := range c.Demand.Wishes {
			wished++
			if !slices.ContainsFunc(staff(), func(one persona) bool { return able(&one, &match.Demand{Skills: []match.Skill{w.Skill}}) }) {
				t.Errorf("%s: nobody has %s at level %d", topic, w.Name, w.Level)
			}
		}
		barred += len(c.Demand.Not)
	}
	if wished < 2 || barred == 0 {
		t.Errorf("%d wishes, %d skills that are kept away: the demonstration shows too little", wished, barred)
	}
}

// TestCustomersAreOfEveryTier: in what they send, by e-mail and by the app.
func TestCustomersAreOfEveryTier(t *testing.T) {
	_, set := policyOf(t, live())
	by := map[string]int{}
	for _, s := range newAuthor(vocabularyOf(t), 1).plan(90) {
		sender := s.address
		if s.channel != contact.Email {
			sender = ""
		}
		by[set.Classify(policies.ClassifyInput{Channel: s.channel, Sender: sender, Text: "Hello"}).Tier]++
	}
	for _, tier := range []string{"", "club", "trade"} {
		if by[tier] < 3 {
			t.Errorf("%d customers of tier %q: %v", by[tier], tier, by)
		}
	}
}
