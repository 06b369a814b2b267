package webhookfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// keyOf reads "whsec_" and base64 of 24 to 64 bytes ("Signature scheme").
func keyOf(secret string) ([]byte, error) {
	text, found := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the secret is not whsec_ and base64 of 24 to 64 bytes")
	}
	return key, nil
}

// signature gives "v1," and the base64 of HMAC-SHA256 over id.timestamp.body.
func signature(key []byte, id, timestamp string, body []byte) string {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%s.%s", id, timestamp, body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// verify says what is wrong with the signature of a request, "" if nothing is
// ("Verifying signatures": one of several must fit, the time within 5 minutes).
func verify(key []byte, h http.Header, body []byte, now time.Time) string {
	id, stamp := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	switch {
	case id == "" || strings.Contains(id, "."):
		return "webhook-id is missing or has a full stop"
	case err != nil:
		return "webhook-timestamp is no number"
	case now.Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute:
		return "webhook-timestamp is too old or too new"
	}
	want := []byte(signature(key, id, stamp, body))
	for one := range strings.SplitSeq(h.Get("Webhook-Signature"), " ") {
		if hmac.Equal([]byte(one), want) {
			return ""
		}
	}
	return "no signature fits"
}
