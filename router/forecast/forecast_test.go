package forecast_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"stagecoach/router/forecast"
)

func morning() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// desk plays an office with one line: contacts come, wait, and are answered in
// turn, slower in the second half of the day. See is called with each contact when
// it comes and with its wait once it has ended.
func desk(b *forecast.Book, contacts int, step func(n int, now time.Time), ended func(told forecast.Expectation, wait time.Duration)) {
	luck := rand.New(rand.NewPCG(1, 2))
	type fact struct {
		at  time.Time
		act func(now time.Time)
	}
	var facts []fact
	free, at := morning(), morning()
	b.Staffed(1, at)
	for n := range contacts {
		slow := 1.0
		if n > contacts/2 {
			slow = 1.6
		}
		at = at.Add(time.Duration(luck.ExpFloat64() * 100 * float64(time.Second)))
		id, tier := fmt.Sprint(n), []string{"vip", "standard"}[n%2]
		opened, told := at, forecast.Expectation{}
		begun := at
		if free.After(begun) {
			begun = free
		}
		done := begun.Add(time.Duration((20 + luck.ExpFloat64()*60*slow) * float64(time.Second)))
		free = done
		facts = append(facts,
			fact{opened, func(now time.Time) {
				b.Open(id, forecast.Case{Channel: "email", Queue: "general", Tier: tier, Demand: "email>email", Target: time.Hour, Reply: time.Minute}, now, now)
				if begun.Equal(opened) {
					b.Offer(id, now)
				}
				told, _ = b.Expect(id, now)
			}},
			fact{begun, func(now time.Time) { b.Take(id, now) }},
			fact{done, func(now time.Time) {
				b.Answer(id, now)
				ended(told, now.Sub(opened))
			}})
	}
	slices.SortStableFunc(facts, func(x, y fact) int { return x.at.Compare(y.at) })
	for n, f := range facts {
		f.act(f.at)
		step(n, f.at)
	}
}

// TestNineOfTenAreWithin has a line that becomes slower in the middle of the day.
func TestNineOfTenAreWithin(t *testing.T) {
	t.Parallel()
	all, half, most := 0.0, 0.0, 0.0
	desk(forecast.New(), 3000, func(int, time.Time) {}, func(told forecast.Expectation, wait time.Duration) {
		all++
		if wait <= told.P50 {
			half++
		}
		if wait <= told.P90 {
			most++
		}
	})
	if most/all < 0.85 || most/all > 0.95 || half/all < 0.42 || half/all > 0.58 {
		t.Errorf("%.3f of the waits were within the median, %.3f within the 90th percentile", half/all, most/all)
	}
}

// TestABookGoesOnWhereItWasSaved saves and restores one in the middle: both say the
// same from there on.
func TestABookGoesOnWhereItWasSaved(t *testing.T) {
	t.Parallel()
	for _, at := range []int{1, 100, 777, 1200} {
		var saved []byte
		whole := forecast.New()
		desk(whole, 500, func(n int, _ time.Time) {
			if n == at {
				saved = encode(t, whole)
			}
		}, func(forecast.Expectation, time.Duration) {})
		again, begun := forecast.New(), false
		desk(again, 500, func(n int, _ time.Time) {
			if n != at {
				return
			}
			begun = true
			*again = forecast.Book{}
			if err := json.Unmarshal(saved, again); err != nil {
				t.Fatal(err)
			}
			again.Restore()
		}, func(forecast.Expectation, time.Duration) {})
		if got, want := encode(t, again), encode(t, whole); !begun || string(got) != string(want) {
			t.Errorf("saved after %d facts the book differs:\n%s\n%s", at, got, want)
		}
	}
}

func encode(t *testing.T, b *forecast.Book) []byte {
	t.Helper()
	data, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestALineThatStandsStill has nobody answered any more: what is expected grows
// although no wait has ended, and so does the chance of a miss.
func TestALineThatStandsStill(t *testing.T) {
	t.Parallel()
	b, last := forecast.New(), morning()
	desk(b, 400, func(_ int, now time.Time) { last = now }, func(forecast.Expectation, time.Duration) {})
	c := forecast.Case{Channel: "email", Queue: "general", Tier: "vip", Demand: "email>email", Target: time.Hour, Reply: time.Minute}
	before, ok := b.Queue("general", last)
	if !ok {
		t.Fatal("nothing is expected of a queue that was served all day")
	}
	for n := range 100 {
		last = last.Add(time.Minute)
		b.Open(fmt.Sprint("late", n), c, last, last)
	}
	b.Staffed(1, last.Add(time.Second))
	after, _ := b.Queue("general", last)
	if after.P50 < 2*before.P50 || after.P90 < 2*before.P90 {
		t.Errorf("expected %v while it was served, %v when it stands still", before, after)
	}
	if early, late := b.Chance("late99", 55*time.Minute, last), b.Chance("late99", time.Minute, last); early >= late || late < 500 {
		t.Errorf("the chance to miss is %d with an hour left, %d with a minute", early, late)
	}
}

// TestTimeStandsStillWhileNobodyIsThere has a night pass.
func TestTimeStandsStillWhileNobodyIsThere(t *testing.T) {
	t.Parallel()
	b, last := forecast.New(), morning()
	desk(b, 50, func(_ int, now time.Time) { last = now }, func(forecast.Expectation, time.Duration) {})
	c := forecast.Case{Channel: "email", Demand: "email>email", Target: time.Hour}
	b.Open("x", c, last, last)
	b.Staffed(0, last.Add(time.Second))
	evening, _ := b.Expect("x", last.Add(time.Second))
	if night, _ := b.Expect("x", last.Add(12*time.Hour)); night != evening {
		t.Errorf("expected %v in the evening, %v at night", evening, night)
	}
}

// TestABookIsBounded has more kinds of contacts than any office.
func TestABookIsBounded(t *testing.T) {
	t.Parallel()
	b, now := forecast.New(), morning()
	b.Staffed(1, now)
	for n := range 20_000 {
		now = now.Add(time.Second)
		id := fmt.Sprint(n)
		b.Open(id, forecast.Case{Channel: "email", Queue: "q" + id, Tier: "t" + id, Demand: "d" + id}, now, now)
		b.Take(id, now)
		now = now.Add(time.Second)
		b.Answer(id, now)
	}
	if size := len(encode(t, b)); size > 4<<20 || len(b.Waits) > 0 {
		t.Errorf("a book of %d bytes, %d of them waiting", size, len(b.Waits))
	}
}

func BenchmarkBook(b *testing.B) {
	book, now := forecast.New(), morning()
	book.Staffed(1, now)
	c := forecast.Case{Channel: "email", Queue: "general", Tier: "vip", Demand: "email>email", Target: time.Hour, Reply: time.Minute}
	ids := make([]string, 100_000)
	for n := range ids {
		ids[n] = fmt.Sprint(n)
	}
	for n := 0; b.Loop(); n++ {
		now = now.Add(time.Second)
		id := ids[n%len(ids)]
		book.Open(id, c, now, now)
		book.Expect(id, now)
		if n > 600 {
			old := ids[(n-600)%len(ids)]
			book.Take(old, now)
			book.Answer(old, now)
		}
	}
}

// TestNothingIsToldOfWhatIsNew has four contacts answered, and a fifth.
func TestNothingIsToldOfWhatIsNew(t *testing.T) {
	t.Parallel()
	b, now := forecast.New(), morning()
	b.Staffed(1, now)
	c := forecast.Case{Channel: "chat", Queue: "general", Demand: "chat>chat", Target: time.Minute, Reply: time.Minute}
	for n := range 5 {
		if _, ok := b.Channel("chat", now); ok || b.Knows("chat") {
			t.Errorf("after %d answers something is told", n)
		}
		id := fmt.Sprint(n)
		b.Open(id, c, now, now)
		if _, ok := b.Told(id, now); ok {
			t.Errorf("after %d answers whoever waits is told something", n)
		}
		b.Take(id, now)
		now = now.Add(20 * time.Second)
		b.Answer(id, now)
	}
	b.Open("x", c, now, now)
	yours, waits := b.Told("x", now)
	channel, ok := b.Channel("chat", now)
	queue, same := b.Queue("general", now)
	if !waits || !ok || !same || channel != queue || channel.P90 < 20*time.Second || yours.P90 < 20*time.Second {
		t.Errorf("the channel has %v, the queue %v, who waits is told %v", channel, queue, yours)
	}
	if _, ok := b.Channel("email", now); ok {
		t.Error("something is told of a channel that nobody wrote on")
	}
}
