package journal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"stagecoach/channels"
	"stagecoach/fault"
)

// LargeValue is the size from which bytes go to the object store instead of a
// message.
const LargeValue = 256 << 10

// FormatUndecodable is the Format of an entry of INBOX that isn't the JSON of a
// channels.Inbound: its Raw is the entry as it was found.
const FormatUndecodable = "undecodable"

// PutInbound stores one item durably and gives its reference
// "inbox.<shard>.<sequence>". dup means that the same item, from the same place,
// was stored within the last hour and ref names that copy; one that lies in two
// places is two, which the router finds out. A large original goes to the object
// store first. Below the disk's reserve it is ErrReserve.
func (j *Journal) PutInbound(ctx context.Context, in *channels.Inbound) (ref string, dup bool, err error) {
	if err := j.reserve.admit(ctx); err != nil {
		return "", false, fmt.Errorf("storing inbound of %q: %w", in.Account, err)
	}
	fault.On(in.Channel, fault.InboxBeforeStore)
	entry := *in
	if entry.Schema == 0 {
		entry.Schema = channels.InboundSchema
	}
	if entry.Size == 0 {
		entry.Size = int64(len(entry.Raw))
	}
	spilled := ""
	if len(entry.Raw) > LargeValue {
		spilled, _, err = j.objects.put(ctx, ownerInbox, bytes.NewReader(entry.Raw))
		if err != nil {
			return "", false, fmt.Errorf("storing inbound original of %q: %w", in.Account, err)
		}
		entry.Raw, entry.RawObject = nil, spilled
	}
	ref, dup, err = j.publishInbound(ctx, &entry)
	if spilled != "" && (dup || errors.Is(err, ErrFull)) {
		j.eraser.later(objectRef(spilled)) // this copy is named by nothing
	}
	if err != nil {
		return "", false, fmt.Errorf("storing inbound of %q: %w", in.Account, err)
	}
	fault.On(in.Channel, fault.InboxAfterStore)
	return ref, dup, nil
}

func (j *Journal) publishInbound(ctx context.Context, in *channels.Inbound) (ref string, dup bool, err error) {
	b, err := json.Marshal(in)
	if err != nil {
		return "", false, fmt.Errorf("encoding: %w", err)
	}
	// One sender's items lie in one shard, so that they are taken in in order.
	k := shardOf(j.shards, in.Account, cmp.Or(in.Sender, in.ProviderID))
	m := &nats.Msg{Subject: j.names.shardSubject(areaInbox, k, token(in.Account)), Data: b, Header: nats.Header{}}
	if in.RawObject != "" {
		m.Header.Set(headerObject, in.RawObject)
	}
	ack, err := j.publish(ctx, m, jetstream.WithMsgID(j.inboundID(in)))
	if err != nil {
		return "", false, err
	}
	return inboxRef(k, ack.Sequence), ack.Duplicate, nil
}

// publish writes one message and waits until it is durable. A time-out is tried
// once more: with a message id that is harmless, without one the last counts.
func (j *Journal) publish(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	var ack *jetstream.PubAck
	var err error
	for range 2 {
		call, cancel := j.bounded(ctx)
		ack, err = j.js.PublishMsg(call, m, opts...)
		cancel()
		switch {
		case err == nil:
			return ack, nil
		case ctx.Err() != nil, codeOf(err) != 0, errors.Is(err, nats.ErrMaxPayload):
			return nil, writeError(err)
		}
	}
	return nil, writeError(err)
}

// inboundID is the same whenever the same item is seen at the same place: a
// mailbox can hold the same mail twice, and both were seen (I13). It is keyed,
// because a provider's id may hold an address.
func (j *Journal) inboundID(in *channels.Inbound) string {
	m := hmac.New(sha256.New, j.keys.byName[KeyHash])
	_, _ = io.WriteString(m, strings.Join([]string{in.Account, in.ProviderID, in.Source, in.Position}, "\x00"))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// Inbound reads an item back, its original included. It is ErrErased when it
// was securely deleted, ErrNotFound when there never was one.
func (j *Journal) Inbound(ctx context.Context, ref string) (*channels.Inbound, error) {
	k, seq, err := parseInboxRef(ref)
	if err != nil || k >= j.shards {
		return nil, fmt.Errorf("reading %q: %w", ref, ErrNotFound)
	}
	m, err := j.message(ctx, j.names.shard(areaInbox, k), seq)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", ref, err)
	}
	in, err := j.decodeInbound(ctx, m.Data)
	if err != nil {
		return nil, fmt.Errorf("reading original of %q: %w", ref, err)
	}
	return in, nil
}

// message reads one sequence of a stream and tells what was erased from what
// never was.
func (j *Journal) message(ctx context.Context, stream string, seq uint64) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	s := j.streams[stream]
	m, err := s.GetMsg(ctx, seq)
	if err == nil {
		return m, nil
	}
	if !isMissing(err) {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	info, err := s.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if seq > info.State.LastSeq {
		return nil, ErrNotFound
	}
	return nil, ErrErased
}

// decodeInbound reads an entry with its original.
func (j *Journal) decodeInbound(ctx context.Context, data []byte) (*channels.Inbound, error) {
	in := decodeEntry(data)
	return in, j.fetchOriginal(ctx, in)
}

// decodeEntry never refuses an entry: what isn't an Inbound is given whole, as
// the original of an unknown format.
func decodeEntry(data []byte) *channels.Inbound {
	in := new(channels.Inbound)
	if err := json.Unmarshal(data, in); err != nil || in.Schema < 1 || in.Schema > channels.InboundSchema {
		return &channels.Inbound{Kind: channels.Fresh, Format: FormatUndecodable, Raw: data, Size: int64(len(data))}
	}
	return in
}

// fetchOriginal reads a large original from its object.
func (j *Journal) fetchOriginal(ctx context.Context, in *channels.Inbound) (err error) {
	if in.RawObject != "" && in.Raw == nil {
		in.Raw, err = j.objects.bytes(ctx, in.RawObject)
	}
	return err
}

func inboxRef(k int, seq uint64) string {
	return "inbox." + strconv.Itoa(k) + "." + strconv.FormatUint(seq, 10)
}

func parseInboxRef(ref string) (k int, seq uint64, err error) {
	p := strings.Split(ref, ".")
	if len(p) != 3 || p[0] != "inbox" {
		return 0, 0, fmt.Errorf("%q is no reference to INBOX", ref)
	}
	if k, err = strconv.Atoi(p[1]); err != nil || k < 0 {
		return 0, 0, fmt.Errorf("%q is no reference to INBOX", ref)
	}
	if seq, err = strconv.ParseUint(p[2], 10, 64); err != nil || seq == 0 {
		return 0, 0, fmt.Errorf("%q is no reference to INBOX", ref)
	}
	return k, seq, nil
}
