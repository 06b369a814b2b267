package match

import (
	"cmp"
	"time"
)

// Rule says which of the waiting contacts is served next, and by whom.
type Rule interface {
	// Match gives all pairs that can be made now to offer, the best first, until
	// offer returns false. offer makes the pair true: the contact waits no longer,
	// and the agent has less room. The pick is valid during the call. Match gives
	// when it wants to look again although nothing has happened, zero for never.
	Match(w *Waiting, r *Roster, now time.Time, offer func(p *Pick) bool) time.Time
}

// Pick is a contact and the agent whom it is offered to, with the reasons.
type Pick struct {
	Contact string
	Units   int
	Why     Explanation
}

// Lane is why a contact's turn has come.
type Lane string

// The lanes, in the order in which they are served. A guard turn is owed to
// whoever has waited for several promises, whatever they are worth; savable
// contacts can still be answered in time; lost ones no longer.
const (
	LaneGuard   Lane = "guard"
	LaneSavable Lane = "savable"
	LaneLost    Lane = "lost"
)

// rank is the place of a lane in that order.
type rank uint8

const (
	rankGuard rank = iota
	// rankQuiet is for who is lost while all who are not have time enough.
	rankQuiet
	rankSavable
	rankLost
)

func (r rank) lane() Lane {
	switch r {
	case rankGuard:
		return LaneGuard
	case rankSavable:
		return LaneSavable
	case rankQuiet, rankLost:
		return LaneLost
	}
	return ""
}

// pair is a contact and an agent who may take it.
type pair struct {
	it    *item
	agent *Agent
	job   *job
	rank  rank
	score int64
	// room and credit are the agent's when the pair was found.
	room   int
	credit int64
}

// before orders pairs, the best first: by lane, by score, then who waits for
// longer, then the lesser id; then who has been idle for longer.
func (x *pair) before(y *pair) bool {
	if x.rank != y.rank {
		return x.rank < y.rank
	}
	if x.score != y.score {
		return x.score > y.score
	}
	if x.it != y.it {
		if c := x.it.Start.Compare(y.it.Start); c != 0 {
			return c < 0
		}
		return x.it.Contact < y.it.Contact
	}
	return cmp.Or(x.agent.IdleSince.Compare(y.agent.IdleSince), cmp.Compare(x.agent.ID, y.agent.ID)) < 0
}

// source is where a pair comes from: an agent who has become free, or a group
// in which somebody has begun to wait.
type source struct {
	agent *Agent
	group *Group
	best  pair
}

// bestFirst has the best pair first.
type bestFirst struct{}

// Before implements heap.Order.
func (bestFirst) Before(x, y *source) bool { return x.best.before(&y.best) }

// Stands implements heap.Order.
func (bestFirst) Stands(*source, int) {}
