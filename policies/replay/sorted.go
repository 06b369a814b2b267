package replay

import (
	"cmp"
	"maps"
	"slices"
)

// sortedKeys gives the keys of a map in order, as nothing may depend on Go's.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
