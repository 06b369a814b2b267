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

// record gives the record of a customer, nil where there is none.
func (p customerPages) record(ctx context.Context, customer string) (*customers.Record, error) {
	rec, err := p.d.directory.Get(ctx, customer)
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrErased) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	return rec, err
}

// profile says what is known of a person, each field with where it is from: what we go
// by is of all of them, words and addresses are of those that the reader sees.
func (p customerPages) profile(ctx context.Context, r *reader) (portal.Profile, error) {
	out := portal.Profile{CanChange: true, CanExport: p.d.rights != nil, CanErase: p.d.rights != nil && r.whole()}
	seen, err := p.records(ctx, r.sees)
	if err != nil {
		return out, err
	}
	all, err := p.records(ctx, append(slices.Clone(r.sees), r.hidden()...))
	if err != nil {
		return out, err
	}
	for _, rec := range seen {
		for _, f := range fieldsOf(rec) {
			if !slices.ContainsFunc(out.Fields, func(o portal.Field) bool { return o.Name == f.Name && o.Value == f.Value }) {
				out.Fields = append(out.Fields, f)
			}
		}
		p.addresses(&out, rec)
	}
	if r.contact != nil {
		out.Fields = append(out.Fields, portal.Field{Name: "tier", Value: r.contact.Tier, Source: "policy", Since: r.contact.Start})
	}
	if len(all) > 0 {
		p.person(&out, all)
	}
	if out.Hidden, err = p.notShown(ctx, r); err != nil {
		return out, err
	}
	return out, nil
}

// addresses adds those of a record, each once.
func (p customerPages) addresses(out *portal.Profile, rec *customers.Record) {
	for _, i := range rec.Identities {
		if !slices.ContainsFunc(out.Addresses, func(o portal.Field) bool { return o.Name == string(i.Channel) && o.Value == i.Address }) {
			out.Addresses = append(out.Addresses, portal.Field{Name: string(i.Channel), Value: i.Address, Source: i.Source, Since: i.At})
		}
		if ch := i.Channel; !slices.Contains(out.Channels, ch) && !ch.ByHand() {
			out.Channels = append(out.Channels, ch)
		}
	}
}

// person adds what we go by, of all who are one person.
func (p customerPages) person(out *portal.Profile, all []*customers.Record) {
	set := p.d.policy.Load()
	known := customers.KnownOf(all...)
	known.Want(set.Prefer())
	out.Fields = append(out.Fields, p.worth(&known)...)
	out.Prefer, out.PreferSource, out.PreferAt = known.Prefer, known.PreferSource, known.PreferAt
	if ch := known.Prefer; ch != "" && !slices.Contains(out.Channels, ch) && !ch.ByHand() {
		out.Channels = append(out.Channels, ch)
	}
	out.Consents = consentsOf(all, out.Channels, set.Sending())
	for _, rec := range all {
		if o := rec.Objection; o != nil && (out.ObjectedAt.IsZero() || o.At.Before(out.ObjectedAt)) {
			out.ObjectedAt = o.At
		}
	}
}

// notShown lists the addresses that we take for theirs on less than a proof.
func (p customerPages) notShown(ctx context.Context, r *reader) ([]portal.Hidden, error) {
	hidden := r.hidden()
	if len(hidden) == 0 {
		return nil, nil
	}
	ways, err := p.ways(ctx, portal.Who{Conversation: r.ID, Proved: r.sees})
	if err != nil && !errors.Is(err, portal.ErrNoWay) {
		return nil, err
	}
	var out []portal.Hidden
	for _, id := range hidden {
		link := r.linkTo(id)
		one := portal.Hidden{Why: string(link.Evidence), At: link.At}
		if at := slices.IndexFunc(ways, func(w way) bool { return w.customer == id }); at >= 0 {
			w := p.portalWay(&ways[at])
			one.Channel, one.Shown, one.Way = ways[at].link.adapter.Channel, w.Shown, w.ID
		} else if rec, err := p.record(ctx, id); err != nil {
			return nil, err
		} else if rec != nil && len(rec.Identities) > 0 {
			i := rec.Identities[0]
			one.Channel, one.Shown = i.Channel, masked(i.Channel, contact.Address{Address: i.Address})
		}
		out = append(out, one)
	}
	return out, nil
}

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

// worth says what a person is worth to us, as it is reckoned with now, and what that is
// made of.
func (p customerPages) worth(known *customers.Known) []portal.Field {
	facts := known.Facts
	p.d.policy.Load().Value(&facts, time.Now())
	var out []portal.Field
	value := portal.Field{Name: "value"}
	if facts.Worth() {
		value.Value = fmt.Sprintf("%d / %d", facts.Points(), customers.MostPoints)
		value.Source, value.Since, value.Stale = facts.ValueSource, facts.ValueAt, facts.Stale
	}
	out = append(out, value)
	if facts.OrdersSource != "" {
		text := strconv.Itoa(facts.Orders) + " (" + strconv.FormatFloat(float64(facts.Revenue)/customers.Micro, 'f', 2, 64) + ")"
		out = append(out, portal.Field{Name: "orders", Value: text, Source: facts.OrdersSource, Since: facts.OrdersAt})
	}
	return out
}

// consentsOf gives what a person allows, for each purpose and channel: what was said of
// a channel counts before what was said of all of them.
func consentsOf(all []*customers.Record, channels []contact.Channel, rules *customers.SendRules) []portal.Consent {
	said := saidOf(all)
	var out []portal.Consent
	for _, purpose := range customers.Purposes() {
		for _, ch := range channels {
			one := portal.Consent{Channel: ch, Purpose: purpose, Needed: rules.Needs(purpose)}
			last := customers.LastConsent(said, ch, purpose)
			if one.Given = !one.Needed; last != nil {
				one.Given, one.Source, one.At = last.Given, last.Source, last.At
			}
			out = append(out, one)
		}
	}
	return out
}

func saidOf(all []*customers.Record) []customers.Consent {
	var said []customers.Consent
	for _, rec := range all {
		said = append(said, rec.Consents...)
	}
	return said
}

// byCustomer is who changes a record on their own page.
const byCustomer = customers.FromCustomer

// Change implements portal.Acts. It is of the person: what they say now is written to the
// record of the address that they proved, and what it takes back is removed from all that
// they see; whoever is told apart from them again later has back their own.
func (p customerPages) Change(ctx context.Context, who portal.Who, c portal.Change) error {
	r, err := p.reader(ctx, who)
	if err != nil {
		return err
	}
	all, err := p.records(ctx, r.person.Members)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	changes := []directory.Change{{ID: r.sees[0], Make: func(rec *customers.Record) error {
		if c.Prefer != "" {
			preferring(rec, contact.Channel(c.Prefer), reached(all), now)
		}
		for _, one := range c.Consents {
			allowing(rec, one, saidOf(all), p.d.policy.Load().Sending(), now)
		}
		if c.Object != nil {
			objecting(rec, *c.Object, now)
		}
		return nil
	}}}
	for _, rec := range all {
		if c.Object == nil || *c.Object || rec.ID == r.sees[0] || !slices.Contains(r.sees, rec.ID) {
			continue
		}
		changes = append(changes, directory.Change{ID: rec.ID, Make: func(rec *customers.Record) error {
			objecting(rec, false, now)
			return nil
		}})
	}
	done, err := p.d.directory.UpdateAll(ctx, byCustomer, changes)
	if err != nil {
		return err
	}
	for _, one := range done {
		if one.Err != nil {
			return one.Err
		}
	}
	return p.d.customerChanged(ctx, r.sees[0]) // what is open goes by it at once
}

// reached gives the channels on which a person is known.
func reached(all []*customers.Record) []contact.Channel {
	var out []contact.Channel
	for _, rec := range all {
		for _, i := range rec.Identities {
			out = append(out, i.Channel)
		}
	}
	return out
}

// preferring notes the channel that the customer likes best, one that they have; "-" for
// wherever they write.
func preferring(rec *customers.Record, ch contact.Channel, have []contact.Channel, now time.Time) {
	if ch == "-" {
		ch = ""
	} else if !slices.Contains(have, ch) {
		return
	}
	rec.Preferences = customers.Prefer(rec.Preferences, customers.Preference{Channel: ch, Source: customers.PreferStated, At: now, By: byCustomer})
}

// objecting notes that they object to being scored, or don't any more.
func objecting(rec *customers.Record, objects bool, now time.Time) {
	switch {
	case !objects:
		rec.Objection = nil
	case rec.Objection == nil:
		rec.Objection = &customers.Mark{At: now, By: byCustomer}
	}
}

// allowing notes a yes or a no, where it is another than what holds.
func allowing(rec *customers.Record, one portal.Consent, said []customers.Consent, rules *customers.SendRules, now time.Time) {
	given := !rules.Needs(one.Purpose)
	if last := customers.LastConsent(said, one.Channel, one.Purpose); last != nil {
		given = last.Given
	}
	if given == one.Given {
		return
	}
	same := func(c customers.Consent) bool { return c.Purpose == one.Purpose && c.Channel == one.Channel }
	rec.Consents = append(slices.DeleteFunc(rec.Consents, same), customers.Consent{
		Channel: one.Channel, Purpose: one.Purpose, Given: one.Given, Source: byCustomer, At: now,
	})
}
