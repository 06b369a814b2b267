package fault

import "testing"

func TestReached(t *testing.T) {
	for _, c := range []struct {
		armed string
		// steps are what is reached, "point@channel"; at is the one to end at, -1
		// for none.
		steps [][2]string
		at    int
	}{
		{"", [][2]string{{"a", "slack"}, {"", ""}}, -1},
		{"a", [][2]string{{"b", ""}, {"a", "slack"}}, 1},
		{"a:2", [][2]string{{"a", ""}, {"b", ""}, {"a", "slack"}, {"a", ""}}, 2},
		{"a:x", [][2]string{{"a", ""}}, 0},
		{"a@slack", [][2]string{{"a", ""}, {"a", "email"}, {"b", "slack"}, {"a", "slack"}, {"a", "slack"}}, 3},
		{"a@slack:2", [][2]string{{"a", "slack"}, {"a", "email"}, {"a", "slack"}, {"a", "slack"}}, 2},
		{"a@slack", [][2]string{{"a", ""}, {"a", "email"}}, -1},
	} {
		a, at := parse(c.armed), -1
		for i, step := range c.steps {
			if a != nil && a.reached(Point(step[0]), step[1]) {
				if at >= 0 {
					t.Errorf("%q ends twice, at %d and %d", c.armed, at, i)
				}
				at = i
			}
		}
		if at != c.at {
			t.Errorf("%q ends at step %d, want %d", c.armed, at, c.at)
		}
	}
}

func TestPointsListed(t *testing.T) {
	seen := map[Point]bool{}
	for _, p := range Points() {
		if seen[p] {
			t.Errorf("%s is listed twice", p)
		}
		seen[p] = true
	}
}

func BenchmarkOnUnarmed(b *testing.B) {
	for b.Loop() {
		On("slack", SendAfterPart)
	}
}
