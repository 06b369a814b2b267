package match_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/router/match"
)

func drawSkill(t *rapid.T) match.Skill {
	return match.Skill{Name: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "skill"), Level: rapid.IntRange(1, 5).Draw(t, "level")}
}

func drawAgent(t *rapid.T) *match.Agent {
	return &match.Agent{
		ID:        rapid.StringMatching(`[a-z]{6}`).Draw(t, "id"),
		Skills:    rapid.SliceOfNDistinct(rapid.Custom(drawSkill), 0, 3, func(s match.Skill) string { return s.Name }).Draw(t, "skills"),
		Languages: rapid.SliceOfN(rapid.SampledFrom([]string{"de", "en"}), 0, 2).Draw(t, "languages"),
		Channels:  rapid.SliceOfN(rapid.SampledFrom([]contact.Channel{contact.Email, contact.WebChat}), 0, 1).Draw(t, "channels"),
	}
}

func drawAge(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(0, 5).Draw(t, "minutes")) * time.Minute
}

func drawDemand(t *rapid.T) (match.Demand, match.Traits) {
	skills := rapid.SliceOfN(rapid.Custom(drawSkill), 0, 2)
	return match.Demand{
		Skills: skills.Draw(t, "all"),
		Any:    rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawSkill), 1, 2), 0, 2).Draw(t, "any"),
		Not:    rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "d"}), 0, 1).Draw(t, "not"),
		Wishes: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) match.Wish {
			return match.Wish{Skill: drawSkill(t), For: drawAge(t)}
		}), 0, 2).Draw(t, "wishes"),
		Languages:   rapid.SliceOfN(rapid.SampledFrom([]string{"de", "fr"}), 0, 2).Draw(t, "languages"),
		LanguageFor: drawAge(t),
		Channel:     contact.Email, ReplyChannel: contact.Email,
	}, match.Traits{RelaxAfter: drawAge(t)}
}

// TestStagesOnlyWiden holds for whatever is demanded of whomever: who is able at
// a stage is able at every later one, and between two thresholds nothing changes.
func TestStagesOnlyWiden(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, traits := drawDemand(t)
		a, n := drawAgent(t), match.NewNeed(d, &traits)
		able := false
		for stage := range len(n.Steps()) + 1 {
			now := n.Able(stage, a) == ""
			if able && !now {
				t.Fatalf("%s is able before stage %d of %+v, and then no longer", a.ID, stage, d)
			}
			able = now
		}
		age := drawAge(t) + time.Duration(rapid.IntRange(0, 59).Draw(t, "seconds"))*time.Second
		if got, want := n.Able(n.Stage(age), a), match.Able(&d, &traits, age, a); got != want {
			t.Fatalf("at %v stage %d says %q, the age says %q", age, n.Stage(age), got, want)
		}
		if n.Able(0, a) == "" && len(d.Wishes) == 0 && match.Unmet(&d, a) > 0 {
			t.Fatalf("%+v meets %+v, and lacks %d", a, d, match.Unmet(&d, a))
		}
	})
}

// TestKeysAreEqualOnlyForEqualDemands turns every list of a demand around, which
// changes nothing, and changes one thing, which does.
func TestKeysAreEqualOnlyForEqualDemands(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, _ := drawDemand(t)
		turned := d
		turned.Skills, turned.Any = slices.Clone(d.Skills), slices.Clone(d.Any)
		turned.Wishes, turned.Languages = slices.Clone(d.Wishes), slices.Clone(d.Languages)
		slices.Reverse(turned.Skills)
		slices.Reverse(turned.Any)
		slices.Reverse(turned.Wishes)
		slices.Reverse(turned.Languages)
		if d.Key() != turned.Key() {
			t.Fatalf("%s and %s are one demand", d.Key(), turned.Key())
		}
		for i, change := range []func(*match.Demand){
			func(d *match.Demand) { d.Skills = append(d.Skills, match.Skill{Name: `x":1`, Level: 1}) },
			func(d *match.Demand) { d.Any = append(d.Any, []match.Skill{{Name: "x", Level: 1}}) },
			func(d *match.Demand) { d.Not = append(d.Not, "x") },
			func(d *match.Demand) {
				d.Wishes = append(d.Wishes, match.Wish{Skill: match.Skill{Name: "x", Level: 1}})
			},
			func(d *match.Demand) { d.Languages = append(d.Languages, "x") },
			func(d *match.Demand) { d.Wished = append(d.Wished, "x") },
			func(d *match.Demand) { d.LanguageFor++ },
			func(d *match.Demand) { d.ReplyChannel = contact.Phone },
		} {
			other := turned
			change(&other)
			if other.Key() == d.Key() {
				t.Fatalf("change %d makes no difference to %s", i, d.Key())
			}
		}
	})
}

// TestWhoIsKnownWidensAtOnce has a need that nobody meets: it counts as relaxed
// from the first moment, until somebody comes who meets it; and what is never
// relaxed is said to be lacking.
func TestWhoIsKnownWidensAtOnce(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	d := match.Demand{
		Skills: []match.Skill{{Name: "billing", Level: 3}}, Languages: []string{"de"},
		Wishes: []match.Wish{{Skill: match.Skill{Name: "cars", Level: 1}, For: time.Minute}},
	}
	traits := match.Traits{RelaxAfter: time.Hour}
	known := map[string]*match.Agent{}
	needs, version := match.NewNeeds(), uint64(0)
	look := func(a *match.Agent) int {
		version++
		known[a.ID] = a
		return len(needs.Look(version, func(yield func(*match.Agent) bool) {
			for _, a := range known {
				if !yield(a) {
					return
				}
			}
		}, func(id string) *match.Agent { return known[id] }))
	}
	n := needs.Of(d, &traits)
	h := match.Head{Start: start, Need: n}
	german := &match.Agent{ID: "german", Languages: []string{"de"}}
	biller := &match.Agent{ID: "biller", Languages: []string{"de"}, Skills: []match.Skill{{Name: "billing", Level: 3}}}
	full := &match.Agent{ID: "full", Languages: []string{"de"}, Skills: []match.Skill{{Name: "billing", Level: 3}, {Name: "cars", Level: 2}}}
	for _, step := range []struct {
		come    *match.Agent
		changed int
		age     time.Duration
		lacks   match.Gate
	}{
		{&match.Agent{ID: "stranger"}, 1, time.Hour, match.GateLanguage},
		{german, 1, time.Hour, ""},
		{biller, 1, time.Minute, ""},
		{full, 1, 0, ""},
		{&match.Agent{ID: "one more", Languages: []string{"de"}}, 0, 0, ""},
	} {
		if got := look(step.come); got != step.changed || h.Age(start) != step.age || n.Lacks() != step.lacks {
			t.Errorf("with %s: %d changed, counts as waiting for %v, lacks %q", step.come.ID, got, h.Age(start), n.Lacks())
		}
	}
	if h.Age(start.Add(2*time.Hour)) != 2*time.Hour || n.Stage(0) != 0 || needs.Of(d, &traits) != n {
		t.Error("time does not go on, or a need is there twice")
	}
}

// TestGatesCostNoMemory asks as often as a decision does.
func TestGatesCostNoMemory(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	d := &match.Demand{
		Skills: []match.Skill{{Name: "billing", Level: 3}}, Any: [][]match.Skill{{{Name: "x", Level: 1}, {Name: "cars", Level: 1}}},
		Not: []string{"trainee"}, Languages: []string{"fr", "de"}, Wishes: []match.Wish{{Skill: match.Skill{Name: "cars", Level: 2}, For: time.Hour}},
		Channel: contact.Email, ReplyChannel: contact.Email,
	}
	a := &match.Agent{
		ID: "a", Skills: []match.Skill{{Name: "billing", Level: 3}, {Name: "cars", Level: 2}}, Languages: []string{"de"},
		Channels: []contact.Channel{contact.WebChat, contact.Email}, Room: 100,
	}
	h := &match.Head{Start: now, Need: match.NewNeed(*d, &match.Traits{})}
	if n := testing.AllocsPerRun(1000, func() {
		if match.FirstFailed(d, &match.Traits{}, h, 20, a, now) != "" || h.Need.Able(0, a) != "" || match.Unmet(d, a) != 0 {
			t.Fatal("somebody who meets everything is not able")
		}
	}); n != 0 {
		t.Errorf("a gate allocates %v times", n)
	}
}
