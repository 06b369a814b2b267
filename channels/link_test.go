package channels

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{" 1.5 ", "", 1500 * time.Millisecond},
		{"-3", "", 0},
		{"1e300", "", LongestWish},
		{"NaN", "", 0},
		{"soon", "", 0},
		{"Sun, 01 Mar 2026 12:00:20 GMT", "", 20 * time.Second},
		{"Sun, 01 Mar 2026 11:00:20 GMT", "Sun, 01 Mar 2026 11:00:00 GMT", 20 * time.Second}, // its clock is late
		{"Sun, 01 Mar 2026 11:00:20 GMT", "", 0},
		{"Mon, 02 Mar 2026 11:00:20 GMT", "", LongestWish},
	} {
		header := http.Header{}
		header.Set("Retry-After", c.after)
		header.Set("Date", c.date)
		if got := RetryAfter(header, at); got != c.want {
			t.Errorf("%q (Date %q): %s, want %s", c.after, c.date, got, c.want)
		}
	}
}

func TestLinkWords(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secured := httptest.NewTLSServer(http.NotFoundHandler())
	secured.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	defer secured.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := gone.Addr().String()
	_ = gone.Close()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	elsewhere := secured.Client()
	elsewhere.Transport.(*http.Transport).TLSClientConfig.ServerName = "other.test"

	for _, c := range []struct {
		name   string
		within func() context.Context
		client *http.Client
		to     string
		want   string
	}{
		{"no TLS there", t.Context, http.DefaultClient, strings.Replace(plain.URL, "http:", "https:", 1), "doesn't speak TLS"},
		{"unknown CA", t.Context, &http.Client{}, secured.URL, "ca_file"},
		{"wrong name", t.Context, elsewhere, secured.URL, "not for other.test"},
		{"refused", t.Context, http.DefaultClient, "http://" + free, "refused"},
		{"stopped", func() context.Context { return stopped }, http.DefaultClient, plain.URL, "stopped"},
		{"late", func() context.Context { return late }, http.DefaultClient, plain.URL, "in time"},
	} {
		req, err := http.NewRequestWithContext(c.within(), http.MethodGet, c.to+"/?token=hush", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.client.Do(req)
		if err == nil {
			_ = res.Body.Close()
			t.Errorf("%s: answered", c.name)
			continue
		}
		words, known := LinkWords(err)
		if !known || !strings.Contains(words, c.want) || strings.Contains(words, "hush") {
			t.Errorf("%s: %q %t, want %q", c.name, words, known, c.want)
		}
	}
	for err, want := range map[error]string{
		&net.DNSError{Err: "no such host", Name: "a.test", IsNotFound: true}:  "no such server name",
		&net.DNSError{Err: "server misbehaving", Name: "a.test"}:              "now",
		fmt.Errorf("reading: %w", io.ErrUnexpectedEOF):                        "closed the connection",
		&url.Error{Op: "Get", URL: "https://a.test/hush", Err: net.ErrClosed}: "closed the connection",
	} {
		if words, known := LinkWords(err); !known || !strings.Contains(words, want) {
			t.Errorf("%v: %q %t, want %q", err, words, known, want)
		}
	}
	if words, known := LinkWords(errors.New("something else")); known {
		t.Errorf("something else: %q", words)
	}
}

func TestPlainAndWords(t *testing.T) {
	inner := fmt.Errorf("posting to https://a.test/hush: %w", errors.Join(io.EOF, context.Canceled))
	err := &Error{Channel: "slack", Account: "a", Op: "send", Reason: Unavailable, Err: Plain("no answer", inner)}
	if !errors.Is(err, io.EOF) || strings.Contains(err.Error(), "hush") || Words(err) != "no answer" {
		t.Errorf("%v, words %q", err, Words(err))
	}
	if got := LastCause(inner); !errors.Is(got, context.Canceled) || errors.Is(got, io.EOF) {
		t.Errorf("last cause %v", got)
	}
	if got := Bounded(" a\n b\x00\xff "+strings.Repeat("ä", 20), 6); got != "a b � …" {
		t.Errorf("bounded %q", got)
	}
}

func TestSecretShowsStars(t *testing.T) {
	one := struct{ Token Secret }{"hush"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", one.Token, "config", one)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", one.Token, "config", one)
	b, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{log.String(), string(b), fmt.Sprintf("%v %+v %#v %s %q", one, one, one, one.Token, one.Token)} {
		if strings.Contains(text, "hush") || !strings.Contains(text, "***") {
			t.Error(text)
		}
	}
}
