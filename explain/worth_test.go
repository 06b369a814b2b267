package explain_test

import (
	"strings"
	"testing"
	"time"

	"stagecoach/customers"
	"stagecoach/explain"
)

func TestWorth(t *testing.T) {
	now := time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)
	given := customers.Facts{
		Value: 812 * customers.Micro, ValueSource: customers.FromImport, ValueAt: now.AddDate(0, 0, -9), Orders: 14, LastOrder: "2026-05-03",
		Since: "2020-05-12", OrdersSource: "import", TierRule: "gold",
	}
	stale := given
	stale.ValueSource, stale.Stale, stale.CRM = customers.FromCRM, true, customers.Given{Stale: true}
	made := given
	made.ValueSource, made.Value, made.Revenue = customers.FromOrders, 730*customers.Micro, 1200*customers.Micro
	made.Terms = customers.Terms{
		Recency: customers.Term{Points: 250 * customers.Micro, Of: 250 * customers.Micro}, Frequency: customers.Term{Points: 210 * customers.Micro, Of: 300 * customers.Micro},
		Money: customers.Term{Points: 90 * customers.Micro, Of: 150 * customers.Micro}, Tenure: customers.Term{Points: 180 * customers.Micro, Of: 300 * customers.Micro},
	}
	objects := given
	objects.Objected = true
	for _, c := range []struct {
		name   string
		facts  customers.Facts
		tier   string
		en, de string
	}{
		{
			"given", given, "gold",
			"Tier “gold”, at value 812 of 1,000: bought 14 times, last 9 days ago, customer for 6 years; source: import of 3 May.",
			"Stufe „gold“, bei Wert 812 von 1.000: 14 Käufe, zuletzt vor 9 Tagen, Kunde seit 6 Jahren; Quelle: Import vom 3. Mai.",
		},
		{
			"stale", stale, "",
			"No tier, at value 812 of 1,000: bought 14 times, last 9 days ago, customer for 6 years; source: CRM, 3 May.|The CRM could not be asked again: this is what it said last.",
			"Keine Stufe, bei Wert 812 von 1.000: 14 Käufe, zuletzt vor 9 Tagen, Kunde seit 6 Jahren; Quelle: CRM, 3. Mai.|Das CRM konnte nicht erneut gefragt werden: Das ist seine letzte Auskunft.",
		},
		{
			"made of orders", made, "silver",
			"Tier “silver”, at value 730 of 1,000: bought 14 times, last 9 days ago, customer for 6 years; source: orders in the import of 3 May.|Points: order last 9 days ago: 250 of 250; orders 14: 210 of 300; spent 1,200: 90 of 150; customer for 6 years: 180 of 300.",
			"Stufe „silver“, bei Wert 730 von 1.000: 14 Käufe, zuletzt vor 9 Tagen, Kunde seit 6 Jahren; Quelle: Käufe laut Import vom 3. Mai.|Punkte: Kauf zuletzt vor 9 Tagen: 250 von 250; Käufe 14: 210 von 300; Umsatz 1.200: 90 von 150; Kunde seit 6 Jahren: 180 von 300.",
		},
		{
			"objection", objects, "silver",
			"Tier “silver”, the one in the middle: the customer objects to being scored, which is respected and on record.",
			"Stufe „silver“, die mittlere: Der Kunde widerspricht einer Bewertung; das wird beachtet und ist vermerkt.",
		},
		{"nothing", customers.Facts{}, "", "", ""},
	} {
		for lang, want := range map[explain.Lang]string{explain.English: c.en, explain.German: c.de} {
			teller := &explain.Teller{Lang: lang, Now: now}
			if got := strings.Join(teller.Worth(&c.facts, c.tier, now), "|"); got != want {
				t.Errorf("%s, %s:\n got %s\nwant %s", c.name, lang, got, want)
			}
		}
	}
}
