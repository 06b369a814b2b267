package email_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/rig"
)

// BenchmarkRealLargeMailbox measures how long it takes to connect to a mailbox
// that is full of old mail, with a server that sees it for the first time, and
// what of it is held in memory. STAGECOACH_MAILS says how many there are,
// 200,000 if unset. Run it with -benchtime=1x.
func BenchmarkRealLargeMailbox(b *testing.B) {
	n := 200_000
	if text := os.Getenv("STAGECOACH_MAILS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	d := rig.StartDovecot(b, support)
	connect := func() time.Duration {
		cfg := realMailbox(d, nil, "support", support)
		cfg.Timeout = 0 // the usual one
		a, err := email.New(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		src := channeltest.NewSource(b)
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		begun := time.Now()
		go func() { ended <- a.Receive(ctx, src) }()
		src.Until("the link to stand", func() bool { return src.Connections() > 0 })
		took := time.Since(begun)
		cancel()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		if len(src.Items()) > 0 {
			b.Fatalf("%d old mails were delivered", len(src.Items()))
		}
		return took
	}
	connect() // makes the folder
	d.Fill(support, n, func(i int) []byte {
		return fmt.Appendf(nil, "From: c%d@cust.test\nTo: %s\nMessage-ID: <%d@cust.test>\nSubject: s\n\nold\n", i%1000, support, i)
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		b.ReportMetric(connect().Seconds(), "first-s")
		b.ReportMetric(connect().Seconds(), "again-s")
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/(1<<20), "MiB")
}
