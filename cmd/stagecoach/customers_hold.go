package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"stagecoach/desk/view"
)

// customersHoldCmd is `stagecoach customers hold`.
type customersHoldCmd struct {
	dataFlags
	Customer string `arg:"" name:"id" help:"The customer's id or its beginning, the company's own id, or an address of theirs; it stands for the whole person."`
	Reason   string `help:"Why their data must be kept." placeholder:"WORDS"`
	Told     string `help:"What the customer is told of why, on their page; 'a legal obligation' if left out. The reason itself is for supervisors." placeholder:"WORDS"`
	Until    string `help:"The last day of it; until it is lifted if left out." placeholder:"YYYY-MM-DD"`
	Lift     bool   `help:"They need be kept no longer."`
	By       string `help:"The supervisor who decides it, by e-mail address; needed for whoever is restricted already." placeholder:"EMAIL"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help adds examples.
func (*customersHoldCmd) Help() string {
	return `Examples:
  stagecoach customers hold ada@example.org --reason "tax law: invoices of 2024" --until 2034-12-31
  stagecoach customers hold ada@example.org --reason "lawsuit 4 O 17/26" --told "a lawsuit" --by lead@example.org
  stagecoach customers hold ada@example.org --lift --by lead@example.org

While a hold lasts, nothing of the person is erased because it is old. Who asks to be erased meanwhile is restricted:
all that is theirs is put away, out of search and use, and erased by itself after the last day, or once a supervisor
lifts the hold. A person who is restricted is also named by the id of their erasure.`
}

// Run sets or lifts it.
func (c *customersHoldCmd) Run(ctx context.Context, streams std) error {
	if c.Lift == (c.Reason != "") {
		return errors.New("say why the data must be kept (--reason WORDS), or that they need not be any more (--lift)")
	}
	return c.with(ctx, streams, toWrite, func(line *client) error {
		var data view.CustomerData
		raw, err := line.call(ctx, http.MethodPost, "/api/customers/"+url.PathEscape(c.Customer)+"/hold", view.Hold{Reason: c.Reason, Told: c.Told, Until: c.Until, By: c.By}, &data)
		if err != nil {
			return err
		}
		if c.JSON {
			_, err := streams.out.Write(append(bytes.TrimSpace(raw), '\n'))
			return err
		}
		printCustomerData(streams.out, &data)
		return nil
	})
}

// customersKeptCmd is `stagecoach customers kept`.
type customersKeptCmd struct {
	dataFlags
	Customer string `arg:"" name:"id" help:"The id of the erasure or of the customer, the company's own id, or an address that was theirs."`
	Reason   string `required:"" help:"Why it must be read; it is put on record." placeholder:"WORDS"`
	By       string `help:"The supervisor who reads it, by e-mail address; needed without --server." placeholder:"EMAIL"`
	JSON     bool   `name:"json" help:"Print JSON: with the originals, as they came, and their files."`
}

// Help adds examples.
func (*customersKeptCmd) Help() string {
	return `Examples:
  stagecoach customers kept ada@example.org --reason "tax audit 2026" --by lead@example.org
  stagecoach customers kept 9f2c41d0 --reason "court order 4 O 17/26" --by lead@example.org --json > kept.json

Whoever asked to be erased while a law or a hold has you keep something is restricted: nobody sees it in the desk, in the
search or in an export. This shows it to a supervisor where the law needs that. Who read it, when and why is in the log
before anything is shown ('stagecoach ledger').`
}

// Run prints what is kept.
func (c *customersKeptCmd) Run(ctx context.Context, streams std) error {
	return c.with(ctx, streams, toWrite, func(line *client) error {
		var out view.KeptWords
		in := map[string]string{"reason": c.Reason}
		if c.By != "" {
			in["by"] = c.By
		}
		raw, err := line.call(ctx, http.MethodPost, "/api/customers/"+url.PathEscape(c.Customer)+"/kept", in, &out)
		if err != nil {
			return err
		}
		if c.JSON {
			_, err := streams.out.Write(append(bytes.TrimSpace(raw), '\n'))
			return err
		}
		printKept(streams.out, &out)
		return nil
	})
}

func printKept(w io.Writer, k *view.KeptWords) {
	fmt.Fprintf(w, "%s since %s, asked by %s (erasure %s)\n", paint(w, bold, "Restricted"), k.Restricted.Since.Local().Format("2 Jan 2006 15:04"), k.Restricted.ByName, k.Restricted.Erasure)
	for _, one := range k.Restricted.Kept {
		fmt.Fprintln(w, "  "+keptWords(one))
	}
	for _, r := range k.Records {
		fmt.Fprintln(w, "record:", oneLine(string(r)))
	}
	for i := range k.Pieces {
		p := &k.Pieces[i]
		head := []string{p.Kind, oneLine(p.From), oneLine(p.Subject)}
		if !p.At.IsZero() {
			head = append([]string{p.At.Local().Format("2 Jan 2006 15:04")}, head...)
		}
		head = slices.DeleteFunc(head, func(s string) bool { return s == "" })
		fmt.Fprintln(w, paint(w, bold, strings.Join(head, " · ")))
		for line := range strings.Lines(p.Text) {
			fmt.Fprintln(w, "  "+oneLine(strings.TrimRight(line, "\r\n")))
		}
	}
}
