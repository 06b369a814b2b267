package desk

import (
	"context"
	"fmt"

	"stagecoach/desk/view"
)

// Quarantine is what could not be read, kept whole.
type Quarantine interface {
	// List gives the items that are still there, newest first.
	List(ctx context.Context) ([]view.Quarantined, error)
	// Retry has one read again.
	Retry(ctx context.Context, id string) error
}

// Quarantine lists what could not be read.
func (s *Service) Quarantine(ctx context.Context) ([]view.Quarantined, error) {
	if s.deps.Quarantine == nil {
		return []view.Quarantined{}, nil
	}
	list, err := s.deps.Quarantine.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing what could not be read: %w", err)
	}
	return list, nil
}

// RetryQuarantined has an item read again.
func (s *Service) RetryQuarantined(ctx context.Context, id string) error {
	if s.deps.Quarantine == nil {
		return missing("There is no such item.")
	}
	if err := s.deps.Quarantine.Retry(ctx, id); err != nil {
		return fmt.Errorf("reading an item again: %w", err)
	}
	return nil
}
