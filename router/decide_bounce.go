package router

import "slices"

// bounce handles a delivery report. It gives false when it speaks of nothing of
// ours; it is then a message like any other.
func (t *turn) bounce(c *Receive) bool {
	f, ok := t.reported(c)
	if !ok {
		return false
	}
	r := t.Replies[f.Reply]
	if r == nil {
		r = f.ReplyFacts
	}
	switch {
	case !c.Bounce.Permanent:
		t.evidence(c, EvidenceDelay, t.openOrOwn(f))
		return true
	case r != nil && r.onlyCopies(c.Bounce.Failed):
		t.evidence(c, EvidenceCopyFailed, t.openOrOwn(f))
		return true
	}
	t.evidence(c, EvidenceBounce, t.openOrOwn(f))
	if r == nil || r.State == ReplyHasFailed || t.ofErased(f) {
		return true
	}
	if f.ConversationFacts != nil {
		t.recall(f.ConversationFacts)
	}
	if Covers(r.Kind) && t.Contacts[r.Contact] == nil && f.ContactFacts != nil {
		t.emit(ReplyFailed{Reply: r.ID, Reason: "bounced", Code: c.Bounce.Code, Bounced: true})
		if f.ContactFacts.End == EndReplied {
			t.bringBack(f.ContactFacts, "bounced", r)
		}
		return true
	}
	t.fail(r, ReplyFailed{Reply: r.ID, Reason: "bounced", Code: c.Bounce.Code, Bounced: true})
	return true
}

// onlyCopies reports whether all who were not reached got a copy of the reply:
// the customer has it. Whoever isn't known counts as the customer, as a report
// may name an address that a server on the way has made of theirs.
func (r *Reply) onlyCopies(failed []string) bool {
	if len(failed) == 0 || len(r.Copies) == 0 {
		return false
	}
	return !slices.ContainsFunc(failed, func(one string) bool { return !slices.Contains(r.Copies, one) })
}
