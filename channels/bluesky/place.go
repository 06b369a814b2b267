package bluesky

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// place is how far a list that begins with the newest was read: the items seen
// last, and the time before which all is seen or too old. It lies some way back,
// so that what turns up late or out of order is seen.
type place struct {
	// Floor is a Unix time in milliseconds.
	Floor int64 `json:"f,omitempty"`
	// Begin is the same of what was the newest at the first connection: what is
	// older opens no contact.
	Begin int64 `json:"b,omitempty"`
	// Seen are keys of items, the newest first.
	Seen []string `json:"s,omitempty"`
}

// What is kept: items of the last overlap, leastKept at least and mostKept at most.
const (
	overlap   = 10 * time.Minute
	leastKept = 20
	mostKept  = 200
)

func readPlace(position string) *place {
	p := &place{}
	_ = json.Unmarshal([]byte(position), p)
	if p.Begin == 0 {
		p.Begin = p.Floor // by a version that didn't note it
	}
	return p
}

func (p *place) String() string {
	out, err := json.Marshal(p)
	if err != nil {
		return "{}"
	}
	return string(out)
}

// itemKey names an item within a place, so that later ones sort after it.
func itemKey(id string, at time.Time) string {
	sum := sha256.Sum256([]byte(id))
	moment := strconv.FormatInt(max(at.UnixMilli(), 0), 36)
	return strings.Repeat("0", max(0, 9-len(moment))) + moment + "." + hex.EncodeToString(sum[:5])
}

func keyTime(key string) int64 {
	moment, _, _ := strings.Cut(key, ".")
	at, err := strconv.ParseInt(moment, 36, 64)
	if err != nil {
		return 0
	}
	return at
}

func (p *place) has(key string) bool { return slices.Contains(p.Seen, key) }

// pass takes items as seen, and moves the floor where many are.
func (p *place) pass(keys []string) {
	for _, key := range keys {
		if !p.has(key) {
			p.Seen = append(p.Seen, key)
		}
	}
	slices.SortFunc(p.Seen, func(a, b string) int { return strings.Compare(b, a) })
	keep := min(len(p.Seen), mostKept)
	for keep > leastKept && keyTime(p.Seen[0])-keyTime(p.Seen[keep-1]) > overlap.Milliseconds() {
		keep--
	}
	if keep < len(p.Seen) {
		p.Floor = max(p.Floor, keyTime(p.Seen[keep])+1)
		p.Seen = slices.Clone(p.Seen[:keep])
	}
}
