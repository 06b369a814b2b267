package policies_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

func escalation(t *testing.T, text string, more ...string) (*policies.Set, error) {
	t.Helper()
	files := map[string][]byte{"escalation.yaml": []byte("version: 1\n" + text)}
	for _, sla := range more {
		files["sla.yaml"] = []byte("version: 1\n" + sla)
	}
	return policies.LoadFiles("mine", files)
}

func TestAcknowledgementIsOffByDefault(t *testing.T) {
	set, err := policies.Default()
	if err != nil {
		t.Fatal(err)
	}
	if a := set.Acknowledgement(contact.Email); a.First || a.Later || a.Every != time.Hour || a.Budget != 3 {
		t.Errorf("by default it is %+v", a)
	}
	due := time.Date(2026, 11, 23, 13, 30, 0, 0, time.UTC)
	for _, language := range append(policies.Languages(), "", "zh") {
		text := set.AcknowledgementText(language, policies.Facts{}, policies.Times{Due: due}, time.UTC)
		if !strings.Contains(text, "13:30") || !strings.Contains(text, "23") || strings.Contains(text, "{") || len(text) < 100 {
			t.Errorf("%q: %s", language, text)
		}
	}
	if set.AcknowledgementText("zh", policies.Facts{}, policies.Times{Due: due}, time.UTC) != set.AcknowledgementText("en", policies.Facts{}, policies.Times{Due: due}, time.UTC) {
		t.Error("a language without a text gets none")
	}
}

func TestAcknowledgementTellsTheTimeOfTheCalendar(t *testing.T) {
	set, err := escalation(t, "acknowledgement:\n  send: first\n  texts:\n    - {language: en, text: 'By {due}.'}\n    - {language: de, text: 'Bis {due}.'}\n",
		"default: {first: 4h, calendar: office}\ncalendars:\n  - name: office\n    zone: Europe/Berlin\n    hours: [{days: [monday], spans: ['09:00-17:00']}]\n")
	if err != nil {
		t.Fatal(err)
	}
	due := time.Date(2026, 11, 23, 13, 30, 0, 0, time.UTC)
	for language, want := range map[string]string{
		"en": "By Monday 23 November, 14:30 (CET).", "de": "Bis Montag, 23. November, 14:30 Uhr (CET).", "fr": "By Monday 23 November, 14:30 (CET).",
	} {
		if got := set.AcknowledgementText(language, policies.Facts{}, policies.Times{Due: due}, time.UTC); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if a := set.Acknowledgement(contact.Email); !a.First || a.Later {
		t.Errorf("it is %+v", a)
	}
	if a := set.Acknowledgement(contact.WebChat); a.First {
		t.Error("a channel that isn't named gets one")
	}
	other, err := escalation(t, "acknowledgement:\n  send: first\n")
	if err != nil || other.Version == set.Version {
		t.Errorf("the text is no part of the version: %v", err)
	}
}

func TestAcknowledgementIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"acknowledgement: {send: sometimes}":                                             "never",
		"acknowledgement: {sendd: first}":                                                "send",
		"acknowledgement: {send: first, every: 1s}":                                      "acknowledgement.every",
		"acknowledgement: {send: first, every: 32d}":                                     "acknowledgement.every",
		"acknowledgement: {send: first, budget: 0}":                                      "acknowledgement.budget",
		"acknowledgement: {channels: [pigeon]}":                                          "email",
		"acknowledgement: {texts: [{language: en, text: 'by {dew}'}]}":                   "{due} and {expected} are the only ones",
		"acknowledgement: {texts: [{language: en, text: ' {expected} '}]}":               "empty",
		"acknowledgement: {texts: [{language: en}]}":                                     "text",
		"acknowledgement: {texts: [{language: en, text: ' '}]}":                          "empty",
		"acknowledgement: {texts: [{language: xx, text: a}]}":                            "de",
		"acknowledgement: {send: first, language: en, texts: [{language: de, text: a}]}": "no text in \"en\"",
		"acknowledgement: {texts: [{language: en, text: a}, {language: en, text: b}]}":   "there is a text",
	} {
		_, err := escalation(t, text+"\n")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "escalation.yaml:") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestTimesAreWritten(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	got := []string{}
	for _, language := range policies.Languages() {
		got = append(got, policies.WriteTime(at, language))
	}
	want := []string{
		"Sonntag, 1. März, 09:05 Uhr (UTC)", "Sunday 1 March, 09:05 (UTC)", "domingo 1 de marzo a las 09:05 (UTC)",
		"dimanche 1 mars à 09:05 (UTC)", "domenica 1 marzo alle 09:05 (UTC)", "zondag 1 maart om 09:05 uur (UTC)", "niedziela, 1 marca, godz. 09:05 (UTC)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
