package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stagecoach/channels/email"
	"stagecoach/configs"
	"stagecoach/configs/strict"
	"stagecoach/desk/view"
	"stagecoach/policies"
)

// checkCmd is `stagecoach check`.
type checkCmd struct {
	Config   string `help:"Configuration file." placeholder:"FILE" type:"path"`
	Policies string `help:"Policy set, instead of the one that the configuration names." placeholder:"DIR" type:"path"`
	Connect  bool   `help:"Also log in at each channel, and say how many contacts open_since would open."`
	Data     string `help:"Data directory, where logins are kept." placeholder:"DIR" env:"STAGECOACH_DATA"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// checked is what check found, in its form as JSON.
type checked struct {
	OK       bool          `json:"ok"`
	Errors   strict.Errors `json:"errors"`
	Warnings strict.Errors `json:"warnings"`
	// Channels are the accounts that were tried, with --connect only.
	Channels []triedAccount `json:"channels"`
	// unmade is true where an account can't be made of what is configured.
	unmade bool
}

// Run checks everything and prints all errors at once.
func (c *checkCmd) Run(ctx context.Context, io std) error {
	found := checked{Errors: strict.Errors{}, Warnings: strict.Errors{}, Channels: []triedAccount{}}
	cfg, err := configs.Load(c.Config)
	if err != nil {
		found.add(c.Config, err)
	} else {
		found.Warnings = append(found.Warnings, cfg.Warnings...)
		found.keys(cfg)
		found.accounts(cfg, dataDir(c.Data, cfg))
	}
	dir := c.Policies
	if dir == "" {
		dir = policiesOf(c.Config, cfg)
	}
	set, err := policies.CheckDir(dir)
	if err != nil {
		found.add(dir, err)
	} else {
		found.Warnings = append(found.Warnings, set.Warnings()...)
		if cfg != nil && c.Config != "" {
			found.Warnings = append(found.Warnings, set.NotHere(hereOf(cfg))...)
		}
		found.agents(ctx, set, dataFlags{Data: c.dataGiven(cfg)}, io)
	}
	found.OK = len(found.Errors) == 0
	if c.Connect && cfg != nil && !found.unmade {
		found.Channels = tryAccounts(ctx, cfg, dataDir(c.Data, cfg), io.err)
		if cfg.Classifier.URL != "" && set != nil {
			found.Channels = append(found.Channels, tryClassifier(ctx, &cfg.Classifier, set))
		}
		if cfg.CRM.Asked() {
			found.Channels = append(found.Channels, tryCRM(ctx, &cfg.CRM))
		}
		for i := range found.Channels {
			found.OK = found.OK && found.Channels[i].OK
		}
	}
	if c.JSON {
		if err := printJSON(io.out, found); err != nil {
			return err
		}
	} else {
		c.print(io, &found, cfg, set)
	}
	if !found.OK {
		return exitError{1}
	}
	return nil
}

// add takes in what is wrong with a file; what is not a mistake in it, such as
// a missing file, stands for the file as a whole.
func (f *checked) add(file string, err error) {
	if all, ok := errors.AsType[strict.Errors](err); ok {
		f.Errors = append(f.Errors, all...)
		return
	}
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err
	}
	f.Errors = append(f.Errors, strict.Error{File: file, Message: err.Error()})
}

// accounts takes in what the channels themselves find wrong with their accounts.
func (f *checked) accounts(cfg *configs.Config, dir string) {
	if _, err := buildAccounts(cfg, dir, nil, slog.New(slog.DiscardHandler)); err != nil {
		f.unmade = true
		f.Errors = append(f.Errors, strict.Error{File: cfg.File, Message: strings.ReplaceAll(err.Error(), "\n", "; ")})
	}
}

// dataGiven is the data directory that was asked for or configured, "" where
// nothing was said.
func (c *checkCmd) dataGiven(cfg *configs.Config) string {
	if c.Data != "" || cfg == nil || c.Config == "" {
		return c.Data
	}
	return dataDir(c.Data, cfg)
}

// agents takes in whom the policies name and nobody knows, where it can be known
// who works here.
func (f *checked) agents(ctx context.Context, set *policies.Set, data dataFlags, io std) {
	nobody := func(string) bool { return false }
	if data.Data == "" || len(set.UnknownAgents(nobody)) == 0 {
		return
	}
	if info, err := os.Stat(data.Data); err != nil || !info.IsDir() {
		return
	}
	var list []view.Person
	err := data.with(ctx, io, toRead, func(line *client) (err error) {
		list, err = people(ctx, line)
		return err
	})
	if err != nil {
		fmt.Fprintf(io.err, "The agents whom the policies name were not checked: %v\n", err)
		return
	}
	f.Warnings = append(f.Warnings, set.UnknownAgents(func(agent string) bool {
		return slices.ContainsFunc(list, func(p view.Person) bool { return strings.EqualFold(p.Email, agent) })
	})...)
}

// keys takes in which keys and authorities for signatures can't be read.
func (f *checked) keys(cfg *configs.Config) {
	_, unread := email.LoadVouched(signaturesOf(cfg))
	for _, one := range unread {
		f.Errors = append(f.Errors, strict.Error{File: one.File, Message: strings.ReplaceAll(one.Err.Error(), "\n", "; ")})
	}
}

// policiesOf gives the policy set that a configuration names, also when it has
// mistakes elsewhere.
func policiesOf(file string, cfg *configs.Config) string {
	if cfg != nil {
		return cfg.Policies
	}
	data, err := os.ReadFile(file) //nolint:gosec // the file that was asked for
	if err != nil {
		return ""
	}
	var only struct {
		Policies string `yaml:"policies"`
	}
	strict.Parse(file, data).Decode(&only)
	if only.Policies == "" || filepath.IsAbs(only.Policies) {
		return only.Policies
	}
	return filepath.Join(filepath.Dir(file), only.Policies)
}

func (c *checkCmd) print(streams std, f *checked, cfg *configs.Config, set *policies.Set) {
	w := streams.out
	printProblems(w, red, "error", f.Errors)
	printProblems(w, yellow, "warning", f.Warnings)
	for i := range f.Channels {
		f.Channels[i].print(w)
	}
	if !f.OK {
		return
	}
	what := "the default configuration"
	if c.Config != "" {
		what = c.Config
	}
	accounts := 0
	if cfg != nil {
		accounts = cfg.Channels.Count()
	}
	fmt.Fprintf(w, "%s %s: %d accounts, policies %s.\n", paint(w, green, "ok"), what, accounts, set.Version)
	if accounts > 0 && cfg.HTTP.CustomerURL == "" && len(set.Page().Channels) > 0 {
		fmt.Fprintln(w, "Replies have no link to the customer's own page: http.customer_url doesn't say where customers reach it.")
	}
	if !c.Connect && accounts > 0 {
		fmt.Fprintln(w, "Nothing was connected to: --connect tries each account.")
	}
}

func printProblems(w io.Writer, look style, kind string, all strict.Errors) {
	for _, p := range all {
		fmt.Fprintf(w, "%s %s\n", paint(w, look, kind+":"), p.Error())
	}
}
