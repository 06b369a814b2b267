package journal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// errStop ends a scan early.
var errStop = errors.New("enough")

// Orphans securely deletes what was stored and then named by nothing: objects,
// entries of INBOX that intake has finished without a commit that names them
// (second copies), parts of objects whose storing was cut short, and earlier
// versions that a crash left. named is asked with an object's id or a reference
// "inbox.<shard>.<sequence>", and only about what is older than olderThan. An
// entry that intake hasn't finished is never touched, however old.
//
// named must know every place that may name an object: the log's state up to
// now, and content such as drafts, replies, saved answers and settings. When in
// doubt it says yes.
func (j *Journal) Orphans(ctx context.Context, named func(id string) bool, olderThan time.Duration) (removed int, err error) {
	j.sweeping.Lock()
	defer j.sweeping.Unlock()
	before := time.Now().Add(-olderThan)
	for _, sweep := range []func(context.Context, func(string) bool, time.Time) (int, error){
		j.sweepInbox, j.sweepObjects, j.sweepVersions,
	} {
		n, err := sweep(ctx, named, before)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("collecting orphans: %w", err)
		}
	}
	return removed, nil
}

// OrphansOf securely deletes the content of one kind that named doesn't know by
// its reference "<kind>.<id>" and whose last version is older than olderThan.
// It is for the kinds that commits name: replies, notes, reasons.
func (j *Journal) OrphansOf(ctx context.Context, kind Kind, named func(ref string) bool, olderThan time.Duration) (removed int, err error) {
	a := kind.area()
	if a == "" {
		return 0, fmt.Errorf("collecting orphans: unknown kind %q", kind)
	}
	before := time.Now().Add(-olderThan)
	var orphans []string
	for k := range j.shards {
		prefix := j.names.shardSubject(a, k, string(kind)+".")
		err := j.scan(ctx, j.names.shard(a, k), jetstream.ConsumerConfig{
			DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubject: prefix + "*", HeadersOnly: true,
		}, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
			ref := string(kind) + "." + untoken(strings.TrimPrefix(m.Subject(), prefix))
			if m.Headers().Get(headerErased) == "" && md.Timestamp.Before(before) && !named(ref) {
				orphans = append(orphans, ref)
			}
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("collecting orphans of kind %q: %w", kind, err)
		}
	}
	for i, ref := range orphans {
		if err := j.Erase(ctx, ref); err != nil {
			return i, fmt.Errorf("collecting orphans of kind %q: %w", kind, err)
		}
	}
	return len(orphans), nil
}

// sweepInbox looks at each entry once: what is named stays named until it is
// erased.
func (j *Journal) sweepInbox(ctx context.Context, named func(string) bool, before time.Time) (int, error) {
	removed := 0
	for k := range j.shards {
		name := j.names.shard(areaInbox, k)
		call, cancel := j.bounded(ctx)
		c, err := j.streams[name].Consumer(call, inboxConsumer)
		cancel()
		if err != nil {
			return removed, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		done := c.CachedInfo().AckFloor.Stream
		from := j.checked[k] + 1
		if from > done {
			continue
		}
		var orphans []string
		checked := from - 1
		err = j.scan(ctx, name, jetstream.ConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from, HeadersOnly: true,
		}, func(_ jetstream.Msg, md *jetstream.MsgMetadata) error {
			if md.Sequence.Stream > done || md.Timestamp.After(before) {
				return errStop
			}
			checked = md.Sequence.Stream
			if ref := inboxRef(k, checked); !named(ref) {
				orphans = append(orphans, ref)
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			return removed, err
		}
		for _, ref := range orphans {
			if err := j.Erase(ctx, ref); err != nil {
				return removed, err
			}
			removed++
		}
		j.checked[k] = checked
	}
	return removed, nil
}

// sweepObjects erases objects that nothing names, and chunks without a
// description.
func (j *Journal) sweepObjects(ctx context.Context, named func(string) bool, before time.Time) (int, error) {
	described := map[string]bool{}
	inbox := map[string]time.Time{} // originals that an entry of INBOX should name
	var orphans []string
	err := j.objects.each(ctx, func(info jetstream.ObjectInfo, md *jetstream.MsgMetadata) error {
		described[info.NUID] = true
		owner := info.Metadata[metaOwner]
		switch {
		case md.Timestamp.After(before), owner == ownerCaller && named(info.Name):
		case owner == ownerCaller:
			orphans = append(orphans, info.Name)
		case md.Timestamp.Before(j.sweptTo): // found to be owned by an earlier sweep
		case owner == ownerInbox:
			inbox[info.Name] = md.Timestamp
		default:
			owned, err := j.ownedByContent(ctx, owner, info.Name)
			if err == nil && !owned {
				orphans = append(orphans, info.Name)
			}
			return err
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := j.dropOwnedByInbox(ctx, inbox); err != nil {
		return 0, err
	}
	orphans = slices.AppendSeq(orphans, maps.Keys(inbox))
	for i, id := range orphans {
		if err := j.EraseObject(ctx, id); err != nil {
			return i, err
		}
	}
	n, err := j.sweepChunks(ctx, described, before)
	if err == nil {
		j.sweptTo = before
	}
	return len(orphans) + n, err
}

// ownedByContent reports whether a version of the piece of content whose
// subject is owner lies in the object.
func (j *Journal) ownedByContent(ctx context.Context, owner, object string) (bool, error) {
	stream := j.streamOf(owner)
	if stream == "" {
		return false, nil
	}
	found := false
	err := j.scan(ctx, stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverAllPolicy, FilterSubject: owner, HeadersOnly: true,
	}, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		found = found || m.Headers().Get(headerObject) == object
		return nil
	})
	return found, err
}

// streamOf gives the content stream that holds a subject, "" if none does.
func (j *Journal) streamOf(subject string) string {
	for k := range j.shards {
		for _, a := range []area{areaReplies, areaDirectory} {
			if strings.HasPrefix(subject, j.names.shardSubject(a, k, "")) {
				return j.names.shard(a, k)
			}
		}
	}
	return ""
}

// dropOwnedByInbox takes out of objects those that an entry of INBOX names.
func (j *Journal) dropOwnedByInbox(ctx context.Context, objects map[string]time.Time) error {
	if len(objects) == 0 {
		return nil
	}
	// An entry is stored after its object, by the same clock in one engine; the
	// minute allows for the clocks of several.
	since := slices.MinFunc(slices.Collect(maps.Values(objects)), time.Time.Compare).Add(-time.Minute)
	for k := range j.shards {
		err := j.scan(ctx, j.names.shard(areaInbox, k), jetstream.ConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since, HeadersOnly: true,
		}, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
			delete(objects, m.Headers().Get(headerObject))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepChunks erases parts of objects whose description was never written.
func (j *Journal) sweepChunks(ctx context.Context, described map[string]bool, before time.Time) (int, error) {
	prefix := j.objects.chunks("")
	stale := map[string]bool{}
	err := j.scan(ctx, j.objects.stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubject: prefix + "*", HeadersOnly: true,
	}, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		if nuid := strings.TrimPrefix(m.Subject(), prefix); !described[nuid] && md.Timestamp.Before(before) {
			stale[nuid] = true
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	n := 0
	for nuid := range stale {
		if err := j.eraser.versions(ctx, place{j.objects.stream, prefix + nuid}, 0); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// sweepVersions finishes what a crash, or a full queue, left of erasing: what
// lies below a tombstone, and earlier versions of drafts and settings. It looks
// once after each start, and again when something was left to it.
func (j *Journal) sweepVersions(ctx context.Context, _ func(string) bool, before time.Time) (int, error) {
	if !j.eraser.dropped.Swap(false) && j.swept {
		return 0, nil
	}
	n := 0
	for k := range j.shards {
		for _, a := range []area{areaReplies, areaDirectory} {
			m, err := j.sweepStream(ctx, j.names.shard(a, k), before)
			n += m
			if err != nil {
				j.eraser.dropped.Store(true)
				return n, err
			}
		}
	}
	j.swept = true
	return n, nil
}

func (j *Journal) sweepStream(ctx context.Context, stream string, before time.Time) (int, error) {
	below := map[string]uint64{} // by subject: everything before this sequence goes
	first := map[string]uint64{}
	err := j.scan(ctx, stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverAllPolicy, HeadersOnly: true,
	}, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		subject, seq := m.Subject(), md.Sequence.Stream
		if md.Timestamp.After(before) {
			return nil
		}
		parts := strings.Split(subject, ".")
		last := len(parts) > 3 && Kind(parts[3]).lastOnly()
		if last || m.Headers().Get(headerErased) != "" {
			below[subject] = seq
		}
		if _, ok := first[subject]; !ok {
			first[subject] = seq
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	n := 0
	for subject, seq := range below {
		if first[subject] >= seq {
			continue
		}
		if err := j.eraser.versions(ctx, place{stream, subject}, seq); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
