package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk/portal"
)

// record gives the record of a conversation's customer, nil where there is none.
func (p customerPages) record(ctx context.Context, customer string) (*customers.Record, error) {
	rec, err := p.d.directory.Get(ctx, customer)
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrErased) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	return rec, err
}

// profile says what is known of a customer, each field with where it is from.
func (p customerPages) profile(ctx context.Context, m *matter) (portal.Profile, error) {
	out := portal.Profile{CanExport: p.d.rights != nil, CanErase: p.d.rights != nil}
	rec, err := p.record(ctx, m.Customer)
	if err != nil {
		return out, err
	}
	if m.contact != nil {
		out.Fields = append(out.Fields, portal.Field{Name: "tier", Value: m.contact.Tier, Source: "policy", Since: m.contact.Start})
	}
	if rec == nil {
		return out, nil
	}
	out.CanChange = true
	out.Fields = append(fieldsOf(rec), out.Fields...)
	out.Fields = append(out.Fields, p.worth(rec)...)
	for _, i := range rec.Identities {
		out.Addresses = append(out.Addresses, portal.Field{Name: string(i.Channel), Value: i.Address, Source: i.Source, Since: i.At})
		if ch := i.Channel; !slices.Contains(out.Channels, ch) && !ch.ByHand() {
			out.Channels = append(out.Channels, ch)
		}
	}
	for _, pref := range rec.Preferences {
		if out.Prefer == "" || pref.Source == stated {
			out.Prefer, out.PreferSource = pref.Channel, pref.Source
		}
	}
	out.Consents = consentsOf(rec, out.Channels)
	if rec.Objection != nil {
		out.ObjectedAt = rec.Objection.At
	}
	out.Held, out.HeldUntil = heldFor(rec.Hold, time.Now())
	return out, nil
}

// heldFor tells whether a hold keeps something, and until when, "" for until it is
// lifted. Why is not for the customer's page.
func heldFor(h *customers.Hold, now time.Time) (held bool, until string) {
	if h == nil || !holds(h, now) {
		return false, ""
	}
	return true, h.Until
}

// stated is the source of what the customer has said themselves.
const stated = "stated"

func fieldsOf(rec *customers.Record) []portal.Field {
	var out []portal.Field
	add := func(name, value string) {
		if value == "" {
			return
		}
		f := portal.Field{Name: name, Value: value}
		if from, ok := rec.SourceOf(name); ok {
			f.Source, f.Since = from.Source, from.At
		}
		out = append(out, f)
	}
	add("name", rec.Name)
	add("external_id", rec.External)
	add("language", rec.Language)
	add("timezone", rec.Zone)
	add("customer_since", rec.Since)
	add("tags", strings.Join(rec.Tags, ", "))
	for _, a := range rec.Attributes {
		out = append(out, portal.Field{Name: a.Name, Value: a.Value, Source: "import"})
	}
	return out
}

// worth says what the customer is worth to us, as it is reckoned with now, and what
// that is made of.
func (p customerPages) worth(rec *customers.Record) []portal.Field {
	known := customers.KnownOf(rec)
	facts := known.Facts
	p.d.policy.Load().Value(&facts, time.Now())
	var out []portal.Field
	value := portal.Field{Name: "value"}
	if facts.Worth() {
		value.Value = fmt.Sprintf("%d / %d", facts.Points(), customers.MostPoints)
		value.Source, value.Since, value.Stale = facts.ValueSource, facts.ValueAt, facts.Stale
	}
	out = append(out, value)
	if o := customers.OrdersOf(rec); o != nil {
		text := strconv.Itoa(o.Count) + " (" + strconv.FormatFloat(o.Revenue, 'f', 2, 64) + ")"
		out = append(out, portal.Field{Name: "orders", Value: text, Source: o.Source, Since: o.At})
	}
	return out
}

// purposes are what is asked about on the page.
func purposes() []string { return []string{"marketing", "feedback"} }

// consentsOf gives what the customer allows, for each channel and purpose. What
// nobody has said is no.
func consentsOf(rec *customers.Record, channels []contact.Channel) []portal.Consent {
	var out []portal.Consent
	for _, purpose := range purposes() {
		for _, ch := range channels {
			one := portal.Consent{Channel: ch, Purpose: purpose}
			for _, c := range rec.Consents {
				if c.Purpose == purpose && (c.Channel == ch || c.Channel == "") {
					one.Given = c.Given
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// Change implements portal.Acts.
func (p customerPages) Change(ctx context.Context, conversation string, c portal.Change) error {
	m, err := p.matter(ctx, conversation)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	_, err = p.d.directory.Update(ctx, m.Customer, byCustomer, func(rec *customers.Record) error {
		if c.Prefer != "" {
			preferring(rec, contact.Channel(c.Prefer), now)
		}
		for _, one := range c.Consents {
			allowing(rec, one, now)
		}
		switch {
		case c.Object == nil:
		case !*c.Object:
			rec.Objection = nil
		case rec.Objection == nil:
			rec.Objection = &customers.Mark{At: now, By: byCustomer}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.d.customerChanged(ctx, m.Customer) // what is open goes by it at once
}

// byCustomer is who changes a record on their own page.
const byCustomer = "customer"

// preferring notes the channel that the customer likes best, one that they have; "-"
// for none.
func preferring(rec *customers.Record, ch contact.Channel, now time.Time) {
	has := slices.ContainsFunc(rec.Identities, func(i customers.Identity) bool { return i.Channel == ch })
	if ch != "-" && !has {
		return
	}
	rec.Preferences = slices.DeleteFunc(rec.Preferences, func(p customers.Preference) bool { return p.Source == stated })
	if ch != "-" {
		rec.Preferences = append(rec.Preferences, customers.Preference{Channel: ch, Source: stated, At: now, By: byCustomer})
	}
}

// allowing notes a yes or a no, where it is another than before.
func allowing(rec *customers.Record, one portal.Consent, now time.Time) {
	given, said := false, false
	for _, c := range rec.Consents {
		if c.Purpose == one.Purpose && (c.Channel == one.Channel || c.Channel == "") {
			given, said = c.Given, true
		}
	}
	if given == one.Given && (said || !one.Given) {
		return
	}
	same := func(c customers.Consent) bool { return c.Purpose == one.Purpose && c.Channel == one.Channel }
	rec.Consents = append(slices.DeleteFunc(rec.Consents, same), customers.Consent{
		Channel: one.Channel, Purpose: one.Purpose, Given: one.Given, Source: byCustomer, At: now,
	})
}
