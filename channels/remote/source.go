package remote

import (
	"context"
	"time"

	"stagecoach/channels"
	"stagecoach/fault"
)

// source is what the adapter delivers to: the daemon, over the wire.
type source struct{ p *Process }

var (
	_ channels.Source   = (*source)(nil)
	_ channels.Witness  = (*source)(nil)
	_ channels.Listener = (*source)(nil)
)

// The bounds of requests. What is stored may take storeTime there.
const (
	deliverLimit = storeTime + 5*time.Second
	partLimit    = 20 * time.Second
	// inline is the largest original that goes with its item.
	inline = partBytes
)

// Deliver implements channels.Source: it returns nil once the daemon has the item
// durably.
func (s *source) Deliver(ctx context.Context, in *channels.Inbound) error {
	item := Item{
		Schema: Schema, Process: s.p.id, Kind: in.Kind, Source: in.Source, Position: in.Position, ProviderID: in.ProviderID,
		Sender: in.Sender, ReceivedAt: in.ReceivedAt, Format: in.Format, Raw: in.Raw,
	}
	if len(in.Raw) > inline {
		upload, err := s.upload(ctx, in.Raw)
		if err != nil {
			return err
		}
		item.Upload, item.Size, item.Raw = upload, int64(len(in.Raw)), nil
	}
	fault.On(in.Channel, fault.ItemBeforeDeliver)
	err := s.ask(ctx, "deliver", verbInbox, deliverLimit, item)
	fault.On(in.Channel, fault.ItemAfterDeliver)
	return err
}

// ask makes a request that is answered by Done.
func (s *source) ask(ctx context.Context, op, verb string, limit time.Duration, ask any) error {
	var done Done
	if err := s.p.request(ctx, verb, limit, ask, &done); err != nil {
		return err
	}
	return failed(s.p.adapter.Channel, s.p.adapter.Account, op, done.Error)
}

// upload sends a large original in parts.
func (s *source) upload(ctx context.Context, raw []byte) (name string, err error) {
	name = randomID()
	s.p.mu.Lock()
	size := s.p.partBytes
	s.p.mu.Unlock()
	for n := 0; len(raw) > 0; n++ {
		part := raw[:min(size, len(raw))]
		raw = raw[len(part):]
		if err := s.ask(ctx, "deliver", verbPart, partLimit, Part{Schema: Schema, Process: s.p.id, Upload: name, Number: n, Data: part}); err != nil {
			return "", err
		}
	}
	return name, nil
}

// Bookmark implements channels.Source.
func (s *source) Bookmark(ctx context.Context, name string) (channels.Bookmark, bool, error) {
	var there There
	err := s.p.request(ctx, verbBookmark, deliverLimit, Where{Schema: Schema, Process: s.p.id, Source: name}, &there)
	if err == nil {
		err = failed(s.p.adapter.Channel, s.p.adapter.Account, "bookmark", there.Error)
	}
	if err != nil || there.Bookmark == nil {
		return channels.Bookmark{}, false, err
	}
	return *there.Bookmark, true, nil
}

// Advance implements channels.Source.
func (s *source) Advance(ctx context.Context, b channels.Bookmark) error {
	return s.ask(ctx, "advance", verbAdvance, deliverLimit, Advance{Schema: Schema, Process: s.p.id, Bookmark: b})
}

// Connected implements channels.Witness.
func (s *source) Connected(name string) {
	s.p.mu.Lock()
	s.p.link.Source, s.p.link.Why = name, nil
	s.p.link.Stood++
	s.p.mu.Unlock()
	s.p.hurry()
}

// Troubled implements channels.Listener.
func (s *source) Troubled(name string, err error) {
	s.p.mu.Lock()
	delete(s.p.troubled, name)
	if err != nil {
		s.p.troubled[name] = channels.Bounded(err.Error(), maxWords)
	}
	s.p.mu.Unlock()
	s.p.hurry()
}

// Told implements channels.Listener.
func (s *source) Told(name, words string) {
	s.p.mu.Lock()
	number := 1
	if s.p.notice != nil {
		number = s.p.notice.Number + 1
	}
	s.p.notice = &Notice{Number: number, Source: name, Text: channels.Bounded(words, maxWords)}
	s.p.mu.Unlock()
	s.p.hurry()
}
