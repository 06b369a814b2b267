package bluesky

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// tidLetters are those of the sortable base 32 of record keys
// (https://atproto.com/specs/tid).
const tidLetters = "234567abcdefghijklmnopqrstuvwxyz"

// tid makes a record key of a Unix time in microseconds (53 bits) and a clock's
// number (10 bits).
func tid(micros int64, clock uint16) string {
	v := (uint64(max(micros, 0))&(1<<53-1))<<10 | uint64(clock&1023)
	var out [13]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = tidLetters[v&31]
		v >>= 5
	}
	return string(out[:])
}

// recordKey gives the key of one part of a reply: for ever the same for the same
// reply, another one for any other, and later parts sort after earlier ones. Time
// is that of the reply's id, a UUIDv7, else of the reply.
func recordKey(replyID string, created time.Time, part int) string {
	millis := created.UnixMilli()
	if id, err := uuid.Parse(replyID); err == nil && id.Version() == 7 {
		millis = int64(binary.BigEndian.Uint64(id[:8]) >> 16)
	}
	sum := sha256.Sum256([]byte("stagecoach reply " + replyID))
	within := int64(binary.BigEndian.Uint16(sum[:2])) % (1000 - maxParts)
	return tid(millis*1000+within+int64(part), binary.BigEndian.Uint16(sum[2:4]))
}
