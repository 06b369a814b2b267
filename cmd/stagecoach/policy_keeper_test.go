package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/configs"
	"stagecoach/desk"
	"stagecoach/router"
)

// tunedOffice is an office whose policies lie in a directory.
func tunedOffice(t *testing.T, first string, more ...string) (o *reloadedOffice, start func()) {
	t.Helper()
	dir := t.TempDir()
	o = &reloadedOffice{config: filepath.Join(dir, "stagecoach.yaml"), policies: filepath.Join(dir, "policies")}
	o.write(t, "http://127.0.0.1:1/", "1h", sla(first))
	writeFile(t, o.config, "version: 1\npolicies: "+o.policies+"\n"+strings.Join(more, "\n"))
	return o, func() {
		t.Helper()
		cfg, err := configs.Load(o.config)
		if err != nil {
			t.Fatal(err)
		}
		cfg.HTTP.Listen = "127.0.0.1:0"
		o.d, o.stop = startDaemon(t, cfg, Options{Dir: filepath.Join(dir, "data"), Unsynced: true})
	}
}

// edit changes the policy directory, and has the daemon look at it until it stands
// still.
func (o *reloadedOffice) edit(t *testing.T, text string) {
	t.Helper()
	writeFile(t, filepath.Join(o.policies, "sla.yaml"), text)
	var w directoryWatch
	o.d.keeper.lookAt(t.Context(), &w)
	o.d.keeper.lookAt(t.Context(), &w)
}

// until waits for the state to be so.
func (o *reloadedOffice) until(t *testing.T, what string, is func(s *router.State) bool) {
	t.Helper()
	commits := o.d.engine.Watch(t.Context())
	late := time.After(60 * time.Second)
	for {
		var done bool
		if err := o.d.engine.View(t.Context(), func(s *router.State) { done = is(s) }); err != nil {
			t.Fatal(err)
		}
		if done {
			return
		}
		select {
		case <-commits:
		case <-late:
			t.Fatal("this did not come: " + what)
		}
	}
}

// TestRollbackSurvivesRestart: what was rolled back stays so after a restart, though
// the directory holds something else, and though it is gone; a change made while the
// daemon was down is taken up.
func TestRollbackSurvivesRestart(t *testing.T) {
	t.Parallel()
	o, start := tunedOffice(t, "4h")
	start()
	first := o.d.policy.Load().Version
	o.edit(t, sla("2h"))
	second := o.d.policy.Load().Version
	if second == first {
		t.Fatal("the change was not taken up")
	}
	if _, err := o.d.policyDesk.Activate(t.Context(), desk.Control, desk.PolicyOrder{PolicySource: desk.PolicySource{Version: first[:6]}, Remark: "too hasty"}); err != nil {
		t.Fatal(err)
	}
	if got, policy := o.due(t, "one"); got != 4*time.Hour || policy != first {
		t.Errorf("after the rollback %s are promised under %s, want 4h under %s", got, policy, first)
	}
	o.stop()
	start()
	if got := o.d.policy.Load().Version; got != first {
		t.Errorf("after a restart %s decides, want %s", got, first)
	}
	o.stop()
	if err := os.RemoveAll(o.policies); err != nil {
		t.Fatal(err)
	}
	start()
	if got, policy := o.due(t, "two"); got != 4*time.Hour || policy != first {
		t.Errorf("without the directory %s are promised under %s, want 4h under %s", got, policy, first)
	}
	warns(t, o.d, "policy directory")
	o.stop()
	o.write(t, "http://127.0.0.1:1/", "1h", sla("1h"))
	writeFile(t, o.config, "version: 1\npolicies: "+o.policies+"\n")
	start()
	if got, _ := o.due(t, "three"); got != time.Hour {
		t.Errorf("what was changed while nobody ran promises %s, want 1h", got)
	}
	var reasons []string
	o.until(t, "the history", func(s *router.State) bool {
		for _, a := range s.Policies.History {
			reasons = append(reasons, a.Reason)
		}
		return true
	})
	if got := strings.Join(reasons, " "); got != "start directory rollback directory" {
		t.Errorf("the history is %s", got)
	}
}

// TestBadEditChangesNothing: the set goes on deciding that did before, /readyz says
// what is wrong and where, until it is mended; open contacts are promised anew.
func TestBadEditChangesNothing(t *testing.T) {
	t.Parallel()
	o, start := tunedOffice(t, "4h")
	start()
	o.due(t, "one")
	before := o.d.policy.Load()
	o.edit(t, "version: 1\ndefalt: {}\n")
	if o.d.policy.Load() != before {
		t.Error("a bad edit has changed something")
	}
	warns(t, o.d, "sla.yaml:2")
	o.edit(t, "version: 1\npromises:\n  - {name: a, when: contact.channel == \"email\", first: 1m}\n")
	warns(t, o.d, "less than the work takes") // it can be read, and never be kept
	o.edit(t, sla("2h"))
	if status, body := get(t, o.d.URL()+"/readyz"); status != http.StatusOK || !strings.Contains(body, `"warnings":[]`) {
		t.Errorf("/readyz says %d %s", status, body)
	}
	o.until(t, "the new promise of what was open", func(s *router.State) bool {
		for _, c := range s.Contacts {
			if c.Due.Sub(c.Start) != 2*time.Hour {
				return false
			}
		}
		return s.Revision == nil
	})
}

// warns holds that a daemon does its work and says what somebody must see to: it
// takes in what comes, so nobody should take it out of service.
func warns(t *testing.T, d *Daemon, what string) {
	t.Helper()
	if status, body := get(t, d.URL()+"/readyz"); status != http.StatusOK || !strings.Contains(body, what) {
		t.Errorf("/readyz says %d %s", status, body)
	}
	if status, body := get(t, d.URL()+"/healthz"); status != http.StatusOK || !strings.HasPrefix(body, "ok\nwarning: ") || !strings.Contains(body, what) {
		t.Errorf("/healthz says %d %s", status, body)
	}
	if _, body := get(t, d.URL()+"/metrics"); !strings.Contains(body, "stagecoach_warnings 1") {
		t.Error("/metrics has no warning")
	}
}

// TestEveryWayRefusesTheSame: what lint finds wrong is refused by the command line,
// by the API and from the directory, in the same words.
func TestEveryWayRefusesTheSame(t *testing.T) {
	t.Parallel()
	o, start := tunedOffice(t, "4h")
	start()
	before := o.d.policy.Load()
	for _, text := range []string{
		"version: 1\ndefalt: {}\n",
		"version: 1\npromises:\n  - {name: a, when: contact.channel == \"email\", first: 1m}\n",
		"version: 1\npromises:\n  - {name: a, when: contact.channel == \"email\", first: 1h}\n  - {name: b, when: contact.channel == \"email\", first: 2h}\n",
	} {
		files := map[string]string{"sla.yaml": text}
		var words []string
		_, _, err := o.d.policyDesk.find(t.Context(), desk.PolicySource{Files: files})
		words = append(words, err.Error())
		dir := policyFiles(t, files)
		_, err = filesOf(dir)
		words = append(words, strings.ReplaceAll(badEdit(err), nearPath(dir)+"/", ""))
		o.edit(t, text)
		words = append(words, strings.ReplaceAll(*o.d.keeper.bad.Load(), o.policies+"/", ""))
		if words[0] != words[1] || words[0] != words[2] || !strings.HasPrefix(words[0], "sla.yaml:") {
			t.Errorf("the API says\n%s\nthe command line\n%s\nthe directory\n%s", words[0], words[1], words[2])
		}
	}
	if o.d.policy.Load() != before {
		t.Error("one of them decides")
	}
}

// TestDirectoryNeedsASecondWord: where two must agree, a changed directory waits for
// a supervisor's word, and is put before them once.
func TestDirectoryNeedsASecondWord(t *testing.T) {
	t.Parallel()
	o, start := tunedOffice(t, "4h", "policy_approval: two")
	start()
	first := o.d.policy.Load().Version
	o.edit(t, sla("2h"))
	o.edit(t, sla("2h"))
	if o.d.policy.Load().Version != first {
		t.Error("a change was taken up that nobody has approved")
	}
	var drafts []router.Draft
	o.until(t, "the draft", func(s *router.State) bool { drafts = append(drafts, s.Policies.Drafts...); return true })
	if len(drafts) != 1 || drafts[0].By != router.ActorRouter {
		t.Errorf("drafts: %+v", drafts)
	}
}
