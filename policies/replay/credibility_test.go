package replay

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s is %.7f, by hand %.7f", what, got, want)
	}
}

// TestCredibility compares with what was reckoned by hand. Groups a (1, 3) and b
// (6, 8, 10): means 2 and 8, of all 5.6. σ² = (2 + 8) / (5 − 2) = 10/3. Between:
// (2·3.6² + 3·2.4² − 1·10/3) / (5 − (4 + 9)/5) = (43.2 − 3.3333) / 2.4 = 16.6111.
// Weights: 2 / (2 + 0.200669) and 3 / (3 + 0.200669).
func TestCredibility(t *testing.T) {
	values := []float64{1, 3, 6, 8, 10}
	names := []string{"a", "a", "b", "b", "b"}
	groups, all := groupsOf(len(values), func(i int) (string, float64) { return names[i], values[i] })
	c := credible(groups, all.mean, -1)
	near(t, "the mean of all", all.mean, 5.6)
	near(t, "σ²", c.Within, 10.0/3)
	near(t, "τ²", c.Between, (43.2-10.0/3)/2.4)
	k := c.Within / c.Between
	near(t, "σ²/τ²", k, 0.20066890)
	near(t, "a", c.of("a"), 5.6-3.6*2/(2+k))
	near(t, "b", c.of("b"), 5.6+2.4*3/(3+k))
	near(t, "one that is not known", c.of("c"), 5.6)
}

// TestThinDataIsDrawnTowardsTheMean gives groups that differ by luck alone the mean of
// all.
func TestThinDataIsDrawnTowardsTheMean(t *testing.T) {
	values := []float64{4, 6, 5, 5, 4.5, 5.5}
	groups, all := groupsOf(len(values), func(i int) (string, float64) { return string(rune('a' + i/2)), values[i] })
	c := credible(groups, all.mean, -1)
	for _, name := range []string{"a", "b", "c"} {
		near(t, name, c.of(name), 5)
	}
}

// TestPaired compares with a t-table: differences 1, 2, 3 have the mean 2, the standard
// error 1/√3, and t is 4.303 for two degrees of freedom.
func TestPaired(t *testing.T) {
	p := pairOf([]float64{10, 10, 10}, []float64{11, 12, 13})
	near(t, "the change", p.Change, 2)
	near(t, "its lower bound", p.Low, round(2-4.303/math.Sqrt(3)))
	near(t, "its upper bound", p.High, round(2+4.303/math.Sqrt(3)))
	if p.Sure {
		t.Error("an interval over nought is sure")
	}
	if p := pairOf([]float64{1}, []float64{2}); p.Sure || p.Low != 1 {
		t.Errorf("one seed says nothing of luck: %+v", p)
	}
}

// TestLuckIsEven looks at numbers of many contacts: they are spread evenly, and those of
// different purposes have nothing to do with each other.
func TestLuckIsEven(t *testing.T) {
	const n = 40_000
	var tenths [10]int
	sum, product := 0.0, 0.0
	for i := range n {
		x, y := luck(5).of(i, drawSize, 0), luck(5).of(i, drawFate, 1)
		tenths[int(x*10)]++
		sum += x
		product += (x - 0.5) * (y - 0.5)
	}
	chi := 0.0
	for _, k := range tenths {
		chi += math.Pow(float64(k)-n/10, 2) / (n / 10)
	}
	if chi > 27.9 { // the 99.9th percentile with nine degrees of freedom
		t.Errorf("the numbers are not even: %v", tenths)
	}
	if r := product / n * 12; math.Abs(r) > 0.02 {
		t.Errorf("two purposes are correlated by %.3f", r)
	}
}
