package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/policies"
)

// lookEvery is how often the policy directory is looked at. It is looked at rather
// than watched, so that a network share and a mounted volume do as well.
const lookEvery = time.Second

// watch takes up what is changed in the policy directory, once it stands still and
// is valid. What isn't changes nothing, and every page says so until it is mended.
func (k *policyKeeper) watch(ctx context.Context, every time.Duration) {
	look := time.NewTicker(every)
	defer look.Stop()
	var w directoryWatch
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			k.lookAt(ctx, &w)
		}
	}
}

// directoryWatch is what the policy directory was like when it was last looked at,
// and when it was last taken up.
type directoryWatch struct{ seen, taken string }

// lookAt takes up the directory if it has changed and is now as it was a look ago.
func (k *policyKeeper) lookAt(ctx context.Context, w *directoryWatch) {
	dir := *k.from.Load()
	if dir == "" {
		return
	}
	stamp := dir + "\n" + stampOf(dir)
	if stamp == w.taken {
		return
	}
	if stamp != w.seen {
		w.seen = stamp
		return
	}
	set, err := policies.CheckDir(dir)
	if err == nil {
		if err = k.take(ctx, set); err != nil {
			if ctx.Err() == nil {
				k.logger.ErrorContext(ctx, "the changed policy directory could not be taken up: it is tried again", "err", err)
			}
			return
		}
	}
	w.taken = stamp
	k.found(ctx, err)
}

// found notes whether the policy directory can be taken up.
func (k *policyKeeper) found(ctx context.Context, err error) {
	if err == nil {
		if k.bad.Swap(nil) != nil {
			k.logger.InfoContext(ctx, "the policy directory is mended")
		}
		return
	}
	why := badEdit(err)
	if was := k.bad.Swap(&why); was == nil || *was != why {
		k.logger.ErrorContext(ctx, "the policy directory was not taken up: the policy set goes on deciding that did before", "err", err)
	}
}

// badEdit says what is wrong with a policy directory: all of it, a line each.
func badEdit(err error) string {
	if all, ok := errors.AsType[strict.Errors](err); ok {
		lines := make([]string, len(all))
		for i, one := range all {
			lines[i] = one.Error()
		}
		return strings.Join(lines, "\n")
	}
	return err.Error()
}

// stampOf tells one state of a policy directory from another by its files' names,
// sizes and times.
func stampOf(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	var b strings.Builder
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".yaml" && ext != ".yml" {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name())) // through a link, as mounted volumes have
		if err != nil {
			fmt.Fprintf(&b, "%s: %v\n", e.Name(), err)
			continue
		}
		fmt.Fprintf(&b, "%s %d %d\n", e.Name(), info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}
