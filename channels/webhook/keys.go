package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks ("Webhook headers").
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// The signature identifiers and the prefixes of keys ("Signature scheme").
const (
	schemeHMAC    = "v1"
	schemeEd25519 = "v1a"

	prefixHMAC    = "whsec_"
	prefixPublic  = "whpk_"
	prefixPrivate = "whsk_"
)

// key signs, or verifies, or both.
type key struct {
	shared  []byte
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

// keyring is the keys of one direction, the current one first.
type keyring []key

// newKeyring reads secrets; signing says that each must be able to sign. Errors
// name the place of a bad one, and nothing of it.
func newKeyring(name string, secrets []Secret, signing bool) (keyring, error) {
	var ring keyring
	var all []error
	for i, s := range secrets {
		k, err := parseKey(strings.TrimSpace(string(s)))
		if err == nil && signing && k.shared == nil && k.private == nil {
			err = errors.New("a public key (whpk_) can't sign: want whsec_ or whsk_")
		}
		if err != nil {
			all = append(all, fmt.Errorf("%s[%d]: %w", name, i, err))
			continue
		}
		ring = append(ring, k)
	}
	return ring, errors.Join(all...)
}

var errKeyForm = errors.New(`want "whsec_" and the base64 of 24 to 64 random bytes; make one by: echo "whsec_$(openssl rand -base64 32)"`)

func parseKey(s string) (key, error) {
	form, text := prefixHMAC, s
	for _, prefix := range []string{prefixHMAC, prefixPublic, prefixPrivate} {
		if rest, found := strings.CutPrefix(s, prefix); found {
			form, text = prefix, rest
			break
		}
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return key{}, errKeyForm
	}
	switch {
	case form == prefixHMAC && len(raw) >= 24 && len(raw) <= 64:
		return key{shared: raw}, nil
	case form == prefixPublic && len(raw) == ed25519.PublicKeySize:
		return key{public: raw}, nil
	case form == prefixPrivate && (len(raw) == ed25519.SeedSize || len(raw) == ed25519.PrivateKeySize):
		private := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
		return key{private: private, public: ed25519.PublicKey(private[ed25519.SeedSize:])}, nil
	case form == prefixPublic, form == prefixPrivate:
		return key{}, errors.New("an Ed25519 key has 32 bytes (whpk_), or 32 or 64 (whsk_)")
	default:
		return key{}, errKeyForm
	}
}

// signed gives what is signed: "id.timestamp.body".
func signed(id, timestamp string, body []byte) []byte {
	out := make([]byte, 0, len(id)+len(timestamp)+2+len(body))
	out = append(append(out, id...), '.')
	out = append(append(out, timestamp...), '.')
	return append(out, body...)
}

// sign gives the value of webhook-signature: one signature by each key.
func (ring keyring) sign(id string, at time.Time, body []byte) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	content := signed(id, timestamp, body)
	var all []string
	for _, k := range ring {
		switch {
		case k.shared != nil:
			all = append(all, schemeHMAC+","+base64.StdEncoding.EncodeToString(k.sum(content)))
		case k.private != nil:
			all = append(all, schemeEd25519+","+base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, content)))
		}
	}
	return timestamp, strings.Join(all, " ")
}

func (k key) sum(content []byte) []byte {
	m := hmac.New(sha256.New, k.shared)
	m.Write(content)
	return m.Sum(nil)
}

// maxSignatures is how many signatures of one request are looked at: a sender
// that changes its key has two.
const maxSignatures = 16

// verify reports whether one of the signatures is by one of the keys. Those of
// unknown schemes are passed over, as the standard has it.
func (ring keyring) verify(id, timestamp, header string, body []byte) bool {
	content := signed(id, timestamp, body)
	sums := make([][]byte, len(ring))
	for _, one := range strings.Fields(header)[:min(len(strings.Fields(header)), maxSignatures)] {
		scheme, text, _ := strings.Cut(one, ",")
		given, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		for i, k := range ring {
			if scheme == schemeHMAC && k.shared != nil && sums[i] == nil {
				sums[i] = k.sum(content)
			}
			if scheme == schemeHMAC && k.shared != nil && hmac.Equal(given, sums[i]) {
				return true
			}
			if scheme == schemeEd25519 && k.public != nil && ed25519.Verify(k.public, content, given) {
				return true
			}
		}
	}
	return false
}
