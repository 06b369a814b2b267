package desk

import "testing"

// A number that was said in private is known again, whatever numbers stand beside it.
func TestNumbersSaidInPrivate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ said, answer, want string }{
		{"My contract 48151 2024 is too dear", "Your contract 48151 is checked.", "48151"},
		{"My contract 48151", "We see contract 48151 - 03.05.2026", "48151"},
		{"+49 170 1234567", "We call 0170 1234567", "1234567"},
		{"order 47-11-08-15", "order 47110815", "47110815"},
		{"It was in 2024", "In 2024, yes", ""},
		{"My contract 48151", "Your contract 48152", ""},
	} {
		if got := quotesPrivate(c.answer, c.said); got != c.want {
			t.Errorf("%q after %q: found %q, want %q", c.answer, c.said, got, c.want)
		}
	}
}
