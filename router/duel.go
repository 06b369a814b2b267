package router

import (
	"time"

	"stagecoach/contact"
)

// Duel counts what machines make of one correspondent (an address; for role
// accounts such as info@ also their domain) and us, over all mailboxes: two
// machines must not keep each other busy. Times are of the last day.
type Duel struct {
	// Answers are our automatic answers; Echoes are their messages that came at
	// once after one, or answered one; Opened are the contacts that messages of
	// a machine opened.
	Answers []time.Time `json:"answers,omitempty"`
	Echoes  []time.Time `json:"echoes,omitempty"`
	Opened  []time.Time `json:"opened,omitempty"`
}

const (
	// duelWindow is how long a count lasts.
	duelWindow = 24 * time.Hour
	// echoTime is how soon after an automatic answer of ours only a machine
	// writes again.
	echoTime = 90 * time.Second
	// machineContacts is how many contacts messages of a machine open in a day;
	// more join the one that is open.
	machineContacts = 10
	// heapMessages bounds how many messages are joined to one contact so.
	heapMessages = 200
	// longestDuel bounds what is remembered of one correspondent.
	longestDuel = 1000
	// joinedByHeap is how a message of a machine is joined to others of it.
	joinedByHeap = "machine"
	// ruleDuel names, as the rule, why a message was put before a person.
	ruleDuel = "answers our automatic mail at once"
)

func (s *State) duel(key string) *Duel {
	d := s.Duels[key]
	if d == nil {
		d = &Duel{}
		s.Duels[key] = d
	}
	return d
}

// recent counts the times of the last day.
func recent(times []time.Time, now time.Time) int {
	for i, at := range times {
		if now.Sub(at) < duelWindow {
			return len(times) - i
		}
	}
	return 0
}

// counted adds now to the times, and drops those that no longer count.
func counted(times []time.Time, now time.Time) []time.Time {
	times = append(times[len(times)-recent(times, now):], now)
	return times[max(0, len(times)-longestDuel):]
}

// echoes reports whether a message is what a machine makes of an automatic
// answer of ours.
func (t *turn) echoes(c *Receive) bool {
	if c.Kind != KindFresh {
		return false
	}
	for _, key := range c.Correspondents {
		d := t.Duels[key]
		if d == nil || len(d.Answers) == 0 {
			continue
		}
		since := c.ReceivedAt.Sub(d.Answers[len(d.Answers)-1])
		if since >= -echoTime && since < echoTime {
			return true
		}
	}
	for _, k := range c.Threads {
		f, ok := t.find(k, c.Known)
		if !ok || f.Reply == "" {
			continue
		}
		if r := t.Replies[f.Reply]; r != nil && r.Kind == contact.Acknowledgement {
			return true
		}
		if r := f.ReplyFacts; r != nil && r.Kind == contact.Acknowledgement {
			return true
		}
	}
	return false
}

// suspect proposes a message as a machine's where its sender has echoed as many
// of our automatic answers as the budget holds. It stays a message.
func (t *turn) suspect(c *Receive) (echo bool) {
	echo = t.echoes(c)
	how := t.env.Rules.Timing().Acknowledge
	if how == nil || c.Propose != "" || c.Kind != KindFresh {
		return echo
	}
	budget := how(c.Channel).Budget
	for _, key := range c.Correspondents {
		d := t.Duels[key]
		if d == nil {
			continue
		}
		n := recent(d.Echoes, t.env.Now)
		if echo {
			n++
		}
		if budget > 0 && n >= budget && recent(d.Answers, t.env.Now) >= budget {
			c.Propose, c.Rule = contact.Machine, ruleDuel
			return echo
		}
	}
	return echo
}

// heap finds the open contact to which a machine's message is joined once the
// sender's messages have opened enough of them; nil if there is none.
func (t *turn) heap(c *Receive, customer string) *Conversation {
	if c.Propose != contact.Machine {
		return nil
	}
	full := false
	for _, key := range c.Correspondents {
		if d := t.Duels[key]; d != nil && recent(d.Opened, t.env.Now) >= machineContacts {
			full = true
		}
	}
	if !full {
		return nil
	}
	var best *Contact
	var in *Conversation
	for o := range t.openMachines(t.personOf(customer, c.Known).ID) {
		if o.Proposed != contact.Machine || o.State == Sending || len(o.Messages) >= heapMessages {
			continue
		}
		v := t.ownIn(o, customer, c.Channel, c.Account) // another member's is not theirs
		if v != nil && (best == nil || o.Start.After(best.Start) || o.Start.Equal(best.Start) && o.ID > best.ID) {
			best, in = o, v
		}
	}
	return in
}

// applyDuel counts a message of a correspondent.
func (s *State) applyDuel(e *MessageReceived) {
	for _, key := range e.Correspondents {
		d := s.duel(key)
		if e.Echo {
			d.Echoes = counted(d.Echoes, s.At)
		}
		if e.Machine {
			d.Opened = counted(d.Opened, s.At)
		}
	}
}
