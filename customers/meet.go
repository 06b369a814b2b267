package customers

import "time"

// Where a field or an identity is from, besides FromImport and FromCRM.
const (
	FromMessage  = "message"
	FromAgent    = "agent"
	FromCustomer = "customer"
)

// Meet notes that the customer was met under an identity, which same tells from others:
// one that is there already gets what it lacks. A name that came with it names the
// customer as long as nothing better does.
func (r *Record) Meet(i Identity, same func(a, b Identity) bool) {
	there := false
	for n := range r.Identities {
		has := &r.Identities[n]
		if !same(*has, i) {
			continue
		}
		there = true
		if has.Name == "" {
			has.Name = i.Name
		}
		has.Proven = has.Proven || i.Proven
	}
	if !there && i.Address != "" {
		r.Identities = append(r.Identities, i)
	}
	if r.Name == "" && i.Name != "" {
		r.Name = i.Name
		r.SetSource("name", i.Source, i.At)
	}
}

// SourceOf gives where a field is from.
func (r *Record) SourceOf(field string) (FieldSource, bool) {
	for _, f := range r.Fields {
		if f.Field == field {
			return f, true
		}
	}
	return FieldSource{}, false
}

// SetSource says where a field is from. The same source keeps the earlier time: that is
// since when it is so.
func (r *Record) SetSource(field, source string, at time.Time) {
	for n := range r.Fields {
		if r.Fields[n].Field == field {
			if r.Fields[n].Source != source {
				r.Fields[n].Source, r.Fields[n].At = source, at
			}
			return
		}
	}
	r.Fields = append(r.Fields, FieldSource{Field: field, Source: source, At: at})
}
