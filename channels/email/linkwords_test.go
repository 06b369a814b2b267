package email

import (
	"net"
	"testing"
)

// A name that can't be looked up is not one that nobody has.
func TestNamesThatCannotBeLookedUp(t *testing.T) {
	for want, err := range map[string]error{
		"its name is unknown: no such host":                   &net.DNSError{Err: "no such host", Name: "mail.test", IsNotFound: true},
		"its name can't be looked up now: server misbehaving": &net.DNSError{Err: "server misbehaving", Name: "mail.test", IsTemporary: true},
		"its name can't be looked up now: i/o timeout":        &net.DNSError{Err: "i/o timeout", Name: "mail.test", IsTimeout: true},
	} {
		if got, ok := linkWords(Endpoint{}, &net.OpError{Op: "dial", Err: err}); got != want || !ok {
			t.Errorf("%v gives %q, want %q", err, got, want)
		}
	}
}
