package router

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/customers"
)

// bounded has quiet hours in Berlin and New York, and two messages a week.
func bounded(t failer) Rules {
	return rulesFrom(t, map[string]string{"customers.yaml": "version: 1\nlimits: {quiet: 21:00-08:00, zone: Europe/Berlin, per_week: 2, consent: [marketing]}\n"})
}

func (r *rig) begin(id, sender string, b Beginning) error {
	r.t.Helper()
	_, err := r.do("anna", StartOutbound{
		Identity: "id:" + sender, Channel: contact.Email, Account: "support", Keys: []string{"mid:" + id}, Begins: b, AsOf: r.state.N,
		Reply: Reply{ID: id, Channel: contact.Email, Account: "support", Ref: "reply." + id},
	})
	return err
}

func heldRig(t failer) *rig {
	r := newRig(t)
	r.rules = bounded(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.agent("ben", contact.RoleAgent, 100)
	return r
}

// What we begin in the customer's night waits for their morning; whoever wrote it can
// let it go with a reason, or take it back.
func TestHeldInTheNight(t *testing.T) {
	t.Parallel()
	r := heldRig(t)
	r.now = time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC) // 23:30 in Berlin, 17:30 in New York
	for id, zone := range map[string]string{"berlin": "", "york": "America/New_York", "free": "Europe/Berlin", "gone": "Europe/Berlin"} {
		if err := r.begin(id, id, Beginning{Purpose: customers.Service, Zone: zone}); err != nil {
			t.Fatal(err)
		}
	}
	held := r.state.Replies["berlin"]
	if want := time.Date(2026, 3, 3, 7, 0, 0, 0, time.UTC); !held.Held() || !held.Begins.Until.Equal(want) || held.Begins.Why != customers.HeldQuiet {
		t.Fatalf("held: %+v, want until %v", held.Begins, want)
	}
	r.deliver("york")
	if res := r.must(ActorSender, Attempt{Reply: "berlin", Life: "life-1"}); !res.Known || held.Attempt != 0 {
		t.Fatalf("it was attempted: %+v", held)
	}
	r.refused(RefusedInvalid, "anna", ReleaseHeld{Reply: "free"})
	r.refused(RefusedNotYours, "ben", ReleaseHeld{Reply: "free", Remark: "reason.1"})
	r.must("anna", ReleaseHeld{Reply: "free", Remark: "reason.1"})
	r.deliver("free")
	r.must("anna", DropHeld{Reply: "gone"})
	r.refused(RefusedEnded, "anna", DropHeld{Reply: "gone"})
	gone := r.state.Replies["gone"]
	if gone.State != ReplyHasFailed || gone.Reason != ReasonTakenBack || r.state.Totals.Opened != 0 {
		t.Errorf("taken back: %+v, %d contacts", gone, r.state.Totals.Opened)
	}
	if v := r.state.Conversations[gone.Conversation]; v.State != ConversationResolved {
		t.Errorf("its conversation is %s", v.State)
	}
	r.fadeAll()
	r.now = time.Date(2026, 3, 3, 6, 59, 0, 0, time.UTC)
	r.must(ActorRouter, Tick{})
	if !held.Held() {
		t.Error("let go before its time")
	}
	r.wait(time.Minute)
	if held.Held() || len(eventsOf[OutboundReleased](r)) != 2 {
		t.Errorf("not let go at its time: %+v", held)
	}
	r.deliver("berlin")
	r.check()
}

// The third in a week waits until the first is seven days old; what fails for a time and is tried again waits for the morning as well.
func TestHeldByTheWeek(t *testing.T) {
	t.Parallel()
	r := heldRig(t)
	r.now = time.Date(2026, 3, 2, 19, 50, 0, 0, time.UTC) // 20:50 in Berlin
	for _, id := range []string{"o1", "o2", "o3"} {
		if err := r.begin(id, "alice", Beginning{Purpose: customers.Service}); err != nil {
			t.Fatal(err)
		}
	}
	r.deliver("o1")
	res := r.must(ActorSender, Attempt{Reply: "o2", Life: "life-1"})
	r.must(ActorSender, Outcome{Reply: "o2", Attempt: res.Attempt, Life: "life-1", Reason: "unavailable", RetryAfter: 15 * time.Minute})
	if res := r.must(ActorSender, Attempt{Reply: "o3", Life: "life-1"}); !res.Known {
		t.Fatal("the third went")
	}
	third := r.state.Replies["o3"]
	if want := time.Date(2026, 3, 9, 19, 50, 0, 0, time.UTC); !third.Begins.Until.Equal(want) || third.Begins.Why != customers.HeldWeekly {
		t.Errorf("held: %+v, want until %v", third.Begins, want)
	}
	r.wait(15 * time.Minute)
	if res := r.must(ActorSender, Attempt{Reply: "o2", Life: "life-1"}); !res.Known || !r.state.Replies["o2"].Held() {
		t.Errorf("tried again in the night: %+v", r.state.Replies["o2"])
	}
	r.now = time.Date(2026, 3, 3, 7, 0, 0, 0, time.UTC)
	r.must(ActorRouter, Tick{})
	r.deliver("o2") // it counts once
	if err := r.begin("o4", "bob", Beginning{Purpose: customers.Service}); err != nil {
		t.Fatal(err)
	}
	r.deliver("o4")
	r.now = third.Begins.Until
	r.must(ActorRouter, Tick{})
	r.deliver("o3")
	r.check()
}

// What the customer does not allow isn't sent at all.
func TestConsent(t *testing.T) {
	t.Parallel()
	r := heldRig(t)
	for _, c := range []struct {
		b    Beginning
		code string
	}{
		{Beginning{Purpose: customers.Marketing}, RefusedConsent},
		{Beginning{Purpose: customers.Marketing, Allowed: customers.Objected}, RefusedConsent},
		{Beginning{Purpose: customers.Service, Allowed: customers.Objected, Remark: "reason.1"}, RefusedConsent},
		{Beginning{Purpose: "chat"}, RefusedInvalid},
		{Beginning{Purpose: customers.Marketing, Allowed: customers.Consented}, ""},
		{Beginning{Purpose: customers.Service}, ""},
		{Beginning{}, ""},
	} {
		err := r.begin(fmt.Sprint("o", r.cmds), "alice", c.b)
		ref, _ := err.(*Refusal) //nolint:errorlint // Decide gives it bare
		if (ref == nil) != (c.code == "") || ref != nil && ref.Code != c.code {
			t.Errorf("%+v: %v, want %q", c.b, err, c.code)
		}
	}
}

// A time zone that there isn't is that of customers.yaml, and a week is seven days across
// the change of the year and of the clock.
func TestHeldByOddCalendars(t *testing.T) {
	t.Parallel()
	r := heldRig(t)
	r.now = time.Date(2026, 12, 27, 22, 30, 0, 0, time.UTC) // 23:30 in Berlin
	for _, zone := range []string{"Mars/Olympus", "Local", "../etc/passwd", "europe/nowhere"} {
		id := fmt.Sprint("o", r.cmds)
		if err := r.begin(id, id, Beginning{Purpose: customers.Service, Zone: zone}); err != nil {
			t.Fatal(err)
		}
		if got, want := r.state.Replies[id].Begins.Until, time.Date(2026, 12, 28, 7, 0, 0, 0, time.UTC); !got.Equal(want) {
			t.Errorf("of zone %q it is held until %v, want Berlin's morning, %v", zone, got, want)
		}
	}
	for n, at := range []time.Time{time.Date(2026, 12, 29, 10, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC)} {
		r.now = at
		id := fmt.Sprint("week", n)
		if err := r.begin(id, "alice", Beginning{Purpose: customers.Service}); err != nil {
			t.Fatal(err)
		}
		r.deliver(id)
	}
	r.now = time.Date(2027, 1, 1, 10, 0, 0, 0, time.UTC)
	if err := r.begin("third", "alice", Beginning{Purpose: customers.Service}); err != nil {
		t.Fatal(err)
	}
	held := r.state.Replies["third"]
	if want := time.Date(2027, 1, 5, 10, 0, 0, 0, time.UTC); !held.Begins.Until.Equal(want) || held.Begins.Why != customers.HeldWeekly {
		t.Errorf("the third is held until %v for %q, want until %v", held.Begins.Until, held.Begins.Why, want)
	}
	r.now = time.Date(2027, 1, 5, 9, 59, 0, 0, time.UTC)
	if r.must(ActorRouter, Tick{}); !held.Held() {
		t.Error("let go before its week is over")
	}
	if r.wait(time.Minute); held.Held() {
		t.Error("not let go as its week was over")
	}
	r.deliver("third")
	r.check()
}

// What the customer has taken back while a message waited holds: it doesn't go, and its
// author is told. What still holds, an answer, and where nobody has looked, go.
func TestConsentTakenBack(t *testing.T) {
	t.Parallel()
	r := heldRig(t)
	r.now = time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC) // in Berlin's night
	given, refused, unsaid := customers.Consented, customers.Objected, customers.Unsaid
	for id, b := range map[string]Beginning{
		"offer": {Purpose: customers.Marketing, Allowed: given}, "kept": {Purpose: customers.Marketing, Allowed: given},
		"order": {Purpose: customers.Service}, "recall": {Purpose: customers.Service}, "plain": {},
	} {
		if err := r.begin(id, id, b); err != nil {
			t.Fatal(err)
		}
	}
	r.wait(10 * time.Hour)
	for id, c := range map[string]struct {
		says *customers.Allowed
		goes bool
	}{"offer": {&unsaid, false}, "kept": {&given, true}, "order": {&refused, false}, "recall": {&unsaid, true}, "plain": {nil, true}} {
		res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1", Consent: c.says})
		reply := r.state.Replies[id]
		if goes := reply.State == ReplyIsAttempted; goes != c.goes || res.Known == c.goes {
			t.Errorf("%s, of which they say %v now: %s, %+v", id, c.says, reply.State, res)
		}
		if c.goes {
			r.must(ActorSender, Outcome{Reply: id, Attempt: 1, Life: "life-1", Delivered: true})
			continue
		}
		if open := r.state.Conversations[reply.Conversation].Contact; reply.Reason != RefusedConsent || r.state.Contacts[open].Prefer != "anna" {
			t.Errorf("%s failed for %q, and its author has no contact of it", id, reply.Reason)
		}
	}
	r.check()
}

// Whatever happens: an answer is never held, and what we begin never goes in the quiet
// hours nor as one too many, unless an agent has said why.
func TestNotTooMuch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := heldRig(rt)
		r.now = time.Date(2026, 3, 27, rapid.IntRange(0, 23).Draw(rt, "hour"), 10, 0, 0, time.UTC) // the clock changes on the 29th
		zones := map[string]string{"alice": "Europe/Berlin", "bob": "America/New_York", "carol": ""}
		went := map[string][]time.Time{}
		who, begun, answers := map[string]string{}, []string{}, []string{}
		for range rapid.IntRange(5, 60).Draw(rt, "steps") {
			sender := rapid.SampledFrom([]string{"alice", "bob", "carol"}).Draw(rt, "whom")
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0, 1:
				id := fmt.Sprint("b", r.cmds)
				if r.begin(id, sender, Beginning{Purpose: customers.Service, Zone: zones[sender]}) == nil {
					begun, who[id] = append(begun, id), sender
				}
			case 2:
				m := r.mail(fmt.Sprint("m", r.cmds), sender)
				m.AsOf = r.state.N
				c := r.receive(m)
				if c != nil && c.State != Sending {
					id := fmt.Sprint("a", r.cmds)
					if _, err := r.do("anna", Send{Reply: Reply{ID: id, Kind: contact.Answer, Contact: c.ID, Channel: contact.Email, Account: "support", Covers: c.LastMessage(), Ref: "reply." + id}}); err == nil {
						answers = append(answers, id)
					}
				}
			case 3:
				if len(begun) > 0 {
					_, _ = r.do("anna", ReleaseHeld{Reply: rapid.SampledFrom(begun).Draw(rt, "release"), Remark: "reason.1"})
				}
			case 4:
				r.wait(time.Duration(rapid.IntRange(1, 48*60).Draw(rt, "minutes")) * time.Minute)
			}
			for _, id := range append(slices.Clone(begun), answers...) {
				sendOne(rt, r, id, who[id], zones, went)
			}
		}
		r.check()
	})
}

// sendOne is the sender trying a message, and what must hold if it may.
func sendOne(rt *rapid.T, r *rig, id, sender string, zones map[string]string, went map[string][]time.Time) {
	rep := r.state.Replies[id]
	if rep == nil || rep.State != ReplyIsQueued || rep.RetryAt.After(r.now) {
		return
	}
	counted := !rep.Begins.At.IsZero()
	res := r.must(ActorSender, Attempt{Reply: id, Life: "life-1"})
	switch {
	case sender == "" && (res.Known || res.Attempt == 0):
		rt.Fatalf("the answer %s was held back at %v", id, r.now)
	case res.Attempt == 0:
		return
	case sender != "" && !rep.Begins.Free:
		name := zones[sender]
		if name == "" {
			name = "Europe/Berlin"
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			rt.Fatal(err)
		}
		if h := r.now.In(zone).Hour(); h >= 21 || h < 8 {
			rt.Fatalf("%s went at %v", id, r.now.In(zone))
		}
		recent := 0
		for _, at := range went[sender] {
			if r.now.Sub(at) < 7*24*time.Hour {
				recent++
			}
		}
		if !counted && recent >= 2 {
			rt.Fatalf("%s is number %d of a week", id, recent+1)
		}
	}
	if sender != "" && !counted {
		went[sender] = append(went[sender], r.now)
	}
	o := Outcome{Reply: id, Attempt: res.Attempt, Life: "life-1", Delivered: true}
	if rapid.IntRange(0, 3).Draw(rt, "fails") == 0 {
		o.Delivered, o.Reason, o.RetryAfter = false, "unavailable", time.Hour
	}
	r.must(ActorSender, o)
}

// boundedStory is one of messages that nobody has asked for, and of answers that go
// another way.
func boundedStory(r *rig) {
	r.rules = bounded(r.t)
	r.agent("anna", contact.RoleAgent, 100)
	r.now = time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC)
	for _, id := range []string{"o1", "o2", "o3"} {
		if err := r.begin(id, id, Beginning{Purpose: customers.Service}); err != nil {
			r.t.Fatal(err)
		}
	}
	r.must("anna", ReleaseHeld{Reply: "o1", Remark: "reason.1"})
	r.deliver("o1")
	r.must("anna", DropHeld{Reply: "o2"})
	c := r.receive(r.mail("m1", "alice"))
	r.must("anna", ChooseReply{Contact: c.ID, Channel: contact.SMS, Source: customers.PreferStated})
	r.now = r.state.Replies["o3"].Begins.Until
	r.must(ActorRouter, Tick{})
	r.deliver("o3")
}

// The limit of a week is a person's, under whichever of their addresses we write: also
// once the link has left memory, and for what went before it was made.
func TestHeldByTheWeekOfAPerson(t *testing.T) {
	t.Parallel()
	r := heldRig(t)
	r.now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	begin := func(id, sender string, members ...string) {
		t.Helper()
		if err := r.begin(id, sender, Beginning{Purpose: customers.Service, Members: members}); err != nil {
			t.Fatal(err)
		}
	}
	begin("o1", "alice")
	r.deliver("o1")
	begin("o2", "visitor")
	r.deliver("o2")
	a, b := r.state.Index["id:alice"].Customer, r.state.Index["id:visitor"].Customer
	r.must("anna", Link{A: a, B: b, Evidence: customers.ByAgent})
	r.fadeAll()
	if len(r.state.Persons) > 0 {
		t.Fatal("the person is still in memory")
	}
	for id, sender := range map[string]string{"o3": "alice", "o4": "visitor"} {
		begin(id, sender, a, b)
		if held := r.state.Replies[id]; !held.Held() || held.Begins.Why != customers.HeldWeekly {
			t.Errorf("%s, the third in a week, goes to %s: %+v", id, sender, held.Begins)
		}
	}
	r.check()
}
