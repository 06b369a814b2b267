package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"stagecoach/router"
	"stagecoach/router/match"
)

const (
	// skillsTried is how many skills are tried at most, skillsAgain how many of them
	// once more with other luck.
	skillsTried, skillsAgain = 24, 3
	// skillWork bounds the contacts that are simulated for it.
	skillWork = 1_500_000
	// againSeeds is how far the seeds of the second look are from those of the first,
	// so that what had luck in one has none in the other by that.
	againSeeds = 1_000_003
)

// lesson is a skill that one agent would learn.
type lesson struct {
	agent  string
	what   ability
	gain   float64
	change Pair
	late   Pair
}

// bestSkill tries which one skill or language, taught to one agent, would help most:
// first those that could serve what waits longest, then the best of them once more with
// other luck, as the best of many is lucky (regression to the mean).
func (s *Simulation) bestSkill(ctx context.Context, r *Report, scene *Scene, base runs) error {
	all := s.lessons(base)
	b := &BestSkill{Possible: len(all), Next: []SkillTried{}}
	r.Best = b
	seeds := min(s.Seeds, 3)
	if len(s.History.Turns) > 20_000 {
		seeds = 1
	}
	all = all[:min(len(all), skillsTried, max(skillsAgain, skillWork/max(1, len(s.History.Turns)*seeds)))]
	if b.Tried = len(all); b.Tried == 0 {
		return nil
	}
	first, err := s.simulate(ctx, "Trying skills", s.taught(scene, all), seeds)
	if err != nil {
		return err
	}
	base = runs{runs: base.runs[:seeds], measured: base.measured[:seeds]}
	judge(all, base, first)
	all = all[:min(len(all), skillsAgain)]
	again := *s
	again.First += againSeeds
	second, err := again.simulate(ctx, "Trying the best again", append([]*Scene{scene}, s.taught(scene, all)...), max(3, s.Seeds))
	if err != nil {
		return err
	}
	judge(all, second[0], second[1:])
	b.SLA, b.Late = all[0].change, all[0].late
	for i := range all {
		one := SkillTried{Agent: all[i].agent, Name: s.name(all[i].agent), Skill: all[i].what.words(), SLA: all[i].change}
		if i == 0 && one.SLA.Sure && one.SLA.Change > 0 {
			b.Agent, b.Name, b.Skill, b.Level = one.Agent, one.Name, one.Skill, all[i].what.level
			continue
		}
		b.Next = append(b.Next, one)
	}
	return nil
}

// judge says what came of lessons, and puts the best first.
func judge(lessons []lesson, base runs, tried []runs) {
	for i := range lessons {
		of := func(f func(*Figures) float64) Pair {
			return pairOf(valuesOf(base.measured, inAll, "", f), valuesOf(tried[i].measured, inAll, "", f))
		}
		lessons[i].change, lessons[i].late = of((*Figures).SLA), of(late)
	}
	slices.SortStableFunc(lessons, func(x, y lesson) int { return cmp.Compare(y.change.Change, x.change.Change) })
}

// taught gives a scene for each lesson.
func (s *Simulation) taught(scene *Scene, lessons []lesson) []*Scene {
	out := make([]*Scene, len(lessons))
	for i, l := range lessons {
		one := *scene
		staff := scene.Staff
		if staff == nil {
			staff = s.History.Staff
		}
		one.Staff = slices.Clone(staff)
		for k := range one.Staff {
			if e := &one.Staff[k]; e.Agent == l.agent && e.Profile != nil {
				p := l.what.learn(*e.Profile)
				e.Profile = &p
			}
		}
		out[i] = &one
	}
	return out
}

// lessons gives what agents could learn, that first which could serve the most of what
// is late, by those who have the most time.
func (s *Simulation) lessons(base runs) []lesson {
	r := s.roster()
	need := s.needed(base)
	gains := map[[2]string]*lesson{}
	for _, id := range r.ids {
		if !r.worked(id) {
			continue
		}
		p := r.profiles[id]
		free := max(0.05, 1-s.History.Busy[id].Seconds()/s.History.Present[id].Seconds())
		for _, key := range sortedKeys(need) {
			n := need[key]
			if a, ok := lacksOne(&p, &n.demand); ok {
				k := [2]string{id, a.words()}
				if gains[k] == nil {
					gains[k] = &lesson{agent: id, what: a}
				}
				gains[k].what.level = max(gains[k].what.level, a.level)
				gains[k].gain += free * n.weight
			}
		}
	}
	var out []lesson
	for _, k := range sortedPairs(gains) {
		out = append(out, *gains[k])
	}
	slices.SortStableFunc(out, func(x, y lesson) int { return cmp.Compare(y.gain, x.gain) })
	return out
}

// want is a demand, and how much is amiss with those that have it.
type want struct {
	demand match.Demand
	weight float64
}

// needed gives the demands of what was measured: a promise that is missed weighs ten
// times one that is kept.
func (s *Simulation) needed(base runs) map[string]*want {
	out := map[string]*want{}
	for i, t := range s.History.Turns {
		if !t.Measured {
			continue
		}
		d := &t.Facts.Was.Demand
		key := fmt.Sprint(d.Key())
		if out[key] == nil {
			out[key] = &want{demand: *d}
		}
		o := &base.runs[0].Outcomes[i]
		if kept, known := o.fate(s.History.Until.Add(grace)); known && !kept {
			out[key].weight += 9
		}
		out[key].weight++
	}
	return out
}

// lacksOne gives the one ability that an agent lacks for a demand, and false where it is
// none, or more than one.
func lacksOne(p *router.AgentProfile, d *match.Demand) (ability, bool) {
	var lack []ability
	for _, s := range d.Skills {
		if a := (ability{skill: s.Name, level: s.Level}); !a.has(p) {
			lack = append(lack, a)
		}
	}
	for _, set := range d.Any {
		if len(set) > 0 && !slices.ContainsFunc(set, func(s match.Skill) bool { return ability{skill: s.Name, level: s.Level}.has(p) }) {
			lack = append(lack, ability{skill: set[0].Name, level: set[0].Level})
		}
	}
	if len(d.Languages) > 0 && !slices.ContainsFunc(d.Languages, func(l string) bool { return slices.Contains(p.Languages, l) }) {
		lack = append(lack, ability{language: d.Languages[0]})
	}
	if len(lack) != 1 || slices.Contains(d.Not, lack[0].skill) && lack[0].skill != "" {
		return ability{}, false
	}
	for _, not := range d.Not {
		if slices.ContainsFunc(p.Skills, func(s match.Skill) bool { return s.Name == not }) {
			return ability{}, false
		}
	}
	return lack[0], len(p.Channels) == 0 || slices.Contains(p.Channels, d.Channel)
}
