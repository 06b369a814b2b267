package replay

import (
	"errors"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// told is a log written by hand.
type told struct {
	t *testing.T
	r *Reader
	n uint64
}

func (l *told) at(minute float64, kind string, events ...router.Event) {
	l.t.Helper()
	l.n++
	c := &router.Commit{Schema: 1, N: l.n, At: dawn().Add(time.Duration(minute * float64(time.Minute))), Entries: []router.Entry{{Kind: kind, Actor: "x", Events: events}}}
	data, err := c.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.r.Read(data); err != nil {
		l.t.Fatal(err)
	}
}

func opened(id string, minute, due float64) router.ContactOpened {
	at := dawn().Add(time.Duration(minute * float64(time.Minute)))
	return router.ContactOpened{Policy: "p1", Contact: router.Contact{
		ID: id, Conversation: "v" + id, Customer: "k" + id, Channel: contact.Email, Promise: router.PromiseFirst, Start: at,
		Due: at.Add(time.Duration(due * float64(time.Minute))), Messages: []router.MsgRef{{ID: "m" + id, Ref: "r", ReceivedAt: at}},
	}}
}

func newTold(t *testing.T, b Bounds) *told {
	t.Helper()
	l := &told{t: t, r: NewReader(b)}
	l.at(0, "set_agent", router.AgentSet{Agent: router.AgentProfile{ID: "anna", Role: contact.RoleAgent}}, router.AgentSet{Agent: router.AgentProfile{ID: "ben", Role: contact.RoleAgent}})
	l.at(1, "set_presence", router.PresenceChanged{Agent: "anna", Presence: contact.Available, Cause: "self"})
	l.at(1, "activate", router.PolicyActivated{Version: "p1"})
	return l
}

func (l *told) answered(id, agent string, take, send, deliver float64) {
	l.at(take, "accept", router.Assigned{Contact: id, Agent: agent, Offer: "o" + id, By: agent})
	l.at(send, "send", router.ReplyQueued{Reply: router.Reply{ID: "r" + id, Kind: contact.Answer, Contact: id, Agent: agent}})
	l.at(deliver, "outcome", router.ContactEnded{Contact: id, End: router.EndReplied, Reply: "r" + id, By: agent})
}

// TestReaderReckonsWork holds two contacts at a time for a while, goes on a break, and
// compares with what was reckoned by hand.
func TestReaderReckonsWork(t *testing.T) {
	l := newTold(t, Bounds{})
	l.at(10, "receive", opened("a", 10, 60))
	l.at(11, "receive", opened("b", 11, 60))
	l.at(12, "tick", router.OfferMade{Offer: "oa", Contact: "a", Agent: "anna"}, router.OfferMade{Offer: "ob", Contact: "b", Agent: "anna"})
	l.at(13, "accept", router.Assigned{Contact: "a", Agent: "anna", Offer: "oa", By: "anna"})
	l.at(17, "accept", router.Assigned{Contact: "b", Agent: "anna", Offer: "ob", By: "anna"})
	l.at(20, "set_presence", router.PresenceChanged{Agent: "anna", Presence: contact.Away, Cause: "self"})
	l.at(30, "set_presence", router.PresenceChanged{Agent: "anna", Presence: contact.Available, Cause: "self"})
	l.at(33, "send", router.ReplyQueued{Reply: router.Reply{ID: "ra", Kind: contact.Answer, Contact: "a", Agent: "anna"}})
	l.at(34, "outcome", router.ContactEnded{Contact: "a", End: router.EndReplied, Reply: "ra", By: "anna"})
	l.at(40, "send", router.ReplyQueued{Reply: router.Reply{ID: "rb", Kind: contact.Answer, Contact: "b", Agent: "anna"}})
	l.at(40, "outcome", router.ContactEnded{Contact: "b", End: router.EndReplied, Reply: "rb", By: "anna"})
	l.at(50, "tick")
	h := l.r.History()
	a, b := h.Turns[0], h.Turns[1]
	// a: alone from 13 to 17, two in hand from 17 to 20 and from 30 to 33; b: two in hand
	// for the same 6 minutes, alone from 33 to 40.
	near(t, "a alone", a.AtOnce[0], 240)
	near(t, "a beside b", a.AtOnce[1], 360)
	near(t, "b alone", b.AtOnce[0], 420)
	near(t, "b beside a", b.AtOnce[1], 360)
	near(t, "the content of a, one after the other", a.content(0), 240+360/2)
	near(t, "the content of a, all at once", a.content(1), 600)
	near(t, "a's delivery", a.Delivery.Seconds(), 60)
	near(t, "at work", h.Present["anna"].Minutes(), 19+20)
	near(t, "with something in hand", h.Busy["anna"].Minutes(), 7+10)
	if len(h.Answers) != 2 || h.Answers[0].Fate != Accepted || h.Answers[0].After != time.Minute || h.Answers[1].After != 5*time.Minute {
		t.Errorf("the offers were answered %+v", h.Answers)
	}
	if wait, ok := a.Waited(); !ok || wait != 24*time.Minute {
		t.Errorf("a waited %v", wait)
	}
}

// TestReaderTellsTheEdges has contacts open at the beginning and at the end, and two
// policy sets in between.
func TestReaderTellsTheEdges(t *testing.T) {
	from, until := dawn().Add(30*time.Minute), dawn().Add(100*time.Minute)
	l := newTold(t, Bounds{From: from, Until: until})
	l.at(5, "receive", opened("long over", 5, 60))
	l.answered("long over", "anna", 6, 7, 8)
	l.at(10, "receive", opened("carried", 10, 60))
	l.at(31, "receive", opened("inside", 31, 60))
	l.answered("inside", "anna", 32, 35, 35)
	l.answered("carried", "anna", 36, 40, 40)
	l.at(41, "activate", router.PolicyActivated{Version: "p2"})
	two := opened("second set", 42, 60)
	two.Policy = "p2"
	l.at(42, "receive", two)
	l.at(43, "dispose", router.ContactEnded{Contact: "second set", End: router.EndDisposed, Disposition: contact.NoReplyNeeded, By: "ben"})
	late := opened("late", 44, 10)
	late.Policy = "p2"
	l.at(44, "receive", late)
	open := opened("not due", 90, 60)
	open.Policy = "p2"
	l.at(90, "receive", open)
	l.at(101, "receive", opened("behind", 101, 60))
	if !l.r.Ended() {
		t.Error("the end was not seen")
	}
	h := l.r.History()
	var ids, measured []string
	for _, turn := range h.Turns {
		ids = append(ids, turn.Contact)
		if turn.Measured {
			measured = append(measured, turn.Contact)
		}
	}
	if got := strings.Join(ids, ", "); got != "carried, inside, second set, late, not due" {
		t.Errorf("read were %s", got)
	}
	if got := strings.Join(measured, ", "); got != "inside, late, not due" {
		t.Errorf("measured are %s", got)
	}
	if h.Left.CarriedOver != 1 || h.Left.Disposed != 1 || h.Left.Open != 1 {
		t.Errorf("left are %+v", h.Left)
	}
	f := h.measure(h.happened(), h.due, h.Until)[inAll][""]
	if f.Contacts != 2 || f.InTime != 1 || f.Late != 1 {
		t.Errorf("what is late and open counts as late, what is not due doesn't count: %+v", f)
	}
	if len(h.Policies) != 2 || h.Policies[1].Version != "p2" || h.Policies[1].Contacts != 3 || h.Policies[0].Contacts != 1 {
		t.Errorf("the sets were %+v", h.Policies)
	}
	r := simulated(t, h, madeSet(t, 1, "60m"), nil)
	if notes := strings.Join(r.Notes, " "); !strings.Contains(notes, "2 policy sets decided in this time") || !strings.Contains(notes, "--since 2026-03-02T08:41:00Z") {
		t.Errorf("that two sets decided is not said: %s", notes)
	}
}

// TestReaderOutlivesAWrongClock: what was written while the clock was years ahead is no
// end of the log, and what follows is read and simulated.
func TestReaderOutlivesAWrongClock(t *testing.T) {
	end := dawn().Add(100 * time.Minute)
	l := newTold(t, Bounds{From: dawn(), Until: end, End: end})
	l.at(10, "receive", opened("before", 10, 60))
	l.at(2e6, "receive", opened("ahead", 11, 60))
	l.at(2e6+1, "accept", router.Assigned{Contact: "ahead", Agent: "anna", Offer: "oahead", By: "anna"})
	l.at(20, "receive", opened("behind", 20, 60))
	l.answered("before", "anna", 21, 25, 25)
	l.answered("behind", "anna", 26, 30, 30)
	l.at(31, "outcome", router.ContactEnded{Contact: "ahead", End: router.EndReplied, By: "anna"})
	l.at(100, "tick")
	if l.r.Ended() {
		t.Fatal("the log ends where the clock was wrong")
	}
	h := l.r.History()
	if len(h.Turns) != 3 || !h.Until.Equal(end) || h.Turns[1].Opened.After(end) || h.Present["anna"] > 100*time.Minute {
		t.Errorf("%d contacts until %s, the second opened %s, anna at work for %s", len(h.Turns), h.Until, h.Turns[1].Opened, h.Present["anna"])
	}
	if f := h.measure(h.happened(), h.due, h.Until)[inAll][""]; f.Contacts != 3 || f.InTime != 3 {
		t.Errorf("measured are %+v", f)
	}
	simulated(t, h, madeSet(t, 1, "60m"), nil)
}

// TestReaderRefusesTooMuch ends where a part of a log is too long.
func TestReaderRefusesTooMuch(t *testing.T) {
	l := newTold(t, Bounds{Most: 2})
	l.at(2, "receive", opened("a", 2, 9))
	l.at(3, "receive", opened("b", 3, 9))
	c := &router.Commit{Schema: 1, N: 9, At: dawn().Add(time.Hour), Entries: []router.Entry{{Events: router.Events{opened("c", 60, 9)}}}}
	if err := l.r.Commit(c); !errors.Is(err, ErrTooMany) || !strings.Contains(err.Error(), "--since") {
		t.Errorf("a third contact: %v", err)
	}
	if err := l.r.Read([]byte(`{"v":99,"n":10,"at":"2026-03-02T10:00:00Z","entries":[]}`)); !errors.Is(err, errNewer) {
		t.Errorf("a commit of a newer build: %v", err)
	}
}

// TestReaderPassesOverWhatCannotBeRead counts commits that are broken, and says so.
func TestReaderPassesOverWhatCannotBeRead(t *testing.T) {
	l := newTold(t, Bounds{})
	l.at(2, "receive", opened("a", 2, 9))
	for _, broken := range []string{"{", "", `{"v":1,"n":3}`, `{"v":1,"at":"2026-03-02T10:00:00Z","entries":[{"events":[{"type":"contact_opened","data":7}]}]}`} {
		if err := l.r.Read([]byte(broken)); err != nil {
			t.Errorf("%q ends the reading: %v", broken, err)
		}
	}
	l.answered("a", "anna", 3, 5, 5)
	h := l.r.History()
	if h.Left.Unreadable != 4 || len(h.Turns) != 1 {
		t.Errorf("%d commits were passed over, %d contacts are left", h.Left.Unreadable, len(h.Turns))
	}
	r := &Report{Left: h.Left}
	(&Simulation{History: h, Active: &Set{Set: madeSet(t, 4, "20m")}}).noted(r)
	if !strings.Contains(strings.Join(r.Notes, "\n"), "4 commits of the log could not be read") {
		t.Errorf("the notes are %q", r.Notes)
	}
}

// TestReaderPassesOldCommitsOver reads, of long before, who was there alone.
func TestReaderPassesOldCommitsOver(t *testing.T) {
	l := newTold(t, Bounds{From: dawn().Add(100 * 24 * time.Hour)})
	l.at(2, "receive", opened("old", 2, 9))
	l.at(101*24*60, "tick")
	h := l.r.History()
	if len(h.Turns) != 0 || len(h.Staff) != 2 || h.Staff[0].Agent != "anna" || h.Staff[0].Presence != contact.Available {
		t.Errorf("read were %d contacts and %+v", len(h.Turns), h.Staff)
	}
}

// TestChanges reads changes of staff, and refuses what is none.
func TestChanges(t *testing.T) {
	for text, want := range map[string]Change{"+2:german": {2, "german"}, "-1:anna@example.com": {-1, "anna@example.com"}, "+100: Anna B ": {100, "Anna B"}} {
		if got, err := ParseChange(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "2:german", "+0:german", "+101:german", "+2", "+2:", "+2: ", "german", "+x:german", "+99999999999:x"} {
		if got, err := ParseChange(text); err == nil || !strings.Contains(err.Error(), "write it like") {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
}

// TestNewcomersAreLikeThoseWhoWork adds somebody for what nobody can: they are like who
// works most, not like a supervisor who only looks on.
func TestNewcomersAreLikeThoseWhoWork(t *testing.T) {
	l := newTold(t, Bounds{})
	l.at(1, "set_presence", router.PresenceChanged{Agent: "ben", Presence: contact.Available, Cause: "self"})
	l.at(0, "set_agent", router.AgentSet{Agent: router.AgentProfile{ID: "zoe", Role: contact.RoleSupervisor}})
	l.at(0.5, "set_presence", router.PresenceChanged{Agent: "zoe", Presence: contact.Available, Cause: "self"})
	l.at(10, "receive", opened("a", 10, 60))
	l.answered("a", "ben", 11, 20, 20)
	s := &Simulation{History: l.r.History(), Staffing: []Change{{Number: 1, What: "italian"}}}
	staff, words, err := s.restaffed()
	if err != nil || len(words) != 1 || !strings.Contains(words[0], "1 more who works the hours of ben") || !strings.Contains(words[0], "Italian beside") {
		t.Errorf("%q, %v", words, err)
	}
	found := false
	for _, e := range staff {
		if e.Agent == newcomer+"1.001" && e.Profile != nil {
			found = len(e.Profile.Languages) == 1 && e.Profile.Languages[0] == "it" && e.Profile.ID == e.Agent
		}
	}
	if !found {
		t.Errorf("nobody came who speaks Italian: %+v", staff)
	}
	for _, change := range []Change{{1, "klingon"}, {-2, "anna"}, {-3, "german"}} {
		s.Staffing = []Change{change}
		if _, _, err := s.restaffed(); err == nil {
			t.Errorf("%+v is possible", change)
		}
	}
}
