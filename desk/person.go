package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// Person gives one agent as colleagues see them.
func (s *Service) Person(ctx context.Context, id string) (view.Person, error) {
	var p view.Person
	found := false
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if a := st.Agents[id]; a != nil {
			p, found = person(a), true
		}
	})
	if err != nil {
		return p, fmt.Errorf("looking up an agent: %w", err)
	}
	if id == Control {
		return s.named(view.Person{ID: Control, Role: contact.RoleSupervisor}), nil
	}
	if !found {
		return p, missing("There is no such agent.")
	}
	return s.named(p), nil
}

// People lists all agents by name.
func (s *Service) People(ctx context.Context) ([]view.Person, error) {
	var out []view.Person
	err := s.deps.Router.View(ctx, func(st *router.State) { out = people(st) })
	if err != nil {
		return nil, fmt.Errorf("listing agents: %w", err)
	}
	return s.byName(out), nil
}

func people(st *router.State) []view.Person {
	out := make([]view.Person, 0, len(st.Agents))
	for _, a := range st.Agents {
		if !a.Removed {
			out = append(out, person(a))
		}
	}
	return out
}

func (s *Service) byName(list []view.Person) []view.Person {
	for i := range list {
		list[i] = s.named(list[i])
	}
	slices.SortFunc(list, func(a, b view.Person) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// person copies the facts about an agent; named adds the words.
func person(a *router.Agent) view.Person {
	p := view.Person{
		ID: a.ID, Role: a.Role, Presence: a.Presence, Load: a.Load, Capacity: a.Capacity,
		Holding: len(a.Holds), Offered: len(a.Offers),
		Skills: make([]view.Skill, 0, len(a.Skills)), Languages: slices.Clone(a.Languages),
	}
	for _, sk := range a.Skills {
		p.Skills = append(p.Skills, view.Skill{Name: sk.Name, Level: sk.Level})
	}
	if p.Languages == nil {
		p.Languages = []string{}
	}
	for _, m := range a.Most {
		p.Most = append(p.Most, view.ChannelMost(m))
	}
	p.DailyCap, p.Shifts = a.DailyCap, shiftTexts(a.Shifts)
	return p
}

func (s *Service) named(p view.Person) view.Person {
	acc, _ := s.accounts.get(p.ID)
	p.Name, p.Email = cmp.Or(acc.Name, s.accounts.name(p.ID)), acc.Email
	return p
}

// SetPresence says whether the one who asks can be given work. HandOver also
// gives back what they hold.
func (s *Service) SetPresence(ctx context.Context, who Who, commandID string, p contact.Presence, handOver bool) (view.Done, error) {
	switch p {
	case contact.Available, contact.Busy, contact.Away, contact.Offline:
	default:
		return view.Done{}, invalid("The presence is available, busy, away or offline.")
	}
	return s.do(ctx, who, commandID, router.SetPresence{Agent: who.ID, Presence: p, Cause: "self", HandOver: handOver})
}

// SetPresenceOf lets a supervisor say so of somebody else.
func (s *Service) SetPresenceOf(ctx context.Context, who Who, commandID, agent string, p contact.Presence, handOver bool) (view.Done, error) {
	if !who.Supervisor() {
		return view.Done{}, forbidden("Only a supervisor sets the presence of somebody else.")
	}
	return s.do(ctx, who, commandID, router.SetPresence{Agent: s.accounts.resolve(agent), Presence: p, Cause: "supervisor", HandOver: handOver})
}
