package email_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
)

// A server that hangs takes the connection, as its machine does for it, and never
// greets: that is told after the account's time, in every mode.
func TestServerThatNeverGreets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	addr, _ := l.Addr().(*net.TCPAddr)
	for _, mode := range []email.TLSMode{email.StartTLS, email.ImplicitTLS, email.NoTLS} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			e := endpoint(addr.Port, mode, "")
			cfg := email.Config{Account: "support", Address: support, Timeout: 500 * time.Millisecond, SMTP: email.SMTP{Endpoint: e}}
			begun := time.Now()
			_, err := adapter(t, cfg, nil).Send(t.Context(), numbered(1))
			if channels.ReasonOf(err) != channels.Unavailable || !strings.Contains(err.Error(), "answer") {
				t.Errorf("sending gives %v", err)
			}
			if took := time.Since(begun); took > 2*time.Minute {
				t.Errorf("it took %v to tell", took)
			}
		})
	}
}
