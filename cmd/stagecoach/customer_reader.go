package main

import (
	"context"
	"slices"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/portal"
	"stagecoach/ledger"
)

// reader is who reads a page, and what of their person they may see: with whom they have
// proved to be one. Others of the same person count for everything that we do, but their
// words and addresses stay unseen until a code that was sent there was entered.
type reader struct {
	*matter
	person *ledger.Person
	// sees are the customers whose words are shown, first those that were proved.
	sees []string
}

// reader finds who reads the page of a conversation, ErrStranger where they have proved
// themselves as nobody who is of it.
func (p customerPages) reader(ctx context.Context, who portal.Who) (*reader, error) {
	m, err := p.matter(ctx, who.Conversation)
	if err != nil {
		return nil, err
	}
	person, _, err := p.d.ledger.Person(ctx, m.Customer)
	if err != nil {
		return nil, err
	}
	r := &reader{matter: m, person: person, sees: seenFrom(person, who.Proved)}
	if len(r.sees) == 0 {
		return nil, portal.ErrStranger
	}
	return r, nil
}

// seenFrom gives the customers of a person whom somebody may see who has proved to be
// some of them: those, and whoever is linked to them on evidence that opens.
func seenFrom(person *ledger.Person, proved []string) []string {
	var out []string
	for _, id := range proved {
		if slices.Contains(person.Members, id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for at := 0; at < len(out); at++ {
		for _, l := range person.Links {
			if !l.Evidence.Opens() {
				continue
			}
			for _, next := range [][2]string{{l.A, l.B}, {l.B, l.A}} {
				if next[0] == out[at] && !slices.Contains(out, next[1]) {
					out = append(out, next[1])
				}
			}
		}
	}
	return out
}

// whole reports whether they see all of the person.
func (r *reader) whole() bool { return len(r.sees) == len(r.person.Members) }

// hidden are the customers of the person whose words they don't see.
func (r *reader) hidden() []string {
	return slices.DeleteFunc(slices.Clone(r.person.Members), func(id string) bool { return slices.Contains(r.sees, id) })
}

// linkTo gives the link for which somebody hidden is taken for the same person.
func (r *reader) linkTo(id string) ledger.Link {
	var found ledger.Link
	for _, l := range r.person.Links {
		if l.A != id && l.B != id {
			continue
		}
		if found.ID == "" || slices.Contains(r.sees, l.A) || slices.Contains(r.sees, l.B) {
			found = l
		}
	}
	return found
}

// owner gives for each address the customer whose it is, "" for nobody known.
func (p customerPages) owner(ctx context.Context, addresses []contact.Identity) (func(contact.Identity) string, error) {
	keys := make([]string, len(addresses))
	for i, a := range addresses {
		keys[i] = p.d.keys.Identity(string(a.Channel), a.Address)
	}
	_, known, err := p.d.ledger.Known(ctx, keys)
	if err != nil {
		return nil, err
	}
	return func(i contact.Identity) string {
		if i.Address == "" {
			return ""
		}
		return known[p.d.keys.Identity(string(i.Channel), i.Address)].Customer
	}, nil
}

// seen keeps of what was written what is between us and some customers: who else takes
// part in a conversation has not asked to be shown to them. What has no words any more
// is left where nobody else can have written it.
func (p customerPages) seen(ctx context.Context, all []spoken, by []string, whole bool) ([]spoken, error) {
	owner, err := p.owner(ctx, peopleIn(all))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(one spoken) bool {
		if one.missing != "" {
			return !whole
		}
		return !slices.ContainsFunc(one.people(), func(i contact.Identity) bool { return slices.Contains(by, owner(i)) })
	}), nil
}

func peopleIn(all []spoken) []contact.Identity {
	var out []contact.Identity
	for i := range all {
		out = append(out, all[i].people()...)
	}
	return out
}

// spokenTo reads what is between us and whoever reads.
func (p customerPages) spokenTo(ctx context.Context, r *reader) ([]spoken, error) {
	all, err := p.read(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return p.seen(ctx, all, r.sees, r.whole())
}

// records gives the records of customers in the order of their ids, and leaves out who
// has none.
func (p customerPages) records(ctx context.Context, ids []string) ([]*customers.Record, error) {
	return peopleOf{p.d.directory}.Records(ctx, ids)
}
