package load

import (
	"testing"
	"time"
)

// TestOrdersAreReadAsOtherColumns has numbers and days of orders come in as the columns
// value and customer_since do.
func TestOrdersAreReadAsOtherColumns(t *testing.T) {
	c := &checker{now: time.Date(2026, 5, 12, 0, 0, 0, 0, time.UTC)}
	for in, want := range map[[2]string]string{
		{"orders", "14"}: "14", {"revenue", "1.840,50"}: "1840.5", {"revenue", "-3.5"}: "-3.5",
		{"last_order", "03.05.2026"}: "2026-05-03", {"first_order", "2020-05-12"}: "2020-05-12", {"segment", "1,234"}: "1,234",
	} {
		if got, err := c.order(in[0], in[1]); err != nil || got != want {
			t.Errorf("%s %q is %q, %v; want %q", in[0], in[1], got, err, want)
		}
	}
	for _, bad := range [][2]string{{"orders", "1.5"}, {"orders", "-1"}, {"orders", "many"}, {"revenue", "NaN"}, {"last_order", "yesterday"}} {
		if got, err := c.order(bad[0], bad[1]); err == nil {
			t.Errorf("%s %q is taken as %q", bad[0], bad[1], got)
		}
	}
}
