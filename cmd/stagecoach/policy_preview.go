package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

const (
	// previewRead is of how many contacts the words are read again, those due first.
	previewRead = 2_000
	// previewLot is how many contacts the router is asked for at once, so that
	// nobody waits for it meanwhile.
	previewLot = 1_000
	// previewShown is how many examples are named.
	previewShown = 20
)

// Preview implements desk.Policies.
func (p *policyDesk) Preview(ctx context.Context, src desk.PolicySource) (view.PolicyPreview, error) {
	set, _, err := p.find(ctx, src)
	if err != nil {
		return view.PolicyPreview{}, err
	}
	return p.preview(ctx, set)
}

// previewing is a preview being made.
type previewing struct {
	*policyDesk
	set     *policies.Set
	now     time.Time
	rules   router.Rules
	known   map[string]*match.Agent
	lacking map[string]match.Gate
	out     view.PolicyPreview
}

// preview says what a set would change of what is open now. It changes nothing.
func (p *policyDesk) preview(ctx context.Context, set *policies.Set) (view.PolicyPreview, error) {
	v := &previewing{policyDesk: p, set: set, rules: router.RulesOf(set), known: map[string]*match.Agent{}, lacking: map[string]match.Gate{}}
	v.out = view.PolicyPreview{Version: set.Version, Examples: []view.PolicyDifference{}, Warnings: []string{}}
	for _, w := range set.Warnings() {
		v.out.Warnings = append(v.out.Warnings, w.Error())
	}
	ids, err := v.open(ctx)
	if err != nil {
		return v.out, err
	}
	for lot := range slices.Chunk(ids, previewLot) {
		if err := v.look(ctx, lot); err != nil {
			return v.out, err
		}
	}
	v.out.Words = previewWords(&v.out)
	return v.out, nil
}

// open gives the open contacts, those due first before the others.
func (v *previewing) open(ctx context.Context) ([]string, error) {
	type one struct {
		id  string
		due time.Time
	}
	var all []one
	if err := v.engine.View(ctx, func(s *router.State) {
		v.now = time.Now()
		for id, a := range s.Agents {
			if !a.Removed {
				v.known[id] = &match.Agent{ID: id, Skills: a.Skills, Languages: a.Languages, Channels: a.Channels}
			}
		}
		all = make([]one, 0, s.Totals.Open)
		for id, c := range s.Contacts {
			if c.Open() {
				all = append(all, one{id, c.Due})
			}
		}
	}); err != nil {
		return nil, fmt.Errorf("looking at what is open: %w", err)
	}
	slices.SortFunc(all, func(x, y one) int { return cmp.Or(x.due.Compare(y.due), cmp.Compare(x.id, y.id)) })
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = all[i].id
	}
	v.out.Open = len(ids)
	return ids, nil
}

// look previews some contacts.
func (v *previewing) look(ctx context.Context, ids []string) error {
	facts := make([]router.Contact, 0, len(ids))
	if err := v.engine.View(ctx, func(s *router.State) {
		for _, id := range ids {
			if c := s.Contacts[id]; c != nil && c.Revisable() {
				cp := *c
				cp.Messages = slices.Clone(c.Messages[:min(1, len(c.Messages))])
				facts = append(facts, cp)
			}
		}
	}); err != nil {
		return fmt.Errorf("looking at what is open: %w", err)
	}
	for i := range facts {
		v.compare(&facts[i], v.class(ctx, &facts[i]))
	}
	return ctx.Err()
}

// class reads the words of a contact again, as long as not too many were, and gives
// what the set makes of them: nil for nothing else than now.
func (v *previewing) class(ctx context.Context, c *router.Contact) *router.Reclassified {
	if v.out.Read >= previewRead || len(c.Messages) == 0 {
		return nil
	}
	in, err := v.words.Original(ctx, c.Messages[0].Ref)
	if err != nil {
		return nil
	}
	found, err := v.intake.Classify(ctx, v.set, c, c.Messages[0].Ref, in)
	if err != nil {
		return nil
	}
	v.out.Read++
	if found.Settle(c); !found.Changes(c) {
		return nil
	}
	return &found
}

// compare counts what is other of one contact.
func (v *previewing) compare(c *router.Contact, class *router.Reclassified) {
	r := router.RevisionOf(v.rules, c, class, true)
	out := &v.out
	what := otherClass(c, class)
	demand := &c.Demand
	if class != nil {
		demand = &class.Demand
		out.Classes += one(class.Class != c.Class || class.Kind != c.Kind || class.Tier != c.Tier)
		out.Queues += one(class.Queue != c.Queue)
	}
	out.Earlier += one(r.Due.Before(c.Due))
	out.Later += one(r.Due.After(c.Due))
	notable := false
	if r.Due.After(c.Due) && !c.Told.IsZero() {
		out.Told++
		notable, what = true, append(what, fmt.Sprintf("was told %s, would be due %s later", c.Told.Format(time.RFC3339), r.Due.Sub(c.Due).Round(time.Second)))
	}
	if !c.Breached && r.Due.Before(v.now) {
		out.Overdue++
		notable, what = true, append(what, "would be late at once")
	}
	was, is := v.lacks(&c.Demand, &c.Traits), v.lacks(demand, &r.Traits)
	out.Possible += one(was != "" && is == "")
	if was == "" && is != "" {
		out.Impossible++
		notable, what = true, append(what, "nobody could take it: "+string(is))
	}
	if notable && len(out.Examples) < previewShown {
		out.Examples = append(out.Examples, view.PolicyDifference{Contact: c.ID, Conversation: c.Conversation, At: c.Start, What: what})
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// lacks gives what nobody who is known meets, "" where somebody could take it.
func (v *previewing) lacks(d *match.Demand, t *match.Traits) match.Gate {
	key := fmt.Sprint(d.Key(), t.RelaxAfter)
	gate, ok := v.lacking[key]
	if !ok {
		need := match.NewNeed(*d, t)
		need.Look(maps.Values(v.known), func(id string) *match.Agent { return v.known[id] })
		gate = need.Lacks()
		v.lacking[key] = gate
	}
	return gate
}

// otherClass says in words as what else a contact would be taken.
func otherClass(c *router.Contact, class *router.Reclassified) []string {
	what := []string{}
	if class == nil {
		return what
	}
	for _, f := range []struct{ name, was, is string }{
		{"class", c.Class, class.Class},
		{"kind", c.Kind, class.Kind},
		{"queue", c.Queue, class.Queue},
		{"tier", c.Tier, class.Tier},
		{"language", c.Language, class.Language},
		{"demand", c.Demand.Key(), class.Demand.Key()},
	} {
		if f.was != f.is {
			what = append(what, fmt.Sprintf("%s %s instead of %s", f.name, cmp.Or(f.is, "none"), cmp.Or(f.was, "none")))
		}
	}
	return what
}

// previewWords says it in plain words.
func previewWords(p *view.PolicyPreview) []string {
	out := []string{fmt.Sprintf("%d contacts are open.", p.Open)}
	if p.Read < p.Open {
		out[0] += fmt.Sprintf(" The words of %d were read again, those due first; the others count as what they are.", p.Read)
	}
	say := func(n int, words string) {
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, words))
		}
	}
	say(p.Classes, "would be taken for something else.")
	say(p.Queues, "would stand in another queue.")
	say(p.Earlier, "would be due earlier.")
	say(p.Later, "would be due later.")
	say(p.Overdue, "would be late at once.")
	say(p.Told, "of their customers were told an earlier time: they keep it, unless you confirm this number.")
	say(p.Impossible, "could no longer be taken by anybody you have.")
	say(p.Possible, "could be taken by somebody at last.")
	if len(out) == 1 {
		out = append(out, "Nothing changes for them.")
	}
	return out
}
