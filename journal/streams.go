package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// tableVersion is raised whenever the table below changes, so that existing
// streams are brought up to it at the next start and only then.
const tableVersion = "2"

// dedupeWindow is how long the engine itself knows a message again. It spares
// work; "seen for ever" is the index of the intake.
const dedupeWindow = time.Hour

// The buckets of the object store.
const (
	objectBucket   = "objects_"
	snapshotBucket = "snapshots_"
)

// names are the streams and subjects of one office. No subject ever holds an
// address or a name of a person.
type names struct{ office string }

func (n names) log() string        { return "LOG_" + n.office }
func (n names) logSubject() string { return "log." + n.office }
func (n names) outbox() string     { return "OUTBOX_" + n.office }
func (n names) sessions() string   { return "KV_sessions_" + n.office }
func (n names) meta() string       { return "KV_meta_" + n.office }

func (n names) shard(area area, k int) string {
	return string(area) + "_" + n.office + "_" + strconv.Itoa(k)
}

func (n names) shardSubject(area area, k int, rest string) string {
	return area.token() + "." + n.office + "." + strconv.Itoa(k) + "." + rest
}

func (n names) outboxSubject(channel, account string) string {
	return "outbox." + n.office + "." + queueOf(channel, account, ".")
}

func (n names) bucket(prefix string) string { return prefix + n.office }

// area is a family of sharded streams.
type area string

const (
	areaInbox     area = "INBOX"
	areaReplies   area = "REPLIES"
	areaDirectory area = "DIRECTORY"
)

func (a area) token() string {
	switch a {
	case areaInbox:
		return "inbox"
	case areaReplies:
		return "replies"
	default:
		return "directory"
	}
}

// row is one line of the table of streams.
type row struct {
	name     string
	subjects []string
	edit     func(*jetstream.StreamConfig)
}

// table is every stream that the journal has besides meta. There are no limits
// by age, number or size anywhere: a limit would remove what must stay, and
// leave the bytes of what must go.
func (n names) table(shards int) []row {
	rows := []row{
		{n.log(), []string{n.logSubject()}, func(c *jetstream.StreamConfig) {
			c.DenyDelete, c.DenyPurge = true, true
		}},
		{n.outbox(), []string{"outbox." + n.office + ".>"}, func(c *jetstream.StreamConfig) {
			c.Retention = jetstream.WorkQueuePolicy
		}},
		{n.sessions(), []string{"$KV.sessions_" + n.office + ".>"}, func(c *jetstream.StreamConfig) {
			c.MaxMsgsPerSubject, c.AllowMsgTTL, c.AllowRollup = 1, true, true
		}},
		n.objects(objectBucket),
		n.objects(snapshotBucket),
	}
	for k := range shards {
		rows = append(rows,
			row{n.shard(areaInbox, k), []string{n.shardSubject(areaInbox, k, ">")}, func(c *jetstream.StreamConfig) {
				c.Duplicates = dedupeWindow
			}},
			row{n.shard(areaReplies, k), []string{n.shardSubject(areaReplies, k, ">")}, nil},
			row{n.shard(areaDirectory, k), []string{n.shardSubject(areaDirectory, k, ">")}, func(c *jetstream.StreamConfig) {
				c.AllowAtomicPublish = true
			}},
		)
	}
	return rows
}

// objects is laid out as the NATS object store has it, so that its tools and
// libraries can read it.
func (n names) objects(prefix string) row {
	b := n.bucket(prefix)
	return row{"OBJ_" + b, []string{"$O." + b + ".C.>", "$O." + b + ".M.>"}, func(c *jetstream.StreamConfig) {
		c.AllowRollup = true
	}}
}

func (n names) metaRow() row {
	return row{n.meta(), []string{"$KV.meta_" + n.office + ".>"}, func(c *jetstream.StreamConfig) {
		c.MaxMsgsPerSubject, c.AllowRollup, c.DenyDelete = 1, true, true
	}}
}

// ensure binds to the stream of r, making it where it is missing and bringing
// it up to date where it was made by an earlier build.
func (j *Journal) ensure(ctx context.Context, r row) (jetstream.Stream, error) {
	want := jetstream.StreamConfig{
		Name: r.name, Subjects: r.subjects,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1,
		Storage: jetstream.FileStorage, Replicas: j.cfg.Replicas,
		// A direct read may come from a replica that lags: with more than one,
		// reads go to the leader, so that what was written is found at once.
		AllowDirect: j.cfg.Replicas == 1,
		Metadata:    map[string]string{"stagecoach_table": tableVersion},
	}
	if r.edit != nil {
		r.edit(&want)
	}
	s, err := j.js.Stream(ctx, r.name)
	if err == nil && s.CachedInfo().Config.Metadata["stagecoach_table"] == tableVersion {
		return s, nil
	}
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("looking up stream %q: %w", r.name, err)
	}
	s, err = j.js.CreateOrUpdateStream(ctx, want)
	if err != nil {
		return nil, fmt.Errorf("making stream %q: %w", r.name, err)
	}
	return s, nil
}

// origin is what was settled when the journal was made.
type origin struct {
	Shards int       `json:"shards"`
	Keys   string    `json:"keys"`
	MadeAt time.Time `json:"made_at"`
}

// settle reads the record of the journal's making, or writes it, together with
// the keys that belong to it.
func (j *Journal) settle(ctx context.Context) (origin, error) {
	if _, err := j.ensure(ctx, j.names.metaRow()); err != nil {
		return origin{}, err
	}
	kv, err := j.js.KeyValue(ctx, "meta_"+j.names.office)
	if err != nil {
		return origin{}, fmt.Errorf("opening meta record: %w", err)
	}
	entry, err := kv.Get(ctx, "origin")
	fresh := errors.Is(err, jetstream.ErrKeyNotFound)
	if err != nil && !fresh {
		return origin{}, fmt.Errorf("reading meta record: %w", err)
	}
	if j.keys, err = openKeys(j.cfg.Dir, fresh); err != nil {
		return origin{}, err
	}
	if fresh {
		o := origin{Shards: j.cfg.Shards, Keys: j.keys.fingerprint(), MadeAt: time.Now().UTC()}
		b, err := json.Marshal(o)
		if err != nil {
			return origin{}, fmt.Errorf("writing meta record: %w", err)
		}
		if _, err := kv.Create(ctx, "origin", b); err != nil {
			return origin{}, fmt.Errorf("writing meta record: %w", err)
		}
		return o, nil
	}
	var o origin
	if err := json.Unmarshal(entry.Value(), &o); err != nil || o.Shards < 1 {
		return origin{}, fmt.Errorf("reading meta record: %w: %q", ErrDamaged, entry.Value())
	}
	if o.Keys != j.keys.fingerprint() {
		return origin{}, fmt.Errorf("%w: put back the keys file that was beside the data since %s",
			ErrKeys, o.MadeAt.Format(time.DateOnly))
	}
	return o, nil
}

// shardOf hashes a key over n streams.
func shardOf(n int, parts ...string) int {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return int(h.Sum64() % uint64(n)) //nolint:gosec // n is at least 1
}
