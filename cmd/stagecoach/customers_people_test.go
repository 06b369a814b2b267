package main

import (
	"path/filepath"
	"testing"

	"stagecoach/configs"
)

// Somebody who is being erased is nobody: a signed visitor with their number must not
// cost the others who write at that moment what is known of them.
func TestNumberOfWhoIsBeingErased(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	imported(t, dir, eraseList)
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	defer stop()
	people := peopleOf{d.directory}
	id, err := people.External(t.Context(), "ZZ-1")
	if err != nil || id == "" {
		t.Fatalf("the list's number is of %q: %v", id, err)
	}
	d.directory.Withhold([]string{id})
	if got, err := people.External(t.Context(), "ZZ-1"); err != nil || got != "" {
		t.Errorf("while they are erased the number is of %q: %v", got, err)
	}
}
