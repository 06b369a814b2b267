package router

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/policies"
)

// modelHours is what the model promises by, and whether it counts the hours from nine
// to five of Monday to Friday only.
type modelHours struct {
	first, next, resolution int // minutes
	risk                    float64
	office                  bool
	pause                   bool
}

func (h *modelHours) rules(t failer) Rules {
	t.Helper()
	calendar := "always"
	if h.office {
		calendar = "office"
	}
	set, err := policies.LoadFiles("model", map[string][]byte{"sla.yaml": fmt.Appendf(nil, `version: 1
default: {first: %dm, next: %dm, resolution: %dm, at_risk: %v, calendar: %s, pause: %v}
promises: []
calendars:
  - {name: office, zone: UTC, hours: [{days: [monday, tuesday, wednesday, thursday, friday], spans: ["09:00-17:00"]}]}
`, h.first, h.next, h.resolution, h.risk, calendar, h.pause)})
	if err != nil {
		t.Fatal(err)
	}
	return RulesOf(set)
}

// counts reports whether the minute from a moment on is one that is counted.
func (h *modelHours) counts(at time.Time) bool {
	day := at.Weekday()
	return !h.office || day != time.Saturday && day != time.Sunday && at.Hour() >= 9 && at.Hour() < 17
}

// after gives when so many minutes have passed, a minute at a time.
func (h *modelHours) after(at time.Time, minutes int) time.Time {
	for minutes > 0 {
		if h.counts(at) {
			minutes--
		}
		at = at.Add(time.Minute)
	}
	return at
}

// passed counts the minutes from one moment to another.
func (h *modelHours) passed(from, to time.Time) (minutes int) {
	for ; from.Before(to); from = from.Add(time.Minute) {
		if h.counts(from) {
			minutes++
		}
	}
	return minutes
}

// promiseModel is what ought to hold of one conversation, in a few lines.
type promiseModel struct {
	hours *modelHours
	// begun is the receipt of the first message without an answer, zero while nothing
	// waits; answered is true once there was an answer.
	begun    time.Time
	answered bool
	due      time.Time
	missed   bool
	// resolveBy is the conversation's; left are its minutes while it stands still.
	resolveBy time.Time
	left      int
	asked     bool
	resolved  bool
}

func (m *promiseModel) message(now time.Time) {
	switch {
	case m.resolveBy.IsZero() || m.resolved:
		m.resolveBy = m.hours.after(now, m.hours.resolution)
	case m.asked && m.left > 0:
		m.resolveBy = m.hours.after(now, m.left)
	}
	m.asked, m.resolved, m.left = false, false, 0
	if m.begun.IsZero() {
		m.begun, m.missed = now, false
		m.due = m.hours.after(now, m.allowed())
	}
}

func (m *promiseModel) allowed() int {
	if m.answered {
		return m.hours.next
	}
	return m.hours.first
}

func (m *promiseModel) reply(now time.Time, ask bool) {
	m.begun, m.answered = time.Time{}, true
	m.asked, m.resolved = ask, !ask
	if ask && m.hours.pause && m.resolveBy.After(now) {
		m.left = m.hours.passed(now, m.resolveBy)
	}
}

func (m *promiseModel) activate(h *modelHours) {
	m.hours = h
	if !m.begun.IsZero() && !m.missed {
		m.due = h.after(m.begun, m.allowed())
	}
}

func (m *promiseModel) tick(now time.Time) {
	if !m.begun.IsZero() && !m.due.After(now) {
		m.missed = true
	}
}

// TestPromisesAreAsAModelSays: whatever customers write, agents answer or ask, and
// supervisors activate, every contact is due, at risk and missed when a model says
// that counts minutes one by one, and no contact is ever without a promise.
func TestPromisesAreAsAModelSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) *modelHours {
			minutes := func(what string) int { return rapid.IntRange(5, 900).Draw(rt, name+what) }
			h := &modelHours{first: minutes(" first"), next: minutes(" next"), office: rapid.Bool().Draw(rt, name+" office"), pause: rapid.Bool().Draw(rt, name+" pause")}
			h.resolution, h.risk = h.first+minutes(" more"), float64(rapid.IntRange(1, 10).Draw(rt, name+" risk"))/10
			return h
		}
		hours := []*modelHours{draw("a"), draw("b")}
		rules := []Rules{hours[0].rules(rt), hours[1].rules(rt)}
		r := newRig(rt)
		r.agent("anna", contact.RoleSupervisor, 0)
		r.tune(ActorRouter, rules[0])
		m := &promiseModel{hours: hours[0]}
		active, last := 0, ""
		conversation := ""
		for i := range rapid.IntRange(3, 30).Draw(rt, "moves") {
			switch move := rapid.SampledFrom([]string{"message", "answer", "ask", "wait", "wait", "activate"}).Draw(rt, "move"); move {
			case "message":
				mail := r.mail(fmt.Sprintf("m%d", i), "alice")
				if last != "" {
					mail.Threads = []string{"mid:" + last}
				}
				last = fmt.Sprintf("m%d", i)
				conversation = r.receive(mail).Conversation
				m.message(r.now)
			case "answer", "ask":
				c := r.openOf(conversation)
				if c == nil {
					continue
				}
				r.must("anna", Assign{Contact: c.ID, Agent: "anna", Override: true})
				kind := contact.Answer
				if move == "ask" {
					kind = contact.Ask
				}
				r.deliver(r.reply("anna", c, kind, c.LastMessage()))
				m.reply(r.now, move == "ask")
			case "wait":
				r.wait(time.Duration(rapid.IntRange(1, 3000).Draw(rt, "minutes")) * time.Minute)
				m.tick(r.now)
			case "activate":
				active = 1 - active
				r.tune("anna", rules[active])
				m.activate(hours[active])
			}
			r.wait(0)
			r.wait(0) // what was revised may be due at once
			m.tick(r.now)
			agree(rt, r, m, conversation)
		}
		r.check()
	})
}

// openOf gives the open contact of a conversation, nil for none.
func (r *rig) openOf(conversation string) *Contact {
	v := r.state.Conversations[conversation]
	if v == nil || v.Contact == "" {
		return nil
	}
	return r.state.Contacts[v.Contact]
}

func agree(t failer, r *rig, m *promiseModel, conversation string) {
	t.Helper()
	c := r.openOf(conversation)
	if (c == nil) != m.begun.IsZero() {
		t.Fatalf("open: %v, by the model %v", c != nil, !m.begun.IsZero())
	}
	if c != nil {
		if !c.Start.Equal(m.begun) || !c.Due.Equal(m.due) || c.Breached != m.missed || c.LastResort == "" || c.Entry == "" {
			t.Fatalf("since %s due %s missed %v; by the model since %s due %s missed %v", c.Start, c.Due, c.Breached, m.begun, m.due, m.missed)
		}
		if c.AtRiskAt.Before(c.Start) || c.AtRiskAt.After(c.Due) {
			t.Fatalf("at risk from %s, between %s and %s", c.AtRiskAt, c.Start, c.Due)
		}
		if strings.TrimSpace(c.EntryOf) == "" || !c.Breached && c.timedAt.IsZero() {
			t.Fatal("nothing looks at it again")
		}
	}
	v := r.state.Conversations[conversation]
	if v == nil {
		return
	}
	if got := int(v.Left / time.Minute); got != m.left {
		t.Fatalf("%d minutes of the resolution are left as it stands still, by the model %d", got, m.left)
	}
	if m.left == 0 && !m.resolved && !v.ResolveBy.Equal(m.resolveBy) {
		t.Fatalf("to be resolved by %s, by the model %s", v.ResolveBy, m.resolveBy)
	}
}
