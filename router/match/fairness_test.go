package match_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/router/match"
)

// TestBoundIsTheFormula holds the bound against the formula that it is published
// with: never above it, and equal to it in the plainest case.
func TestBoundIsTheFormula(t *testing.T) {
	plain := match.Stake{
		Target: 4 * time.Hour, Guard: 2, Turn: 30_000, Credits: []int64{0}, Between: 10 * time.Minute,
	}
	if b, ok := match.BoundOf(&plain); !ok || b.Turns != 36 || b.Wait != 8*time.Hour+360*time.Minute {
		t.Errorf("one agent who owes nothing: %+v %v", b, ok)
	}
	for _, none := range []match.Stake{
		{Target: time.Hour, Guard: 2, Turn: 30_000, Between: time.Minute},
		{Target: time.Hour, Guard: 2, Credits: []int64{0}, Between: time.Minute},
		{Target: time.Hour, Turn: 30_000, Credits: []int64{0}, Between: time.Minute},
	} {
		if b, ok := match.BoundOf(&none); ok {
			t.Errorf("%+v has a bound: %+v", none, b)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := drawStake(t)
		b, ok := match.BoundOf(&s)
		if !ok {
			t.Fatalf("no bound for %+v", s)
		}
		rounds := math.Ceil(float64(s.Ahead+s.Declines+1) / float64(len(s.Credits)))
		turns := rounds*(math.Ceil(float64(match.Micro)/float64(s.Turn))+1) + float64(max(s.AtOnce, 1))
		wait := s.Guard*s.Target.Seconds() + turns*s.Between.Seconds() + rounds*s.Room.Seconds() + float64(s.Declines)*s.Declined.Seconds()
		if owing := slices.Max(s.Credits) > 0; !owing && float64(b.Turns) > turns || b.Wait.Seconds() > wait+1e-3 {
			t.Fatalf("%+v is above the formula: %.0f turns, %.3f s", b, turns, wait)
		}
	})
}

// TestBoundGoesByItsStakes has one thing of a bound changed at a time: more ahead
// never shortens it, one more agent or a turn owed already never lengthens it.
func TestBoundGoesByItsStakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStake(t)
		b, _ := match.BoundOf(&s)
		check := func(what string, change func(s *match.Stake), ok func(x match.Bound) bool) {
			x := s
			x.Credits = slices.Clone(s.Credits)
			change(&x)
			if got, there := match.BoundOf(&x); !there || !ok(got) {
				t.Fatalf("%s: %+v became %+v for %+v", what, b, got, s)
			}
		}
		longer := func(x match.Bound) bool { return x.Wait >= b.Wait-time.Millisecond }
		sooner := func(x match.Bound) bool { return x.Wait <= b.Wait+time.Millisecond }
		check("one more ahead", func(s *match.Stake) { s.Ahead++ }, longer)
		check("a decline", func(s *match.Stake) { s.Declines++ }, longer)
		check("a longer promise", func(s *match.Stake) { s.Target += time.Minute }, longer)
		check("one more agent", func(s *match.Stake) { s.Credits = append(s.Credits, 0) }, sooner)
		check("a turn owed", func(s *match.Stake) { s.Credits[0] += match.Micro }, sooner)
		check("a greater share", func(s *match.Stake) { s.Turn *= 2 }, sooner)
	})
}

// TestBoundIsReached counts the turns of agents one by one: the bound is the very
// assignment with which the contact is served, where one offer was out already as its
// guard was reached.
func TestBoundIsReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStake(t)
		s.AtOnce, s.Room = 1, 0
		b, _ := match.BoundOf(&s)
		credits, left, made := slices.Clone(s.Credits), s.Ahead+s.Declines+1, 1
		for ; left > 0; made++ {
			for i := range credits {
				if credits[i] >= match.Micro {
					credits[i] -= match.Micro
					left--
				} else {
					credits[i] += s.Turn
				}
			}
		}
		if made != b.Turns {
			t.Fatalf("%d assignments each, %d by the bound of %+v", made, b.Turns, s)
		}
	})
}

func drawStake(t *rapid.T) match.Stake {
	s := match.Stake{
		Target:   time.Duration(rapid.IntRange(1, 30_000).Draw(t, "target")) * time.Second,
		Guard:    rapid.Float64Range(0.5, 6).Draw(t, "guard"),
		Turn:     rapid.Int64Range(1_000, match.Micro).Draw(t, "turn"),
		Ahead:    rapid.IntRange(0, 200).Draw(t, "ahead"),
		Between:  time.Duration(rapid.IntRange(1, 3600).Draw(t, "between")) * time.Second,
		AtOnce:   rapid.IntRange(0, 6).Draw(t, "at once"),
		Room:     time.Duration(rapid.IntRange(0, 3600).Draw(t, "room")) * time.Second,
		Declines: rapid.IntRange(0, 5).Draw(t, "declines"),
		Declined: time.Minute,
	}
	if rapid.Bool().Draw(t, "nobody owes") {
		s.Credits = make([]int64, rapid.IntRange(1, 12).Draw(t, "agents"))
		return s
	}
	s.Credits = rapid.SliceOfN(rapid.Int64Range(0, 3*match.Micro), 1, 12).Draw(t, "credits")
	return s
}

// ExampleBoundOf says how long a standard e-mail waits with twelve agents at work
// and thirty ahead of it.
func ExampleBoundOf() {
	b, ok := match.BoundOf(&match.Stake{
		Target: 4 * time.Hour, Guard: 2, Turn: 30_000, Ahead: 30, Credits: make([]int64, 12), Between: 8 * time.Minute,
	})
	fmt.Println(b.Turns, b.Wait, ok)
	// Output: 104 21h52m0s true
}
