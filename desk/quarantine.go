package desk

import (
	"context"
	"fmt"
	"time"

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

// retryTime bounds how long all is read again for one request.
const retryTime = 45 * time.Second

// RetryAllQuarantined has everything read again that lies in quarantine, newest
// first, as far as a request may take, and says in words what came of it.
func (s *Service) RetryAllQuarantined(ctx context.Context) (string, error) {
	list, err := s.Quarantine(ctx)
	if err != nil {
		return "", err
	}
	end := time.Now().Add(retryTime)
	read, left := 0, 0
	for _, q := range list {
		if ctx.Err() != nil || time.Now().After(end) {
			break
		}
		if err := s.deps.Quarantine.Retry(ctx, q.ID); err != nil {
			left++
			continue
		}
		read++
	}
	words := fmt.Sprintf("%d could be read now, %d still can't be.", read, left)
	if rest := len(list) - read - left; rest > 0 {
		words += fmt.Sprintf(" %d are still to be tried: press again.", rest)
	}
	return words, nil
}
