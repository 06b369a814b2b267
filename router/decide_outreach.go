package router

import "time"

// outreachPause is for how long somebody whose post was not addressed to us is
// not approached again.
const outreachPause = 90 * 24 * time.Hour

// approached handles a post that was not addressed to us, of somebody whom we
// have approached because of another one in the last 90 days: it is recorded
// with that one and opens nothing.
func (t *turn) approached(c *Receive) bool {
	if c.Outreach == "" {
		return false
	}
	f, ok := t.find(c.Outreach, c.Known)
	if !ok || f.Kind != KeyMessage {
		return false
	}
	before := t.Contacts[f.Contact]
	if before == nil {
		before = f.ContactFacts
	}
	if before != nil && c.ReceivedAt.Sub(before.Start) > outreachPause {
		return false
	}
	t.evidence(c, EvidenceApproached, t.openOrOwn(f))
	return true
}
