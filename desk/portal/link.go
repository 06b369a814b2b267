package portal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// Path is where the pages are, below the address that customers reach us at.
const Path = "/q/"

// Link is what a customer's link says: which conversation it is of, the day on
// which it ends unless something is written before, and how often older links
// had been made invalid when it was made.
type Link struct {
	Conversation string
	Expires      time.Time
	Epoch        int
}

// Signer makes links and devices' proofs, and tells ours from what others made.
type Signer struct{ link, device []byte }

// NewSigner gives the signer of a secret of at least 32 bytes.
func NewSigner(secret []byte) Signer {
	return Signer{link: derived(secret, "customer's link"), device: derived(secret, "customer's device, as whom")}
}

// String hides the secrets.
func (Signer) String() string { return "signer(hidden)" }

// The form of a link: the conversation's id, the last day, the epoch, and the first
// 12 bytes of an HMAC-SHA-256 over them: 43 characters.
const (
	idSize     = 16
	factSize   = idSize + 2 + 2
	macSize    = 12
	linkSize   = factSize + macSize
	daySeconds = 24 * 60 * 60
)

// Token gives what stands in the link, "" where the conversation has an id that no
// router gave.
func (s Signer) Token(l Link) string {
	facts, ok := l.facts()
	if !ok {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(facts, mac(s.link, facts)[:macSize]...))
}

// Read gives what a token says, and false for one that we haven't made. How long it
// takes tells nothing of the right one.
func (s Signer) Read(token string) (Link, bool) {
	if len(token) != base64.RawURLEncoding.EncodedLen(linkSize) { // line breaks within would be passed over
		return Link{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != linkSize || !hmac.Equal(b[factSize:], mac(s.link, b[:factSize])[:macSize]) {
		return Link{}, false
	}
	day := int64(binary.BigEndian.Uint16(b[idSize:]))
	return Link{
		Conversation: idText(b[:idSize]), Epoch: int(binary.BigEndian.Uint16(b[idSize+2:])),
		Expires: time.Unix((day+1)*daySeconds, 0).UTC(),
	}, true
}

// facts writes a link's facts. The day is rounded up, so that it ends at its end.
func (l Link) facts() ([]byte, bool) {
	id, err := hex.DecodeString(strings.ReplaceAll(l.Conversation, "-", ""))
	if err != nil || len(id) != idSize || l.Epoch < 0 || l.Epoch > 0xffff {
		return nil, false
	}
	day := min(max(l.Expires.Unix()/daySeconds, 0), 0xffff)
	out := binary.BigEndian.AppendUint16(id, uint16(day))
	return binary.BigEndian.AppendUint16(out, uint16(l.Epoch)), true
}

// Device gives the proof that a device was let in to a conversation's page until then,
// as whom; it stands in a cookie.
func (s Signer) Device(l Link, proved []string, until time.Time) string {
	facts, ok := l.facts()
	if !ok {
		return ""
	}
	facts = binary.BigEndian.AppendUint64(facts[:idSize], uint64(max(until.Unix(), 0)))
	facts = binary.BigEndian.AppendUint16(facts, uint16(l.Epoch)) //nolint:gosec // bounded by facts
	facts = append(facts, strings.Join(proved, ",")...)
	return base64.RawURLEncoding.EncodeToString(append(facts, mac(s.device, facts)...))
}

// LetIn gives as whom a device has proved itself; nobody where its proof isn't ours, is
// of another conversation or epoch, or holds no longer.
func (s Signer) LetIn(proof string, l Link, now time.Time) []string {
	const size = idSize + 8 + 2
	b, err := base64.RawURLEncoding.Strict().DecodeString(proof)
	if err != nil || len(b) <= size+sha256.Size || !hmac.Equal(b[len(b)-sha256.Size:], mac(s.device, b[:len(b)-sha256.Size])) {
		return nil
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(b[idSize:])), 0) //nolint:gosec // we wrote it
	if idText(b[:idSize]) != l.Conversation || int(binary.BigEndian.Uint16(b[idSize+8:])) != l.Epoch || !now.Before(until) {
		return nil
	}
	return strings.Split(string(b[size:len(b)-sha256.Size]), ",")
}

func derived(secret []byte, purpose string) []byte { return mac(secret, []byte(purpose)) }

func mac(key, what []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(what)
	return m.Sum(nil)
}

func idText(b []byte) string {
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
