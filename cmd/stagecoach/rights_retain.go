package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// When the words that are old are removed: a while after the start, and then every
// day.
const (
	retainFirst = 10 * time.Minute
	retainEvery = 24 * time.Hour
)

// keepRetention removes what is old, until ctx ends.
func (r *rights) keepRetention(ctx context.Context) error {
	due := time.NewTimer(retainFirst)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-due.C:
		}
		done, err := r.retain(ctx, r.now(), false)
		if err != nil && ctx.Err() == nil {
			r.logger.ErrorContext(ctx, "what is old was not removed: it is tried again tomorrow", "err", err)
		}
		if len(done.Removed) > 0 {
			r.logger.InfoContext(ctx, "what is old was removed", "removed", fmt.Sprint(done.Removed))
		}
		due.Reset(retainEvery)
	}
}

// retained is what a look at old words came to.
type retained struct {
	At time.Time `json:"at"`
	// DryRun is true where nothing was removed.
	DryRun  bool           `json:"dry_run"`
	Removed []router.Count `json:"removed"`
	Spared  []router.Count `json:"spared"`
	// Keep says how long each kind is kept, in days.
	Keep map[string]int `json:"keep_days"`
}

// retentionMark is how far the removing has come, by kind: the last entry that was
// looked at, and those before it that were spared.
type retentionMark struct {
	Entry  uint64   `json:"entry"`
	Spared []uint64 `json:"spared,omitempty"`
	// Law is the version of the statutory rules by which all marks are made.
	Law string `json:"law,omitempty"`
}

// retentionSetting is the name under which the marks are kept.
const retentionSetting = "retention"

// Bounds of one look: how many are read at once, and how many may be spared before the
// look stops there until some of them may go.
const (
	retainAtOnce = 500
	mostSpared   = 20_000
)

// retain removes the words that are older than the policy keeps them, but for those
// of conversations in which a contact is open and of people whose data are held. It
// may be cut off at any moment: the next one goes on.
func (r *rights) retain(ctx context.Context, now time.Time, dry bool) (*retained, error) {
	out := &retained{At: now.UTC().Truncate(time.Second), DryRun: dry, Removed: []router.Count{}, Spared: []router.Count{}, Keep: map[string]int{}}
	marks, err := r.retentionMarks(ctx)
	if err != nil {
		return out, err
	}
	removed, spared := map[string]uint64{}, map[string]uint64{}
	law := r.newLaw(now, marks)
	for _, keep := range r.policy().Retentions() {
		out.Keep[keep.Kind] = int(keep.Keep / (24 * time.Hour))
		for _, pass := range law.passes(keep) {
			k := &retaining{rights: r, ctx: ctx, kind: keep.Kind, before: pass.before, dry: dry, mark: marks[pass.mark], held: map[string]bool{}, law: law, rule: pass.rule}
			if keep.Kind == "originals" {
				k.kind, k.strip = ledger.ExpireMessages, true
			}
			err = k.run()
			removed[keep.Kind] += k.removed
			spared[keep.Kind] += uint64(len(k.mark.Spared)) + k.kept
			marks[pass.mark] = k.mark
			if err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	for kind := range removed {
		if removed[kind] == 0 {
			delete(removed, kind)
		}
		if spared[kind] == 0 {
			delete(spared, kind)
		}
	}
	out.Removed, out.Spared = counts(removed), counts(spared)
	if dry {
		return out, err
	}
	if merr := r.keepMarks(context.WithoutCancel(ctx), marks); merr != nil {
		return out, errors.Join(err, merr)
	}
	if len(removed) > 0 {
		cmd := router.Envelope{Actor: router.ActorRouter, Command: router.ApplyRetention{Removed: out.Removed, Spared: out.Spared}}
		if _, derr := r.router.Do(context.WithoutCancel(ctx), cmd); derr != nil {
			err = errors.Join(err, derr)
		}
	}
	return out, err
}

func (r *rights) retentionMarks(ctx context.Context) (map[string]retentionMark, error) {
	marks := map[string]retentionMark{}
	data, err := r.journal.Get(ctx, string(journal.KindSetting)+"."+retentionSetting)
	if errors.Is(err, journal.ErrNotFound) || errors.Is(err, journal.ErrErased) {
		return marks, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &marks); err != nil {
		return nil, fmt.Errorf("reading how far the removing of old words has come: %w", err)
	}
	return marks, nil
}

func (r *rights) keepMarks(ctx context.Context, marks map[string]retentionMark) error {
	data, err := json.Marshal(marks)
	if err != nil {
		return fmt.Errorf("noting how far the removing of old words has come: %w", err)
	}
	_, err = r.journal.Put(ctx, journal.KindSetting, retentionSetting, data)
	return err
}

// retaining removes what is old of one kind.
type retaining struct {
	*rights
	ctx    context.Context //nolint:containedctx // lives for one look
	kind   string
	before time.Time
	dry    bool
	// strip is true where only the original goes, and the words stay.
	strip   bool
	mark    retentionMark
	removed uint64
	held    map[string]bool
	// law says what must be kept longer, rule is the one whose time this look is of, ""
	// for the retention's own; kept counts what is left to a rule's look.
	law  *law
	rule string
	kept uint64
}

func (k *retaining) run() error {
	again, err := k.ledger.ExpiredAt(k.ctx, k.kind, k.before, k.mark.Spared)
	if err != nil {
		return err
	}
	k.mark.Spared = nil
	if err := k.remove(again, true); err != nil {
		return err
	}
	for len(k.mark.Spared) < mostSpared {
		list, err := k.ledger.Expired(k.ctx, k.kind, k.before, k.mark.Entry, retainAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := k.remove(list, false); err != nil {
			return err
		}
		k.mark.Entry = max(k.mark.Entry, list[len(list)-1].Entry)
	}
	return nil
}

// remove removes those that may go. What it has come to when it is cut off is done
// again: that changes nothing.
func (k *retaining) remove(list []ledger.Expired, again bool) error {
	var refs []string
	for i := range list {
		held, err := k.isHeld(list[i].Customer)
		if err != nil {
			return err
		}
		under, err := k.law.on(k.ctx, k.kind, list[i].Contact)
		if err != nil {
			return err
		}
		switch k.judge(under, list[i].Open || held, again) {
		case another:
			continue
		case stays:
			k.mark.Spared = append(k.mark.Spared, list[i].Entry)
		case goes:
			refs = append(refs, list[i].Ref)
		}
	}
	if k.dry || len(refs) == 0 {
		k.removed += uint64(len(refs))
		return nil
	}
	if !k.strip {
		if err := k.ledger.EraseWords(k.ctx, refs); err != nil {
			return err
		}
	}
	for _, ref := range refs {
		gone, err := k.one(ref)
		if err != nil {
			return err
		}
		if gone {
			k.removed++
		}
	}
	if !k.strip {
		k.forget(refs) // in lists
	}
	return nil
}

func (k *retaining) one(ref string) (bool, error) {
	if k.strip {
		return k.stripped(k.ctx, ref)
	}
	return (&wiping{rights: k.rights, ctx: k.ctx, count: func(string, uint64) {}}).one(ref)
}

// isHeld reports whether the data of a customer, or of the person they are, are held.
func (k *retaining) isHeld(customer string) (bool, error) {
	if customer == "" {
		return false, nil
	}
	held, known := k.held[customer]
	if known {
		return held, nil
	}
	members, err := k.person(k.ctx, customer)
	if err != nil {
		return false, err
	}
	who := &identities{all: map[contact.Identity]bool{}}
	if err := k.recorded(k.ctx, members, who); err != nil {
		return false, err
	}
	k.held[customer] = who.held != nil
	return who.held != nil, nil
}

// stripped keeps what a message says, and removes the original with its files: what
// was hidden in its header, and whatever else nobody reads.
func (r *rights) stripped(ctx context.Context, ref string) (bool, error) {
	if !strings.HasPrefix(ref, "inbox.") {
		return false, nil
	}
	m, err := r.words.Message(ctx, ref)
	if errors.Is(err, ledger.ErrGone) {
		return false, nil
	}
	if err == nil {
		cp := *m
		cp.HTML, cp.Headers, cp.Origin = "", nil, nil
		cp.Attachments = nil
		for _, a := range m.Attachments {
			a.Data, a.Object = nil, ""
			cp.Attachments = append(cp.Attachments, a)
		}
		data, err := json.Marshal(&cp)
		if err != nil {
			return false, fmt.Errorf("keeping what a message says: %w", err)
		}
		if _, err := r.journal.Put(ctx, journal.KindMessage, ref, data); err != nil {
			return false, err
		}
	} else if ctx.Err() != nil {
		return false, err
	} // what can't be read says nothing: it goes whole
	r.words.forget(ref)
	return true, r.journal.Erase(ctx, ref)
}
