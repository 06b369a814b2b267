package customers_test

import (
	"testing"

	"stagecoach/customers"
)

func TestNumber(t *testing.T) {
	for text, want := range map[string]string{
		"+49 30 1234567":        "+49301234567",
		"+49 (0)30 / 123-4567":  "+49301234567",
		"0049 30 123 45 67":     "+49301234567",
		" tel:+1-555-010-0999":  "+15550100999",
		"+49\u00a030\u20111234": "+49301234",
		"030 1234567":           "", // of which country?
		"+49":                   "",
		"+4930":                 "",
		"+0301234567":           "",
		"+1234567890123456":     "",
		"+49 30 12345 ext. 7":   "",
		"anna@example.org":      "",
		"49301234567":           "",
		"":                      "",
	} {
		got, ok := customers.Number(text)
		if got != want || ok != (want != "") {
			t.Errorf("Number(%q) is %q, %v; want %q", text, got, ok, want)
		}
	}
}
