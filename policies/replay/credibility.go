package replay

import (
	"math"
	"slices"
)

// group is the observations of one group: how many, their mean, and the sum of the
// squared differences from it.
type group struct {
	n        float64
	mean, sq float64
}

// add takes an observation in (Welford 1962).
func (g *group) add(v float64) {
	g.n++
	d := v - g.mean
	g.mean += d / g.n
	g.sq += d * (v - g.mean)
}

// Credible are the means of groups, drawn towards that of all where there are few
// observations: the credibility of n observations is n / (n + σ²/τ²), with σ² the
// variance within groups and τ² that between them (Bühlmann and Straub 1970, with
// their unbiased estimators; the empirical Bayes estimator of Efron and Morris 1975).
type Credible struct {
	// Within is σ², Between is τ²; Mean is what they are drawn towards.
	Within, Between, Mean float64
	means                 map[string]float64
}

// credible draws the means of groups towards a mean. Within is the variance within
// groups where it is known from more of them, negative to find it here.
func credible(groups map[string]*group, mean, within float64) *Credible {
	c := &Credible{Mean: mean, Within: within, means: make(map[string]float64, len(groups))}
	var names []string
	n, squares, sq, spread := 0.0, 0.0, 0.0, 0.0
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names) // sums of floats differ by their order
	for _, name := range names {
		g := groups[name]
		n += g.n
		squares += g.n * g.n
		sq += g.sq
		spread += g.n * (g.mean - mean) * (g.mean - mean)
	}
	k := float64(len(names))
	if c.Within < 0 {
		c.Within = sq / math.Max(n-k, 1)
	}
	if d := n - squares/math.Max(n, 1); d > 0 && k > 1 {
		c.Between = math.Max(0, (spread-(k-1)*c.Within)/d)
	}
	for _, name := range names {
		g := groups[name]
		c.means[name] = mean + c.weight(g.n)*(g.mean-mean)
	}
	return c
}

// weight is the credibility of n observations.
func (c *Credible) weight(n float64) float64 {
	if c.Between <= 0 || n <= 0 {
		return 0
	}
	return n / (n + c.Within/c.Between)
}

// of gives a group's mean, that of all where nothing is known of it.
func (c *Credible) of(name string) float64 {
	if m, ok := c.means[name]; ok {
		return m
	}
	return c.Mean
}

// groupsOf makes groups of values by their names, and one of all.
func groupsOf(n int, at func(i int) (name string, value float64)) (groups map[string]*group, all group) {
	groups = map[string]*group{}
	for i := range n {
		name, value := at(i)
		g := groups[name]
		if g == nil {
			g = &group{}
			groups[name] = g
		}
		g.add(value)
		all.add(value)
	}
	return groups, all
}
