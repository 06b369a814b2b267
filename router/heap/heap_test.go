package heap_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"stagecoach/router/heap"
)

type card struct{ value, place int }

type byValue struct{}

func (byValue) Before(x, y **card) bool    { return (*x).value < (*y).value }
func (byValue) Stands(x **card, place int) { (*x).place = place }

// TestTheFirstIsAtHand puts values in, changes and takes them out at random, and
// holds the heap against a list that is sorted each time.
func TestTheFirstIsAtHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h heap.Heap[*card, byValue]
		var all []*card
		out := func(x *card) {
			if x.place != 0 {
				t.Fatalf("who is out stands at %d", x.place)
			}
			all = slices.DeleteFunc(all, func(y *card) bool { return x == y })
		}
		value := rapid.IntRange(0, 20)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 4).Draw(t, "step"); {
			case step < 2 || len(all) == 0:
				x := &card{value: value.Draw(t, "value")}
				all = append(all, x)
				h.Push(x)
			case step == 2:
				x := rapid.SampledFrom(all).Draw(t, "changed")
				x.value = value.Draw(t, "value")
				h.Fix(x.place)
			case step == 3:
				x := rapid.SampledFrom(all).Draw(t, "gone")
				if got := h.Remove(x.place); got != x {
					t.Fatalf("%v was taken out for %v", got, x)
				}
				out(x)
			default:
				out(h.Pop())
			}
			if h.Len() != len(all) {
				t.Fatalf("%d for %d", h.Len(), len(all))
			}
			if len(all) == 0 {
				continue
			}
			least := slices.MinFunc(all, func(x, y *card) int { return x.value - y.value })
			if (*h.First()).value != least.value {
				t.Fatalf("%d is first, not %d", (*h.First()).value, least.value)
			}
		}
	})
}

// TestNothingIsAllocated holds once the heap was as long as it gets.
func TestNothingIsAllocated(t *testing.T) {
	var h heap.Heap[card, plain]
	for i := range 100 {
		h.Push(card{value: i})
	}
	if n := testing.AllocsPerRun(100, func() {
		h.Push(card{value: h.Pop().value + 50})
	}); n > 0 {
		t.Errorf("a value costs %v allocations", n)
	}
}

type plain struct{}

func (plain) Before(x, y *card) bool { return x.value < y.value }
func (plain) Stands(*card, int)      {}
