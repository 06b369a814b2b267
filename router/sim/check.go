package sim

import (
	"fmt"
	"maps"
	"slices"

	"stagecoach/configs/strict"
)

// checker looks for what contradicts itself in a scenario whose fields are all
// well formed.
type checker struct {
	*Scenario
	doc *strict.Doc
}

func (k *checker) run() {
	if len(k.Profile) == 0 {
		k.Profile = []float64{1}
	}
	if sum(k.Profile) <= 0 {
		k.doc.Report("profile", "", "must have a slice above 0")
	}
	k.tiers()
	k.classes()
	k.crews()
	k.disturbances()
	if k.Offer.Decline+k.Offer.NoAnswer > 1 {
		k.doc.Report("offer", "", "decline and no_answer are more than 1 together")
	}
	if len(k.doc.Problems()) == 0 {
		k.possible()
	}
}

func (k *checker) names(list string, n int, name func(i int) string) {
	seen := map[string]bool{}
	for i := range n {
		if seen[name(i)] {
			k.doc.Report(fmt.Sprintf("%s[%d].name", list, i), "", "%q is there twice", name(i))
		}
		seen[name(i)] = true
	}
	if n == 0 {
		k.doc.Report(list, "", "must have an entry")
	}
}

func (k *checker) channel(key, name string) {
	if _, ok := k.Channels[name]; !ok {
		k.doc.Report(key, strict.DidYouMean(name, slices.Sorted(maps.Keys(k.Channels))), "%q is none of the channels", name)
	}
}

func (k *checker) tiers() {
	k.names("tiers", len(k.Tiers), func(i int) string { return k.Tiers[i].Name })
	shares := 0.0
	for i := range k.Tiers {
		t, key := &k.Tiers[i], fmt.Sprintf("tiers[%d]", i)
		shares += t.Share
		for name := range t.TargetS {
			k.channel(key+".target_s."+name, name)
		}
		for name := range k.Channels {
			if _, ok := t.TargetS[name]; !ok {
				k.doc.Report(key+".target_s", "", "has no target for the channel %q", name)
			}
		}
	}
	if len(k.Tiers) > 0 && shares <= 0 {
		k.doc.Report("tiers", "", "the shares must sum to more than 0")
	}
}

func (k *checker) classes() {
	k.names("classes", len(k.Classes), func(i int) string { return k.Classes[i].Name })
	shares := 0.0
	for i := range k.Classes {
		c, key := &k.Classes[i], fmt.Sprintf("classes[%d]", i)
		shares += c.Share
		mix := 0.0
		for name, part := range c.ChannelMix {
			mix += part
			k.channel(key+".channel_mix."+name, name)
			if _, ok := c.MeanS[name]; !ok && part > 0 {
				k.doc.Report(key+".mean_s", "", "has no handling time for the channel %q", name)
			}
		}
		for name, mean := range c.MeanS {
			k.channel(key+".mean_s."+name, name)
			if mean <= 0 {
				k.doc.Report(key+".mean_s."+name, "", "must be more than 0")
			}
		}
		if mix <= 0 {
			k.doc.Report(key+".channel_mix", "", "must sum to more than 0")
		}
	}
	if len(k.Classes) > 0 && shares <= 0 {
		k.doc.Report("classes", "", "the shares must sum to more than 0")
	}
}

func (k *checker) crews() {
	k.names("agents", len(k.Agents), func(i int) string { return k.Agents[i].Name })
	for i := range k.Agents {
		c, key := &k.Agents[i], fmt.Sprintf("agents[%d].shift_h", i)
		if len(c.ShiftH) != 2 {
			k.doc.Report(key, "such as [0, 8]", "must be two numbers: from and to")
			continue
		}
		if c.ShiftH[0] >= c.ShiftH[1] || c.ShiftH[0] < 0 {
			k.doc.Report(key, "", "must begin at 0 or later, and end after it begins")
		} else if c.ShiftH[0] >= k.Hours {
			k.Warnings = append(k.Warnings, k.doc.Problem(key, "", "begins after the window of %v hours: they only see what is left of it", k.Hours))
		}
	}
}

func (k *checker) disturbances() {
	classes := []string{"*"}
	for i := range k.Classes {
		classes = append(classes, k.Classes[i].Name)
	}
	for i, b := range k.Bursts {
		if !slices.Contains(classes, b.Class) {
			k.doc.Report(fmt.Sprintf("bursts[%d].class", i), strict.DidYouMean(b.Class, classes), "%q is none of the classes", b.Class)
		}
	}
	if k.Outage != nil {
		for i, name := range k.Outage.Channels {
			k.channel(fmt.Sprintf("outage.channels[%d]", i), name)
		}
	}
}

// What is simulated at most: beyond that a slip of the pen is likelier than a
// company, and memory would run out before the day is over.
const (
	maxContacts = 1_000_000
	maxAgents   = 100_000
	// maxDraws bounds what is thrown away while a day is drawn.
	maxDraws = 100_000_000
)

// possible refuses a day that is too big to be simulated, and warns of contacts
// that nobody could ever take: it says who would be needed; they stay unanswered,
// and that is shown.
func (k *checker) possible() {
	staffed := 0.0
	for i := range k.Agents {
		staffed += k.Agents[i].staffed(k.Hours)
	}
	switch n, draws := k.expected(); {
	case k.staff() > maxAgents:
		k.doc.Report("agents", "", "are %d in all: %d can be simulated", k.staff(), maxAgents)
	case staffed <= 0:
		k.doc.Report("agents", "", "nobody works inside the window of %v hours", k.Hours)
	case n > maxContacts:
		k.doc.Report("load", "less load, fewer hours or agents, longer handling times, smaller bursts", "this gives about %.3g contacts: %d can be simulated", n, maxContacts)
	case draws > maxDraws:
		k.doc.Report("profile", "", "the highest rate is too far above the mean one")
	}
	for i := range k.Classes {
		if c := &k.Classes[i]; c.Share > 0 && !k.able(c) {
			k.Warnings = append(k.Warnings, k.doc.Problem(fmt.Sprintf("classes[%d].name", i), "its contacts will wait and stay unanswered",
				"nobody can take %s: it needs %s", c.Name, k.needed(c)))
		}
	}
}

// staffed is how many hours of the window the crew works, of all its agents.
func (c *Crew) staffed(hours float64) float64 {
	return float64(c.Count) * max(0, min(c.ShiftH[1], hours)-c.ShiftH[0])
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}
