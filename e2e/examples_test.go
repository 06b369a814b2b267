package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// example is a policy set of policies/examples, on its way from lint to rollback.
type example struct {
	*office
	name string
	// set is what the daemon reads, next a copy that a supervisor changes.
	set, next string
}

// TestExamplesFromLintToRollback takes each worked example the whole way that a
// supervisor goes, by the command line alone: lint, test, explain, diff,
// simulate, preview, shadow, activate, history, rollback, and a restart after it.
func TestExamplesFromLintToRollback(t *testing.T) {
	for name, change := range map[string][2]string{
		"small-shop": {"default: {first: 4h,", "default: {first: 2h,"},
		"telephone":  {"default: {first: 8h,", "default: {first: 4h,"},
		"city":       {"first: 40h", "first: 20h"},
	} {
		t.Run(name, func(t *testing.T) {
			x := &example{office: &office{daemon: newDaemon(t)}, name: name}
			root := filepath.Dir(x.config)
			x.set, x.next = filepath.Join(root, "policies"), filepath.Join(root, "next")
			from := os.DirFS(filepath.Join("..", "policies", "examples", name))
			for _, dir := range []string{x.set, x.next} {
				if err := os.CopyFS(dir, from); err != nil {
					t.Fatal(err)
				}
			}
			x.change(t, change)
			x.onPaper(t)
			x.atWork(t)
		})
	}
}

// change has the copy promise another time.
func (x *example) change(t *testing.T, change [2]string) {
	t.Helper()
	path := filepath.Join(x.next, "sla.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	is := strings.Replace(string(text), change[0], change[1], 1)
	if is == string(text) {
		t.Fatalf("%s has no %q", path, change[0])
	}
	if err := os.WriteFile(path, []byte(is), 0o600); err != nil {
		t.Fatal(err)
	}
}

// says runs a command that has to succeed, and gives what it printed.
func (x *example) says(t *testing.T, args ...string) string {
	t.Helper()
	code, out, said := x.run(args...)
	if code != 0 {
		t.Fatalf("stagecoach %s ended with %d\n%s%s", strings.Join(args, " "), code, out, said)
	}
	return out
}

// onPaper is what needs no daemon.
func (x *example) onPaper(t *testing.T) {
	t.Helper()
	for _, dir := range []string{x.set, x.next} {
		if out := x.says(t, "policy", "lint", dir, "--json"); strings.TrimSpace(out) != "[]" {
			t.Errorf("lint says %s", out)
		}
	}
	if out := x.says(t, "policy", "test", x.set); !strings.Contains(out, "all ok") {
		t.Errorf("test says %s", out)
	}
	// The tests of the set say what the change breaks.
	if code, out, _ := x.run("policy", "test", x.next); code != 1 || !strings.Contains(out, "expect.due: expected ") {
		t.Errorf("test of the changed set ended with %d:\n%s", code, out)
	}
	// What nothing matches has a class, a queue and a promise.
	for _, text := range []string{"xyzzy plugh 4711", "…", ""} {
		out := x.says(t, "policy", "explain", x.set, "--channel", "letter", "--text", text)
		for _, want := range []string{"default", "due"} {
			if !strings.Contains(out, want) {
				t.Errorf("explain of %q doesn't say %q:\n%s", text, want, out)
			}
		}
	}
	if out := x.says(t, "policy", "diff", x.set, x.next); strings.Count(strings.TrimSpace(out), "\n") > 8 || !strings.Contains(out, "first") {
		t.Errorf("diff of one changed promise says %s", out)
	}
}

// atWork activates the copy in a running daemon, and takes it back.
func (x *example) atWork(t *testing.T) {
	t.Helper()
	config := fmt.Sprintf("version: 1\nhttp:\n  listen: %s\npolicies: %s\n", strings.TrimPrefix(x.url, "http://"), x.set)
	if err := os.WriteFile(x.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	x.start("")
	x.untilUp()
	x.open()
	const letters = 5
	for i := range letters {
		x.boss.must(t, "POST", "/api/enter", map[string]any{
			"channel": "letter", "name": "Zoe Zimt", "address": fmt.Sprint("Am Markt ", i),
			"subject": fmt.Sprint("xyzzy ", i), "text": "plugh",
		}, nil)
	}
	was := x.dues(t)
	if len(was) != letters {
		t.Fatalf("%d letters are open, %d were entered", len(was), letters)
	}
	data := []string{"--data", x.dir}
	with := func(args ...string) []string { return slices.Concat([]string{"policy"}, args, data) }
	first := x.active(t, with)
	if out := x.says(t, with("preview", x.next)...); !strings.Contains(out, fmt.Sprint(letters)) {
		t.Errorf("preview doesn't speak of %d letters:\n%s", letters, out)
	}
	// Nothing was answered yet: what comes of it can't be simulated, and it says so.
	if code, out, said := x.run(with("simulate", x.next)...); code != 3 || !strings.Contains(out, "Nothing is recommended") {
		t.Errorf("simulate ended with %d\n%s%s", code, out, said)
	}
	x.says(t, with("shadow", x.next)...)
	x.says(t, with("activate", x.next, "--because", "quicker")...)
	second := x.active(t, with)
	if second == first {
		t.Fatalf("%s decides after the activation", second)
	}
	x.untilDues(t, "earlier", func(i int, due time.Time) bool { return due.Before(was[i]) })
	var past struct {
		History []struct {
			Version string `json:"version"`
			Remark  string `json:"remark"`
		} `json:"history"`
	}
	out := x.says(t, with("history", "--json")...)
	err := json.Unmarshal([]byte(out), &past)
	if h := past.History; err != nil || len(h) != 2 || h[0].Version != second || h[0].Remark != "quicker" || h[1].Version != first {
		t.Errorf("the history is %s (%v)", out, err)
	}
	x.says(t, with("rollback", first[:6])...)
	x.untilDues(t, "as they were", func(i int, due time.Time) bool { return due.Equal(was[i]) })
	x.kill()
	x.start("")
	x.untilUp()
	if got := x.active(t, with); got != first {
		t.Errorf("after a restart %s decides, %s was brought back", got, first)
	}
	x.untilDues(t, "as they were", func(i int, due time.Time) bool { return due.Equal(was[i]) })
	x.audit()
}

// active gives the version that decides.
func (x *example) active(t *testing.T, with func(...string) []string) string {
	t.Helper()
	var p policyState
	if err := json.Unmarshal([]byte(x.says(t, with("status", "--json")...)), &p); err != nil {
		t.Fatal(err)
	}
	return p.Active.Version
}

// dues gives when each letter is due, in the order in which they were entered.
func (x *example) dues(t *testing.T) []time.Time {
	t.Helper()
	rows, err := x.openRows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Subject, b.Subject) })
	var out []time.Time
	for _, r := range rows {
		out = append(out, r.Due)
	}
	return out
}

func (x *example) untilDues(t *testing.T, how string, ok func(i int, due time.Time) bool) {
	t.Helper()
	var dues []time.Time
	eventually(t, 20*time.Second, func() string { return fmt.Sprintf("the letters to be due %s, they are due %v", how, dues) }, func() bool {
		dues = x.dues(t)
		for i, due := range dues {
			if !ok(i, due) {
				return false
			}
		}
		return true
	})
}
