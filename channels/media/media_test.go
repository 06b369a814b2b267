package media_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"stagecoach/channels/media"
)

func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// TestAll fetches from our own server alone, though it's private, the second
// address where the first gives nothing, and says why what lacks lacks.
func TestAll(t *testing.T) {
	inside := server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("secret")) })
	own := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cat":
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write([]byte("GIF89a of a cat"))
		case "/away":
			http.Redirect(w, r, inside.URL, http.StatusFound)
		case "/script":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/endless":
			w.Header().Set("Content-Type", "video/mp4")
			for range media.MaxFile>>20 + 1 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		default:
			http.NotFound(w, r)
		}
	})
	got := media.New(nil, own.URL).All(t.Context(), [][]string{
		{"", own.URL + "/none", own.URL + "/cat"}, {own.URL + "/away"}, {own.URL + "/script"}, {inside.URL}, {own.URL + "/endless"}, {"at://here"}, nil,
	})
	if len(got) != 7 || got[0].Type != "image/gif" || !bytes.HasPrefix(got[0].Data, []byte("GIF89a")) || got[0].Address != own.URL+"/cat" {
		t.Fatalf("the picture is %+v", got[0])
	}
	for i, want := range []string{"not a public one", "redirects", "not a public one", "larger than 20 MB", "no address", "no address"} {
		if f := got[i+1]; f.Data != nil || !strings.Contains(f.Why, want) || strings.Contains(f.Why, "127.0.0.1") {
			t.Errorf("file %d has %d bytes and says %q, want a word of %q", i+1, len(f.Data), f.Why, want)
		}
	}
}

// TestTogether keeps the files of one message within what they may be together.
func TestTogether(t *testing.T) {
	own := server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 16<<20)) })
	got := media.New(nil, own.URL).All(t.Context(), [][]string{{own.URL}, {own.URL}, {own.URL}, {own.URL}})
	sum := 0
	for _, f := range got {
		sum += len(f.Data)
	}
	if sum != 32<<20 || !strings.Contains(got[2].Why, "together") || !strings.Contains(got[3].Why, "together") {
		t.Errorf("%d bytes; the third says %q", sum, got[2].Why)
	}
	many := make([][]string, media.MaxFiles+3)
	if n := len(media.New(nil, own.URL).All(t.Context(), many)); n != media.MaxFiles || media.LeftOut(len(many)) != "3 more attachments were not fetched" {
		t.Errorf("%d files; %q", n, media.LeftOut(len(many)))
	}
}

// TestTurn lets two messages hold files at once, and the next wait.
func TestTurn(t *testing.T) {
	f := media.New(nil, "")
	first, err := f.Turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Turn(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the third turn gives %v", err)
	}
	first()
	if _, err := f.Turn(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "192.168.0.1": false, "172.16.5.5": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false, "fe80::1": false, "fd00::1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "fec0::1": false, "224.0.0.1": false, "255.255.255.255": false,
		"9.9.9.9": true, "2620:fe::fe": true,
	} {
		if got := media.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}
