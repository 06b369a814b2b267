package match

import (
	"cmp"
	"slices"
	"sort"
)

// line is contacts in order of their due times. Nearly all come at the end and
// leave at the front, so it is a slice whose free room is at its front: whoever
// comes or leaves elsewhere moves the shorter side.
type line struct {
	items []*item
	// gone is how many places at the front are free.
	gone int
}

func (l *line) all() []*item { return l.items[l.gone:] }
func (l *line) len() int     { return len(l.items) - l.gone }
func (l *line) first() *item { return l.items[l.gone] }
func (l *line) last() *item  { return l.items[len(l.items)-1] }

// place is where an item stands or would stand.
func (l *line) place(it *item) int {
	all := l.all()
	switch {
	case len(all) == 0 || all[0] == it:
		return 0
	case compareItems(all[len(all)-1], it) < 0:
		return len(all)
	}
	return sort.Search(len(all), func(i int) bool { return compareItems(all[i], it) >= 0 })
}

func (l *line) put(it *item) {
	at := l.place(it)
	if at < l.len()/2 && l.gone > 0 {
		copy(l.items[l.gone-1:], l.items[l.gone:l.gone+at])
		l.gone--
		l.items[l.gone+at] = it
		return
	}
	l.items = slices.Insert(l.items, l.gone+at, it)
}

func (l *line) take(it *item) {
	at := l.place(it)
	if at >= l.len() || l.items[l.gone+at] != it {
		return
	}
	if at < l.len()/2 || at == 0 {
		copy(l.items[l.gone+1:], l.items[l.gone:l.gone+at])
		l.items[l.gone] = nil
		l.gone++
	} else {
		l.items = slices.Delete(l.items, l.gone+at, l.gone+at+1)
	}
	if l.gone > 32 && l.gone > len(l.items)/2 {
		l.items = slices.Clone(l.items[l.gone:])
		l.gone = 0
	}
}

// compareItems orders as compareHeads does.
func compareItems(x, y *item) int {
	if x.due != y.due {
		return cmp.Compare(x.due, y.due)
	}
	return compareHeads(&x.Head, &y.Head)
}
