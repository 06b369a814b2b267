package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/desk/view"
	"stagecoach/ledger"
)

// enter gives a daemon a customer's telephone call, as a person enters it.
func enter(t *testing.T, d *Daemon, address, subject, text string) string {
	t.Helper()
	c, err := openSocket(t.Context(), d.opts.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.close() }()
	var done view.Done
	_, err = c.call(t.Context(), "POST", "/api/enter", map[string]any{
		"channel": "phone", "name": "Erika Muster", "address": address, "subject": subject, "text": text,
	}, &done)
	if err != nil {
		t.Fatal(err)
	}
	return done.Contact
}

func TestLedger(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d, stop := serveAt(t, dir)
	ids := []string{enter(t, d, "+49 30 1234", "Heating", "It is cold."), enter(t, d, "+49 30 5678", "Water", "It is wet. \x1b[2J")}
	check := func(t *testing.T) {
		t.Helper()
		rows := oneJSON[[]view.LedgerRow](t, ok(t, "", "ledger", "list", "--json", "--data", dir))
		if len(rows) != 2 || rows[0].Contact != ids[1] || rows[0].Subject != "Water" || rows[0].State != "waiting" {
			t.Fatalf("rows %+v", rows)
		}
		if rows = oneJSON[[]view.LedgerRow](t, ok(t, "", "ledger", "list", "--limit", "1", "--open", "--json", "--data", dir)); len(rows) != 1 {
			t.Fatalf("limited to %d", len(rows))
		}
		if got := ok(t, "", "ledger", "list", "--state", "spam", "--json", "--data", dir); got != "[]\n" {
			t.Fatalf("spam is %q", got)
		}
		if table := ok(t, "", "ledger", "list", "--data", dir); !strings.Contains(table, "Heating") || strings.Contains(table, "\x1b") {
			t.Fatalf("table %q", table)
		}
		show := ok(t, "", "ledger", "show", ids[1], "--data", dir)
		if !strings.Contains(show, "Water") || !strings.Contains(show, "It is wet.") || !strings.Contains(show, "Erika Muster") || strings.Contains(show, "\x1b") {
			t.Fatalf("shown: %q", show)
		}
		whole := oneJSON[struct {
			Contact      view.LedgerRow    `json:"contact"`
			Conversation view.Conversation `json:"conversation"`
		}](t, ok(t, "", "ledger", "show", ids[0], "--json", "--data", dir))
		if whole.Contact.Contact != ids[0] || len(whole.Conversation.Items) == 0 {
			t.Fatalf("shown as JSON: %+v", whole)
		}
		if why := ok(t, "", "ledger", "why", ids[0], "--lang", "en", "--data", dir); !strings.Contains(why, "Why it still waits:") || !strings.Contains(why, "Nobody works here yet") || !strings.Contains(why, "opened for first reply") {
			t.Fatalf("why: %q", why)
		}
		if why := ok(t, "", "ledger", "why", ids[0], "--lang", "de", "--data", dir); !strings.Contains(why, "Warum er noch wartet:") || !strings.Contains(why, "Hier arbeitet noch niemand") || !strings.Contains(why, "eröffnet: erste Antwort") {
			t.Fatalf("why in German: %q", why)
		}
		sum := oneJSON[ledger.Summary](t, ok(t, "", "ledger", "--json", "--data", dir))
		if sum.Contacts != 2 || sum.Open != 2 || !sum.AddsUp {
			t.Fatalf("summary %+v", sum)
		}
		if out := ok(t, "", "ledger", "--data", dir); !strings.Contains(out, "It adds up.") {
			t.Fatalf("summary %q", out)
		}
		refused(t, 1, "no such contact", "ledger", "show", "ffffffff", "--data", dir)
		refused(t, 1, "Several contacts begin so", "ledger", "why", ids[0][:4], "--data", dir)
		refused(t, 1, "say which contact", "ledger", "why", "--data", dir)
		refused(t, 1, "nobody here has", "ledger", "why", "--agent", "anna", "--data", dir)
		refused(t, 1, "--lang", "ledger", "why", ids[0], "--lang", "fr", "--data", dir)
		refused(t, 1, "did you mean waiting?", "ledger", "list", "--state", "wating", "--data", dir)
		refused(t, 1, "exclude each other", "ledger", "list", "--state", "spam", "--open", "--data", dir)
	}
	t.Run("running", check)
	stop()
	t.Run("stopped", check)
}

func TestAuditSignedAndChecked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d, stop := serveAt(t, dir)
	enter(t, d, "+49 30 1234", "Heating", "It is cold.")
	file := filepath.Join(t.TempDir(), "audit.json")
	a := oneJSON[ledger.Audit](t, ok(t, "", "ledger", "audit", "--sign", file, "--json", "--data", dir))
	if a.N == 0 || a.Chain == "" {
		t.Fatalf("audit %+v", a)
	}
	enter(t, d, "+49 30 5678", "Water", "It is wet.")
	if out := ok(t, "", "ledger", "audit", "--check", file, "--data", dir); !strings.Contains(out, "holds") {
		t.Fatal(out)
	}
	stop()
	came := oneJSON[checkedAudit](t, ok(t, "", "ledger", "audit", "--check", file, "--json", "--data", dir))
	if !came.OK || came.Audit == nil || came.Audit.N != a.N {
		t.Fatalf("checked %+v", came)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"changed": strings.Replace(string(data), `"signature": "`, `"signature": "A`, 1),
		"garbage": "not a file of ours",
		"empty":   "",
	} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := cli(t, "", "ledger", "audit", "--check", file, "--data", dir); r.code != 1 || !strings.Contains(r.out, "does not hold") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	refused(t, 1, "no such file", "ledger", "audit", "--check", file+".none", "--data", dir)
	refused(t, 1, "without --server", "ledger", "audit", "--sign", file, "--server", "http://127.0.0.1:1")
}

// A gap is told on standard output, with exit status 1.
func TestAuditOfAGap(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	d, stop := serveAt(t, dir)
	// A source that says it was read further than what came of it.
	src := &source{journal: d.journal, engine: d.engine}
	now := time.Now()
	mark := channels.Bookmark{Source: "email/lost/INBOX", Position: "1:3", At: now, Since: now, Seen: 3}
	if err := src.Advance(t.Context(), mark); err != nil {
		t.Fatal(err)
	}
	stop()
	for _, args := range [][]string{{"ledger", "audit"}, {"ledger"}} {
		r := cli(t, "", append(args, "--data", dir)...)
		if r.code != 1 || !strings.Contains(r.out, "does not add up") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	r := cli(t, "", "ledger", "audit", "--json", "--data", dir)
	var a ledger.Audit
	if err := json.Unmarshal([]byte(r.out), &a); err != nil || r.code != 1 || len(a.Gaps) != 1 || a.Gaps[0].What != ledger.GapSource {
		t.Fatalf("%d %v %s", r.code, err, r.out)
	}
}

// Another process may hold the directory without a socket to answer on.
func TestLockedDirectory(t *testing.T) {
	t.Parallel()
	dir := dataAt(t)
	f, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	refused(t, 1, "data directory is in use", "ledger", "--data", dir)
}
