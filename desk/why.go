package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/desk/view"
	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
)

// WhyQuestion is what somebody wants to know of a contact.
type WhyQuestion struct {
	// Agent asks why this one got it, or didn't.
	Agent string
	// All asks for every agent at every decision.
	All  bool
	Lang explain.Lang
}

// pastAtMost is how many past decisions are replayed for one question.
const pastAtMost = 10

// Why gives the whole story of one contact.
func (s *Service) Why(ctx context.Context, idOrPrefix string, q WhyQuestion) (view.Why, error) {
	w, err := s.deps.Records.Why(ctx, idOrPrefix)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return view.Why{}, missing("There is no such contact.")
	case errors.Is(err, ledger.ErrAmbiguous):
		return view.Why{}, invalid("Several contacts begin so: give more of the id.")
	case err != nil:
		return view.Why{}, fmt.Errorf("asking why: %w", err)
	}
	if q.Agent != "" {
		if _, known := s.accounts.get(q.Agent); !known {
			return view.Why{}, missing("There is no such agent.")
		}
	}
	story := &explain.Story{Log: w, Agent: q.Agent}
	teller, err := s.stand(ctx, story, q.Lang)
	if err != nil {
		return view.Why{}, err
	}
	if story.Past, err = s.past(ctx, w, q); err != nil {
		return view.Why{}, err
	}
	out := view.Why{
		Card: s.card(ctx, &facts{Contact: w.Row.Contact}), End: string(w.Row.End), EndedAt: w.Row.EndedAt,
		Steps: []view.WhyStep{}, Text: teller.Story(story), Lang: string(teller.Lang), Answer: teller.Answer(story), Short: teller.Gist(story),
		Standing: story.Standing, Past: story.Past,
	}
	for i := range w.Steps {
		e := &w.Steps[i]
		title := s.stepTitle(ctx, e)
		if title == "" {
			continue
		}
		out.Steps = append(out.Steps, view.WhyStep{
			Commit: e.N, At: e.At, Title: title, Actor: s.accounts.name(e.Actor), Policy: e.Detail.Policy,
			Text: s.stepText(e), Candidates: s.candidates(e.Detail.Why),
		})
	}
	return out, nil
}

// stand asks the live router where the contact stands, and gives who tells it as
// of that moment.
func (s *Service) stand(ctx context.Context, story *explain.Story, lang explain.Lang) (*explain.Teller, error) {
	now := s.now()
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if s.deps.Still {
			now = st.At
		}
		if s.deps.Rules == nil {
			return
		}
		if standing, open := st.Standing(story.Log.Row.ID, s.deps.Rules(), now); open {
			story.Standing = standing
		}
	})
	if err != nil {
		return nil, fmt.Errorf("asking where a contact stands: %w", err)
	}
	t := s.teller(lang, now)
	t.CustomerOf = func(id string) string {
		row, err := s.deps.Ledger.Contact(ctx, id)
		if err != nil {
			return "" // its id is told instead
		}
		return s.headlineFor(ctx, &facts{Contact: row.Contact}).name
	}
	return t, nil
}

func (s *Service) teller(lang explain.Lang, now time.Time) *explain.Teller {
	return &explain.Teller{Lang: explain.LangOf(string(lang)), Now: now, Zone: s.cfg.Zone, NameOf: s.accounts.name, Still: s.deps.Still}
}

// past replays the decisions that the question is about: all of them, or the last
// one for one agent.
func (s *Service) past(ctx context.Context, w *ledger.Why, q WhyQuestion) ([]*router.Past, error) {
	if s.deps.Past == nil || len(w.Offers) == 0 || !q.All && q.Agent == "" {
		return nil, nil
	}
	offers := w.Offers
	if !q.All {
		offers = offers[len(offers)-1:]
	}
	offers = offers[max(0, len(offers)-pastAtMost):]
	var out []*router.Past
	for i := range offers {
		o := &offers[i]
		if slices.ContainsFunc(out, func(p *router.Past) bool { return p.N == o.N && p.Record.Winner.Agent == o.Why.Winner.Agent }) {
			continue // offered to several at once: one decision
		}
		s.replaying.Lock()
		p, err := s.deps.Past(ctx, o.N, o.Offer)
		s.replaying.Unlock()
		if errors.Is(err, router.ErrNoSuchOffer) {
			continue // what is on record is told all the same
		}
		if err != nil {
			return nil, fmt.Errorf("replaying a decision: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// Idle tells why an agent gets nothing more than they have: to themselves, and to
// supervisors.
func (s *Service) Idle(ctx context.Context, who Who, agent string, lang explain.Lang) (view.Idle, error) {
	if agent != who.ID && !who.Supervisor() {
		return view.Idle{}, forbidden("Why a colleague gets nothing is for supervisors to ask.")
	}
	var facts *router.Idle
	now := s.now()
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if s.deps.Still {
			now = st.At
		}
		if s.deps.Rules != nil {
			facts, _ = st.Idle(agent, s.deps.Rules(), now)
		}
	})
	if err != nil {
		return view.Idle{}, fmt.Errorf("asking why an agent is idle: %w", err)
	}
	if facts == nil {
		return view.Idle{}, missing("There is no such agent.")
	}
	people, err := s.People(ctx)
	if err != nil {
		return view.Idle{}, err
	}
	out := view.Idle{Lang: string(explain.LangOf(string(lang))), Answer: s.teller(lang, now).Idle(facts), Facts: facts}
	out.Text = strings.Join(out.Answer, "\n")
	for i := range people {
		if people[i].ID == agent {
			out.Agent = people[i]
		}
	}
	return out, nil
}
