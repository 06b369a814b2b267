package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost is what one hash takes (RFC 9106). The zero value is 64 MiB and two
// passes.
type Cost struct {
	// MemoryKiB is in KiB, Passes how often it is gone over.
	MemoryKiB uint32
	Passes    uint32
}

const (
	hashMemory = 64 * 1024
	hashPasses = 2
	hashLanes  = 1
	hashLength = 32
	saltLength = 16
)

// The bounds of a password, in code points and in bytes.
const (
	MinPassword      = 10
	maxPasswordBytes = 1024
)

// ErrWeak is returned for a password that is too short or too long.
var ErrWeak = errors.New("a password needs at least 10 characters and at most 1,024 bytes")

// Hasher makes and checks argon2id hashes, few at a time: each needs 64 MiB for
// as long as it takes, and none when nobody logs in.
type Hasher struct {
	slots chan struct{}
	cost  Cost
	decoy string

	mu      sync.Mutex
	running int
	freed   time.Time
}

// NewHasher makes a hasher that computes at most parallel hashes at once.
func NewHasher(parallel int, c Cost) *Hasher {
	if c.MemoryKiB == 0 {
		c.MemoryKiB = hashMemory
	}
	if c.Passes == 0 {
		c.Passes = hashPasses
	}
	return &Hasher{
		slots: make(chan struct{}, max(1, parallel)), cost: c,
		decoy: encodeHash(c, make([]byte, saltLength), make([]byte, hashLength)),
	}
}

// CheckPassword reports whether a new password may be used.
func CheckPassword(password string) error {
	if utf8.RuneCountInString(password) < MinPassword || len(password) > maxPasswordBytes {
		return ErrWeak
	}
	return nil
}

// Hash gives the hash of a password in the PHC form, which carries its own salt
// and costs.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	key, err := h.derive(ctx, password, salt, params{h.cost.MemoryKiB, h.cost.Passes, hashLanes, hashLength})
	if err != nil {
		return "", err
	}
	return encodeHash(h.cost, salt, key), nil
}

// Verify reports whether the password belongs to the hash. An empty hash costs
// the same time and is never right, so that nobody learns which accounts exist.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = h.decoy
	}
	p, salt, want, err := decodeHash(hash)
	if err != nil {
		return false, err
	}
	if len(password) > maxPasswordBytes {
		password = ""
	}
	got, err := h.derive(ctx, password, salt, p)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

type params struct {
	memory uint32
	time   uint32
	lanes  uint8
	length uint32
}

func (h *Hasher) derive(ctx context.Context, password string, salt []byte, p params) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to check a password: %w", context.Cause(ctx))
	}
	h.begin()
	key := argon2.IDKey([]byte(password), salt, p.time, p.memory, p.lanes, p.length)
	<-h.slots
	h.end()
	return key, nil
}

func (h *Hasher) begin() {
	h.mu.Lock()
	h.running++
	h.mu.Unlock()
}

// end gives the memory of the last hash of a burst back to the system.
func (h *Hasher) end() {
	h.mu.Lock()
	h.running--
	free := h.running == 0 && time.Since(h.freed) > 5*time.Second
	if free {
		h.freed = time.Now()
	}
	h.mu.Unlock()
	if free {
		debug.FreeOSMemory()
	}
}

func encodeHash(c Cost, salt, key []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, hashLanes,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

func decodeHash(s string) (params, []byte, []byte, error) {
	bad := func(what string) (params, []byte, []byte, error) {
		return params{}, nil, nil, fmt.Errorf("reading a password hash: %s", what)
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return bad("not an argon2id hash")
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return bad("unknown version")
	}
	var p params
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.lanes); err != nil {
		return bad("costs cannot be read")
	}
	if p.memory > 1<<20 || p.memory == 0 || p.time == 0 || p.time > 16 || p.lanes == 0 {
		return bad("costs are out of bounds")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return bad("salt cannot be read")
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(key) < 16 || len(key) > 64 {
		return bad("key cannot be read")
	}
	p.length = uint32(len(key)) //nolint:gosec // bounded above
	return p, salt, key, nil
}
