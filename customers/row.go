package customers

import (
	"errors"
	"slices"
	"time"

	"stagecoach/contact"
)

// Row is what one line of the company's own list says of a customer. What it leaves out
// it says nothing about.
type Row struct {
	// Line is the physical line where it starts, counted from 1.
	Line     int    `json:"line"`
	External string `json:"external_id,omitempty"`
	Name     string `json:"name,omitempty"`
	// Identities have a channel and an address each.
	Identities []Identity      `json:"identities,omitempty"`
	Language   string          `json:"language,omitempty"`
	Zone       string          `json:"timezone,omitempty"`
	Value      *float64        `json:"value,omitempty"`
	Since      string          `json:"customer_since,omitempty"`
	Prefer     contact.Channel `json:"preferred_channel,omitempty"`
	Tags       []string        `json:"tags,omitempty"`
	Attributes []Attribute     `json:"attributes,omitempty"`
}

// ErrOtherExternal means that a record is of somebody else, as the company has it.
var ErrOtherExternal = errors.New("the record has another external_id")

// Take takes a row of the company's list in. What the row doesn't name stays; of the
// addresses that an earlier list gave, those that this one leaves out of a channel go,
// unless the customer wrote from there. What the customer or an agent has said is left
// as it is. Taking the same row again changes nothing.
func (r *Record) Take(row *Row, at time.Time, same func(a, b Identity) bool) error {
	if r.External != "" && row.External != "" && r.External != row.External {
		return ErrOtherExternal
	}
	if r.External == "" {
		r.take("external_id", &r.External, row.External, at)
	}
	r.take("name", &r.Name, row.Name, at)
	r.take("language", &r.Language, row.Language, at)
	r.take("timezone", &r.Zone, row.Zone, at)
	r.take("customer_since", &r.Since, row.Since, at)
	r.takeIdentities(row.Identities, at, same)
	if row.Value != nil {
		r.takeValue(*row.Value, at)
	}
	if row.Prefer != "" {
		r.takePreference(row.Prefer, at)
	}
	if len(row.Tags) > 0 && (!slices.Equal(r.Tags, row.Tags) || r.fromCRM("tags")) && r.mayTake("tags") {
		r.Tags = slices.Clone(row.Tags)
		r.SetSource("tags", FromImport, at)
	}
	for _, a := range row.Attributes {
		r.takeAttribute(a, at)
	}
	return nil
}

// fromCRM reports whether a field is only as the CRM has it: what the list says, too, is
// the list's from then on.
func (r *Record) fromCRM(field string) bool {
	from, ok := r.SourceOf(field)
	return ok && from.Source == FromCRM
}

// mayTake reports whether a list may say what a field is.
func (r *Record) mayTake(field string) bool {
	from, ok := r.SourceOf(field)
	return !ok || from.Source != FromAgent && from.Source != FromCustomer
}

func (r *Record) take(field string, to *string, value string, at time.Time) {
	if value == "" || *to == value && !r.fromCRM(field) || !r.mayTake(field) {
		return
	}
	*to = value
	r.SetSource(field, FromImport, at)
}

func (r *Record) takeIdentities(list []Identity, at time.Time, same func(a, b Identity) bool) {
	named := map[contact.Channel]bool{}
	for _, i := range list {
		named[i.Channel] = true
	}
	r.Identities = slices.DeleteFunc(r.Identities, func(has Identity) bool {
		return has.Source == FromImport && !has.Proven && named[has.Channel] &&
			!slices.ContainsFunc(list, func(i Identity) bool { return same(has, i) })
	})
	for _, i := range list {
		if !slices.ContainsFunc(r.Identities, func(has Identity) bool { return same(has, i) }) {
			r.Identities = append(r.Identities, Identity{Channel: i.Channel, Address: i.Address, Source: FromImport, At: at})
		}
	}
}

func (r *Record) takeValue(amount float64, at time.Time) {
	for n := range r.Values {
		if v := &r.Values[n]; v.Source == FromImport {
			if v.Amount != amount {
				*v = Value{Amount: amount, Source: FromImport, At: at}
			}
			return
		}
	}
	r.Values = append(r.Values, Value{Amount: amount, Source: FromImport, At: at})
}

func (r *Record) takePreference(ch contact.Channel, at time.Time) {
	for n := range r.Preferences {
		if p := &r.Preferences[n]; p.Source == FromImport {
			if p.Channel != ch {
				*p = Preference{Channel: ch, Source: FromImport, At: at}
			}
			return
		}
	}
	r.Preferences = append(r.Preferences, Preference{Channel: ch, Source: FromImport, At: at})
}

// AttributeField is what the source of a field of the company's own is noted under.
func AttributeField(name string) string { return "attr." + name }

func (r *Record) takeAttribute(a Attribute, at time.Time) {
	field := AttributeField(a.Name)
	for n := range r.Attributes {
		has := &r.Attributes[n]
		if has.Name != a.Name {
			continue
		}
		if (has.Value != a.Value || r.fromCRM(field)) && r.mayTake(field) {
			has.Value = a.Value
			r.SetSource(field, FromImport, at)
		}
		return
	}
	r.Attributes = append(r.Attributes, a)
	r.SetSource(field, FromImport, at)
}
