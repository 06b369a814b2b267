package slack

import (
	"testing"
	"time"

	"stagecoach/channels"
)

func testConv(at time.Time, all ...taken) *conv {
	return &conv{
		id: "C0FAKE0001", caught: true, open: map[string]int{}, done: map[string]bool{}, read: make(chan struct{}),
		mark: channels.Bookmark{Since: at.Add(-90 * 24 * time.Hour)}, place: place{Taken: all},
	}
}

// What isn't for us is passed too, so that it isn't read again at every loss of the
// link; but never what is still being delivered.
func TestBookmarkPassesWhatIsNotForUs(t *testing.T) {
	now := time.Now()
	c := testConv(now)
	c.pass("100.000001")
	c.begin("50.000001")
	if b, ok := c.idle(now); ok {
		t.Errorf("while something is on its way the bookmark goes to %s", b.Position)
	}
	c.end("50.000001", true)
	c.pass("not a ts")
	b, ok := c.next(now)
	if !ok || readPlace(b.Position).TS != "100.000001" || b.Seen != 1 {
		t.Errorf("the bookmark is %+v", b)
	}
	c.pass("200.000001")
	if _, ok := c.next(now.Add(time.Minute)); ok {
		t.Error("every message of others moves the bookmark at once")
	}
	if b, ok = c.idle(now.Add(time.Hour)); !ok || readPlace(b.Position).TS != "200.000001" || b.Seen != 1 {
		t.Errorf("later the bookmark is %+v", b)
	}
}

// What a later or another version wrote keeps the place.
func TestReadPlace(t *testing.T) {
	p := readPlace(`{"ts":"100.000001","threads":["1.1"],"taken":["99.000001","x","98.000001/97.000001","98.000001/x",7],"more":1}`)
	if p.TS != "100.000001" || len(p.Taken) != 2 || p.Taken[1] != (taken{"98.000001", "97.000001"}) {
		t.Errorf("read is %+v", p)
	}
	if q := readPlace(p.String()); q.TS != p.TS || len(q.Taken) != 2 || q.Taken[1] != p.Taken[1] {
		t.Errorf("read again it is %+v", q)
	}
	if p := readPlace("none"); p.TS != "" {
		t.Errorf("of nothing it makes %+v", p)
	}
}

// The absence of a message tells something only where Slack itself can't have taken
// it away by age, and the history isn't behind.
func TestWhatAbsenceTells(t *testing.T) {
	now := time.Now()
	at := func(ago time.Duration) string { return tsOf(now.Add(-ago)) }
	old, day, fresh := at(40*24*time.Hour), at(5*time.Hour), at(time.Second)
	r := &run{a: &Adapter{young: youngAbsence}, me: &self{}}
	c := testConv(now, taken{ts: old}, taken{ts: day}, taken{ts: fresh})
	all := func(taken) bool { return true }
	for name, x := range map[string]struct {
		first string
		want  []string
	}{
		"nothing there":      {"", []string{day}},
		"only newer there":   {at(time.Hour), []string{day}},
		"something older":    {at(50 * 24 * time.Hour), []string{old, day}},
		"just the same time": {old, []string{day}},
	} {
		got := r.missing(c, x.first, all)
		if len(got) != len(x.want) || got[0].ts != x.want[0] || got[len(got)-1].ts != x.want[len(x.want)-1] {
			t.Errorf("%s: gone are %v, want %v", name, got, x.want)
		}
	}
}
