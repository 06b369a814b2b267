package policies_test

import (
	"strings"
	"testing"

	"stagecoach/policies"
)

const phrasesSet = `version: 1
phrases:
  - name: invoices
    en: [invoice, charged twice]
    de: [Rechnung, Überweisung, doppelt abgebucht]
    exact: [facture]
  - name: leaving
    en: [cancel, switch provider]
    de: [kündigen, Kündigung, liefern, "Abo*"]
classes:
  - {name: both, when: 'contact.mentions("invoices") && contact.mentions("leaving")'}
  - {name: invoices, when: contact.mentions("invoices")}
  - {name: leaving, when: 'contact.channel == "slack" || contact.mentions("leaving")'}
`

func TestPhrases(t *testing.T) {
	set, err := policies.LoadFiles("test", map[string][]byte{"classes.yaml": []byte(phrasesSet)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"Where is my INVOICE?", "invoices"},
		{"two invoices, please", "invoices"},
		{"your invoicing is odd", "invoices"},
		{"I was charged twice!", "invoices"},
		{"You are charging twice", "invoices"},
		{"charged me twice", "general"},
		{"une facture", "invoices"},
		{"des factures", "general"}, // exact
		{"Wo sind die Rechnungen?", "invoices"},
		{"meine Rechnungsnummer fehlt", "invoices"},
		{"Die Stromrechnung ist falsch", "invoices"},
		{"zwei Stromrechnungen", "invoices"},
		{"nach meiner Berechnung", "general"},
		{"Ihre UEBERWEISUNG", "invoices"},
		{"Ihre überweisungen", "invoices"},
		{"es wurde doppelt abgebucht.", "invoices"},
		{"doppelt, abgebucht", "invoices"},
		{"I cancelled last week", "leaving"},
		{"cancellation, please", "leaving"},
		{"we are switching providers", "leaving"},
		{"hiermit kuendige ich", "leaving"},
		{"ich möchte kündigen", "leaving"},
		{"Sie haben nicht geliefert, wann liefert ihr?", "leaving"},
		{"das Kind lief weg", "general"},
		{"mein Abonnement", "leaving"},
		{"Kündigung, und die Rechnung fehlt", "both"},
		{"", "general"},
		{strings.Repeat("nothing of that ", 5000) + "invoice", "general"}, // beyond 64 KiB
	} {
		if got := set.Classify(policies.ClassifyInput{Text: c.text}); got.Class != c.want {
			t.Errorf("%.60q: got %q, want %q", c.text, got.Class, c.want)
		}
	}
	if got := set.Classify(policies.ClassifyInput{Subject: "Rechnung 4711"}); got.Class != "invoices" {
		t.Errorf("in the subject: got %q", got.Class)
	}
}

func FuzzPhrases(f *testing.F) {
	set, err := policies.LoadFiles("test", map[string][]byte{"classes.yaml": []byte(phrasesSet)})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"Rechnung", "Stromrechnung äe ß", "\xff\xfe", "charged", "ſtraße İ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if set.Classify(policies.ClassifyInput{Text: text}).Class == "" {
			t.Error("no class")
		}
	})
}
