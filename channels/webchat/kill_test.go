//go:build chaos

package webchat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
)

// diary is a daemon's side on disk: what is delivered, each item synced before
// Deliver returns. It answers each item with a reply.
type diary struct {
	mu   sync.Mutex
	file *os.File
	mark string
	give func(in *channels.Inbound)
}

func (d *diary) Deliver(_ context.Context, in *channels.Inbound) error {
	line, err := json.Marshal(in)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	// A line that a kill cut short doesn't take this one with it.
	if _, err := d.file.WriteString("\n" + string(line) + "\n"); err != nil {
		return err
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.give(in)
	return nil
}

func (d *diary) Bookmark(context.Context, string) (channels.Bookmark, bool, error) {
	raw, err := os.ReadFile(d.mark)
	if err != nil {
		return channels.Bookmark{}, false, nil //nolint:nilerr // not yet there
	}
	var b channels.Bookmark
	return b, true, json.Unmarshal(raw, &b)
}

func (d *diary) Advance(_ context.Context, b channels.Bookmark) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.mark+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(d.mark+".new", d.mark)
}

// serve is the process that is killed: it serves until then.
func serve(t *testing.T, dir, listen string) {
	t.Helper()
	a, err := webchat.New(config(dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "delivered"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	d := &diary{file: file, mark: filepath.Join(dir, "bookmark")}
	d.give = func(in *channels.Inbound) { go reanswer(t, a, in) }
	for _, in := range entries(t, filepath.Join(dir, "delivered")) {
		reanswer(t, a, in) // as the outbox does with what it doesn't know to be sent
	}
	line, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = http.Serve(line, http.StripPrefix("/channels/webchat/acme", a)) }()
	_ = channels.NewRunner(a.Channel(), d, channels.RunnerConfig{}, slog.New(slog.DiscardHandler)).Run(t.Context())
}

// reanswer sends the one reply that an item gets, however often it is called.
func reanswer(t *testing.T, a *webchat.Adapter, in *channels.Inbound) {
	t.Helper()
	m, err := a.Parse(in)
	if err != nil {
		t.Error(err)
		return
	}
	r := answer("re-"+in.ProviderID, "re: "+m.ReplyText, m)
	if r.Raw, err = a.Compose(r); err == nil {
		_, err = a.Send(context.WithoutCancel(t.Context()), r)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestChaosKilled kills the chat in the middle of receiving and sending: every
// message is delivered as one item, every reply is seen once, in order.
func TestChaosKilled(t *testing.T) {
	if dir := os.Getenv("WEBCHAT_DIR"); dir != "" { // the process that is killed
		serve(t, dir, os.Getenv("WEBCHAT_LISTEN"))
		return
	}
	const kills, visitors = 6, 5
	dir := t.TempDir()
	listen := freePort(t)
	all := make([]*webchatfake.Visitor, visitors)
	var group sync.WaitGroup
	stop := make(chan struct{})
	said := make([][]string, visitors)
	for i := range all {
		v := webchatfake.New(t.Context(), webchatfake.Config{URL: "http://" + listen + "/channels/webchat/acme", Origin: shopOrigin})
		defer v.Close()
		all[i] = v
		v.Listen()
		group.Go(func() {
			if err := v.Come(); err != nil {
				t.Error(err)
				return
			}
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				text := fmt.Sprintf("visitor %d says %d", i, n)
				if _, err := v.Say(text); err != nil {
					t.Error(err)
					return
				}
				said[i] = append(said[i], text)
			}
		})
	}
	for range kills {
		victim := start(t, dir, listen)
		before := len(all[0].Lines())
		until(t, "the chat to go on", func() bool { return len(all[0].Lines()) > before+2 })
		<-time.After(time.Duration(rand.IntN(300)) * time.Millisecond) // the moment is what is tried
		_ = victim.Process.Kill()
		_ = victim.Wait()
	}
	last := start(t, dir, listen)
	close(stop)
	group.Wait()
	for i, v := range all {
		until(t, "all replies", func() bool { return len(v.Received()) >= len(said[i]) })
		counts := map[string]int{}
		var own []string
		for _, l := range v.Lines() {
			counts[l.Text]++
			if l.From == "visitor" {
				own = append(own, l.Text)
			}
		}
		if strings.Join(own, "|") != strings.Join(said[i], "|") {
			t.Errorf("visitor %d said %v and sees %v", i, said[i], own)
		}
		for text, n := range counts {
			if n != 1 {
				t.Errorf("visitor %d sees %q %d times", i, text, n)
			}
		}
		for _, c := range v.Complaints() {
			t.Errorf("visitor %d complains: %s", i, c)
		}
	}
	_ = last.Process.Kill()
	_ = last.Wait()
	checkDiary(t, filepath.Join(dir, "delivered"), said)
}

// entries gives what is in the diary.
func entries(t *testing.T, path string) []*channels.Inbound {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var out []*channels.Inbound
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var in channels.Inbound
		if json.Unmarshal(lines.Bytes(), &in) == nil { // else a kill cut it: it was not confirmed
			out = append(out, &in)
		}
	}
	return out
}

func checkDiary(t *testing.T, path string, said [][]string) {
	t.Helper()
	ids := map[string]map[string]bool{} // by text
	for _, in := range entries(t, path) {
		var e struct {
			Event struct {
				Text string `json:"text"`
			} `json:"event"`
		}
		if err := json.Unmarshal(in.Raw, &e); err != nil {
			t.Fatal(err)
		}
		if ids[e.Event.Text] == nil {
			ids[e.Event.Text] = map[string]bool{}
		}
		ids[e.Event.Text][in.ProviderID] = true
	}
	total := 0
	for _, texts := range said {
		for _, text := range texts {
			total++
			if len(ids[text]) != 1 {
				t.Errorf("%q was delivered as %d items, want 1", text, len(ids[text]))
			}
		}
	}
	t.Logf("%d messages", total)
}

// freePort gives an address below those that the system gives to calls: nobody
// takes it while the chat is down.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

func start(t *testing.T, dir, listen string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChaosKilled$")
	cmd.Env = append(os.Environ(), "WEBCHAT_DIR="+dir, "WEBCHAT_LISTEN="+listen)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}
