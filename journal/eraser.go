package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// eraseJob names what is to be overwritten: the messages of a place below a
// sequence (all of them if below is 0), or an object.
type eraseJob struct {
	place
	below  uint64
	object string
}

func objectRef(id string) eraseJob { return eraseJob{object: id} }

// eraser does all secure deletes, one at a time. Each rewrites a block of its
// stream, which writers wait for, so as much time as one took is left free
// after it. What is in the queue when the process ends is found again by
// Orphans.
type eraser struct {
	j       *Journal
	one     chan struct{} // held while deleting
	queue   chan eraseJob
	quit    chan struct{}
	end     context.CancelFunc
	ended   sync.WaitGroup
	dropped atomic.Bool // something didn't fit into the queue
}

// queueSize bounds the background queue; what doesn't fit is left to Orphans.
const queueSize = 4096

// newEraser starts an eraser that ends with Close or ctx.
func newEraser(ctx context.Context, j *Journal) *eraser {
	ctx, cancel := context.WithCancel(ctx)
	e := &eraser{
		j: j, one: make(chan struct{}, 1), queue: make(chan eraseJob, queueSize),
		quit: make(chan struct{}), end: cancel,
	}
	e.ended.Go(func() { e.run(ctx) })
	return e
}

func (e *eraser) run(ctx context.Context) {
	for {
		select {
		case job := <-e.queue:
			e.background(ctx, job)
		case <-e.quit:
			for len(e.queue) > 0 && ctx.Err() == nil {
				e.background(ctx, <-e.queue)
			}
			return
		}
	}
}

func (e *eraser) background(ctx context.Context, job eraseJob) {
	if err := e.do(ctx, job); err != nil {
		e.dropped.Store(true)
		e.j.slog.WarnContext(ctx, "erasing in the background", "stream", job.stream, "err", err)
	}
}

// later queues a job. It never blocks.
func (e *eraser) later(job eraseJob) {
	select {
	case e.queue <- job:
	default:
		e.dropped.Store(true)
	}
}

// stop lets the queue empty itself for at most d.
func (e *eraser) stop(d time.Duration) {
	close(e.quit)
	t := time.AfterFunc(d, e.end)
	e.ended.Wait()
	t.Stop()
	e.end()
}

// do performs a job and returns when the bytes are gone.
func (e *eraser) do(ctx context.Context, job eraseJob) error {
	if job.object != "" {
		return e.object(ctx, job.object)
	}
	return e.versions(ctx, job.place, job.below)
}

// object leaves a tombstone, so that readers stop at once and are told, and
// overwrites the chunks and the description.
func (e *eraser) object(ctx context.Context, id string) error {
	b := e.j.objects
	info, err := b.info(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case errors.Is(err, ErrErased): // again, in case the first time was cut short
	case err != nil && !errors.Is(err, ErrDamaged):
		return err
	}
	stone := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: id},
		Bucket:     b.name, NUID: info.NUID, Deleted: true, ModTime: time.Now().UTC(),
	}
	d, err := json.Marshal(stone)
	if err != nil {
		return err
	}
	ack, err := e.j.publish(ctx, &nats.Msg{Subject: b.meta(id), Data: d})
	if err != nil {
		return err
	}
	if info.NUID != "" {
		if err := e.versions(ctx, place{b.stream, b.chunks(info.NUID)}, 0); err != nil {
			return err
		}
	}
	return e.versions(ctx, place{b.stream, b.meta(id)}, ack.Sequence)
}

// versions overwrites the messages of one subject below a sequence, with the
// objects that they name.
func (e *eraser) versions(ctx context.Context, p place, below uint64) error {
	s := e.j.streams[p.stream]
	for next := uint64(1); below == 0 || next < below; {
		call, cancel := e.j.bounded(ctx)
		m, err := s.GetMsg(call, next, jetstream.WithGetMsgSubject(p.subject))
		cancel()
		if isMissing(err) || err == nil && below != 0 && m.Sequence >= below {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if object := m.Header.Get(headerObject); object != "" {
			if err := e.object(ctx, object); err != nil {
				return err
			}
		}
		if err := e.message(ctx, s, m.Sequence); err != nil {
			return err
		}
		next = m.Sequence + 1
	}
	return nil
}

// message overwrites one message.
func (e *eraser) message(ctx context.Context, s jetstream.Stream, seq uint64) error {
	select {
	case e.one <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.one }()
	call, cancel := e.j.bounded(ctx)
	defer cancel()
	began := time.Now()
	if err := s.SecureDeleteMsg(call, seq); err != nil && !isMissing(err) && !goneAlready(err) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if !pause(ctx, time.Since(began)) {
		return ctx.Err()
	}
	return nil
}

// goneAlready reports whether a delete failed because there is no such message
// (any more); the server says so in words only.
func goneAlready(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && strings.Contains(api.Description, "no message found")
}

// Erase overwrites every version of a piece of content, or an entry of INBOX,
// with the objects that hold parts of it, and returns when the bytes are gone.
// Objects that the caller named inside the content are the caller's to erase.
// Erasing what isn't there is no error.
func (j *Journal) Erase(ctx context.Context, ref string) error {
	kind, id, _ := strings.Cut(ref, ".")
	var err error
	if kind == "inbox" {
		err = j.eraseInbound(ctx, ref)
	} else {
		err = j.eraseContent(ctx, Kind(kind), id)
	}
	if err != nil {
		return fmt.Errorf("erasing %q: %w", ref, err)
	}
	return nil
}

func (j *Journal) eraseContent(ctx context.Context, kind Kind, id string) error {
	p, err := j.place(kind, id)
	if err != nil {
		return err
	}
	call, cancel := j.bounded(ctx)
	last, err := j.streams[p.stream].GetLastMsgForSubject(call, p.subject)
	cancel()
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	below := last.Sequence
	if last.Header.Get(headerErased) == "" {
		ack, err := j.publish(ctx, &nats.Msg{Subject: p.subject, Header: nats.Header{headerErased: {"1"}}})
		if err != nil {
			return err
		}
		below = ack.Sequence
	}
	if err := j.eraser.versions(ctx, p, below); err != nil || kind != KindDraft {
		return err
	}
	// Nothing refers to a draft, so nobody needs to be told that it was erased.
	return j.eraser.message(ctx, j.streams[p.stream], below)
}

func (j *Journal) eraseInbound(ctx context.Context, ref string) error {
	k, seq, err := parseInboxRef(ref)
	if err != nil || k >= j.shards {
		return ErrNotFound
	}
	name := j.names.shard(areaInbox, k)
	m, err := j.message(ctx, name, seq)
	switch {
	case errors.Is(err, ErrErased), errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	var in struct {
		RawObject string `json:"raw_object"`
	}
	if json.Unmarshal(m.Data, &in) == nil && in.RawObject != "" {
		if err := j.eraser.object(ctx, in.RawObject); err != nil {
			return err
		}
	}
	return j.eraser.message(ctx, j.streams[name], seq)
}
