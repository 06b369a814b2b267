package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
	"stagecoach/configs"
	"stagecoach/journal"
	"stagecoach/policies"
	"stagecoach/router"
)

// mailOffice is a daemon with two mailboxes at a provider in this process.
type mailOffice struct {
	d        *Daemon
	provider *emailfake.Server
	hook     chan digest
}

// quickPolicy has promises of two seconds.
func quickPolicy(t *testing.T) *policies.Set {
	t.Helper()
	set, err := policies.LoadFiles("quick", map[string][]byte{
		"sla.yaml":        []byte("version: 1\ndefault: {first: 2s, next: 2s, resolution: 1m, at_risk: 0.5, calendar: always}\n"),
		"escalation.yaml": []byte("version: 1\nlast_resort: {owner: supervisors, digest: 1s}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func startMailOffice(t *testing.T, password string) *mailOffice {
	t.Helper()
	o := &mailOffice{hook: make(chan digest, 100)}
	var err error
	o.provider, err = emailfake.Start(emailfake.Config{Users: map[string]string{
		"support@acme.test": "pw", "sales@acme.test": "pw", "lead@acme.test": "pw", "alice@cust.test": "pw",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.provider.Close() })
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var d digest
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
			t.Error(err)
		}
		o.hook <- d
	}))
	t.Cleanup(hook.Close)

	dir := t.TempDir()
	ca := writeFile(t, filepath.Join(dir, "ca.pem"), string(o.provider.CertificatePEM()))
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	cfg.LastResort = configs.LastResort{MailTo: []string{"lead@acme.test"}, Webhook: hook.URL}
	for _, name := range []string{"support", "sales"} {
		e := configs.Email{Name: name, Address: name + "@acme.test"}
		e.IMAP = configs.IMAP{Host: "127.0.0.1", Port: o.provider.IMAPSPort(), TLS: "tls", CAFile: ca, Username: e.Address, Password: configs.NewSecret(password)}
		e.SMTP = configs.SMTP{Host: "127.0.0.1", Port: o.provider.SMTPSPort(), TLS: "tls", CAFile: ca, Username: e.Address, Password: configs.NewSecret("pw")}
		if name == "sales" {
			e.IMAP.Password = configs.NewSecret("pw")
		}
		cfg.Channels.Email = append(cfg.Channels.Email, e)
	}
	o.d = runDaemon(t, cfg, Options{Dir: filepath.Join(dir, "data"), Policy: quickPolicy(t), Unsynced: true})
	return o
}

func runDaemon(t *testing.T, cfg *configs.Config, opts Options) *Daemon {
	t.Helper()
	d, _ := startDaemon(t, cfg, opts)
	return d
}

// startDaemon runs a daemon until stop is called, or the test ends.
func startDaemon(tb testing.TB, cfg *configs.Config, opts Options) (d *Daemon, stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	d, err := NewDaemon(ctx, cfg, opts, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, d.Close()); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(stop)
	<-d.Active()
	return d, stop
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// until asks again and again, as a monitor would, until what it gets is right.
func until(tb testing.TB, what string, right func() bool) {
	tb.Helper()
	deadline := time.Now().Add(90 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !right() {
		if time.Now().After(deadline) {
			tb.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

func (o *mailOffice) ready(t *testing.T) bool {
	t.Helper()
	status, _ := get(t, o.d.URL()+"/readyz")
	return status == http.StatusOK
}

func (o *mailOffice) write(t *testing.T) {
	t.Helper()
	raw := "From: alice@cust.test\r\nTo: support@acme.test\r\nSubject: Help\r\nMessage-ID: <a@cust.test>\r\n\r\nWhere is it?\r\n"
	if err := o.provider.Send("alice@cust.test", []string{"support@acme.test"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

// TestLastResortIsTold has a contact that nobody takes: the people of last
// resort get a webhook and a mail, the latter by the other mailbox.
func TestLastResortIsTold(t *testing.T) {
	t.Parallel()
	o := startMailOffice(t, "pw")
	until(t, "both mailboxes are connected", func() bool { return o.ready(t) })
	o.write(t)
	first := <-o.hook
	if len(first.Contacts) != 1 || first.Contacts[0].Account != "support" || first.AtRisk+first.Breached != 1 {
		t.Fatalf("the webhook got %+v", first)
	}
	late := first
	for late.Breached == 0 {
		late = <-o.hook
	}
	var told []string
	until(t, "the lead is mailed", func() bool {
		told = nil
		for _, m := range o.provider.Taken() {
			if m.To[0] == "lead@acme.test" {
				told = append(told, m.From)
			}
		}
		return len(told) > 0
	})
	if told[0] != "sales@acme.test" {
		t.Errorf("told through %s, which is the mailbox concerned", told[0])
	}
	_, metrics := get(t, o.d.URL()+"/metrics")
	for _, name := range []string{
		"stagecoach_oldest_unanswered_seconds", "stagecoach_next_breach_seconds -", `stagecoach_source_lag_seconds{account="support"`,
		`stagecoach_contacts{state="waiting"} 1`, "stagecoach_alarmed 1", "stagecoach_commit_last_seconds", `stagecoach_send_failures_total{account="sales"`,
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("/metrics lacks %s", name)
		}
	}
}

// TestWrongPasswordStopsNoOtherMailbox has one mailbox refuse the login.
func TestWrongPasswordStopsNoOtherMailbox(t *testing.T) {
	t.Parallel()
	o := startMailOffice(t, "wrong")
	var body string
	until(t, "the other mailbox is connected and this one says why not", func() bool {
		var status int
		status, body = get(t, o.d.URL()+"/readyz")
		var ready struct{ Parts map[string]string }
		if err := json.Unmarshal([]byte(body), &ready); err != nil {
			t.Fatal(err)
		}
		return status != http.StatusOK && ready.Parts["email/sales"] == "" && strings.Contains(ready.Parts["email/support"], "Correct the user name or the password")
	})
	if strings.Contains(body, "wrong") {
		t.Errorf("the password is shown: %s", body)
	}
}

func TestSecondDaemonIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	runDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	_, err := NewDaemon(t.Context(), cfg, Options{Dir: dir}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, journal.ErrLocked) {
		t.Fatalf("got %v, want that the directory is in use", err)
	}
}

// TestOrphansAreCollected stores what no event names: it is gone after a sweep,
// what is named stays.
func TestOrphansAreCollected(t *testing.T) {
	t.Parallel()
	o := startMailOffice(t, "pw")
	until(t, "the mailboxes are connected", func() bool { return o.ready(t) })
	o.write(t)
	var ref string
	until(t, "the message is in the ledger", func() bool {
		_ = o.d.engine.View(t.Context(), func(s *router.State) {
			for _, c := range s.Contacts {
				ref = c.Messages[0].Ref
			}
		})
		return ref != ""
	})
	lost, err := o.d.journal.Put(t.Context(), journal.KindReply, "01890000-0000-7000-8000-000000000000", []byte(`{"text":"never sent"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.d.sweepOlder(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := o.d.journal.Get(t.Context(), lost); !errors.Is(err, journal.ErrErased) {
		t.Errorf("the orphan gives %v", err)
	}
	if _, err := o.d.journal.Inbound(t.Context(), ref); err != nil {
		t.Errorf("the message that is named: %v", err)
	}
}

// TestDigestOfTheConfigurationHolds has the configuration's interval come before
// the policy's.
func TestDigestOfTheConfigurationHolds(t *testing.T) {
	t.Parallel()
	d := &Daemon{cfg: configs.Default(), opts: Options{Policy: quickPolicy(t)}, logger: slog.New(slog.DiscardHandler)}
	d.lastResort.Store(&d.cfg.LastResort)
	if err := d.loadPolicy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := d.rules().Timing().Digest; got != time.Second {
		t.Errorf("without a setting: %v, want the policy's", got)
	}
	d.lastResort.Store(&configs.LastResort{Digest: 7 * time.Minute})
	if got := d.rules().Timing().Digest; got != 7*time.Minute {
		t.Errorf("with a setting: %v", got)
	}
}
