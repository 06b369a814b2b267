package policies_test

import (
	"strings"
	"testing"
	"time"

	"stagecoach/policies"
)

const officeHours = "default: {first: 4h, calendar: office}\ncalendars:\n  - name: office\n    zone: Europe/Berlin\n    hours: [{days: [monday, tuesday, wednesday, thursday, friday], spans: ['09:00-17:00']}]\n"

// TestExpectedIsSaidAsPeopleDo writes the receipt on a Friday at two, promised by
// five.
func TestExpectedIsSaidAsPeopleDo(t *testing.T) {
	set, err := escalation(t, "acknowledgement:\n  send: first\n  texts:\n    - {language: en, text: 'By {due}. {expected}'}\n    - {language: de, text: 'Bis {due}. {expected}'}\n", officeHours)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 20, 13, 0, 0, 0, time.UTC)
	due := now.Add(3 * time.Hour)
	const usual, late = " At present an answer usually comes ", " It is busier than usual just now, and the answer may come later than promised: usually "
	for name, c := range map[string]struct {
		at   time.Time
		want string
	}{
		"not known":                {time.Time{}, ""},
		"over already":             {now.Add(-time.Minute), ""},
		"a moment":                 {now.Add(time.Second), usual + "within 5 minutes."},
		"seventeen minutes":        {now.Add(17 * time.Minute), usual + "within 20 minutes."},
		"fifty":                    {now.Add(50 * time.Minute), usual + "within about an hour."},
		"two hours and a bit":      {now.Add(125 * time.Minute), usual + "within about 3 hours."},
		"about what is promised":   {due.Add(10 * time.Minute), ""},
		"rounded past the promise": {due.Add(-30 * time.Second), usual + "within about 3 hours."},
		"on Monday":                {time.Date(2026, 11, 23, 10, 40, 0, 0, time.UTC), late + "by Monday 23 November, 12:00 (CET)."},
	} {
		got := set.AcknowledgementText("en", policies.Facts{}, policies.Times{Now: now, Due: due, Expected: c.at}, time.UTC)
		if want := "By Friday 20 November, 17:00 (CET)." + c.want; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	monday := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)
	at := policies.Times{Now: now, Due: monday, Expected: time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC)}
	if got := set.AcknowledgementText("de", policies.Facts{}, at, time.UTC); !strings.HasSuffix(got, "Zurzeit kommt eine Antwort meist bis Montag, 23. November, 09:30 Uhr (CET).") {
		t.Errorf("over the week-end: %q", got)
	}
	at = policies.Times{Now: now, Due: now.Add(time.Hour), Expected: now.Add(150 * time.Minute)}
	if got := set.AcknowledgementText("de", policies.Facts{}, at, time.UTC); !strings.HasSuffix(got, "später kommen als zugesagt: meist innerhalb von etwa 3 Stunden.") {
		t.Errorf("later than promised: %q", got)
	}
}

// TestExpectedHasWordsInEveryLanguage writes what is built in, with and without a
// time.
func TestExpectedHasWordsInEveryLanguage(t *testing.T) {
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for _, language := range policies.Languages() {
		write := func(expected time.Duration) string {
			at := policies.Times{Now: now, Due: now.Add(8 * time.Hour)}
			if expected > 0 {
				at.Expected = now.Add(expected)
			}
			text := set.AcknowledgementText(language, policies.Facts{}, at, time.UTC)
			if strings.ContainsAny(text, "{}%") || strings.Contains(text, " \n") || strings.Contains(text, "  ") || strings.Contains(text, "\n\n\n") {
				t.Errorf("%s: it reads %q", language, text)
			}
			return text
		}
		none := write(0)
		for expected, want := range map[time.Duration]string{18 * time.Minute: " 20 ", 50 * time.Minute: "", 3 * time.Hour: " 3 ", 24 * time.Hour: "24"} {
			text := write(expected)
			if len(text) < len(none)+20 || !strings.Contains(text, want) || seen[text] {
				t.Errorf("%s: with %s it says %q", language, expected, text)
			}
			seen[text] = true
		}
	}
}

// TestNothingExpectedLeavesNoGap has the place stand everywhere in a text.
func TestNothingExpectedLeavesNoGap(t *testing.T) {
	for text, want := range map[string]string{
		"Thanks. {expected} Bye.":            "Thanks. Bye.",
		"{expected} Bye.":                    "Bye.",
		"Thanks. {expected}":                 "Thanks.",
		"Thanks.\\n\\n{expected}\\n\\nBye.":  "Thanks.\n\nBye.",
		"{expected}\\n\\nBye.":               "Bye.",
		"Thanks.\\n\\n{expected}\\n":         "Thanks.\n",
		"Thanks. {expected}\\n\\n\\nAs set.": "Thanks.\n\n\nAs set.",
	} {
		set, err := escalation(t, "acknowledgement:\n  texts:\n    - {language: en, text: \""+text+"\"}\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := set.AcknowledgementText("en", policies.Facts{}, policies.Times{}, time.UTC); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
