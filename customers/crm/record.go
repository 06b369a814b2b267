package crm

import (
	"slices"
	"time"

	"stagecoach/customers"
)

// mark is the name under which a record has when the CRM was asked last.
const mark = "crm"

// Asked gives when the CRM was last heard of a customer, and whether that is older than
// the cache may be, or was never.
func Asked(rec *customers.Record, now time.Time, cache time.Duration) (at time.Time, due bool) {
	if f, ok := rec.SourceOf(mark); ok {
		at = f.At
	}
	return at, at.IsZero() || now.Sub(at) >= cache || at.After(now.Add(time.Minute))
}

// Apply writes into a record what the CRM said at a time. What an import or people have
// said of language, tags and the rest stays theirs.
func (a *Answer) Apply(rec *customers.Record, at time.Time) {
	at = at.UTC()
	note(rec, mark, at)
	rec.Values = slices.DeleteFunc(rec.Values, func(v customers.Value) bool { return v.Source == customers.FromCRM })
	if a.Value != nil {
		rec.Values = append(rec.Values, customers.Value{Amount: *a.Value, Source: customers.FromCRM, At: at})
	}
	switch {
	case a.Orders != nil && (rec.Orders == nil || rec.Orders.Source == customers.FromCRM || rec.Orders.At.Before(at)):
		o := *a.Orders
		o.Source, o.Whose, o.At = customers.FromCRM, a.External, at
		rec.Orders = &o
	case a.Orders == nil && rec.Orders != nil && rec.Orders.Source == customers.FromCRM:
		rec.Orders = nil
	}
	if a.Since != "" || ours(rec, "customer_since") {
		set(rec, "customer_since", &rec.Since, a.Since, at)
	}
	if a.Language != "" || ours(rec, "language") {
		set(rec, "language", &rec.Language, a.Language, at)
	}
	if len(rec.Tags) == 0 && len(a.Tags) > 0 || ours(rec, "tags") {
		rec.Tags = a.Tags
		note(rec, "tags", at)
	}
	a.applyAttributes(rec, at)
}

// applyAttributes puts what the CRM says now of the company's own fields in the place of
// what it said before; what an import or people have said of one stays.
func (a *Answer) applyAttributes(rec *customers.Record, at time.Time) {
	whole := ours(rec, wholeAttributes)
	dropped := func(name string) bool {
		from, ok := rec.SourceOf(customers.AttributeField(name))
		return ok && from.Source == customers.FromCRM || !ok && whole
	}
	var mine []string
	rec.Attributes = slices.DeleteFunc(slices.Clone(rec.Attributes), func(one customers.Attribute) bool {
		if !dropped(one.Name) {
			return false
		}
		mine = append(mine, customers.AttributeField(one.Name))
		return true
	})
	rec.Fields = slices.DeleteFunc(rec.Fields, func(f customers.FieldSource) bool {
		return f.Field == wholeAttributes && whole || slices.Contains(mine, f.Field)
	})
	for _, one := range a.Attributes {
		if !slices.ContainsFunc(rec.Attributes, func(has customers.Attribute) bool { return has.Name == one.Name }) {
			rec.Attributes = append(rec.Attributes, one)
			note(rec, customers.AttributeField(one.Name), at)
		}
	}
}

// wholeAttributes is what earlier versions called all fields that the CRM had told.
const wholeAttributes = "attributes"

// MarkStale notes that the CRM could not be asked again: what it said last stays. It
// reports whether there was anything to mark.
func MarkStale(rec *customers.Record) bool {
	marked := false
	for i := range rec.Values {
		if v := &rec.Values[i]; v.Source == customers.FromCRM && !v.Stale {
			v.Stale, marked = true, true
		}
	}
	return marked
}

// ours reports whether a field of a record is from the CRM.
func ours(rec *customers.Record, field string) bool {
	f, ok := rec.SourceOf(field)
	return ok && f.Source == customers.FromCRM
}

func set(rec *customers.Record, field string, to *string, value string, at time.Time) {
	if *to != "" && !ours(rec, field) || *to == value {
		return
	}
	*to = value
	note(rec, field, at)
}

// note says that a field is from the CRM since a time.
func note(rec *customers.Record, field string, at time.Time) {
	for i := range rec.Fields {
		if rec.Fields[i].Field == field {
			rec.Fields[i].Source, rec.Fields[i].At = customers.FromCRM, at
			return
		}
	}
	rec.Fields = append(rec.Fields, customers.FieldSource{Field: field, Source: customers.FromCRM, At: at})
}
