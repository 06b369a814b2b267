package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// derivedID gives a mail without a Message-ID one made of what its author wrote,
// so that it is the same wherever and however often the mail is seen. The
// domain can't exist (RFC 2606 section 2).
func derivedID(f fields, body []byte) string {
	sum := sha256.New()
	put := func(s string) { _, _ = sum.Write([]byte(s)); _, _ = sum.Write([]byte{0}) }
	put("v1")
	for _, name := range []string{"From", "Date", "Subject"} {
		put(squash(f.get(name)))
	}
	for body = bytes.TrimSpace(body); len(body) > 0; {
		end := bytes.IndexByte(body, '\r')
		if end < 0 {
			end = len(body)
		}
		_, _ = sum.Write(body[:end])
		body = body[min(len(body), end+1):]
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]) + "@derived.invalid"
}
