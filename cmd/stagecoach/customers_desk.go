package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// customerDesk is who writes, as the desk and the command line see it: the log says
// who is whom, the directory has the words.
type customerDesk struct {
	ledger    *ledger.Ledger
	router    rightsRouter
	directory func(ctx context.Context) (*directory.Directory, error)
	// rules say where those are answered who are taken apart; nil on a stopped daemon.
	rules *apartRules
}

var _ desk.Customers = (*customerDesk)(nil)

// Person implements desk.Customers.
func (c *customerDesk) Person(ctx context.Context, named string) (*view.CustomerPerson, error) {
	id, err := c.named(ctx, named)
	if err != nil {
		return nil, err
	}
	return c.person(ctx, id)
}

// named gives the one customer whom a text names.
func (c *customerDesk) named(ctx context.Context, text string) (string, error) {
	d, err := c.directory(ctx)
	if err != nil {
		return "", err
	}
	if rec, err := d.Get(ctx, text); err == nil {
		return rec.ID, nil
	} else if !errors.Is(err, directory.ErrNotFound) && !errors.Is(err, directory.ErrErased) {
		return "", err
	}
	known, err := c.ledger.CustomersBeginning(ctx, strings.ToLower(text), 2)
	if err != nil {
		return "", err
	}
	if len(known) == 1 && len(text) >= shortestCustomerID {
		return known[0], nil
	}
	_, rec, err := (&customerControls{controls: &controls{ledger: c.ledger}, open: c.directory}).one(ctx, text)
	if err != nil {
		return "", err
	}
	return rec.ID, nil
}

// shortestCustomerID is how much of an id says which is meant.
const shortestCustomerID = 8

func (c *customerDesk) person(ctx context.Context, id string) (*view.CustomerPerson, error) {
	d, err := c.directory(ctx)
	if err != nil {
		return nil, err
	}
	p, _, err := c.ledger.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	records, err := peopleOf{d}.Records(ctx, p.Members)
	if err != nil {
		return nil, err
	}
	out := &view.CustomerPerson{ID: p.ID, Members: p.Members, External: []string{}, Identities: []view.CustomerIdentity{}, Facts: []view.CustomerFact{}}
	for _, rec := range records {
		out.Name = cmp.Or(out.Name, rec.Name)
		if rec.External != "" {
			out.External = append(out.External, rec.External)
		}
		for _, i := range rec.Identities {
			if same := slices.IndexFunc(out.Identities, func(o view.CustomerIdentity) bool { return o.Channel == i.Channel && o.Address == i.Address }); same >= 0 {
				out.Identities[same].Proven = out.Identities[same].Proven || i.Proven
				continue
			}
			shared, err := c.shared(ctx, d, p.Members, i)
			if err != nil {
				return nil, err
			}
			out.Identities = append(out.Identities, view.CustomerIdentity{
				Channel: i.Channel, Address: i.Address, Name: i.Name, Source: i.Source, At: i.At, Proven: i.Proven, Customer: rec.ID, Shared: shared,
			})
		}
	}
	out.Facts = factsOf(records)
	if out.Links, err = c.links(ctx, d, p.Links); err != nil {
		return nil, err
	}
	if out.Proposals, err = c.links(ctx, d, p.Proposals); err != nil {
		return nil, err
	}
	out.Past, err = c.links(ctx, d, p.Past)
	return out, err
}

// shared counts others who have an address too.
func (c *customerDesk) shared(ctx context.Context, d *directory.Directory, mine []string, i customers.Identity) (int, error) {
	key := d.KeyOf(i)
	found, err := d.Lookup(ctx, []string{key})
	if err != nil {
		return 0, err
	}
	others := slices.DeleteFunc(slices.Clone(found[key].All), func(id string) bool { return slices.Contains(mine, id) })
	return len(others), nil
}

// factsOf gives what is kept of a person besides, with the source of each line.
func factsOf(records []*customers.Record) []view.CustomerFact {
	out := []view.CustomerFact{}
	for _, rec := range records {
		add := func(field, name, value string) {
			if value == "" || slices.ContainsFunc(out, func(f view.CustomerFact) bool { return f.Name == name && f.Value == value }) {
				return
			}
			from, _ := rec.SourceOf(field)
			out = append(out, view.CustomerFact{Name: name, Value: value, Source: from.Source, At: from.At})
		}
		add("external_id", "Number in your list", rec.External)
		add("language", "Language", rec.Language)
		add("timezone", "Time zone", rec.Zone)
		add("customer_since", "Customer since", rec.Since)
		add("tags", "Tags", strings.Join(rec.Tags, ", "))
		for _, a := range rec.Attributes {
			add("attr."+a.Name, a.Name, a.Value)
		}
		for _, v := range rec.Values {
			out = append(out, view.CustomerFact{Name: "Value", Value: amount(v.Amount) + staleWords(v.Stale), Source: v.Source, At: v.At})
		}
		for _, p := range rec.Preferences {
			out = append(out, view.CustomerFact{Name: "Prefers", Value: cmp.Or(string(p.Channel), "wherever they write"), Source: p.Source, At: p.At})
		}
		if rec.Objection != nil {
			out = append(out, view.CustomerFact{Name: "Scoring", Value: "objected", Source: rec.Objection.By, At: rec.Objection.At})
		}
	}
	return out
}

func staleWords(stale bool) string {
	if stale {
		return " (not asked again since: the source was down)"
	}
	return ""
}

func amount(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

// links puts names to links.
func (c *customerDesk) links(ctx context.Context, d *directory.Directory, list []ledger.Link) ([]view.CustomerLink, error) {
	out := make([]view.CustomerLink, 0, len(list))
	for _, l := range list {
		a, err := customerName(ctx, d, l.A)
		if err != nil {
			return nil, err
		}
		b, err := customerName(ctx, d, l.B)
		if err != nil {
			return nil, err
		}
		out = append(out, view.CustomerLink{
			ID: l.ID, A: a, B: b, State: l.State, Evidence: string(l.Evidence), Against: l.Conflict, By: l.By, At: l.At, Remark: l.Remark,
			EndedBy: l.EndedBy, EndedAt: l.EndedAt, EndedRemark: l.EndedRemark,
		})
	}
	return out, nil
}

func customerName(ctx context.Context, d *directory.Directory, id string) (view.CustomerName, error) {
	n := view.CustomerName{ID: id}
	rec, err := d.Get(ctx, id)
	switch {
	case errors.Is(err, directory.ErrNotFound):
		return n, nil
	case errors.Is(err, directory.ErrErased):
		n.Name = "erased"
		return n, nil
	case err != nil:
		return n, err
	}
	n.Name = rec.Name
	if len(rec.Identities) > 0 {
		n.Known = string(rec.Identities[0].Channel) + " " + rec.Identities[0].Address
	}
	return n, nil
}

// Find implements desk.Customers.
func (c *customerDesk) Find(ctx context.Context, text string, most int) ([]view.CustomerPerson, error) {
	d, err := c.directory(ctx)
	if err != nil {
		return nil, err
	}
	list, err := d.Find(ctx, text, most)
	if err != nil {
		return nil, err
	}
	out := []view.CustomerPerson{}
	for i := range list {
		if slices.ContainsFunc(out, func(p view.CustomerPerson) bool { return slices.Contains(p.Members, list[i].ID) }) {
			continue
		}
		p, err := c.person(ctx, list[i].ID)
		if err != nil {
			return nil, err
		}
		out = append(out, *p)
	}
	return out, nil
}

// Proposals implements desk.Customers.
func (c *customerDesk) Proposals(ctx context.Context, most int) ([]view.CustomerLink, error) {
	d, err := c.directory(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.ledger.Proposals(ctx, most)
	if err != nil {
		return nil, err
	}
	return c.links(ctx, d, list)
}

// tries is how often a decision is asked for that was judged on what had just changed.
const linkTries = 5

// Link implements desk.Customers.
func (c *customerDesk) Link(ctx context.Context, by desk.Word, a, b string) (router.Result, error) {
	first, err := c.named(ctx, a)
	if err != nil {
		return router.Result{}, err
	}
	second, err := c.named(ctx, b)
	if err != nil {
		return router.Result{}, err
	}
	return c.decide(ctx, by, func() (router.Command, error) {
		conflict, err := c.apart(ctx, first, second)
		if err != nil {
			return nil, err
		}
		asOf, known, err := c.ledger.Known(ctx, []string{router.CustomerKey(first), router.CustomerKey(second)})
		return router.Link{A: first, B: second, Evidence: customers.ByAgent, Conflict: conflict, Remark: by.Remark, AsOf: asOf, Known: known}, err
	})
}

// apart says what speaks against two being one: two numbers in the company's own list.
func (c *customerDesk) apart(ctx context.Context, a, b string) (conflict string, err error) {
	d, err := c.directory(ctx)
	if err != nil {
		return "", err
	}
	var numbers [2][]string
	for i, id := range []string{a, b} {
		p, _, err := c.ledger.Person(ctx, id)
		if err != nil {
			return "", err
		}
		records, err := peopleOf{d}.Records(ctx, p.Members)
		if err != nil {
			return "", err
		}
		for _, rec := range records {
			if rec.External != "" {
				numbers[i] = append(numbers[i], rec.External)
			}
		}
	}
	if len(numbers[0]) > 0 && len(numbers[1]) > 0 && !slices.ContainsFunc(numbers[0], func(id string) bool { return slices.Contains(numbers[1], id) }) {
		return router.ConflictExternal, nil
	}
	return "", nil
}

// Unlink implements desk.Customers.
func (c *customerDesk) Unlink(ctx context.Context, by desk.Word, link string) (router.Result, error) {
	return c.decide(ctx, by, func() (router.Command, error) {
		l, err := c.link(ctx, link, ledger.LinkHolds, "There is no such link, or it was undone before.")
		if err != nil {
			return nil, err
		}
		p, asOf, err := c.ledger.Person(ctx, l.A)
		if err != nil {
			return nil, err
		}
		rest := slices.DeleteFunc(p.Edges(), func(e router.Edge) bool { return e.Link == l.ID })
		cmd := router.Unlink{Link: l.ID, Remark: by.Remark, Edges: p.Edges(), AsOf: asOf}
		parts := router.PartsOf(p.Members, rest)
		if cmd.Joined, cmd.Together, err = c.ledger.Apart(ctx, parts); err != nil {
			return nil, err
		}
		cmd.Alone, err = c.alone(ctx, parts)
		return cmd, err
	})
}

// Decline implements desk.Customers.
func (c *customerDesk) Decline(ctx context.Context, by desk.Word, link string) (router.Result, error) {
	return c.decide(ctx, by, func() (router.Command, error) {
		l, err := c.link(ctx, link, ledger.LinkProposed, "There is no such proposal, or somebody has answered it.")
		return router.DeclineLink{Link: l.ID, A: l.A, B: l.B, Remark: by.Remark}, err
	})
}

func (c *customerDesk) link(ctx context.Context, id, state, otherwise string) (ledger.Link, error) {
	l, err := c.ledger.Link(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) || err == nil && l.State != state {
		return l, &desk.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: otherwise}
	}
	return l, err
}

// decide asks the router, and again where it was judged on what had just changed.
func (c *customerDesk) decide(ctx context.Context, by desk.Word, ask func() (router.Command, error)) (router.Result, error) {
	for try := 1; ; try++ {
		cmd, err := ask()
		if err != nil {
			return router.Result{}, err
		}
		res, err := c.router.Do(ctx, router.Envelope{ID: by.Command, Actor: by.Actor, Command: cmd})
		refusal, refused := errors.AsType[*router.Refusal](err)
		if !refused || refusal.Code != router.RefusedStale || try == linkTries {
			return res, err
		}
		select {
		case <-ctx.Done():
			return res, ctx.Err()
		case <-time.After(time.Duration(try) * 50 * time.Millisecond): // the ledger follows the log
		}
	}
}
