package main

import (
	"context"
	"fmt"
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
	"stagecoach/customers"
	"stagecoach/router"
)

// crmDaemon runs a daemon that asks this CRM.
func crmDaemon(t *testing.T, data, url string) *Daemon {
	t.Helper()
	cfg := configs.Default()
	cfg.HTTP.Listen, cfg.CRM.URL, cfg.CRM.TimeLimit, cfg.CRM.Cache = "127.0.0.1:0", url, 300*time.Millisecond, time.Hour
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

// TestCRMIsAskedBeside: a contact opens at once, whatever the CRM does; what that says
// makes tier and promise, is kept while its word counts, and stays, marked as stale, once it
// is down.
func TestCRMIsAskedBeside(t *testing.T) {
	t.Parallel()
	var reply atomic.Value
	var asked atomic.Int64
	let := make(chan struct{})
	gone := make(chan struct{})
	reply.Store(`{"value": 812, "orders": 14, "last_order": "2026-05-03", "tags": ["vip"]}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		select {
		case <-let:
		case <-r.Context().Done():
			return
		case <-gone:
			return
		}
		if text, _ := reply.Load().(string); text != "down" {
			fmt.Fprint(w, text)
			return
		}
		http.Error(w, "down", http.StatusServiceUnavailable)
	}))
	t.Cleanup(func() { close(gone); server.Close() })
	data := filepath.Join(t.TempDir(), "data")
	d := crmDaemon(t, data, server.URL+"/find?mail={address}&key=hush")
	set := policyFiles(t, map[string]string{
		"customers.yaml": "version: 1\ntiers:\n  - {name: gold, value: 6, when: customer.value >= 800 && \"vip\" in customer.tags}\n",
		"sla.yaml":       "version: 1\npromises:\n  - {name: best, when: customer.value >= 800, first: 30m}\n",
	})
	ok(t, "", "policy", "activate", set, "--data", data)
	o := &reloadedOffice{d: d}
	// It hangs: the contact is there, and waits for nobody.
	first := mailFrom(t, d, 1, "order")
	o.until(t, "a contact opens while the CRM hangs", func(s *router.State) bool {
		c := s.Contacts[first]
		return c != nil && c.Tier == "" && c.Entry == "default" && !c.Due.IsZero()
	})
	warned := func() bool { return strings.Contains(strings.Join(d.Warnings(), "\n"), "the CRM can't be asked") }
	until(t, "the CRM's trouble is a warning", warned)
	if strings.Contains(strings.Join(d.Warnings(), "\n"), "hush") {
		t.Errorf("the warning tells too much: %s", d.Warnings())
	}
	close(let)
	second := mailFrom(t, d, 2, "order")
	gold := func(id string) func(*router.State) bool {
		return func(s *router.State) bool {
			c := s.Contacts[id]
			return c.Tier == "gold" && c.Entry == "best" && c.Known != nil && c.Known.Points() == 812 && c.Known.ValueSource == customers.FromCRM && !c.Known.Stale && c.Known.TierRule == "gold"
		}
	}
	o.until(t, "what it says makes tier and promise", gold(second))
	if warned() {
		t.Error("the warning stays")
	}
	// Its word is kept: the next contact has it from the first moment, and nobody is asked.
	before := asked.Load()
	third := mailAgain(t, d, 2, 3)
	if err := d.engine.View(t.Context(), func(s *router.State) {
		if !gold(third)(s) {
			t.Errorf("the next contact begins as %+v", s.Contacts[third].Known)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if asked.Load() != before {
		t.Error("it was asked again while its word counts")
	}
	// Down, and its word is old: that stays, marked as stale.
	reply.Store("down")
	forgetAnswers(d)
	fourth := mailAgain(t, d, 2, 4)
	o.until(t, "the last word stays, marked as stale", func(s *router.State) bool {
		c := s.Contacts[fourth]
		return c.Tier == "gold" && c.Known != nil && c.Known.Points() == 812 && c.Known.Stale
	})
	var n uint64
	if err := d.engine.View(t.Context(), func(s *router.State) { n = s.N }); err != nil {
		t.Fatal(err)
	}
	if err := d.ledger.WaitFor(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if out := ok(t, "", "ledger", "why", fourth, "--data", data, "--lang", "en"); !strings.Contains(out, "value 812 of 1,000") || !strings.Contains(out, "could not be asked again") {
		t.Errorf("why doesn't say what moved it:\n%s", out)
	}
}

// An objection takes what anybody is worth out of what is open, at once, and the CRM is
// asked no more.
func TestObjectionHoldsForWhatIsOpen(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, `{"value": 1000}`)
	}))
	t.Cleanup(server.Close)
	data := filepath.Join(t.TempDir(), "data")
	d := crmDaemon(t, data, server.URL+"/?q={address}")
	set := policyFiles(t, map[string]string{
		"customers.yaml": "version: 1\ntiers:\n  - {name: gold, value: 6, when: customer.value >= 800}\n  - {name: silver, value: 2, when: customer.value >= 400}\n",
	})
	ok(t, "", "policy", "activate", set, "--data", data)
	o := &reloadedOffice{d: d}
	id := mailFrom(t, d, 1, "order")
	customer := ""
	o.until(t, "the tier of a value", func(s *router.State) bool {
		c := s.Contacts[id]
		customer = c.Customer
		return c.Tier == "gold" && c.Traits.Value == 6_000_000
	})
	if _, err := d.directory.Update(t.Context(), customer, "customer", func(rec *customers.Record) error {
		rec.Objection = &customers.Mark{At: time.Now(), By: "customer"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.customerChanged(t.Context(), customer); err != nil {
		t.Fatal(err)
	}
	o.until(t, "the middle tier", func(s *router.State) bool {
		c := s.Contacts[id]
		return c.Tier == "silver" && c.Traits.Value == 2_000_000 && c.Known.Objected && c.Known.Value == 0 && c.Known.TierRule == customers.RuleObjection
	})
	before := asked.Load()
	forgetAnswers(d)
	next := mailAgain(t, d, 1, 2)
	o.until(t, "it is so from the first moment", func(s *router.State) bool { return s.Contacts[next].Tier == "silver" })
	d.askAbout(t.Context(), askedFor{customer: customer})
	if asked.Load() != before {
		t.Error("the CRM is asked about who objects")
	}
}

// mailAgain is another mail of a sender, of another matter.
func mailAgain(t *testing.T, d *Daemon, sender, n int) string {
	t.Helper()
	raw := fmt.Sprintf("From: Customer %d <c%d@example.com>\r\nTo: support@example.org\r\nSubject: matter %d\r\nMessage-ID: <m%d@example.com>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n\r\nHello, another word.\r\n", sender, sender, n, n)
	in := &channels.Inbound{
		Channel: "email", Account: fmt.Sprintf("support%d", n), Source: "email/support/INBOX", ProviderID: fmt.Sprintf("1:%d", n), Position: fmt.Sprint(n),
		Kind: channels.Fresh, Format: "rfc822", ReceivedAt: time.Now().UTC(), Raw: []byte(raw), Size: int64(len(raw)),
	}
	ref, _, err := d.journal.PutInbound(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.intake.Take(t.Context(), router.ActorIntake, ref, in)
	if err != nil {
		t.Fatal(err)
	}
	return res.Contact
}

func TestCheckConnectTriesTheCRM(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	cfg := configs.Default()
	cfg.CRM.URL, cfg.CRM.IDURL = server.URL+"?q={address}", server.URL+"/{external_id}"
	if got := tryCRM(t.Context(), &cfg.CRM); !got.OK || len(got.Lines) != 2 || !strings.Contains(got.Lines[0], "doesn't know the customer of this test") {
		t.Errorf("%+v", got)
	}
	server.Close()
	if got := tryCRM(t.Context(), &cfg.CRM); got.OK || got.Trouble == "" {
		t.Errorf("%+v", got)
	}
}

// forgetAnswers has the CRM asked again whatever it said before.
func forgetAnswers(d *Daemon) {
	now := *d.crm.Load()
	now.cache = 0
	d.crm.Store(&now)
}
