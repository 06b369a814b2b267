package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/router"
)

// rereadMost is how many items of the quarantine one upgrade reads again, the
// newest first.
const rereadMost = 10_000

// buildID names the program that is running, as far as it was told when built.
func buildID() string {
	parts := []string{version}
	if info, ok := debug.ReadBuildInfo(); ok {
		parts = append(parts, info.Main.Version)
		for _, s := range info.Settings {
			if strings.HasPrefix(s.Key, "vcs.") {
				parts = append(parts, s.Value)
			}
		}
	}
	return strings.Join(parts, " ")
}

// reread reads what was in quarantine before this life again, once for each
// build: a later one may understand what this one didn't. What fails again stays
// where it is until the next, or until a person asks. A data directory that
// doesn't say which build read it is of one that didn't note it.
func (d *Daemon) reread(ctx context.Context) error {
	begun := time.Now()
	select {
	case <-ctx.Done():
		return nil
	case <-d.ready:
	}
	file := filepath.Join(d.opts.Dir, "read-by")
	before, err := os.ReadFile(file) //nolint:gosec // the data directory's own file
	if err == nil && string(before) == d.opts.Build {
		return nil
	}
	if err := d.rereadAll(ctx, begun); err != nil {
		if ctx.Err() == nil {
			d.logger.ErrorContext(ctx, "the quarantine was not read again", "err", err)
		}
		return nil
	}
	// Not synced: whoever loses it reads the quarantine once more.
	if err := os.WriteFile(file, []byte(d.opts.Build), 0o600); err != nil {
		d.logger.WarnContext(ctx, "which build has read the quarantine can't be kept", "err", err)
	}
	return nil
}

// rereadAll reads again what came before this life began.
func (d *Daemon) rereadAll(ctx context.Context, begun time.Time) error {
	var n uint64
	if err := d.engine.View(ctx, func(s *router.State) { n = s.N }); err != nil {
		return err
	}
	if err := d.ledger.WaitFor(ctx, n); err != nil {
		return err
	}
	items, err := d.ledger.Quarantined(ctx, rereadMost)
	if err != nil {
		return err
	}
	now := time.Now()
	items = slices.DeleteFunc(items, func(it ledger.QuarantinedItem) bool {
		return !it.At.Before(begun) && !it.At.After(now) // this build has read it
	})
	failed := 0
	for _, it := range items {
		in, err := d.words.Original(ctx, it.Ref)
		if err == nil {
			_, err = d.intake.Again(ctx, it.ID, it.Ref, in)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed++
		}
	}
	if len(items) > 0 {
		d.logger.InfoContext(ctx, "a new build has read the quarantine again", "items", len(items), "still_unread", failed)
	}
	return nil
}

// parsed reads an original. A parser that panics has met what it can't read: the
// item goes to quarantine, and nothing else ends.
func parsed(p channels.Parser, in *channels.Inbound) (m *contact.Message, err error) {
	defer func() {
		if v := recover(); v != nil {
			m, err = nil, fmt.Errorf("the parser broke off: %v", v)
		}
	}()
	return p.Parse(in)
}
