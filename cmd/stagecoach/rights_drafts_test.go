package main

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/desk/web"
	"stagecoach/journal"
	"stagecoach/router"
)

// The file of a reply that was never sent goes with who is erased: it may be one that was
// meant for them before, and did not arrive.
func TestErasesFilesOfDrafts(t *testing.T) {
	t.Parallel()
	d, _, token := retainOffice(t)
	c := &client{http: &http.Client{}, base: d.URL(), token: token}
	id, customer := d.called(t, token, "+49305555555", "zanzibarerased asks")
	object, size, err := d.journal.PutObject(t.Context(), strings.NewReader("zanzibarbill"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.call(t.Context(), http.MethodPost, "/api/contacts/"+id+"/take", map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	upload := web.AttachmentValue(contact.Attachment{Name: "bill.txt", ContentType: "text/plain", Size: size, Object: object})
	if _, err := c.call(t.Context(), http.MethodPut, "/api/contacts/"+id+"/draft", map[string]any{"text": "here it is", "attachments": []string{upload}}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := d.rights.erase(t.Context(), router.ActorControl, customer)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it is done", func() bool {
		got, err := d.rights.erasure(t.Context(), e.ID)
		return err == nil && got.Ended
	})
	in, err := d.journal.GetObject(t.Context(), object)
	if err == nil {
		_ = in.Close()
	}
	if !errors.Is(err, journal.ErrErased) && !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("the file is there still: %v", err)
	}
}

// A directory that was stopped between the decision and the end shows nobody who is being
// erased, and whoever looks does not wait for a daemon.
func TestStoppedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	dir := filepath.Join(t.TempDir(), "data")
	d, stop := startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	imported(t, dir, eraseList)
	decided := newRights(d.opts.Dir, d.cfg.Office, d.policy.Load, d.journal, d.ledger, d.engine, d.words, d.rights.register, d.logger)
	decided.directory = d.rights.directory
	if out := ok(t, "", "customers", "show", "ZZ-1", "--data", dir); !strings.Contains(out, "zanzibarone@cust.test") {
		t.Fatalf("before they are %s", out)
	}
	if e, err := decided.erase(t.Context(), router.ActorControl, "ZZ-1"); err != nil || e.Ended {
		t.Fatalf("%+v, %v", e, err)
	}
	stop()
	if len(tracesIn(t, dir, "zanzibarone")) == 0 {
		t.Fatal("the test comes too late")
	}
	for _, name := range []string{"ZZ-1", "zanzibarone@cust.test"} {
		if r := cli(t, "", "customers", "show", name, "--data", dir); r.code == 0 || strings.Contains(r.out, "anzibar") {
			t.Errorf("%s is shown: %s", name, r.out)
		}
	}
	ok(t, "", "customers", "erase", "ZZ-3", "--yes", "--data", dir) // whoever writes goes on with it
	until(t, "it is done", func() bool { return len(tracesIn(t, dir, "zanzibarone")) == 0 })
}
