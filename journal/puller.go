package journal

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// puller takes items of a consumer one after the other, request by request.
// What was asked for always has room: an iterator of the client drops items when
// its reader is slow, and they come again only after the time-out.
type puller struct {
	cons jetstream.Consumer
	size int
	// request ends when the puller stops.
	request context.Context //nolint:containedctx // of the requests that it makes
	stop    context.CancelFunc
	batch   jetstream.MessageBatch
}

// newPuller gives a puller that asks for size items at a time until Stop.
func newPuller(ctx context.Context, cons jetstream.Consumer, size int) *puller {
	p := &puller{cons: cons, size: size}
	p.request, p.stop = context.WithCancel(ctx)
	return p
}

// Stop ends the request that is under way. What it still brings comes again.
func (p *puller) Stop() { p.stop() }

// Next gives the next item as soon as there is one. Its error means that the
// consumer must be opened anew, or that ctx has ended.
func (p *puller) Next(ctx context.Context) (jetstream.Msg, error) {
	for {
		if p.batch == nil {
			batch, err := p.cons.Fetch(p.size, jetstream.FetchContext(p.request)) //nolint:contextcheck // it outlives this call
			if err != nil {
				return nil, fmt.Errorf("asking for items: %w", err)
			}
			p.batch = batch
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case m, ok := <-p.batch.Messages():
			if ok {
				return m, nil
			}
		}
		err := p.batch.Error()
		p.batch = nil
		if err != nil {
			return nil, fmt.Errorf("waiting for items: %w", err)
		}
	}
}
