package router

import (
	"slices"
	"time"

	"stagecoach/contact"
)

// PolicyActivated records which policy set decides from here on.
type PolicyActivated struct {
	Version string `json:"version"`
	// Set is where its files lie, for ever.
	Set string `json:"set,omitempty"`
	// By is who did it, Reason a code such as PolicyRolledBack, Remark the reference
	// of what they wrote. Draft and Author name what was approved, and who drafted it.
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
	Remark string `json:"remark,omitempty"`
	Draft  string `json:"draft,omitempty"`
	Author string `json:"author,omitempty"`
	// Taken is the fingerprint of the policy directory that it was taken from, "" if
	// it came another way.
	Taken string `json:"taken,omitempty"`
	// Renew makes the promises and classes of what is open be found anew. Lengthen
	// is true where a person has confirmed that promises which customers were told
	// may become longer by it.
	Renew    bool `json:"renew,omitempty"`
	Lengthen bool `json:"lengthen,omitempty"`
}

// PolicyDrafted records a policy set that waits for a second supervisor.
type PolicyDrafted struct {
	Draft   string `json:"draft"`
	Version string `json:"version"`
	Set     string `json:"set"`
	By      string `json:"by"`
	Remark  string `json:"remark,omitempty"`
	// Taken is the fingerprint of the policy directory that it was taken from.
	Taken string `json:"taken,omitempty"`
}

// PolicyDropped records that a draft was withdrawn or refused.
type PolicyDropped struct {
	Draft string `json:"draft"`
	By    string `json:"by"`
}

// PolicyShadowed records which policy set is tried beside the active one; with no
// version that none is any more.
type PolicyShadowed struct {
	Version string `json:"version,omitempty"`
	Set     string `json:"set,omitempty"`
	By      string `json:"by"`
}

func (PolicyActivated) event() {}
func (PolicyDrafted) event()   {}
func (PolicyDropped) event()   {}
func (PolicyShadowed) event()  {}

// Why a policy set was activated.
const (
	PolicyAtStart    = "start"
	PolicyDirectory  = "directory"
	PolicyByPerson   = "activated"
	PolicyApproved   = "approved"
	PolicyRolledBack = "rollback"
	PolicyUpgraded   = "upgrade"
)

// What an event said, kept: it is no event by itself.
type (
	activated PolicyActivated
	drafted   PolicyDrafted
)

// Activation is one change of the active policy set.
type Activation struct {
	activated
	N  uint64    `json:"n"`
	At time.Time `json:"at"`
	// Contacts counts those that were opened under it.
	Contacts uint64 `json:"contacts,omitempty"`
}

// Draft is a policy set that waits for a second supervisor.
type Draft struct {
	drafted
	At time.Time `json:"at"`
}

// PolicyState is what the log knows of policy sets.
type PolicyState struct {
	// History is who activated what, the newest last.
	History []Activation `json:"history,omitempty"`
	// Taken is the fingerprint of what was last taken from the policy directory.
	Taken string `json:"taken,omitempty"`
	// Drafts wait for a second supervisor, the newest last.
	Drafts []Draft `json:"drafts,omitempty"`
	// Shadow is tried beside the active set.
	Shadow PolicyShadowed `json:"shadow,omitzero"`
}

// What is remembered of policy sets at most; the ledger has all of it.
const (
	activationsKept = 1_000
	draftsKept      = 20
)

// Activate makes another policy set decide.
type Activate struct {
	Version, Set, Reason, Remark string
	// Taken is the fingerprint of the policy directory that it was taken from.
	Taken string
	// Draft is the one that is approved by it, if any. Two is true where policies
	// need a second supervisor.
	Draft string
	Two   bool
	// Lengthen confirms that promises which customers were told may become longer.
	Lengthen bool
}

// DraftPolicy puts a policy set before a second supervisor.
type DraftPolicy struct{ Version, Set, Remark, Taken string }

// DropPolicy withdraws or refuses a draft.
type DropPolicy struct{ Draft string }

// ShadowPolicy has a policy set tried beside the active one; none with no version.
type ShadowPolicy struct{ Version, Set string }

func (Activate) command()     {}
func (DraftPolicy) command()  {}
func (DropPolicy) command()   {}
func (ShadowPolicy) command() {}

func (t *turn) activate(cmd *Activate) error {
	if err := t.mayTune(); err != nil {
		return err
	}
	e := PolicyActivated{
		Version: cmd.Version, Set: cmd.Set, By: t.actor, Reason: cmd.Reason, Remark: cmd.Remark,
		Taken: cmd.Taken, Lengthen: cmd.Lengthen,
	}
	if err := t.approve(cmd, &e); err != nil {
		return err
	}
	if last, _ := t.Activation(); cmd.Version == t.Policy && (cmd.Taken == "" || cmd.Taken == t.Policies.Taken) && cmd.Draft == "" && (last.Set != "" || cmd.Set == "") {
		return nil
	}
	e.Renew = t.Policy != "" && cmd.Version != t.Policy && t.Totals.Open > 0
	t.emit(e)
	return nil
}

// approve looks at who has drafted what is activated: where two must agree, the
// second is another person. A rollback to what was active needs only one.
func (t *turn) approve(cmd *Activate, e *PolicyActivated) error {
	if cmd.Draft == "" {
		again := cmd.Reason == PolicyRolledBack && t.wasActive(cmd.Version)
		if cmd.Two && !again && t.actor != ActorRouter {
			return refuse(RefusedNotAllowed, "a second supervisor must agree: put it before them as a draft (policy activate DIR --draft)")
		}
		return nil
	}
	d := t.draft(cmd.Draft)
	switch {
	case d == nil:
		return refuse(RefusedNotFound, "there is no such draft, or it was settled already")
	case d.Version != cmd.Version:
		return refuse(RefusedInvalid, "this draft is another policy set")
	case cmd.Two && d.By == t.actor:
		return refuse(RefusedNotAllowed, "this is your own draft: a second supervisor must agree")
	}
	e.Draft, e.Author, e.Taken = d.Draft, d.By, d.Taken
	if e.Remark == "" {
		e.Remark = d.Remark
	}
	return nil
}

// mayTune refuses whoever may not change policies.
func (t *turn) mayTune() error {
	if a := t.Agents[t.actor]; a != nil && (a.Removed || a.Role != contact.RoleSupervisor) || t.actor == ActorIntake || t.actor == ActorSender {
		return refuse(RefusedNotAllowed, "only a supervisor changes policies")
	}
	return nil
}

func (t *turn) draftPolicy(cmd *DraftPolicy) error {
	if err := t.mayTune(); err != nil {
		return err
	}
	if cmd.Version == t.Policy {
		return refuse(RefusedInvalid, "this policy set is the active one already")
	}
	for _, d := range t.Policies.Drafts {
		if d.Version == cmd.Version && d.By == t.actor {
			t.result.Known, t.result.Draft = true, d.Draft
			return nil
		}
	}
	e := PolicyDrafted{Draft: t.newID(), Version: cmd.Version, Set: cmd.Set, By: t.actor, Remark: cmd.Remark, Taken: cmd.Taken}
	t.result.Draft = e.Draft
	t.emit(e)
	return nil
}

func (t *turn) dropPolicy(cmd DropPolicy) error {
	if err := t.mayTune(); err != nil {
		return err
	}
	if t.draft(cmd.Draft) == nil {
		return refuse(RefusedNotFound, "there is no such draft, or it was settled already")
	}
	t.emit(PolicyDropped{Draft: cmd.Draft, By: t.actor})
	return nil
}

func (t *turn) shadowPolicy(cmd ShadowPolicy) error {
	if err := t.mayTune(); err != nil {
		return err
	}
	if cmd.Version != t.Policies.Shadow.Version {
		t.emit(PolicyShadowed{Version: cmd.Version, Set: cmd.Set, By: t.actor})
	}
	return nil
}

func (s *State) draft(id string) *Draft {
	for i := range s.Policies.Drafts {
		if s.Policies.Drafts[i].Draft == id {
			return &s.Policies.Drafts[i]
		}
	}
	return nil
}

func (s *State) wasActive(version string) bool {
	return slices.ContainsFunc(s.Policies.History, func(a Activation) bool { return a.Version == version })
}

// Activation gives what is known of the policy set that decides now, and false
// before the first.
func (s *State) Activation() (Activation, bool) {
	if len(s.Policies.History) == 0 {
		return Activation{}, false
	}
	return s.Policies.History[len(s.Policies.History)-1], true
}

func (s *State) applyPolicyActivated(e *PolicyActivated) {
	p := &s.Policies
	if e.Taken != "" {
		p.Taken = e.Taken
	}
	if e.Draft != "" {
		s.dropDraft(e.Draft)
	}
	if last := len(p.History) - 1; last >= 0 && e.Version == s.Policy && p.History[last].Set == "" {
		p.History[last].Set = e.Set // an earlier build did not keep it
	}
	if e.Version != s.Policy || len(p.History) == 0 {
		p.History = append(p.History, Activation{activated: activated(*e), N: s.N, At: s.At})
		p.History = slices.Clone(p.History[max(0, len(p.History)-activationsKept):])
	}
	if p.Shadow.Version == e.Version { // it is tried no more: it decides
		p.Shadow = PolicyShadowed{}
	}
	s.Policy = e.Version
	s.matchDue = true
	if e.Renew {
		s.beginRevision(e)
	}
}

func (s *State) applyPolicyDrafted(e *PolicyDrafted) {
	drafts := append(s.Policies.Drafts, Draft{drafted: drafted(*e), At: s.At})
	s.Policies.Drafts = slices.Clone(drafts[max(0, len(drafts)-draftsKept):])
}

func (s *State) dropDraft(id string) {
	s.Policies.Drafts = slices.DeleteFunc(s.Policies.Drafts, func(d Draft) bool { return d.Draft == id })
}

// countOpened notes under which policy set a contact was opened.
func (s *State) countOpened(version string) {
	if n := len(s.Policies.History); n > 0 && s.Policies.History[n-1].Version == version {
		s.Policies.History[n-1].Contacts++
	}
}
