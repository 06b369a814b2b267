package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// keptHead is what is put away of a person beside their words where a hold stands: what
// was known of them, why they are held, and where their words were.
type keptHead struct {
	Records []customers.Record `json:"records"`
	Holds   []customers.Hold   `json:"holds"`
	Refs    []string           `json:"refs"`
}

// dayOf gives the day that has not ended yet at an instant: neither here nor at UTC, so
// that nothing goes while its last day lasts.
func dayOf(now time.Time) string {
	return min(now.UTC().Format(time.DateOnly), now.Local().Format(time.DateOnly))
}

// headRef is where the head of an erasure is put away.
func headRef(erasure string) string { return awayRef("erasure." + erasure) }

// head reads it, empty where there is none: a law alone needs none.
func (r *rights) head(ctx context.Context, erasure string) (*keptHead, error) {
	h := &keptHead{}
	data, err := r.journal.Get(ctx, headRef(erasure))
	if errors.Is(err, journal.ErrErased) || errors.Is(err, journal.ErrNotFound) {
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, h); err != nil {
		return nil, fmt.Errorf("reading what is kept of erasure %s: %w", erasure, err)
	}
	return h, nil
}

func (r *rights) keepHead(ctx context.Context, erasure string, h *keptHead) error {
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("putting away what must be kept: %w", err)
	}
	_, err = r.journal.Put(ctx, journal.KindMessage, awayID("erasure."+erasure), data)
	return err
}

// putHead puts away what is known of customers, and where their words are. Once more
// after a crash it adds what is there now to what was.
func (w *wiping) putHead(ids, refs []string) error {
	h, err := w.head(w.ctx, w.erasure)
	if err != nil {
		return err
	}
	records, err := w.recordsOf(w.ctx, ids)
	if err != nil {
		return err
	}
	for i := range records {
		rec := &records[i]
		if slices.ContainsFunc(h.Records, func(have customers.Record) bool { return have.ID == rec.ID }) {
			continue
		}
		if rec.Hold != nil && !slices.ContainsFunc(h.Holds, func(have customers.Hold) bool { return have.Reason == rec.Hold.Reason }) {
			h.Holds = append(h.Holds, *rec.Hold)
		}
		h.Records = append(h.Records, *rec)
	}
	h.Refs = append(h.Refs, refs...)
	slices.Sort(h.Refs)
	h.Refs = slices.Compact(h.Refs)
	return w.keepHead(w.ctx, w.erasure, h)
}

// away gives what of an erasure's customers is put away, in the order of the references.
func (r *rights) away(ctx context.Context, erasure string, t *ledger.Theirs) ([]putAway, error) {
	h, err := r.head(ctx, erasure)
	if err != nil {
		return nil, err
	}
	refs := slices.Concat(t.Messages, t.Replies, h.Refs)
	slices.Sort(refs)
	var out []putAway
	for _, ref := range slices.Compact(refs) {
		data, err := r.journal.Get(ctx, awayRef(ref))
		if errors.Is(err, journal.ErrErased) || errors.Is(err, journal.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var p putAway
		if err := json.Unmarshal(data, &p); err != nil {
			return nil, fmt.Errorf("reading what is kept of %s: %w", ref, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// tally counts what was put away.
func (w *wiping) tally(e *router.Erasure) error {
	t, err := w.ledger.Theirs(w.ctx, e.Customers)
	if err != nil {
		return err
	}
	list, err := w.rights.away(w.ctx, w.erasure, t)
	if err != nil {
		return err
	}
	w.away = keptOn(list, dayOf(w.now()), e)
	return nil
}

// keptOn counts what is kept on a day. While a hold stands what is known of a person is,
// also of who never wrote.
func keptOn(list []putAway, today string, e *router.Erasure) []router.Kept {
	kept := keptOf(boundsOn(list, today, e))
	if len(kept) == 0 && e.Holds(today) {
		kept = append(kept, router.Kept{Until: e.Until, Hold: true})
	}
	return kept
}

// boundOn says what keeps a piece on a day, false for nothing any more: the law or the
// hold, whichever lasts longer.
func (p *putAway) boundOn(today string, e *router.Erasure) (bound, bool) {
	if e.Holds(today) && (e.Until == "" || e.Until >= p.Until) {
		return bound{until: e.Until, hold: true}, true
	}
	return bound{rule: p.Rule, until: p.Until}, p.Rule != "" && p.Until >= today
}

// boundsOn gives what keeps each of the pieces that must still be kept on a day.
func boundsOn(list []putAway, today string, e *router.Erasure) []bound {
	var out []bound
	for i := range list {
		if b, kept := list[i].boundOn(today, e); kept {
			out = append(out, b)
		}
	}
	return out
}

// keptOf counts what is kept, by rule and day.
func keptOf(list []bound) []router.Kept {
	n := map[bound]uint64{}
	for _, b := range list {
		n[b]++
	}
	var out []router.Kept
	for b, k := range n {
		out = append(out, router.Kept{Rule: b.rule, Until: b.until, N: k, Hold: b.hold})
	}
	slices.SortFunc(out, func(a, b router.Kept) int {
		return cmp.Or(cmp.Compare(a.Until, b.Until), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

// keptStill gives what is on record as kept, as the hold is now: the pieces themselves
// are gone through a moment after that was changed.
func keptStill(e *router.Erasure, today string) []router.Kept {
	var list []bound
	n := map[bound]uint64{}
	for _, k := range e.Kept {
		if b, kept := (&putAway{Rule: k.Rule, Until: k.Until}).boundOn(today, e); kept {
			list = append(list, b)
			n[b] += k.N
		}
	}
	out := keptOf(list)
	for i := range out {
		out[i].N = n[bound{rule: out[i].Rule, until: out[i].Until, hold: out[i].Hold}]
	}
	return out
}

// told puts what is kept into words: those of the policy, or those of the hold.
func (r *rights) told(list []router.Kept, holds []customers.Hold) []view.Kept {
	out := []view.Kept{}
	for _, k := range list {
		v := view.Kept{Name: k.Rule, Until: k.Until, N: k.N, Hold: k.Hold}
		for _, rule := range r.policy().Statutories() {
			if !k.Hold && rule.Name == k.Rule {
				v.Reason = rule.Reason
			}
		}
		if k.Hold && len(holds) > 0 {
			last := holds[len(holds)-1]
			v.Reason, v.Told = last.Reason, last.Told
		}
		out = append(out, v)
	}
	return out
}

// overdue erases what was kept and need be kept no longer, and records it: its last day
// has passed, or the hold was lifted. What a hold keeps otherwise since is noted.
func (r *rights) overdue(ctx context.Context, now time.Time) error {
	today := dayOf(now)
	due := map[string]router.Erasure{}
	err := r.router.View(ctx, func(s *router.State) {
		for id, e := range s.Erasures {
			if e.Ended && slices.ContainsFunc(e.Kept, func(k router.Kept) bool { return changes(k, e, today) }) {
				due[id] = *e
			}
		}
	})
	if err != nil {
		return err
	}
	var errs []error
	for id, e := range due {
		if err := r.overdueOf(ctx, id, &e, today); err != nil {
			errs = append(errs, fmt.Errorf("erasing what need be kept no longer: erasure %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// changes reports whether what is on record of something kept is no longer so.
func changes(k router.Kept, e *router.Erasure, today string) bool {
	b, kept := (&putAway{Rule: k.Rule, Until: k.Until}).boundOn(today, e)
	if k.Hold {
		return !e.Holds(today) || k.Until != e.Until
	}
	return !kept || b.hold
}

func (r *rights) overdueOf(ctx context.Context, id string, e *router.Erasure, today string) error {
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	t, err := r.ledger.Theirs(ctx, e.Customers)
	if err != nil {
		return err
	}
	list, err := r.away(ctx, id, t)
	if err != nil {
		return err
	}
	var gone uint64
	for i := range list {
		if _, kept := list[i].boundOn(today, e); kept {
			continue
		}
		if err := r.journal.Erase(ctx, awayRef(list[i].Ref)); err != nil {
			return err
		}
		if gone++; gone == 1 {
			fault.Here(fault.DueAfterFirst)
		}
	}
	left := keptOn(list, today, e)
	fault.Here(fault.DueBeforeHead)
	if err := r.dropHead(ctx, id, e, today, len(left) == 0); err != nil {
		return err
	}
	fault.Here(fault.DueBeforeEnd)
	end := router.EndErasure{Erasure: id, Removed: counts(map[string]uint64{"kept": gone}), Kept: left}
	_, err = r.router.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: end})
	return err
}

// dropHead erases what is known of a person as soon as no hold keeps it, as a law keeps
// messages and replies alone, and the words about the erasure once nothing is left.
func (r *rights) dropHead(ctx context.Context, id string, e *router.Erasure, today string, nothing bool) error {
	var refs []string
	if !e.Holds(today) {
		refs = append(refs, headRef(id))
	}
	if nothing {
		refs = append(refs, e.Reasons...)
	}
	for _, ref := range refs {
		if err := r.journal.Erase(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}

// keptNow tells what must be kept of customers who aren't erased, if they were now.
func (r *rights) keptNow(ctx context.Context, t *ledger.Theirs, hold *customers.Hold) ([]view.Kept, error) {
	bounds, err := r.bounds(ctx, t, r.now())
	if err != nil {
		return nil, err
	}
	var list []putAway
	refs := slices.Concat(t.Messages, t.Replies)
	e := &router.Erasure{}
	var holds []customers.Hold
	if hold != nil {
		refs, e.Held, e.Until, holds = t.Refs(), true, hold.Until, []customers.Hold{*hold}
	}
	slices.Sort(refs)
	for _, ref := range slices.Compact(refs) {
		list = append(list, putAway{Ref: ref, Rule: bounds[ref].rule, Until: bounds[ref].until})
	}
	return r.told(keptOn(list, dayOf(r.now()), e), holds), nil
}

// keptIfErased tells what must be kept of a person if they were erased now.
func (r *rights) keptIfErased(ctx context.Context, ids []string) ([]view.Kept, error) {
	t, err := r.ledger.Theirs(ctx, ids)
	if err != nil {
		return nil, err
	}
	who := &identities{all: map[contact.Identity]bool{}}
	if err := r.recorded(ctx, ids, who); err != nil {
		return nil, err
	}
	return r.keptNow(ctx, t, who.held)
}
