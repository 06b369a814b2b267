package crm_test

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/customers"
	"stagecoach/customers/crm"
)

// TestListAfterCRM: what the list says of a field is not lost when the CRM answers again,
// whichever came first; what the CRM alone said goes when it says it no more.
func TestListAfterCRM(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
	rec := &customers.Record{ID: "c"}
	told := func(has ...customers.Attribute) {
		at = at.Add(time.Hour)
		(&crm.Answer{Attributes: has, Language: "de", Tags: []string{"vip"}}).Apply(rec, at)
	}
	want := func(when, want string) {
		t.Helper()
		got := rec.Language + fmt.Sprint(rec.Tags)
		for _, a := range rec.Attributes {
			from, ok := rec.SourceOf(customers.AttributeField(a.Name))
			if !ok {
				t.Errorf("%s: nobody knows where %s is from", when, a.Name)
			}
			got += fmt.Sprintf(" %s=%s (%s)", a.Name, a.Value, from.Source)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	told(customers.Attribute{Name: "segment", Value: "A"}, customers.Attribute{Name: "shop", Value: "7"})
	want("the CRM first", "de[vip] segment=A (crm) shop=7 (crm)")
	row := customers.Row{External: "K-1", Language: "de", Tags: []string{"vip"}, Attributes: []customers.Attribute{{Name: "segment", Value: "A"}, {Name: "revenue", Value: "12"}}}
	if err := rec.Take(&row, at, func(a, b customers.Identity) bool { return a == b }); err != nil {
		t.Fatal(err)
	}
	told(customers.Attribute{Name: "segment", Value: "B"}, customers.Attribute{Name: "size", Value: "L"})
	want("then the list", "de[vip] segment=A (import) revenue=12 (import) size=L (crm)")
	(&crm.Answer{}).Apply(rec, at.Add(time.Hour))
	want("the CRM has nothing", "de[vip] segment=A (import) revenue=12 (import)")

	rec = &customers.Record{
		Attributes: []customers.Attribute{{Name: "old", Value: "1"}}, Fields: []customers.FieldSource{{Field: "attributes", Source: customers.FromCRM, At: at}},
	}
	(&crm.Answer{Attributes: []customers.Attribute{{Name: "new", Value: "2"}}}).Apply(rec, at)
	want("as earlier versions wrote it", "[] new=2 (crm)")
}
