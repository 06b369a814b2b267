package e2e

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// matter is what one customer has at one place: number i of their line, of which
// they have written so many versions. An answer names the version that it is about.
type matter struct {
	i, version int
}

func (m matter) text() string { return fmt.Sprintf("Where are my boots? v%d of m%d", m.version, m.i) }

// matters are those of one line, by place.
type matters struct {
	mu  sync.Mutex
	all map[string]matter
}

// next gives what is written next at a place.
func (m *matters) next(place string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.all[place]
	one.version++
	m.all[place] = one
	return one.text()
}

var (
	versionForm = regexp.MustCompile(`v(\d+) of m(\d+)`)
	tokenForm   = regexp.MustCompile(`\b([0-9a-f]{8})x(\d{3}|end)\b`)
	fileForm    = regexp.MustCompile(`bill ([0-9a-f]{8})`)
)

// newestOf gives the newest version in a text, and of which matter.
func newestOf(text string) matter {
	newest := matter{i: -1}
	for _, found := range versionForm.FindAllStringSubmatch(text, -1) {
		version, _ := strconv.Atoi(found[1])
		if i, _ := strconv.Atoi(found[2]); version > newest.version {
			newest = matter{i: i, version: version}
		}
	}
	return newest
}

// mark is how answers name their contact.
func mark(contact string) string { return contact[len(contact)-8:] }

// luck is what is decided once for each contact, by its mark.
func luck(mark string, of uint32) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(mark))
	return h.Sum32() / 7 % of
}

// numbered answers with the version that the customer has written, and with
// numbered words, by which it is seen whether all of it arrived, once, in order. Every
// other answer is long.
func numbered(c card, v conversation) string {
	newest := matter{i: -1}
	for _, it := range v.Items {
		if got := newestOf(it.Text); it.Kind == "message" && got.version > newest.version {
			newest = got
		}
	}
	// Long is what goes out in several posts there.
	words := map[string]int{"slack": 500, "mastodon": 70, "bluesky": 50}[c.Channel]
	if words == 0 || luck(mark(c.Contact), 2) == 0 {
		words = 3
	}
	text := []string{newest.text() + ":"}
	for k := range words {
		text = append(text, fmt.Sprintf("%sx%03d", mark(c.Contact), k))
	}
	return strings.Join(append(text, mark(c.Contact)+"xend"), " ")
}

// files is how many files go with an answer.
func files(mark string) int {
	if luck(mark, 5) > 1 {
		return 0
	}
	return 1
}

// billed is a picture that goes with two answers of five.
func billed(c card) (name string, data []byte) {
	if files(mark(c.Contact)) == 0 {
		return "", nil
	}
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8))) // into memory
	return "bill " + mark(c.Contact) + ".png", out.Bytes()
}

// answered is what a customer has got for one contact.
type answered struct {
	words, files int
	whole        bool
	wrong        string
}

// readAnswers takes apart what stands at a place, by contact.
func readAnswers(posts []string) map[string]*answered {
	out := map[string]*answered{}
	of := func(contact string) *answered {
		if out[contact] == nil {
			out[contact] = &answered{}
		}
		return out[contact]
	}
	for _, post := range posts {
		for _, found := range tokenForm.FindAllStringSubmatch(post, -1) {
			a := of(found[1])
			switch want := fmt.Sprintf("%03d", a.words); {
			case a.whole:
				a.wrong = fmt.Sprintf("%s comes after the end", found[0])
			case found[2] == "end":
				a.whole = true
			case found[2] != want:
				a.wrong = fmt.Sprintf("%s comes where %s should", found[0], want)
			default:
				a.words++
			}
		}
		for _, found := range fileForm.FindAllStringSubmatch(post, -1) {
			of(found[1]).files++
		}
	}
	return out
}
