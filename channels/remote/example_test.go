package remote_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/remote"
	"stagecoach/contact"
)

// The example in another language keeps the promises of an adapter, over NATS and
// as a process that is killed each time another takes its place. Left out is what
// a folder can't do: its customers edit and withdraw nothing (Edit, Withdraw), it
// has no links that could be cut and no server that could be down (Cut, Down), and
// no secret of a provider's (NewBadSecret).
func TestConformanceOfTheExample(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("STAGECOACH_RIG") == "1" {
			t.Fatal(err)
		}
		t.Skip("there is no python3")
	}
	cert := writeCertificate(t, "127.0.0.1")
	channeltest.Run(t, func(t *testing.T) channeltest.Harness {
		t.Helper()
		return (&folder{python: python, cert: cert, dir: t.TempDir()}).harness(t)
	})
}

// folder is the example before a folder.
type folder struct {
	python string
	cert   files
	dir    string
	n      int
	kill   func()
}

func (f *folder) harness(t *testing.T) channeltest.Harness {
	t.Helper()
	written := time.Now().UTC()
	out := filepath.Join(f.dir, "out")
	return channeltest.Harness{
		New:     f.begin,
		Secrets: []string{gateSecret},
		Pushes:  true, // whatever lies in the folder is handed over until it is taken
		Put:     func(t *testing.T, text string) { t.Helper(); f.put(t, []byte("+4930123\n"+text)) },
		Unicode: true,
		PutMalformed: func(t *testing.T) []byte {
			t.Helper()
			f.put(t, []byte("+4930123\nnot \xff\xfe text \x00\x1b[31m at all"))
			return []byte(`\u0000\u001b[31m at all`)
		},
		Marked: func(t *testing.T, text string) bool {
			t.Helper()
			return f.among(t, "done", text) == 1
		},
		Reply: func(id, text string) *contact.Reply {
			return &contact.Reply{
				ID: id, Kind: contact.Answer, Channel: contact.SMS, Account: "folder", CreatedAt: written,
				To: []contact.Address{{Address: "+4930123"}}, Text: text, Attachments: []contact.Attachment{},
			}
		},
		Received: func(t *testing.T, text string) int {
			t.Helper()
			return f.among(t, "out", text)
		},
		OnceAcrossRestarts: true,
		Failures: []channeltest.Failure{{
			Name: "the folder is gone", Want: channels.Unavailable,
			Set: func(t *testing.T) {
				t.Helper()
				if err := os.Rename(out, out+".away"); err != nil {
					t.Fatal(err)
				}
			},
			Clear: func(t *testing.T) {
				t.Helper()
				if err := os.Rename(out+".away", out); err != nil {
					t.Fatal(err)
				}
			},
		}},
	}
}

// put moves a file in, as the example asks for.
func (f *folder) put(t *testing.T, data []byte) {
	t.Helper()
	f.n++
	draft := filepath.Join(f.dir, "draft")
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(draft, filepath.Join(f.dir, "in", fmt.Sprintf("m%04d", f.n))); err != nil {
		t.Fatal(err)
	}
}

// among counts the files that end in a text.
func (f *folder) among(t *testing.T, place, text string) (n int) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(f.dir, place, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if data, err := os.ReadFile(one); err == nil && strings.HasSuffix(string(data), "\n"+text) {
			n++
		}
	}
	return n
}

// begin starts the example's process; the one before is killed.
func (f *folder) begin(t *testing.T, log *slog.Logger) channels.Adapter {
	t.Helper()
	if f.kill != nil {
		f.kill()
	}
	a := account(t, channels.Adapter{Channel: contact.SMS, Account: "folder"}, gateSecret, log)
	g := gateOf(t, remote.GateConfig{Cert: f.cert.cert, Key: f.cert.key}, a)
	cmd := exec.Command(f.python, "../../examples/adapter-folder/adapter.py", strings.Replace(g.URL(), "nats://", "tls://", 1), a.Name(), f.dir, f.cert.cert)
	cmd.Env = append(os.Environ(), "STAGECOACH_ADAPTER_SECRET="+gateSecret, "PYTHONDONTWRITEBYTECODE=1")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the example said:\n%s", said.String())
		}
	})
	t.Cleanup(f.kill)
	attached(t, a)
	return a.Channel()
}
