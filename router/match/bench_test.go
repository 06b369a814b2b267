package match_test

import (
	"testing"

	"stagecoach/router/match/hall"
)

// BenchmarkDecide has 10,000 agents serve those who wait; for each who is served
// one comes. The time must not grow with the number that waits: compare the two.
func BenchmarkDecide(b *testing.B) {
	for _, size := range []struct {
		name    string
		waiting int
	}{{"waiting=10000", 10_000}, {"waiting=1000000", 1_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			h := hall.New(10_000, size.waiting)
			n, served := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				if n++; n%1000 == 0 {
					b.StopTimer()
					for range 1000 {
						h.Arrive()
					}
					b.StartTimer()
				}
				if h.Decide() {
					served++
				}
			}
			if n > 1000 && served*100 < n*99 {
				b.Fatalf("only %d of %d decisions served somebody", served, n)
			}
		})
	}
}

// TestDecidingCostsNoMemory holds once every agent has been served.
func TestDecidingCostsNoMemory(t *testing.T) {
	h := hall.New(20, 20_000)
	for range 2000 {
		h.Decide()
	}
	if n := testing.AllocsPerRun(5000, func() {
		if !h.Decide() {
			t.Fatal("nobody was served")
		}
	}); n > 0 {
		t.Errorf("a decision allocates %v times", n)
	}
}
