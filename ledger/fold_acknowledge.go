package ledger

import (
	"context"

	"stagecoach/router"
)

// acknowledgement writes down that a receipt is owed, or is not sent after all.
// It changes nothing that is counted.
func (f *fold) acknowledgement(ctx context.Context, ev router.Event) error {
	switch e := ev.(type) { //nolint:gochecksumtype // only those two come here
	case router.AcknowledgementOwed:
		c, err := f.contact(ctx, e.Contact)
		if err != nil || c == nil {
			return err
		}
		f.line(nil, c, Entry{Kind: "acknowledgement_owed", Item: e.Reply, Until: e.Due})
	case router.AcknowledgementDropped:
		f.line(nil, nil, Entry{Kind: "acknowledgement_dropped", Item: e.Reply, Reason: e.Reason})
	}
	return nil
}
