package journal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Archive is what a backup holds of a journal.
type Archive struct {
	Office string `json:"office"`
	Shards int    `json:"shards"`
	// Keys is the fingerprint of the keys that belong to it.
	Keys string `json:"keys"`
	// Commits is the last sequence of the log in it.
	Commits uint64 `json:"commits"`
	// Taken is, by shard of INBOX, up to where all items had been taken in when the
	// log was copied: what lies behind is taken in after a restore.
	Taken   []uint64         `json:"taken"`
	Streams []ArchivedStream `json:"streams"`
}

// ArchivedStream is one stream as it was copied.
type ArchivedStream struct {
	Name     string          `json:"name"`
	File     string          `json:"file"`
	Bytes    int64           `json:"bytes"`
	SHA256   string          `json:"sha256"`
	Messages uint64          `json:"messages"`
	Config   json.RawMessage `json:"config"`
	State    json.RawMessage `json:"state"`
}

// Step tells how far a backup or a restore is: what is at work, and how much of all
// is done.
type Step func(what string, done, total int)

// archived lists the streams of a backup in the order in which they are copied. The
// log goes first: what it names was stored before, so it lies in what is copied after
// it; an original is stored before the entry of INBOX that names it. between is
// called after the log. OUTBOX is made anew from the log, sessions end, and snapshots
// are made again.
func (j *Journal) archived() []string {
	list := []string{j.names.log()}
	for _, a := range []area{areaInbox, areaReplies, areaDirectory} {
		for k := range j.shards {
			list = append(list, j.names.shard(a, k))
		}
	}
	return append(list, j.objects.stream, j.names.meta())
}

// Backup copies all that must not be lost into files of a folder, while the journal is
// used: the streams, each as the engine's own snapshot, whose checksums it has looked
// at. between is called once the log has been copied, for what else must not be older
// than that.
func (j *Journal) Backup(ctx context.Context, dir string, step Step, between func() error) (*Archive, error) {
	a := &Archive{Office: j.cfg.Office, Shards: j.shards, Keys: j.keys.fingerprint()}
	for k := range j.shards {
		call, cancel := j.bounded(ctx)
		c, err := j.streams[j.names.shard(areaInbox, k)].Consumer(call, inboxConsumer)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("backing up: %w: %w", ErrUnavailable, err)
		}
		a.Taken = append(a.Taken, c.CachedInfo().AckFloor.Stream)
	}
	list := j.archived()
	for n, name := range list {
		step(name, n, len(list))
		s, err := j.copyStream(ctx, dir, name)
		if err != nil {
			return nil, fmt.Errorf("backing up stream %q: %w", name, err)
		}
		a.Streams = append(a.Streams, *s)
		if n == 0 {
			var state server.StreamState
			if err := json.Unmarshal(s.State, &state); err != nil {
				return nil, fmt.Errorf("backing up stream %q: %w", name, err)
			}
			a.Commits = state.LastSeq
			if err := between(); err != nil {
				return nil, err
			}
		}
	}
	step("", len(list), len(list))
	return a, nil
}

// Waits of the engine's snapshots: how long one may be silent, and how much it sends
// ahead.
const (
	snapshotSilence = 60 * time.Second
	snapshotAhead   = 4 << 20
)

// copyStream writes a snapshot of one stream to a file.
func (j *Journal) copyStream(ctx context.Context, dir, name string) (*ArchivedStream, error) {
	file := name + ".snapshot"
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600) //nolint:gosec // in the operator's folder
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	out, err := j.sendStream(ctx, name, io.MultiWriter(f, sum))
	if err != nil {
		return nil, err
	}
	out.File, out.SHA256 = file, hexSum(sum)
	return out, errors.Join(f.Sync(), f.Close())
}

// sendStream has the engine look at the checksums of one stream, and send a snapshot
// of it.
func (j *Journal) sendStream(ctx context.Context, name string, to io.Writer) (*ArchivedStream, error) {
	inbox := j.nc.NewRespInbox()
	sub, err := j.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	var begun server.JSApiStreamSnapshotResponse
	req := server.JSApiStreamSnapshotRequest{DeliverSubject: inbox, NoConsumers: true, WindowSize: snapshotAhead, CheckMsgs: true}
	if err := j.ask(ctx, fmt.Sprintf(server.JSApiStreamSnapshotT, name), req, &begun); err != nil {
		return nil, err
	}
	if begun.Error != nil {
		return nil, fmt.Errorf("%w: %s", ErrUnavailable, begun.Error.Description)
	}
	out := &ArchivedStream{Name: name, Messages: begun.State.Msgs}
	if out.Config, err = json.Marshal(begun.Config); err != nil {
		return nil, err
	}
	if out.State, err = json.Marshal(begun.State); err != nil {
		return nil, err
	}
	out.Bytes, err = j.receive(ctx, sub, to)
	return out, err
}

// receive writes the chunks of a snapshot, acknowledging each, until its end.
func (j *Journal) receive(ctx context.Context, sub *nats.Subscription, to io.Writer) (n int64, err error) {
	for {
		wait, cancel := context.WithTimeout(ctx, snapshotSilence)
		m, err := sub.NextMsgWithContext(wait)
		cancel()
		if err != nil {
			return n, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if len(m.Data) == 0 {
			if status := m.Header.Get("Status"); status != "" && status != "204" {
				return n, fmt.Errorf("%w: %s %s", ErrUnavailable, status, m.Header.Get("Description"))
			}
			return n, nil
		}
		k, err := to.Write(m.Data)
		n += int64(k)
		if err != nil {
			return n, err
		}
		if m.Reply == "" {
			continue
		}
		if err := j.nc.Publish(m.Reply, nil); err != nil {
			return n, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// ask requests something of the engine.
func (j *Journal) ask(ctx context.Context, subject string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return j.askRaw(ctx, subject, data, out)
}

func (j *Journal) askRaw(ctx context.Context, subject string, data []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, snapshotSilence)
	defer cancel()
	m, err := j.nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if out == nil || len(m.Data) == 0 {
		return nil
	}
	return json.Unmarshal(m.Data, out)
}

// Verify has the engine look at the checksums of all that is stored, by taking a
// snapshot of every stream that leads nowhere. The journal is used meanwhile.
func (j *Journal) Verify(ctx context.Context, step Step) error {
	list := j.archived()
	var errs []error
	for n, name := range list {
		step(name, n, len(list))
		if _, err := j.sendStream(ctx, name, io.Discard); err != nil {
			errs = append(errs, fmt.Errorf("stream %q: %w", name, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	step("", len(list), len(list))
	return errors.Join(errs...)
}
