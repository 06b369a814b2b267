package bluesky

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"
)

// The network sorts notifications by the time that the author's device gives a
// post, if that is before the one at which the post got there
// (https://github.com/bluesky-social/atproto/blob/main/packages/bsky/src/data-plane/server/routes/notifs.ts:
// sortAt). So what was written offline or by a clock that is slow, or was brought
// in by a bridge, stands behind what was read already. On the first page it's seen
// at once; every lateInterval the list is gone through for latePages.
const (
	lateInterval = 15 * time.Minute
	latePages    = 5
)

// lateBook is what the last look found below the floor of notifications: what
// isn't in it has come late.
type lateBook struct {
	list  *list
	known map[uint32]bool
}

func readLate(l *list) *lateBook {
	b := &lateBook{list: l, known: map[uint32]bool{}}
	raw, err := base64.RawStdEncoding.DecodeString(l.mark.Position)
	if err != nil {
		return b
	}
	for chunk := range slices.Chunk(raw, 4) {
		if len(chunk) == 4 {
			b.known[binary.BigEndian.Uint32(chunk)] = true
		}
	}
	return b
}

// position is how the book is kept: by four bytes an item.
func (b *lateBook) position() string {
	var all []uint32
	for sum := range b.known {
		all = append(all, sum)
	}
	slices.Sort(all)
	var raw []byte
	for _, sum := range all {
		raw = binary.BigEndian.AppendUint32(raw, sum)
	}
	return base64.RawStdEncoding.EncodeToString(raw)
}

func sumOf(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return h.Sum32()
}

// isNews reports whether a notification is to be delivered: it isn't known, and
// not from before the first connection.
func (r *run) isNews(e *entry) bool {
	p, at := r.notes.place, keyTime(e.key)
	if p.has(e.key) || r.a.passed.Contains(providerID(&e.p)) || at > 0 && at < p.Begin {
		return false
	}
	return at >= p.Floor || !r.late.known[sumOf(e.key)]
}

// lookBack finds what has come late: what polling goes back to is left to it, since
// the floor may not pass what isn't delivered.
func (r *run) lookBack(ctx context.Context) error {
	b, polled := r.late, max(r.notes.place.Floor, r.read)
	all, _, err := r.a.back(ctx, r.notes.place.Begin, latePages)
	if err != nil {
		return err
	}
	known := map[uint32]bool{}
	for _, e := range all {
		if at := keyTime(e.key); at < r.notes.place.Floor {
			known[sumOf(e.key)] = true
		}
	}
	late := slices.DeleteFunc(slices.Clone(all), func(e entry) bool { return keyTime(e.key) >= polled })
	if err := r.deliverNews(ctx, late); err != nil {
		return err
	}
	r.watchOver(slices.DeleteFunc(all, func(e entry) bool { return keyTime(e.key) <= r.notes.place.Begin }))
	b.known = known
	if position := b.position(); position != b.list.mark.Position {
		return r.advance(ctx, b.list, position)
	}
	return nil
}
