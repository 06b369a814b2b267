package journal

import (
	"context"
	"fmt"
	"hash"
	"io"

	"github.com/nats-io/nats.go/jetstream"
)

// PutObject stores what r gives under a new random id. The caller must name the
// id in a commit or in content soon, or Orphans collects it.
func (j *Journal) PutObject(ctx context.Context, r io.Reader) (id string, size int64, err error) {
	id, size, err = j.objects.put(ctx, ownerCaller, r)
	if err != nil {
		return "", 0, fmt.Errorf("storing object: %w", err)
	}
	return id, size, nil
}

// GetObject gives a reader of an object's bytes; ctx must outlast the reading.
// Reading ends with ErrDamaged when the bytes don't match their checksum. It is
// ErrErased after EraseObject, ErrNotFound when there never was one.
func (j *Journal) GetObject(ctx context.Context, id string) (io.ReadCloser, error) {
	r, err := j.objects.open(ctx, id)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// EraseObject overwrites an object's bytes, chunk by chunk, and returns when
// they are gone. Erasing what isn't there is no error.
func (j *Journal) EraseObject(ctx context.Context, id string) error {
	if err := j.eraser.do(ctx, objectRef(id)); err != nil {
		return fmt.Errorf("erasing object %q: %w", id, err)
	}
	return nil
}

// objectReader reads an object chunk by chunk, as it is asked for them.
type objectReader struct {
	ctx  context.Context //nolint:containedctx // io.Reader has none
	b    *bucket
	info jetstream.ObjectInfo
	buf  []byte
	next uint64 // the sequence from which the next chunk is looked for
	got  uint32
	sum  hash.Hash
	err  error
}

var _ io.ReadCloser = (*objectReader)(nil)

// Read implements io.Reader.
func (r *objectReader) Read(p []byte) (int, error) {
	for len(r.buf) == 0 && r.err == nil {
		r.err = r.fetch()
	}
	if len(r.buf) > 0 {
		n := copy(p, r.buf)
		r.buf = r.buf[n:]
		return n, nil
	}
	return 0, r.err
}

func (r *objectReader) fetch() error {
	if r.got == r.info.Chunks {
		if d := jetstream.GetObjectDigestValue(r.sum); d != r.info.Digest {
			return fmt.Errorf("object %q: %w: checksum differs", r.info.Name, ErrDamaged)
		}
		return io.EOF
	}
	ctx, cancel := r.b.j.bounded(r.ctx)
	defer cancel()
	m, err := r.b.j.streams[r.b.stream].GetMsg(ctx, r.next,
		jetstream.WithGetMsgSubject(r.b.chunks(r.info.NUID)))
	if isMissing(err) {
		return fmt.Errorf("object %q: %w: %d of %d chunks", r.info.Name, ErrDamaged, r.got, r.info.Chunks)
	}
	if err != nil {
		return fmt.Errorf("object %q: %w: %w", r.info.Name, ErrUnavailable, err)
	}
	_, _ = r.sum.Write(m.Data)
	r.buf, r.next = m.Data, m.Sequence+1
	r.got++
	return nil
}

// Close implements io.Closer.
func (r *objectReader) Close() error {
	r.buf, r.err = nil, io.ErrClosedPipe
	return nil
}
