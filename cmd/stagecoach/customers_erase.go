package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"stagecoach/desk/view"
)

// customersEraseCmd is `stagecoach customers erase`.
type customersEraseCmd struct {
	dataFlags
	Customer string `arg:"" name:"id" help:"The customer's id or its beginning, the company's own id, or an address of theirs; it stands for the whole person."`
	Yes      bool   `help:"Erase without asking."`
	By       string `help:"The supervisor who decided it, by e-mail address: open contacts end in their name." placeholder:"EMAIL"`
	JSON     bool   `name:"json" help:"Print JSON: what there was, and what was removed."`
}

// Help adds examples.
func (*customersEraseCmd) Help() string {
	return `Examples:
  stagecoach customers erase ada@example.org
  stagecoach customers erase 019ab3c1 --by lead@example.org --yes

It removes messages, replies, notes, files, drafts, the record and what the search and the web chat hold of
the person, so that no byte stays in the data directory. Ids, times, codes and keyed hashes stay in the log,
so that the ledger goes on adding up. What a law ('statutory' in privacy.yaml) or a hold ('customers hold') has you
keep is put away, out of search and use, told, and erased by itself after its last day, or once the hold is lifted:
the person is restricted until then ('customers kept' reads it, on record). Open contacts end as "erased". Once it has begun it is finished, also
after a crash. What lies elsewhere is not touched: the mailbox at the provider, posts, exports made earlier,
and backups, which lose the person when they are restored (see 'stagecoach restore').`
}

// erasedOut is what --json prints.
type erasedOut struct {
	Data    *view.CustomerData `json:"data"`
	Erasure *view.Erasure      `json:"erasure"`
}

// Run shows what there is, asks, and erases it.
func (c *customersEraseCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toWrite, func(line *client) error {
		path := "/api/customers/" + url.PathEscape(c.Customer)
		var out erasedOut
		if _, err := line.get(ctx, path+"/data", &out.Data); err != nil {
			return err
		}
		if !c.JSON || !c.Yes {
			printCustomerData(io.err, out.Data)
		}
		if out.Data.Restricted == nil && !c.Yes {
			question := "Erase all of this for good?"
			if out.Data.Held != "" {
				question = "Put all of this out of use now, and erase it once it need not be kept?"
			}
			if err := confirm(io, question); err != nil {
				return err
			}
		}
		in := map[string]string{}
		if c.By != "" {
			in["by"] = c.By
		}
		if _, err := line.call(ctx, "POST", path+"/erase", in, &out.Erasure); err != nil {
			return err
		}
		if err := c.follow(ctx, io, line, &out); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, out)
		}
		printErasure(io.out, out.Erasure)
		return nil
	})
}

// eraseLook is how often a line asks how far an erasure is.
const eraseLook = 100 * time.Millisecond

// follow shows how far the erasure is, until it has ended.
func (c *customersEraseCmd) follow(ctx context.Context, io std, line *client, out *erasedOut) error {
	bar := newProgress(io.err)
	defer bar.end()
	look := time.NewTicker(eraseLook)
	defer look.Stop()
	told := ""
	for !out.Erasure.Ended {
		if t := out.Erasure.Trouble; t != "" && t != told {
			told = t
			fmt.Fprintln(io.err, "it does not go on, and is tried again:", t)
		}
		bar.show("erasing", out.Erasure.Done, out.Erasure.Total)
		select {
		case <-ctx.Done():
			return begun(out.Erasure.ID, ctx.Err())
		case <-look.C:
		}
		if _, err := line.get(ctx, "/api/erasures/"+out.Erasure.ID, &out.Erasure); err != nil {
			return begun(out.Erasure.ID, err)
		}
	}
	return nil
}

// begun says of an erasure that can be looked at no longer what becomes of it.
func begun(id string, err error) error {
	return fmt.Errorf("%w: the erasure %s has begun and goes on, as soon as the daemon runs", err, id)
}

// errNotConfirmed is the answer "no".
var errNotConfirmed = errors.New("nothing was done")

// confirm asks a yes-or-no question; anything but yes, or the end of the input, is
// an error.
func confirm(io std, question string) error {
	fmt.Fprint(io.err, question+" [yes/NO] ")
	answer, err := bufio.NewReader(io.in).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	if answer == "yes" || answer == "y" || answer == "ja" {
		return nil
	}
	if err != nil && answer == "" {
		return fmt.Errorf("%w: nobody answered (use --yes where nobody can)", errNotConfirmed)
	}
	return errNotConfirmed
}

// printCustomerData tells what there is of a person.
func printCustomerData(w io.Writer, d *view.CustomerData) {
	fmt.Fprintln(w, paint(w, bold, cmp.Or(oneLine(d.Name), "Customer")+" "), strings.Join(d.Customers, " "))
	for _, a := range d.Addresses {
		fmt.Fprintln(w, "  "+oneLine(a))
	}
	if !d.Since.IsZero() {
		fmt.Fprintln(w, "  known since", d.Since.Local().Format("2 Jan 2006 15:04"))
	}
	fmt.Fprintf(w, "  %d conversations with %d messages, %d replies, %d notes, %d remarks, %d pieces of evidence\n",
		d.Conversations, d.Messages, d.Replies, d.Notes, d.Remarks, d.Evidence)
	if d.Others > 0 {
		fmt.Fprintf(w, "  %d of the messages are other people's, in this person's conversations: they go too\n", d.Others)
	}
	if len(d.Open) == 0 {
		fmt.Fprintln(w, "  nothing is open")
	}
	for _, c := range d.Open {
		line := fmt.Sprintf("  open: %s %s, %s in %s, due %s", c.ID, c.Channel, c.State, c.Queue, c.Due.Local().Format("Mon 2 Jan 15:04"))
		fmt.Fprintln(w, paint(w, yellow, line))
	}
	for _, id := range d.Same {
		fmt.Fprintln(w, paint(w, yellow, "  "+id+" has one of these addresses too, and is not linked: it stays"))
	}
	if d.Restricted != nil {
		fmt.Fprintln(w, paint(w, red, fmt.Sprintf("  restricted since %s, asked by %s (erasure %s)", d.Restricted.Since.Local().Format("2 Jan 2006 15:04"), d.Restricted.ByName, d.Restricted.Erasure)))
	}
	for _, k := range d.Statutory {
		fmt.Fprintln(w, paint(w, yellow, "  "+keptWords(k)))
	}
	if d.Held != "" {
		fmt.Fprintln(w, paint(w, red, fmt.Sprintf("  held %s: %s; the customer is told: %s", untilWords(d.HeldUntil), oneLine(d.Held), cmp.Or(oneLine(d.HeldTold), "a legal obligation"))))
	}
}

// untilWords says until when something is held.
func untilWords(day string) string {
	if day == "" {
		return "until it is lifted"
	}
	return "until " + day
}

// printErasure tells what was removed.
func printErasure(w io.Writer, e *view.Erasure) {
	title := "Erased."
	if e.Restricted {
		title = "Restricted: all but what must be kept is erased, and that is out of use."
	}
	fmt.Fprintf(w, "%s Erasure %s of %s, asked by %s.\n", paint(w, green, title), e.ID, strings.Join(e.Customers, " "), e.ByName)
	for _, r := range e.Removed {
		fmt.Fprintf(w, "  %d %s\n", r.N, r.Kind)
	}
	for _, k := range e.Kept {
		fmt.Fprintln(w, "  kept: "+k)
	}
	for _, k := range e.Statutory {
		fmt.Fprintln(w, paint(w, yellow, "  "+keptWords(k)))
	}
	fmt.Fprintln(w, "What lies elsewhere was not touched: mailboxes and posts at providers, exports made earlier, backups (which lose it when they are restored).")
}

// keptWords tells what a law or a hold has us keep.
func keptWords(k view.Kept) string {
	if k.Hold {
		return fmt.Sprintf("kept by a hold %s: %d pieces of words and what was known (%s; the customer is told: %s); put away and used for nothing else, then erased by itself",
			untilWords(k.Until), k.N, cmp.Or(oneLine(k.Reason), "the reason was written down after this backup was made"), cmp.Or(oneLine(k.Told), "a legal obligation"))
	}
	return fmt.Sprintf("kept by law: %d of %s, until %s (%s); put away and used for nothing else, then erased by itself", k.N, oneLine(k.Name), k.Until, cmp.Or(oneLine(k.Reason), "a rule that the policy no longer has"))
}
