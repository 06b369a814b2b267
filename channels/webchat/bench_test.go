package webchat_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
)

// BenchmarkVisitors connects 2,000 visitors at once, with their own side of the
// line in the same process, and times a message to the daemon and a reply to the
// visitor's stream while all are there.
func BenchmarkVisitors(b *testing.B) {
	const visitors = 2000
	r := newRig(b, func(c *webchat.Config) { c.PerAddress = 1e6 })
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConns: 50, MaxIdleConnsPerHost: 50, ReadBufferSize: 1024, WriteBufferSize: 1024,
		DialContext: (&net.Dialer{Timeout: time.Minute}).DialContext,
	}}
	all := make([]*webchatfake.Visitor, visitors)
	var group sync.WaitGroup
	turn := make(chan struct{}, 20)
	for i := range all {
		all[i] = webchatfake.New(b.Context(), webchatfake.Config{URL: r.chat(), Origin: shopOrigin, Client: client})
		group.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if err := all[i].Come(); err != nil {
				b.Error(err)
			}
			all[i].Listen()
		})
	}
	defer func() {
		for _, v := range all {
			v.Close()
		}
	}()
	group.Wait()
	until(b, "all streams", func() bool { return r.adapter.Connected() == visitors })
	runtime.GC()
	memory := float64(resident()) / (1 << 20) // the whole process, both sides of every line
	if memory > 300 {
		b.Errorf("%d visitors take %.0f MiB, want less than 300", visitors, memory)
	}
	var in, out []time.Duration
	b.ResetTimer()
	for i := range b.N {
		v := all[i%visitors]
		began := time.Now()
		m := r.said(b, v, "hello "+strconv.Itoa(i))
		in = append(in, time.Since(began))
		began = time.Now()
		want := len(v.Received()) + 1
		send(b, r.adapter, answer(fmt.Sprintf("r-%d-%d", b.N, i), "hello", m))
		for {
			changed := v.Changed()
			if len(v.Received()) >= want {
				break
			}
			<-changed
		}
		out = append(out, time.Since(began))
	}
	b.StopTimer()
	b.ReportMetric(memory, "MiB-resident")
	for name, times := range map[string][]time.Duration{"ms-p95-in": in, "ms-p95-out": out} {
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)*95/100])/1e6, name)
	}
}

// resident gives the memory of this process in bytes, as Linux counts it.
func resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}
