package rig

import (
	"io/fs"
	"os"
	"path/filepath"
)

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
