package webchat

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Identity says which customer of the shop's it is, signed by the shop's server.
type Identity struct {
	UserID string `json:"user_id"`
	Name   string `json:"name"`
	Email  string `json:"email"`
	// Exp is when it ends, in Unix seconds.
	Exp int64 `json:"exp"`
	// Sig is the HMAC-SHA256 of Canonical by the account's secret, in lower-case
	// hexadecimal.
	Sig string `json:"sig"`
}

// Canonical gives the string that is signed: six lines without an end of line
// after the last: "stagecoach-webchat-v1", the account, user_id, name, email, exp.
func (i Identity) Canonical(account string) string {
	return strings.Join([]string{"stagecoach-webchat-v1", account, i.UserID, i.Name, i.Email, strconv.FormatInt(i.Exp, 10)}, "\n")
}

// Sign gives the signature that a shop's server puts into Sig.
func (i Identity) Sign(account string, secret Secret) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(i.Canonical(account)))
	return hex.EncodeToString(mac.Sum(nil))
}

var (
	errIdentity = errors.New("the identity is not signed by this account's secret")
	errExpired  = errors.New("the identity has expired")
)

// maxIdentityAge is how far ahead exp may be: what is signed for ever can't be
// taken back.
const maxIdentityAge = 31 * 24 * time.Hour

// verify checks who a page says that its customer is.
func (a *Adapter) verify(i Identity) error {
	for _, field := range []string{i.UserID, i.Name, i.Email} {
		if len(field) > 254 || !utf8.ValidString(field) || strings.ContainsFunc(field, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return errIdentity
		}
	}
	sig, err := hex.DecodeString(i.Sig)
	if i.UserID == "" || err != nil {
		return errIdentity
	}
	good := false
	for _, secret := range a.cfg.Secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(i.Canonical(a.cfg.Account)))
		good = hmac.Equal(sig, mac.Sum(nil)) || good
	}
	now := a.now()
	switch {
	case !good:
		return errIdentity
	case now.Unix() >= i.Exp || i.Exp > now.Add(maxIdentityAge).Unix():
		return errExpired
	}
	return nil
}

// newToken gives 256 random bits, as the browser keeps them.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func tokenHash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// randomID gives 128 random bits in letters and digits.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
