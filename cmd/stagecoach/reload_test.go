package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/configs"
	"stagecoach/router"
)

// reloadedOffice is a daemon whose configuration and policies lie in files.
type reloadedOffice struct {
	d                *Daemon
	config, policies string
	stop             func()
}

func (o *reloadedOffice) write(t *testing.T, webhook, digest, sla string) {
	t.Helper()
	if err := os.MkdirAll(o.policies, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(o.policies, "sla.yaml"), sla)
	writeFile(t, o.config, fmt.Sprintf("version: 1\npolicies: %s\nlast_resort: {webhook: %q, digest: %s}\n", o.policies, webhook, digest))
}

func sla(first string) string {
	return "version: 1\ndefault: {first: " + first + ", next: 1h, resolution: 10h, at_risk: 0.5, calendar: always}\n"
}

// due opens a contact and gives how long its promise is.
func (o *reloadedOffice) due(t *testing.T, id string) (allowed time.Duration, policy string) {
	t.Helper()
	now := time.Now().UTC()
	res, err := o.d.engine.Do(t.Context(), router.Envelope{Actor: router.ActorIntake, Command: router.Receive{
		Item: router.Item{
			Source: "email/support/INBOX", Channel: "email", Account: "support", Ref: "inbox.0.1",
			ItemKey: "item:" + id, MessageKey: "message:" + id, Place: id, ReceivedAt: now,
		},
		Kind: router.KindFresh, Identity: "identity:" + id, AsOf: 1 << 40,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.d.engine.View(t.Context(), func(s *router.State) {
		c := s.Contacts[res.Contact]
		allowed, policy = c.Due.Sub(c.Start), s.Policy
	}); err != nil {
		t.Fatal(err)
	}
	return allowed, policy
}

// TestReloadTakesUpPolicyAndLastResort: what was changed decides from then on;
// what can't be read changes nothing, and says so.
func TestReloadTakesUpPolicyAndLastResort(t *testing.T) {
	t.Parallel()
	called := make(chan digest, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var d digest
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
			t.Error(err)
		}
		called <- d
	}))
	t.Cleanup(hook.Close)
	dir := t.TempDir()
	o := &reloadedOffice{config: filepath.Join(dir, "stagecoach.yaml"), policies: filepath.Join(dir, "policies")}
	o.write(t, "http://127.0.0.1:1/old", "1h", sla("4h"))
	cfg, err := configs.Load(o.config)
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTP.Listen = "127.0.0.1:0"
	o.d = runDaemon(t, cfg, Options{Dir: filepath.Join(dir, "data"), Unsynced: true})
	if got, _ := o.due(t, "first"); got != 4*time.Hour {
		t.Fatalf("the first promise is %s, want 4h", got)
	}

	for _, bad := range []struct{ config, sla string }{
		{config: "version: 1\nlast_resort: {webhok: x}\n", sla: sla("1s")},
		{sla: "version: 1\ndefalt: {}\n"},
	} {
		o.write(t, hook.URL, "1s", bad.sla)
		if bad.config != "" {
			writeFile(t, o.config, bad.config)
		}
		before := o.d.policy.Load()
		o.d.reload(t.Context(), o.config)
		if o.d.policy.Load() != before || o.d.lastResort.Load().Webhook == hook.URL {
			t.Error("a file that can't be read has changed something")
		}
		status, body := get(t, o.d.URL()+"/readyz")
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "not reloaded") || !strings.Contains(body, ".yaml:2") {
			t.Errorf("/readyz says %d %s", status, body)
		}
	}

	o.write(t, hook.URL, "1s", sla("1s"))
	o.d.reload(t.Context(), o.config)
	if status, body := get(t, o.d.URL()+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz says %d %s", status, body)
	}
	if got, policy := o.due(t, "second"); got != time.Second || policy != o.d.policy.Load().Version {
		t.Errorf("the promise is %s under policy %s, want 1s under %s", got, policy, o.d.policy.Load().Version)
	}
	select {
	case d := <-called:
		if len(d.Contacts) == 0 {
			t.Errorf("the digest is %+v", d)
		}
	case <-time.After(60 * time.Second):
		t.Fatal("those of last resort are not told at their new place")
	}
}
