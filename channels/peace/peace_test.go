package peace_test

import (
	"strings"
	"testing"

	"stagecoach/channels/peace"
)

func TestAsked(t *testing.T) {
	for profile, want := range map[string]bool{
		"":                                   false,
		"I build #robots, no botany":         false,
		"nobot is a word, #nobotany another": false,
		"tea. #NoBot":                        true,
		"#no_bots!":                          true,
		"#no-bot":                            true,
		"＃ＮｏＢｏｔ":                             true, // as a keyboard for Japanese writes it
		"(#noAds)":                           true,
		"Cats; no bots, please":              true,
		"No Brands.":                         true,
		"please don’t contact me":            true,
		"please don't contact me":            true,
		"Bitte keine Werbung":                true,
		"we sell no adsorbents":              false,
		strings.Repeat("long ", 10_000):      false,
	} {
		if got := peace.Asked("Anna", profile); got != want {
			t.Errorf("%.60q: %v", profile, got)
		}
	}
	if !peace.Asked("Anna #nobot", "tea") {
		t.Error("a name isn't looked at")
	}
}
