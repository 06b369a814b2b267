package desk

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// PolicySource says which policy set is meant: by its files, by the version of one
// that was active, or by a draft.
type PolicySource struct {
	Files   map[string]string `json:"files,omitempty" doc:"The text of each file by its name, such as sla.yaml; what is left out is built in"`
	Version string            `json:"version,omitempty" doc:"One that was active, or the beginning of its version"`
	Draft   string            `json:"draft,omitempty" doc:"One that waits for a second supervisor"`
}

// Empty reports whether no set is meant.
func (p *PolicySource) Empty() bool { return len(p.Files) == 0 && p.Version == "" && p.Draft == "" }

// PolicyOrder is what shall be done with a policy set.
type PolicyOrder struct {
	PolicySource
	Remark string `json:"remark,omitempty" maxLength:"2000" doc:"Why, in words"`
	// Lengthen is the preview's count of told promises, nil for none to be lengthened.
	Lengthen *int `json:"lengthen,omitempty" minimum:"0" doc:"Confirms that promises which customers were told may become longer: the number that the preview names"`
}

// Policies is the life of policy sets.
type Policies interface {
	// Trouble says why the policy directory was not taken up, "" if it was.
	Trouble() string
	// Status gives what decides, and what did.
	Status(ctx context.Context) (view.Policy, error)
	// Preview says what a set would change of what is open now.
	Preview(ctx context.Context, set PolicySource) (view.PolicyPreview, error)
	// Activate makes a set decide, and Draft puts it before a second supervisor; a
	// version that was active is rolled back to, a draft is approved.
	Activate(ctx context.Context, actor string, order PolicyOrder) (router.Result, error)
	Draft(ctx context.Context, actor string, order PolicyOrder) (router.Result, error)
	// Shadow tries a set beside the active one; none where the source is empty.
	Shadow(ctx context.Context, actor string, set PolicySource) (router.Result, error)
}

// policies gives the port, or says that this daemon has none.
func (s *Service) policies() (Policies, error) {
	if s.deps.Policies == nil || s.deps.Still {
		return nil, problem(http.StatusConflict, "not_running", "This needs a running daemon.")
	}
	return s.deps.Policies, nil
}

// Policy gives which policy set decides, and how it came to.
func (s *Service) Policy(ctx context.Context) (view.Policy, error) {
	port, err := s.policies()
	if err != nil {
		return view.Policy{}, err
	}
	p, err := port.Status(ctx)
	if err != nil {
		return p, err
	}
	p.Active.ByName, p.Active.AuthorName = s.tuner(p.Active.By), s.tuner(p.Active.Author)
	for i := range p.History {
		p.History[i].ByName, p.History[i].AuthorName = s.tuner(p.History[i].By), s.tuner(p.History[i].Author)
	}
	for i := range p.Drafts {
		p.Drafts[i].ByName = s.tuner(p.Drafts[i].By)
	}
	if p.Shadow != nil {
		p.Shadow.ByName = s.tuner(p.Shadow.By)
	}
	slices.SortFunc(p.Failures, func(x, y view.PolicyFailure) int { return cmp.Compare(y.Count, x.Count) })
	return p, nil
}

// tuner gives the name of who has changed policies.
func (s *Service) tuner(id string) string {
	switch id {
	case "":
		return ""
	case router.ActorRouter:
		return "the policy directory"
	case Control:
		return "the command line"
	}
	return s.accounts.name(id)
}

// PreviewPolicy says what a set would change of what is open now.
func (s *Service) PreviewPolicy(ctx context.Context, set PolicySource) (view.PolicyPreview, error) {
	port, err := s.policies()
	if err != nil {
		return view.PolicyPreview{}, err
	}
	return port.Preview(ctx, set)
}

// ActivatePolicy makes a set decide.
func (s *Service) ActivatePolicy(ctx context.Context, who Who, order PolicyOrder) (view.Done, error) {
	port, err := s.policies()
	if err != nil {
		return view.Done{}, err
	}
	res, err := port.Activate(ctx, who.ID, order)
	return s.settled(ctx, res, err)
}

// DraftPolicy puts a set before a second supervisor.
func (s *Service) DraftPolicy(ctx context.Context, who Who, order PolicyOrder) (view.Done, error) {
	port, err := s.policies()
	if err != nil {
		return view.Done{}, err
	}
	res, err := port.Draft(ctx, who.ID, order)
	return s.settled(ctx, res, err)
}

// DropPolicy withdraws or refuses a draft.
func (s *Service) DropPolicy(ctx context.Context, who Who, id, draft string) (view.Done, error) {
	return s.do(ctx, who, id, router.DropPolicy{Draft: draft})
}

// ShadowPolicy tries a set beside the active one, or ends that.
func (s *Service) ShadowPolicy(ctx context.Context, who Who, set PolicySource) (view.Done, error) {
	port, err := s.policies()
	if err != nil {
		return view.Done{}, err
	}
	res, err := port.Shadow(ctx, who.ID, set)
	return s.settled(ctx, res, err)
}

func (s *Service) settled(ctx context.Context, res router.Result, err error) (view.Done, error) {
	if err != nil {
		return view.Done{}, err
	}
	done := s.done(ctx, res)
	done.Draft = res.Draft
	return done, nil
}
