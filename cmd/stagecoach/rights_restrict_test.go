package main

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/customers/register"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// Who asks to be erased while a hold stands is taken at their word: restricted at once,
// out of reach of search, desk and export, with what is kept, why and until when told;
// only a named supervisor reads it or lifts the hold, and then it is gone by itself.
func TestRestricts(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	contactID, customer := d.called(t, token, "+49305555551", "zanzibarhold")
	const secret = "the case of zanzibarmeyer"
	ok(t, "", "customers", "hold", "+49305555551", "--reason", secret, "--told", "a lawsuit of ours", "--data", dir)
	out := ok(t, "", "customers", "erase", "+49305555551", "--yes", "--json", "--data", dir)
	got := oneJSON[erasedOut](t, out)
	if !got.Erasure.Ended || !got.Erasure.Restricted || len(got.Erasure.Statutory) != 1 || len(got.Data.Open) != 1 {
		t.Fatalf("the command says %s", out)
	}
	if k := got.Erasure.Statutory[0]; !k.Hold || k.Reason != secret || k.Told != "a lawsuit of ours" || k.Until != "" || k.N == 0 {
		t.Errorf("kept is %+v", k)
	}
	if row, err := d.ledger.Contact(t.Context(), contactID); err != nil || row.Open() || row.Disposition != "erased" {
		t.Errorf("the contact is %+v, %v", row, err)
	}
	d.outOfReach(t, dir, customer, "zanzibarhold")
	for _, name := range []string{"+49305555551", customer, got.Erasure.ID} {
		out := ok(t, "", "customers", "erase", name, "--yes", "--data", dir)
		if !strings.Contains(out, "Restricted") || !strings.Contains(out, "until it is lifted") || !strings.Contains(out, got.Erasure.ID) {
			t.Errorf("%s: the command says %s", name, out)
		}
	}
	if n := len(d.rights.register.Entries()); n != 1 {
		t.Errorf("%d erasures are in the register", n)
	}
	page := d.pageOf(t, token, "/customers/"+customer+"/data")
	for _, want := range []string{"Restricted", "somebody at the command line", secret, "until it is lifted"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	row, err := d.ledger.Contact(t.Context(), contactID)
	if err != nil {
		t.Fatal(err)
	}
	page = d.pageOf(t, token, "/c/"+row.Conversation)
	if !strings.Contains(page, "asked by somebody at the command line") || !strings.Contains(page, "a lawsuit of ours until that is lifted") || strings.Contains(page, secret) {
		t.Error("the conversation does not say that they are restricted, and why")
	}
	d.readsAndLifts(t, dir, got.Erasure.ID, secret)
}

// outOfReach looks for a word where nobody may find it.
func (d *Daemon) outOfReach(t *testing.T, dir, customer, word string) {
	t.Helper()
	if hits, err := d.ledger.Search(t.Context(), word, ledger.SearchOptions{}); err != nil || len(hits) > 0 {
		t.Errorf("the search finds %+v, %v", hits, err)
	}
	theirs, err := d.rights.ledger.Theirs(t.Context(), []string{customer})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range theirs.Refs() {
		if _, err := d.words.Original(t.Context(), ref); err == nil {
			t.Errorf("%s can still be read", ref)
		}
	}
	p, err := d.rights.gather(t.Context(), []string{customer})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Conversations {
		for _, it := range v.Items {
			if it.Text != "" {
				t.Errorf("the export holds %q", it.Text)
			}
		}
	}
	if len(p.Records) > 0 || len(p.Addresses) > 0 {
		t.Errorf("the export holds %+v of %v", p.Records, p.Addresses)
	}
}

// readsAndLifts has a named supervisor read what is kept, prolong the hold, and lift it.
func (d *Daemon) readsAndLifts(t *testing.T, dir, erasure, secret string) {
	t.Helper()
	refused(t, 1, "--by EMAIL", "customers", "kept", erasure, "--reason", "court order", "--data", dir)
	refused(t, 1, "Nobody has an account", "customers", "kept", erasure, "--reason", "court order", "--by", "x@y", "--data", dir)
	out := ok(t, "", "customers", "kept", "+49305555551", "--reason", "zanzibarcourt order", "--by", "berta@acme.test", "--data", dir)
	for _, want := range []string{"zanzibarhold", "+49305555551", secret} {
		if !strings.Contains(out, want) {
			t.Errorf("what is kept lacks %q: %s", want, out)
		}
	}
	refused(t, 1, "--by EMAIL", "customers", "hold", erasure, "--lift", "--data", dir)
	day := time.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	out = ok(t, "", "customers", "hold", erasure, "--reason", "appeal zanzibarappeal", "--until", day, "--by", "berta@acme.test", "--data", dir)
	if !strings.Contains(out, "until "+day) || !strings.Contains(out, "zanzibarappeal") {
		t.Errorf("the command says %s", out)
	}
	reasons := 0
	err := d.engine.View(t.Context(), func(s *router.State) { reasons = len(s.Erasures[erasure].Reasons) })
	if err != nil || reasons != 1 {
		t.Errorf("%d readings are on record, %v", reasons, err)
	}
	ok(t, "", "customers", "hold", erasure, "--lift", "--by", "berta@acme.test", "--data", dir)
	until(t, "what was kept to be gone", func() bool { return d.stillKept(t, erasure) == 0 })
	refused(t, 1, "no customer", "customers", "kept", erasure, "--reason", "court order", "--by", "berta@acme.test", "--data", dir)
	e, err := d.rights.erasure(t.Context(), erasure)
	if err != nil || e.Restricted || len(e.Statutory) > 0 {
		t.Errorf("the erasure says %+v, %v", e, err)
	}
	for _, word := range []string{"zanzibarhold", "zanzibarmeyer", "zanzibarcourt", "zanzibarappeal", "+49305555551"} {
		if where := tracesIn(t, dir, word); len(where) > 0 {
			t.Errorf("%s is left in %v", word, where)
		}
	}
}

// tracesIn gives the files of a directory that hold a word, plain or in base64.
func tracesIn(t *testing.T, dir, word string) (found []string) {
	t.Helper()
	needles := [][]byte{[]byte(word)}
	for skip := range 3 {
		coded := base64.StdEncoding.EncodeToString(append(make([]byte, skip), word...))
		needles = append(needles, []byte(strings.TrimRight(coded, "=")[4:len(coded)-4]))
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, n := range needles {
			if bytes.Contains(data, n) {
				found = append(found, strings.TrimPrefix(path, dir))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// stillKept counts what is on record as kept.
func (d *Daemon) stillKept(t *testing.T, erasure string) (n int) {
	t.Helper()
	if err := d.engine.View(t.Context(), func(s *router.State) { n = len(s.Erasures[erasure].Kept) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// A hold ends on its day by itself, and not before; what a law keeps longer stays until
// the law's own day.
func TestHoldEndsOnItsDay(t *testing.T) {
	t.Parallel()
	d, _, _ := lawOffice(t)
	r := d.rights
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	if _, err := r.hold(t.Context(), router.ActorControl, "+49301111111", view.Hold{Reason: "audit", Until: day(10)}); err != nil {
		t.Fatal(err)
	}
	e, err := r.erase(t.Context(), router.ActorControl, "+49301111111")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the erasure to end", func() bool { return d.stillKept(t, e.ID) > 0 })
	for _, step := range []struct {
		days        int
		hold, byLaw uint64
	}{{10, 4, 2}, {11, 0, 2}, {30, 0, 2}, {31, 0, 0}} {
		if err := r.overdue(t.Context(), time.Now().AddDate(0, 0, step.days)); err != nil {
			t.Fatal(err)
		}
		now, err := r.erasure(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		var hold, byLaw uint64
		for _, k := range now.Statutory {
			if k.Hold {
				hold += k.N
			} else {
				byLaw += k.N
			}
		}
		if hold != step.hold || byLaw != step.byLaw {
			t.Errorf("after %d days %d are kept by the hold and %d by law, want %d and %d", step.days, hold, byLaw, step.hold, step.byLaw)
		}
	}
}

// Whoever is restricted again after a restore was so since they asked for it, and what the
// register says of the hold counts, though the backup's record knows of none.
func TestRestrictedSinceItWasAsked(t *testing.T) {
	t.Parallel()
	d, _, token := retainOffice(t)
	_, customer := d.called(t, token, "+49305555551", "zanzibarhold")
	asked := time.Now().UTC().AddDate(-1, 0, 0).Truncate(time.Second)
	entry := register.Entry{Erasure: "0123456789abcdef", Customers: []string{customer}, By: router.ActorCustomer, At: asked, Held: true, Until: "2099-12-31"}
	if err := d.rights.register.Begin(entry); err != nil {
		t.Fatal(err)
	}
	d.rights.stir()
	until(t, "it to be restricted", func() bool {
		e, err := d.rights.erasure(t.Context(), entry.Erasure)
		return err == nil && e.Ended
	})
	got, err := d.rights.look(t.Context(), customer)
	if err != nil || got.Restricted == nil || !got.Restricted.Since.Equal(asked) || got.Restricted.By != router.ActorCustomer ||
		len(got.Restricted.Kept) != 1 || got.Restricted.Kept[0].Until != "2099-12-31" {
		t.Errorf("they are %+v, %v", got.Restricted, err)
	}
}
