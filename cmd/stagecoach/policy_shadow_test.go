package main

import (
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/contact"
	"stagecoach/router"
)

// TestWhatIsTriedSaysWhoWouldGetIt: the rule is asked by either set whom it would ask
// first, and what came of it is counted on after a restart.
func TestWhatIsTriedSaysWhoWouldGetIt(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	d, stop := serveAt(t, data)
	for _, cmd := range []router.Command{
		router.SetAgent{Agent: router.AgentProfile{ID: "anna", Role: contact.RoleAgent, Capacity: 100}},
		router.SetPresence{Agent: "anna", Presence: contact.Available, Cause: "self"},
	} {
		if _, err := d.engine.Do(t.Context(), router.Envelope{Actor: router.ActorRouter, Command: cmd}); err != nil {
			t.Fatal(err)
		}
	}
	next := policyFiles(t, map[string]string{
		"classes.yaml": "version: 1\nclasses:\n  - name: bill\n    when: contact.text.contains(\"invoice\")\n    skills: [{name: accounts}]\n",
	})
	ok(t, "", "policy", "shadow", next, "--data", data)
	counted := func(contacts int) {
		t.Helper()
		until(t, "what is tried has looked at the mails", func() bool { r := d.shadow.report(); return r != nil && r.Contacts == contacts })
	}
	mailFrom(t, d, 1, "invoice")
	counted(1)
	first := d.shadow.report()
	if first.Compared != 1 || first.Winners != 1 || !strings.Contains(strings.Join(first.Last[0].What, "; "), "nobody instead of anna would be asked first") {
		t.Errorf("it says %+v", first)
	}
	stop()
	d, _ = serveAt(t, data)
	mailFrom(t, d, 2, "order")
	counted(2)
	if r := d.shadow.report(); r.Winners != 1 || r.Other != 1 || !r.Since.Equal(first.Since) || len(r.Last) != 1 {
		t.Errorf("after a restart it says %+v", r)
	}
	ok(t, "", "policy", "shadow", "--stop", "--data", data)
	ok(t, "", "policy", "shadow", next, "--data", data)
	until(t, "it is tried anew", func() bool { r := d.shadow.report(); return r != nil && r.Contacts == 0 })
}
