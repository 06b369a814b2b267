package mastodonfake

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
)

// ids gives ids in the form of a flavour. None of them sorts as strings do: those
// of Mastodon grow longer, those of the others are as good as random here.
type ids struct {
	flavour Flavour
	salt    string
	next    int
	// order tells when an id was given; it's kept when the item is gone.
	order map[string]int
}

func (g *ids) give() string {
	g.next++
	id := strconv.Itoa(g.next)
	if g.flavour != Mastodon {
		sum := sha256.Sum256([]byte(g.salt + id))
		text := base32.StdEncoding.EncodeToString(sum[:])
		if g.flavour == GoToSocial {
			id = "01" + text[:24] // as long as a ULID
		} else {
			id = strings.ToLower(text[:8]) + text[8:18] // as a flake id, in both cases
		}
	}
	g.order[id] = g.next
	return id
}

// place gives where an id stands, and false for one that can't be an id here.
func (g *ids) place(id string) (int, bool) {
	if n, ok := g.order[id]; ok {
		return n, true
	}
	if g.flavour == Mastodon {
		n, err := strconv.Atoi(id)
		return n, err == nil
	}
	return 0, false
}
