package router

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// limited are rules under which agents are limited.
type limited struct {
	Rules
	limits *match.Limits
}

func (l limited) Timing() Timing {
	t := l.Rules.Timing()
	t.Limits = l.limits
	return t
}

func (r *rig) limit(l match.Limits) {
	r.rules = limited{r.rules, &l}
}

// chat is a message that is answered live.
func (r *rig) chat(id, sender string) *Contact {
	r.t.Helper()
	m := r.mail(id, sender)
	m.Channel, m.Source = contact.WebChat, "webchat/site/visitors"
	return r.receive(m)
}

func berlin(t failer) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestHeadroomIsForLiveWork fills an agent with mail up to the headroom; a chat
// still comes, and interruptible mail comes beside a full load of chats.
func TestHeadroomIsForLiveWork(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.limit(match.Limits{Headroom: 34, Channels: []match.ChannelLimit{{Channel: contact.WebChat, Live: true}}})
	r.able("anna", true, AgentProfile{Capacity: 100})
	states := ""
	for i := range 4 {
		c := r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("s", i)))
		states += string(c.State) + " "
	}
	chat := r.chat("c1", "zoe")
	if states != "offered offered offered waiting " || chat.State != Offered {
		t.Errorf("mails are %s, the chat is %s", states, chat.State)
	}
	r.check()

	r = newRig(t)
	r.limit(match.Limits{Beside: 40, Channels: []match.ChannelLimit{{Channel: contact.WebChat, Live: true}, {Channel: contact.Email, Interruptible: true}}})
	r.able("anna", true, AgentProfile{Capacity: 68})
	for i := range 2 {
		r.accept(r.chat(fmt.Sprint("c", i), fmt.Sprint("v", i)))
	}
	states = ""
	for i := range 3 {
		states += string(r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("s", i))).State) + " "
	}
	if states != "offered offered waiting " {
		t.Errorf("beside two chats mails are %s", states)
	}
	r.check()
}

// TestMostOfAChannel has the policy's number and an agent's own.
func TestMostOfAChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.limit(match.Limits{Channels: []match.ChannelLimit{{Channel: contact.Email, Most: 2}}})
	r.able("anna", true, AgentProfile{Capacity: 100})
	r.able("bert", true, AgentProfile{Capacity: 100, Most: []ChannelMost{{Channel: contact.Email, Most: 1}}})
	var last *Contact
	for i := range 4 {
		last = r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("s", i)))
	}
	if len(r.state.Agents["anna"].Offers) != 2 || len(r.state.Agents["bert"].Offers) != 1 || last.State != Waiting {
		t.Errorf("anna has %d, bert %d", len(r.state.Agents["anna"].Offers), len(r.state.Agents["bert"].Offers))
	}
	r.must("bert", TakeNext{})
	r.refused(RefusedNothingNext, "bert", TakeNext{})
	r.refused(RefusedCapacity, "bert", Assign{Contact: last.ID, Agent: "bert"})
	r.must("bert", Assign{Contact: last.ID, Agent: "bert", Override: true})
	r.check()
}

// TestDailyCapEndsAtMidnight counts in the policy's zone, also over the day on
// which the clocks change; and by a timer of its own work goes on after it.
func TestDailyCapEndsAtMidnight(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	for _, day := range []int{27, 28} { // in the night to Sunday 29 March 2026 the clocks go forward
		r := newRig(t)
		r.limit(match.Limits{Zone: zone})
		r.now = time.Date(2026, 3, day, 23, 50, 0, 0, zone).UTC()
		r.able("anna", true, AgentProfile{Capacity: 100, DailyCap: 2})
		for i := range 3 {
			c := r.receive(r.mail(fmt.Sprint("m", i), fmt.Sprint("s", i)))
			if i < 2 {
				r.accept(c)
				continue
			}
			if c.State != Waiting {
				t.Fatalf("the third of two is %s", c.State)
			}
			r.refused(RefusedCapacity, "anna", TakeNext{})
			midnight := time.Date(2026, 3, day+1, 0, 0, 0, 0, zone)
			if at, ok := r.state.NextTimer(); !ok || at.After(midnight) {
				t.Errorf("it is looked at again at %v", at)
			}
			r.now = midnight.Add(-time.Second)
			if r.wait(0); c.State != Waiting {
				t.Error("a cap ended before midnight")
			}
			if r.wait(time.Second); c.State != Offered {
				t.Error("a cap did not end at midnight")
			}
		}
		if a := r.state.Agents["anna"]; a.Taken != 2 || a.Day != fmt.Sprintf("2026-03-%d", day) {
			t.Errorf("%d taken on %s", a.Taken, a.Day)
		}
		r.check()
	}
}

// TestShiftsDrain offers nothing outside of a shift, nor what would take longer
// than it lasts, nor anything in the time before its end.
func TestShiftsDrain(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	r := newRig(t)
	r.limit(match.Limits{Zone: zone, Drain: 5 * time.Minute})
	r.now = time.Date(2026, 3, 2, 8, 0, 0, 0, zone).UTC() // a Monday
	r.able("anna", true, AgentProfile{Capacity: 100, Shifts: []Shift{{Day: time.Monday, From: 9 * 60, To: 12 * 60}, {Day: time.Monday, From: 12 * 60, To: 17 * 60}}})
	c := r.receive(r.mail("m1", "alice"))
	if c.State != Waiting {
		t.Fatal("offered before the shift")
	}
	r.now = time.Date(2026, 3, 2, 9, 0, 0, 0, zone).UTC()
	if r.wait(0); c.State != Offered {
		t.Fatal("the shift began and nothing was offered")
	}
	r.accept(c)
	for _, step := range []struct {
		hour, minute int
		want         ContactState
	}{{11, 58, Offered}, {16, 49, Offered}, {16, 51, Waiting}, {16, 57, Waiting}, {17, 1, Waiting}} {
		r.now = time.Date(2026, 3, 2, step.hour, step.minute, 0, 0, zone).UTC()
		id := fmt.Sprintf("at %d:%d", step.hour, step.minute)
		if got := r.receive(r.mail(id, id)); got.State != step.want {
			t.Errorf("%s it is %s", id, got.State)
		} else if got.State == Offered {
			r.accept(got)
		}
	}
	r.check()
}

// TestSpansKnowTheClocksChange holds that the clock on the wall counts, that what
// meets is one, and that a shift over midnight is whole.
func TestSpansKnowTheClocksChange(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, zone) }
	night := []Shift{{Day: time.Saturday, From: 22 * 60, To: 30 * 60}}
	for _, step := range []struct {
		shifts      []Shift
		now         time.Time
		from, until time.Time
	}{
		{night, at(29, 1), at(28, 22), at(29, 6)},
		{night, at(29, 7), at(35, 22), at(36, 6)},
		{[]Shift{{time.Monday, 540, 720}, {time.Monday, 700, 1020}, {time.Monday, 1080, 1140}}, at(2, 10), at(2, 9), at(2, 17)},
		{[]Shift{{time.Monday, 0, 1440}, {time.Tuesday, 0, 600}}, at(3, 9), at(2, 0), at(3, 10)},
	} {
		got := nextSpan(step.shifts, zone, step.now)
		if !got.from.Equal(step.from) || !got.until.Equal(step.until) {
			t.Errorf("at %v the shift is %v to %v", step.now, got.from, got.until)
		}
	}
	if d := nextSpan(night, zone, at(29, 1)); d.until.Sub(d.from) != 7*time.Hour {
		t.Errorf("the night in which the clocks go forward has %v", d.until.Sub(d.from))
	}
}

// TestLimitsHoldUnderAnyCommands draws what everybody does, and looks at every
// commit for an offer that exceeds what its agent may hold.
func TestLimitsHoldUnderAnyCommands(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	rapid.Check(t, func(rt *rapid.T) {
		tl := &timeline{
			rig: newRig(rt), rt: rt, known: map[string]Found{}, conversations: map[string]Conversation{},
			contactFacts: map[string]Contact{}, replyFacts: map[string]Reply{},
		}
		tl.limit(match.Limits{
			Headroom: 30, Zone: zone, Drain: time.Hour,
			Channels: []match.ChannelLimit{{Channel: contact.Email, Most: 4}},
		})
		tl.now = time.Date(2026, 3, 28, 20, 0, 0, 0, zone).UTC()
		all := []Shift{{time.Saturday, 0, 23 * 60}, {time.Sunday, 60, 1440}}
		tl.able("anna", true, AgentProfile{Capacity: 100, Languages: []string{"de"}, DailyCap: rapid.IntRange(1, 6).Draw(rt, "cap")})
		tl.able("bert", true, AgentProfile{Capacity: 100, Most: []ChannelMost{{contact.Email, 2}}, Shifts: all})
		tl.agent("lead", contact.RoleSupervisor, 60, "de", "fr")
		for range rapid.IntRange(10, 40).Draw(rt, "steps") {
			tl.now = tl.now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(rt, "later")) * time.Second)
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0, 1:
				tl.arrive()
			case 2, 3:
				tl.work()
			case 4:
				tl.sending()
			default:
				tl.must(ActorRouter, Tick{})
			}
			withinLimits(tl)
		}
		tl.check()
	})
}

// withinLimits fails when the last commit offered somebody more than they may
// hold: only people may exceed a limit.
func withinLimits(tl *timeline) {
	last, err := DecodeCommit(tl.log[len(tl.log)-1])
	if err != nil {
		tl.rt.Fatal(err)
	}
	if last.N != tl.state.N {
		return
	}
	for _, ev := range last.Entries[0].Events {
		e, ok := ev.(OfferMade)
		if !ok || tl.state.Offers[e.Offer] == nil {
			continue
		}
		a := tl.state.Agents[e.Agent]
		units, mails := 0, 0
		for id := range a.Holds {
			units += tl.state.Contacts[id].Units
			mails++
		}
		for id := range a.Offers {
			units += tl.state.Offers[id].Units
			mails++
		}
		most := 4
		for _, m := range a.Most {
			most = m.Most
		}
		if units > a.Capacity-30 || mails > most || units != a.Load {
			tl.rt.Fatalf("an offer lifts %s to %d units in %d contacts", a.ID, units, mails)
		}
		taken := a.Taken
		if tl.state.today(last.At) > a.Day {
			taken = 0
		}
		if a.DailyCap > 0 && taken+len(a.Offers) > a.DailyCap {
			tl.rt.Fatalf("%s has taken %d and is offered %d, of %d a day", a.ID, taken, len(a.Offers), a.DailyCap)
		}
		if len(a.Shifts) > 0 {
			if sp := nextSpan(a.Shifts, tl.state.limits.Zone, last.At); sp.from.After(last.At) || !last.At.Before(sp.until.Add(-time.Hour)) {
				tl.rt.Fatalf("%s is offered something at %v, with a shift from %v to %v", a.ID, last.At, sp.from, sp.until)
			}
		}
	}
}
