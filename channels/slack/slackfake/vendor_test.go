//go:build vendor

package slackfake_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/slack/slackfake"
)

// TestVendorsClients lets Slack's own clients for Node talk to the fake. They are
// taken from the folder that SLACK_CLIENTS names, made by vendor.sh; without it the
// test fails; it downloads nothing itself.
func TestVendorsClients(t *testing.T) {
	clients := os.Getenv("SLACK_CLIENTS")
	if clients == "" {
		t.Fatal("SLACK_CLIENTS names no folder: see vendor.sh")
	}
	if _, err := os.Stat(filepath.Join(clients, "node_modules", "@slack", "socket-mode")); err != nil {
		t.Fatal(err)
	}
	s, err := slackfake.New(slackfake.Config{AckTime: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	user := s.AddUser(slackfake.User{Name: "Alice"})
	s.AddChannel("general", false, true)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "vendor_clients/client.mjs")
	node.Env = append(os.Environ(), "FAKE_API="+s.URL(), "FAKE_BOT="+s.BotToken(), "FAKE_APP="+s.AppToken(), "FAKE_USER="+user)
	var complaints strings.Builder
	node.Stderr = &complaints
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	steps := map[string]func(){
		"connected": func() { s.Put(slackfake.Message{User: user, Text: "is anybody there?"}) },
		"posted": func() {
			s.Disconnect("refresh_requested", true)
			for tick := time.NewTicker(20 * time.Millisecond); s.Opened() < 2 && ctx.Err() == nil; <-tick.C {
			}
			s.Put(slackfake.Message{User: user, Text: "and now?"})
		},
	}
	last := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if step := steps[lines.Text()]; step != nil {
			step()
		}
		last = lines.Text()
	}
	if err := node.Wait(); err != nil || last != "done" {
		t.Fatalf("the clients stopped after %q: %v\n%s", last, err, complaints.String())
	}
}
