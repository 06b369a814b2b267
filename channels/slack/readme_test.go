package slack

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The manifest that newcomers paste has just the scopes that are made use of, and
// the page says of each what it is for.
func TestManifest(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	_, list, _ := strings.Cut(page, "bot: [")
	list, _, ok := strings.Cut(list, "]")
	if !ok {
		t.Fatal("the page has no manifest")
	}
	have := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("\", \n", r) })
	var want []string
	for _, n := range needs() {
		want = append(want, n.scope)
		if !strings.Contains(page, "`"+n.scope+"`") {
			t.Errorf("the page doesn't say what %s is for", n.scope)
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the manifest has the scopes %q, want %q", have, want)
	}
	events := regexp.MustCompile(`bot_events: \[(.*)\]`).FindStringSubmatch(page)
	if events == nil {
		t.Fatal("the manifest has no events")
	}
	for _, event := range []string{"app_mention", "message.channels", "message.groups", "message.im", "message.mpim"} {
		if !strings.Contains(events[1], event) {
			t.Errorf("the manifest doesn't subscribe to %s", event)
		}
	}
}

// What the page quotes is said.
func TestQuotedWords(t *testing.T) {
	var code strings.Builder
	for _, file := range []string{"adapter.go", "check.go", "errors.go", "scopes.go", "socket.go", "crowd.go", "../link.go"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(data)
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		"bot_token has the scopes that are needed", "app_token may open sockets", "bot_token is a person's", "bot_token lacks the scope", "the app isn't in",
		"no such server name", "connection refused", "its certificate is signed by nobody", "token has expired", "Socket Mode is switched off", "another program",
	} {
		if !strings.Contains(string(page), words) || !strings.Contains(code.String(), words) {
			t.Errorf("%q stands in one of page and code only", words)
		}
	}
}
