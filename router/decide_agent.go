package router

import (
	"maps"
	"slices"

	"stagecoach/contact"
)

func (t *turn) setAgent(cmd *SetAgent) error {
	a := cmd.Agent
	if a.ID == "" {
		return refuse(RefusedInvalid, "an agent needs an id")
	}
	if a.Capacity <= 0 {
		a.Capacity = DefaultCapacity
	}
	for _, s := range a.Skills {
		if s.Level < 1 || s.Level > 5 {
			return refuse(RefusedInvalid, "the level of skill %q is %d: it must be 1 to 5", s.Name, s.Level)
		}
	}
	if err := validLimits(&a); err != nil {
		return err
	}
	t.emit(AgentSet{Agent: a})
	return nil
}

// validLimits refuses what makes no sense of what limits an agent.
func validLimits(a *AgentProfile) error {
	seen := map[contact.Channel]bool{}
	for _, m := range a.Most {
		if m.Most < 1 || m.Channel == "" || seen[m.Channel] {
			return refuse(RefusedInvalid, "the most contacts of a channel is a number from 1, once for each channel")
		}
		seen[m.Channel] = true
	}
	if a.DailyCap < 0 {
		return refuse(RefusedInvalid, "the number of contacts a day is %d: it must be 0 or more", a.DailyCap)
	}
	if len(a.Shifts) > maxShifts {
		return refuse(RefusedInvalid, "these are %d shifts a week: at most %d are possible", len(a.Shifts), maxShifts)
	}
	for _, s := range a.Shifts {
		if !s.Valid() {
			return refuse(RefusedInvalid, "a shift begins within a day and ends after that, 24 hours later at most")
		}
	}
	return nil
}

// DefaultCapacity is what an agent can hold when nothing else is said, in units.
const DefaultCapacity = 100

func (t *turn) removeAgent(cmd RemoveAgent) error {
	a := t.Agents[cmd.Agent]
	if a == nil || a.Removed {
		return refuse(RefusedNotFound, "there is no such agent")
	}
	t.giveBackOffers(a, reasonRemoved)
	t.giveBackHolds(a, reasonRemoved, func(*Contact) bool { return true })
	t.leaveConversations(a.ID, reasonRemoved)
	t.emit(AgentRemoved{Agent: a.ID, By: t.actor})
	return nil
}

// setPresence changes whether an agent can be given work. Who is not there has
// their offers taken back at once; what they hold stays until it would be late.
func (t *turn) setPresence(cmd *SetPresence) error {
	a := t.Agents[cmd.Agent]
	switch {
	case a == nil || a.Removed:
		return refuse(RefusedNotFound, "there is no such agent")
	case a.ID != t.actor && !t.isSupervisor() && t.actor != ActorRouter:
		return refuse(RefusedNotAllowed, "only a supervisor changes somebody else's presence")
	}
	if a.Presence != cmd.Presence {
		e := PresenceChanged{Agent: a.ID, Presence: cmd.Presence, Cause: cmd.Cause}
		if !works(cmd.Presence) {
			e.ChatsUntil = t.env.Now.Add(t.env.Rules.Timing().ChatReturn)
		}
		t.emit(e)
	}
	if cmd.Presence != contact.Available {
		t.giveBackOffers(a, reasonPresence)
	}
	if cmd.HandOver {
		t.giveBackHolds(a, reasonHandOver, func(*Contact) bool { return true })
	}
	if cmd.HandOver || cmd.Presence == contact.Offline || cmd.Presence == contact.Unreachable {
		t.leaveConversations(a.ID, reasonPresence)
	}
	if !works(cmd.Presence) {
		t.giveBackHolds(a, reasonLateAbsent, func(c *Contact) bool { return !t.recallAt(c).After(t.env.Now) })
	}
	return nil
}

func (t *turn) giveBackOffers(a *Agent, reason string) {
	for _, id := range slices.Sorted(maps.Keys(a.Offers)) {
		t.emit(OfferEnded{Offer: id, Contact: t.Offers[id].Contact, Agent: a.ID, End: OfferRevoked, Reason: reason})
	}
}

// giveBackHolds takes contacts from an agent, but those with a reply on its way.
func (t *turn) giveBackHolds(a *Agent, reason string, which func(*Contact) bool) {
	for _, id := range slices.Sorted(maps.Keys(a.Holds)) {
		if c := t.Contacts[id]; c.State == AssignedTo && which(c) {
			t.emit(Unassigned{Contact: id, Agent: a.ID, By: t.actor, Reason: reason})
		}
	}
}

// returned makes an agent available again who was set away for missing offers, as
// they have just done something.
func (t *turn) returned(cmd Command) {
	if _, said := cmd.(SetPresence); said {
		return
	}
	a := t.Agents[t.actor]
	if a != nil && !a.Removed && !a.SetAway.IsZero() && t.env.Now.Sub(a.SetAway) >= t.env.Rules.Timing().AwayLeast {
		t.emit(PresenceChanged{Agent: a.ID, Presence: contact.Available, Cause: causeBack})
	}
}
