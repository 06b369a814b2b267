package desk

import (
	"slices"
	"testing"
)

// TestShiftsAreReadAndWritten reads what people write, and back what it writes.
func TestShiftsAreReadAndWritten(t *testing.T) {
	t.Parallel()
	got, err := ParseShifts([]string{"Fri-Mon 09:00-17:30", "saturday 22:00-06:00", "tue 00:00-24:00"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"fri-mon 09:00-17:30", "sat 22:00-06:00", "tue 00:00-24:00",
	}
	texts := shiftTexts(got)
	if !slices.Equal(texts, want) {
		t.Errorf("got %v", texts)
	}
	again, err := ParseShifts(texts)
	if err != nil || !slices.Equal(again, got) {
		t.Errorf("again %v, %v", again, err)
	}
	for _, s := range got {
		if !s.Valid() {
			t.Errorf("%+v is none", s)
		}
	}
	week, err := ParseShifts([]string{"tue-mon 08:00-16:00"})
	if texts := shiftTexts(append(week, week...)); err != nil || !slices.Equal(texts, []string{"tue-mon 08:00-16:00", "tue-mon 08:00-16:00"}) {
		t.Errorf("a whole week, twice: %v, %v", texts, err)
	}
	for _, bad := range []string{"", "mon", "mo 09:00-17:00", "mon 9-17", "mon 24:00-25:00", "mon-xyz 09:00-17:00", "mon 09:00-17:00 late"} {
		if _, err := ParseShifts([]string{bad}); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
