package replay

import (
	"runtime"
	"testing"
)

// BenchmarkSimulation simulates 100,000 contacts through two sets, with one seed.
func BenchmarkSimulation(b *testing.B) {
	w := town{days: 20, agents: 60, each: 73, work: 480, seed: 7, hours: smallTown().hours, followed: 0.2}
	h, active, candidate := w.history(), madeSet(b, 4, "20m"), madeSet(b, 8, "15m")
	b.ReportAllocs()
	for b.Loop() {
		s := &Simulation{History: h, Active: &Set{Set: active}, Candidate: &Set{Set: candidate}, Seeds: 1, First: 1, Workers: runtime.GOMAXPROCS(0)}
		s.model = w.model()
		scenes := []*Scene{{History: h, Model: s.model, Set: *s.Active}, {History: h, Model: s.model, Set: *s.Candidate}}
		all, err := s.simulate(b.Context(), "", scenes, 1)
		if err != nil {
			b.Fatal(err)
		}
		f := all[0].measured[0][inAll][""]
		b.ReportMetric(float64(len(h.Turns)), "contacts")
		b.ReportMetric(100*f.SLA(), "%in-time")
	}
}

// BenchmarkRead reads the log of a day.
func BenchmarkRead(b *testing.B) {
	w := smallTown()
	w.days, w.agents = 1, 20
	log := w.bytes(b, madeSet(b, 4, "20m"))
	size := 0
	for _, data := range log {
		size += len(data)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		r := NewReader(Bounds{})
		for _, data := range log {
			if err := r.Read(data); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(r.History().Turns)), "contacts")
	}
}
