package policies

import "testing"

// TestHintsFitTheSet has each hint a bit of its own in what count remembers.
func TestHintsFitTheSet(t *testing.T) {
	if len(letterHints) > 64 {
		t.Errorf("%d hints, and the set of those counted has 64 bits", len(letterHints))
	}
}
