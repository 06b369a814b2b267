package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"stagecoach/desk/portal"
	"stagecoach/desk/view"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// Export implements portal.Acts: of the person what they see.
func (p customerPages) Export(ctx context.Context, who portal.Who, w io.Writer) error {
	r, err := p.reader(ctx, who)
	if err != nil {
		return err
	}
	return p.d.rights.exportOf(ctx, r.sees, w)
}

// Erase implements portal.Acts: the customer has decided it, and has proved who they
// are with a code of its own. What is another's by less than a proof isn't theirs to
// erase.
func (p customerPages) Erase(ctx context.Context, who portal.Who) (*portal.Restricted, error) {
	r, err := p.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	if !r.whole() {
		return nil, portal.ErrStranger
	}
	e, err := p.d.rights.EraseCustomer(ctx, router.ActorCustomer, r.Customer)
	if err != nil || !e.Restricted {
		return nil, err
	}
	return &portal.Restricted{Since: e.At, Themselves: e.By == router.ActorCustomer, Duties: dutiesOf(e.Statutory)}, nil
}

// dutiesOf gives what must be kept, in words for the customer: why a hold stands is for
// supervisors alone.
func dutiesOf(list []view.Kept) []portal.Duty {
	var out []portal.Duty
	for _, k := range list {
		d := portal.Duty{Why: k.Told, Until: k.Until}
		if !k.Hold {
			d.Why = cmp.Or(k.Reason, k.Name)
		}
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// restricted gives what is kept of the customer of a conversation who asked to be erased;
// ErrGone where nothing is.
func (p customerPages) restricted(ctx context.Context, row *ledger.ConversationRow) (*portal.Standing, error) {
	if p.d.rights == nil {
		return nil, portal.ErrGone
	}
	kept, err := p.d.rights.restricted(ctx, []string{row.Customer})
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return nil, portal.ErrGone
	}
	out := &portal.Standing{State: portal.StateEnded, Epoch: row.PageEpoch, LastAt: row.LastAt, Zone: time.Local}
	if last, err := p.d.ledger.Contact(ctx, row.LastContact); err == nil {
		out.Language, out.Zone = last.Language, p.zone(&last.Contact)
	}
	out.Restricted = &portal.Restricted{Since: kept.Since, Themselves: kept.By == router.ActorCustomer, Duties: dutiesOf(kept.Kept)}
	return out, nil
}

// duties gives what must be kept of a person, also if they ask to be erased.
func (p customerPages) duties(ctx context.Context, r *reader) ([]portal.Duty, error) {
	if p.d.rights == nil {
		return nil, nil
	}
	kept, err := p.d.rights.keptIfErased(ctx, append(slices.Clone(r.person.Members), r.Customer))
	return dutiesOf(kept), err
}

// codes forgets the codes of pages that were sent to whom is erased.
func (w *wiping) codes(t *ledger.Theirs) error {
	if _, err := os.Stat(filepath.Join(w.dir, portal.CodesFile)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	codes, err := portal.OpenCodes(w.ctx, w.dir, w.journal.Keys().Key(journal.KeySign), time.Now)
	if err != nil {
		return err
	}
	return errors.Join(codes.Forget(w.ctx, t.Customers, t.Conversations), codes.Close())
}
