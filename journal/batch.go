package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
	"golang.org/x/sync/errgroup"
)

// Piece is a piece of content among many.
type Piece struct {
	ID    string
	Value []byte
}

// The bounds of an atomic batch: the engine takes at most 1,000 messages, and stages
// them all before it stores one.
const (
	batchPieces = 1000
	batchBytes  = 16 << 20
	// batchLimit is how long a batch may take: its bytes are written twice.
	batchLimit = 30 * time.Second
)

// Shard gives the number of the stream that a piece of content lies in, and Shards
// how many there are.
func (j *Journal) Shard(id string) int { return shardOf(j.shards, id) }

// Shards gives how many streams each kind of content is hashed over.
func (j *Journal) Shards() int { return j.shards }

// PutAll stores a version of each of many pieces of content durably, in atomic
// batches: of a batch all are stored or none. It gives the last sequence written in
// each shard. After an error some batches may have been stored, and storing all of
// them again is harmless.
func (j *Journal) PutAll(ctx context.Context, kind Kind, pieces []Piece) (last map[int]uint64, err error) {
	if a := kind.area(); a != areaDirectory {
		return nil, fmt.Errorf("storing content: %q isn't stored in batches", kind)
	}
	byShard := make([][]*nats.Msg, j.shards)
	for _, c := range pieces {
		p, err := j.place(kind, c.ID)
		if err != nil {
			return nil, fmt.Errorf("storing content: %w", err)
		}
		m := &nats.Msg{Subject: p.subject, Data: c.Value, Header: nats.Header{}}
		if len(c.Value) > LargeValue {
			object, _, err := j.objects.put(ctx, p.subject, bytes.NewReader(c.Value))
			if err != nil {
				return nil, fmt.Errorf("storing %s.%s: %w", kind, c.ID, err)
			}
			m.Header.Set(headerObject, object)
			m.Data = nil
		}
		k := j.Shard(c.ID)
		byShard[k] = append(byShard[k], m)
	}
	ends := make([]uint64, j.shards)
	g, gctx := errgroup.WithContext(ctx)
	for k, all := range byShard {
		g.Go(func() (err error) {
			ends[k], err = j.publishBatches(gctx, all)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("storing %d pieces of kind %q: %w", len(pieces), kind, err)
	}
	last = map[int]uint64{}
	for k, seq := range ends {
		if seq > 0 {
			last[k] = seq
		}
	}
	return last, nil
}

// publishBatches writes messages of one stream, batch by batch.
func (j *Journal) publishBatches(ctx context.Context, all []*nats.Msg) (last uint64, err error) {
	for len(all) > 0 {
		n, size := 0, 0
		for n < len(all) && n < batchPieces && (n == 0 || size+len(all[n].Data) <= batchBytes) {
			size += len(all[n].Data)
			n++
		}
		if len(all) == 1 { // a batch costs 20 ms whatever its size
			ack, err := j.publish(ctx, all[0])
			if err != nil {
				return last, err
			}
			return ack.Sequence, nil
		}
		call, cancel := context.WithTimeout(ctx, max(batchLimit, j.cfg.Timeout))
		ack, err := jetstreamext.PublishMsgBatch(call, j.js, all[:n])
		cancel()
		if err != nil {
			return last, writeError(err)
		}
		last, all = ack.Sequence, all[n:]
	}
	return last, nil
}

// Version is one version of a piece of content.
type Version struct {
	ID    string
	Seq   uint64
	Value []byte
	// Erased is true for what was erased: it has no value.
	Erased bool
}

// Since calls fn with what a shard holds of a kind behind a sequence, in order; after
// 0 with the last version of each piece only. It gives the last sequence of the stream
// up to which all was read. A sequence that the stream hasn't reached is ErrNotFound:
// whoever has it has read another journal.
func (j *Journal) Since(ctx context.Context, kind Kind, shard int, after uint64, fn func(Version) error) (last uint64, err error) {
	a := kind.area()
	if a == "" || shard < 0 || shard >= j.shards {
		return 0, fmt.Errorf("reading content of kind %q in shard %d: %w", kind, shard, ErrNotFound)
	}
	stream := j.names.shard(a, shard)
	call, cancel := j.bounded(ctx)
	info, err := j.streams[stream].Info(call)
	cancel()
	if err != nil {
		return 0, fmt.Errorf("reading content of kind %q: %w: %w", kind, ErrUnavailable, err)
	}
	last = info.State.LastSeq
	if after > last {
		return 0, fmt.Errorf("reading content of kind %q behind %d of %d: %w", kind, after, last, ErrNotFound)
	}
	if after == last {
		return last, nil
	}
	prefix := j.names.shardSubject(a, shard, string(kind)+".")
	cfg := jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubject: prefix + "*"}
	if after > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, after+1
	}
	err = j.scan(ctx, stream, cfg, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		v := Version{ID: untoken(strings.TrimPrefix(m.Subject(), prefix)), Seq: md.Sequence.Stream}
		value, err := j.value(ctx, m.Headers(), m.Data())
		switch {
		case errors.Is(err, ErrErased), errors.Is(err, ErrNotFound):
			v.Erased = m.Headers().Get(headerErased) != ""
			if !v.Erased { // an earlier version, whose object is gone
				return nil
			}
		case err != nil:
			return err
		}
		v.Value = value
		last = max(last, v.Seq)
		return fn(v)
	})
	if err != nil {
		return 0, fmt.Errorf("reading content of kind %q: %w", kind, err)
	}
	return last, nil
}
