package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"stagecoach/desk/portal"
	"stagecoach/router"
)

// Export implements portal.Acts.
func (p customerPages) Export(ctx context.Context, conversation string, w io.Writer) error {
	m, err := p.matter(ctx, conversation)
	if err != nil {
		return err
	}
	return p.d.rights.ExportCustomer(ctx, m.Customer, w)
}

// Erase implements portal.Acts: the customer has decided it, and has proved who they
// are with a code of its own.
func (p customerPages) Erase(ctx context.Context, conversation string) error {
	m, err := p.matter(ctx, conversation)
	if err != nil {
		return err
	}
	_, err = p.d.rights.EraseCustomer(ctx, router.ActorCustomer, m.Customer)
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
