package sim

import (
	"reflect"
	"strings"
	"testing"

	"stagecoach/router/match"
)

// run simulates a day of the small scenario under every rule, and fails the test
// where one of them gives other counts.
func run(t *testing.T, s *Scenario, arrivals []Arrival) (figures Figures, lacks []Lack) {
	t.Helper()
	still := match.DefaultParams()
	still.Reserve = 0 // what is held back may miss the end of a shift
	for i, rule := range Rules() {
		day, err := (&Runner{Scenario: s, Tuning: &still}).Day(t.Context(), rule, arrivals, 1)
		if err != nil {
			t.Fatal(err)
		}
		f, l := day.Figures, s.Lacks(day.Arrivals, day.Outcomes)
		if i > 0 && (f.Contacts != figures.Contacts || f.Unanswered != figures.Unanswered || !reflect.DeepEqual(l, lacks)) {
			t.Errorf("%s: %+v %v, by %s %+v %v", rule, f, l, figures.Rule, figures, lacks)
		}
		if f.Occupancy < 0 || f.Occupancy > 1 || f.Gini < 0 || f.Gini > 1 || f.SLA < 0 || f.SLA > 1 {
			t.Errorf("%s: %+v", rule, f)
		}
		figures, lacks = f, l
	}
	return figures, lacks
}

// TestWhatNobodyCanTakeIsNamed: contacts of a class that nobody can take end
// unanswered, and who would be needed is said.
func TestWhatNobodyCanTakeIsNamed(t *testing.T) {
	for _, c := range []struct {
		changes []string
		all     bool
		want    string
	}{
		{[]string{`"lang": "en"`, `"lang": "fi"`}, true, "each needs billing at level 2 or higher, and the language fi; nobody speaks it"},
		{[]string{`"relax_after_frac": 0.5`, `"relax_after_frac": 0`, `"billing": 4`, `"billing": 1`}, true, "those who speak it have level 1 at most"},
		{[]string{`"relax_after_frac": 0.5`, `"relax_after_frac": 0`, `"billing": 4`, `"tax": 4`}, true, "of those who speak it nobody has the skill: teach it to all"},
		{[]string{`"shift_h": [0, 8]`, `"shift_h": [0, 4]`}, false, "the last shift of those who may take them"},
	} {
		s := small(t, c.changes...)
		f, lacks := run(t, s, s.Draw(1))
		if f.Contacts == 0 || f.Unanswered == 0 || (f.Unanswered == f.Contacts) != c.all {
			t.Errorf("%v: %+v", c.changes, f)
		}
		n, why := 0, ""
		for _, l := range lacks {
			n += l.Contacts
			why += l.Why + "\n"
		}
		if n != f.Unanswered || !strings.Contains(why, c.want) {
			t.Errorf("%v: %+v", c.changes, lacks)
		}
		if c.all && len(s.Warnings) != 1 {
			t.Errorf("%v: warned of %v", c.changes, s.Warnings)
		}
	}
}

// TestOddDays: days that have hardly anything in them, or too much, end.
func TestOddDays(t *testing.T) {
	nothing := small(t, `"load": 0.5`, `"load": 0`)
	if f, lacks := run(t, nothing, nothing.Draw(1)); f.Contacts != 0 || f.SLA != 1 || f.Tiers["vip"] != 1 || f.Occupancy != 0 || len(lacks) > 0 {
		t.Errorf("no contacts: %+v", f)
	}
	if f := Mean(nil); f.SLA != 1 || f.Seeds != 0 {
		t.Errorf("no days: %+v", f)
	}
	silent := small(t, `"decline": 0.03`, `"decline": 0.5`, `"no_answer": 0.02`, `"no_answer": 0.5`, `"timeout_s": 30`, `"timeout_s": 0`, `"not_ready_s": 60`, `"not_ready_s": 0`)
	if f, _ := run(t, silent, silent.Draw(^uint64(0))); f.Unanswered != 0 || f.Contacts == 0 {
		t.Errorf("all decline or say nothing: %+v", f)
	}
	slow := small(t, `"email": 600`, `"email": 1000000`)
	var years []Arrival
	for i := range 6 {
		years = append(years, Arrival{ID: i, At: 1, Visible: 1, Due: 3601, Channel: "email", Size: 2, Sticky: -1})
	}
	if f, lacks := run(t, slow, years); f.Unanswered != 3 || lacks[0].Why != "whoever may take them had no time within 30 days" {
		t.Errorf("work for weeks: %+v %v", f, lacks)
	}
}

// TestContactsOfAFileNeedNoOrder: ids may be any, and what is in a file wins over
// the window.
func TestContactsOfAFileNeedNoOrder(t *testing.T) {
	s := small(t)
	arrivals, err := s.ReadContacts("x.csv", strings.NewReader(strings.Join(columns(), ",")+`
900000000,40000,40000,billing,vip,email,43600,1,-1
-7,1,1,billing,vip,chat,41,1,2
5,1,600,billing,standard,chat,91,10000,-1
`))
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := run(t, s, arrivals); f.Contacts != 3 || f.Unanswered != 0 || f.MaxLate < 509 {
		t.Errorf("%+v", f)
	}
}

// TestBusyShares: an agent who works half of an eight hours' shift is half busy,
// and overtime counts on both sides.
func TestBusyShares(t *testing.T) {
	s := small(t, `"count": 3`, `"count": 2`, `"billing": 4`, `"billing": 5`)
	s.Offer = Offer{TimeoutS: 30}
	half := []Arrival{{At: 0, Due: 1e6, Class: 0, Channel: "email", Size: 24, Sticky: -1}}
	f, err := (&Runner{Scenario: s}).Run(t.Context(), FIFO, half, 1)
	if err != nil || rounded(f.Occupancy, 6) != 0.25 || rounded(f.Gini, 6) != 0.5 {
		t.Errorf("4 of 8 hours by one of two: %+v, %v", f, err)
	}
	late := []Arrival{{At: 14400, Visible: 14400, Due: 1e6, Channel: "email", Size: 48, Sticky: -1}, {ID: 1, At: 14400, Visible: 14400, Due: 1e6, Channel: "email", Size: 48, Sticky: -1}}
	f, err = (&Runner{Scenario: s}).Run(t.Context(), FIFO, late, 1)
	if err != nil || rounded(f.Occupancy, 4) != rounded(8.0/12, 4) || f.Gini > 1e-9 {
		t.Errorf("8 hours from the fourth on: %+v, %v", f, err)
	}
	chat := []Arrival{{At: 0, Due: 1e6, Channel: "chat", Size: 48, Sticky: -1}}
	f, err = (&Runner{Scenario: s}).Run(t.Context(), FIFO, chat, 1)
	if err != nil || rounded(f.Occupancy, 4) != 0.25 || f.MeanWait > 16 {
		t.Errorf("a chat of four hours goes on behind its first words: %+v, %v", f, err)
	}
}
