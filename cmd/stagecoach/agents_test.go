package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/desk/view"
)

// Whether a daemon runs or not, the same words do the same.
func TestAgents(t *testing.T) {
	for name, running := range map[string]bool{"stopped": false, "running": true} {
		t.Run(name, func(t *testing.T) {
			dir := dataAt(t)
			if running {
				serveAt(t, dir)
			}
			if got := ok(t, "", "agents", "list", "--json", "--data", dir); got != "[]\n" {
				t.Fatalf("an empty list is %q", got)
			}
			out := ok(t, "", "agents", "add", "anna.meier@example.org", "--role", "supervisor", "--data", dir)
			if !strings.Contains(out, "Anna Meier") || !strings.Contains(out, "http://127.0.0.1:") || !strings.Contains(out, "/setup?token=") {
				t.Fatalf("no link in %q", out)
			}
			added := oneJSON[view.Member](t, ok(t, "", "agents", "add", "bob@example.org", "--name", "Bob B", "--skill", "billing:4",
				"--skill", "tax", "--language", "de", "--capacity", "7", "--json", "--data", dir))
			p := added.Person
			if p.Name != "Bob B" || p.Capacity != 7 || len(p.Skills) != 2 || p.Skills[0] != (view.Skill{Name: "billing", Level: 4}) ||
				p.Skills[1].Level != 3 || len(p.Languages) != 1 || !strings.HasPrefix(added.SetupLink, "http://") {
				t.Fatalf("added %+v", added)
			}
			list := oneJSON[[]view.Person](t, ok(t, "", "agents", "--json", "--data", dir))
			if len(list) != 2 || list[0].Email != "anna.meier@example.org" || list[1].ID != p.ID {
				t.Fatalf("listed %+v", list)
			}
			if table := ok(t, "", "agents", "list", "--data", dir); !strings.Contains(table, "billing:4 tax:3") || strings.Contains(table, "\x1b") {
				t.Fatalf("table: %q", table)
			}
			refused(t, 1, "did you mean bob@example.org", "agents", "remove", "bop@example.org", "--data", dir)
			ok(t, "", "agents", "remove", p.ID, "--data", dir)
			refused(t, 1, "the last supervisor", "agents", "remove", "anna.meier@example.org", "--data", dir)
			if list = oneJSON[[]view.Person](t, ok(t, "", "agents", "--json", "--data", dir)); len(list) != 1 {
				t.Fatalf("after removing: %+v", list)
			}
		})
	}
}

// A password that is set on the command line is the one that lets in, and a new
// one ends what the old one opened.
func TestAgentsPassword(t *testing.T) {
	dir := dataAt(t)
	ok(t, "first-password\nmore\n", "agents", "add", "anna@example.org", "--role", "supervisor", "--password-stdin", "--data", dir)
	d, _ := serveAt(t, dir)
	token := login(t, d.URL(), "anna@example.org", "first-password")
	t.Setenv(tokenEnv, token)
	if list := oneJSON[[]view.Person](t, ok(t, "", "agents", "--json", "--server", d.URL())); len(list) != 1 {
		t.Fatalf("by the server: %+v", list)
	}
	ok(t, "second-password", "agents", "password", "anna@example.org", "--stdin", "--data", dir)
	refused(t, 1, "no longer, valid", "agents", "--server", d.URL())
	if code, _ := tryLogin(t, d.URL(), "anna@example.org", "first-password"); code != http.StatusUnauthorized {
		t.Fatalf("the old password still lets in: %d", code)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(login(t, d.URL(), "anna@example.org", "second-password")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "agents", "--server", d.URL()+"/", "--token-file", file)
	out := ok(t, "", "agents", "password", "anna@example.org", "--server", d.URL(), "--token-file", file)
	if !strings.Contains(out, d.URL()+"/setup?token=") {
		t.Fatalf("no link in %q", out)
	}
}

func login(t *testing.T, base, email, password string) string {
	t.Helper()
	code, answer := tryLogin(t, base, email, password)
	if code != http.StatusOK || answer.Token == "" {
		t.Fatalf("login: %d", code)
	}
	return answer.Token
}

func tryLogin(t *testing.T, base, email, password string) (int, view.Login) {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"email": email, "password": password})
	resp, err := http.Post(base+"/api/login", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer view.Login
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer
}

func TestAgentsBadInput(t *testing.T) {
	dir := dataAt(t)
	for words, args := range map[string][]string{
		"not a plain e-mail address": {"agents", "add", "Anna <anna@example.org>", "--data", dir},
		"a number from 1 to 5":       {"agents", "add", "a@b.de", "--skill", "billing:9", "--data", dir},
		"has no name":                {"agents", "add", "a@b.de", "--skill", ":3", "--data", dir},
		"a language code":            {"agents", "add", "a@b.de", "--language", "deutsch", "--data", dir},
		"no password came":           {"agents", "add", "a@b.de", "--password-stdin", "--data", dir},
		"nobody here has":            {"agents", "password", "x@example.org", "--data", dir},
		"at least 10 characters":     {"agents", "add", "a@b.de", "--password-stdin", "--data", dir, "short"},
	} {
		if last := args[len(args)-1]; last == "short" {
			r := cli(t, "short\n", args[:len(args)-1]...)
			if r.code != 1 || !strings.Contains(r.err, words) {
				t.Errorf("%q: %+v", args, r)
			}
			continue
		}
		refused(t, 1, words, args...)
	}
	refused(t, 2, "--role", "agents", "add", "a@b.de", "--role", "boss", "--data", dir)
	if got := ok(t, "", "agents", "--json", "--data", dir); got != "[]\n" {
		t.Fatalf("something was added: %s", got)
	}
}

func TestWhereTheDataIs(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	refused(t, 1, "there is no data directory "+none, "agents", "--data", none)
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Fatal("looking made the directory")
	}
	refused(t, 1, "holds no data", "ledger", "--data", t.TempDir())
	refused(t, 1, "needs a token", "ledger", "--server", "http://127.0.0.1:1")
	t.Setenv(tokenEnv, "x")
	refused(t, 1, "not the address of a daemon", "ledger", "--server", "desk.example.org")
	refused(t, 1, "no daemon answers at http://127.0.0.1:1", "ledger", "--server", "http://127.0.0.1:1")
	dir := dataAt(t)
	t.Setenv("STAGECOACH_DATA", dir)
	ok(t, "", "ledger", "audit")
}

// The path of a socket may be shorter than that of a directory.
func TestDirectoryWithALongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30), "data")
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	serveAt(t, dir)
	if got := ok(t, "", "agents", "--json", "--data", dir); got != "[]\n" {
		t.Fatalf("listed %q", got)
	}
	if info, err := os.Stat(socketPath(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the socket: %v, %v", info, err)
	}
}

// What only looks leaves the log as it was.
func TestLookingAppendsNothing(t *testing.T) {
	dir := dataAt(t)
	audit := func() string { return ok(t, "", "ledger", "audit", "--json", "--data", dir) }
	before := audit()
	ok(t, "", "agents", "--data", dir)
	ok(t, "", "ledger", "list", "--data", dir)
	if after := audit(); after != before {
		t.Fatalf("before %s\nafter %s", before, after)
	}
}
