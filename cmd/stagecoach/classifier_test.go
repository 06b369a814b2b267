package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/router"
)

// askingDaemon is a daemon whose classifier is at url.
func askingDaemon(t *testing.T, data, url string) *Daemon {
	t.Helper()
	cfg := configs.Default()
	cfg.HTTP.Listen, cfg.Classifier.URL, cfg.Classifier.TimeLimit = "127.0.0.1:0", url, 500*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	d, err := NewDaemon(ctx, cfg, Options{Dir: data}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	<-d.Active()
	awaitControl(t, data)
	return d
}

// TestClassifierDecides: the word of a classifier is in the log with the contact, is
// told by why and on the policy page, holds when the contact is classed anew, and
// whatever goes wrong the entries of the policy decide in time.
func TestClassifierDecides(t *testing.T) {
	t.Parallel()
	var reply atomic.Value
	reply.Store(`{"class":"billing","confidence":0.9,"language":"fr"}`)
	var asked atomic.Int64
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		text, _ := reply.Load().(string)
		if text == "hang" {
			select {
			case <-r.Context().Done():
			case <-gone:
			}
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(func() { close(gone); server.Close() })
	data := filepath.Join(t.TempDir(), "data")
	d := askingDaemon(t, data, server.URL+"/classify?key=hush")
	const classes = "version: 1\nclasses:\n  - {name: invoices, class: billing, queue: money, when: 'contact.text.contains(\"nothing\")'}\n  - {name: orders, when: 'contact.text.contains(\"order\")'}\n"
	set := policyFiles(t, map[string]string{"classes.yaml": classes})
	ok(t, "", "policy", "activate", set, "--data", data)

	facts := func(id string) (c router.Contact) {
		t.Helper()
		if err := d.engine.View(t.Context(), func(s *router.State) { c = *s.Contacts[id] }); err != nil {
			t.Fatal(err)
		}
		return c
	}
	why := func(id string) string {
		t.Helper()
		var n uint64
		if err := d.engine.View(t.Context(), func(s *router.State) { n = s.N }); err != nil {
			t.Fatal(err)
		}
		if err := d.ledger.WaitFor(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		return ok(t, "", "ledger", "why", id, "--data", data, "--lang", "en")
	}
	said := mailFrom(t, d, 1, "order")
	if c := facts(said); c.Class != "billing" || c.Queue != "money" || c.Language != "fr" || c.Rule != "invoices" || c.Asked.Said == nil || !c.Asked.Said.Used || c.Asked.Said.Confidence != 900 {
		t.Errorf("it is %+v, said is %+v", c, c.Asked.Said)
	}
	if out := why(said); !strings.Contains(out, "the external classifier named its class billing (90 % sure)") {
		t.Errorf("why doesn't say it:\n%s", out)
	}
	for n, one := range []struct{ reply, trouble, words string }{
		{`{"class":"spaceships","confidence":1}`, "unknown_class", "named a class that there isn't"},
		{`{"class":"billing","confidence":0.3}`, "unsure", "was too little sure (30 %)"},
		{`broken`, "broken", "gave an answer that can't be read"},
		{`hang`, "time_out", "did not answer in time"},
	} {
		reply.Store(one.reply)
		begin := time.Now()
		id := mailFrom(t, d, 10+n, "order")
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: it took %s", one.reply, took)
		}
		if c := facts(id); c.Class != "orders" || c.Asked.Said == nil || string(c.Asked.Said.Trouble) != one.trouble || c.Asked.Said.Used {
			t.Errorf("%s: it is %s, said is %+v", one.reply, c.Class, c.Asked.Said)
		}
		if out := why(id); !strings.Contains(out, one.words) {
			t.Errorf("why doesn't say %q:\n%s", one.words, out)
		}
	}
	var status view.Policy
	decode(t, ok(t, "", "policy", "status", "--data", data, "--json"), &status)
	// The daemon's own intake reads what the test enters, too: it may have asked as well.
	if c := status.Classifier; c == nil || c.Asked < 5 || c.Answered < 1 || len(c.Troubles) != 4 || c.Last == "" || strings.Contains(c.Host, "hush") {
		t.Errorf("the status is %+v", c)
	}
	if out := ok(t, "", "policy", "status", "--data", data); !strings.Contains(out, "had a word on ") || !strings.Contains(out, "warning: it did not answer in time: ") {
		t.Errorf("the status is %s", out)
	}
	metrics := httptest.NewRecorder()
	d.metricsHandler().ServeHTTP(metrics, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if !strings.Contains(metrics.Body.String(), `stagecoach_classifier_messages_total{outcome="time_out"}`) {
		t.Error("the metrics say nothing of it")
	}
	// Another set, which listens to it too: the word from before counts, nobody is asked again.
	before := asked.Load()
	next := policyFiles(t, map[string]string{"classes.yaml": strings.Replace(classes, "queue: money", "queue: cash", 1)})
	ok(t, "", "policy", "activate", next, "--data", data)
	o := &reloadedOffice{d: d}
	o.until(t, "the first is classed anew by what was said", func(s *router.State) bool {
		return s.Revision == nil && s.Contacts[said].Queue == "cash" && s.Contacts[said].Class == "billing"
	})
	// One that says never goes by its own entries, and asks nobody.
	never := policyFiles(t, map[string]string{"classes.yaml": classes + "classifier: {use: never}\n"})
	ok(t, "", "policy", "activate", never, "--data", data)
	o.until(t, "the first is classed anew by the entries", func(s *router.State) bool {
		return s.Revision == nil && s.Contacts[said].Class == "orders"
	})
	if id := mailFrom(t, d, 30, "order"); facts(id).Asked.Said != nil || asked.Load() != before {
		t.Error("it was asked though the set says never")
	}
}

// TestHangingClassifierHoldsNobodyUp: with a classifier that never answers, many mails
// of many senders at once are contacts within its time limit, those behind others in
// a queue as well, and then it is left alone.
func TestHangingClassifierHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}))
	t.Cleanup(func() { close(gone); server.Close() })
	d := askingDaemon(t, filepath.Join(t.TempDir(), "data"), server.URL)
	const mails = 300
	begin := time.Now()
	for n := range mails {
		raw := fmt.Sprintf("From: c%d@example.com\r\nTo: support@example.org\r\nSubject: matter %d\r\nMessage-ID: <hang%d@example.com>\r\n\r\nWhere is my order %d?\r\n", n, n, n, n)
		if _, _, err := d.journal.PutInbound(t.Context(), &channels.Inbound{
			Channel: "email", Account: "support", Source: "email/support/INBOX", ProviderID: fmt.Sprintf("9:%d", n), Position: fmt.Sprint(n), Sender: fmt.Sprintf("c%d@example.com", n),
			Kind: channels.Fresh, Format: "rfc822", ReceivedAt: time.Now().UTC(), Raw: []byte(raw), Size: int64(len(raw)),
		}); err != nil {
			t.Fatal(err)
		}
	}
	stored := time.Since(begin)
	o := &reloadedOffice{d: d}
	said := map[policies.Trouble]int{}
	o.until(t, "all are contacts", func(s *router.State) bool {
		clear(said)
		for _, c := range s.Contacts {
			if c.Asked.Said != nil {
				said[c.Asked.Said.Trouble]++
			}
		}
		return len(s.Contacts) == mails
	})
	if took := time.Since(begin); took > stored+5*time.Second {
		t.Errorf("%d mails are contacts after %s, stored after %s", mails, took, stored)
	}
	if said[policies.TroubleTimeOut] == 0 || said[policies.TroubleTimeOut]+said[policies.TroubleBusy]+said[policies.TroublePaused] != mails {
		t.Errorf("what was said is %v", said)
	}
	if s := d.classifier.Load().Status(); !s.Paused && said[policies.TroubleTimeOut] >= 5 {
		t.Errorf("it is not left alone: %+v", s)
	}
}

// TestClassifierIsTriedAndExplained by check --connect and policy explain.
func TestClassifierIsTriedAndExplained(t *testing.T) {
	t.Parallel()
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hush" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"class":"praise","confidence":0.8}`)
	}))
	t.Cleanup(good.Close)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "token"), "hush\n")
	file, set := filepath.Join(dir, "with.yaml"), filepath.Join(dir, "set")
	writeFile(t, file, "version: 1\nclassifier: {url: "+good.URL+", token_file: token}\n")
	bare := filepath.Join(dir, "bare.yaml")
	writeFile(t, bare, "version: 1\nclassifier: {url: "+good.URL+"}\n")
	ok(t, "", "policy", "init", set)
	if out := ok(t, "", "check", "--config", file, "--connect"); !strings.Contains(out, "classifier/127.0.0.1") || !strings.Contains(out, `it named the class "praise"`) {
		t.Errorf("check says %s", out)
	}
	refused(t, 1, "", "check", "--config", bare, "--connect")
	if out := ok(t, "", "policy", "explain", set, "--text", "hello"); !strings.Contains(out, "not asked: --classifier") || !strings.Contains(out, "class        general") {
		t.Errorf("explain says %s", out)
	}
	if out := ok(t, "", "policy", "explain", set, "--text", "hello", "--classifier", file); !strings.Contains(out, `says "praise", 80 % sure`) || !strings.Contains(out, "class        praise") {
		t.Errorf("explain says %s", out)
	}
	if out := ok(t, "", "policy", "explain", set, "--text", "hello", "--classifier", bare); !strings.Contains(out, "answered with an error: the entries decide") || !strings.Contains(out, "class        general") {
		t.Errorf("explain says %s", out)
	}
}
