package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"testing"
)

// TestSameSeedSameOutcome runs each rule twice on one day: everything that
// happens to every contact is the same, whatever the order of Go's maps.
func TestSameSeedSameOutcome(t *testing.T) {
	s, err := Load("testdata/06-blended-chat-email.json")
	if err != nil {
		t.Fatal(err)
	}
	arrivals, rules, times := s.Draw(3), Rules(), 3
	if raced {
		rules, times = []string{FIFO, Stagecoach}, 2
	}
	for _, rule := range rules {
		var first Result
		for range times {
			again, err := (&Runner{Scenario: s}).Day(t.Context(), rule, arrivals, 3)
			if err != nil {
				t.Fatal(err)
			}
			if first.Outcomes == nil {
				first = again
			}
			if !reflect.DeepEqual(first, again) {
				t.Errorf("%s: the same seed gave %+v and %+v", rule, first.Figures, again.Figures)
			}
		}
	}
}

// TestDrawnDaysStayTheSame holds the contacts of a seed to what they were when
// the figures were published: on any machine, by any later build.
func TestDrawnDaysStayTheSame(t *testing.T) {
	for file, want := range map[string]string{
		"01-balanced-85":        "e9b233a76d860856",
		"03-overload-115":       "f8b8ff4778144234",
		"05-rare-language":      "aa9151fcf0f03aaa",
		"06-blended-chat-email": "92ac8ad89bf6c15d",
	} {
		s, err := Load("testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		for _, a := range s.Draw(1) {
			fmt.Fprintf(h, "%d %.4f %.4f %.4f %d %d %s %.6f %d\n", a.ID, a.At, a.Visible, a.Due, a.Class, a.Tier, a.Channel, a.Size, a.Sticky)
		}
		if got := hex.EncodeToString(h.Sum(nil))[:16]; got != want {
			t.Errorf("%s: the contacts of seed 1 are %s, they were %s", file, got, want)
		}
	}
}
