package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Past is a decision of long ago with every agent there was: the record, and what
// the state at that commit gives beside it.
type Past struct {
	Offer   string `json:"offer"`
	Contact string `json:"contact"`
	N       uint64 `json:"n"`
	// Record is what was written when it was decided.
	Record match.Explanation `json:"record"`
	// Candidates are all who could have taken it, the best first; those in the
	// record as they stand there.
	Candidates []match.Candidate `json:"candidates"`
	// Barred are all others, with what each lacked.
	Barred []Verdict `json:"barred"`
	// Agrees is true when the rule of this build and of today's policy decides the
	// same; Now is whom it would choose, "" if nobody or another contact.
	Agrees bool   `json:"agrees"`
	Now    string `json:"now,omitempty"`
}

// ErrNoSuchOffer means that the log holds no such offer at the commit named.
var ErrNoSuchOffer = errors.New("the log holds no such offer there")

// errFound ends a replay that has come as far as it should.
var errFound = errors.New("found")

// Replayed is a log that can be read again, with the snapshots that shorten it.
type Replayed struct {
	Office    string
	Log       Log
	Snapshots Snapshots
	Logger    *slog.Logger
}

// Past replays the log to the instant before an offer of commit n was made, and
// tells who stood where then. It starts from the newest snapshot that lies before,
// else from the beginning.
func (p *Replayed) Past(ctx context.Context, n uint64, offer string, r Rules) (*Past, error) {
	state, seq, err := LoadSnapshot(ctx, p.Office, p.Snapshots, p.Logger)
	if err != nil {
		return nil, err
	}
	if state.N >= n {
		state, seq = NewState(p.Office), 0
	}
	var out *Past
	_, err = p.Log.Replay(ctx, seq, func(_ uint64, data []byte) error {
		if state.N+1 < n {
			Fold(state, data, p.Logger)
			return ctx.Err()
		}
		c, err := DecodeCommit(data)
		if err != nil || c.N < n { // a skipped commit, as every fold does
			return nil //nolint:nilerr // Fold alarms of it
		}
		out = state.until(c, offer, r)
		return errFound
	})
	switch {
	case err != nil && !errors.Is(err, errFound):
		return nil, fmt.Errorf("replaying to commit %d: %w", n, err)
	case out == nil:
		return nil, fmt.Errorf("replaying to commit %d for offer %s: %w", n, offer, ErrNoSuchOffer)
	}
	return out, nil
}

// until folds a commit up to an offer and explains it; nil if it isn't there.
func (s *State) until(c *Commit, offer string, r Rules) *Past {
	s.beginCommit(c.N, c.Epoch, c.At)
	for i := range c.Entries {
		events := c.Entries[i].Events
		for k, ev := range events {
			made, ok := ev.(OfferMade)
			if ok && (made.Offer == offer || leads(events[k:], offer)) {
				made.Offer = offer
				return s.explainOffer(&made, r)
			}
			s.Apply(ev)
		}
		s.remember(&c.Entries[i])
	}
	return nil
}

// leads reports whether the first event is one of several offers of a contact that
// were decided together, of which the named one is a later.
func leads(events []Event, offer string) bool {
	first, ok := events[0].(OfferMade)
	for _, ev := range events {
		next, made := ev.(OfferMade)
		if !ok || !made || next.Contact != first.Contact {
			return false
		}
		if next.Offer == offer {
			return true
		}
	}
	return false
}

// explainOffer tells who stood where when an offer was made; the state is that of
// the instant before.
func (s *State) explainOffer(made *OfferMade, r Rules) *Past {
	c := s.Contacts[made.Contact]
	p := &Past{Offer: made.Offer, Contact: made.Contact, N: s.N, Record: made.Why, Candidates: []match.Candidate{}, Barred: []Verdict{}}
	if c == nil {
		return p
	}
	s.Prepare(r)
	x := &explainer{State: s, rules: r, now: s.At, c: c, units: made.Units}
	recorded := map[string]match.Candidate{made.Why.Winner.Agent: made.Why.Winner}
	for _, next := range made.Why.Next {
		recorded[next.Agent] = next
	}
	for _, id := range slices.Sorted(maps.Keys(s.Agents)) {
		a := s.Agents[id]
		if a.Removed {
			continue
		}
		if was, ok := recorded[id]; ok {
			p.Candidates = append(p.Candidates, was)
			continue
		}
		if gaps := x.gaps(a); len(gaps) > 0 {
			p.Barred = append(p.Barred, Verdict{Agent: id, Gaps: gaps})
			continue
		}
		if why, ok := x.alone(candidateOf(a), x.head()); ok {
			p.Candidates = append(p.Candidates, why.Winner)
		} else {
			p.Barred = append(p.Barred, Verdict{Agent: id})
		}
	}
	slices.SortStableFunc(p.Candidates, func(a, b match.Candidate) int {
		won := made.Why.Winner.Agent
		return cmp.Or(oneIf(b.Agent == won)-oneIf(a.Agent == won), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Agent, b.Agent))
	})
	p.Now, p.Agrees = s.decidesNow(made, r)
	return p
}

// decidesNow asks today's rule.
func (s *State) decidesNow(made *OfferMade, r Rules) (agent string, agrees bool) {
	s.waiting.Use(r.Version(), func(reply contact.Channel) int { return r.Work(reply).Units })
	s.waiting.TouchAll()
	r.Matching().Match(s.waiting, s.roster, s.At, func(p *match.Pick) bool {
		if p.Contact == made.Contact {
			agent = p.Why.Winner.Agent
		}
		return false
	})
	return agent, agent != "" && agent == made.Why.Winner.Agent
}
