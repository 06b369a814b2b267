package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers/register"
	"stagecoach/desk/view"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// erase begins to erase a person, decided by somebody. It is written down first,
// then recorded in the log; the rest is done by Run, and finished after a crash. While a
// hold stands, or a law has us keep something, that is put away instead, and erased by
// itself when it need be kept no longer. Once more of whom that was done for says how it
// stands.
func (r *rights) erase(ctx context.Context, by, text string) (*view.Erasure, error) {
	if err := r.mayErase(ctx, by); err != nil {
		return nil, err
	}
	r.deciding.Lock()
	defer r.deciding.Unlock()
	data, err := r.look(ctx, text)
	if err != nil {
		return nil, err
	}
	if data.Restricted != nil {
		return r.erasure(ctx, data.Restricted.Erasure)
	}
	e := register.Entry{
		Erasure: newErasureID(), Customers: data.Customers, By: by, At: r.now().UTC().Truncate(time.Second),
		Held: data.Held != "", Until: data.HeldUntil,
	}
	if e.Keys, e.Numbered, err = r.keysOf(ctx, e.Customers); err != nil {
		return nil, err
	}
	fault.Here(fault.EraseBeforeRegister)
	if err := r.begin(ctx, &e); err != nil {
		r.stir() // what is written down goes on, also where whoever asked has hung up
		return nil, err
	}
	out, err := r.erasure(ctx, e.Erasure)
	if err == nil && !out.Ended { // what will be kept is told at once
		out.Statutory, out.Restricted = data.Statutory, len(data.Statutory) > 0
	}
	return out, err
}

// mayErase refuses who is no supervisor before anything is written down.
func (r *rights) mayErase(ctx context.Context, by string) error {
	if by == router.ActorCustomer { // on their own page, with a code
		return nil
	}
	return r.supervises(ctx, by, "only a supervisor erases a customer")
}

// supervises refuses, in these words, who is neither a supervisor nor the machine's owner.
func (r *rights) supervises(ctx context.Context, by, words string) error {
	may := by == router.ActorControl
	err := r.router.View(ctx, func(s *router.State) {
		a := s.Agents[by]
		may = may || a != nil && !a.Removed && a.Role == contact.RoleSupervisor
	})
	if err == nil && !may {
		err = &router.Refusal{Code: router.RefusedNotAllowed, Message: words}
	}
	return err
}

// begin writes an erasure down and has the router record it.
func (r *rights) begin(ctx context.Context, e *register.Entry) error {
	err := r.register.Begin(*e)
	if copying, failed := errors.AsType[*register.CopyError](err); failed {
		r.logger.ErrorContext(ctx, "register of erasures not copied", "err", copying)
	} else if err != nil {
		return err
	}
	fault.Here(fault.EraseAfterRegister)
	if err := r.cover(ctx, e.Erasure, e.Customers); err != nil {
		return err
	}
	cmd := router.Erase{Erasure: e.Erasure, Customers: e.Customers, By: e.By, Held: e.Held, Until: e.Until}
	if _, err := r.router.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: cmd}); err != nil {
		return err
	}
	fault.Here(fault.EraseAfterCommit)
	if err := errors.Join(r.catchUp(ctx), r.cover(ctx, e.Erasure, e.Customers)); err != nil { // what came meanwhile
		r.logger.WarnContext(ctx, "what came while an erasure was decided is covered as it goes on", "err", err)
	}
	r.stir()
	return nil
}

// stir has the job look at once.
func (r *rights) stir() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// erasing is how far one erasure is, in this process.
type erasing struct {
	done, total int
	trouble     string
	removed     map[string]uint64
	kept        []string
	// drafted are the files of unsent replies.
	drafted []string
}

// note changes what is known of an erasure at work.
func (r *rights) note(id string, change func(*erasing)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.states[id] == nil {
		r.states[id] = &erasing{removed: map[string]uint64{}}
	}
	change(r.states[id])
}

// warnings are what doesn't go on of erasures: what is veiled for it stays so meanwhile.
// Anybody may read them, so why is said in the log, and to supervisors, alone.
func (r *rights) warnings() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	if r.blind {
		out = append(out, "it can't be told whose words are being erased, so nobody reads any until it can; this is tried again, and the log says why")
	}
	for _, id := range slices.Sorted(maps.Keys(r.states)) {
		if at := r.states[id]; at.trouble != "" {
			out = append(out, "the erasure "+id+" does not go on, it is tried again, and nobody reads its words meanwhile: the log says why")
		}
	}
	return out
}

// erasure tells how far an erasure is.
func (r *rights) erasure(ctx context.Context, id string) (*view.Erasure, error) {
	var out *view.Erasure
	var kept []router.Kept
	err := r.router.View(ctx, func(s *router.State) {
		if one := s.Erasures[id]; one != nil {
			out = &view.Erasure{ID: id, Customers: slices.Clone(one.Customers), By: one.By, At: one.At, Ended: one.Ended, Removed: []view.Removed{}, Kept: []string{}}
			kept = keptStill(one, dayOf(r.now()))
			out.Restricted = len(kept) > 0 || one.Held && !one.Ended
		}
	})
	if err != nil {
		return nil, err
	}
	if out == nil {
		return nil, &router.Refusal{Code: router.RefusedNotFound, Message: fmt.Sprintf("there is no erasure %q", id)}
	}
	h, err := r.head(ctx, id)
	if err != nil {
		return nil, err
	}
	out.Statutory, out.At = r.told(kept, h.Holds), r.askedAt(id, out.At)
	r.mu.Lock()
	defer r.mu.Unlock()
	if at := r.states[id]; at != nil {
		out.Done, out.Total, out.Trouble, out.Kept = at.done, at.total, at.trouble, append(out.Kept, at.kept...)
		for _, c := range counts(at.removed) {
			out.Removed = append(out.Removed, view.Removed(c))
		}
	}
	return out, nil
}

// counts gives counts by kind in the order of the kinds' names.
func counts(m map[string]uint64) []router.Count {
	out := make([]router.Count, 0, len(m))
	for kind, n := range m {
		out = append(out, router.Count{Kind: kind, N: n})
	}
	slices.SortFunc(out, func(a, b router.Count) int { return strings.Compare(a.Kind, b.Kind) })
	return out
}

// dueEvery is how often the days are looked at on which what is kept goes.
const dueEvery = 10 * time.Minute

// Run finishes what was begun, now and from now on, until ctx ends.
func (r *rights) Run(ctx context.Context) error {
	r.coverFirst(ctx)
	again := time.NewTimer(0)
	defer again.Stop()
	day := time.NewTicker(dueEvery)
	defer day.Stop()
	if err := r.catchEvidence(ctx); err != nil && ctx.Err() == nil {
		r.logger.ErrorContext(ctx, "what came late about erased customers was not removed", "err", err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-again.C:
		case <-day.C:
		}
		if err := r.finishAll(ctx); err != nil && ctx.Err() == nil {
			r.logger.ErrorContext(ctx, "an erasure did not go on: it is tried again", "err", err)
			again.Reset(rightsPause)
		}
	}
}

// finishAll does what is written down and not done: erasures that the log does not
// know, as after a restore or a crash, and those that have not ended.
func (r *rights) finishAll(ctx context.Context) error {
	known, ended := map[string]bool{}, map[string]bool{}
	err := r.router.View(ctx, func(s *router.State) {
		for id, e := range s.Erasures {
			known[id], ended[id] = true, e.Ended
		}
	})
	if err != nil {
		return err
	}
	var errs []error // one that does not go on stops no other
	for _, e := range r.register.Entries() {
		if ended[e.Erasure] && e.DoneAt.IsZero() { // a crash came between the log and the register
			if err := r.register.End(e.Erasure, r.now().UTC().Truncate(time.Second)); err != nil {
				r.logger.WarnContext(ctx, "the register of erasures was not brought up to date", "err", err)
			}
		}
		if known[e.Erasure] {
			if err := r.rehold(ctx, &e); err != nil {
				errs = append(errs, fmt.Errorf("what is held of erasure %s: %w", e.Erasure, err))
			}
			continue
		}
		if err := r.begin(ctx, &e); err != nil {
			r.note(e.Erasure, func(at *erasing) { at.trouble = err.Error() })
			errs = append(errs, fmt.Errorf("beginning erasure %s: %w", e.Erasure, err))
		}
	}
	var pending []string
	if err := r.router.View(ctx, func(s *router.State) { pending = s.PendingErasures() }); err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, id := range pending {
		if err := r.finish(ctx, id); err != nil {
			r.note(id, func(e *erasing) { e.trouble = err.Error() })
			errs = append(errs, fmt.Errorf("erasure %s: %w", id, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(append(errs, r.overdue(ctx, r.now()))...)
}

// finish removes what is left of an erasure's customers, and records the end.
func (r *rights) finish(ctx context.Context, id string) error {
	one, err := r.endContacts(ctx, id)
	if err != nil {
		return err
	}
	r.note(id, func(e *erasing) { e.trouble = "" })
	w := &wiping{rights: r, ctx: ctx, erasure: id, held: one.Holds(dayOf(r.now())), count: func(kind string, n uint64) {
		r.note(id, func(e *erasing) { e.removed[kind] += n })
	}, step: func(done, total int) {
		r.note(id, func(e *erasing) { e.done, e.total = done, total })
	}}
	if err := r.cover(ctx, id, one.Customers); err != nil {
		return err
	}
	if err := w.wipe(one.Customers); err != nil {
		return err
	}
	if err := w.tally(&one); err != nil {
		return err
	}
	var removed []router.Count
	r.note(id, func(e *erasing) { removed, e.kept = counts(e.removed), w.kept })
	fault.Here(fault.EraseBeforeEnd)
	if _, err := r.router.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: router.EndErasure{Erasure: id, Removed: removed, Kept: w.away}}); err != nil {
		return err
	}
	r.uncover(ctx, id, one.Customers)
	// Also one of which this register does not know yet, as another was put in its
	// place.
	entry := register.Entry{Erasure: id, Customers: one.Customers, By: one.By, At: one.At, Held: one.Held, Until: one.Until}
	err = errors.Join(r.register.Begin(entry), r.register.End(id, r.now().UTC().Truncate(time.Second)))
	if copying, failed := errors.AsType[*register.CopyError](err); failed {
		r.note(id, func(e *erasing) { e.kept = append(e.kept, copying.Error()) })
		r.logger.ErrorContext(ctx, "register of erasures not copied", "err", copying)
		return nil
	}
	return err
}

// drafted notes the files of unsent replies, for eraseDrafted: a draft goes with its
// contact's end, and then nothing tells whose they were.
func (r *rights) drafted(ctx context.Context, erasure string, t *ledger.Theirs) error {
	for _, ref := range draftsOf(t.Contacts) {
		data, err := r.journal.Get(ctx, ref)
		switch {
		case errors.Is(err, journal.ErrErased), errors.Is(err, journal.ErrNotFound):
		case err != nil:
			return fmt.Errorf("reading a draft: %w", err)
		}
		for _, m := range objectName.FindAllSubmatch(data, -1) {
			r.note(erasure, func(e *erasing) { e.drafted = append(e.drafted, string(m[1])) })
		}
	}
	return nil
}

// endContacts has the router end what is open of an erasure's customers, by as many
// commands as that takes, and waits until the ledger has it.
func (r *rights) endContacts(ctx context.Context, id string) (router.Erasure, error) {
	var one router.Erasure
	if err := r.router.View(ctx, func(s *router.State) { one = *s.Erasures[id] }); err != nil {
		return one, err
	}
	if err := r.catchUp(ctx); err != nil {
		return one, err
	}
	t, err := r.ledger.Theirs(ctx, one.Customers)
	if err != nil {
		return one, err
	}
	cmd := router.Erase{Erasure: id, Customers: one.Customers}
	for _, c := range t.Open {
		cmd.Contacts = append(cmd.Contacts, c.ID)
	}
	for {
		res, err := r.router.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: cmd})
		if err != nil {
			return one, err
		}
		if res.Left == 0 {
			break
		}
	}
	return one, r.catchUp(ctx)
}
