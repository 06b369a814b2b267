package sim

import (
	"testing"
)

// BenchmarkDay runs a day of about 5,000 contacts.
func BenchmarkDay(b *testing.B) {
	s, err := Load("testdata/03-overload-115.json")
	if err != nil {
		b.Fatal(err)
	}
	s.Load = 1.25
	arrivals := s.Draw(1)
	for _, rule := range []string{FIFO, Stagecoach} {
		b.Run(rule, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				f, err := (&Runner{Scenario: s}).Run(b.Context(), rule, arrivals, 1)
				if err != nil {
					b.Fatal(err)
				}
				n += f.Contacts - f.Unanswered
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "contacts/s")
			b.ReportMetric(float64(len(arrivals)), "contacts")
		})
	}
}
