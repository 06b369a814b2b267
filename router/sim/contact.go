package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Arrival is one contact of a day. Times are in seconds from the window's start.
type Arrival struct {
	// ID is its place in order of arrival, from 0.
	ID int
	// At is when the customer sent it, Visible when it came in, Due when the
	// reply is owed.
	At, Visible, Due float64
	// Class and Tier are places in the scenario's lists.
	Class, Tier int
	Channel     string
	// Size is the luck in its handling time, 1 on average.
	Size float64
	// Sticky is the agent who knows the customer, as a place among all agents in
	// the order of the crews; -1 for none.
	Sticky int
}

// Draw gives the contacts of a day in order of arrival. The same seed gives the
// same day.
func (s *Scenario) Draw(seed uint64) []Arrival {
	var out []Arrival
	rates := s.rates()
	for i := range s.Classes {
		random := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // a simulation wants to be repeated
		out = s.drawClass(out, i, rates[i], random)
	}
	slices.SortStableFunc(out, func(a, b Arrival) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Class, b.Class)) })
	for i := range out {
		out[i].ID = i
		s.complete(&out[i], rand.New(rand.NewPCG(seed, uint64(i)+1<<32))) //nolint:gosec // as above
	}
	return out
}

// rates gives for each class the mean rate of arrivals before profile and
// bursts, per second.
func (s *Scenario) rates() []float64 {
	staffed, each, shares := 0.0, 0.0, 0.0
	for i := range s.Agents {
		staffed += s.Agents[i].staffed(s.Hours) * 3600
	}
	for i := range s.Classes {
		shares += s.Classes[i].Share
	}
	for i := range s.Classes {
		each += s.Classes[i].Share / shares * s.agentSeconds(&s.Classes[i])
	}
	out := make([]float64, len(s.Classes))
	for i := range out {
		out[i] = s.Load * staffed / each * s.Classes[i].Share / shares / s.Seconds()
	}
	return out
}

// agentSeconds is the expected time that a contact of a class takes of an agent
// who holds as many of its channel as fit.
func (s *Scenario) agentSeconds(c *Class) float64 {
	able, slow := 0.0, 0.0
	for i := range s.Agents {
		if a := &s.Agents[i]; a.mayTake(c) {
			able += float64(a.Count)
			slow += float64(a.Count) * factor(a.Skills[c.Skill])
		}
	}
	mean := factor(0)
	if able > 0 {
		mean = slow / able
	}
	total, mix := 0.0, 0.0
	for _, name := range sortedKeys(c.ChannelMix) {
		part := c.ChannelMix[name]
		mix += part
		total += part * c.MeanS[name] * mean * math.Pow(float64(s.Channels[name].Cap), -s.ConcurrencyEff)
	}
	return total / mix
}

// drawClass draws a class's arrivals as a Poisson process by thinning (Lewis and
// Shedler, 1979).
func (s *Scenario) drawClass(out []Arrival, class int, rate float64, random *rand.Rand) []Arrival {
	if rate <= 0 {
		return out
	}
	highest := 0.0
	for _, at := range s.breaks() {
		highest = max(highest, s.relative(class, at))
	}
	for at := random.ExpFloat64() / (rate * highest); at < s.Seconds(); at += random.ExpFloat64() / (rate * highest) {
		if random.Float64()*highest < s.relative(class, at) {
			out = append(out, Arrival{At: at, Class: class, Sticky: -1})
		}
	}
	return out
}

// expected is how many contacts a day has on average, and how many are drawn to
// find them.
func (s *Scenario) expected() (contacts, draws float64) {
	breaks := append(s.breaks(), s.Seconds())
	slices.Sort(breaks)
	for class, rate := range s.rates() {
		highest := 0.0
		for i := 1; i < len(breaks); i++ {
			if from, until := breaks[i-1], min(breaks[i], s.Seconds()); until > from {
				relative := s.relative(class, from)
				highest = max(highest, relative)
				contacts += rate * relative * (until - from)
			}
		}
		draws += rate * highest * s.Seconds()
	}
	return contacts, draws
}

// breaks are the times at which a rate changes: between two it is constant.
func (s *Scenario) breaks() []float64 {
	out := make([]float64, 0, len(s.Profile)+2*len(s.Bursts))
	for i := range s.Profile {
		out = append(out, float64(i)*s.Seconds()/float64(len(s.Profile)))
	}
	for _, b := range s.Bursts {
		out = append(out, b.StartH*3600, (b.StartH+b.DurH)*3600)
	}
	return out
}

// relative is a class's rate at a time as a multiple of its mean rate.
func (s *Scenario) relative(class int, at float64) float64 {
	slot := int(at / s.Seconds() * float64(len(s.Profile)))
	if slot < 0 || slot >= len(s.Profile) {
		return 0
	}
	r := s.Profile[slot] / (sum(s.Profile) / float64(len(s.Profile)))
	for _, b := range s.Bursts {
		if (b.Class == "*" || b.Class == s.Classes[class].Name) && at >= b.StartH*3600 && at < (b.StartH+b.DurH)*3600 {
			r *= b.Mult
		}
	}
	return r
}

// complete draws the rest of a contact.
func (s *Scenario) complete(a *Arrival, random *rand.Rand) {
	c := &s.Classes[a.Class]
	names := sortedKeys(c.ChannelMix)
	a.Channel = names[pick(random, len(names), func(i int) float64 { return c.ChannelMix[names[i]] })]
	a.Tier = pick(random, len(s.Tiers), func(i int) float64 { return s.Tiers[i].Share })
	a.Due = a.At + s.Tiers[a.Tier].TargetS[a.Channel]
	a.Size = logNormal(random.NormFloat64(), 1, math.Sqrt(math.Log1p(c.CV*c.CV)))
	a.Visible = a.At
	if o := s.Outage; o != nil && slices.Contains(o.Channels, a.Channel) && a.At >= o.StartH*3600 && a.At < (o.StartH+o.DurH)*3600 {
		a.Visible = (o.StartH + o.DurH) * 3600
	}
	if random.Float64() < s.Sticky.Prob {
		a.Sticky = s.known(c, a.Visible, random)
	}
}

// known gives one of the agents who may take a class and work at a time, -1 if
// none does.
func (s *Scenario) known(c *Class, at float64, random *rand.Rand) int {
	var from []int
	first := 0
	for i := range s.Agents {
		if a := &s.Agents[i]; a.mayTake(c) && s.onShift(a, at) {
			for j := range a.Count {
				from = append(from, first+j)
			}
		}
		first += s.Agents[i].Count
	}
	if len(from) == 0 {
		return -1
	}
	return from[random.IntN(len(from))]
}

// onShift reports whether a crew works at a time: a shift that reaches the end
// of the window goes on.
func (s *Scenario) onShift(a *Crew, at float64) bool {
	return at >= a.ShiftH[0]*3600 && (at < a.ShiftH[1]*3600 || a.ShiftH[1] >= s.Hours)
}

// pick draws one of n by their weights.
func pick(random *rand.Rand, n int, weight func(i int) float64) int {
	total := 0.0
	for i := range n {
		total += weight(i)
	}
	at := random.Float64() * total
	for i := range n {
		if at -= weight(i); at < 0 {
			return i
		}
	}
	return n - 1
}

// logNormal gives a lognormal value of a mean, for a standard normal z.
func logNormal(z, mean, sigma float64) float64 {
	return mean * math.Exp(sigma*z-sigma*sigma/2)
}
