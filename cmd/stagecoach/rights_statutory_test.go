package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"stagecoach/configs"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/policies"
)

// lawOffice is an office that must keep what was said by telephone of one queue, with
// a customer who has a matter there and one elsewhere.
func lawOffice(t *testing.T) (d *Daemon, dir, token string) {
	t.Helper()
	set, err := policies.LoadFiles("law", map[string][]byte{
		"privacy.yaml": []byte("version: 1\nstatutory:\n  - {name: commercial letters, keep: 30d, when: contact.class == \"billing\", reason: § 257 HGB}\n"),
		"classes.yaml": []byte("version: 1\nclasses:\n  - {name: billing, queue: billing, when: contact.text.contains(\"invoice\")}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	dir = t.TempDir()
	d = runDaemon(t, cfg, Options{Dir: dir, Policy: set, Unsynced: true})
	c, err := openSocket(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	must := func(path string, in, out any) {
		t.Helper()
		if _, err := c.call(t.Context(), http.MethodPost, path, in, out); err != nil {
			t.Fatal(err)
		}
	}
	must("/api/agents", map[string]any{"name": "Berta", "email": "berta@acme.test", "role": "supervisor", "password": "correct horse battery"}, nil)
	var in struct {
		Token string `json:"token"`
	}
	must("/api/login", map[string]any{"email": "berta@acme.test", "password": "correct horse battery"}, &in)
	c = &client{http: &http.Client{}, base: d.URL(), token: in.Token}
	for _, call := range []map[string]any{
		{"text": "the invoice zanzibarbill", "answer": "zanzibaranswer is right"},
		{"text": "where is zanzibarparcel", "answer": "it comes zanzibarsoon"},
	} {
		call["channel"], call["address"], call["name"] = "phone", "+49301111111", "Caller"
		var done view.Done
		must("/api/enter", call, &done)
		must("/api/contacts/"+done.Contact+"/note", map[string]any{"text": "a note"}, nil)
	}
	return d, dir, in.Token
}

// What a law has us keep is put away when its customer is erased, is told, is in
// nobody's reach, and is erased by itself after its last day.
func TestStatutory(t *testing.T) {
	t.Parallel()
	d, dir, token := lawOffice(t)
	r := d.rights
	before, err := r.look(t.Context(), "+49301111111")
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().UTC().AddDate(0, 0, 30).Format(time.DateOnly)
	want := view.Kept{Name: "commercial letters", Reason: "§ 257 HGB", Until: until, N: 2}
	if len(before.Statutory) != 1 || before.Statutory[0] != want {
		t.Fatalf("before, %+v is told, want %+v", before.Statutory, want)
	}
	if page := d.pageOf(t, token, "/customers/%2B49301111111/data"); !strings.Contains(page, "§ 257 HGB") || !strings.Contains(page, until) {
		t.Error("the page does not say what is kept by law")
	}
	out := ok(t, "", "customers", "erase", "+49301111111", "--yes", "--data", dir)
	if !strings.Contains(out, "2 of commercial letters, until "+until+" (§ 257 HGB)") {
		t.Errorf("the command says %s", out)
	}
	id := r.register.Entries()[0].Erasure
	e, err := r.erasure(t.Context(), id)
	if err != nil || len(e.Statutory) != 1 || e.Statutory[0] != want {
		t.Fatalf("the erasure says %+v, %v", e, err)
	}
	if page := d.pageOf(t, token, "/erasures/"+id); !strings.Contains(page, "§ 257 HGB") {
		t.Error("the page of the erasure does not say what is kept")
	}
	theirs, err := r.ledger.Theirs(t.Context(), before.Customers)
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.away(t.Context(), id, theirs)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d are put away, %v", len(list), err)
	}
	for _, p := range list {
		if text := string(p.Reply); p.Original != nil && !strings.Contains(string(p.Original.Raw), "zanzibarbill") || p.Original == nil && !strings.Contains(text, "zanzibaranswer") {
			t.Errorf("put away is %+v", p)
		}
	}
	for _, ref := range theirs.Refs() {
		if _, err := r.words.Original(t.Context(), ref); err == nil {
			t.Errorf("%s can still be read", ref)
		}
		if _, err := r.journal.Get(t.Context(), ref); err == nil {
			t.Errorf("%s can still be read", ref)
		}
	}
	if hits, err := d.ledger.Search(t.Context(), "zanzibarbill", ledger.SearchOptions{}); err != nil || len(hits) > 0 {
		t.Errorf("the search finds %+v, %v", hits, err)
	}
	d.untilOverdue(t, id, before.Customers)
}

// untilOverdue has the last day come and pass.
func (d *Daemon) untilOverdue(t *testing.T, id string, customers []string) {
	t.Helper()
	r := d.rights
	theirs, err := r.ledger.Theirs(t.Context(), customers)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ days, left int }{{30, 2}, {31, 0}} {
		if err := r.overdue(t.Context(), time.Now().AddDate(0, 0, step.days)); err != nil {
			t.Fatal(err)
		}
		if list, err := r.away(t.Context(), id, theirs); err != nil || len(list) != step.left {
			t.Errorf("after %d days %d are put away, %v", step.days, len(list), err)
		}
	}
	for _, ref := range theirs.Refs() {
		if _, err := r.journal.Get(t.Context(), awayRef(ref)); err == nil {
			t.Errorf("%s is still kept", ref)
		}
	}
	e, err := r.erasure(t.Context(), id)
	if err != nil || len(e.Statutory) > 0 {
		t.Errorf("the erasure says %+v, %v", e, err)
	}
}
