package policies_test

import (
	"math"
	"testing"
	"time"

	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router/match"
)

var came = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

func said(amount float64) customers.Known {
	return customers.KnownOf(&customers.Record{ID: "a", Values: []customers.Value{{Amount: amount, Source: customers.FromImport, At: came}}})
}

const threeTiers = `version: 1
tiers:
  - {name: press, value: 3, when: '"press" in customer.tags'}
  - {name: gold, value: 6, when: customer.value >= 800}
  - {name: silver, value: 2, when: customer.value >= 400 || customer.attr("segment") == "B" || customer.tenure > 3650}
  - {name: bronze, value: 1, when: customer.known && !customer.stale && customer.orders >= 1 && customer.last_order <= 90 && customer.revenue > 10 && customer.external.startsWith("K-")}
`

func TestTiersByWhatIsKnown(t *testing.T) {
	set := load(t, map[string]string{"customers.yaml": threeTiers})
	old := said(900)
	old.Import.Stale = true
	bought := customers.KnownOf(&customers.Record{External: "K-17", Orders: &customers.Orders{Count: 1, Revenue: 20, Last: "2026-05-01", Source: "import", At: came}})
	for name, c := range map[string]struct {
		known       customers.Known
		tier, rule  string
		points      int64
		source      string
		contactTier string
	}{
		"nothing known":      {known: customers.Known{}},
		"given":              {known: said(812), tier: "gold", rule: "gold", points: 812, source: "import"},
		"less":               {known: said(400), tier: "silver", rule: "silver", points: 400, source: "import"},
		"stale is used":      {known: old, tier: "gold", rule: "gold", points: 900, source: "import"},
		"tag":                {known: customers.Known{Tags: []string{"x", "press"}}, tier: "press", rule: "press"},
		"attribute":          {known: customers.Known{Attributes: []customers.Attribute{{Name: "segment", Value: "B"}}}, tier: "silver", rule: "silver"},
		"tenure":             {known: customers.KnownOf(&customers.Record{Since: "2010-01-01"}), tier: "silver", rule: "silver"},
		"orders":             {known: bought, tier: "bronze", rule: "bronze", points: 267, source: "orders"},
		"given by somebody":  {known: said(900), contactTier: "silver", tier: "silver", rule: customers.RuleGiven, points: 900, source: "import"},
		"more than anything": {known: said(1e12), tier: "gold", rule: "gold", points: 1000, source: "import"},
		"less than nothing":  {known: said(-1e12), source: "import"},
		"no number":          {known: said(math.NaN())},
	} {
		got := set.Classify(policies.ClassifyInput{Channel: "email", Text: "hello", At: came, Customer: c.known, Tier: c.contactTier})
		if got.Tier != c.tier || got.Known.TierRule != c.rule || got.Known.Points() != c.points || got.Known.ValueSource != c.source {
			t.Errorf("%s: tier %q by %q, %d points from %q; want %q by %q, %d from %q", name, got.Tier, got.Known.TierRule, got.Known.Points(), got.Known.ValueSource, c.tier, c.rule, c.points, c.source)
		}
		if v := set.TierValue(got.Tier); v < match.Micro/10 || v > 6*match.Micro {
			t.Errorf("%s: a promise to them is worth %d", name, v)
		}
	}
}

func TestObjectionIsRespected(t *testing.T) {
	objects := said(1000)
	objects.Objected, objects.Orders, objects.OrdersSource, objects.LastOrder, objects.Since = true, 40, "import", "2026-05-11", "1999-01-01"
	for file, want := range map[string]string{
		threeTiers: "silver",
		"version: 1\ntiers:\n  - {name: gold, value: 6, when: customer.value >= 800}\n":                                                                               "",
		"version: 1\ntiers:\n  - {name: gold, value: 6, when: customer.value >= 800}\n  - {name: silver, value: 2, when: customer.value >= 400}\n":                    "silver",
		"version: 1\ntiers:\n  - {name: low, value: 0.5, when: customer.value < 100}\n  - {name: b, value: 3, when: customer.tenure > 10}\n  - {name: c, value: 2}\n": "c",
		"version: 1\n": "",
	} {
		set := load(t, map[string]string{"customers.yaml": file, "classes.yaml": `version: 1
classes:
  - {name: scored, when: customer.value > 0 || customer.known || customer.orders > 0 || customer.last_order < 99999 || customer.tenure > 0 || customer.revenue > 0}
  - {name: objects, when: customer.objected}
`})
		got := set.Classify(policies.ClassifyInput{Channel: "email", Text: "hello", At: came, Customer: objects, Tier: "gold"})
		if got.Tier != want || got.Known.TierRule != customers.RuleObjection || got.Known.Value != 0 || got.Known.ValueSource != "" {
			t.Errorf("of %q: tier %q by %q, value %d; want %q", file, got.Tier, got.Known.TierRule, got.Known.Value, want)
		}
		if got.Class != "objects" {
			t.Errorf("conditions see by %q what they are worth", got.Rule)
		}
		none := load(t, map[string]string{"customers.yaml": file, "privacy.yaml": "version: 1\nobjection: none\n"})
		if got := none.Classify(policies.ClassifyInput{Channel: "email", At: came, Customer: objects}); got.Tier != "" {
			t.Errorf("of %q without the middle: tier %q", file, got.Tier)
		}
	}
}

func TestPromisesAskForTheValue(t *testing.T) {
	set := load(t, map[string]string{"sla.yaml": "version: 1\npromises:\n  - {name: best, when: customer.value >= 900, first: 1h}\n"})
	for value, want := range map[int64]string{0: "default", 899: "default", 900: "best"} {
		if got := set.Promise(policies.Facts{Channel: "email", Value: value}).Name; got != want {
			t.Errorf("a value of %d is promised by %q, want %q", value, got, want)
		}
	}
}
