package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/configs"
	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/router"
)

// retainOffice is a running office with people who called: one was answered, one waits,
// one was answered and is held.
func retainOffice(t *testing.T) (d *Daemon, dir, token string) {
	t.Helper()
	set, err := policies.LoadFiles("retain", map[string][]byte{
		"privacy.yaml": []byte("version: 1\nretention:\n  - {name: originals, keep: 10d}\n  - {name: messages, keep: 20d}\n  - {name: replies, keep: 20d}\n  - {name: notes, keep: 20d}\n"),
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
	for n, caller := range []map[string]any{
		{"address": "+49301111111", "text": "callerone asks", "answer": "callerone is told"},
		{"address": "+49302222222", "text": "callertwo waits"},
		{"address": "+49303333333", "text": "callerthree asks", "answer": "callerthree is told"},
	} {
		caller["channel"], caller["name"] = "phone", "Caller"
		var done view.Done
		must("/api/enter", caller, &done)
		if n != 1 {
			must("/api/contacts/"+done.Contact+"/note", map[string]any{"text": "a note"}, nil)
		}
	}
	if _, err := d.rights.hold(t.Context(), router.ActorControl, "+49303333333", view.Hold{Reason: "a lawsuit"}); err != nil {
		t.Fatal(err)
	}
	return d, dir, in.Token
}

// found reports which of the callers' words the search finds, and which can be read.
func (d *Daemon) wordsLeft(t *testing.T, customer string) (readable int) {
	t.Helper()
	ids, err := d.rights.resolve(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.rights.gather(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Conversations {
		for i := range v.Items {
			if v.Items[i].Gone == "" {
				readable++
			}
		}
	}
	return readable
}

// What is old goes, the original before the words, but for what waits and what is
// held; what was removed is recorded, and a hold that is lifted lets the rest go.
func TestRetention(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	r := d.rights
	in := func(days int) time.Time { return time.Now().AddDate(0, 0, days) }
	look := func(days int, dry bool) *retained {
		t.Helper()
		got, err := r.retain(t.Context(), in(days), dry)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if list := d.door(t, token, "/api/ledger"); strings.Count(list, "callerone") == 0 {
		t.Errorf("the list does not show the words: %s", list)
	}
	if got := look(5, false); len(got.Removed)+len(got.Spared) > 0 {
		t.Errorf("something was old after five days: %+v", got)
	}
	if got := look(15, true); !slices.Equal(got.Removed, []router.Count{{Kind: "originals", N: 1}}) {
		t.Errorf("a dry run says %+v", got)
	}
	if got := look(15, false); !slices.Equal(got.Removed, []router.Count{{Kind: "originals", N: 1}}) || !slices.Equal(got.Spared, []router.Count{{Kind: "originals", N: 2}}) {
		t.Errorf("after 15 days: %+v", got)
	}
	if n := d.wordsLeft(t, "+49301111111"); n != 3 {
		t.Errorf("without the original, %d of 3 can be read", n)
	}
	if got := look(25, false); !slices.Equal(got.Removed, []router.Count{{Kind: "messages", N: 1}, {Kind: "notes", N: 1}, {Kind: "replies", N: 1}}) {
		t.Errorf("after 25 days: %+v", got)
	}
	for customer, want := range map[string]int{"+49301111111": 0, "+49302222222": 1, "+49303333333": 3} {
		if n := d.wordsLeft(t, customer); n != want {
			t.Errorf("of %s %d can be read, want %d", customer, n, want)
		}
	}
	if list := d.door(t, token, "/api/ledger"); strings.Contains(list, "callerone") || !strings.Contains(list, "callerthree") {
		t.Errorf("the list still shows what was removed, or nothing: %s", list)
	}
	if got := look(25, false); len(got.Removed) > 0 {
		t.Errorf("the same again removed %+v", got)
	}
	if _, err := r.hold(t.Context(), router.ActorControl, "+49303333333", view.Hold{}); err != nil {
		t.Fatal(err)
	}
	look(26, false)
	if n := d.wordsLeft(t, "+49303333333"); n != 0 {
		t.Errorf("after the hold was lifted %d can be read", n)
	}
	out := ok(t, "", "customers", "retention", "--dry-run", "--json", "--data", dir)
	if got := oneJSON[retained](t, out); !got.DryRun || got.Keep["messages"] != 20 {
		t.Errorf("the command says %s", out)
	}
}

// Nobody who is held is erased, and whoever may not decide it is refused.
func TestHeldIsNotErased(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	refused(t, 1, "no customer", "customers", "erase", "nobody@x.test", "--yes", "--data", dir)
	refused(t, 1, "nothing was done", "customers", "erase", "+49301111111", "--data", dir)
	refused(t, 1, "Nobody has an account", "customers", "erase", "+49301111111", "--yes", "--by", "x@y", "--data", dir)
	if len(d.rights.register.Entries()) > 0 {
		t.Error("what was refused was written down")
	}
	if page := d.pageOf(t, token, "/customers/%2B49303333333/data"); !strings.Contains(page, "a lawsuit") || !strings.Contains(page, "Restrict this person") {
		t.Errorf("the page of who is held shows %s", page)
	}
	if page := d.pageOf(t, token, "/customers/%2B49301111111/data"); !strings.Contains(page, "Erase this person") || !strings.Contains(page, "Download") {
		t.Errorf("the page shows %s", page)
	}
	out := ok(t, "yes\n", "customers", "erase", "+49301111111", "--data", dir)
	if !strings.Contains(out, "Erased.") || d.rights.register.Entries()[0].DoneAt.IsZero() {
		t.Errorf("the command says %s", out)
	}
	refused(t, 1, "no customer", "customers", "erase", "+49301111111", "--yes", "--data", dir)
	ok(t, "", "customers", "hold", "+49303333333", "--lift", "--data", dir)
	ok(t, "", "customers", "erase", "+49303333333", "--yes", "--json", "--data", dir)
}

// pageOf gives what whoever has a session sees.
func (d *Daemon) pageOf(t *testing.T, token, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "stagecoach", Value: token})
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s answers %d, %v", path, resp.StatusCode, err)
	}
	return string(data)
}

// What a law has us keep is not removed before its day, however short the retention is;
// all else is. Once the rule is gone, so is what it kept.
func TestRetentionKeepsWhatALawDoes(t *testing.T) {
	t.Parallel()
	d, _, _ := lawOffice(t)
	set := func(statutory string) *policies.Set {
		files := map[string][]byte{
			"privacy.yaml": []byte("version: 1\nretention: [{name: originals, keep: 5d}, {name: messages, keep: 10d}, {name: replies, keep: 10d}, {name: notes, keep: 10d}]\n" + statutory),
			"classes.yaml": []byte("version: 1\nclasses:\n  - {name: billing, queue: billing, when: contact.text.contains(\"invoice\")}\n"),
		}
		s, err := policies.LoadFiles("law", files)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const rules = "statutory:\n  - {name: letters, keep: 30d, when: contact.class == \"billing\", reason: a}\n  - {name: all, keep: 1d, when: 'true', reason: b}\n"
	now := set(rules)
	d.rights.policy = func() *policies.Set { return now }
	left := func() (n int) {
		theirs, err := d.rights.ledger.Theirs(t.Context(), d.customerOf(t, "+49301111111"))
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range theirs.Messages {
			if _, err := d.words.Original(t.Context(), ref); err == nil {
				n++
			}
		}
		for _, ref := range theirs.Replies {
			if _, err := d.words.Reply(t.Context(), ref); err == nil {
				n++
			}
		}
		return n
	}
	look := func(days int) *retained {
		t.Helper()
		got, err := d.rights.retain(t.Context(), time.Now().AddDate(0, 0, days), false)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, step := range []struct{ days, left int }{{4, 4}, {11, 2}, {12, 2}, {29, 2}, {30, 2}, {32, 0}} {
		got := look(step.days)
		if n := left(); n != step.left {
			t.Errorf("after %d days %d are left, want %d: %+v", step.days, n, step.left, got)
		}
	}
}

// A rule that no longer is keeps nothing: the job comes back to what it had passed over.
func TestRetentionAfterALaw(t *testing.T) {
	t.Parallel()
	d, _, _ := lawOffice(t)
	load := func(more string) *policies.Set {
		s, err := policies.LoadFiles("law", map[string][]byte{"privacy.yaml": []byte("version: 1\nretention: [{name: messages, keep: 10d}]\n" + more)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	now := load("statutory: [{name: all, keep: 90d, from: year, when: 'true', reason: b}]\n")
	d.rights.policy = func() *policies.Set { return now }
	for _, want := range []uint64{0, 2} {
		got, err := d.rights.retain(t.Context(), time.Now().AddDate(0, 0, 20), false)
		if err != nil {
			t.Fatal(err)
		}
		var n uint64
		for _, c := range got.Removed {
			n += c.N
		}
		if n != want {
			t.Errorf("removed %+v, want %d", got, want)
		}
		now = load("")
	}
}

// customerOf gives the customers of a number.
func (d *Daemon) customerOf(t *testing.T, number string) []string {
	t.Helper()
	ids, err := d.rights.resolve(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
