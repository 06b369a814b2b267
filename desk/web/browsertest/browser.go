// Package browsertest drives a headless Chromium for tests, over the pipe of
// the DevTools protocol: no port, no further program, no dependency. Tests that
// use it are skipped where there is no Chromium.
package browsertest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Browser is a running Chromium.
type Browser struct {
	cmd     *exec.Cmd
	out     *os.File
	profile string

	mu      sync.Mutex
	next    int
	waiting map[int]chan answer
	pages   map[string]*Page
	closed  bool
	done    chan struct{}
}

type answer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Session string          `json:"sessionId"`
}

var (
	errGone   = errors.New("the browser is gone")
	errSilent = errors.New("the browser did not answer")
)

// patience is how long a command may take. A page that is left takes its
// unfinished answers with it.
const patience = 60 * time.Second

// ErrNone means that there is no Chromium on this machine.
var ErrNone = errors.New("there is no chromium")

// Start starts a browser that ends with the test.
func Start(tb testing.TB) *Browser {
	tb.Helper()
	b, err := Launch()
	if errors.Is(err, ErrNone) {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Logf("closing the browser: %v", err)
		}
	})
	return b
}

// Launch starts a browser with a profile of its own, for several tests to
// share: each Page is another person's.
func Launch() (*Browser, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, ErrNone
	}
	profile, err := os.MkdirTemp("", "browsertest-")
	if err != nil {
		return nil, err
	}
	childIn, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	in, childOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	//nolint:gosec,noctx // the chromium of PATH; Close ends it, as it outlives the test that asked first
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
		"--remote-debugging-pipe", "--user-data-dir="+profile, "about:blank")
	cmd.ExtraFiles = []*os.File{childIn, childOut}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting chromium: %w", err)
	}
	_, _ = childIn.Close(), childOut.Close()
	b := &Browser{
		cmd: cmd, out: out, profile: profile,
		waiting: map[int]chan answer{}, pages: map[string]*Page{}, done: make(chan struct{}),
	}
	go b.read(in)
	return b, nil
}

// Close ends the browser, waits until it is gone, and removes its profile.
func (b *Browser) Close() error {
	_, err := b.call("", "Browser.close", nil)
	if errors.Is(err, errGone) {
		err = nil
	}
	_ = b.out.Close()
	<-b.done
	return errors.Join(err, b.cmd.Wait(), os.RemoveAll(b.profile))
}

// read hands answers to those who wait and events to their pages.
func (b *Browser) read(in *os.File) {
	defer close(b.done)
	r := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := r.ReadBytes(0)
		if err != nil {
			break
		}
		var a answer
		if json.Unmarshal(line[:len(line)-1], &a) != nil {
			continue
		}
		b.mu.Lock()
		ch, page := b.waiting[a.ID], b.pages[a.Session]
		if a.ID != 0 {
			delete(b.waiting, a.ID)
		}
		b.mu.Unlock()
		switch {
		case a.ID != 0 && ch != nil:
			ch <- a
		case page != nil:
			page.event(a.Method, a.Params)
		}
	}
	_ = in.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for id, ch := range b.waiting {
		delete(b.waiting, id)
		close(ch)
	}
}

// call sends one command and waits for its answer.
func (b *Browser) call(session, method string, params any) (json.RawMessage, error) {
	return b.callFor(patience, session, method, params)
}

func (b *Browser) callFor(limit time.Duration, session, method string, params any) (json.RawMessage, error) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, errGone
	}
	b.next++
	id, ch := b.next, make(chan answer, 1)
	b.waiting[id] = ch
	msg := map[string]any{"id": id, "method": method}
	if params != nil {
		msg["params"] = params
	}
	if session != "" {
		msg["sessionId"] = session
	}
	raw, err := json.Marshal(msg)
	if err == nil {
		_, err = b.out.Write(append(raw, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", method, err)
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var a answer
	var ok bool
	select {
	case a, ok = <-ch:
	case <-timer.C:
		return nil, fmt.Errorf("calling %s: %w", method, errSilent)
	}
	if !ok {
		return nil, errGone
	}
	if a.Error != nil {
		return nil, fmt.Errorf("calling %s: %s", method, a.Error.Message)
	}
	return a.Result, nil
}
