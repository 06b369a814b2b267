package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"stagecoach/desk/portal"
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
func (p customerPages) Erase(ctx context.Context, who portal.Who) error {
	r, err := p.reader(ctx, who)
	if err != nil {
		return err
	}
	if !r.whole() {
		return portal.ErrStranger
	}
	_, err = p.d.rights.EraseCustomer(ctx, router.ActorCustomer, r.Customer)
	return eraseTrouble(err)
}

// eraseTrouble tells a person whose data are held from any other refusal: nobody is told
// of a law where there is none.
func eraseTrouble(err error) error {
	if refused, is := errors.AsType[*router.Refusal](err); is && refused.Code == "held" {
		return fmt.Errorf("%w: %w", portal.ErrHeld, refused)
	}
	return err
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
