package router

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"stagecoach/contact"
	"stagecoach/customers"
)

// Directory is what is kept of customers in words.
type Directory interface {
	// Owners gives the ids of the customers whose records have each of these keys of
	// addresses.
	Owners(ctx context.Context, keys []string) (map[string][]string, error)
	// Records gives the records of customers, those that there are, in that order.
	Records(ctx context.Context, ids []string) ([]*customers.Record, error)
	// External gives whom the company has under an id of its own, "" for nobody.
	External(ctx context.Context, id string) (string, error)
	// Namesakes gives at most so many customers of exactly that name.
	Namesakes(ctx context.Context, name string, most int) ([]string, error)
}

// people is what the directory knows of the senders of some items.
type people struct {
	owners map[string][]string
	// vouched are customers whom the company's site names by its own id.
	vouched map[string]string
}

// The bounds of what is looked up for one message.
const (
	mentionedAtMost = 3
	shortestName    = 5
)

// addressInText finds what looks like an e-mail address.
var addressInText = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)

// lookPeople asks the directory about the senders. A directory that can't be read
// holds nothing up: nothing is known then.
func (i *Intake) lookPeople(ctx context.Context, read []*reading, which []int) people {
	p := people{vouched: map[string]string{}}
	if i.cfg.Directory == nil {
		return p
	}
	var keys []string
	for _, n := range which {
		r := read[n]
		keys = append(append(keys, r.cmd.Identity), r.others()...)
		if r.message == nil || r.message.VouchedID == "" {
			continue
		}
		id, err := i.cfg.Directory.External(ctx, r.message.VouchedID)
		if err != nil {
			i.logger.WarnContext(ctx, "the customers' directory could not be read", "err", err)
			return p
		}
		if id != "" {
			p.vouched[r.message.VouchedID] = id
		}
	}
	owners, err := i.cfg.Directory.Owners(ctx, keys)
	if err != nil {
		i.logger.WarnContext(ctx, "the customers' directory could not be read", "err", err)
	}
	p.owners = owners
	return p
}

// others gives the keys of addresses that the message names beside its sender's.
func (r *reading) others() []string {
	out := slices.Concat(r.vouched, r.mentioned)
	if r.cmd.Claimed != "" {
		out = append(out, r.cmd.Claimed)
	}
	return out
}

// name fills in the keys of addresses that a message names: those for which its
// channel vouches, and those that stand in its text.
func (i *Intake) name(r *reading, m *contact.Message) {
	for _, v := range m.Vouched {
		r.vouched = append(r.vouched, i.cfg.Keys.Identity(string(v.Channel), v.Address))
	}
	if r.cmd.Channel == contact.Email || r.cmd.Auto != contact.AutoNone { // there, quoted lines and signatures are full of them
		return
	}
	for _, address := range addressInText.FindAllString(m.Text, mentionedAtMost) {
		key := i.cfg.Keys.Identity(string(contact.Email), strings.TrimRight(address, "."))
		if !i.ours(&Receive{Item: Item{Channel: contact.Email}}, strings.ToLower(address)) && !slices.Contains(r.vouched, key) {
			r.mentioned = append(r.mentioned, key)
		}
	}
}

// askedOf gives the customers whose person the decision may ask for.
func (p *people) askedOf(r *reading) []string {
	var out []string
	for _, key := range append([]string{r.cmd.Identity}, r.others()...) {
		for _, id := range p.owners[key] {
			out = append(out, CustomerKey(id))
		}
	}
	if r.message != nil {
		if id := p.vouched[r.message.VouchedID]; id != "" {
			out = append(out, CustomerKey(id))
		}
	}
	return out
}

// persons gives the owners of an address but for some, those of one person together.
func (p *people) persons(key string, but []string, known map[string]Found) [][]string {
	var out [][]string
	at := map[string]int{}
	for _, id := range p.owners[key] {
		if slices.Contains(but, id) {
			continue
		}
		person := cmp.Or(known[CustomerKey(id)].Person, id)
		k, there := at[person]
		if !there {
			k = len(out)
			at[person] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], id)
	}
	return out
}

// ownerOf gives which of one person's customers has the sender's address as their own,
// and not by what was proved of another.
func (i *Intake) ownerOf(ctx context.Context, c *Receive, ids []string) string {
	for _, id := range ids {
		records, err := i.cfg.Directory.Records(ctx, []string{id})
		if err == nil && len(records) > 0 && provenBy(i.sourceOf(records, c)) == "" {
			return id
		}
	}
	return ids[0]
}

// meet fills in what is known of an item's sender, and who else they may be.
func (i *Intake) meet(ctx context.Context, r *reading, p people, known map[string]Found) customers.Known {
	c := r.cmd
	c.Hints, c.Profile = nil, Profile{}
	if i.cfg.Directory == nil {
		return customers.Known{}
	}
	me := known[c.Identity].Customer
	if all := p.persons(c.Identity, nil, known); me == "" && len(all) == 1 {
		me = i.ownerOf(ctx, c, all[0])
		c.Profile.Record = me
	}
	mine := []string{me}
	if f := known[CustomerKey(me)]; me != "" && f.Person != "" {
		mine = f.Members
	}
	records, err := i.cfg.Directory.Records(ctx, mine)
	if err != nil {
		i.logger.WarnContext(ctx, "the customers' directory could not be read", "err", err)
		return customers.Known{}
	}
	if e := provenBy(i.sourceOf(only(records, me), c)); c.Profile.Record != "" && e != "" { // another address of theirs: met now
		c.Profile.Record = ""
		c.Hints = append(c.Hints, Hint{Customer: me, Evidence: e})
	}
	c.Profile.Proves = me != "" && c.Trust == contact.TrustProven && i.unproven(only(records, me), c)
	i.hints(ctx, r, p, known, mine, records)
	return customers.KnownOf(append(records, i.proven(ctx, c, me, known)...)...)
}

// unproven reports whether the sender's address is in their record, and nothing has
// proved it yet.
func (i *Intake) unproven(records []*customers.Record, c *Receive) bool {
	found := false
	for _, r := range records {
		for n := range r.Identities {
			one := &r.Identities[n]
			if one.Unproven || one.Channel != c.Channel || i.cfg.Keys.Identity(string(one.Channel), one.Address) != c.Identity {
				continue
			}
			if one.Proven {
				return false
			}
			found = true
		}
	}
	return found
}

// proven gives the records of whom the item proves its sender to be: what is known of
// them counts from this contact on.
func (i *Intake) proven(ctx context.Context, c *Receive, me string, known map[string]Found) []*customers.Record {
	var out []*customers.Record
	for _, h := range c.Hints {
		if !h.Evidence.Proves() || h.Conflict != "" || slices.Contains(known[CustomerKey(me)].Not, h.Customer) {
			continue
		}
		ids := []string{h.Customer}
		if f := known[CustomerKey(h.Customer)]; f.Person != "" {
			ids = f.Members
		}
		if records, err := i.cfg.Directory.Records(ctx, ids); err == nil {
			out = append(out, records...)
		}
	}
	return out
}

// only gives the record of one customer.
func only(records []*customers.Record, id string) []*customers.Record {
	for _, r := range records {
		if r.ID == id {
			return []*customers.Record{r}
		}
	}
	return nil
}

// KnownOf gives what is known of a customer, with all that are the same person: was is
// what was known of them before, for where nothing can be read.
func (i *Intake) KnownOf(ctx context.Context, customer string, was *customers.Facts) customers.Known {
	var otherwise customers.Known
	if was != nil {
		otherwise.Facts = *was
	}
	if i.cfg.Directory == nil {
		return otherwise
	}
	_, known, err := i.ledger.Known(ctx, []string{CustomerKey(customer)})
	if err != nil {
		return otherwise
	}
	members := []string{customer}
	if f := known[CustomerKey(customer)]; f.Person != "" {
		members = f.Members
	}
	records, err := i.cfg.Directory.Records(ctx, members)
	if err != nil || len(records) == 0 {
		return otherwise
	}
	return customers.KnownOf(records...)
}
