package webchat_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
)

// TestSlowBrowsersHoldUpNothing stops the chat while one browser sends a file that
// doesn't come on, one a message, and one reads nothing of what it asked for.
func TestSlowBrowsersHoldUpNothing(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{})
	big, err := v.Upload("big.bin", bytes.Repeat([]byte{1}, 12<<20))
	if err != nil {
		t.Fatal(err)
	}
	for _, head := range []string{
		"POST /channels/webchat/acme/files?name=slow.bin HTTP/1.1\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n",
		"POST /channels/webchat/acme/messages HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n",
		"GET /channels/webchat/acme/files/" + big.ID + " HTTP/1.1\r\n",
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4096) // where the system can
		}
		if _, err := fmt.Fprintf(conn, "%sHost: chat\r\nAuthorization: Bearer %s\r\n\r\n", head, v.Token()); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all three to be served", func() bool { return r.adapter.Busy() == 3 })
	began := time.Now()
	r.stop()
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("stopping took %v: it waited for browsers", took)
	}
}

// TestKeptOnWhileNothingIsTaken has the daemon refuse what visitors write, as it
// does on a full disk: they still get their answers, and nothing is lost.
func TestKeptOnWhileNothingIsTaken(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{})
	m := r.said(t, v, "first")
	v.Listen()
	until(t, "the stream", v.Streaming)
	r.src.Fail(func(*channels.Inbound) error { return errors.New("the disk is full") })
	confirmed := make(chan error, 1)
	go func() { _, err := v.Say("second"); confirmed <- err }()
	until(t, "the second to be shown as kept", func() bool { return len(v.Lines()) == 2 })
	send(t, r.adapter, answer("r-1", "an answer meanwhile", m))
	until(t, "the answer", func() bool { return len(v.Received()) == 1 })
	if n := r.src.Connections(); n != 1 {
		t.Errorf("the chat was opened %d times: it went down with the disk", n)
	}
	r.src.Fail(nil)
	if err := <-confirmed; err != nil {
		t.Fatal(err)
	}
	if items := r.src.Items(); len(items) != 2 {
		t.Errorf("%d items are stored, want 2", len(items))
	}
}

// TestFullDisk sees that nothing new is taken into the reserve, while answers go on.
func TestFullDisk(t *testing.T) {
	full := false
	r := newRig(t, func(c *webchat.Config) { c.Full = func() bool { return full } })
	v := r.comer(t, webchatfake.Config{})
	m := r.said(t, v, "before")
	full = true
	problem(t, v.Post("messages", map[string]string{"id": "12345678", "text": "x"}, nil), http.StatusServiceUnavailable, "not_running")
	_, err := v.Upload("x.txt", []byte("x"))
	problem(t, err, http.StatusServiceUnavailable, "not_running")
	send(t, r.adapter, answer("r-1", "an answer", m))
}

// TestWidgetIsServedPacked sees that the script is packed, and not sent again to a
// browser behind a proxy that weakens its tag.
func TestWidgetIsServedPacked(t *testing.T) {
	r := newRig(t, nil)
	get := func(tag string) (int, http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.chat()+"/chat.js", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		req.Header.Set("If-None-Match", tag)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header
	}
	status, header := get("")
	if header.Get("Content-Encoding") != "gzip" || status != http.StatusOK {
		t.Errorf("the script came as %d, %q", status, header.Get("Content-Encoding"))
	}
	if status, _ := get("W/" + header.Get("ETag")); status != http.StatusNotModified {
		t.Errorf("the same script came again: %d", status)
	}
}
