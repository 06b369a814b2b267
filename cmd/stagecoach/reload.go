package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"stagecoach/configs"
	"stagecoach/policies"
	"stagecoach/router"
)

// reloadOn reads the configuration anew at SIGHUP: channels, those of last
// resort, and the policy set that it names. What can't be read changes nothing;
// /readyz says so until it can be.
func (d *Daemon) reloadOn(ctx context.Context, path string) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	select { // the first policy is activated first
	case <-ctx.Done():
		return
	case <-d.Active():
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			d.reload(ctx, path)
		}
	}
}

// reload takes the file up, or says why not.
func (d *Daemon) reload(ctx context.Context, path string) {
	if err := d.takeUp(ctx, path); err != nil {
		if ctx.Err() != nil {
			return
		}
		why := "the configuration was not reloaded, everything goes on as before: " + err.Error()
		d.stale.Store(&why)
		d.logger.ErrorContext(ctx, "the configuration was not reloaded: everything goes on as before", "err", err)
		return
	}
	d.stale.Store(nil)
	d.logger.InfoContext(ctx, "channels reloaded", "channels", len(d.links.list()), "policy", d.policy.Load().Version)
}

// takeUp does all that can fail first, then swaps.
func (d *Daemon) takeUp(ctx context.Context, path string) error {
	if path == "" {
		return errors.New("there is no configuration file to read")
	}
	cfg, err := configs.Load(path)
	if err != nil {
		return err
	}
	set, err := d.policySet(cfg)
	if err != nil {
		return err
	}
	if d.opts.Policy == nil && set.Source != d.keeper.takenNow(ctx) {
		if _, err := policies.CheckDir(cfg.Policies); err != nil {
			return fmt.Errorf("loading policies: %w", err)
		}
	}
	made, err := d.links.build(cfg)
	if err != nil {
		return err
	}
	client, err := newClassifier(&cfg.Classifier, d.logger)
	if err != nil {
		return err
	}
	asked, err := newCRM(&cfg.CRM, d.logger)
	if err != nil {
		return err
	}
	if err := d.keeper.take(ctx, set); err != nil {
		return err
	}
	d.keeper.from.Store(d.policyDir(cfg))
	d.keeper.two.Store(cfg.PolicyApproval == configs.ApprovalTwo)
	d.keeper.found(ctx, nil)
	d.links.swap(made)
	d.asks.Store(&cfg.Classifier.URL)
	d.askElsewhere(client)
	d.askCRM(asked)
	d.lastResort.Store(&cfg.LastResort)
	for _, w := range cfg.Warnings {
		d.logger.WarnContext(ctx, "the configuration is odd", "err", w)
	}
	if later := d.needStart(cfg); len(later) > 0 {
		d.logger.WarnContext(ctx, "changed settings are taken up at the next start only", "settings", strings.Join(later, ", "))
	}
	return nil
}

// policySet gives the policy set that decides by this configuration.
func (d *Daemon) policySet(cfg *configs.Config) (set *policies.Set, err error) {
	switch {
	case d.opts.Policy != nil:
		return d.opts.Policy, nil
	case cfg.Policies != "":
		set, err = policies.Load(cfg.Policies)
	default:
		set, err = policies.Default()
	}
	if err != nil {
		return nil, fmt.Errorf("loading policies: %w", err)
	}
	return set, nil
}

// warnOfUnknown says which agents a policy set names who have no account.
func (d *Daemon) warnOfUnknown(ctx context.Context, set *policies.Set) {
	working := map[string]bool{}
	err := d.engine.View(ctx, func(st *router.State) {
		for id, a := range st.Agents {
			working[id] = !a.Removed
		}
	})
	if err != nil {
		return // it is stopping
	}
	for _, w := range set.UnknownAgents(func(agent string) bool {
		id, known := d.desk.AgentID(agent)
		return known && working[id]
	}) {
		d.logger.WarnContext(ctx, "a policy names somebody who has no account", "err", w)
	}
}

// warnOfUncalled says whom a policy set calls and the configuration has no way to.
func (d *Daemon) warnOfUncalled(ctx context.Context, set *policies.Set) {
	cfg := d.lastResort.Load()
	for _, name := range set.OnCall() {
		if !slices.ContainsFunc(cfg.OnCall, func(one configs.OnCall) bool { return one.Name == name }) {
			d.logger.WarnContext(ctx, "the ladder calls somebody whom last_resort.on_call does not name: the last resort is told instead", "on_call", name)
		}
	}
}

// warnOfAbsent says what a policy set names and the configuration hasn't.
func (d *Daemon) warnOfAbsent(ctx context.Context, set *policies.Set) {
	h := hereOf(d.cfg)
	h.Sends = d.links.reaches
	for _, w := range set.NotHere(h) {
		d.logger.WarnContext(ctx, "a policy names what is not there", "err", w)
	}
}

// warnOf says which settings of a policy set have no effect.
func (d *Daemon) warnOf(ctx context.Context, set *policies.Set) {
	for _, w := range set.Warnings() {
		d.logger.WarnContext(ctx, "a policy setting has no effect", "err", w)
	}
}

// needStart names the changed settings that a running daemon does not take up.
func (d *Daemon) needStart(cfg *configs.Config) []string {
	was := *d.cfg
	was.HTTP.Listen = cfg.HTTP.Listen // the command line may have its own
	var names []string
	for _, part := range []struct {
		name     string
		was, now any
	}{
		{"data", was.Data, cfg.Data},
		{"office", was.Office, cfg.Office},
		{"nats", was.NATS, cfg.NATS},
		{"http", was.HTTP, cfg.HTTP},
		{"log", was.Log, cfg.Log},
		{"reserve", was.Reserve, cfg.Reserve},
	} {
		if !reflect.DeepEqual(part.was, part.now) {
			names = append(names, part.name)
		}
	}
	return names
}
