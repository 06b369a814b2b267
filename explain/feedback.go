package explain

import (
	"stagecoach/contact"
	"stagecoach/ledger"
)

// feedback says what the customer said of the answer, on their own page.
func (t *Teller) feedback(e *ledger.Entry) string {
	switch contact.Rating(e.Code) {
	case contact.RatedGood:
		return t.say("the customer found the answer good", "der Kunde fand die Antwort gut")
	case contact.RatedBad:
		return t.say("the customer found the answer not good", "der Kunde fand die Antwort nicht gut")
	}
	return t.say("the customer sent an idea", "der Kunde schickte eine Idee")
}
