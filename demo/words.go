package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
)

//go:embed words/*.txt
var wordFiles embed.FS

// piece is a short text, with a subject where it begins a conversation.
type piece struct {
	subject, text string
}

// vocabulary is all that customers and agents say, by language and by key.
type vocabulary struct {
	pieces map[string][]piece
	lists  map[string][]string
}

// loadWords reads the embedded texts and sees to it that nobody is at a loss.
func loadWords() (*vocabulary, error) {
	v := &vocabulary{pieces: map[string][]piece{}, lists: map[string][]string{}}
	files, err := fs.ReadDir(wordFiles, "words")
	if err != nil {
		return nil, fmt.Errorf("reading the words: %w", err)
	}
	for _, f := range files {
		data, err := fs.ReadFile(wordFiles, path.Join("words", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the words: %w", err)
		}
		v.read(strings.TrimSuffix(f.Name(), ".txt"), string(data))
	}
	return v, v.check()
}

// read takes a file apart: "== key | subject" and the text under it.
func (v *vocabulary) read(language, text string) {
	for part := range strings.SplitSeq("\n"+text, "\n== ") {
		head, body, _ := strings.Cut(part, "\n")
		key, subject, _ := strings.Cut(strings.TrimSpace(head), " | ")
		if key == "" {
			continue
		}
		body = strings.TrimSpace(body)
		key = language + " " + key
		if strings.HasSuffix(key, " names") || strings.HasSuffix(key, " products") {
			v.lists[key] = strings.Split(body, ", ")
			continue
		}
		v.pieces[key] = append(v.pieces[key], piece{subject, body})
	}
}

// What every language of the agents must have.
func neededKeys() []string {
	var short []string
	for _, key := range slices.Concat(topics(), []string{
		"hello", "vague", "pledge", "number", "more", "thanks", "outreach", "ask", "owe", "final",
		"re.delivery", "re.billing", "re.technical", "re.complaint", "re.more", "re.outreach",
	}) {
		short = append(short, chatKey(key))
	}
	return slices.Concat(short, topics(), []string{
		"vague", "pledge", "again", "more", "thanks", "number", "away", "quote",
		"re.delivery", "re.billing", "re.technical", "re.complaint", "re.more", "ask", "owe", "final",
	})
}

func (v *vocabulary) check() error {
	for _, language := range languages() {
		for _, key := range neededKeys() {
			if len(v.pieces[language+" "+key]) == 0 {
				return fmt.Errorf("the words of %q lack %q", language, key)
			}
		}
		for _, list := range []string{"first names", "last names", "products"} {
			if len(v.lists[language+" "+list]) == 0 {
				return fmt.Errorf("the words of %q lack %q", language, list)
			}
		}
	}
	return nil
}

// languages are those that agents speak; foreign is one that nobody does.
func languages() []string { return []string{"de", "en", "es", "fr"} }

const foreign = "it"

// topics are what first mails are about.
func topics() []string { return []string{"delivery", "billing", "technical", "complaint"} }

// say gives one of the texts for a key, in English where the language has none,
// with the names filled in.
func (v *vocabulary) say(rng *rand.Rand, language, key string, fill map[string]string) piece {
	all := v.pieces[language+" "+key]
	if len(all) == 0 {
		all = v.pieces["en "+key]
	}
	if len(all) == 0 {
		return piece{}
	}
	p := all[rng.IntN(len(all))]
	pairs := make([]string, 0, 2*len(fill))
	for name, value := range fill {
		pairs = append(pairs, "{"+name+"}", value)
	}
	r := strings.NewReplacer(pairs...)
	return piece{r.Replace(p.subject), r.Replace(p.text)}
}

func (v *vocabulary) oneOf(rng *rand.Rand, language, list string) string {
	all := v.lists[language+" "+list]
	return all[rng.IntN(len(all))]
}
