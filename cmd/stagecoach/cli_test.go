package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/configs"
)

// ran is what a command line came to.
type ran struct {
	code     int
	out, err string
}

// cli runs a command line in this process.
func cli(t *testing.T, in string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, std{in: strings.NewReader(in), out: &out, err: &errs})
	return ran{code, out.String(), errs.String()}
}

// ok fails the test unless the command succeeded, and gives what it printed.
func ok(t *testing.T, in string, args ...string) string {
	t.Helper()
	r := cli(t, in, args...)
	if r.code != 0 {
		t.Fatalf("%q: exit %d\nout: %s\nerr: %s", args, r.code, r.out, r.err)
	}
	return r.out
}

// refused fails the test unless the command ended with the code and said the
// words on standard error.
func refused(t *testing.T, code int, words string, args ...string) ran {
	t.Helper()
	r := cli(t, "", args...)
	if r.code != code || !strings.Contains(r.err, words) {
		t.Fatalf("%q: exit %d, want %d with %q\nout: %s\nerr: %s", args, r.code, code, words, r.out, r.err)
	}
	return r
}

// oneJSON reads the one JSON value that a command printed, and fails the test
// when there is more or less, or a null in it.
func oneJSON[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("no JSON: %v in %q", err, text)
	}
	if rest, err := dec.Token(); err == nil {
		t.Fatalf("more than one JSON value: %v after the first of %q", rest, text)
	}
	if strings.Contains(strings.ReplaceAll(text, `"draft":null`, ""), ":null") { // a draft is no list
		t.Fatalf("a null in %s", text)
	}
	return v
}

// dataAt makes a data directory that a daemon has run on once.
func dataAt(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	_, stop := serveAt(t, dir)
	stop()
	return dir
}

// serveAt runs a daemon on a directory until stop is called, or the test ends.
func serveAt(t *testing.T, dir string) (d *Daemon, stop func()) {
	t.Helper()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	ctx, cancel := context.WithCancel(t.Context())
	d, err := NewDaemon(ctx, cfg, Options{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	select {
	case <-d.Active():
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	// The socket comes beside the router: wait until it answers.
	awaitControl(t, dir)
	return d, stop
}

func awaitControl(t *testing.T, dir string) {
	t.Helper()
	c, err := awaitSocket(t.Context(), dir, os.ErrDeadlineExceeded)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}
