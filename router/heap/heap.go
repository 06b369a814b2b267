// Package heap keeps values so that the first of them is at hand. Beside
// container/heap of the standard library it costs no memory for what goes in and
// out, and calls nothing through an interface value.
package heap

// Order says which of two values comes first, and is told where each stands: a
// place counts from 1, 0 is out of the heap.
type Order[T any] interface {
	Before(x, y *T) bool
	Stands(x *T, place int)
}

// Heap is values in an order. The zero value is empty.
type Heap[T any, O Order[T]] struct {
	all   []T
	order O
}

// Len counts the values.
func (h *Heap[T, O]) Len() int { return len(h.all) }

// First gives the first value, which must be there. Whoever changes it calls Fix(1).
func (h *Heap[T, O]) First() *T { return &h.all[0] }

// Push puts a value in.
func (h *Heap[T, O]) Push(x T) {
	h.all = append(h.all, x)
	h.order.Stands(&h.all[len(h.all)-1], len(h.all))
	h.up(len(h.all) - 1)
}

// Pop takes the first value out, which must be there.
func (h *Heap[T, O]) Pop() T { return h.Remove(1) }

// Remove takes the value at a place out.
func (h *Heap[T, O]) Remove(place int) T {
	last := len(h.all) - 1
	if place-1 != last {
		h.swap(place-1, last)
	}
	x := h.all[last]
	h.order.Stands(&h.all[last], 0)
	var none T
	h.all[last] = none
	h.all = h.all[:last]
	if place-1 < last {
		h.Fix(place)
	}
	return x
}

// Fix finds the place of a value that has changed anew.
func (h *Heap[T, O]) Fix(place int) {
	if !h.down(place - 1) {
		h.up(place - 1)
	}
}

// Clear takes all values out, but keeps the memory. No value is told.
func (h *Heap[T, O]) Clear() {
	clear(h.all)
	h.all = h.all[:0]
}

func (h *Heap[T, O]) swap(i, j int) {
	h.all[i], h.all[j] = h.all[j], h.all[i]
	h.order.Stands(&h.all[i], i+1)
	h.order.Stands(&h.all[j], j+1)
}

func (h *Heap[T, O]) up(i int) {
	for i > 0 {
		above := (i - 1) / 2
		if !h.order.Before(&h.all[i], &h.all[above]) {
			return
		}
		h.swap(i, above)
		i = above
	}
}

func (h *Heap[T, O]) down(i int) (moved bool) {
	for {
		below := 2*i + 1
		if below >= len(h.all) {
			return moved
		}
		if below+1 < len(h.all) && h.order.Before(&h.all[below+1], &h.all[below]) {
			below++
		}
		if !h.order.Before(&h.all[below], &h.all[i]) {
			return moved
		}
		h.swap(i, below)
		i, moved = below, true
	}
}
