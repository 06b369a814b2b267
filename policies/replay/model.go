package replay

import (
	"math"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// Model is how those of a history work, as far as it tells: how long answers take of
// whom, and what becomes of offers.
type Model struct {
	// Efficiency is e: n contacts in hand advance n^e as fast as one.
	Efficiency float64
	// Observed counts the answers of which it is known how long they took.
	Observed int
	// work is the logarithm of seconds, drawn from those of all towards each
	// channel's, class's and agent's; rest is what is left of each answer.
	all                       float64
	byChannel, byClass, byWho *Credible
	rest                      pools
	// delivery is how long replies are on their way, by channel.
	delivery pools
	// fates and delays are how offers are answered.
	accept, decline *Credible
	// silent is how often nothing is done about what was taken, by channel and agent,
	// silentOn by channel.
	silent, silentOn *Credible
	delay            *Credible
	delays           pools
	absences         []float64
}

// pools are values to draw from: of a name where there are enough, else of what that
// belongs to.
type pools struct {
	by  map[string][]float64
	all []float64
}

// enough is how many values make a pool of its own.
const enough = 50

func (p *pools) add(v float64, names ...string) {
	if p.by == nil {
		p.by = map[string][]float64{}
	}
	for _, name := range names {
		p.by[name] = append(p.by[name], v)
	}
	p.all = append(p.all, v)
}

// of gives the first pool that has enough, the narrowest name first.
func (p *pools) of(names ...string) []float64 {
	for _, name := range names {
		if values := p.by[name]; len(values) >= enough {
			return values
		}
	}
	return p.all
}

// answerKeys name the groups of an answer, the widest first.
func answerKeys(t *Turn, class, agent string) (channel, byClass, byWho string) {
	channel = string(t.Facts.Channel)
	byClass = channel + "/" + class
	return channel, byClass, byClass + "/" + agent
}

// least is the shortest time that an answer takes: what took less was written
// elsewhere.
const least = 0.05

// NewModel learns of a history. Together is what to take for the efficiency where the
// history doesn't tell.
func NewModel(h *History, together float64) *Model {
	m := &Model{}
	answered := slices.DeleteFunc(slices.Clone(h.Turns), func(t *Turn) bool {
		return t.Took().Seconds() < least || t.End == "" || t.Facts.Promise == router.PromisePledge || t.Agent == ""
	})
	m.Observed = len(answered)
	m.Efficiency = efficiency(answered, together)
	m.learnWork(answered)
	m.learnOffers(h)
	for _, t := range h.Turns {
		if t.Delivery > 0 {
			m.delivery.add(t.Delivery.Seconds(), string(t.Facts.Channel))
		}
	}
	for _, d := range h.Absences {
		m.absences = append(m.absences, d.Seconds())
	}
	return m
}

// content is how long an answer would have taken as the only one in hand.
func (t *Turn) content(efficiency float64) float64 {
	total := 0.0
	for i, s := range t.AtOnce {
		total += s * math.Pow(float64(i+1), efficiency-1)
	}
	return total
}

// efficiency finds e: the slope of the logarithm of how long answers took over that
// of how many were in hand meanwhile is 1 - e, by least squares within the groups of
// one channel and agent. With few answers, or where that number hardly differs, it is what
// was given.
func efficiency(answered []*Turn, otherwise float64) float64 {
	type one struct{ x, y float64 }
	groups := map[string][]one{}
	var names []string
	for _, t := range answered {
		total, weighed := 0.0, 0.0
		for i, s := range t.AtOnce {
			total += s
			weighed += s * float64(i+1)
		}
		name := string(t.Facts.Channel) + "/" + t.Agent
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], one{math.Log(weighed / total), math.Log(total)})
	}
	xy, xx := 0.0, 0.0
	for _, name := range names {
		mx, my := 0.0, 0.0
		for _, o := range groups[name] {
			mx, my = mx+o.x, my+o.y
		}
		n := float64(len(groups[name]))
		for _, o := range groups[name] {
			xy += (o.x - mx/n) * (o.y - my/n)
			xx += (o.x - mx/n) * (o.x - mx/n)
		}
	}
	if n := float64(len(answered)); n < 2*enough || xx < 0.02*n {
		return otherwise
	}
	return min(1, max(0, 1-xy/xx))
}

// learnWork finds how long answers take: a mean of the logarithms for each class,
// channel and agent, drawn towards that of class and channel, that of the channel, and
// that of all.
func (m *Model) learnWork(answered []*Turn) {
	logs := make([]float64, len(answered))
	for i, t := range answered {
		logs[i] = math.Log(max(t.content(m.Efficiency), least))
	}
	key := func(level int) func(i int) (string, float64) {
		return func(i int) (string, float64) {
			channel, class, who := answerKeys(answered[i], answered[i].Facts.Was.Class, answered[i].Agent)
			return [...]string{channel, class, who}[level], logs[i]
		}
	}
	fine, all := groupsOf(len(logs), key(2))
	sq, n := 0.0, 0.0
	for _, name := range sortedKeys(fine) {
		sq += fine[name].sq
		n += fine[name].n - 1
	}
	within := sq / max(n, 1)
	m.all = all.mean
	channels, _ := groupsOf(len(logs), key(0))
	m.byChannel = credible(channels, all.mean, within)
	classes, _ := groupsOf(len(logs), key(1))
	m.byClass = nested(classes, within, func(name string) float64 { return m.byChannel.of(parent(name)) })
	m.byWho = nested(fine, within, func(name string) float64 { return m.classMean(parent(name)) })
	for i, t := range answered {
		channel, class, _ := answerKeys(t, t.Facts.Was.Class, t.Agent)
		m.rest.add(logs[i]-m.mean(t, t.Facts.Was.Class, t.Agent), class, channel)
	}
}

// nested is credible for groups that are drawn towards different means.
func nested(groups map[string]*group, within float64, towards func(name string) float64) *Credible {
	moved := make(map[string]*group, len(groups))
	for name, g := range groups {
		moved[name] = &group{n: g.n, mean: g.mean - towards(name), sq: g.sq}
	}
	c := credible(moved, 0, within)
	for name := range c.means {
		c.means[name] += towards(name)
	}
	return c
}

// classMean gives the mean of a class on a channel.
func (m *Model) classMean(name string) float64 {
	if v, ok := m.byClass.means[name]; ok {
		return v
	}
	return m.byChannel.of(parent(name))
}

// mean gives that of a class on a turn's channel by an agent.
func (m *Model) mean(t *Turn, class, agent string) float64 {
	_, byClass, who := answerKeys(t, class, agent)
	if v, ok := m.byWho.means[who]; ok {
		return v
	}
	return m.classMean(byClass)
}

// parent cuts the last part of a name off.
func parent(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return name[:i]
		}
	}
	return name
}

// learnOffers finds what becomes of offers, by agent.
func (m *Model) learnOffers(h *History) {
	rate := func(fate Fate) *Credible {
		groups, all := groupsOf(len(h.Answers), func(i int) (string, float64) { return h.Answers[i].Agent, is(h.Answers[i].Fate == fate) })
		return credible(groups, all.mean, all.mean*(1-all.mean))
	}
	m.accept, m.decline = rate(Accepted), rate(Declined)
	if len(h.Answers) == 0 {
		m.accept.Mean = 1
	}
	var taken []Answer
	for _, a := range h.Answers {
		if a.Fate != Missed {
			taken = append(taken, a)
		}
	}
	logs := func(i int) (string, float64) { return taken[i].Agent, math.Log(max(taken[i].After.Seconds(), 0.01)) }
	groups, all := groupsOf(len(taken), logs)
	m.delay = credible(groups, all.mean, -1)
	for i := range taken {
		who, v := logs(i)
		m.delays.add(v-m.delay.of(who), who)
	}
	m.learnSilence(h)
}

// learnSilence finds how often who takes a contact does nothing about it, or doesn't come
// to it: by channel, and by agent within it.
func (m *Model) learnSilence(h *History) {
	type take struct {
		channel, who string
		silent       float64
	}
	var takes []take
	for _, t := range h.Turns {
		for i, who := range t.Taken {
			takes = append(takes, take{string(t.Facts.Channel), string(t.Facts.Channel) + "/" + who, is(i < len(t.Taken)-1 && slices.Contains(t.Silent, who))})
		}
	}
	channels, all := groupsOf(len(takes), func(i int) (string, float64) { return takes[i].channel, takes[i].silent })
	agents, _ := groupsOf(len(takes), func(i int) (string, float64) { return takes[i].who, takes[i].silent })
	within := all.mean * (1 - all.mean)
	byChannel := credible(channels, all.mean, within)
	m.silent = nested(agents, within, func(name string) float64 { return byChannel.of(parent(name)) })
	m.silentOn = byChannel
}

// neglects reports whether who takes a contact for the n-th time does nothing about it.
func (m *Model) neglects(l luck, t *Turn, n int, agent string) bool {
	channel := string(t.Facts.Channel)
	chance, known := m.silent.means[channel+"/"+agent]
	if !known {
		chance = m.silentOn.of(channel)
	}
	return l.of(t.Index, drawSilent, n) < chance
}

func is(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// size gives how long an answer takes an agent as the only one in hand, in seconds.
func (m *Model) size(l luck, t *Turn, class, agent string) float64 {
	if m.Observed == 0 {
		return unknownWork.Seconds()
	}
	channel, byClass, _ := answerKeys(t, class, agent)
	rest := m.rest.of(byClass, channel)
	return math.Exp(m.mean(t, class, agent) + rest[l.pick(len(rest), t.Index, drawSize, 0)])
}

// unknownWork is how long an answer takes where nothing is known at all.
const unknownWork = 5 * time.Minute

// delivered gives how long a reply is on its way.
func (m *Model) delivered(l luck, t *Turn, ch contact.Channel) time.Duration {
	values := m.delivery.of(string(ch))
	if len(values) == 0 {
		return 0
	}
	return secondsOf(values[l.pick(len(values), t.Index, drawDelivery, 0)])
}

// fate gives what becomes of the n-th offer of a contact, and after how long.
func (m *Model) fate(l luck, t *Turn, n int, agent string) (Fate, time.Duration) {
	u, accept := l.of(t.Index, drawFate, n), m.accept.of(agent)
	fate := Missed
	switch {
	case u < accept:
		fate = Accepted
	case u < accept+m.decline.of(agent):
		fate = Declined
	}
	rest := m.delays.of(agent)
	if len(rest) == 0 {
		return fate, 0
	}
	return fate, secondsOf(math.Exp(m.delay.of(agent) + rest[l.pick(len(rest), t.Index, drawDelay, n)]))
}

// absence gives for how long an agent is away after missing offers for the n-th time.
func (m *Model) absence(l luck, agent, n int) time.Duration {
	if len(m.absences) == 0 {
		return time.Minute
	}
	return secondsOf(m.absences[l.pick(len(m.absences), agent, drawAbsence, n)])
}

// secondsOf gives whole microseconds, at most a hundred years.
func secondsOf(s float64) time.Duration {
	return time.Duration(math.Round(min(max(s, 0), 3e9)*1e6)) * time.Microsecond
}
