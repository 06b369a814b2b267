package crm_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/crm"
)

const limit = 300 * time.Millisecond

// serve gives the address of a CRM that answers so.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

func client(t *testing.T, cfg crm.Config) *crm.Client {
	t.Helper()
	cfg.TimeLimit = limit
	c := crm.New(cfg, slog.New(slog.DiscardHandler))
	t.Cleanup(c.Close)
	return c
}

var anna = crm.Question{Channel: contact.Email, Address: "anna+a&b/c@example.com"}

func TestAsksByAddressAndByID(t *testing.T) {
	var seen atomic.Pointer[http.Request]
	where := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r)
		fmt.Fprint(w, `{"external_id": "K/17", "value": 40600, "customer_since": "2020-05-12T00:00:00Z", "orders": 14, "revenue": "1234.5",
			"last_order": "2026-05-03", "language": "de", "tags": ["vip", "vip", "press"], "attributes": {"segment": "A", "score": 7, "list": [1]}}`)
	})
	c := client(t, crm.Config{URL: where + "/find/{channel}?q={address}", IDURL: where + "/by/{external_id}/x", Token: "secret"})
	a, err := c.Ask(t.Context(), anna)
	if err != nil {
		t.Fatal(err)
	}
	if r := seen.Load(); r.URL.Path != "/find/email" || r.URL.Query().Get("q") != anna.Address || r.Header.Get("Authorization") != "Bearer secret" {
		t.Errorf("asked %s with %v", r.URL, r.Header)
	}
	want := customers.Orders{Count: 14, Revenue: 1234.5, Last: "2026-05-03", Source: customers.FromCRM}
	if !a.Found || *a.Value != 40600 || a.Since != "2020-05-12" || *a.Orders != want || a.Language != "de" || !slices.Equal(a.Tags, []string{"vip", "press"}) ||
		len(a.Attributes) != 2 || a.Attributes[0] != (customers.Attribute{Name: "score", Value: "7"}) {
		t.Errorf("answer %+v, orders %+v", a, a.Orders)
	}
	if _, err := c.Ask(t.Context(), crm.Question{External: "K/17", Address: "x@example.com"}); err != nil || seen.Load().URL.EscapedPath() != "/by/K%2F17/x" {
		t.Errorf("by id asked %s: %v", seen.Load().URL, err)
	}
	if _, err := c.Ask(t.Context(), crm.Question{External: "K-18"}); err == nil || !strings.Contains(err.Error(), "another customer") {
		t.Errorf("who answers about somebody else is believed: %v", err)
	}
	if _, err := c.Ask(t.Context(), crm.Question{}); !errors.Is(err, crm.ErrCannotAsk) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestFieldsByPointer(t *testing.T) {
	where := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data": [{"a/b": {"score": 812}}], "value": 1}`)
	})
	c := client(t, crm.Config{URL: where, Fields: map[string]string{"value": "/data/0/a~1b/score"}})
	if a, err := c.Ask(t.Context(), anna); err != nil || a.Value == nil || *a.Value != 812 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestWhatIsWrongIsSaidWithoutTheAddress(t *testing.T) {
	var zip bytes.Buffer
	z := gzip.NewWriter(&zip)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 8<<20))
	_ = z.Close()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"error":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusForbidden) }, "HTTP 403"},
		"broken":     {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusBadGateway) }, "HTTP 502"},
		"redirect":   {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, "redirects (HTTP 302)"},
		"a page":     {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "no JSON"},
		"half":       {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value": 1`) }, "no JSON"},
		"a list":     {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[]`) }, "no JSON object"},
		"no number":  {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value": "rich"}`) }, `value at "/value" is no number`},
		"an object":  {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value": {"x": 1}}`) }, "is no number"},
		"too much":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value": 1e999}`) }, "is no number"},
		"half order": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"orders": 1.5}`) }, "is no number of orders"},
		"no day":     {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"last_order": "3 May"}`) }, "is no day"},
		"long":       {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 300<<10)) }, "longer than 256 KiB"},
		"unfolds": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zip.Bytes())
		}, "longer than 256 KiB"},
	} {
		client := client(t, crm.Config{URL: serve(t, c.answer) + "/?q={address}", Token: "secret"})
		_, err := client.Ask(t.Context(), anna)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		} else if strings.Contains(err.Error(), "anna") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s tells too much: %v", name, err)
		}
		if s := client.Status(); s.Failed != 1 || !s.Down || s.Trouble == "" {
			t.Errorf("%s: status %+v", name, s)
		}
	}
}

func TestUnknownIsAnAnswer(t *testing.T) {
	c := client(t, crm.Config{URL: serve(t, http.NotFound)})
	if a, err := c.Ask(t.Context(), anna); err != nil || a.Found {
		t.Errorf("%+v, %v", a, err)
	}
	if s := c.Status(); s.Unknown != 1 || s.Down {
		t.Errorf("%+v", s)
	}
}

// One that hangs costs its time limit each, is left alone after five, and is asked
// again once it answers.
func TestHangsAndIsLeftAlone(t *testing.T) {
	var asked atomic.Int64
	hangs := atomic.Bool{}
	hangs.Store(true)
	where := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if hangs.Load() {
			<-r.Context().Done()
			return
		}
		fmt.Fprint(w, `{"value": 5}`)
	})
	c := client(t, crm.Config{URL: where, Pause: 50 * time.Millisecond})
	begun := time.Now()
	for range 5 {
		if _, err := c.Ask(t.Context(), anna); err == nil || !strings.Contains(err.Error(), "did not answer within 300ms") {
			t.Fatalf("hanging: %v", err)
		}
	}
	if took := time.Since(begun); took > 5*limit+10*time.Second {
		t.Errorf("five questions took %s", took)
	}
	before := asked.Load()
	if _, err := c.Ask(t.Context(), anna); !errors.Is(err, crm.ErrPaused) || asked.Load() != before {
		t.Errorf("it isn't left alone: %v", err)
	}
	hangs.Store(false)
	deadline := time.Now().Add(20 * time.Second)
	for {
		a, err := c.Ask(t.Context(), anna)
		if err == nil && *a.Value == 5 {
			break
		}
		if !errors.Is(err, crm.ErrPaused) || time.Now().After(deadline) {
			t.Fatalf("it isn't asked again: %v", err)
		}
	}
	if s := c.Status(); s.Paused || s.Down {
		t.Errorf("%+v", s)
	}
}

func TestApplyKeepsWhatOthersSaid(t *testing.T) {
	at := time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)
	rec := customers.Record{
		ID: "a", Language: "fr", Tags: []string{"club"}, Values: []customers.Value{{Amount: 1, Source: customers.FromImport, At: at}},
		Fields: []customers.FieldSource{{Field: "language", Source: customers.FromImport, At: at}, {Field: "tags", Source: customers.FromImport, At: at}},
	}
	if _, due := crm.Asked(&rec, at, time.Hour); !due {
		t.Error("a record that was never asked about isn't due")
	}
	value := 812.0
	a := crm.Answer{Found: true, Value: &value, Language: "de", Tags: []string{"vip"}, Since: "2020-01-01", Orders: &customers.Orders{Count: 3}, Attributes: []customers.Attribute{{Name: "segment", Value: "A"}}}
	a.Apply(&rec, at)
	if rec.Language != "fr" || rec.Tags[0] != "club" || rec.Since != "2020-01-01" || len(rec.Values) != 2 || rec.Orders.Count != 3 || len(rec.Attributes) != 1 {
		t.Errorf("record %+v", rec)
	}
	if when, due := crm.Asked(&rec, at.Add(time.Minute), time.Hour); due || !when.Equal(at) {
		t.Error("it is due again at once")
	}
	if _, due := crm.Asked(&rec, at.Add(time.Hour), time.Hour); !due {
		t.Error("it is never due again")
	}
	if !crm.MarkStale(&rec) || crm.MarkStale(&rec) || !customers.KnownOf(&rec).CRM.Stale || customers.KnownOf(&rec).Import.Stale {
		t.Errorf("stale: %+v", rec.Values)
	}
	gone := crm.Answer{}
	gone.Apply(&rec, at.Add(time.Hour))
	if len(rec.Values) != 1 || rec.Orders != nil || rec.Since != "" || rec.Language != "fr" || len(rec.Attributes) != 0 {
		t.Errorf("after it has forgotten them: %+v", rec)
	}
}
