package main

import (
	"context"
	"io"

	"stagecoach/desk"
	"stagecoach/desk/view"
)

var _ desk.Rights = (*rights)(nil)

// CustomerData implements desk.Rights.
func (r *rights) CustomerData(ctx context.Context, customer string) (*view.CustomerData, error) {
	return r.look(ctx, customer)
}

// ExportCustomer implements desk.Rights.
func (r *rights) ExportCustomer(ctx context.Context, customer string, to io.Writer) error {
	return r.export(ctx, customer, to)
}

// EraseCustomer implements desk.Rights.
func (r *rights) EraseCustomer(ctx context.Context, by, customer string) (*view.Erasure, error) {
	return r.erase(ctx, by, customer)
}

// Erasure implements desk.Rights.
func (r *rights) Erasure(ctx context.Context, id string) (*view.Erasure, error) {
	return r.erasure(ctx, id)
}

// HoldCustomer implements desk.Rights.
func (r *rights) HoldCustomer(ctx context.Context, by, customer string, hold view.Hold) (*view.CustomerData, error) {
	return r.hold(ctx, by, customer, hold)
}

// KeptOfCustomer implements desk.Rights.
func (r *rights) KeptOfCustomer(ctx context.Context, by, customer, reason string) (*view.KeptWords, error) {
	return r.readKept(ctx, by, customer, reason)
}

// RestrictedCustomer tells at once whether a customer is restricted.
func (r *rights) RestrictedCustomer(ctx context.Context, customer string) (*view.Restricted, error) {
	return r.restricted(ctx, []string{customer})
}
