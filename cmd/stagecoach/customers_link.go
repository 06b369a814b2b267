package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"stagecoach/desk/view"
)

// customersLinkCmd is `stagecoach customers link`.
type customersLinkCmd struct {
	dataFlags
	A      string `arg:"" name:"a" help:"A customer: an id or its beginning, the company's own id, an address or number, or words of the name."`
	B      string `arg:"" name:"b" help:"Another customer, who is the same person."`
	Reason string `help:"How you know. It is kept with the link." placeholder:"WORDS" required:""`
	JSON   bool   `name:"json" help:"Print JSON: the person whom both are part of now."`
}

// Help shows examples.
func (*customersLinkCmd) Help() string {
	return `Examples:
  stagecoach customers link ada@example.org K-1042 --reason "gave the number of her order on the telephone"
  stagecoach customers link 019ab3c1 019ab3d7 --reason "told me so" --json

Nothing is moved: every conversation stays with whom it was, and all of them are shown as one. What waits on
several channels about one matter waits for one answer from then on. 'stagecoach customers unlink' takes it
back. Two whom your own list has under two numbers are not linked.`
}

// Run links two customers, and shows the person.
func (c *customersLinkCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toWrite, func(line *client) error {
		var done view.Done
		in := map[string]string{"command_id": randomID(), "a": c.A, "b": c.B, "reason": c.Reason}
		if _, err := line.call(ctx, "POST", "/api/customer-links", in, &done); err != nil {
			return err
		}
		if !c.JSON && done.Known {
			fmt.Fprintln(io.err, "They are one person already.")
		}
		return showPerson(ctx, io, line, done.Person, c.JSON)
	})
}

// customersUnlinkCmd is `stagecoach customers unlink`.
type customersUnlinkCmd struct {
	dataFlags
	Link   string `arg:"" help:"The link, as 'stagecoach customers show' names it."`
	Reason string `help:"How you know that they are two. It is kept with the link." placeholder:"WORDS"`
	JSON   bool   `name:"json" help:"Print JSON: what was done."`
}

// Help shows examples.
func (*customersUnlinkCmd) Help() string {
	return `Example:
  stagecoach customers unlink 019ab3e0-5b1c-7a31-9c55-0d7f6a1b2c3d --reason "two people use that address"

Each of them has again what was theirs, also what waits for an answer. What was answered for both of them on
a channel of the other's waits for an answer of its own. They are not linked again unless somebody says so.`
}

// Run takes a link back.
func (c *customersUnlinkCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toWrite, func(line *client) error {
		var done view.Done
		in := map[string]string{"command_id": randomID(), "reason": c.Reason}
		raw, err := line.call(ctx, "POST", "/api/customer-links/"+url.PathEscape(c.Link)+"/undo", in, &done)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, raw)
		}
		fmt.Fprintln(io.out, "The link was taken back.")
		return nil
	})
}

// showPerson prints who somebody is, with the proof of each link.
func showPerson(ctx context.Context, io std, line *client, id string, asJSON bool) error {
	var p view.CustomerPerson
	raw, err := line.get(ctx, "/api/customers/"+url.PathEscape(id), &p)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(io.out, raw)
	}
	fmt.Fprintf(io.out, "%s\n%s\n", paint(io.out, bold, cmp.Or(oneLine(p.Name), "(no name)")), paint(io.out, faint, p.ID))
	for _, i := range p.Identities {
		fmt.Fprintf(io.out, "  %-9s %s  %s\n", i.Channel, oneLine(i.Address), paint(io.out, faint, i.Source))
	}
	printLinks(io.out, p.Links)
	return nil
}

// printLinks prints links with their proof.
func printLinks(w io.Writer, links []view.CustomerLink) {
	for _, l := range links {
		fmt.Fprintf(w, "  %s  %s = %s\n", l.ID, personWords(l.A), personWords(l.B))
		why := l.Why
		if l.Against != "" {
			why += ", but " + l.Against
		}
		fmt.Fprintf(w, "    %s\n", paint(w, faint, linkLine(why, l.Remark, l.By, l.At)))
		if l.EndedBy != "" {
			fmt.Fprintf(w, "    %s\n", paint(w, faint, linkLine(l.State, l.EndedRemark, l.EndedBy, l.EndedAt)))
		}
	}
}

func linkLine(what, remark, by string, at time.Time) string {
	if remark != "" {
		what += " (" + oneLine(remark) + ")"
	}
	return what + "; by " + by + ", " + localTime(at)
}

// printSame prints whom else a customer is, may be, and is not.
func printSame(w io.Writer, p *view.CustomerPerson) {
	for _, part := range []struct {
		title string
		links []view.CustomerLink
	}{{"The same person", p.Links}, {"Perhaps the same person", p.Proposals}, {"Not the same person", p.Past}} {
		if len(part.links) > 0 {
			fmt.Fprintf(w, "\n%s\n", paint(w, bold, part.title))
			printLinks(w, part.links)
		}
	}
}

func personWords(n view.CustomerName) string {
	return strings.TrimSpace(cmp.Or(oneLine(n.Known), oneLine(n.Name), n.ID))
}
