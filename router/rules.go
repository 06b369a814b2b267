package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router/match"
	"stagecoach/router/sla"
)

// What no policy file says yet.
const (
	// burstWindow is how close to each other two messages of one sender on one
	// account belong to one contact although neither quotes the other.
	burstWindow = 5 * time.Minute
	// sameMatterWindow is how close to each other two messages of one person on two
	// channels, of one class, are about one matter.
	sameMatterWindow = 24 * time.Hour
	// subjectWindow is how long a subject leads a sender's mail to the
	// conversation that had it.
	subjectWindow = 14 * 24 * time.Hour
	// giveUpAfter is how long a reply is tried before a person must see to it.
	giveUpAfter = 48 * time.Hour
	// queueGeneral is where a contact stands when its class names no queue.
	queueGeneral = "general"
	// holdShare is the part of a promise, one in so many, for which a contact
	// waits for the agent who knows the customer, at most.
	holdShare = 4
)

// policyRules lets the core ask a policy set.
type policyRules struct{ set *policies.Set }

var _ Rules = policyRules{}

// RulesOf gives the rules of a policy set.
func RulesOf(set *policies.Set) Rules { return policyRules{set: set} }

// Version implements Rules.
func (p policyRules) Version() string { return p.set.Version }

// Promise implements Rules.
func (p policyRules) Promise(kind PromiseKind, f PromiseFacts, start time.Time) (due, atRisk time.Time) {
	promise := p.set.Promise(promised(kind, f))
	cal := p.set.Calendar(promise.Calendar)
	allowed := promise.First
	if kind != PromiseFirst && kind != PromiseReview {
		allowed = promise.Next
	}
	due = sla.Due(start, allowed, cal)
	return due.UTC(), sla.AtRisk(start, due, promise.AtRiskShare, cal).UTC()
}

// Resolution implements Rules.
func (p policyRules) Resolution(f PromiseFacts, start time.Time) time.Time {
	promise := p.set.Promise(facts(f))
	if promise.Resolution <= 0 {
		return time.Time{}
	}
	return sla.Due(start, promise.Resolution, p.set.Calendar(promise.Calendar)).UTC()
}

func facts(f PromiseFacts) policies.Facts {
	return policies.Facts{
		Channel: f.Channel, Account: f.Account, Class: f.Class, Kind: f.Kind,
		Queue: f.Queue, Language: f.Language, Tier: f.Tier, Value: f.Value,
	}
}

// Traits implements Rules.
func (p policyRules) Traits(kind PromiseKind, f PromiseFacts) match.Traits {
	promise := p.set.Promise(facts(f))
	target := promise.Next
	if kind == PromiseFirst {
		target = promise.First
	}
	o := p.set.Offer(f.Channel)
	t := match.Traits{
		Value: p.set.TierValue(f.Tier), Target: target, Handling: p.set.HandlingTime(f.Channel), Live: o.Live,
		RelaxAfter: time.Duration(p.set.RelaxAfter(f.Class) * float64(target)), Hold: min(o.StickyHold, target/holdShare),
	}
	if o.Live {
		t.Words = o.FirstWords
	} else if m := p.set.Matching(); m.Reserve > 0 {
		t.Early = time.Duration(m.Early * float64(target))
	}
	return t
}

// Entry implements Rules.
func (p policyRules) Entry(kind PromiseKind, f PromiseFacts) string {
	return p.set.Promise(promised(kind, f)).Name
}

// Ladder implements Rules.
func (p policyRules) Ladder(kind PromiseKind, f PromiseFacts, m Moments) []sla.Rung {
	as := ladderKind(kind)
	if !p.set.HasLadder(as) {
		return nil
	}
	pf := promised(kind, f)
	if m.AtRisk.IsZero() {
		promise := p.set.Promise(pf)
		m.AtRisk = sla.AtRisk(m.Start, m.Due, promise.AtRiskShare, p.set.Calendar(promise.Calendar))
	}
	return p.set.Ladder(as, pf, m.Start, m.Due, m.AtRisk)
}

// promised gives what a promise of a kind may depend on.
func promised(kind PromiseKind, f PromiseFacts) policies.Facts {
	pf := facts(f)
	if kind == PromiseReview {
		pf.Proposed = contact.Spam
	}
	return pf
}

// Matching implements Rules.
func (p policyRules) Matching() match.Rule { return match.Fair{Params: p.set.Matching()} }

// Offering implements Rules.
func (p policyRules) Offering(ch contact.Channel) Offering {
	o := p.set.Offer(ch)
	return Offering{TimeOut: o.TimeOut, CoolDown: o.CoolDown, Parallel: max(o.Parallel, 1), Urgent: o.Urgent, Auto: o.Auto}
}

// Work implements Rules.
func (p policyRules) Work(ch contact.Channel) Work {
	w := Work{Units: p.set.Units(ch), Handling: p.set.HandlingTime(ch)}
	o := p.set.Offer(ch)
	w.Silent = o.SilenceLeast
	if o.Live {
		w.Linger = o.Quiet
	}
	return w
}

// Timing implements Rules.
func (p policyRules) Timing() Timing {
	t := p.set.Timing()
	last := p.set.LastResort()
	return Timing{
		SilentWarn: t.SilentWarnShare, SilentPull: t.SilentPullShare, SilentFloor: t.SilentLeast,
		MissesUntilAway: t.MissesUntilAway, Digest: last.DigestEvery, PledgeRow: t.PledgeRow,
		Burst: burstWindow, SameMatter: sameMatterWindow, GiveUp: giveUpAfter, Heartbeat: t.Heartbeat, ChatReturn: t.ChatReturn, LastResort: last.Owner,
		Limits: p.set.Limits(), FollowUp: followUp(p.set.Feedback()),
		Queue: queueGeneral, ReviewQueue: policies.ReviewQueue,
		ReplyBy: func(f PromiseFacts, in customers.Asking) (customers.Choice, bool) {
			in.Private = p.set.InPrivate(f.Kind, f.Class)
			return p.set.Prefer().Reply(in), in.Private
		},
		Sending: p.set.Sending(), Zone: p.set.Zone, Secret: p.set.Secret(),
		Acknowledge: func(ch contact.Channel) Acknowledging { return Acknowledging(p.set.Acknowledgement(ch)) },
		PledgeUntil: func(now time.Time) time.Time {
			return p.set.PledgeLimit(now, p.set.Promise(policies.Facts{}))
		},
		Working: func(f PromiseFacts, from time.Time, d time.Duration) (until time.Time, open bool) {
			cal := p.set.Calendar(p.set.Promise(facts(f)).Calendar)
			return cal.Add(from, d).UTC(), sla.Open(from, cal)
		},
		Between: func(f PromiseFacts, from, until time.Time) (d time.Duration, pauses bool) {
			promise := p.set.Promise(facts(f))
			return p.set.Calendar(promise.Calendar).Between(from, until), promise.Pauses
		},
	}
}

func followUp(f policies.Feedback) FollowUp {
	return FollowUp{On: f.FollowUp, Another: f.Another, Apart: f.Apart, Queue: f.Queue, Lead: f.Lead}
}
