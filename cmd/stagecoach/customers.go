package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk"
)

// customersCmd is `stagecoach customers`.
type customersCmd struct {
	Import    customersImportCmd    `cmd:"" help:"Load your own list of customers, from CSV or JSON."`
	Show      customersShowCmd      `cmd:"" help:"What is kept of a customer, with the source of each field."`
	Link      customersLinkCmd      `cmd:"" help:"Say that two customers are one person."`
	Unlink    customersUnlinkCmd    `cmd:"" help:"Take a link back: all is as it was before."`
	Export    customersExportCmd    `cmd:"" help:"Write all that is kept of a person as files that they can read."`
	Hold      customersHoldCmd      `cmd:"" help:"Keep a person's data, for a reason and until a day: who is erased meanwhile is restricted."`
	Kept      customersKeptCmd      `cmd:"" help:"Read what is kept of somebody who asked to be erased, for a reason that is put on record."`
	Retention customersRetentionCmd `cmd:"" help:"Remove what is older than privacy.yaml keeps it, as the daemon does every day."`
	Erase     customersEraseCmd     `cmd:"" help:"Erase all that is kept of a person, for good; shows what there is and asks first."`
}

// customerControls is what the control socket answers about customers.
type customerControls struct {
	*controls
	// open gives the directory; of a stopped data directory it is opened by the
	// first who asks.
	open func(ctx context.Context) (*directory.Directory, error)
}

func (c *customerControls) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /control/customers/show", func(w http.ResponseWriter, r *http.Request) {
		out, err := c.show(r.Context(), r.URL.Query().Get("who"))
		answerCustomer(w, out, err)
	})
	mux.HandleFunc("POST /control/customers/import", c.importRoute)
}

// one gives the customer whom a text names.
func (c *customerControls) one(ctx context.Context, who string) (*directory.Directory, *customers.Record, error) {
	d, err := c.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, err := d.Find(ctx, who, 6)
	if err != nil {
		return nil, nil, err
	}
	exact := list
	if len(list) > 1 && (list[0].ID == who || list[0].External == who && list[1].External != who) {
		exact = list[:1]
	}
	if exact, err = c.apart(ctx, exact); err != nil {
		return nil, nil, err
	}
	switch len(exact) {
	case 0:
		return nil, nil, &desk.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: fmt.Sprintf(
			"no customer is known by %q: give an id or its beginning, the company's own id, an address, a number with the country's code, or words of the name", who)}
	case 1:
		return d, &exact[0], nil
	}
	var names strings.Builder
	for _, r := range list[:min(len(list), 5)] {
		line := r.ID + "  " + oneLine(cmp.Or(r.Name, "(no name)"))
		if len(r.Identities) > 0 {
			line += "  " + string(r.Identities[0].Channel) + ":" + oneLine(r.Identities[0].Address)
		}
		names.WriteString("\n  " + line)
	}
	if len(list) > 5 {
		names.WriteString("\n  …")
	}
	return nil, nil, &desk.Problem{Status: http.StatusConflict, Code: "ambiguous", Detail: fmt.Sprintf("several customers are known by %q: give the id of the one that is meant%s", who, names.String())}
}

// apart leaves one record of each person: the company's own, if there is one.
func (c *customerControls) apart(ctx context.Context, list []customers.Record) ([]customers.Record, error) {
	var out []customers.Record
	at := map[string]int{}
	for _, rec := range list {
		p, _, err := c.ledger.Person(ctx, rec.ID)
		if err != nil {
			return nil, err
		}
		k, there := at[p.ID]
		switch {
		case !there:
			at[p.ID] = len(out)
			out = append(out, rec)
		case out[k].External == "" && rec.External != "":
			out[k] = rec
		}
	}
	return out, nil
}

// answerCustomer answers with what a person can mend as such.
func answerCustomer(w http.ResponseWriter, v any, err error) {
	p, is := errors.AsType[*desk.Problem](err)
	if !is {
		answerJSON(w, v, err)
		return
	}
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	writeJSON(w, p)
}

// customerControls gives what the daemon answers about customers.
func (d *Daemon) customerControls(c *controls) *customerControls {
	return &customerControls{controls: c, open: func(context.Context) (*directory.Directory, error) { return d.directory, nil }}
}

// customerControls gives what a stopped data directory answers about customers: whom the
// router met before it stopped has a record first.
func (s *stopped) customerControls(ctx context.Context, c *controls) *customerControls {
	var once sync.Mutex
	return &customerControls{controls: c, open: func(call context.Context) (*directory.Directory, error) {
		once.Lock()
		defer once.Unlock()
		if s.directory != nil {
			return s.directory, nil
		}
		d, err := openDirectory(ctx, s.journal, s.dir, s.keys, nil)
		if err != nil {
			return nil, err
		}
		k := &customerKeeper{directory: d, log: s.journal.Log(), words: s.words, keys: s.keys, logger: s.log, spoilt: new(spoiltRecords)}
		if err := k.Catchup(call); err != nil {
			return nil, errors.Join(err, d.Close())
		}
		s.directory = d
		return d, nil
	}}
}
