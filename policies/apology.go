package policies

import (
	"fmt"
	"strings"
	"time"

	"stagecoach/configs/strict"
)

// apologyRule is what agents find in front of them once a promise was missed.
type apologyRule struct {
	offer    bool
	language string
	texts    map[string]string
}

// Sorry is what an apology tells of.
type Sorry struct {
	// Due is when the answer was promised.
	Due time.Time
	// Customer and Agent are their names, "" where they aren't known.
	Customer, Agent string
}

// ApologyText gives the draft of an apology in the customer's language, or in the
// set's where there is none in it, "" where none is offered. The time is written on
// the clock of the promise's calendar, or on otherwise's where that has none.
func (s *Set) ApologyText(language string, f Facts, sorry Sorry, otherwise *time.Location) string {
	rule := &s.apology
	if !rule.offer {
		return ""
	}
	if rule.texts[language] == "" {
		language = rule.language
	}
	zone := otherwise
	if own, ok := s.Calendar(s.Promise(f).Calendar).(interface{ Location() *time.Location }); ok {
		zone = own.Location()
	}
	text := rule.texts[language]
	for place, value := range map[string]string{placeCustomer: sorry.Customer, placeAgent: sorry.Agent} {
		if value == "" {
			text = fill(text, place, "")
		}
	}
	// in one go, so that a name is never taken for a place
	return strings.NewReplacer(placeDue, WriteTime(sorry.Due.In(zone), language), placeCustomer, sorry.Customer, placeAgent, sorry.Agent).Replace(text)
}

const (
	placeCustomer = "{customer}"
	placeAgent    = "{agent}"
)

func (b *builder) buildApology(f *apologyEntry) {
	rule := apologyRule{offer: f.Offer, language: f.Language, texts: map[string]string{}}
	d := b.docFor("escalation.yaml", "apology.texts")
	places := []string{placeDue, placeCustomer, placeAgent}
	for i, e := range f.Texts {
		key := fmt.Sprintf("apology.texts[%d]", i)
		if rule.texts[e.Language] != "" {
			d.Report(key+".language", "", "there is a text in %q already", e.Language)
		}
		for _, found := range placeholder.FindAllString(e.Text, -1) {
			known := false
			for _, p := range places {
				known = known || p == found
			}
			if !known {
				hint := strings.Join(places, ", ") + " are the only ones"
				if near, ok := strict.Near(strings.Trim(found, "{}"), []string{"due", "customer", "agent"}); ok {
					hint = "did you mean {" + near + "}?"
				}
				d.Report(key+".text", hint, "nothing is known to put in the place of %s", found)
			}
		}
		if e.Language != "" && strings.TrimSpace(e.Text) == "" && d.Has(key+".text") {
			d.Report(key+".text", "", "is empty")
		}
		rule.texts[e.Language] = e.Text
	}
	if rule.offer && rule.texts[f.Language] == "" {
		b.docFor("escalation.yaml", "apology.language").Report("apology.language", "add one to texts", "there is no text in %q", f.Language)
	}
	b.set.apology = rule
}
