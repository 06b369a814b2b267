package strict

import "strings"

// Near gives the word of the list that was probably meant, and false when none
// is like it. Case, "-" and "_" don't matter.
func Near(word string, list []string) (string, bool) {
	best, distance := "", min(1+max(1, len(word)/3), len(word))
	for _, candidate := range list {
		if d := edits(plain(word), plain(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best, best != ""
}

// DidYouMean gives a hint for a word that isn't in the list.
func DidYouMean(word string, list []string) string {
	if near, ok := Near(word, list); ok {
		return "did you mean " + near + "?"
	}
	if len(list) == 0 {
		return ""
	}
	return "one of " + strings.Join(list, ", ")
}

func plain(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
}

// edits counts the letters to insert, delete, replace or swap with a neighbour
// to make b of a.
func edits(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var older, previous [65]int
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		var row [65]int
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if j > 1 && i > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1) //nolint:gosec // j is over 1 here
			}
		}
		older, previous = previous, row
	}
	return previous[len(b)]
}
