package customers

import (
	"cmp"
	"slices"
	"time"
)

// Known is what is known of a person as a contact of theirs is taken in: facts, and
// the words that conditions of a policy may ask besides. The words don't enter the
// log.
type Known struct {
	Facts
	// External is the company's own id of the customer, "" where it has none.
	External   string
	Tags       []string
	Attributes []Attribute
	// Said is what they have said of where they want to be answered, Habits are where
	// they do answer.
	Said   []Preference
	Habits []Habit
}

// Attribute gives one of the company's own fields, "" where there is none.
func (k *Known) Attribute(name string) string {
	for _, a := range k.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// KnownOf gives what the records of one person know together. Of each source the
// newest value counts; orders of several records are added up, but for what the CRM says
// twice of the same; whoever objects to
// being scored in one of them does so in all. Fields that only one of them can give
// are the first's that has them, so put the one that the contact came to first.
func KnownOf(records ...*Record) Known {
	var k Known
	var counted []*Orders
	for _, r := range records {
		if k.Record == "" {
			k.Record, k.Version = r.ID, r.Version
		}
		k.External = cmp.Or(k.External, r.External)
		k.Language = cmp.Or(k.Language, r.Language)
		k.Since = earlier(k.Since, r.Since)
		k.Objected = k.Objected || r.Objection != nil
		k.Held = k.Held || r.Hold != nil
		for i := range r.Values {
			k.value(&r.Values[i])
		}
		if o := OrdersOf(r); o != nil {
			counted = addOrders(counted, o)
		}
		for i := range r.Preferences {
			k.prefer(&r.Preferences[i])
		}
		k.words(r)
		k.reached(r)
	}
	for _, o := range counted {
		k.orders(o)
	}
	return k
}

// addOrders adds what one record says of orders, once where it is what another says: a
// source that is asked by two addresses of a customer tells of the same orders twice.
// The newer word counts.
func addOrders(all []*Orders, o *Orders) []*Orders {
	for n, was := range all {
		named := o.Whose != "" || was.Whose != ""
		alike := o.Count == was.Count && o.Revenue == was.Revenue && o.First == was.First && o.Last == was.Last
		if o.Source != FromCRM || was.Source != FromCRM || named && o.Whose != was.Whose || !named && !alike {
			continue
		}
		if o.At.After(was.At) {
			all[n] = o
		}
		return all
	}
	return append(all, o)
}

func (k *Known) value(v *Value) {
	amount, ok := MicroOf(v.Amount)
	to := map[string]*Given{FromImport: &k.Import, FromCRM: &k.CRM}[v.Source]
	if !ok || to == nil || v.At.IsZero() || !to.At.IsZero() && !v.At.After(to.At) {
		return
	}
	*to = Given{Amount: amount, At: v.At.UTC(), Stale: v.Stale}
}

func (k *Known) orders(o *Orders) {
	revenue, _ := MicroOf(o.Revenue)
	k.Orders += max(o.Count, 0)
	k.Revenue = min(max(k.Revenue+revenue, 0), mostAmount*Micro)
	k.FirstOrder, k.LastOrder = earlier(k.FirstOrder, o.First), later(k.LastOrder, o.Last)
	if o.At.After(k.OrdersAt) || k.OrdersSource == "" {
		k.OrdersSource, k.OrdersAt = cmp.Or(o.Source, FromImport), o.At.UTC()
	}
}

// prefer takes a preference in: what somebody has said counts before what was
// learnt, and then the newer one.
func (k *Known) prefer(p *Preference) {
	rank := func(source string) int { return slices.Index([]string{"learnt", "import", "stated"}, source) }
	if k.PreferSource != "" && cmp.Or(cmp.Compare(rank(p.Source), rank(k.PreferSource)), p.At.Compare(k.PreferAt)) <= 0 {
		return
	}
	k.Prefer, k.PreferSource, k.PreferAt = p.Channel, p.Source, p.At.UTC()
}

func (k *Known) words(r *Record) {
	for _, tag := range r.Tags {
		if !slices.Contains(k.Tags, tag) {
			k.Tags = append(k.Tags, tag)
		}
	}
	for _, a := range r.Attributes {
		if !slices.ContainsFunc(k.Attributes, func(b Attribute) bool { return a.Name == b.Name }) {
			k.Attributes = append(k.Attributes, a)
		}
	}
}

// earlier and later give one of two days, either of which may be missing.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

func later(a, b string) string { return max(a, b) }

// day gives a day without its time, "" for what is none.
func day(text string) string {
	if len(text) > len(time.DateOnly) && (text[len(time.DateOnly)] == 'T' || text[len(time.DateOnly)] == ' ') {
		text = text[:len(time.DateOnly)]
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return ""
	}
	return text
}
