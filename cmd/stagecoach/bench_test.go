package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// measured runs bench and gives its figures by name.
func measured(t *testing.T, args ...string) map[string]figure {
	t.Helper()
	dir := t.TempDir()
	out := ok(t, "", append([]string{"bench", "--json", "--dir", dir}, args...)...)
	// These keys and no others: scripts rely on them.
	for _, one := range oneJSON[[]map[string]any](t, out) {
		keys := make([]string, 0, len(one))
		for k := range one {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if !slices.Equal(keys, []string{"limit", "name", "ratio", "unit", "value"}) {
			t.Fatalf("keys %q", keys)
		}
	}
	got := map[string]figure{}
	for _, f := range oneJSON[[]figure](t, out) {
		if _, twice := got[f.Name]; twice {
			t.Errorf("%s is there twice", f.Name)
		}
		got[f.Name] = f
		if f.Limit != 0 && math.Abs(f.Ratio-f.Value/f.Limit) > 0.01*f.Ratio {
			t.Errorf("%s: %v of %v is not %v", f.Name, f.Value, f.Limit, f.Ratio)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("bench left %v behind (%v)", left, err)
	}
	return got
}

func wantFigures(t *testing.T, got map[string]figure, names string) {
	t.Helper()
	for name := range strings.FieldsSeq(names) {
		if f, there := got[name]; !there || f.Value <= 0 || f.Unit == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestBenchJournal(t *testing.T) {
	got := measured(t, "journal", "--seconds", "0.2")
	wantFigures(t, got, "journal journal_disk journal_messages journal_messages_disk journal_lone_p95")
	if f := got["journal"]; f.Limit <= 0 || f.Ratio <= 0 {
		t.Errorf("without the engine's own figure: %+v", f)
	}
}

func TestBenchIngest(t *testing.T) {
	got := measured(t, "ingest", "--mails", "40", "--single", "2", "--channels", "email")
	wantFigures(t, got, "screen_p95 ingest ingest_disk ingest_cpu ingest_memory ingest_offered_during")
	if f := got["ingest"]; f.Limit < f.Value {
		t.Errorf("faster than a plain fetch: %+v", f)
	}
}

// TestBenchActivation also fails where a contact keeps another promise than that
// of the set that decides.
func TestBenchActivation(t *testing.T) {
	got := measured(t, "activation", "--waiting", "1500", "--seconds", "0.3")
	wantFigures(t, got, "activation activation_promises activation_arrival_p95 activation_arrival_max")
}

// TestBenchCustomers also fails where a customer isn't found, or a start lacks one.
func TestBenchCustomers(t *testing.T) {
	got := measured(t, "customers", "--customers", "3000")
	wantFigures(t, got, "customers_import customers_import_again customers_lookup_p99 customers_start customers_start_after_kill customers_index_each customers_memory_each")
}

// Without Dovecot the mailbox is in this process, and bench says so.
func TestBenchIngestWithoutDovecot(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := cli(t, "", "bench", "ingest", "--channels", "email", "--mails", "30", "--single", "1", "--dir", t.TempDir())
	if r.code != 0 || !strings.Contains(r.out, "no Dovecot here") || !strings.Contains(r.out, "ingest_cpu") {
		t.Fatalf("%+v", r)
	}
}

func TestBenchBadInput(t *testing.T) {
	refused(t, 1, "too little to measure", "bench", "activation", "--waiting", "1")
	refused(t, 1, "did you mean journal?", "bench", "jurnal")
	refused(t, 1, "it is one of email, others, all", "bench", "journal", "--channels", "slack")
	refused(t, 1, "too little to measure", "bench", "ingest", "--messages", "1")
	refused(t, 1, "too little to measure", "bench", "ingest", "--mails", "1")
	refused(t, 1, "no such file", "bench", "journal", "--dir", filepath.Join(t.TempDir(), "none"))
}

func TestMadeMails(t *testing.T) {
	const mails = 100
	sum := 0
	for i := range mails {
		raw := madeMail(i, "Anliegen", time.Now())
		sum += len(raw)
		if len(raw) < 1000 || len(raw) > 3072 {
			t.Errorf("mail %d has %d bytes", i, len(raw))
		}
		var e struct {
			From     string   `json:"from_email"`
			Text     string   `json:"text"`
			Warnings []string `json:"warnings"`
		}
		if err := json.Unmarshal([]byte(ok(t, string(raw), "mail", "explain", "--json")), &e); err != nil {
			t.Fatal(err)
		}
		if len(e.Warnings) > 0 || e.Text == "" || !strings.HasPrefix(e.From, "c") {
			t.Fatalf("mail %d: %+v", i, e)
		}
	}
	if sum/mails < 1200 {
		t.Errorf("%d bytes on average", sum/mails)
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.25: "0.25", 12: "12", 1234.6: "1,235", 1234567: "1,234,567", 999.5: "999.5"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	for _, one := range []struct {
		goal goal
		v    float64
		met  bool
	}{{atLeast(5), 5, true}, {atLeast(5), 4, false}, {atLeast(5), 6, true}, {atMost(5), 5, true}, {atMost(5), 6, false}, {atMost(5), 4, true}} {
		if one.goal.met(one.v) != one.met {
			t.Errorf("%+v with %v", one.goal, one.v)
		}
	}
	times := make([]time.Duration, 100)
	for i := range times {
		times[i] = time.Duration(100 - i)
	}
	if p95(times) != 95 || p95(times[:1]) != 100 || p95(nil) != 0 {
		t.Error("p95")
	}
	if round(123456) != 123500 || round(0.0012345) != 0.001235 || round(math.NaN()) != 0 {
		t.Error("round")
	}
}
