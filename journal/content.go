package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"stagecoach/fault"
)

// Kind is a kind of content.
type Kind string

// The kinds. Replies, notes, drafts and reasons live in REPLIES, the others in
// DIRECTORY.
const (
	KindReply  Kind = "reply"
	KindNote   Kind = "note"
	KindDraft  Kind = "draft"
	KindReason Kind = "reason"
	// KindMessage is what a message says whose original was removed, under the
	// original's reference.
	KindMessage  Kind = "message"
	KindAgent    Kind = "agent"
	KindCustomer Kind = "customer"
	KindAnswer   Kind = "answer"
	KindSetting  Kind = "setting"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		KindReply, KindNote, KindDraft, KindReason, KindMessage,
		KindAgent, KindCustomer, KindAnswer, KindSetting,
	}
}

func (k Kind) area() area {
	switch k {
	case KindReply, KindNote, KindDraft, KindReason, KindMessage:
		return areaReplies
	case KindAgent, KindCustomer, KindAnswer, KindSetting:
		return areaDirectory
	default:
		return ""
	}
}

// lastOnly reports whether a new version makes those before it worthless, so
// that they are securely deleted.
func (k Kind) lastOnly() bool { return k == KindDraft || k == KindSetting }

// The headers of content.
const (
	headerObject = "Stagecoach-Object" // the value lies in this object
	headerErased = "Stagecoach-Erased" // a tombstone
)

// place is where a piece of content lives.
type place struct{ stream, subject string }

func (j *Journal) place(kind Kind, id string) (place, error) {
	a := kind.area()
	if a == "" {
		return place{}, fmt.Errorf("unknown kind of content %q", kind)
	}
	if id == "" {
		return place{}, fmt.Errorf("%s has no id", kind)
	}
	k := shardOf(j.shards, id)
	return place{
		stream:  j.names.shard(a, k),
		subject: j.names.shardSubject(a, k, string(kind)+"."+token(id)),
	}, nil
}

// Put stores a version of a piece of content durably and gives its reference
// "<kind>.<id>". The id must say nothing of a person: random, or a fixed name
// of a setting. The last version wins; of a draft or a setting those before it
// are then securely deleted in the background.
func (j *Journal) Put(ctx context.Context, kind Kind, id string, value []byte) (ref string, err error) {
	p, err := j.place(kind, id)
	if err != nil {
		return "", fmt.Errorf("storing content: %w", err)
	}
	ref = string(kind) + "." + id
	if kind == KindReply {
		fault.Here(fault.ReplyBeforeStore)
	}
	m := &nats.Msg{Subject: p.subject, Data: value}
	if len(value) > LargeValue {
		object, _, err := j.objects.put(ctx, p.subject, bytes.NewReader(value))
		if err != nil {
			return "", fmt.Errorf("storing %q: %w", ref, err)
		}
		m.Header, m.Data = nats.Header{headerObject: {object}}, nil
	}
	ack, err := j.publish(ctx, m)
	if err != nil {
		return "", fmt.Errorf("storing %q: %w", ref, err)
	}
	if kind == KindReply {
		fault.Here(fault.ReplyAfterStore)
	}
	if kind.lastOnly() {
		j.eraser.later(eraseJob{place: p, below: ack.Sequence})
	}
	return ref, nil
}

// Get reads the last version. It is ErrErased after Erase, ErrNotFound when
// there never was one.
func (j *Journal) Get(ctx context.Context, ref string) ([]byte, error) {
	kind, id, _ := strings.Cut(ref, ".")
	p, err := j.place(Kind(kind), id)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w: %w", ref, ErrNotFound, err)
	}
	call, cancel := j.bounded(ctx)
	defer cancel()
	m, err := j.streams[p.stream].GetLastMsgForSubject(call, p.subject)
	if isMissing(err) {
		return nil, fmt.Errorf("reading %q: %w", ref, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w: %w", ref, ErrUnavailable, err)
	}
	value, err := j.value(ctx, m.Header, m.Data)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", ref, err)
	}
	return value, nil
}

// value gives what a message of a content stream stands for.
func (j *Journal) value(ctx context.Context, h nats.Header, data []byte) ([]byte, error) {
	switch {
	case h.Get(headerErased) != "":
		return nil, ErrErased
	case h.Get(headerObject) != "":
		return j.objects.bytes(ctx, h.Get(headerObject))
	default:
		return data, nil
	}
}

// Each calls fn with the last version of every piece of content of a kind, in
// no particular order, until fn fails. What has been erased is left out.
func (j *Journal) Each(ctx context.Context, kind Kind, fn func(id string, value []byte) error) error {
	a := kind.area()
	if a == "" {
		return fmt.Errorf("listing content: unknown kind %q", kind)
	}
	for k := range j.shards {
		prefix := j.names.shardSubject(a, k, string(kind)+".")
		err := j.scan(ctx, j.names.shard(a, k), jetstream.ConsumerConfig{
			DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubject: prefix + "*",
		}, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
			value, err := j.value(ctx, m.Headers(), m.Data())
			if errors.Is(err, ErrErased) || errors.Is(err, ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			return fn(untoken(strings.TrimPrefix(m.Subject(), prefix)), value)
		})
		if err != nil {
			return fmt.Errorf("listing content of kind %q: %w", kind, err)
		}
	}
	return nil
}
