package router

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// Keys makes the keyed hashes that the log holds in place of addresses and ids,
// and the unguessable tokens of conversations.
type Keys struct {
	hash, token []byte
}

// NewKeys gives the keys made of two secrets of at least 32 bytes.
func NewKeys(hash, token []byte) Keys { return Keys{hash: hash, token: token} }

// String hides the secrets.
func (Keys) String() string { return "keys(hidden)" }

// Of gives the keyed hash (HMAC-SHA-256, RFC 2104, its first 16 bytes) of
// values of a kind.
func (k Keys) Of(kind string, values ...string) string {
	m := hmac.New(sha256.New, k.hash)
	m.Write([]byte(kind))
	for _, v := range values {
		m.Write([]byte{0})
		m.Write([]byte(v))
	}
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// Identity gives the key of an address on a channel, the same for all ways to
// write it.
func (k Keys) Identity(channel, address string) string {
	channel, address = sameAddress(channel, address)
	return k.Of("identity", channel, address)
}

// Unproven gives the key of somebody who names an address on a channel that
// nothing proves to be theirs: the same for all who do, and never its owner's.
func (k Keys) Unproven(channel, address string) string {
	channel, address = sameAddress(channel, address)
	return k.Of("unproven", channel, address)
}

// Nobody gives the key of the sender of an item that names none: two such items
// need not be of the same person.
func (k Keys) Nobody(item string) string { return k.Of("nobody", item) }

// MessageID gives the key of a provider's message id.
func (k Keys) MessageID(channel, id string) string { return k.Of("message_id", channel, id) }

// TokenKey gives the key under which the log finds a token.
func (k Keys) TokenKey(token string) string { return k.Of("token", strings.ToLower(token)) }

// Token gives the unguessable token of a conversation: 26 characters of base32,
// 130 bits.
func (k Keys) Token(conversation string) string {
	m := hmac.New(sha256.New, k.token)
	m.Write([]byte(conversation))
	return strings.ToLower(base32.StdEncoding.EncodeToString(m.Sum(nil))[:26])
}
