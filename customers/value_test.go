package customers_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/customers"
)

var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

func scale() *customers.Scale {
	return &customers.Scale{
		Sources: []string{customers.FromCRM, customers.FromImport, customers.FromOrders}, Most: 50_000 * customers.Micro, StaleAfter: 400 * 24 * time.Hour,
		Recency:   customers.Measure{Weight: 25, Full: 30, None: 730},
		Frequency: customers.Measure{Weight: 30, Full: 20},
		Money:     customers.Measure{Weight: 15, Full: 2000 * customers.Micro},
		Tenure:    customers.Measure{Weight: 30, Full: 3650},
	}
}

func bought(orders int, revenue int64, last, since string) customers.Facts {
	return customers.Facts{Orders: orders, Revenue: revenue * customers.Micro, LastOrder: last, Since: since, OrdersSource: customers.FromImport, OrdersAt: noon}
}

func TestValueOfOrdersIsSumOfTerms(t *testing.T) {
	f := bought(14, 1200, "2026-05-03", "2020-05-12")
	scale().Value(&f, noon)
	want := customers.Terms{
		Recency:   customers.Term{Points: 250 * customers.Micro, Of: 250 * customers.Micro},
		Frequency: customers.Term{Points: 210 * customers.Micro, Of: 300 * customers.Micro},
		Money:     customers.Term{Points: 90 * customers.Micro, Of: 150 * customers.Micro},
		Tenure:    customers.Term{Points: 180_081_900, Of: 300 * customers.Micro},
	}
	if f.Terms != want {
		t.Errorf("terms are %+v, want %+v", f.Terms, want)
	}
	if f.Value != f.Terms.Sum() || f.Points() != 730 || f.ValueSource != customers.FromOrders || f.Stale {
		t.Errorf("value is %d (%d points) from %q, stale %v", f.Value, f.Points(), f.ValueSource, f.Stale)
	}
}

func TestLoyaltyCountsBesideRevenue(t *testing.T) {
	loyal := bought(18, 700, "2026-05-01", "2016-01-01")
	rich := bought(1, 90_000, "2026-05-01", "2026-05-01")
	scale().Value(&loyal, noon)
	scale().Value(&rich, noon)
	if loyal.Value <= rich.Value {
		t.Errorf("ten years and 18 orders are worth %d, one large order %d", loyal.Points(), rich.Points())
	}
}

func TestFirstSourceThatKnowsDecides(t *testing.T) {
	f := bought(20, 5000, "2026-05-12", "2010-01-01")
	f.Import = customers.Given{Amount: 25_000 * customers.Micro, At: noon.AddDate(-2, 0, 0)}
	scale().Value(&f, noon)
	if f.ValueSource != customers.FromImport || f.Points() != 500 || !f.Stale || f.Terms != (customers.Terms{}) {
		t.Errorf("of an old import: %d points from %q, stale %v, terms %+v", f.Points(), f.ValueSource, f.Stale, f.Terms)
	}
	f.CRM = customers.Given{Amount: 40_600 * customers.Micro, At: noon, Stale: true}
	scale().Value(&f, noon)
	if f.ValueSource != customers.FromCRM || f.Points() != 812 || !f.Stale {
		t.Errorf("of a CRM that is down: %d points from %q, stale %v", f.Points(), f.ValueSource, f.Stale)
	}
	f = customers.Facts{Since: "2010-01-01"}
	if scale().Value(&f, noon); f.Worth() || f.Value != 0 {
		t.Errorf("with nothing but a day: %d points from %q", f.Points(), f.ValueSource)
	}
}

func TestValueStaysInBoundsWhateverIsGiven(t *testing.T) {
	for _, amount := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e12, -1e12, math.MaxFloat64, -math.MaxFloat64, 0, 1e-300} {
		k := customers.KnownOf(&customers.Record{ID: "a", Values: []customers.Value{{Amount: amount, Source: customers.FromImport, At: noon}}})
		s := scale()
		s.Value(&k.Facts, noon)
		if k.Value < 0 || k.Points() > customers.MostPoints {
			t.Errorf("an import of %g is worth %d", amount, k.Value)
		}
		if math.IsNaN(amount) && k.Worth() {
			t.Error("what is no number is worth something")
		}
	}
}

func TestValueProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		measure := func(name string) customers.Measure {
			full := rapid.Int64Range(1, math.MaxInt32).Draw(t, name+" full")
			return customers.Measure{Weight: rapid.Int64Range(0, 100).Draw(t, name), Full: full, None: full + rapid.Int64Range(1, 4000).Draw(t, name+" none")}
		}
		s := &customers.Scale{
			Sources: []string{customers.FromOrders}, Most: rapid.Int64Range(1, math.MaxInt64).Draw(t, "most"),
			Recency: measure("recency"), Frequency: measure("frequency"), Money: measure("money"), Tenure: measure("tenure"),
		}
		day := func(name string) string {
			return noon.AddDate(0, 0, -rapid.IntRange(-100, 100_000).Draw(t, name)).Format(time.DateOnly)
		}
		f := customers.Facts{
			Orders: rapid.IntRange(-5, math.MaxInt32).Draw(t, "orders"), Revenue: rapid.Int64().Draw(t, "revenue"), LastOrder: day("last"), Since: day("since"),
			OrdersSource: "import", OrdersAt: noon,
		}
		s.Value(&f, noon)
		if f.Value < 0 || f.Value > customers.MostPoints*customers.Micro || f.Value != f.Terms.Sum() {
			t.Fatalf("value %d of terms %+v", f.Value, f.Terms)
		}
		more := f
		more.Orders, more.Revenue = min(f.Orders+1, math.MaxInt32), max(f.Revenue, f.Revenue+1)
		s.Value(&more, noon)
		if more.Value < f.Value {
			t.Fatalf("another order makes %d of %d", more.Value, f.Value)
		}
	})
}

func TestKnownOfJoinsRecordsOfOnePerson(t *testing.T) {
	k := customers.KnownOf(
		&customers.Record{
			ID: "a", Version: 3, Tags: []string{"vip"}, Since: "2020-02-02",
			Values:     []customers.Value{{Amount: 10, Source: customers.FromImport, At: noon.AddDate(0, -1, 0)}},
			Attributes: []customers.Attribute{{Name: "orders", Value: "3"}, {Name: "revenue", Value: "99,50"}, {Name: "last_order", Value: "2026-01-05"}},
			Fields:     []customers.FieldSource{{Field: "attributes", Source: customers.FromImport, At: noon}},
		},
		&customers.Record{
			ID: "b", External: "K-17", Tags: []string{"vip", "press"}, Since: "2018-03-04", Objection: &customers.Mark{At: noon},
			Values:      []customers.Value{{Amount: 20, Source: customers.FromImport, At: noon}},
			Orders:      &customers.Orders{Count: 4, Revenue: 100, First: "2019-01-01", Last: "2026-03-01", Source: customers.FromCRM, At: noon.Add(time.Hour)},
			Preferences: []customers.Preference{{Channel: "email", Source: "learnt", At: noon}, {Channel: "webchat", Source: "stated", At: noon.AddDate(-1, 0, 0)}},
		},
	)
	if k.Record != "a" || k.External != "K-17" || k.Since != "2018-03-04" || !k.Objected || k.Prefer != "webchat" || len(k.Tags) != 2 {
		t.Errorf("known: %+v", k)
	}
	if k.Import.Amount != 20*customers.Micro || k.Orders != 7 || k.Revenue != 199_500_000 || k.LastOrder != "2026-03-01" || k.FirstOrder != "2019-01-01" || k.OrdersSource != customers.FromCRM {
		t.Errorf("value and orders: %+v", k.Facts)
	}
}

// The CRM that is asked by two addresses of one customer tells of the same orders twice.
func TestOrdersOfOneCustomerCountOnce(t *testing.T) {
	of := func(count int, whose string, at time.Time) *customers.Record {
		return &customers.Record{ID: whose, Orders: &customers.Orders{Count: count, Revenue: 10, Source: customers.FromCRM, Whose: whose, At: at}}
	}
	for name, c := range map[string]struct {
		a, b *customers.Record
		want int
	}{
		"the same id, the newer counts": {of(5, "K-1", noon.Add(time.Hour)), of(4, "K-1", noon), 5},
		"the same id, the later one":    {of(4, "K-1", noon), of(5, "K-1", noon.Add(time.Hour)), 5},
		"two ids":                       {of(4, "K-1", noon), of(4, "K-2", noon), 8},
		"the same words without an id":  {of(4, "", noon), of(4, "", noon.Add(time.Hour)), 4},
		"other words without an id":     {of(4, "", noon), of(3, "", noon), 7},
		"one with an id":                {of(4, "K-1", noon), of(4, "", noon), 8},
	} {
		if k := customers.KnownOf(c.a, c.b); k.Orders != c.want {
			t.Errorf("%s: %d orders, want %d", name, k.Orders, c.want)
		}
	}
}

func TestCheckOrder(t *testing.T) {
	for _, ok := range [][2]string{{"orders", "14"}, {"revenue", "1234.5"}, {"revenue", "-12,5"}, {"last_order", "2026-05-03"}, {"last_order", "2026-05-03T10:00:00Z"}, {"colour", "1e"}, {"orders", " "}} {
		if err := customers.CheckOrder(ok[0], ok[1]); err != nil {
			t.Errorf("%s %q: %v", ok[0], ok[1], err)
		}
	}
	for _, bad := range [][2]string{{"orders", "14.5"}, {"orders", "-1"}, {"orders", "many"}, {"revenue", "NaN"}, {"revenue", "1e300"}, {"revenue", "1,234"}, {"revenue", "0x10"}, {"first_order", "03.05.2026"}, {"last_order", "2026-02-30"}} {
		if err := customers.CheckOrder(bad[0], bad[1]); err == nil {
			t.Errorf("%s %q is taken", bad[0], bad[1])
		}
	}
}
