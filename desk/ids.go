package desk

import (
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"
)

// newID gives a UUIDv7.
func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	return id.String(), nil
}

// givenID checks an id that a client has given, or makes one: the same id again
// is the same thing, so a double click does it once.
func givenID(id string) (string, error) {
	if id == "" {
		return newID()
	}
	u, err := uuid.Parse(id)
	if err != nil {
		return "", invalid("The id must be a UUID.")
	}
	return u.String(), nil
}

// derivedID gives the id that always belongs to these parts (a UUIDv8, RFC 9562
// section 5.8).
func derivedID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	var u uuid.UUID
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}
