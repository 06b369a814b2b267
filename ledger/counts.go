package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"

	"stagecoach/contact"
	"stagecoach/router"
)

// Counts are all running sums of the ledger, as of one commit.
type Counts struct {
	// Contacts is the account of all contacts (I13).
	Contacts router.Totals `json:"contacts"`
	// Offers says what became of the offers.
	Offers OfferCounts `json:"offers"`
	// Pledges counts delivered pledges.
	Pledges uint64 `json:"pledges"`
	// Assigned counts assignments, Unassigned those taken back, Reopened the
	// contacts that came back after their end.
	Assigned   uint64 `json:"assigned"`
	Unassigned uint64 `json:"unassigned"`
	Reopened   uint64 `json:"reopened"`
	// Failed, InDoubt and Retried count replies that were not delivered, of
	// which nobody knew, and attempts that were made again.
	Failed  uint64 `json:"failed"`
	InDoubt uint64 `json:"in_doubt"`
	Retried uint64 `json:"retried"`
	// Replied counts contacts replied to, by channel.
	Replied map[contact.Channel]uint64 `json:"replied"`
	// Customers, Conversations, Commits and Events count what there is of them.
	Customers     uint64 `json:"customers"`
	Conversations uint64 `json:"conversations"`
	Commits       uint64 `json:"commits"`
	Events        uint64 `json:"events"`
}

// OfferCounts says what became of the offers.
type OfferCounts struct {
	Made     uint64 `json:"made"`
	Accepted uint64 `json:"accepted"`
	Declined uint64 `json:"declined"`
	Expired  uint64 `json:"expired"`
	Revoked  uint64 `json:"revoked"`
}

func newCounts() Counts {
	return Counts{
		Contacts: router.Totals{Disposed: map[contact.Disposition]uint64{}},
		Replied:  map[contact.Channel]uint64{},
	}
}

// Summary is the ledger in one line: what came in and what became of it.
type Summary struct {
	// Seen counts the items seen at all sources since they were connected.
	Seen        uint64 `json:"seen"`
	Messages    uint64 `json:"messages"`
	Evidence    uint64 `json:"evidence"`
	Quarantined uint64 `json:"quarantined"`
	Contacts    uint64 `json:"contacts"`
	Replied     uint64 `json:"replied"`
	Open        uint64 `json:"open"`
	Merged      uint64 `json:"merged"`
	// Disposed counts by reason.
	Disposed map[contact.Disposition]uint64 `json:"disposed"`
	// AddsUp is true when both sums of I13 hold.
	AddsUp bool `json:"adds_up"`
	// WithinPromise counts the contacts replied to by their due time.
	WithinPromise uint64                             `json:"within_promise"`
	Channels      map[contact.Channel]ChannelSummary `json:"channels"`
}

// ChannelSummary is what came and went on one channel.
type ChannelSummary struct {
	Seen    uint64 `json:"seen"`
	Replied uint64 `json:"replied"`
}

// Counts gives the running sums, and Summary the short account of them.
func (l *Ledger) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := l.view(ctx, func(tx querier) error {
		pos, err := readPosition(ctx, tx)
		c = pos.Counts
		return err
	})
	return c, err
}

// Summary gives the ledger in one line. An item that a bookmark covers and
// that isn't taken in yet makes AddsUp false.
func (l *Ledger) Summary(ctx context.Context) (Summary, error) {
	var s Summary
	err := l.view(ctx, func(tx querier) error {
		pos, err := readPosition(ctx, tx)
		if err != nil {
			return err
		}
		sources, err := readSources(ctx, tx)
		if err != nil {
			return err
		}
		s = summarise(&pos.Counts, sources)
		return nil
	})
	return s, err
}

func summarise(c *Counts, sources map[string]*router.SourceState) Summary {
	t := c.Contacts
	s := Summary{
		Contacts: t.Opened, Replied: t.Replied, Open: t.Open, Merged: t.Merged,
		Disposed: map[contact.Disposition]uint64{}, WithinPromise: t.Kept,
		Channels: map[contact.Channel]ChannelSummary{}, AddsUp: t.AddsUp(),
	}
	maps.Copy(s.Disposed, t.Disposed)
	for ch, n := range c.Replied {
		s.Channels[ch] = ChannelSummary{Replied: n}
	}
	for _, src := range sources {
		taken := src.Messages + src.Evidence + src.Quarantined
		seen := max(src.Seen, taken)
		s.Seen += seen
		s.Messages += src.Messages
		s.Evidence += src.Evidence
		s.Quarantined += src.Quarantined
		if seen > taken {
			s.AddsUp = false
		}
		ch := s.Channels[src.Channel]
		ch.Seen += seen
		s.Channels[src.Channel] = ch
	}
	return s
}

func readPosition(ctx context.Context, q querier) (position, error) {
	pos := position{Counts: newCounts()}
	var text string
	err := q.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'position'").Scan(&text)
	there, err := found(err)
	if err != nil {
		return pos, fmt.Errorf("reading position: %w", err)
	}
	if !there {
		return pos, nil
	}
	if err := json.Unmarshal([]byte(text), &pos); err != nil {
		return pos, fmt.Errorf("reading position: %w", err)
	}
	return pos, nil
}

// readCommit reads only the last commit's number.
func readCommit(ctx context.Context, q querier) (uint64, error) {
	var n uint64
	_, err := found(q.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'n'").Scan(&n))
	if err != nil {
		return 0, fmt.Errorf("reading position: %w", err)
	}
	return n, nil
}

func readSources(ctx context.Context, q querier) (map[string]*router.SourceState, error) {
	out := map[string]*router.SourceState{}
	err := each(ctx, q, "SELECT source, facts FROM source", nil, func(rows *sql.Rows) error {
		var name, facts string
		if err := rows.Scan(&name, &facts); err != nil {
			return fmt.Errorf("reading sources: %w", err)
		}
		src := &router.SourceState{}
		out[name] = src
		return json.Unmarshal([]byte(facts), src)
	})
	return out, err
}
