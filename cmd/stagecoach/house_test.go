package main

import (
	"context"
	"slices"
	"testing"

	"stagecoach/configs"
)

// A snapshot that failed is tried again though nothing has happened since.
func TestFailedSnapshotIsTriedAgain(t *testing.T) {
	var tried []int
	works, s := false, saver{}
	for round := 1; round <= 26; round++ {
		at := uint64(7)
		if round > 20 {
			at = 8
		}
		if round > 10 {
			works = true
		}
		s.turn(round, at, func() bool {
			tried = append(tried, round)
			return works
		})
	}
	if want := []int{1, 6, 11, 21}; !slices.Equal(tried, want) {
		t.Errorf("tried in the minutes %v, want %v", tried, want)
	}
}

// The daemon says whether its snapshot failed.
func TestSnapshotTellsThatItFailed(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d := runDaemon(t, cfg, Options{Dir: t.TempDir(), Unsynced: true})
	over, end := context.WithCancel(t.Context())
	end()
	if d.snapshot(over) {
		t.Error("a snapshot whose time is over is called saved")
	}
	if !d.snapshot(t.Context()) {
		t.Error("a snapshot that had nothing in its way failed")
	}
}
