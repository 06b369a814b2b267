package journal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// chunkSize is how much of an object one message carries: large, because every
// message is synced.
const chunkSize = 512 << 10

// What an object's owner says when it isn't the subject of a piece of content.
const (
	ownerCaller = ""      // named by the caller's own references
	ownerInbox  = "inbox" // the original of an entry of INBOX
)

const metaOwner = "stagecoach_owner"

// bucket is one object store, in the layout of the NATS object store: chunks at
// $O.<bucket>.C.<nuid>, one description at $O.<bucket>.M.<name>.
type bucket struct {
	j      *Journal
	name   string
	stream string
}

func (j *Journal) newBucket(prefix string) *bucket {
	name := j.names.bucket(prefix)
	return &bucket{j: j, name: name, stream: "OBJ_" + name}
}

func (b *bucket) chunks(nuid string) string { return "$O." + b.name + ".C." + nuid }

func (b *bucket) meta(id string) string {
	return "$O." + b.name + ".M." + base64.URLEncoding.EncodeToString([]byte(id))
}

// randomID gives 128 random bits in hexadecimal.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// put stores what r gives under a new random id.
func (b *bucket) put(ctx context.Context, owner string, r io.Reader) (id string, size int64, err error) {
	id = randomID()
	size, err = b.putAs(ctx, id, map[string]string{metaOwner: owner}, r)
	return id, size, err
}

// putAs stores under a given id. The description is written last, so an object
// is there whole or not at all; chunks without one are collected as orphans.
func (b *bucket) putAs(ctx context.Context, id string, notes map[string]string, r io.Reader) (int64, error) {
	info := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{
			Name: id, Metadata: notes, Opts: &jetstream.ObjectMetaOptions{ChunkSize: chunkSize},
		},
		Bucket: b.name, NUID: randomID(), ModTime: time.Now().UTC(),
	}
	sum, buf := sha256.New(), make([]byte, chunkSize)
	for {
		n, err := io.ReadFull(r, buf)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			b.j.eraser.later(eraseJob{place: place{b.stream, b.chunks(info.NUID)}})
			return 0, fmt.Errorf("reading object's bytes: %w", err)
		}
		if n > 0 {
			if _, err := b.j.publish(ctx, &nats.Msg{Subject: b.chunks(info.NUID), Data: buf[:n]}); err != nil {
				b.j.eraser.later(eraseJob{place: place{b.stream, b.chunks(info.NUID)}})
				return 0, fmt.Errorf("storing object: %w", err)
			}
			_, _ = sum.Write(buf[:n])
			info.Chunks++
			info.Size += uint64(n)
		}
		if end {
			break
		}
	}
	info.Digest = jetstream.GetObjectDigestValue(sum)
	if err := b.describe(ctx, info); err != nil {
		return 0, err
	}
	return int64(info.Size), nil //nolint:gosec // far below the limit
}

func (b *bucket) describe(ctx context.Context, info jetstream.ObjectInfo) error {
	d, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("describing object: %w", err)
	}
	if _, err := b.j.publish(ctx, &nats.Msg{Subject: b.meta(info.Name), Data: d}); err != nil {
		return fmt.Errorf("describing object: %w", err)
	}
	return nil
}

// info reads the description of an object.
func (b *bucket) info(ctx context.Context, id string) (jetstream.ObjectInfo, error) {
	ctx, cancel := b.j.bounded(ctx)
	defer cancel()
	var info jetstream.ObjectInfo
	m, err := b.j.streams[b.stream].GetLastMsgForSubject(ctx, b.meta(id))
	switch {
	case isMissing(err):
		return info, fmt.Errorf("object %q: %w", id, ErrNotFound)
	case err != nil:
		return info, fmt.Errorf("object %q: %w: %w", id, ErrUnavailable, err)
	}
	if err := json.Unmarshal(m.Data, &info); err != nil {
		return info, fmt.Errorf("object %q: %w: %w", id, ErrDamaged, err)
	}
	if info.Deleted {
		return info, fmt.Errorf("object %q: %w", id, ErrErased)
	}
	return info, nil
}

// open gives a reader of an object.
func (b *bucket) open(ctx context.Context, id string) (*objectReader, error) {
	info, err := b.info(ctx, id)
	if err != nil {
		return nil, err
	}
	return &objectReader{ctx: ctx, b: b, info: info, next: 1, sum: sha256.New()}, nil
}

// bytes reads a whole object.
func (b *bucket) bytes(ctx context.Context, id string) ([]byte, error) {
	r, err := b.open(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]byte, r.info.Size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(r, make([]byte, 1)); !errors.Is(err, io.EOF) {
		return nil, orDamaged(id, err)
	}
	return out, nil
}

func orDamaged(id string, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("object %q: %w: longer than described", id, ErrDamaged)
}
