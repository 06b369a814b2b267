package router

import (
	"testing"

	"stagecoach/contact"
)

// TestMissIsForeseen has a contact that is too much for whoever is there: that its promise
// will be missed is said once and before it is, and the last resort is told.
func TestMissIsForeseen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	foreseenStory(r)
	said, missed, told := -1, -1, false
	for i, ev := range r.events() {
		switch e := ev.(type) {
		case MissForeseen:
			if said >= 0 || missed >= 0 || e.Chance < foreseenFrom {
				t.Errorf("said again, too late or without reason: %+v", e)
			}
			said = i
		case Breached:
			missed = i
		case LastResortTold:
			told = told || said >= 0 && missed < 0
		default:
		}
	}
	if said < 0 || missed < 0 || !told {
		t.Errorf("foreseen %d, missed %d, the last resort told in between: %v", said, missed, told)
	}
	if len(r.state.Foreseen()) != 0 {
		t.Error("what was missed is still foreseen")
	}
	r.check()
}

// TestAnsweredInTimeIsNotForeseen has an agent who answers at once, again and
// again.
func TestAnsweredInTimeIsNotForeseen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	for _, id := range []string{"m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"} {
		c := r.receive(r.mail(id, "customer of "+id))
		r.deliver(r.reply(r.accept(c), c, contact.Answer, c.LastMessage()))
	}
	c := r.receive(r.mail("m9", "zoe"))
	x, ok := r.state.Forecast.Expect(c.ID, r.now)
	if !ok || x.P50 > x.P90 || x.P90 > c.Due.Sub(c.Start) {
		t.Errorf("expected %+v, %v: the promise is %s", x, ok, c.Due.Sub(c.Start))
	}
	for _, ev := range r.events() {
		if e, is := ev.(MissForeseen); is {
			t.Errorf("foreseen: %+v", e)
		}
	}
	r.check()
}

// events gives all events so far.
func (r *rig) events() []Event {
	r.t.Helper()
	var out []Event
	for _, data := range r.log {
		c, err := DecodeCommit(data)
		if err != nil {
			r.t.Fatal(err)
		}
		for i := range c.Entries {
			out = append(out, c.Entries[i].Events...)
		}
	}
	return out
}
