package policies

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"stagecoach/configs/strict"
	"stagecoach/customers"
	"stagecoach/router/match"
)

// The words of objection in privacy.yaml.
const (
	objectionMiddle = "middle"
	objectionNone   = "none"
)

// longAgo is what customer.last_order is where no order is known, in days.
const longAgo = 99_999

// Value fills in what the customer of these facts is worth at now. Whoever objects to
// being scored is worth what nobody knows anything of is.
func (s *Set) Value(f *customers.Facts, now time.Time) {
	if f.Objected {
		(&customers.Scale{}).Value(f, now)
		return
	}
	s.scale.Value(f, now)
}

// known adds to the words of a message what is known of the customer, and notes in
// the facts what that makes them worth. Of who objects to being scored conditions
// see nothing by which they could be.
func (s *Set) known(in *ClassifyInput, vars map[string]any) {
	k := &in.Customer
	s.Value(&k.Facts, in.At)
	if !s.asksCustomers {
		return
	}
	tenure, last, revenue := 0, longAgo, k.Revenue/customers.Micro
	orders := k.Orders
	if days, ok := customers.DaysSince(k.Since, in.At); ok {
		tenure = days
	}
	if days, ok := customers.DaysSince(k.LastOrder, in.At); ok {
		last = days
	}
	if k.Objected {
		tenure, last, revenue, orders = 0, longAgo, 0, 0
	}
	attributes := make(map[string]string, len(k.Attributes))
	for _, a := range k.Attributes {
		attributes[a.Name] = clip(a.Value, maxHeader)
	}
	vars[attributesVariable] = attributes
	vars["customer.tags"] = k.Tags[:min(len(k.Tags), maxListed)]
	vars["customer.external"] = k.External
	vars["customer.value"], vars["customer.known"], vars["customer.stale"] = k.Points(), k.Worth(), k.Stale
	vars["customer.tenure"], vars["customer.last_order"] = int64(tenure), int64(last)
	vars["customer.orders"], vars["customer.revenue"] = int64(orders), revenue
	vars["customer.objected"] = k.Objected
}

// tierFor gives the tier of a customer, and what gives it: who objects to being
// scored has the middle one, or none.
func (s *Set) tierFor(in *ClassifyInput, vars map[string]any) (tier, rule string) {
	switch {
	case in.Customer.Objected:
		return s.ObjectionTier(), customers.RuleObjection
	case in.Tier != "":
		return in.Tier, customers.RuleGiven
	}
	tier = s.tierOf(vars)
	return tier, tier
}

// ObjectionTier gives the tier of who objects to being scored, "" for none: the one
// in the middle of all, by what they are worth. Where none is worth 1 or less, having
// none counts as the least of them; of two in the middle it is the lesser.
func (s *Set) ObjectionTier() string {
	if s.objection == objectionNone || len(s.tiers) == 0 {
		return ""
	}
	all := slices.Clone(s.tiers)
	slices.SortStableFunc(all, func(a, b tierRule) int { return int(max(min(a.value-b.value, 1), -1)) })
	if all[0].value > match.Micro {
		all = slices.Insert(all, 0, tierRule{value: match.Micro})
	}
	return all[(len(all)-1)/2].name
}

func (b *builder) buildValue(f *valueEntry) {
	days := func(d time.Duration) int64 { return int64(d / (24 * time.Hour)) }
	most, _ := customers.MicroOf(f.Most)
	money, _ := customers.MicroOf(f.Money.Full)
	b.set.scale = customers.Scale{
		Sources: f.Sources, Most: most, StaleAfter: f.StaleAfter,
		Recency:   customers.Measure{Weight: int64(f.Recency.Weight), Full: days(f.Recency.Full), None: days(f.Recency.None)},
		Frequency: customers.Measure{Weight: int64(f.Frequency.Weight), Full: int64(f.Frequency.Full)},
		Money:     customers.Measure{Weight: int64(f.Money.Weight), Full: money},
		Tenure:    customers.Measure{Weight: int64(f.Tenure.Weight), Full: days(f.Tenure.Full)},
	}
	d := b.docFor("customers.yaml", "value")
	for i, one := range f.Sources {
		if slices.Contains(f.Sources[:i], one) {
			d.Report(fmt.Sprintf("value.sources[%d]", i), "", "%s is there already", one)
		}
	}
	for _, one := range []struct {
		key  string
		time time.Duration
	}{{"recency.full", f.Recency.Full}, {"recency.none", f.Recency.None}, {"tenure.full", f.Tenure.Full}} {
		if one.time%(24*time.Hour) != 0 {
			d.Report("value."+one.key, "such as 30d", "is counted in whole days, not %s", strict.FormatDuration(one.time))
		}
	}
	if f.Recency.None <= f.Recency.Full {
		d.Report("value.recency.none", "make none later than full", "an order counts wholly until %s, and nothing from %s on",
			strict.FormatDuration(f.Recency.Full), strict.FormatDuration(f.Recency.None))
	}
	if slices.Contains(f.Sources, customers.FromOrders) && f.Recency.Weight+f.Frequency.Weight+f.Money.Weight+f.Tenure.Weight == 0 {
		d.Report("value", "give one of them a weight, or take orders out of sources", "recency, frequency, money and tenure all have the weight 0: orders are worth nothing")
	}
}

// attrMacro makes customer.attr("segment") a look into the company's own fields.
func attrMacro(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	if variable(target) != "customer" {
		return nil, nil
	}
	name := literal(args[0])
	if name == nil || *name == "" {
		return nil, f.NewError(args[0].ID(), "customer.attr wants the name of a field in quotes, such as \"segment\" for the column attr.segment")
	}
	return f.NewMemberCall(attrFunction, f.NewIdent(attributesVariable), f.NewLiteral(types.String(*name))), nil
}

// lintValue finds what is said of values and never counts.
func (b *builder) lintValue() {
	d, v := b.docFor("customers.yaml", "value"), &b.files.customers.Value
	if b.theirs(d) {
		if d.Has("value.most") && !slices.Contains(v.Sources, customers.FromImport) && !slices.Contains(v.Sources, customers.FromCRM) {
			b.doubt(d.Problem("value.most", "add import or crm to sources, or take it out", "counts only for what an import or a CRM gives, and neither is in sources"))
		}
		for _, key := range []string{"recency", "frequency", "money", "tenure"} {
			if d.Has("value."+key) && !slices.Contains(v.Sources, customers.FromOrders) {
				b.doubt(d.Problem("value."+key, "add orders to sources, or take it out", "counts only for values made of orders, and these are not in sources"))
			}
		}
		if slices.Contains(v.Sources, customers.FromOrders) && v.Money.Weight > v.Recency.Weight+v.Frequency.Weight+v.Tenure.Weight {
			b.doubt(d.Problem("value.money", "give recency, frequency and tenure more", "weighs more than all the rest: one large order is worth more than years of loyalty"))
		}
	}
	if tiers := b.docFor("customers.yaml", "tiers"); b.theirs(tiers) {
		b.lintObjection(tiers)
	}
}

// lintObjection finds tiers that ask who objects: of those no tier is asked.
func (b *builder) lintObjection(d *strict.Doc) {
	for i := range b.conditions {
		c := &b.conditions[i]
		if c.doc != d || c.ast == nil || len(c.key) < len("tiers") || c.key[:len("tiers")] != "tiers" {
			continue
		}
		ast.PreOrderVisit(c.ast.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
			if variable(e) == "customer.objected" {
				b.doubt(d.Problem(c.key, "take customer.objected out: privacy.yaml says what becomes of them", "whoever objects to being scored is given a tier by objection in privacy.yaml, whatever stands here"))
			}
		}))
	}
}
