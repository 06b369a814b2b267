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
	if refused, is := errors.AsType[*router.Refusal](err); is {
		return fmt.Errorf("%w: %w", portal.ErrHeld, refused)
	}
	return err
}
