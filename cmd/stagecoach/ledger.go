package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// ledgerCmd is `stagecoach ledger`.
type ledgerCmd struct {
	Summary ledgerSummaryCmd `cmd:"" default:"withargs" help:"What came in and what became of it, in sums."`
	List    ledgerListCmd    `cmd:"" help:"Contacts, newest first."`
	Show    ledgerShowCmd    `cmd:"" help:"One contact, with everything that was said."`
	Why     ledgerWhyCmd     `cmd:"" help:"Why a contact was routed so, why it still waits, and why an agent gets nothing."`
	Report  ledgerReportCmd  `cmd:"" help:"Kept promises beside what customers say, and the gap between them."`
	Audit   ledgerAuditCmd   `cmd:"" help:"Prove that everything adds up, or say where it doesn't."`
}

// errGaps ends a command whose ledger does not add up; its words are out
// already.
func errGaps(a *ledger.Audit) error {
	if a.OK() {
		return nil
	}
	return exitError{1}
}

// ledgerSummaryCmd is `stagecoach ledger` alone.
type ledgerSummaryCmd struct {
	dataFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the sums.
func (c *ledgerSummaryCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toRead, func(line *client) error {
		var a ledger.Audit
		if _, err := line.get(ctx, "/api/ledger/audit", &a); err != nil {
			return err
		}
		if c.JSON {
			if err := printJSON(io.out, a.Summary); err != nil {
				return err
			}
			return errGaps(&a)
		}
		printSummary(io.out, &a)
		return errGaps(&a)
	})
}

// ledgerListCmd is `stagecoach ledger list`.
type ledgerListCmd struct {
	dataFlags
	Open     bool   `help:"Only what has not ended."`
	State    string `help:"Only this state (waiting, offered, assigned, sending), end (replied, merged, disposed) or disposition (spam, …)."`
	Queue    string `help:"Only this queue."`
	Agent    string `help:"Only what this agent holds or answered: e-mail address or id." placeholder:"EMAIL|ID"`
	Channel  string `help:"Only this channel."`
	Breached bool   `help:"Only what was late."`
	Since    string `help:"Only what came on this day or later, such as 2026-11-22." placeholder:"DAY"`
	Until    string `help:"Only what came on this day or earlier." placeholder:"DAY"`
	Limit    int    `help:"At most so many; 0 for all." default:"50"`
	JSON     bool   `name:"json" help:"Print a JSON list."`
}

func (c *ledgerListCmd) check() error {
	if c.Open && c.State != "" {
		return fmt.Errorf("--open and --state exclude each other")
	}
	if c.Limit < 0 {
		return fmt.Errorf("--limit is the number of contacts to list, 0 for all")
	}
	states := []string{
		ledger.StateOpen, string(router.Waiting), string(router.Offered), string(router.AssignedTo), string(router.Sending),
		string(router.EndReplied), string(router.EndMerged), string(router.EndDisposed),
	}
	for _, d := range contact.Dispositions() {
		states = append(states, string(d))
	}
	return knownWord("--state", c.State, states)
}

// pageSize is how many rows are asked for at a time.
const pageSize = 500

// Run lists contacts.
func (c *ledgerListCmd) Run(ctx context.Context, io std) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.with(ctx, io, toRead, func(line *client) error {
		q, err := c.query(ctx, line)
		if err != nil {
			return err
		}
		rows, more, err := c.rows(ctx, line, q)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, rows)
		}
		printRows(io.out, rows)
		if more {
			fmt.Fprintf(io.err, "There are more than %d: see --limit.\n", len(rows))
		}
		return nil
	})
}

func (c *ledgerListCmd) query(ctx context.Context, line *client) (url.Values, error) {
	q := url.Values{}
	set := func(key, value string) {
		if value != "" {
			q.Set(key, value)
		}
	}
	set("state", c.State)
	set("queue", c.Queue)
	set("channel", c.Channel)
	set("since", c.Since)
	set("until", c.Until)
	if c.Open {
		q.Set("state", ledger.StateOpen)
	}
	if c.Breached {
		q.Set("breached", "true")
	}
	if c.Agent != "" {
		p, err := findPerson(ctx, line, c.Agent)
		if err != nil {
			return nil, err
		}
		q.Set("agent", p.ID)
	}
	return q, nil
}

// rows reads pages until there are enough.
func (c *ledgerListCmd) rows(ctx context.Context, line *client, q url.Values) (rows []view.LedgerRow, more bool, err error) {
	rows = []view.LedgerRow{}
	for {
		size := pageSize
		if c.Limit > 0 {
			size = min(size, c.Limit-len(rows))
		}
		q.Set("limit", strconv.Itoa(size))
		var page view.Ledger
		if _, err := line.get(ctx, "/api/ledger?"+q.Encode(), &page); err != nil {
			return nil, false, err
		}
		rows = append(rows, page.Rows...)
		switch {
		case page.Next == "" || len(page.Rows) == 0:
			return rows, false, nil
		case c.Limit > 0 && len(rows) >= c.Limit:
			return rows, true, nil
		}
		q.Set("before", page.Next)
	}
}

// ledgerShowCmd is `stagecoach ledger show`.
type ledgerShowCmd struct {
	dataFlags
	ID   string `arg:"" help:"Contact's id, or the beginning of it."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// shown is what show prints as JSON.
type shown struct {
	Contact      json.RawMessage `json:"contact"`
	Conversation json.RawMessage `json:"conversation"`
}

// Run shows a contact and its conversation.
func (c *ledgerShowCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toRead, func(line *client) error {
		var why view.Why
		if _, err := line.get(ctx, "/api/contacts/"+url.PathEscape(c.ID)+"/why", &why); err != nil {
			return err
		}
		id := why.Card.Contact
		var page struct {
			Rows []json.RawMessage `json:"rows"`
		}
		if _, err := line.get(ctx, "/api/ledger?"+url.Values{"q": {id}}.Encode(), &page); err != nil {
			return err
		}
		var talk view.Conversation
		raw, err := line.get(ctx, "/api/contacts/"+url.PathEscape(id), &talk)
		if err != nil {
			return err
		}
		if len(page.Rows) != 1 {
			return fmt.Errorf("contact %s is not in the ledger yet: try again in a moment", id)
		}
		if c.JSON {
			return printJSON(io.out, shown{page.Rows[0], raw})
		}
		var row view.LedgerRow
		if err := json.Unmarshal(page.Rows[0], &row); err != nil {
			return fmt.Errorf("reading a row of the ledger: %w", err)
		}
		printContact(io.out, &row, &talk)
		return nil
	})
}

// ledgerAuditCmd is `stagecoach ledger audit`.
type ledgerAuditCmd struct {
	dataFlags
	Sign  string `help:"Write a file that proves later what the ledger said now." placeholder:"FILE" xor:"what" type:"path"`
	Check string `help:"Compare a signed file with the log, byte by byte." placeholder:"FILE" xor:"what" type:"path"`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Run proves that the ledger adds up; any gap is exit status 1.
func (c *ledgerAuditCmd) Run(ctx context.Context, io std) error {
	if c.Server != "" && (c.Sign != "" || c.Check != "") {
		return fmt.Errorf("signing and checking need the keys: run this where the data directory is, without --server")
	}
	var file []byte
	if c.Check != "" {
		var err error
		if file, err = os.ReadFile(c.Check); err != nil {
			return fmt.Errorf("reading the signed audit: %w", err)
		}
	}
	return c.with(ctx, io, toRead, func(line *client) error {
		switch {
		case c.Check != "":
			return c.compare(ctx, io, line, file)
		case c.Sign != "":
			return c.sign(ctx, io, line)
		}
		var a ledger.Audit
		raw, err := line.get(ctx, "/api/ledger/audit", &a)
		if err != nil {
			return err
		}
		return c.tell(io, raw, &a)
	})
}

func (c *ledgerAuditCmd) tell(io std, raw json.RawMessage, a *ledger.Audit) error {
	if c.JSON {
		if err := printRaw(io.out, raw); err != nil {
			return err
		}
		return errGaps(a)
	}
	printAudit(io.out, a)
	return errGaps(a)
}

func (c *ledgerAuditCmd) sign(ctx context.Context, io std, line *client) error {
	var signed struct {
		Audit json.RawMessage `json:"audit"`
		File  []byte          `json:"file"`
	}
	if _, err := line.call(ctx, http.MethodPost, "/control/audit/sign", nil, &signed); err != nil {
		return err
	}
	var a ledger.Audit
	if err := json.Unmarshal(signed.Audit, &a); err != nil {
		return fmt.Errorf("reading the audit: %w", err)
	}
	if err := os.WriteFile(c.Sign, signed.File, 0o600); err != nil {
		return fmt.Errorf("writing the signed audit: %w", err)
	}
	fmt.Fprintf(io.err, "Signed into %s: commits up to %d.\n", c.Sign, a.N)
	return c.tell(io, signed.Audit, &a)
}

func (c *ledgerAuditCmd) compare(ctx context.Context, io std, line *client, file []byte) error {
	var came checkedAudit
	raw, err := line.call(ctx, http.MethodPost, "/control/audit/check", file, &came)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printRaw(io.out, raw)
	} else {
		printChecked(io.out, c.Check, &came)
	}
	if err == nil && !came.OK {
		return exitError{1}
	}
	return err
}
