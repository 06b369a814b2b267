package email

import (
	"context"
	"sync"

	"stagecoach/channels"
)

// onceBook makes the same reply go out once within this process: a second Send
// waits for the first, or gets its receipt. What failed or is in doubt isn't
// kept: sending that again is for the daemon to decide. SMTP itself knows no
// such key, so across a restart the daemon's attempt is what protects.
type onceBook struct {
	mu       sync.Mutex
	flying   map[string]chan struct{}
	receipts map[string]channels.Receipt
	order    []string
}

const onceBookSize = 10_000

func newOnceBook() *onceBook {
	return &onceBook{flying: map[string]chan struct{}{}, receipts: map[string]channels.Receipt{}}
}

// begin gives the receipt if the reply has been sent. Otherwise the caller must
// send it and call end.
func (b *onceBook) begin(ctx context.Context, id string) (channels.Receipt, bool, error) {
	for {
		b.mu.Lock()
		if receipt, ok := b.receipts[id]; ok {
			b.mu.Unlock()
			return receipt, true, nil
		}
		landed, busy := b.flying[id]
		if !busy {
			b.flying[id] = make(chan struct{})
			b.mu.Unlock()
			return channels.Receipt{}, false, nil
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return channels.Receipt{}, false, ctx.Err()
		case <-landed:
		}
	}
}

// end closes what begin opened; receipt is nil if the reply wasn't taken.
func (b *onceBook) end(id string, receipt *channels.Receipt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.flying[id])
	delete(b.flying, id)
	if receipt == nil {
		return
	}
	b.receipts[id] = *receipt
	b.order = append(b.order, id)
	if len(b.order) > onceBookSize {
		delete(b.receipts, b.order[0])
		b.order = b.order[1:]
	}
}

// receipt gives the receipt of a reply that this process has sent.
func (b *onceBook) receipt(id string) (channels.Receipt, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	receipt, ok := b.receipts[id]
	return receipt, ok
}
