package desk

import (
	"context"

	"stagecoach/customers"
)

// Directory is what is kept of customers in words.
type Directory interface {
	// Records gives what is kept of a customer and of all who are the same person, the
	// customer's own record first.
	Records(ctx context.Context, customer string) ([]*customers.Record, error)
	// Holder gives the customer whose record alone has an identity, by its keyed hash;
	// "" where none or several have it.
	Holder(ctx context.Context, identity string) (customer string, err error)
	// Update changes it, by an agent or another actor, and makes it if there is none.
	Update(ctx context.Context, id, by string, change func(*customers.Record) error) (*customers.Record, error)
}

// records gives what is kept of a customer and of all who are the same person, none
// where nothing is.
func (s *Service) records(ctx context.Context, customer string) []*customers.Record {
	if s.deps.Directory == nil || customer == "" {
		return nil
	}
	list, err := s.deps.Directory.Records(ctx, customer)
	if err != nil {
		s.log.WarnContext(ctx, "what is kept of a customer was not read", "err", err)
		return nil
	}
	return list
}
