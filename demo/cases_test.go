package demo

import (
	"reflect"
	"testing"

	"stagecoach/contact"
	"stagecoach/demo/town"
)

func TestAPlanOpensAsManyContactsAsAskedFor(t *testing.T) {
	words := vocabularyOf(t)
	for contacts := 1; contacts <= 400; contacts++ {
		sum := 0
		for _, s := range newAuthor(words, uint64(contacts)).plan(contacts) {
			sum += s.kind.cost()
		}
		if sum != contacts {
			t.Fatalf("a plan for %d contacts opens %d", contacts, sum)
		}
	}
}

func TestTheSeedDecides(t *testing.T) {
	words := vocabularyOf(t)
	one, same, other := newAuthor(words, 1).plan(150), newAuthor(words, 1).plan(150), newAuthor(words, 2).plan(150)
	if !reflect.DeepEqual(one, same) {
		t.Error("the same seed made another plan")
	}
	if reflect.DeepEqual(one, other) {
		t.Error("another seed made the same plan")
	}
}

func TestAShortDemonstrationShowsEverything(t *testing.T) {
	words := vocabularyOf(t)
	for seed := range uint64(50) {
		kinds, troubles := map[kind]int{}, map[trouble]int{}
		for _, s := range newAuthor(words, seed).plan(90) {
			kinds[s.kind]++
			troubles[s.trouble]++
		}
		for _, k := range []kind{
			plain, again, followUp, thanks, vague, pledged, awayNow, bounced, newsletter, spam, garbled, copied, stranger,
			flurry, edited, withdrawn,
		} {
			if kinds[k] == 0 {
				t.Errorf("seed %d has no story %q", seed, k)
			}
		}
		for _, tr := range []trouble{declines, misses, silence, leaves, transfers} {
			if troubles[tr] == 0 {
				t.Errorf("seed %d has nobody who %q", seed, tr)
			}
		}
	}
}

func TestEveryChannelIsAmongTheFirst(t *testing.T) {
	words := vocabularyOf(t)
	for seed := range uint64(50) {
		for _, contacts := range []int{12, 30, 300} {
			by := map[contact.Channel]int{}
			for _, s := range newAuthor(words, seed).plan(contacts) {
				by[s.channel] += s.kind.cost()
			}
			for _, channel := range town.Channels() {
				if by[channel] == 0 {
					t.Errorf("seed %d with %d contacts has none by %s", seed, contacts, channel)
				}
				if by[channel] > by[contact.Email] {
					t.Errorf("seed %d with %d contacts: e-mail isn't the largest part: %v", seed, contacts, by)
				}
			}
		}
	}
}

func TestOnlyPlainStoriesAreUpset(t *testing.T) {
	for _, s := range newAuthor(vocabularyOf(t), 3).plan(300) {
		if s.trouble != calm && s.kind != plain {
			t.Fatalf("a %s story has trouble %q", s.kind, s.trouble)
		}
	}
}

func TestEverybodyIsSomebodyElse(t *testing.T) {
	a := newAuthor(vocabularyOf(t), 7)
	names, addresses := map[string]bool{}, map[string]bool{}
	for _, s := range a.plan(4000) {
		if names[s.name] || addresses[s.address] {
			t.Fatalf("%s <%s> is there twice", s.name, s.address)
		}
		names[s.name], addresses[s.address] = true, true
	}
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"Jürgen von Bülow": "jurgen.von.bulow", "Zoë Weiß": "zoe.weiss", "Seán O'Brien": "sean.obrien",
		"Fatma Yıldız": "fatma.yildiz", "Amélie d'Aubigny": "amelie.daubigny", "Íñigo Peña": "inigo.pena",
	} {
		if got := slug(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
