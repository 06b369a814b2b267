package desk

import (
	"context"

	"stagecoach/desk/view"
	"stagecoach/policies/replay"
)

type policySourceIn struct{ Body PolicySource }

type policyOrderIn struct{ Body PolicyOrder }

type simulatePolicyIn struct{ Body SimulationOrder }

type dropPolicyIn struct {
	ByID
	Body Once
}

// registerPolicy declares what supervisors do with policy sets.
func (a *api) registerPolicy() {
	op(a, supervisors, "GET /api/policy", "policy", "Which policy set decides, who activated what, and what is tried",
		func(ctx context.Context, _ Who, _ *struct{}) (view.Policy, error) { return a.svc.Policy(ctx) })
	op(a, supervisors, "POST /api/policy/preview", "preview-policy", "What a policy set would change of what is open now",
		func(ctx context.Context, _ Who, in *policySourceIn) (view.PolicyPreview, error) {
			return a.svc.PreviewPolicy(ctx, in.Body)
		})
	op(a, supervisors, "POST /api/policy/activate", "activate-policy", "Make a policy set decide, approve a draft, or roll back to a version that was active",
		func(ctx context.Context, who Who, in *policyOrderIn) (view.Done, error) {
			return a.svc.ActivatePolicy(ctx, who, in.Body)
		})
	op(a, supervisors, "POST /api/policy/drafts", "draft-policy", "Put a policy set before a second supervisor",
		func(ctx context.Context, who Who, in *policyOrderIn) (view.Done, error) {
			return a.svc.DraftPolicy(ctx, who, in.Body)
		})
	op(a, supervisors, "POST /api/policy/drafts/{id}/drop", "drop-policy", "Withdraw or refuse a draft",
		func(ctx context.Context, who Who, in *dropPolicyIn) (view.Done, error) {
			return a.svc.DropPolicy(ctx, who, in.Body.CommandID, in.ID)
		}, bodiless)
	op(a, supervisors, "POST /api/policy/shadow", "shadow-policy", "Try a policy set beside the active one; an empty body ends that",
		func(ctx context.Context, who Who, in *policySourceIn) (view.Done, error) {
			return a.svc.ShadowPolicy(ctx, who, in.Body)
		}, bodiless)
	op(a, supervisors, "POST /api/policy/simulate", "simulate-policy", "What a policy set, or other staff, would have made of the log's traffic; no set simulates the active one against what happened. One at a time; it ends with the request",
		func(ctx context.Context, _ Who, in *simulatePolicyIn) (*replay.Report, error) {
			return a.svc.SimulatePolicy(ctx, in.Body)
		}, bodiless)
	op(a, supervisors, "GET /api/policy/simulate", "simulating-policy", "How far the simulation is that runs now",
		func(ctx context.Context, _ Who, _ *struct{}) (view.Simulating, error) { return a.svc.Simulating(ctx) })
}
