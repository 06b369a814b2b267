package customers

import (
	"slices"
	"strings"

	"stagecoach/contact"
)

// reached gathers by which channels a person can be reached, what they have said of
// that, and where they answer.
func (k *Known) reached(r *Record) {
	k.Said = append(k.Said, r.Preferences...)
	if len(r.Habits) > 0 {
		k.Habits = MergeHabits(k.Habits, r.Habits)
	}
	have := k.Reached()
	for i := range r.Identities {
		if ch := r.Identities[i].Channel; !slices.Contains(have, ch) {
			have = append(have, ch)
		}
	}
	k.SetReach(have)
}

// SetReach sets by which channels they can be reached: in the order in which channels
// are listed, which is that in which they are tried.
func (f *Facts) SetReach(have []contact.Channel) {
	var names []string
	for _, ch := range contact.Channels() {
		if slices.Contains(have, ch) {
			names = append(names, string(ch))
		}
	}
	f.Reach = strings.Join(names, ",")
}

// Want finds where the customer wants to be answered by the rules of a policy. What is
// known by other ways stays.
func (k *Known) Want(rules PreferRules) {
	if len(k.Said)+len(k.Habits) == 0 {
		return
	}
	got, _ := rules.Wanted(k.Said, k.Habits)
	k.Prefer, k.PreferSource, k.PreferAt = got.Channel, got.Source, got.At.UTC()
	if got.Channel == "" {
		k.PreferAt = got.At
	}
}
