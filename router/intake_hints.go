package router

import (
	"context"
	"slices"
	"strings"

	"stagecoach/contact"
	"stagecoach/customers"
)

// sourceOf gives where a record has the sender's address from, "" where none has it.
func (i *Intake) sourceOf(records []*customers.Record, c *Receive) string {
	for _, rec := range records {
		for _, id := range rec.Identities {
			if i.cfg.Keys.Identity(string(id.Channel), id.Address) == c.Identity {
				return id.Source
			}
		}
	}
	return ""
}

// provenBy gives the evidence that an address which was proved on another one is the
// same person's, "" where the record is simply the address's.
func provenBy(source string) customers.Evidence {
	switch customers.Evidence(source) {
	case customers.SignedWeb, customers.ByCode:
		return customers.Evidence(source)
	default:
		return ""
	}
}

// suspicion collects who else a sender may be, each once: what proves it first.
type suspicion struct {
	ctx   context.Context //nolint:containedctx // lives for one item
	in    *Intake
	known map[string]Found
	mine  []string
	// external are the company's own ids of the sender.
	external []string
	out      []Hint
}

func (s *suspicion) add(customer string, e customers.Evidence, conflict string) {
	if customer == "" || slices.Contains(s.mine, customer) || slices.ContainsFunc(s.out, func(h Hint) bool { return h.Customer == customer }) {
		return
	}
	if conflict == "" && s.listedApart(customer) {
		conflict = ConflictExternal
	}
	s.out = append(s.out, Hint{Customer: customer, Evidence: e, Conflict: conflict})
}

// listedApart reports whether the company has the sender and a customer under two
// ids of its own.
func (s *suspicion) listedApart(customer string) bool {
	if len(s.external) == 0 {
		return false
	}
	members := []string{customer}
	if f := s.known[CustomerKey(customer)]; f.Person != "" {
		members = f.Members
	}
	records, err := s.in.cfg.Directory.Records(s.ctx, members)
	if err != nil {
		return true // nothing is linked that can't be looked at
	}
	theirs := externals(records)
	return len(theirs) > 0 && !slices.ContainsFunc(theirs, func(id string) bool { return slices.Contains(s.external, id) })
}

func externals(records []*customers.Record) []string {
	var out []string
	for _, r := range records {
		if r.External != "" {
			out = append(out, r.External)
		}
	}
	return out
}

// hints finds who else the sender of an item may be.
func (i *Intake) hints(ctx context.Context, r *reading, p people, known map[string]Found, mine []string, records []*customers.Record) {
	c := r.cmd
	s := &suspicion{ctx: ctx, in: i, known: known, mine: mine, external: externals(records), out: c.Hints}
	owner := func(key string) string {
		if id := known[key].Customer; id != "" {
			return id
		}
		if all := p.persons(key, nil, known); len(all) == 1 {
			return all[0][0]
		}
		return ""
	}
	if c.Trust.Proven() {
		if others := p.persons(c.Identity, mine, known); len(others) == 1 { // of several, nobody knows who it is
			s.add(others[0][0], customers.SameAddress, "")
		}
		if r.message != nil && r.message.VouchedID != "" {
			s.add(p.vouched[r.message.VouchedID], customers.SignedWeb, "")
		}
		for _, key := range r.vouched {
			s.add(owner(key), customers.SignedWeb, "")
		}
		i.byToken(s, r, known)
	}
	if c.Trust == contact.TrustClaimed {
		s.add(owner(c.Claimed), customers.UnprovenFrom, "")
	}
	for _, key := range r.mentioned {
		s.add(owner(key), customers.Mentioned, "")
	}
	i.namesakes(s, r, known)
	c.Hints = s.out
}

// byToken finds whose token the item has: who got a mail of ours at another address
// has it, and so has anybody to whom they have forwarded it. Only somebody of the same
// name is taken for them; of others it is proposed.
func (i *Intake) byToken(s *suspicion, r *reading, known map[string]Found) {
	c := r.cmd
	f, ok := known[c.Token]
	if c.Token == "" || !ok || f.ConversationFacts == nil || slices.Contains(f.ConversationFacts.Participants, c.Identity) {
		return
	}
	whose := f.ConversationFacts.Customer
	conflict := ConflictName
	records, err := i.cfg.Directory.Records(s.ctx, []string{whose})
	if err == nil && r.message != nil && slices.ContainsFunc(records, func(rec *customers.Record) bool { return bears(rec, r.message.From.Name) }) {
		conflict = ""
	}
	s.add(whose, customers.ByToken, conflict)
}

// bears reports whether somebody is known by that name.
func bears(rec *customers.Record, name string) bool {
	name = plainName(name)
	if len(name) < shortestName {
		return false
	}
	if plainName(rec.Name) == name {
		return true
	}
	return slices.ContainsFunc(rec.Identities, func(id customers.Identity) bool { return plainName(id.Name) == name })
}

// plainName gives a name without what differs between ways to write it.
func plainName(name string) string {
	if before, after, comma := strings.Cut(name, ","); comma { // Meyer, Anna
		name = after + " " + before
	}
	return strings.Join(strings.Fields(strings.ToLower(name)), " ")
}

// namesakes proposes the one customer of the same full name, as somebody is met.
func (i *Intake) namesakes(s *suspicion, r *reading, known map[string]Found) {
	if r.message == nil || known[r.cmd.Identity].Customer != "" || r.cmd.Auto != contact.AutoNone || r.cmd.Profile.Record != "" {
		return
	}
	name := r.message.From.Name
	if len(name) < shortestName || len(strings.Fields(name)) < 2 {
		return
	}
	if list, err := i.cfg.Directory.Namesakes(s.ctx, name, 2); err == nil && len(list) == 1 {
		s.add(list[0], customers.SameName, "")
	}
}
