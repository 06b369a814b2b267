package rig

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Signal sends a signal to Postfix and all its processes: SIGSTOP makes it
// hang, SIGCONT go on.
func (p *Postfix) Signal(signal syscall.Signal) {
	p.t.Helper()
	text, err := os.ReadFile(p.path("queue/pid/master.pid"))
	if err != nil {
		p.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Kill(-pid, signal); err != nil { // the master leads its group
		p.t.Fatal(err)
	}
	if signal == syscall.SIGSTOP { // or it couldn't be stopped in the end
		p.t.Cleanup(func() { _ = syscall.Kill(-pid, syscall.SIGCONT) })
	}
}

// Queued gives the mails that Postfix has taken, in whole or in part, and has
// not delivered yet: its own files, which hold the lines as they came.
func (p *Postfix) Queued() [][]byte {
	p.t.Helper()
	out := [][]byte{}
	for _, queue := range []string{"maildrop", "incoming", "active", "deferred", "hold"} {
		root := p.path(filepath.Join("queue", queue))
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return nil //nolint:nilerr // it was moved on or is done meanwhile
			}
			if raw, err := os.ReadFile(path); err == nil {
				out = append(out, raw)
			}
			return nil
		})
		if err != nil {
			p.t.Error(err)
		}
	}
	return out
}
