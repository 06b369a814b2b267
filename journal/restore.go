package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// CheckArchive reads every file of a backup and compares it with what was written
// down of it.
func CheckArchive(dir string, a *Archive, step Step) error {
	var errs []error
	for n := range a.Streams {
		s := &a.Streams[n]
		step(s.Name, n, len(a.Streams))
		if err := CheckFile(filepath.Join(dir, s.File), s.Bytes, s.SHA256); err != nil {
			errs = append(errs, err)
		}
	}
	step("", len(a.Streams), len(a.Streams))
	return errors.Join(errs...)
}

// CheckFile compares a file with its length and its SHA-256.
func CheckFile(path string, size int64, want string) error {
	if strings.Contains(filepath.Base(path), "..") {
		return fmt.Errorf("%s is no file of a backup", path)
	}
	f, err := os.Open(path) //nolint:gosec // in the operator's folder
	if err != nil {
		return fmt.Errorf("checking a file: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	switch {
	case err != nil:
		return fmt.Errorf("checking %s: %w", path, err)
	case n != size:
		return fmt.Errorf("%s has %d bytes, %d were written: it was cut off or changed", path, n, size)
	case hexSum(sum) != want:
		return fmt.Errorf("%s is not as it was written: its checksum differs", path)
	}
	return nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// Restore makes a journal in an empty data directory, whose file of keys is there, from
// a backup. The journal is then opened like any other.
func Restore(ctx context.Context, cfg Config, from string, a *Archive, step Step) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	if cfg.URL != "" {
		return errors.New("a backup is restored into an engine of its own: leave nats.url out")
	}
	j := &Journal{cfg: cfg, names: names{office: cfg.Office}, slog: slog.New(slog.DiscardHandler), streams: map[string]jetstream.Stream{}}
	if j.lock, err = acquire(cfg.Dir); err != nil {
		return err
	}
	err = j.restore(ctx, from, a, step)
	return errors.Join(err, j.Close())
}

func (j *Journal) restore(ctx context.Context, from string, a *Archive, step Step) (err error) {
	if j.cfg.MaxStore, err = diskSize(j.cfg.Dir); err != nil {
		return err
	}
	if j.ns, err = startServer(ctx, j.cfg, j.slog); err != nil {
		return err
	}
	if j.nc, err = dial(j.cfg, j.ns, j.slog); err != nil {
		return err
	}
	if j.js, err = jetstream.New(j.nc, jetstream.WithDefaultTimeout(j.cfg.Timeout)); err != nil {
		return fmt.Errorf("opening engine: %w", err)
	}
	for n := range a.Streams {
		s := &a.Streams[n]
		step(s.Name, n, len(a.Streams))
		if err := j.restoreStream(ctx, filepath.Join(from, filepath.Base(s.File)), s); err != nil {
			return fmt.Errorf("restoring stream %q: %w", s.Name, err)
		}
	}
	for k, taken := range a.Taken {
		if err := j.takenTo(ctx, k, taken); err != nil {
			return err
		}
	}
	step("", len(a.Streams), len(a.Streams))
	return nil
}

// restoreChunk is how much is sent to the engine at once.
const restoreChunk = 256 << 10

func (j *Journal) restoreStream(ctx context.Context, path string, s *ArchivedStream) error {
	f, err := os.Open(path) //nolint:gosec // in the operator's folder
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	req, err := json.Marshal(map[string]json.RawMessage{"config": s.Config, "state": s.State})
	if err != nil {
		return err
	}
	var begun server.JSApiStreamRestoreResponse
	if err := j.askRaw(ctx, fmt.Sprintf(server.JSApiStreamRestoreT, s.Name), req, &begun); err != nil {
		return err
	}
	if begun.Error != nil {
		return fmt.Errorf("%w: %s", ErrUnavailable, begun.Error.Description)
	}
	buf := make([]byte, restoreChunk)
	for {
		n, err := io.ReadFull(f, buf)
		if n > 0 {
			var refused server.JSApiStreamCreateResponse
			if err := j.askRaw(ctx, begun.DeliverSubject, buf[:n], &refused); err != nil {
				return err
			}
			if refused.Error != nil {
				return fmt.Errorf("%w: %s", ErrDamaged, refused.Error.Description)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	var done server.JSApiStreamCreateResponse
	if err := j.askRaw(ctx, begun.DeliverSubject, nil, &done); err != nil {
		return err
	}
	if done.Error != nil {
		return fmt.Errorf("%w: %s", ErrDamaged, done.Error.Description)
	}
	if done.StreamInfo == nil || done.State.Msgs != s.Messages {
		return fmt.Errorf("%w: it has not as many messages as were copied", ErrDamaged)
	}
	return nil
}

// takenTo has intake begin behind what the restored log has.
func (j *Journal) takenTo(ctx context.Context, k int, taken uint64) error {
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	_, err := j.js.CreateConsumer(ctx, j.names.shard(areaInbox, k), jetstream.ConsumerConfig{
		Durable: inboxConsumer, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: taken + 1,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: inboxAckWait, MaxDeliver: -1, MaxAckPending: inboxMaxPending,
	})
	if err != nil {
		return fmt.Errorf("making consumer of shard %d: %w", k, err)
	}
	return nil
}
