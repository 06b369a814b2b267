package webhook

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
)

// onceBook makes the same reply go out once within this process: a second Send
// waits for the first, or gets its receipt. What failed isn't kept: sending that
// again is for the daemon to decide.
type onceBook struct {
	mu       sync.Mutex
	flying   map[string]chan struct{}
	receipts *lru.Cache[string, channels.Receipt]
}

// rememberedReplies is how many receipts are kept.
const rememberedReplies = 10_000

func newOnceBook() (*onceBook, error) {
	receipts, err := lru.New[string, channels.Receipt](rememberedReplies)
	if err != nil {
		return nil, err
	}
	return &onceBook{flying: map[string]chan struct{}{}, receipts: receipts}, nil
}

// begin gives the receipt if the reply has been sent. Otherwise the caller must
// send it and call end.
func (b *onceBook) begin(ctx context.Context, id string) (channels.Receipt, bool, error) {
	for {
		b.mu.Lock()
		if receipt, ok := b.receipts.Get(id); ok {
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
	if receipt != nil {
		b.receipts.Add(id, *receipt)
	}
	close(b.flying[id])
	delete(b.flying, id)
}
