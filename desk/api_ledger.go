package desk

import (
	"context"

	"stagecoach/desk/view"
	"stagecoach/explain"
	"stagecoach/ledger"
)

type ledgerIn struct {
	Query    string `query:"q" maxLength:"100" doc:"The beginning of a contact's id, or words of its conversation"`
	State    string `query:"state" maxLength:"40" doc:"open, a state, replied, merged, or a disposition"`
	Queue    string `query:"queue" maxLength:"40"`
	Agent    string `query:"agent" maxLength:"100"`
	Channel  string `query:"channel" maxLength:"40"`
	Since    string `query:"since" maxLength:"10" doc:"A day such as 2026-11-22"`
	Until    string `query:"until" maxLength:"10" doc:"A day such as 2026-11-22"`
	Breached bool   `query:"breached" doc:"Only those that were late"`
	Before   string `query:"before" maxLength:"30" doc:"The cursor of the next page"`
	Limit    int    `query:"limit" minimum:"0" maximum:"1000"`
}

func (in *ledgerIn) listing() Listing {
	return Listing{
		LedgerFilter: view.LedgerFilter{
			Query: in.Query, State: in.State, Queue: in.Queue, Agent: in.Agent, Channel: in.Channel,
			Since: in.Since, Until: in.Until, Breached: in.Breached,
		},
		Before: in.Before, Limit: in.Limit,
	}
}

// InLanguage says in which language is told.
type InLanguage struct {
	Lang   string `query:"lang" enum:"en,de" doc:"The language of the answer; that of Accept-Language if left out, English if it names none"`
	Accept string `header:"Accept-Language" maxLength:"500"`
}

func (in *InLanguage) lang() explain.Lang {
	if in.Lang != "" {
		return explain.LangOf(in.Lang)
	}
	return explain.LangOf(in.Accept)
}

type whyIn struct {
	ByID
	InLanguage
	Agent string `query:"agent" maxLength:"100" doc:"Tell why this agent got it, or didn't: their id"`
	All   bool   `query:"all" doc:"Replay every decision, and show each agent there was with their terms or with what they lacked"`
}

type idleIn struct {
	ByID
	InLanguage
}

type searchIn struct {
	Query  string `query:"q" maxLength:"500"`
	Before string `query:"before" maxLength:"30" doc:"The cursor of the next page"`
	Limit  int    `query:"limit" minimum:"0" maximum:"200"`
}

// quarantineOut is what could not be read.
type quarantineOut struct {
	Items []view.Quarantined `json:"items"`
}

func (a *api) registerLedger() {
	op(a, agents, "GET /api/search", "search", "Find messages, replies and notes, newest first", func(ctx context.Context, _ Who, in *searchIn) (view.Search, error) {
		return a.svc.Search(ctx, in.Query, in.Before, in.Limit)
	})
	op(a, agents, "GET /api/contacts/{id}/why", "why", "Why a contact is where it is: every decision, what it waits for now, and what would serve it", func(ctx context.Context, _ Who, in *whyIn) (view.Why, error) {
		return a.svc.Why(ctx, in.ID, WhyQuestion{Agent: in.Agent, All: in.All, Lang: in.lang()})
	})
	op(a, agents, "GET /api/agents/{id}/why", "why-idle", "Why an agent gets nothing more than they have: one's own, or anybody's for supervisors", func(ctx context.Context, who Who, in *idleIn) (view.Idle, error) {
		return a.svc.Idle(ctx, who, in.ID, in.lang())
	})
	op(a, supervisors, "GET /api/ledger", "ledger", "What became of each contact, newest first", func(ctx context.Context, _ Who, in *ledgerIn) (view.Ledger, error) {
		return a.svc.Ledger(ctx, in.listing())
	})
	op(a, supervisors, "GET /api/ledger/audit", "audit", "The proof that everything that came was dealt with", func(ctx context.Context, _ Who, _ *nothing) (*ledger.Audit, error) {
		return a.svc.Audit(ctx)
	})
	op(a, supervisors, "GET /api/summary", "summary", "The ledger in one line", func(ctx context.Context, _ Who, _ *nothing) (ledger.Summary, error) {
		return a.svc.Summary(ctx)
	})
	op(a, supervisors, "GET /api/quarantine", "quarantine", "What could not be read, kept whole", func(ctx context.Context, _ Who, _ *nothing) (quarantineOut, error) {
		list, err := a.svc.Quarantine(ctx)
		return quarantineOut{list}, err
	})
}
