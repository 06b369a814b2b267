package router

import "time"

// outreachPause is for how long somebody whose post was not addressed to us is
// not approached again.
const outreachPause = 90 * 24 * time.Hour

// approached handles a post that was not addressed to us, of somebody whom we
// have approached because of another one in the last 90 days: it is recorded
// with that one and opens nothing. The words of a post that waits for its answer,
// edited meanwhile, are to be answered as they read now.
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
	if c.Replaces != "" && t.waits(c) {
		return false
	}
	t.evidence(c, EvidenceApproached, t.openOrOwn(f))
	return true
}

// waits reports whether the message that an edit replaces is one of an open contact.
func (t *turn) waits(c *Receive) bool {
	f, ok := t.find(c.Replaces, c.Known)
	if !ok || f.Kind != KeyMessage {
		return false
	}
	at := t.Contacts[f.Contact]
	return at != nil && at.Open()
}
