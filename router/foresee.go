package router

import (
	"slices"
	"time"

	"stagecoach/router/forecast"
)

// foreseenFrom is from which chance on, of a thousand, a miss is foreseen.
const foreseenFrom = 750

// looks is into how many parts a promise's time is cut, to look at the end of
// each whether it will be kept.
const looks = 16

// expect begins the forecast of an open contact's wait.
func (s *State) expect(c *Contact) {
	if c.Promise != PromiseFirst && c.Promise != PromiseNext || c.Proposed != "" {
		return
	}
	s.Forecast.Open(c.ID, caseOf(c), c.Start, s.At)
}

func caseOf(c *Contact) forecast.Case {
	target := c.Traits.Target
	if target <= 0 {
		target = c.Due.Sub(c.Start)
	}
	return forecast.Case{
		Channel: string(c.ReplyChannel), Queue: c.Queue, Tier: c.Tier, Demand: c.Demand.Key(), Target: target, Reply: c.Traits.Reply(),
	}
}

// nextLook gives when it is next looked whether a contact's promise will be
// kept, zero for never.
func nextLook(c *Contact, now time.Time) time.Time {
	part := c.Due.Sub(c.Start) / looks
	if part <= 0 || !now.Before(c.Due) {
		return time.Time{}
	}
	passed := max(now.Sub(c.Start), 0).Truncate(part)
	if next := passed + part; next < part*looks {
		return c.Start.Add(next)
	}
	return time.Time{}
}

// foreseeOpened looks at what this command has opened, once offers are made.
func (t *turn) foreseeOpened() {
	for _, id := range slices.Clone(t.opened) {
		t.foresee(t.Contacts[id])
	}
}

// forecastDue looks at a contact, and says when to look again.
func (t *turn) forecastDue(id string) {
	c := t.Contacts[id]
	if c == nil || !c.Open() || c.Foreseen || c.Breached {
		return
	}
	t.timers.add(nextLook(c, t.env.Now), timerForecast, id)
	t.foresee(c)
}

// foresee finds out whether a contact's promise will be missed, and records it
// once. While nobody is there nothing can be said but what the time at risk says.
func (t *turn) foresee(c *Contact) {
	if c == nil || !c.Open() || c.Foreseen || c.Breached || c.State == Sending || t.staff == 0 || !t.env.Now.Before(c.Due) {
		return
	}
	if chance := t.Forecast.Chance(c.ID, c.Due.Sub(t.env.Now), t.env.Now); chance >= foreseenFrom {
		t.emit(MissForeseen{Contact: c.ID, Chance: chance})
	}
}

// Foreseen gives the ids of the open contacts whose promise will probably be
// missed, and is not yet.
func (s *State) Foreseen() map[string]bool { return s.foreseen }
