package main

import (
	"context"
	"fmt"
	"time"

	"stagecoach/channels"
	"stagecoach/customers/directory"
	"stagecoach/desk"
	"stagecoach/router"
)

// nameOfAgent gives the address of an agent.
func (d *Daemon) nameOfAgent(id string) string { return d.desk.AgentEmail(id) }

// agentID gives the id of an agent whom a policy names by their address.
func (d *Daemon) agentID(address string) (id string, known bool) {
	if d.desk == nil { // a router that resumes before the desk is there
		return "", false
	}
	return d.desk.AgentID(address)
}

// rules gives the active policy to the core.
func (d *Daemon) rules() router.Rules {
	rules := router.RulesOf(d.policy.Load())
	if every := d.lastResort.Load().Digest; every > 0 {
		return toldEvery{Rules: rules, every: every}
	}
	return rules
}

// toldEvery is the rules with the digest's interval of the configuration.
type toldEvery struct {
	router.Rules
	every time.Duration
}

// Timing implements router.Rules.
func (t toldEvery) Timing() router.Timing {
	timing := t.Rules.Timing()
	timing.Digest = t.every
	return timing
}

// simulator simulates policy sets beside the daemon's work.
func (d *Daemon) simulator() desk.Simulator {
	return &policySimulator{
		journal: d.journal, look: d.engine.View, fallback: d.policy.Load, words: d.words, intake: d.intake, gentle: true,
	}
}

// customerKeeper gives what makes records of whom the router meets.
func (d *Daemon) customerKeeper() *customerKeeper {
	return &customerKeeper{
		directory: d.directory, log: d.journal.Log(), words: d.words, keys: d.keys, logger: d.logger.With("component", "customers"), linked: d.changes.linked,
		spoilt: &d.spoilt,
	}
}

// customerRefresh gives what tells the router of records that were changed.
func (d *Daemon) customerRefresh() *customerRefresh {
	r := d.changes
	r.engine, r.known, r.persons, r.tell, r.reached = d.engine, d.intake.KnownOf, d.ledger.PersonsOf, d.customerChanged, d.ledger.WaitFor
	r.logger = d.logger.With("component", "customers")
	listed := d.listedLinks()
	r.link, r.sharing = listed.link, listed.sharing
	return r
}

// listedLinks gives what links whom the list names.
func (d *Daemon) listedLinks() *listedLinks {
	here := func(context.Context) (*directory.Directory, error) { return d.directory, nil }
	return &listedLinks{
		desk: &customerDesk{ledger: d.ledger, router: d.engine, directory: here}, directory: d.directory, logger: d.logger.With("component", "customers"),
	}
}

// byHand takes in what a person enters: it is stored like any message first.
type byHand struct{ d *Daemon }

// Enter implements desk.Intake.
func (b byHand) Enter(ctx context.Context, actor string, in *channels.Inbound) (router.Result, error) {
	ref, _, err := b.d.journal.PutInbound(ctx, in)
	if err != nil {
		return router.Result{}, fmt.Errorf("storing what was entered: %w", err)
	}
	return b.d.intake.Take(ctx, actor, ref, in)
}
