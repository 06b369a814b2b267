package router

// changed handles what a customer did to an earlier message. That it was taken
// back is evidence: who holds the contact sees it, and ends it or not. It gives
// false for an edit, whose words are to be answered like those of any other
// message: an answer that is being written may not cover them.
func (t *turn) changed(c *Receive) bool {
	if !c.Withdrawn {
		return false
	}
	f, ok := t.find(c.Replaces, c.Known)
	if !ok || f.Kind != KeyMessage {
		f = Found{}
	}
	t.evidence(c, EvidenceWithdrawn, t.openOrOwn(f))
	return true
}
