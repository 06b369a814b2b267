package mastodon

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestPlaceAmongPostsOfOneInstant reads on from where the bookmark says, page by
// page and after a restart each time, and sees each post once, also when many
// were written in the same instant.
func TestPlaceAmongPostsOfOneInstant(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	var posted []entry // oldest first
	counted := map[string]int{}
	position := ""
	for round := range 60 {
		for i := range 1 + round%7 {
			posted = append(posted, entry{id: fmt.Sprintf("n%d-%d", round, i), at: at.Add(time.Duration(round/9) * time.Second)})
		}
		p := readPlace(position)
		from := slices.IndexFunc(posted, func(e entry) bool { return e.id == p.Cursor }) + 1
		page := slices.Clone(posted[from:])
		for _, e := range page {
			if !p.has(e.id) {
				counted[e.id]++
			}
		}
		slices.Reverse(page)
		p.pass(page)
		position = p.String()
	}
	for _, e := range posted {
		if counted[e.id] != 1 {
			t.Errorf("%s was new %d times", e.id, counted[e.id])
		}
	}
}
