package match

import (
	"time"

	"stagecoach/contact"
)

// Limits are what every agent may hold beside their capacity in units.
type Limits struct {
	// Headroom is the units of each agent that only live channels may use.
	Headroom int
	// Beside is the units of interruptible work that an agent may hold without
	// their counting against the capacity.
	Beside int
	// Channels are those of which something is to be said.
	Channels []ChannelLimit
	// Zone is where the days of daily caps and the shifts are counted; nil is UTC.
	Zone *time.Location
	// Drain is how long before the end of their shift an agent gets nothing new.
	Drain time.Duration
	// Advisory is true where shifts are shown only.
	Advisory bool
}

// ChannelLimit is what holds for the contacts of one channel of reply.
type ChannelLimit struct {
	Channel contact.Channel
	// Live channels may use the headroom.
	Live bool
	// Interruptible work may be held beside a full load.
	Interruptible bool
	// Most is how many an agent may hold, 0 for as many as their units allow.
	Most int
}

// Held is what an agent holds of one channel: contacts, offers, and live
// conversations that go on.
type Held struct {
	Channel contact.Channel
	Count   int
	Units   int
	// Most is the agent's own limit, 0 for the channel's.
	Most int
}

// Of gives what holds for a channel, nothing where nothing was said.
func (l *Limits) Of(ch contact.Channel) ChannelLimit {
	if l != nil {
		for i := range l.Channels {
			if l.Channels[i].Channel == ch {
				return l.Channels[i]
			}
		}
	}
	return ChannelLimit{Channel: ch}
}

// Room splits what an agent of a capacity holds: the units that are left, and
// those of interruptible work that still don't count against them.
func (l *Limits) Room(capacity int, held []Held) (room, spare int) {
	all, interruptible := 0, 0
	for i := range held {
		all += held[i].Units
		if l != nil && l.Beside > 0 && l.Of(held[i].Channel).Interruptible {
			interruptible += held[i].Units
		}
	}
	if l != nil {
		spare = max(l.Beside-interruptible, 0)
		all -= min(l.Beside, interruptible)
	}
	return capacity - all, spare
}

// Ready gives the first gate that the agent does not pass at this moment, "" if
// they pass all. It costs O(channels) at most, and no memory. At the zero time,
// which is no moment, there is room.
func Ready(h *Head, units int, a *Agent, now time.Time) Gate {
	ch := contact.Channel("")
	if h.Need != nil {
		ch = h.Need.demand.ReplyChannel
	}
	return ready(ch, h, units, a, now)
}

// aside reports whether the agent can hold it beside all that they can hold else.
func (a *Agent) aside(ch contact.Channel, units int) bool {
	return a.Spare >= units && a.Limits.Of(ch).Interruptible
}

// fitsEmptied reports whether the agent could take it with nothing in hand.
func (a *Agent) fitsEmptied(ch contact.Channel, units int) bool {
	if a.Limits == nil {
		return units <= a.Capacity
	}
	limit := a.Limits.Of(ch)
	if limit.Interruptible {
		units -= min(units, a.Limits.Beside)
	}
	if limit.Live || units == 0 {
		return units <= a.Capacity
	}
	return units <= a.Capacity-a.Limits.Headroom
}

// handling is how long the contact is likely to take.
func (h *Head) handling() time.Duration {
	if h.Need == nil {
		return 0
	}
	return h.Need.traits.Handling
}

func ready(ch contact.Channel, h *Head, units int, a *Agent, now time.Time) Gate {
	if a.asks == asksNot && len(h.Cool) > 0 && h.Cool[a.ID].After(now) {
		return GateCooling
	}
	if now.IsZero() {
		return ""
	}
	if a.asks == asksNot && !a.Until.IsZero() {
		switch {
		case now.Before(a.From) || !now.Before(a.Until):
			return GateShift
		case !now.Before(a.DrainAt) || now.Add(h.handling()).After(a.Until):
			return GateDraining
		}
	}
	return Fits(ch, units, a)
}

// Fits gives the first limit that one more contact of a channel would exceed, ""
// if none.
func Fits(ch contact.Channel, units int, a *Agent) Gate {
	if a.Capped {
		return GateDailyCap
	}
	if a.Limits == nil && len(a.Held) == 0 {
		if a.Room < units {
			return GateCapacity
		}
		return ""
	}
	limit := a.Limits.Of(ch)
	for i := range a.Held {
		if held := &a.Held[i]; held.Channel == ch {
			if held.Most > 0 {
				limit.Most = held.Most
			}
			if limit.Most > 0 && held.Count >= limit.Most {
				return GateChannelMax
			}
			break
		}
	}
	if limit.Interruptible {
		units -= min(units, a.Spare)
	}
	switch {
	case units == 0:
		return ""
	case a.Room < units:
		return GateCapacity
	case !limit.Live && a.Limits != nil && a.Room-units < a.Limits.Headroom:
		return GateHeadroom
	}
	return ""
}
