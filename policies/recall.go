package policies

// Recall gives what the set makes of a message that was given this class before, by the
// rule of that name where it still gives the class, and false where the set has no such
// class. Of what the words would decide, as the tier, it says nothing.
func (s *Set) Recall(class, rule, language string, accountSkills []string) (Classification, bool) {
	r := s.ruleOf(class, rule)
	if r == nil {
		return Classification{}, false
	}
	out := Classification{
		Class: class, Kind: r.kind, Queue: r.queue, UsualQueue: r.queue, Language: language, Rule: r.name,
		Skills: withSkills(r.skills, accountSkills),
	}
	r.require(&out)
	out.Demand = r.needs.demand(&out)
	return out, true
}

// ruleOf finds the rule that gives a class: the one of that name, or the first.
func (s *Set) ruleOf(class, name string) *classRule {
	var first *classRule
	for i := range s.classes.classes {
		r := &s.classes.classes[i]
		if r.class == class && r.name == name {
			return r
		}
		if r.class == class && first == nil {
			first = r
		}
	}
	if otherwise := &s.classes.otherwise; first == nil && (otherwise.class == class || class == OutreachClass) {
		return otherwise
	}
	return first
}

// require says which language is needed, or wished for.
func (r *classRule) require(c *Classification) {
	if c.Language == "" {
		return
	}
	switch r.language {
	case "required":
		c.Languages = []string{c.Language}
	case "wished":
		c.Wished = []string{c.Language}
	}
}
