package mastodon

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// place is how far a list has been read: the ids of the items seen last, newest
// first, and the one from which the server is asked to go on. It lies some way
// back, so that what turns up late is seen.
type place struct {
	Cursor string   `json:"c,omitempty"`
	Seen   []string `json:"s,omitempty"`
	// Floor is the Unix time in milliseconds of what is too old to be new, where
	// posts are looked for.
	Floor int64 `json:"f,omitempty"`

	at map[string]time.Time
}

// overlap is how many items are asked for again, fewer than any server's page
// has, and kept how many are known again: some more, since a server may have
// another order for posts of one instant than we.
const (
	overlap = 20
	kept    = 32
)

func readPlace(position string) *place {
	p := &place{at: map[string]time.Time{}}
	_ = json.Unmarshal([]byte(position), p)
	return p
}

func (p *place) String() string {
	out, err := json.Marshal(p)
	if err != nil {
		return "{}"
	}
	return string(out)
}

func (p *place) has(id string) bool { return slices.Contains(p.Seen, id) }

// pass takes entries, the newest first, as seen, and moves the cursor when enough
// lie before it.
func (p *place) pass(entries []entry) {
	var order []string
	for _, e := range entries {
		if _, twice := p.at[e.id]; !twice || !slices.Contains(order, e.id) {
			order = append(order, e.id)
		}
		p.at[e.id] = e.at
	}
	for _, id := range p.Seen {
		if !slices.Contains(order, id) {
			order = append(order, id)
		}
	}
	// Of one instant, they stay as the server has them. Those whose time isn't
	// known were seen before a restart.
	slices.SortStableFunc(order, func(a, b string) int { return p.at[b].Compare(p.at[a]) })
	if len(order) > kept {
		for _, old := range order[kept:] {
			delete(p.at, old)
		}
		order = order[:kept]
	}
	p.Seen = order
	if len(p.Seen) < overlap && p.Cursor != "" {
		return
	}
	for _, id := range slices.Backward(p.Seen[:min(len(p.Seen), overlap)]) {
		if !strings.HasPrefix(id, nameless) {
			p.Cursor = id
			return
		}
	}
}
