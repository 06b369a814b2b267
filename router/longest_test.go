package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

// TestLongestWaits says what nobody waits longer than: the more who are at work
// the sooner, nothing where nobody is, later where room has to be made; and what would come now stands there too.
func TestLongestWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = rulesFrom(t, map[string]string{
		"customers.yaml": "tiers: [{name: gold, value: 6}]",
		"sla.yaml":       "default: {first: 4h, next: 1h}\n",
		"routing.yaml":   "channels:\n  - {name: email, units: 100, handling_time: 10m, offer_time_out: 1m}\n  - {name: letter, units: 20}\n",
	})
	mail := PromiseFacts{Channel: contact.Email}
	waits := func() LongestWait {
		t.Helper()
		list := r.state.LongestWaits(r.rules, r.now, []PromiseFacts{mail})
		if len(list) == 0 || list[0].Channel != contact.Email || list[0].Tier != "" {
			t.Fatalf("%+v has no ordinary mail first", list)
		}
		return list[0]
	}
	if w := waits(); w.Known || w.Agents != 0 || w.Waiting != 0 {
		t.Errorf("with nobody at work: %+v", w)
	}
	r.agent("anna", contact.RoleAgent, 100)
	// Two promises, then what is offered already, 34 assignments that earn a turn, and
	// the turn itself.
	if w := waits(); !w.Known || w.Agents != 1 || w.Turns != 36 || w.Wait != 8*time.Hour+36*11*time.Minute {
		t.Errorf("with one at work: %+v", w)
	}
	for _, id := range []string{"m1", "m2", "m3"} {
		r.receive(r.mail(id, "from-"+id))
	}
	gold := r.mail("m4", "gina")
	gold.Tier = "gold"
	r.receive(gold)
	alone := waits()
	if alone.Waiting+1 < 3 || alone.Turns <= 36 {
		t.Errorf("with four there: %+v", alone)
	}
	r.agent("ben", contact.RoleAgent, 100)
	if w := waits(); w.Agents != 2 || w.Wait >= alone.Wait {
		t.Errorf("a second agent: %+v after %+v", w, alone)
	}
	// Beside letters of a fifth the size, room has to be made for a mail.
	two := waits()
	for _, w := range r.state.LongestWaits(r.rules, r.now, []PromiseFacts{{Channel: contact.Letter}}) {
		if !w.Known || w.Channel == contact.Email && w.Tier == "" && w.Wait <= two.Wait {
			t.Errorf("beside letters: %+v", w)
		}
	}
}
