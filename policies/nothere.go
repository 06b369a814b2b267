package policies

import (
	"fmt"
	"slices"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/customers"
)

// Here is what the configuration has of what a policy set names.
type Here struct {
	// Sends reports whether an answer can go by a channel; nil where that isn't known.
	Sends func(contact.Channel) bool
	// CRM is true where a CRM is asked.
	CRM bool
	// Public is true where something can be asked in public.
	Public bool
}

// absent is something that the policy names and the configuration may not have, with
// what is said then.
type absent struct {
	channel     contact.Channel
	crm, public bool
	not         strict.Error
}

// NotHere warns of what a policy set names and the configuration doesn't have: it says
// nothing about anybody.
func (s *Set) NotHere(h Here) strict.Errors {
	var out strict.Errors
	for i := range s.absent {
		switch n := &s.absent[i]; {
		case n.crm && !h.CRM, n.public && !h.Public && h.Sends != nil, n.channel != "" && h.Sends != nil && !h.Sends(n.channel):
			out = append(out, n.not)
		}
	}
	return out
}

// warnCustomers finds what customers.yaml says and nobody ever meets, by itself or as
// long as the configuration has no more.
func (b *builder) warnCustomers(f *customersFile) {
	d := b.given["customers.yaml"]
	if d == nil {
		return
	}
	dead := func(key, hint, words string) {
		if d.Has(key) {
			b.set.warnings = append(b.set.warnings, d.Problem(key, hint, "%s", words))
		}
	}
	missing := func(n absent, key, hint, words string) {
		if d.Has(key) {
			n.not = d.Problem(key, hint, "%s", words)
			b.set.absent = append(b.set.absent, n)
		}
	}
	p, l, v := &f.Preferred, &f.Limits, &f.Value
	for i, source := range v.Sources {
		if source == customers.FromCRM {
			missing(absent{crm: true}, fmt.Sprintf("value.sources[%d]", i), "take crm out, or say in the configuration where the CRM is (crm.url)",
				"no CRM is asked here: the next source counts")
		}
	}
	for _, key := range []string{"preferred.private", "preferred.secret"} {
		missing(absent{public: true}, key, "take it out, or add an account of a public network", "nothing is asked in public here: no account is one that anybody can read")
	}
	if !slices.Contains(v.Sources, customers.FromImport) && !slices.Contains(v.Sources, customers.FromCRM) {
		dead("value.stale_after", "add import or crm to sources, or take it out", "counts only for what an import or a CRM gives, and neither is in sources")
	}
	if !slices.Contains(p.Order, customers.PreferLearnt) {
		dead("preferred.learnt_after", "add learnt to order, or take it out", "counts only where habits do, and learnt is not in order")
	}
	if !slices.Contains(p.Order, customers.PreferLearnt) && !slices.Contains(p.Order, customers.PreferStated) {
		dead("preferred.channels", "add stated or learnt to order, or take it out", "everybody is answered where they wrote: order has neither stated nor learnt")
	}
	if l.Quiet.From != l.Quiet.To && !d.Has("limits.zone") { // an empty one is a choice
		dead("limits.quiet", "give the zone of your customers, such as Europe/Berlin", "holds back nothing for customers whose time zone isn't known: limits has no zone for them")
	}
	if l.Quiet.From == l.Quiet.To && b.set.Zone(l.Zone) != nil {
		dead("limits.zone", "give quiet hours, or take it out", "counts only for quiet hours, and there are none")
	}
}
