package replay

import (
	"bytes"
	"context"
	"slices"

	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// Words classes a turn by what was written, under a policy set; it reports false where
// the words are not there any more.
type Words func(ctx context.Context, t *Turn) (router.Reclassified, bool)

// classingFiles are what decides as what a message is taken.
func classingFiles() []string { return []string{"classes.yaml", "customers.yaml"} }

// Classes finds what a candidate makes of the contacts of a history: what is recorded,
// where both sets class alike; else by what was written, of at most so many contacts;
// else by the class that was found then. What a person has done about it stays.
func Classes(ctx context.Context, h *History, active, candidate *policies.Set, words Words, most int, note func(done, total int)) (*Set, Classified, error) {
	set := &Set{Set: candidate}
	if classAlike(active, candidate) {
		return set, Classified{Same: true}, nil
	}
	var said Classified
	found := make([]router.Reclassified, len(h.Turns))
	for i, t := range h.Turns {
		if err := ctx.Err(); err != nil {
			return nil, said, err
		}
		if note != nil {
			note(i+1, len(h.Turns))
		}
		found[i] = t.Facts.Was
		found[i].Preferred = t.Facts.Preferred
		if t.Facts.Proposed != "" || len(t.Messages) == 0 {
			continue
		}
		if said.ByWords < most && words != nil {
			if k, ok := words(ctx, t); ok {
				said.ByWords++
				k.Demand.Skills = withAccount(k.Demand.Skills, accountSkills(active, t))
				found[i] = k
				said.settle(t, &found[i])
				continue
			}
		}
		if k, ok := byName(active, candidate, t); ok {
			said.ByName++
			found[i] = k
			said.settle(t, &found[i])
			continue
		}
		said.Kept++
	}
	set.Classes = func(t *Turn) router.Reclassified { return found[t.Index] }
	return set, said, nil
}

// settle keeps what a rule does not decide, and counts what is other.
func (c *Classified) settle(t *Turn, k *router.Reclassified) {
	d := &t.Facts.Was.Demand
	k.Demand.Channel, k.Demand.ReplyChannel = d.Channel, d.ReplyChannel
	was := &t.Facts.Was
	if k.Class != was.Class || k.Kind != was.Kind || k.Queue != was.Queue || k.Tier != was.Tier || k.Language != was.Language || k.Demand.Key() != d.Key() {
		c.Other++
	}
}

// classAlike reports whether two sets take every message for the same.
func classAlike(x, y *policies.Set) bool {
	a, b := x.Files(), y.Files()
	return !slices.ContainsFunc(classingFiles(), func(name string) bool { return !bytes.Equal(a[name], b[name]) })
}

// byName gives what a set makes of the class that a message has. What the account asks
// for beside the class stays asked for.
func byName(active, candidate *policies.Set, t *Turn) (router.Reclassified, bool) {
	was := t.Facts.Was
	got, ok := candidate.Recall(was.Class, was.Rule, was.Language, nil)
	if !ok {
		return was, false
	}
	if account := accountSkills(active, t); len(account) > 0 {
		got, _ = candidate.Recall(was.Class, was.Rule, was.Language, account)
	}
	return router.Reclassified{
		Class: got.Class, Kind: got.Kind, Rule: got.Rule, Queue: got.Queue, Language: was.Language, Tier: was.Tier, Demand: got.Demand,
		Preferred: t.Facts.Preferred,
	}, true
}

// accountSkills are those that the account asks for beside the class, as far as what is
// recorded says more than the class did.
func accountSkills(active *policies.Set, t *Turn) []string {
	was := &t.Facts.Was
	then, known := active.Recall(was.Class, was.Rule, was.Language, nil)
	if !known || t.Policy != active.Version {
		return nil
	}
	var out []string
	for _, s := range was.Demand.Skills {
		if !has(then.Demand.Skills, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}

func withAccount(skills []match.Skill, account []string) []match.Skill {
	for _, name := range account {
		if !has(skills, name) {
			skills = append(slices.Clone(skills), match.Skill{Name: name, Level: 1})
		}
	}
	return skills
}

func has(skills []match.Skill, name string) bool {
	return slices.ContainsFunc(skills, func(s match.Skill) bool { return s.Name == name })
}
