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

// overlap is how many items are asked for again.
// A page of any server is larger.
const overlap = 20

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

// pass takes entries as seen, and moves the cursor when enough lie before it.
func (p *place) pass(entries []entry) {
	for _, e := range entries {
		p.at[e.id] = e.at
		if !p.has(e.id) {
			p.Seen = append(p.Seen, e.id)
		}
	}
	// Those whose time isn't known were seen before a restart.
	slices.SortStableFunc(p.Seen, func(a, b string) int { return p.at[b].Compare(p.at[a]) })
	if len(p.Seen) > overlap {
		for _, old := range p.Seen[overlap:] {
			delete(p.at, old)
		}
		p.Seen = p.Seen[:overlap]
	}
	if len(p.Seen) < overlap && p.Cursor != "" {
		return
	}
	for _, id := range slices.Backward(p.Seen) {
		if !strings.HasPrefix(id, nameless) {
			p.Cursor = id
			return
		}
	}
}
