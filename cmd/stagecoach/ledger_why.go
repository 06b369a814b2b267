package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"stagecoach/desk/view"
	"stagecoach/explain"
)

// ledgerWhyCmd is `stagecoach ledger why`.
type ledgerWhyCmd struct {
	dataFlags
	ID    string `arg:"" optional:"" help:"Contact's id, or the beginning of it; leave it out to ask why an agent gets nothing at all."`
	Agent string `help:"Why this agent got it, or didn't; without a contact, why they get nothing now: name, e-mail address or id." placeholder:"NAME"`
	All   bool   `help:"Replay every decision, and show each agent there was."`
	Lang  string `help:"Language, en or de; that of your locale if left out." placeholder:"LANG"`
	JSON  bool   `name:"json" help:"Print JSON."`
}

func (c *ledgerWhyCmd) check() error {
	if c.ID == "" && c.Agent == "" {
		return fmt.Errorf("say which contact, by the beginning of its id (see 'stagecoach ledger list'), or which agent, with --agent")
	}
	if c.ID == "" && c.All {
		return fmt.Errorf("--all goes with a contact's id: it shows every agent at every decision about it")
	}
	languages := make([]string, 0, 2)
	for _, l := range explain.Languages() {
		languages = append(languages, string(l))
	}
	return knownWord("--lang", c.Lang, languages)
}

// lang is the language asked for, else that of the locale (POSIX: LC_ALL comes
// before LC_MESSAGES, and that before LANG).
func (c *ledgerWhyCmd) lang() explain.Lang {
	return explain.LangOf(cmp.Or(c.Lang, os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")))
}

// Run tells the whole story of a contact, or why an agent is idle.
func (c *ledgerWhyCmd) Run(ctx context.Context, io std) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.with(ctx, io, toRead, func(line *client) error {
		q := url.Values{"lang": {string(c.lang())}}
		path := "/api/contacts/" + url.PathEscape(c.ID) + "/why"
		if c.Agent != "" {
			p, err := findNamed(ctx, line, c.Agent)
			if err != nil {
				return err
			}
			q.Set("agent", p.ID)
			if c.ID == "" {
				path, q = "/api/agents/"+url.PathEscape(p.ID)+"/why", url.Values{"lang": q["lang"]}
			}
		}
		if c.All {
			q.Set("all", "true")
		}
		var why struct {
			Text string `json:"text"`
		}
		raw, err := line.get(ctx, path+"?"+q.Encode(), &why)
		if err != nil {
			return err
		}
		return c.print(io, raw, why.Text)
	})
}

func (c *ledgerWhyCmd) print(io std, raw json.RawMessage, text string) error {
	if c.JSON {
		return printRaw(io.out, raw)
	}
	fmt.Fprintln(io.out, strings.TrimSpace(printable(text)))
	return nil
}

// findNamed gives the agent of a name, if there is one of it only, else that of an
// e-mail address or id.
func findNamed(ctx context.Context, line *client, who string) (view.Person, error) {
	list, err := people(ctx, line)
	if err != nil {
		return view.Person{}, err
	}
	var named []view.Person
	for _, p := range list {
		if strings.EqualFold(p.Name, who) {
			named = append(named, p)
		}
	}
	switch len(named) {
	case 0:
		return findPerson(ctx, line, who)
	case 1:
		return named[0], nil
	}
	return view.Person{}, fmt.Errorf("%d agents are called %q: give the e-mail address", len(named), who)
}
