package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/desk/view"
	"stagecoach/explain"
	"stagecoach/router"
	"stagecoach/router/match"
)

// glance is what an agent's start page needs of the router.
type glance struct {
	me      view.Person
	known   bool
	held    []facts
	offers  []router.Offer
	offered []facts
	waiting int
	review  int
	doubt   int
	alarmed int
	// impossible counts what nobody could ever take.
	impossible int
}

func (s *Service) glance(ctx context.Context, agent string) (glance, error) {
	var g glance
	err := s.deps.Router.View(ctx, func(st *router.State) {
		g.waiting, g.review = st.WaitingFor(agent), len(st.Review())
		g.doubt, g.alarmed = len(st.InDoubt()), len(st.Alarmed())
		g.impossible = st.Impossible()
		a := st.Agents[agent]
		if a == nil {
			return
		}
		g.me, g.known = person(a), true
		g.me.Shift, g.me.ShiftEnds = st.ShiftOf(agent, s.now())
		for id := range a.Holds {
			if c := st.Contacts[id]; c != nil {
				g.held = append(g.held, copyContact(st, c))
			}
		}
		for id := range a.Offers {
			o := st.Offers[id]
			if o == nil || st.Contacts[o.Contact] == nil {
				continue
			}
			g.offers = append(g.offers, *o)
		}
		slices.SortFunc(g.offers, func(x, y router.Offer) int { return x.Expires.Compare(y.Expires) })
		for _, o := range g.offers {
			g.offered = append(g.offered, copyContact(st, st.Contacts[o.Contact]))
		}
	})
	if err != nil {
		return g, fmt.Errorf("looking at the desk: %w", err)
	}
	if !g.known {
		g.me = view.Person{ID: agent, Skills: []view.Skill{}, Languages: []string{}}
	}
	slices.SortFunc(g.held, byDue)
	return g, nil
}

// Desk gives an agent's start page: what they hold, by time left, and what is
// offered to them.
func (s *Service) Desk(ctx context.Context, who Who) (view.Desk, error) {
	g, err := s.glance(ctx, who.ID)
	if err != nil {
		return view.Desk{}, err
	}
	d := view.Desk{
		Me: s.named(g.me), Mine: s.cards(ctx, g.held), Waiting: g.waiting, Review: g.review, Thanks: s.thanks(ctx, who),
		Offers: make([]view.Offer, 0, len(g.offers)), Alerts: s.alerts(who, g),
	}
	if !g.known {
		d.Me.Role = who.Role
	}
	for i, o := range g.offers {
		d.Offers = append(d.Offers, view.Offer{
			ID: o.ID, Card: s.card(ctx, &g.offered[i]), Expires: o.Expires,
			Seconds: within(o.MadeAt, o.Expires), Why: s.whyMe(&o, &g.offered[i], g.me.Languages),
		})
	}
	return d, nil
}

// whyMe says in plain words why a contact is offered to this agent.
func (s *Service) whyMe(o *router.Offer, c *facts, languages []string) []string {
	out := []string{}
	switch {
	case slices.Contains(c.Preferred, o.Agent):
		out = append(out, "You are this customer's named agent.")
	case c.Prefer == o.Agent:
		out = append(out, "You answered this customer last.")
	}
	for _, sk := range c.Demand.Skills {
		out = append(out, fmt.Sprintf("It needs %s (level %d), which you have.", sk.Name, sk.Level))
	}
	if l := firstShared(slices.Concat(c.Demand.Languages, c.Demand.Wished), languages); l != "" {
		out = append(out, fmt.Sprintf("It is written in %s, which you speak.", languageName(l)))
	}
	if len(o.Why.Next) == 0 && len(o.Why.Failed) > 0 {
		out = append(out, "Nobody else can take it now: "+failedWords(o.Why.Failed)+".")
	} else if o.Why.Winner.Agent == o.Agent {
		out = append(out, s.teller(explain.English, s.now()).Mine(&o.Why)...)
	}
	if o.Why.Behind > 0 {
		out = append(out, s.teller(explain.English, s.now()).Turn(&o.Why))
	}
	return out
}

func firstShared(a, b []string) string {
	for _, x := range a {
		if slices.Contains(b, x) {
			return x
		}
	}
	return ""
}

// failedWords says how many agents lack what.
func failedWords(failed map[match.Gate]int) string {
	t := explain.Teller{Lang: explain.English}
	return t.Gates(failed, nil)
}

// alerts are the things that a person should know.
func (s *Service) alerts(who Who, g glance) []view.Alert {
	out := []view.Alert{}
	for _, c := range s.deps.Channels.States() {
		if !c.OK {
			out = append(out, view.Alert{Level: "error", Text: fmt.Sprintf("%s (%s): %s", c.Account, c.Channel, inShort(c.Trouble)), Link: "/overview"})
		}
	}
	if s.deps.Policies != nil {
		if why := s.deps.Policies.Trouble(); why != "" {
			out = append(out, policyAlert(who, why))
		}
	}
	if g.me.Shift == router.ShiftDraining {
		out = append(out, view.Alert{Level: "info", Text: "Your shift ends at " + g.me.ShiftEnds.In(s.cfg.Zone).Format("15:04") + ": nothing new comes."})
	}
	if !who.Supervisor() {
		return out
	}
	if g.doubt > 0 {
		out = append(out, view.Alert{Level: "warning", Text: count(g.doubt, "reply", "replies") + " in doubt: nobody knows whether they arrived.", Link: "/overview"})
	}
	if g.alarmed > 0 {
		out = append(out, view.Alert{Level: "warning", Text: count(g.alarmed, "contact", "contacts") + " at risk or late, held by nobody.", Link: "/overview"})
	}
	if g.impossible > 0 {
		out = append(out, view.Alert{Level: "warning", Text: count(g.impossible, "contact needs", "contacts need") + " what nobody here has.", Link: "/overview"})
	}
	return out
}

// policyAlert says on every page that the rules are not what somebody thinks; where
// it is wrong helps only who may mend it.
func policyAlert(who Who, why string) view.Alert {
	if !who.Supervisor() {
		return view.Alert{Level: "info", Text: "The rules were changed and could not be read: those from before go on."}
	}
	first, _, more := strings.Cut(why, "\n")
	if more {
		first += " (and more)"
	}
	return view.Alert{Level: "error", Text: "The policy directory can't be taken up, the rules from before go on: " + first, Link: "/policy"}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Now gives the time by which pages count down.
func (s *Service) Now() time.Time { return s.now() }

// inShort gives the first sentence: a strip over every page has no room for
// more, the overview has.
func inShort(words string) string {
	first, _, _ := strings.Cut(words, ". ")
	return strings.TrimSuffix(first, ".") + "."
}
