package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// Journal is one open data directory. Its methods may be called from any
// number of goroutines.
type Journal struct {
	cfg   Config
	names names
	slog  *slog.Logger

	lock *lock
	keys Keys
	ns   *server.Server // nil with an external engine
	nc   *nats.Conn
	js   jetstream.JetStream

	shards  int
	streams map[string]jetstream.Stream // filled by Open, read-only after
	objects *bucket
	snaps   *bucket
	log     *Log
	reserve *reserve
	eraser  *eraser

	// What Orphans has seen already; it runs one at a time.
	sweeping sync.Mutex
	checked  map[int]uint64 // by shard: inbox entries up to here are known to be named
	sweptTo  time.Time      // objects of content and INBOX before are known to be owned
	swept    bool           // earlier versions have been looked for

	closing sync.Once
	closed  error
}

// Open takes the data directory for this process, starts or joins the engine,
// and makes whatever stream is missing. A second daemon on the same directory
// gets ErrLocked. Close must be called.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Journal, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	j := &Journal{
		cfg: cfg, names: names{office: cfg.Office}, slog: log.With("component", "journal"),
		streams: map[string]jetstream.Stream{}, checked: map[int]uint64{},
	}
	if j.lock, err = acquire(cfg.Dir); err != nil {
		return nil, err
	}
	if err := j.open(ctx); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

func (j *Journal) open(ctx context.Context) (err error) {
	if j.cfg.MaxStore == 0 {
		if j.cfg.MaxStore, err = diskSize(j.cfg.Dir); err != nil {
			return err
		}
	}
	if j.cfg.URL == "" {
		if j.ns, err = startServer(ctx, j.cfg, j.slog); err != nil {
			return err
		}
	}
	if j.nc, err = dial(j.cfg, j.ns, j.slog); err != nil {
		return err
	}
	if j.js, err = jetstream.New(j.nc, jetstream.WithDefaultTimeout(j.cfg.Timeout)); err != nil {
		return fmt.Errorf("opening engine: %w", err)
	}
	o, err := j.settle(ctx)
	if err != nil {
		return err
	}
	j.shards = o.Shards
	if j.cfg.Shards != o.Shards && j.cfg.Shards != DefaultShards {
		j.slog.WarnContext(ctx, "the number of shards is fixed since the journal was made",
			"shards", o.Shards, "configured", j.cfg.Shards)
	}
	if err := j.openStreams(ctx); err != nil {
		return err
	}
	j.reserve = newReserve(j)
	j.eraser = newEraser(context.WithoutCancel(ctx), j)
	return nil
}

// openStreams binds to every stream of the table and makes the consumers of
// INBOX, so that what is pending can be counted before anybody consumes it.
func (j *Journal) openStreams(ctx context.Context) error {
	rows := j.names.table(j.shards)
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, r := range rows {
		g.Go(func() error {
			s, err := j.ensure(gctx, r)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			j.streams[r.name] = s
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	j.objects = j.newBucket(objectBucket)
	j.snaps = j.newBucket(snapshotBucket)
	j.log = NewLog(&streamStore{
		js: j.js, stream: j.streams[j.names.log()], subject: j.names.logSubject(), timeout: j.cfg.Timeout,
	}, LogConfig{}, j.slog)
	return j.openInboxConsumers(ctx)
}

// Log gives the office's log.
func (j *Journal) Log() *Log { return j.log }

// Keys gives the secrets of the data directory.
func (j *Journal) Keys() Keys { return j.keys }

// Office gives the name of the business unit.
func (j *Journal) Office() string { return j.cfg.Office }

// Conn gives the connection to the engine, for requests and answers such as
// commands. It is closed by Close.
func (j *Journal) Conn() *nats.Conn { return j.nc }

// Healthy returns nil when the engine can store and serve. With the embedded
// engine it finds a stream that was frozen by a write error of the disk, which
// only a restart cures.
func (j *Journal) Healthy(ctx context.Context) error {
	if !j.nc.IsConnected() {
		return fmt.Errorf("%w: engine is %s", ErrUnavailable, j.nc.Status())
	}
	if j.ns != nil {
		if h := j.ns.Healthz(&server.HealthzOptions{}); h.Error != "" {
			return fmt.Errorf("%w: %s", ErrUnavailable, h.Error)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, j.cfg.Timeout)
	defer cancel()
	for _, name := range []string{j.names.log(), j.names.shard(areaInbox, 0), j.names.outbox()} {
		info, err := j.streams[name].Info(ctx)
		if err != nil {
			return fmt.Errorf("%w: stream %q: %w", ErrUnavailable, name, err)
		}
		if c := info.Cluster; c != nil && c.Leader == "" {
			return fmt.Errorf("%w: stream %q has no leader", ErrUnavailable, name)
		}
	}
	return nil
}

// Close ends background work, the connection and the embedded engine, and then
// gives the directory free. Consumers must have ended before.
func (j *Journal) Close() error {
	j.closing.Do(func() { j.closed = j.close() })
	return j.closed
}

func (j *Journal) close() error {
	if j.eraser != nil {
		j.eraser.stop(time.Second)
	}
	if j.nc != nil {
		if err := j.nc.FlushTimeout(time.Second); err != nil {
			j.slog.Warn("flushing engine connection", "err", err)
		}
		j.nc.Close()
	}
	if j.ns != nil {
		j.ns.Shutdown()
		j.ns.WaitForShutdown()
	}
	return j.lock.release()
}

// bounded gives ctx the time-out of one call to the engine unless it ends
// earlier by itself.
func (j *Journal) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, j.cfg.Timeout)
}
