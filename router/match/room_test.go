package match_test

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// office is one group of mails and one of letters, which take three times as much.
func office() (*match.Waiting, *match.Roster) {
	w := match.NewWaiting()
	w.Use("office", func(ch contact.Channel) int {
		if ch == contact.Letter {
			return 60
		}
		return 20
	})
	return w, match.NewRoster(w)
}

func waits(w *match.Waiting, id string, ch contact.Channel, start time.Time, target time.Duration, cool map[string]time.Time) {
	d := match.Demand{Channel: ch, ReplyChannel: ch}
	tr := match.Traits{Value: match.Micro, Target: target, Handling: 10 * time.Minute}
	w.Add(&d, &tr, &match.Head{Contact: id, Start: start, Due: start.Add(target), Need: match.NewNeed(d, &tr), Cool: cool})
}

// given makes all pairs that can be made, and gives the contacts with their lanes.
func given(w *match.Waiting, r *match.Roster, now time.Time) string {
	out := ""
	match.Fair{Params: match.DefaultParams()}.Match(w, r, now, func(p *match.Pick) bool {
		out += p.Contact + " " + string(p.Why.Lane) + ";"
		a := r.Find(p.Why.Winner.Agent)
		w.Remove(p.Contact)
		a.Room -= p.Units
		r.Put(a, true)
		return true
	})
	return out
}

// TestRoomIsMadeBesideTheHeadroom has a letter past its guard, which fits only
// beside less than the headroom leaves: mails don't take its room.
func TestRoomIsMadeBesideTheHeadroom(t *testing.T) {
	for _, at := range []struct {
		room int
		want string
	}{{40, ""}, {60, ""}, {80, "letter guard;"}} {
		w, r := office()
		waits(w, "letter", contact.Letter, nine.Add(-9*time.Hour), time.Hour, nil)
		waits(w, "mail", contact.Email, nine, time.Hour, nil)
		a := &match.Agent{ID: "anna", Capacity: 100, Room: at.room, Credit: match.Micro, Limits: &match.Limits{Headroom: 20}}
		r.Put(a, true)
		if got := given(w, r, nine); got != at.want {
			t.Errorf("with room for %d units: %q", at.room, got)
		}
	}
	w, r := office()
	waits(w, "letter", contact.Letter, nine.Add(-9*time.Hour), time.Hour, nil)
	waits(w, "mail", contact.Email, nine, time.Hour, nil)
	r.Put(&match.Agent{ID: "anna", Capacity: 70, Room: 50, Credit: match.Micro, Limits: &match.Limits{Headroom: 20}}, true)
	if got := given(w, r, nine); got != "mail savable;" {
		t.Errorf("room is made for what will never fit: %q", got)
	}
}

// TestWhoIsAboveTheirCapacityTakesWhatCountsBeside has an agent come back who
// holds more than they should, but may have interruptible work beside it.
func TestWhoIsAboveTheirCapacityTakesWhatCountsBeside(t *testing.T) {
	w, r := office()
	a := &match.Agent{
		ID: "anna", Capacity: 100, Room: -2, Spare: 40,
		Limits: &match.Limits{Beside: 40, Channels: []match.ChannelLimit{{Channel: contact.Email, Interruptible: true}}},
	}
	r.Put(a, false)
	waits(w, "mail", contact.Email, nine, time.Hour, nil)
	given(w, r, nine)
	r.Put(a, true)
	if got := given(w, r, nine); got != "mail savable;" {
		t.Errorf("given: %q", got)
	}
}

// TestTurnsAreForThosePastTheirGuard passes over the first of a group, who has
// been declined: the second is late, but no turn is owed to it yet.
func TestTurnsAreForThosePastTheirGuard(t *testing.T) {
	w, r := office()
	waits(w, "declined", contact.Email, nine.Add(-9*time.Hour), time.Hour, map[string]time.Time{"anna": nine.Add(time.Minute)})
	waits(w, "late", contact.Email, nine.Add(-90*time.Minute), time.Hour, nil)
	r.Put(&match.Agent{ID: "anna", Capacity: 20, Room: 20, Credit: match.Micro}, true)
	if got := given(w, r, nine); got != "late lost;" {
		t.Errorf("given: %q", got)
	}
}
