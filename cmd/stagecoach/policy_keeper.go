package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stagecoach/journal"
	"stagecoach/policies"
	"stagecoach/router"
)

// policyKeeper brings policy sets to the router and keeps each for ever: it is
// stored first, then the log says that it decides, then it does.
type policyKeeper struct {
	engine  *router.Engine
	journal *journal.Journal
	active  *atomic.Pointer[policies.Set]
	// warn says what is odd about a set that was activated.
	warn   func(ctx context.Context, set *policies.Set)
	logger *slog.Logger

	// changing lets one change happen at a time.
	changing sync.Mutex
	// from is the policy directory, read at start or since; "" for what is built in.
	from atomic.Pointer[string]
	// read is what the directory held as the daemon started, nil if it was broken.
	read *policies.Set
	// bad says why the directory as it is now was not taken up, nil if it was.
	bad atomic.Pointer[string]
	// two is true where a second supervisor must agree.
	two atomic.Bool
}

// storedSet is a policy set as it is kept.
type storedSet struct {
	Version string            `json:"version"`
	Files   map[string]string `json:"files"`
}

// keep stores a set under its version and gives the reference.
func (k *policyKeeper) keep(ctx context.Context, set *policies.Set) (string, error) {
	id := "policy-" + set.Version
	ref := string(journal.KindSetting) + "." + id
	if _, err := k.journal.Get(ctx, ref); err == nil {
		return ref, nil
	}
	kept := storedSet{Version: set.Version, Files: map[string]string{}}
	for name, text := range set.Files() {
		kept.Files[name] = string(text)
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return "", fmt.Errorf("writing policy set %s: %w", set.Version, err)
	}
	if ref, err = k.journal.Put(ctx, journal.KindSetting, id, data); err != nil {
		return "", fmt.Errorf("keeping policy set %s: %w", set.Version, err)
	}
	return ref, nil
}

// recall reads a set that was kept.
func (k *policyKeeper) recall(ctx context.Context, ref string) (*policies.Set, error) {
	return recallSet(ctx, k.journal, ref)
}

func recallSet(ctx context.Context, j *journal.Journal, ref string) (*policies.Set, error) {
	data, err := j.Get(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("reading the policy set %q: %w", ref, err)
	}
	var kept storedSet
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, fmt.Errorf("reading the policy set %q: %w", ref, err)
	}
	return setOf("policy "+kept.Version, kept.Files)
}

// setOf makes a policy set of the text of its files.
func setOf(name string, texts map[string]string) (*policies.Set, error) {
	return policies.LoadFiles(name, filesOfTexts(texts))
}

func filesOfTexts(texts map[string]string) map[string][]byte {
	files := make(map[string][]byte, len(texts))
	for file, text := range texts {
		files[file] = []byte(text)
	}
	return files
}

// resume makes the set decide that the log names, before the router decides
// anything.
func (k *policyKeeper) resume(ctx context.Context, s *router.State) {
	act, ok := s.Activation()
	if !ok || act.Set == "" || act.Version == k.active.Load().Version {
		return
	}
	set, err := k.recall(ctx, act.Set)
	if err != nil {
		k.logger.ErrorContext(ctx, "the active policy set can't be read: what the policy directory holds decides instead", "policy", act.Version, "err", err)
		return
	}
	k.active.Store(set)
}

// settle decides what a start means: nothing, where the directory is as it was when
// something was last taken from it. It is tried until the router is active.
func (k *policyKeeper) settle(ctx context.Context) error {
	for {
		err := k.settleOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return nil //nolint:nilerr // done, or stopping
		}
		if errors.Is(err, errNoPolicy) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var errNoPolicy = errors.New("there is no policy set to decide by: mend the policy directory")

func (k *policyKeeper) settleOnce(ctx context.Context) error {
	var act router.Activation
	var known bool
	var taken string
	if err := k.engine.View(ctx, func(s *router.State) {
		act, known = s.Activation()
		taken = s.Policies.Taken
	}); err != nil {
		return err
	}
	active := k.active.Load()
	switch {
	case k.read == nil && (!known || act.Set == ""):
		return fmt.Errorf("%w: %s", errNoPolicy, *k.bad.Load())
	case k.read != nil && (!known || act.Set == ""):
		return k.activate(ctx, k.read, router.Activate{Reason: router.PolicyAtStart, Taken: k.read.Source})
	case k.read != nil && k.read.Source != taken:
		if _, err := policies.CheckDir(*k.from.Load()); err != nil { // what lint finds wrong comes in by no way
			k.found(ctx, err)
			return nil
		}
		return k.take(ctx, k.read)
	case active.Version != act.Version: // the same files are another set in this build
		return k.activate(ctx, active, router.Activate{Reason: router.PolicyUpgraded})
	}
	return nil
}

// takenNow gives the fingerprint of what was last taken from the policy directory.
func (k *policyKeeper) takenNow(ctx context.Context) (taken string) {
	if err := k.engine.View(ctx, func(s *router.State) { taken = s.Policies.Taken }); err != nil {
		return ""
	}
	return taken
}

// take takes up what the policy directory holds, unless it is what was last taken
// from it. Where two must agree it is put before a supervisor.
func (k *policyKeeper) take(ctx context.Context, set *policies.Set) error {
	var taken string
	var drafts []router.Draft
	if err := k.engine.View(ctx, func(s *router.State) {
		taken, drafts = s.Policies.Taken, append(drafts, s.Policies.Drafts...)
	}); err != nil {
		return fmt.Errorf("taking up the policy directory: %w", err)
	}
	if set.Source == taken {
		return nil
	}
	if !k.two.Load() || set.Version == k.active.Load().Version {
		return k.activate(ctx, set, router.Activate{Reason: router.PolicyDirectory, Taken: set.Source})
	}
	for _, d := range drafts {
		if d.Taken == set.Source {
			return nil
		}
	}
	_, err := k.draft(ctx, router.ActorRouter, set, router.DraftPolicy{Taken: set.Source})
	return err
}

// activate makes a set decide by itself. All that can fail comes first; from the
// commit on it is the log that says so.
func (k *policyKeeper) activate(ctx context.Context, set *policies.Set, cmd router.Activate) error {
	_, err := k.activated(ctx, router.ActorRouter, set, cmd)
	return err
}

// activated is activate with what the router says.
func (k *policyKeeper) activated(ctx context.Context, actor string, set *policies.Set, cmd router.Activate) (router.Result, error) {
	k.changing.Lock()
	defer k.changing.Unlock()
	ref, err := k.keep(ctx, set)
	if err != nil {
		return router.Result{}, err
	}
	cmd.Version, cmd.Set = set.Version, ref
	res, err := k.do(ctx, actor, cmd)
	if err != nil {
		return res, fmt.Errorf("activating policy %s: %w", set.Version, err)
	}
	if k.active.Swap(set).Version != set.Version {
		k.logger.InfoContext(ctx, "another policy set decides", "policy", set.Version, "reason", cmd.Reason)
	}
	k.warn(ctx, set)
	return res, nil
}

// former reads a set that was active once, by its version or the beginning of it.
func (k *policyKeeper) former(ctx context.Context, version string) (*policies.Set, error) {
	found := map[string]string{}
	if err := k.engine.View(ctx, func(s *router.State) {
		for _, a := range s.Policies.History {
			if strings.HasPrefix(a.Version, version) && a.Set != "" {
				found[a.Version] = a.Set
			}
		}
	}); err != nil {
		return nil, fmt.Errorf("looking for policy %s: %w", version, err)
	}
	if len(found) > 1 && found[version] == "" {
		return nil, &router.Refusal{Code: router.RefusedInvalid, Message: "several policy sets begin with " + version + ": give more of the version"}
	}
	for full, ref := range found {
		if version != "" && (full == version || len(found) == 1) {
			return k.recall(ctx, ref)
		}
	}
	return nil, &router.Refusal{Code: router.RefusedNotFound, Message: "no policy set " + version + " was active here: see the history"}
}

// draft puts a set before a second supervisor.
func (k *policyKeeper) draft(ctx context.Context, actor string, set *policies.Set, cmd router.DraftPolicy) (router.Result, error) {
	ref, err := k.keep(ctx, set)
	if err != nil {
		return router.Result{}, err
	}
	cmd.Version, cmd.Set = set.Version, ref
	res, err := k.do(ctx, actor, cmd)
	if err != nil {
		return res, fmt.Errorf("drafting policy %s: %w", set.Version, err)
	}
	k.logger.InfoContext(ctx, "a policy set waits for a supervisor's word", "policy", set.Version)
	return res, nil
}

// doTries is how often a command is sent again whose outcome isn't known.
const doTries = 20

// do has a command decided. It has the same id each time, so that it is done once.
func (k *policyKeeper) do(ctx context.Context, actor string, cmd router.Command) (res router.Result, err error) {
	env := router.Envelope{ID: "policy:" + randomID(), Actor: actor, Command: cmd}
	for range doTries {
		if res, err = k.engine.Do(ctx, env); !errors.Is(err, router.ErrNotActive) {
			return res, err
		}
		select {
		case <-ctx.Done():
			return res, err
		case <-time.After(50 * time.Millisecond):
		}
	}
	return res, err
}
