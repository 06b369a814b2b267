package channels

import "context"

// Recaller is what a Source may also be: one that tells whether it had an item
// before. Adapters call DeliverAgain below rather than use it.
type Recaller interface {
	// DeliverAgain is Deliver, and reports whether the item was stored before.
	DeliverAgain(ctx context.Context, in *Inbound) (before bool, err error)
}

// DeliverAgain delivers a message that was changed before this process has read it.
// A process before it may have delivered the message as it was, and ended before it
// told anybody: then before is true, what was stored stays as it is, and the change
// must be delivered as well. It is also true where src can't tell: a change that is
// told twice is better than one that nobody sees.
func DeliverAgain(ctx context.Context, src Source, in *Inbound) (before bool, err error) {
	if r, ok := src.(Recaller); ok {
		return r.DeliverAgain(ctx, in)
	}
	return true, src.Deliver(ctx, in)
}
