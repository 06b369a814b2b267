package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"stagecoach/customers/directory"
)

// spoiltRecords counts the records that those who follow the log have passed over as
// they can't be read or written: one of them must not hold up all others.
type spoiltRecords struct{ n atomic.Uint64 }

// sort goes through what came of changes to records, each of the customer at its place:
// it tells and counts those that are spoilt, leaves out those of the erased and what it
// is told is no trouble, and gives what is worth another try.
func (s *spoiltRecords) sort(ctx context.Context, logger *slog.Logger, changes []directory.Change, out []directory.Changed, none error) error {
	var again error
	for n, o := range out {
		switch {
		case o.Err == nil, errors.Is(o.Err, directory.ErrErased), none != nil && errors.Is(o.Err, none):
		case errors.Is(o.Err, directory.ErrRecord):
			s.n.Add(1)
			logger.ErrorContext(ctx, "a customer's record is spoilt and was passed over", "customer", changes[n].ID, "err", o.Err)
		case again == nil:
			again = o.Err
		}
	}
	return again
}
