package journal_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

// Every write of these benchmarks is synced.

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{200, 32 << 10, 256 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			j := journaltest.OpenAt(b, journal.Config{Dir: b.TempDir()})
			commit, seq := make([]byte, size), uint64(0)
			took := make([]time.Duration, 0, b.N)
			b.SetBytes(int64(size))
			for b.Loop() {
				began := time.Now()
				var err error
				if seq, err = j.Log().Append(b.Context(), fmt.Sprint("c", seq), seq, commit); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "µs-p95")
		})
	}
}

func BenchmarkPutInbound(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			j := journaltest.OpenAt(b, journal.Config{Dir: b.TempDir()})
			raw := string(make([]byte, 2<<10))
			var n atomic.Int64
			b.SetParallelism(writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, _, err := j.PutInbound(b.Context(), mail(fmt.Sprint("m", n.Add(1)), raw)); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	j := journaltest.OpenAt(b, journal.Config{Dir: b.TempDir(), Unsynced: true})
	const n = 20_000
	for i := range uint64(n) {
		if _, err := j.Log().Append(b.Context(), fmt.Sprint("c", i), i, make([]byte, 300)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := j.Log().Replay(b.Context(), 0, func(uint64, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

func BenchmarkErase(b *testing.B) {
	j := journaltest.OpenAt(b, journal.Config{Dir: b.TempDir()})
	var refs []string
	for i := range 2000 {
		ref, _, err := j.PutInbound(b.Context(), mail(fmt.Sprint("m", i), string(make([]byte, 2<<10))))
		if err != nil {
			b.Fatal(err)
		}
		refs = append(refs, ref)
	}
	b.ResetTimer()
	for i := range b.N {
		if err := j.Erase(b.Context(), refs[i%len(refs)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	cfg := journal.Config{Dir: b.TempDir()}
	journaltest.OpenAt(b, cfg).Close()
	for b.Loop() {
		j, err := journal.Open(b.Context(), cfg, discard())
		if err != nil {
			b.Fatal(err)
		}
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
