package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/register"
	"stagecoach/desk/view"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/router"
)

// holds reports whether a hold has not run out: its last day is part of it.
func holds(h *customers.Hold, now time.Time) bool {
	return h.Until == "" || h.Until >= dayOf(now)
}

// longerHold gives, of two holds, the one that stands longer.
func longerHold(a, b *customers.Hold) *customers.Hold {
	if a == nil || a.Until != "" && (b.Until == "" || b.Until > a.Until) {
		return b
	}
	return a
}

// hold keeps a person's data from being erased, or lifts that; of who is restricted
// already, it says until when that lasts.
func (r *rights) hold(ctx context.Context, by, text string, hold view.Hold) (*view.CustomerData, error) {
	if err := r.checkHold(&hold); err != nil {
		return nil, err
	}
	if err := r.supervises(ctx, by, "only a supervisor says that data must be kept, or need be no longer"); err != nil {
		return nil, err
	}
	r.deciding.Lock()
	defer r.deciding.Unlock()
	data, err := r.look(ctx, text)
	if err != nil {
		return nil, err
	}
	if data.Restricted != nil {
		if err := r.holdKept(ctx, by, data.Restricted.Erasure, &hold); err != nil {
			return nil, err
		}
		return r.look(ctx, text)
	}
	if err := r.tooLate(ctx, data.Customers); err != nil {
		return nil, err
	}
	records, err := r.directory(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range data.Customers {
		_, err := records.Update(ctx, id, by, func(rec *customers.Record) error {
			if rec.Hold = nil; hold.Reason != "" {
				rec.Hold = &customers.Hold{Reason: hold.Reason, Told: hold.Told, Until: hold.Until, At: r.now().UTC(), By: by}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return r.look(ctx, text)
}

// tooLate refuses to hold whose erasure has begun: the record that would say so goes too.
func (r *rights) tooLate(ctx context.Context, ids []string) error {
	gone := false
	err := r.router.View(ctx, func(s *router.State) { gone = slices.ContainsFunc(ids, s.Erased) })
	if err == nil && gone {
		err = &router.Refusal{Code: router.RefusedEnded, Message: "this person was erased, or is being erased: it is too late to hold anything"}
	}
	return err
}

func (r *rights) checkHold(hold *view.Hold) error {
	for _, text := range []*string{&hold.Reason, &hold.Told, &hold.Until} {
		if *text = strings.TrimSpace(*text); len(*text) > 1000 {
			return refusedFor("a reason has at most 1,000 bytes")
		}
	}
	if hold.Until == "" {
		return nil
	}
	day, err := time.Parse(time.DateOnly, hold.Until)
	if err != nil {
		return refusedFor("%q is no day: write it like 2031-12-31", hold.Until)
	}
	if day.Format(time.DateOnly) < r.now().Format(time.DateOnly) {
		return refusedFor("%s has passed: say a day to come", hold.Until)
	}
	return nil
}

// holdKept makes, changes or lifts the hold on what is put away. It is written into the
// register first, as an erasure is: after a crash Run has the log say the same.
func (r *rights) holdKept(ctx context.Context, by, erasure string, hold *view.Hold) error {
	if by == router.ActorControl {
		return refusedFor("what is kept of somebody who asked to be erased is held, or held no longer, by a person: say who decides it (--by EMAIL)")
	}
	if err := r.mayErase(ctx, by); err != nil {
		return err
	}
	now, held := r.now().UTC(), hold.Reason != ""
	if held {
		h, err := r.head(ctx, erasure)
		if err != nil {
			return err
		}
		h.Holds = append(h.Holds, customers.Hold{Reason: hold.Reason, Told: hold.Told, Until: hold.Until, At: now, By: by})
		if err := r.keepHead(ctx, erasure, h); err != nil {
			return err
		}
	}
	if err := r.registerHold(ctx, erasure, held, hold.Until, by, now); err != nil {
		return err
	}
	fault.Here(fault.LiftAfterRegister)
	cmd := router.HoldErasure{Erasure: erasure, Held: held, Until: hold.Until}
	if _, err := r.router.Do(ctx, router.Envelope{Actor: by, Command: cmd}); err != nil {
		return err
	}
	r.stir()
	return nil
}

// registerHold writes a hold into the register, also into one that does not know the
// erasure yet.
func (r *rights) registerHold(ctx context.Context, erasure string, held bool, until, by string, at time.Time) error {
	var one router.Erasure
	err := r.router.View(ctx, func(s *router.State) {
		if e := s.Erasures[erasure]; e != nil {
			one = *e
		}
	})
	if err != nil {
		return err
	}
	entry := register.Entry{Erasure: erasure, Customers: one.Customers, By: one.By, At: one.At, Held: one.Held, Until: one.Until}
	for _, write := range []func() error{
		func() error { return r.register.Begin(entry) },
		func() error { return r.register.Hold(erasure, held, until, by, at) },
	} {
		err := write()
		if copying, failed := errors.AsType[*register.CopyError](err); failed {
			r.logger.ErrorContext(ctx, "register of erasures not copied", "err", copying)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// rehold has the log say what the register says of a hold, where that is newer: a crash
// came between the two, or a backup of before was restored.
func (r *rights) rehold(ctx context.Context, e *register.Entry) error {
	if e.HeldAt.IsZero() {
		return nil
	}
	behind := false
	err := r.router.View(ctx, func(s *router.State) {
		one := s.Erasures[e.Erasure]
		gone := one == nil || one.Ended && len(one.Kept) == 0
		behind = !gone && (one.Held != e.Held || one.Until != e.Until) && e.HeldAt.After(one.HeldAt)
	})
	if err != nil || !behind {
		return err
	}
	cmd := router.HoldErasure{Erasure: e.Erasure, Held: e.Held, Until: e.Until, By: e.HeldBy}
	_, err = r.router.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: cmd})
	return err
}

// restricted tells of customers who asked to be erased what is kept of them; nil where
// nothing is, or they weren't.
func (r *rights) restricted(ctx context.Context, ids []string) (*view.Restricted, error) {
	var out *view.Restricted
	var kept []router.Kept
	err := r.router.View(ctx, func(s *router.State) {
		for _, id := range ids {
			erasure := s.ErasureOf(id)
			one := s.Erasures[erasure]
			if one == nil || one.Ended && len(one.Kept) == 0 {
				continue
			}
			kept = keptStill(one, dayOf(r.now()))
			if !one.Ended && one.Held {
				kept = []router.Kept{{Until: one.Until, Hold: true}}
			}
			if len(kept) > 0 {
				out = &view.Restricted{Erasure: erasure, Since: one.At, By: one.By}
				return
			}
		}
	})
	if err != nil || out == nil {
		return nil, err
	}
	h, err := r.head(ctx, out.Erasure)
	if err != nil {
		return nil, err
	}
	out.Since = r.askedAt(out.Erasure, out.Since)
	out.Kept = r.told(kept, h.Holds)
	return out, nil
}

// askedAt gives when an erasure was asked for: of one that was done again after a restore
// the register knows it, and the log only when that was.
func (r *rights) askedAt(erasure string, logged time.Time) time.Time {
	for _, e := range r.register.Entries() {
		if e.Erasure == erasure && e.At.Before(logged) {
			return e.At
		}
	}
	return logged
}

// restrictedNamed finds who was restricted by the id of the erasure, of a customer, by
// an address, or by the company's own id: log and register know their keyed hashes.
func (r *rights) restrictedNamed(ctx context.Context, text string) ([]string, error) {
	_, known, err := r.ledger.Known(ctx, r.keysOfAddress(text))
	if err != nil {
		return nil, err
	}
	named := r.register.Of(externalKey(r.keys, text))
	for _, ch := range contact.Channels() {
		named = append(named, r.register.Of(r.keys.Identity(string(ch), text))...)
	}
	return r.restrictedAs(ctx, text, known, named)
}

func (r *rights) restrictedAs(ctx context.Context, text string, known map[string]router.Found, listed []string) ([]string, error) {
	small := strings.ToLower(text)
	var found, erasures []string
	err := r.router.View(ctx, func(s *router.State) {
		for id, e := range s.Erasures {
			if e.Ended && len(e.Kept) == 0 {
				continue
			}
			named := slices.Contains(listed, id) || looksLikeID(text) && strings.HasPrefix(id, small)
			for _, customer := range e.Customers {
				named = named || looksLikeID(text) && strings.HasPrefix(customer, small)
			}
			for _, f := range known {
				named = named || slices.Contains(e.Customers, f.Customer)
			}
			if named {
				found, erasures = append(found, e.Customers...), append(erasures, id)
			}
		}
	})
	if slices.Sort(erasures); len(erasures) > 1 {
		return nil, refusedFor("%q is more than one person who is restricted: name one by the id of the erasure, %s", text, strings.Join(erasures, " or "))
	}
	slices.Sort(found)
	return slices.Compact(found), err
}

// reasonOf keeps words about an erasure, and gives where they lie.
func (r *rights) reasonOf(ctx context.Context, words string) (string, error) {
	data, err := json.Marshal(words)
	if err != nil {
		return "", fmt.Errorf("keeping a reason: %w", err)
	}
	ref, err := r.journal.Put(ctx, journal.KindReason, randomID(), data)
	if err != nil {
		return "", fmt.Errorf("keeping a reason: %w", err)
	}
	return ref, nil
}
