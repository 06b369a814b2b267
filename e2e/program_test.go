package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stagecoach/fault"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

// built is the program that this run has built.
var built string

// program gives the program under test, built once per run.
var program = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("STAGECOACH_BIN"); given != "" {
		return given, nil
	}
	dir, err := os.MkdirTemp("/var/tmp", "stagecoach-e2e-")
	if err != nil {
		return "", err
	}
	built = filepath.Join(dir, "stagecoach")
	args := []string{"build", "-tags", "stagecoach_clock", "-o", built}
	if os.Getenv("STAGECOACH_E2E_RACE") == "1" {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "stagecoach/cmd/stagecoach")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return built, nil
})

// daemon is `stagecoach serve` as a process, which can end and be started again
// on the same data.
type daemon struct {
	t      *testing.T
	bin    string
	dir    string
	config string
	url    string

	// clock is when it is as the next process starts, RFC 3339; "" for the real time.
	clock string

	cmd *exec.Cmd
	// ended is closed when the process has ended.
	ended chan struct{}
	lives int
}

// newDaemon makes one that has a folder and a port, and isn't started yet.
func newDaemon(t *testing.T) *daemon {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	root := folder(t)
	d := &daemon{t: t, bin: bin, dir: filepath.Join(root, "data"), config: filepath.Join(root, "stagecoach.yaml")}
	d.url = fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			t.Logf("the daemon's last words:\n%s", d.lastWords(80))
		}
	})
	return d
}

func (d *daemon) logFile() string { return filepath.Join(filepath.Dir(d.config), "log") }

// start starts the process, with a fault point armed unless it is "".
func (d *daemon) start(point string) {
	d.t.Helper()
	log, err := os.OpenFile(d.logFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	d.lives++
	fmt.Fprintf(log, "--- life %d %s %s\n", d.lives, point, d.clock)
	d.cmd = exec.Command(d.bin, "serve", "--config", d.config, "--data", d.dir)
	d.cmd.Env = append(os.Environ(), fault.Env+"="+point, fault.ClockEnv+"="+d.clock)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait() // ProcessState has all that is asked
		close(ended)
	}(d.cmd, d.ended)
}

func (d *daemon) running() bool {
	if d.cmd == nil {
		return false
	}
	select {
	case <-d.ended:
		return false
	default:
		return true
	}
}

// kill ends the process by SIGKILL, and returns when it's gone.
func (d *daemon) kill() {
	if !d.running() {
		return
	}
	_ = d.cmd.Process.Kill()
	<-d.ended
}

// stop ends the process as an operator does, and gives how long that took.
func (d *daemon) stop() time.Duration {
	d.t.Helper()
	begun := time.Now()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	select {
	case <-d.ended:
	case <-time.After(60 * time.Second):
		_ = d.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to the log
		d.t.Fatalf("the daemon didn't end within 20 s of SIGTERM")
	}
	took := time.Since(begun)
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		d.t.Errorf("the daemon ended with %s after SIGTERM", d.cmd.ProcessState)
	}
	return took
}

// diedByFault waits until the armed point has ended the process, and reports
// false when it didn't within limit. Any other end fails the test.
func (d *daemon) diedByFault(limit time.Duration) bool {
	d.t.Helper()
	select {
	case <-d.ended:
	case <-time.After(limit):
		return false
	}
	status, _ := d.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL { //nolint:misspell // the standard library's name
		d.t.Fatalf("the daemon ended by itself: %s", d.cmd.ProcessState)
	}
	return true
}

// readiness is what /readyz says.
type readiness struct {
	Ready bool              `json:"ready"`
	Parts map[string]string `json:"parts"`
}

func (d *daemon) readiness() (readiness, error) {
	var r readiness
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(d.url + "/readyz")
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		return r, err
	}
	if r.Ready != (resp.StatusCode == http.StatusOK) {
		return r, fmt.Errorf("ready is %v with status %d", r.Ready, resp.StatusCode)
	}
	return r, nil
}

// untilUp waits until the router works and these channels are connected.
func (d *daemon) untilUp(channels ...string) {
	d.t.Helper()
	var last readiness
	eventually(d.t, 60*time.Second, func() string { return fmt.Sprintf("the daemon to be up with %v, says %v", channels, last.Parts) }, func() bool {
		if !d.running() {
			d.t.Fatalf("the daemon ended while it started: %s\n%s", d.cmd.ProcessState, d.lastWords(20))
		}
		r, err := d.readiness()
		if err != nil {
			return false
		}
		last = r
		for _, part := range append([]string{"router", "journal"}, channels...) {
			if why, there := r.Parts[part]; !there || why != "" {
				return false
			}
		}
		return true
	})
}

// lastWords gives the end of the daemon's log.
func (d *daemon) lastWords(lines int) string {
	data, err := os.ReadFile(d.logFile())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// run runs a subcommand on the daemon's data, and gives its exit code and what
// it wrote.
func (d *daemon) run(args ...string) (code int, stdout, stderr string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, d.bin, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// audit is the proof as the command line gives it.
type audit struct {
	Summary summary `json:"summary"`
	Sources []struct {
		Source      string `json:"source"`
		Seen        int    `json:"seen"`
		Messages    int    `json:"messages"`
		Evidence    int    `json:"evidence"`
		Quarantined int    `json:"quarantined"`
		Missing     int    `json:"missing"`
	} `json:"sources"`
	Pending int `json:"pending"`
	Gaps    []struct {
		What   string `json:"what"`
		Where  string `json:"where"`
		Detail string `json:"detail"`
	} `json:"gaps"`
}

// summary is the ledger in one line.
type summary struct {
	Seen        int            `json:"seen"`
	Messages    int            `json:"messages"`
	Evidence    int            `json:"evidence"`
	Quarantined int            `json:"quarantined"`
	Contacts    int            `json:"contacts"`
	Replied     int            `json:"replied"`
	Open        int            `json:"open"`
	Merged      int            `json:"merged"`
	Disposed    map[string]int `json:"disposed"`
	AddsUp      bool           `json:"adds_up"`
}

// audit runs `stagecoach ledger audit`, on the running daemon or the data of a
// stopped one, once what was just stored is taken in; anything that doesn't add up
// fails the test.
func (d *daemon) audit() audit {
	d.t.Helper()
	var code int
	var out, errs string
	var a audit
	for deadline := time.Now().Add(patience); ; {
		code, out, errs = d.run("ledger", "audit", "--json", "--data", d.dir)
		a = audit{}
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			d.t.Fatalf("ledger audit ended with %d: %v\n%s%s", code, err, out, errs)
		}
		if a.Pending == 0 || time.Now().After(deadline) {
			break
		}
	}
	for _, gap := range a.Gaps {
		d.t.Errorf("gap in the ledger: %s %s: %s", gap.What, gap.Where, gap.Detail)
	}
	if code != 0 || !a.Summary.AddsUp || a.Pending != 0 {
		d.t.Errorf("ledger audit ended with %d, adds_up %v, %d pending\n%s%s", code, a.Summary.AddsUp, a.Pending, out, errs)
	}
	return a
}
