package main

import (
	"context"
	"fmt"

	"stagecoach/configs"
	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/journal"
	"stagecoach/policies"
	"stagecoach/router"
)

// policyDesk is what people do with policy sets, at the desk, by the API and on the
// command line.
type policyDesk struct {
	*policyKeeper
	words  *words
	intake *router.Intake
	shadow *policyShadow
	// asks gives how it stands with the external classifier, nil where there is none.
	asks func(set *policies.Set) *view.PolicyClassifier
}

var _ desk.Policies = (*policyDesk)(nil)

// Trouble implements desk.Policies.
func (p *policyDesk) Trouble() string {
	if why := p.bad.Load(); why != nil {
		return *why
	}
	return ""
}

// Status implements desk.Policies.
func (p *policyDesk) Status(ctx context.Context) (view.Policy, error) {
	out := view.Policy{
		Directory: *p.from.Load(), Trouble: p.Trouble(), Approval: "one",
		Warnings: []string{}, Failures: failuresOf(p.active.Load()), Drafts: []view.PolicyDraft{}, History: []view.PolicyChange{},
	}
	if p.two.Load() {
		out.Approval = configs.ApprovalTwo
	}
	if p.asks != nil {
		out.Classifier = p.asks(p.active.Load())
	}
	for _, w := range p.active.Load().Warnings() {
		out.Warnings = append(out.Warnings, w.Error())
	}
	var known router.PolicyState
	if err := p.engine.View(ctx, func(s *router.State) {
		known = s.Policies
		known.History = append([]router.Activation{}, known.History...)
		known.Drafts = append([]router.Draft{}, known.Drafts...)
		if s.Revision != nil {
			out.PromisesLeft, out.ClassesLeft = len(s.Revision.Promises), len(s.Revision.Classes)
		}
	}); err != nil {
		return out, fmt.Errorf("looking at the policy sets: %w", err)
	}
	for i := len(known.History) - 1; i >= 0; i-- {
		out.History = append(out.History, p.changeOf(ctx, &known.History[i]))
	}
	if len(out.History) > 0 {
		out.Active = out.History[0]
	}
	for _, d := range known.Drafts {
		out.Drafts = append(out.Drafts, view.PolicyDraft{ID: d.Draft, Version: d.Version, By: d.By, At: d.At, Remark: p.remark(ctx, d.Remark)})
	}
	out.Shadow = p.shadow.report()
	return out, nil
}

func (p *policyDesk) changeOf(ctx context.Context, a *router.Activation) view.PolicyChange {
	return view.PolicyChange{
		Version: a.Version, At: a.At, By: a.By, Author: a.Author, Reason: a.Reason, Remark: p.remark(ctx, a.Remark),
		Contacts: a.Contacts, Kept: a.Set != "",
	}
}

func failuresOf(set *policies.Set) []view.PolicyFailure {
	out := []view.PolicyFailure{}
	for _, f := range set.Failures() {
		out = append(out, view.PolicyFailure{File: f.File, Rule: f.Rule, Count: f.Count})
	}
	return out
}

// remark reads what somebody wrote, "" where it can't be.
func (p *policyDesk) remark(ctx context.Context, ref string) string {
	if ref == "" {
		return ""
	}
	data, err := p.journal.Get(ctx, ref)
	if err != nil {
		return ""
	}
	return string(data)
}

// remarked keeps what somebody wrote, before the log names it.
func (p *policyDesk) remarked(ctx context.Context, words string) (string, error) {
	if words == "" {
		return "", nil
	}
	ref, err := p.journal.Put(ctx, journal.KindSetting, "policy-remark-"+randomID(), []byte(words))
	if err != nil {
		return "", fmt.Errorf("keeping the remark: %w", err)
	}
	return ref, nil
}

// find makes the set that is meant, and says how it would be activated.
func (p *policyDesk) find(ctx context.Context, src desk.PolicySource) (*policies.Set, router.Activate, error) {
	switch {
	case src.Draft != "":
		var ref string
		if err := p.engine.View(ctx, func(s *router.State) {
			for _, d := range s.Policies.Drafts {
				if d.Draft == src.Draft {
					ref = d.Set
				}
			}
		}); err != nil {
			return nil, router.Activate{}, fmt.Errorf("looking for the draft: %w", err)
		}
		if ref == "" {
			return nil, router.Activate{}, &router.Refusal{Code: router.RefusedNotFound, Message: "there is no such draft, or it was settled already"}
		}
		set, err := p.recall(ctx, ref)
		return set, router.Activate{Reason: router.PolicyApproved, Draft: src.Draft}, err
	case src.Version != "":
		set, err := p.former(ctx, src.Version)
		return set, router.Activate{Reason: router.PolicyRolledBack}, err
	}
	set, err := policies.Check("", filesOfTexts(src.Files))
	if err != nil {
		return nil, router.Activate{}, &router.Refusal{Code: router.RefusedInvalid, Message: badEdit(err)}
	}
	return set, router.Activate{Reason: router.PolicyByPerson}, nil
}

// Activate implements desk.Policies. What customers were told becomes longer only
// where the preview has named as many as are confirmed.
func (p *policyDesk) Activate(ctx context.Context, actor string, order desk.PolicyOrder) (router.Result, error) {
	set, cmd, err := p.find(ctx, order.PolicySource)
	if err != nil {
		return router.Result{}, err
	}
	if order.Lengthen != nil && *order.Lengthen > 0 {
		seen, err := p.preview(ctx, set)
		if err != nil {
			return router.Result{}, err
		}
		if seen.Told > *order.Lengthen {
			return router.Result{}, &router.Refusal{Code: router.RefusedStale, Message: fmt.Sprintf(
				"it would lengthen %d promises that customers were told, and %d were confirmed: look at the preview again", seen.Told, *order.Lengthen)}
		}
		cmd.Lengthen = true
	}
	cmd.Two = p.two.Load()
	if cmd.Remark, err = p.remarked(ctx, order.Remark); err != nil {
		return router.Result{}, err
	}
	return p.activated(ctx, actor, set, cmd)
}

// Draft implements desk.Policies.
func (p *policyDesk) Draft(ctx context.Context, actor string, order desk.PolicyOrder) (router.Result, error) {
	set, _, err := p.find(ctx, order.PolicySource)
	if err != nil {
		return router.Result{}, err
	}
	remark, err := p.remarked(ctx, order.Remark)
	if err != nil {
		return router.Result{}, err
	}
	return p.draft(ctx, actor, set, router.DraftPolicy{Remark: remark})
}

// Shadow implements desk.Policies.
func (p *policyDesk) Shadow(ctx context.Context, actor string, src desk.PolicySource) (router.Result, error) {
	if src.Empty() {
		return p.do(ctx, actor, router.ShadowPolicy{})
	}
	set, _, err := p.find(ctx, src)
	if err != nil {
		return router.Result{}, err
	}
	ref, err := p.keep(ctx, set)
	if err != nil {
		return router.Result{}, err
	}
	return p.do(ctx, actor, router.ShadowPolicy{Version: set.Version, Set: ref})
}
