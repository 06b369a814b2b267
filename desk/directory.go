package desk

import (
	"context"

	"stagecoach/customers"
)

// Directory is what is kept of customers in words.
type Directory interface {
	// Get gives the record of a base customer; an error where there is none.
	Get(ctx context.Context, id string) (*customers.Record, error)
	// Holder gives the record that alone has an identity, by its keyed hash; an error
	// where none or several have it.
	Holder(ctx context.Context, identity string) (*customers.Record, error)
	// Update changes it, by an agent or another actor, and makes it if there is none.
	Update(ctx context.Context, id, by string, change func(*customers.Record) error) (*customers.Record, error)
}

// record gives what is kept of a customer, nil where nothing is.
func (s *Service) record(ctx context.Context, customer string) *customers.Record {
	if s.deps.Directory == nil || customer == "" {
		return nil
	}
	r, err := s.deps.Directory.Get(ctx, customer)
	if err != nil {
		s.log.DebugContext(ctx, "no record of a customer", "err", err)
		return nil
	}
	return r
}
