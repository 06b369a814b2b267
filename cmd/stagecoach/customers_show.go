package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
)

// customersShowCmd is `stagecoach customers show`.
type customersShowCmd struct {
	dataFlags
	Who  string `arg:"" help:"An id or its beginning, the company's own id, an address or number on any channel (also channel:address), or words of the name."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help shows examples.
func (*customersShowCmd) Help() string {
	return "Examples:\n  stagecoach customers show K-1042\n  stagecoach customers show anna@example.org\n  stagecoach customers show '+49 30 1234567' --json"
}

// shownCustomer is what `customers show` prints.
type shownCustomer struct {
	*customers.Record
	// Shared names the addresses that other customers have, too.
	Shared        []sharedAddress     `json:"shared"`
	Conversations []shownConversation `json:"conversations"`
	// Person is whom the customer is part of, with the proof of each link.
	Person *view.CustomerPerson `json:"person"`
}

// sharedAddress is an address that several customers have.
type sharedAddress struct {
	Channel contact.Channel `json:"channel"`
	Address string          `json:"address"`
	With    []string        `json:"with"`
}

// shownConversation is one matter in which the customer wrote, or we did.
type shownConversation struct {
	ID       string          `json:"id"`
	Channel  contact.Channel `json:"channel"`
	State    string          `json:"state"`
	OpenedAt time.Time       `json:"opened_at"`
	LastAt   time.Time       `json:"last_at"`
	Contacts int             `json:"contacts"`
	Messages int             `json:"messages"`
}

// mostShown is how many conversations are shown.
const mostShown = 100

func (c *customerControls) show(ctx context.Context, who string) (*shownCustomer, error) {
	d, rec, err := c.one(ctx, who)
	if err != nil {
		return nil, err
	}
	out := &shownCustomer{Record: rec, Shared: []sharedAddress{}, Conversations: []shownConversation{}}
	person, _, err := c.ledger.Person(ctx, rec.ID)
	if err != nil {
		return nil, err
	}
	for _, i := range rec.Identities {
		key := d.KeyOf(i)
		found, err := d.Lookup(ctx, []string{key})
		if err != nil {
			return nil, err
		}
		if !found[key].Shared {
			continue
		}
		s := sharedAddress{Channel: i.Channel, Address: i.Address, With: []string{}}
		for _, id := range found[key].All {
			if !slices.Contains(person.Members, id) {
				s.With = append(s.With, id)
			}
		}
		if len(s.With) == 0 {
			continue // all of them are the same person
		}
		out.Shared = append(out.Shared, s)
	}
	rows, err := c.ledger.ConversationsOf(ctx, person.Members, mostShown)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		r := &rows[i]
		out.Conversations = append(out.Conversations, shownConversation{
			ID: r.ID, Channel: r.Channel, State: string(r.State), OpenedAt: r.OpenedAt, LastAt: r.LastAt, Contacts: r.Contacts, Messages: r.Messages,
		})
	}
	return out, nil
}

// Run prints what is kept of a customer.
func (c *customersShowCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toRead, func(line *client) error {
		var shown shownCustomer
		if _, err := line.get(ctx, "/control/customers/show?who="+url.QueryEscape(c.Who), &shown); err != nil {
			return err
		}
		if _, err := line.get(ctx, "/api/customers/"+url.PathEscape(shown.ID), &shown.Person); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, shown)
		}
		printCustomer(io.out, &shown)
		printSame(io.out, shown.Person)
		return nil
	})
}

func printCustomer(w io.Writer, s *shownCustomer) {
	fmt.Fprintf(w, "%s\n%s\n", paint(w, bold, cmp.Or(oneLine(s.Name), "(no name)")), paint(w, faint, s.ID))
	t := table{head: []string{"", "", "FROM", "SINCE"}}
	line := func(name, value, source string, at time.Time) {
		since := ""
		if !at.IsZero() {
			since = localTime(at)
		}
		if value != "" {
			t.add(cell{name, faint}, cell{text: value}, cell{text: source}, cell{since, faint})
		}
	}
	field := func(name, label, value string) {
		from, _ := s.SourceOf(name)
		line(label, value, from.Source, from.At)
	}
	field("name", "name", s.Name)
	field("external_id", "company's id", s.External)
	field("language", "language", s.Language)
	field("timezone", "time zone", s.Zone)
	field("customer_since", "customer since", s.Since)
	field("tags", "tags", strings.Join(s.Tags, ", "))
	for _, a := range s.Attributes {
		field("attr."+a.Name, a.Name, a.Value)
	}
	for _, v := range s.Values {
		worth := strconv.FormatFloat(v.Amount, 'f', -1, 64)
		if v.Stale {
			worth += " (stale)"
		}
		line("value", worth, v.Source, v.At)
	}
	if o := s.Orders; o != nil {
		line("orders", fmt.Sprintf("%d for %s, %s to %s", o.Count, strconv.FormatFloat(o.Revenue, 'f', -1, 64), cmp.Or(o.First, "?"), cmp.Or(o.Last, "?")), o.Source, o.At)
	}
	for _, p := range s.Preferences {
		line("prefers", cmp.Or(string(p.Channel), "wherever they write"), p.Source, p.At)
	}
	for _, one := range s.Consents {
		line("consent", consentText(one), one.Source, one.At)
	}
	if s.Objection != nil {
		line("objects", "to being scored", s.Objection.By, s.Objection.At)
	}
	if s.Hold != nil {
		line("held", s.Hold.Reason+" until "+cmp.Or(s.Hold.Until, "it is lifted"), s.Hold.By, s.Hold.At)
	}
	for _, i := range s.Identities {
		text := i.Address
		switch {
		case i.Proven:
			text += " (proven)"
		case i.Unproven:
			text += " (claimed, not proven)"
		}
		line(string(i.Channel), text, i.Source, i.At)
	}
	t.print(w)
	for _, one := range s.Shared {
		fmt.Fprintf(w, "%s %s is also %s's\n", paint(w, yellow, "shared:"), oneLine(one.Address), strings.Join(one.With, "'s, "))
	}
	if len(s.Conversations) == 0 {
		return
	}
	fmt.Fprintln(w)
	list := table{head: []string{"CONVERSATION", "OPENED", "LAST", "CHANNEL", "STATE", "CONTACTS", "MESSAGES"}}
	for _, v := range s.Conversations {
		list.add(textCells(v.ID, localTime(v.OpenedAt), localTime(v.LastAt), string(v.Channel), v.State, strconv.Itoa(v.Contacts), strconv.Itoa(v.Messages))...)
	}
	list.print(w)
}

func consentText(c customers.Consent) string {
	word := "forbids"
	if c.Given {
		word = "allows"
	}
	return word + " " + c.Purpose + " by " + cmp.Or(string(c.Channel), "any channel")
}
