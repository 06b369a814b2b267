package webhook_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webhook"
)

// example gives the code of the section of the README with this heading, the nth
// of those that have it.
func example(t *testing.T, heading, fence string, nth int) string {
	t.Helper()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(data), "\n### "+heading+"\n")
	if len(parts) <= nth {
		t.Fatalf("the README has no section %d of %s", nth, heading)
	}
	_, code, _ := strings.Cut(parts[nth], "```"+fence+"\n")
	code, _, found := strings.Cut(code, "\n```")
	if !found {
		t.Fatalf("section %d of %s has no code", nth, heading)
	}
	return code
}

// program is a command that runs an example.
func program(ctx context.Context, t *testing.T, code, extension string, needs ...string) *exec.Cmd {
	t.Helper()
	for _, name := range needs {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is not on this machine: scripts/packages installs it as root", name)
		}
	}
	file := filepath.Join(t.TempDir(), "example"+extension)
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(ctx, needs[0], file)
}

// The JSON that the README shows is what it says.
func TestExamplesOfJSON(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(data), "```json\n")
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of JSON", len(blocks)-1)
	}
	text := func(i int) string { code, _, _ := strings.Cut(blocks[i], "```"); return code }
	if got := receiving(t, nil).post(t, text(1)); got.status != 200 {
		t.Errorf("the message is answered %d %s", got.status, got.text)
	}
	var out webhook.Reply
	d := json.NewDecoder(strings.NewReader(strings.ReplaceAll(text(2), "…", "")))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil || out.Type != webhook.TypeReply || out.InReplyTo == "" {
		t.Errorf("the reply is read as %+v, %v", out, err)
	}
}

// What the README tells newcomers to write works.
func TestExamplesPost(t *testing.T) {
	s := receiving(t, nil)
	for name, c := range map[string]struct {
		heading, fence, extension string
		needs                     []string
	}{
		"msg-curl":   {"curl", "sh", ".sh", []string{"sh", "curl", "openssl", "od"}},
		"msg-python": {"Python", "python", ".py", []string{"python3"}},
		"msg-node":   {"Node", "js", ".cjs", []string{"node"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := program(ctx, t, example(t, c.heading, c.fence, 1), c.extension, c.needs...)
			cmd.Env = append(os.Environ(), "STAGECOACH_URL="+s.target(), "STAGECOACH_SECRET="+inSecret)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "stored") {
				t.Fatalf("%v: %s", err, out)
			}
			for _, in := range s.src.Items() {
				if in.ProviderID == idOf("shop", name) {
					if m := parsed(t, s.a, in.Format, string(in.Raw)); !strings.HasPrefix(m.Text, "Where is my order?") {
						t.Errorf("stored as %q", m.Text)
					}
					return
				}
			}
			t.Error("nothing was stored")
		})
	}
}

func TestExamplesTakeReplies(t *testing.T) {
	for name, c := range map[string]struct {
		heading, fence, extension string
		needs                     []string
	}{
		"python": {"Python", "python", ".py", []string{"python3"}},
		"node":   {"Node", "js", ".cjs", []string{"node"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := program(ctx, t, example(t, c.heading, c.fence, 2), c.extension, c.needs...)
			port := freePort(t)
			cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "STAGECOACH_SECRET="+outSecret)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(out)
			cfg := webhook.Config{Account: "shop", Callback: webhook.Callback{
				URL: "http://127.0.0.1:" + strconv.Itoa(port) + "/", Secrets: []webhook.Secret{outSecret},
			}}
			untilUp(ctx, t, cfg)
			for range 2 { // each a process of its own: the second time the receiver must know it
				if _, err := send(t, adapter(t, cfg, nil), reply("r-1", "It left yesterday. 📦")); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := send(t, adapter(t, cfg, nil), reply("r-2", "the last")); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"cust-7 It left yesterday. 📦\n", "cust-7 the last\n"} {
				if got, err := lines.ReadString('\n'); got != want {
					t.Errorf("it printed %q, %v, want %q", got, err, want)
				}
			}
			bad := cfg
			bad.Callback.Secrets = []webhook.Secret{badSecret}
			if _, err := send(t, adapter(t, bad, nil), reply("r-3", "x")); err == nil || err.Reason != channels.Auth {
				t.Errorf("a wrong signature gives %v", err)
			}
			cancel()
			rest, _ := io.ReadAll(lines)
			_ = cmd.Wait() // killed
			if len(rest) > 0 {
				t.Errorf("it also printed %q", rest)
			}
		})
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// untilUp waits until the receiver answers a ping: programs start slowly, and
// tell nobody when they have.
func untilUp(ctx context.Context, t *testing.T, cfg webhook.Config) {
	t.Helper()
	a := adapter(t, cfg, nil)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := a.Check(ctx)
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the receiver never came up: %v", err)
		}
	}
}
