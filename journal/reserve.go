package journal

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// maxReserve is the most that is kept free for replies unless configured.
const maxReserve = 1 << 30

// reserve keeps room on the disk: when it is down to the reserve nothing new is
// taken in, and replies go on.
type reserve struct {
	j *Journal

	mu      sync.Mutex
	asked   time.Time
	free    int64
	keep    int64
	err     error
	refused bool
}

func newReserve(j *Journal) *reserve { return &reserve{j: j} }

// reserveAge is how long one look at the disk is believed.
const reserveAge = 500 * time.Millisecond

// look reports what is free and what is kept, at most twice a second from the
// disk itself.
func (r *reserve) look(ctx context.Context) (free, keep int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) < reserveAge {
		return r.free, r.keep, r.err
	}
	r.asked = time.Now()
	r.free, r.keep, r.err = r.measure()
	if low := r.err == nil && r.free < r.keep; low != r.refused {
		r.refused = low
		if low {
			r.j.slog.ErrorContext(ctx, "disk is down to its reserve: nothing new is taken in, replies go on",
				"free_bytes", r.free, "reserve_bytes", r.keep)
		} else {
			r.j.slog.InfoContext(ctx, "disk has room again", "free_bytes", r.free, "reserve_bytes", r.keep)
		}
	}
	return r.free, r.keep, r.err
}

func (r *reserve) measure() (free, keep int64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(r.j.cfg.Dir, &fs); err != nil {
		return 0, 0, fmt.Errorf("looking at disk of %q: %w", r.j.cfg.Dir, err)
	}
	size := int64(fs.Blocks) * fs.Bsize //nolint:gosec // a disk's size
	free = int64(fs.Bavail) * fs.Bsize  //nolint:gosec // a disk's size
	if r.j.ns != nil {
		size = min(size, r.j.cfg.MaxStore)
		if v, err := r.j.ns.Varz(nil); err == nil && v.JetStream.Stats != nil {
			used := int64(v.JetStream.Stats.Store) //nolint:gosec // a disk's size
			free = min(free, r.j.cfg.MaxStore-used)
		}
	}
	keep = r.j.cfg.Reserve
	if keep == 0 {
		keep = min(maxReserve, size/20)
	}
	return free, keep, nil
}

// admit returns ErrReserve when nothing new may be taken in.
func (r *reserve) admit(ctx context.Context) error {
	free, keep, err := r.look(ctx)
	if err != nil {
		return err
	}
	if free < keep {
		return fmt.Errorf("%w: %d bytes free, %d kept", ErrReserve, free, keep)
	}
	return nil
}

// FreeReserve reports the bytes that are free for the journal and those that
// are kept for replies. ok is false when the first has fallen below the second:
// PutInbound then refuses, while replies, notes and commits go on.
func (j *Journal) FreeReserve() (ok bool, free, reserve int64, err error) {
	free, reserve, err = j.reserve.look(context.Background()) //nolint:forbidigo // for logging only
	return err == nil && free >= reserve, free, reserve, err
}

func diskSize(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("looking at disk of %q: %w", dir, err)
	}
	return int64(fs.Blocks) * fs.Bsize, nil //nolint:gosec // a disk's size
}
