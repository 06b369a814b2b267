package webhook_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webhook"
	"stagecoach/channels/webhook/webhookfake"
	"stagecoach/contact"
)

// answering starts a receiver that answers every request so.
func answering(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s
}

func to(url string) webhook.Config {
	return webhook.Config{Account: "shop", Callback: webhook.Callback{URL: url, Secrets: []webhook.Secret{outSecret}}}
}

func send(t *testing.T, a *webhook.Adapter, r *contact.Reply) (channels.Receipt, *channels.Error) {
	t.Helper()
	receipt, err := a.Send(t.Context(), r)
	if err == nil {
		return receipt, nil
	}
	var typed *channels.Error
	if !errors.As(err, &typed) {
		t.Fatalf("Send gives %T %v", err, err)
	}
	return receipt, typed
}

func TestWhatAnAnswerMeans(t *testing.T) {
	date := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		status int
		after  string
		body   string
		want   channels.Reason
		wait   time.Duration // at least half a minute less may come out of a date
		doubt  bool          // in doubt where ids aren't known again
	}{
		{status: 200},
		{status: 201},
		{status: 202},
		{status: 204},
		{status: 206},
		{status: 208},
		{status: 299},
		{status: 300, want: channels.Unknown},
		{status: 301, want: channels.Unknown},
		{status: 304, want: channels.Unknown},
		{status: 308, want: channels.Unknown},
		{status: 400, want: channels.Rejected},
		{status: 402, want: channels.Rejected},
		{status: 406, want: channels.Rejected},
		{status: 411, want: channels.Rejected},
		{status: 413, want: channels.Rejected},
		{status: 415, want: channels.Rejected},
		{status: 422, want: channels.Rejected},
		{status: 451, want: channels.Rejected},
		{status: 410, want: channels.Rejected},
		{status: 401, want: channels.Auth},
		{status: 403, want: channels.Auth},
		{status: 407, want: channels.Auth},
		{status: 404, want: channels.Unknown},
		{status: 405, want: channels.Unknown},
		{status: 408, want: channels.Unavailable},
		{status: 423, want: channels.Unavailable},
		{status: 424, want: channels.Unavailable},
		{status: 425, want: channels.Unavailable},
		{status: 409, want: channels.Rejected},
		{status: 409, body: `{"status":"duplicate"}`},
		{status: 409, body: `{"id":"r-1"}`},
		{status: 409, body: `{"id":"r-2"}`, want: channels.Rejected},
		{status: 429, want: channels.RateLimited, wait: time.Second},
		{status: 429, after: "90", want: channels.RateLimited, wait: 90 * time.Second},
		{status: 429, after: date, want: channels.RateLimited, wait: 60 * time.Second},
		{status: 429, after: "soon", want: channels.RateLimited, wait: time.Second},
		{status: 429, after: "99999999", want: channels.RateLimited, wait: channels.LongestWish},
		{status: 429, after: "-5", want: channels.RateLimited, wait: time.Second},
		{status: 500, want: channels.Unavailable, doubt: true},
		{status: 502, want: channels.Unavailable, doubt: true},
		{status: 504, want: channels.Unavailable, doubt: true},
		{status: 501, want: channels.Unavailable},
		{status: 503, after: "30", want: channels.Unavailable, wait: 30 * time.Second},
		{status: 503, want: channels.Unavailable},
		{status: 599, want: channels.Unavailable, doubt: true},
	} {
		for _, idempotent := range []bool{true, false} {
			t.Run(fmt.Sprint(c.status, c.after, c.body, idempotent), func(t *testing.T) {
				s := answering(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", c.after)
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(c.status)
					fmt.Fprint(w, c.body)
				})
				cfg := to(s.URL)
				cfg.Callback.NotIdempotent = !idempotent
				want := c.want
				if c.doubt && !idempotent {
					want = channels.InDoubt
				}
				_, err := send(t, adapter(t, cfg, nil), reply("r-1", "x"))
				switch {
				case err == nil && want != "", err != nil && err.Reason != want:
					t.Fatalf("got %v, want %q", err, want)
				case err != nil && err.Code != fmt.Sprint(c.status):
					t.Errorf("code is %q", err.Code)
				case err != nil && want != channels.InDoubt && (err.RetryAfter < c.wait || err.RetryAfter > c.wait+30*time.Second):
					t.Errorf("waits %v, want %v", err.RetryAfter, c.wait)
				}
			})
		}
	}
}

func TestLostLinks(t *testing.T) {
	closed := answering(t, nil)
	closed.Close()
	broken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broken.Close() })
	go func() { // takes links and ends them in the request
		for {
			c, err := broken.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1))
			_ = c.Close()
		}
	}()
	silent := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client has gone
		<-r.Context().Done()
	})
	notTLS := answering(t, func(http.ResponseWriter, *http.Request) {})
	unknown := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(unknown.Close)
	for name, c := range map[string]struct {
		url   string
		begun bool
		words string
	}{
		"nothing listens":     {closed.URL, false, "nothing listens there"},
		"no such name":        {"https://no-such-host.invalid/x", false, "no such server name"},
		"ends at once":        {"http://" + broken.Addr().String(), true, "clos|brok"},
		"never answers":       {silent.URL, true, "doesn't answer in time"},
		"no tls":              {strings.Replace(notTLS.URL, "http:", "https:", 1), false, "doesn't speak TLS"},
		"unknown certificate": {unknown.URL, false, "ca_file"},
	} {
		for _, idempotent := range []bool{true, false} {
			t.Run(fmt.Sprint(name, idempotent), func(t *testing.T) {
				t.Parallel()
				cfg := to(c.url)
				cfg.Callback.NotIdempotent = !idempotent
				if name == "never answers" {
					cfg.Callback.Timeout = 3 * time.Second // long enough to get through on a busy machine
				}
				_, err := send(t, adapter(t, cfg, nil), reply("r-1", "x"))
				want := channels.Unavailable
				if c.begun && !idempotent {
					want = channels.InDoubt
				}
				if err == nil || err.Reason != want || !slices.ContainsFunc(strings.Split(c.words, "|"), func(w string) bool { return strings.Contains(err.Error(), w) }) {
					t.Errorf("got %v, want %s and words of %q", err, want, c.words)
				}
				if err != nil && !c.begun && err.Op != "connect" {
					t.Errorf("op is %q", err.Op)
				}
			})
		}
	}
}

func TestTLSByOurOwnCA(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := to(s.URL)
	cfg.CAFile = file
	if _, err := send(t, adapter(t, cfg, nil), reply("r-1", "x")); err != nil {
		t.Error(err)
	}
}

func TestAnswersWithoutEnd(t *testing.T) {
	s := system(t, nil)
	s.Misbehave(webhookfake.Misbehaviour{Endless: true})
	a := adapter(t, config(s), nil)
	if _, err := send(t, a, reply("r-1", "x")); err != nil {
		t.Errorf("2xx with an endless body: %v", err)
	}
	if n := len(s.Received()); n != 1 {
		t.Errorf("received %d", n)
	}
}

// A receiver that is slow or answers nonsense has taken the reply all the same.
func TestOddAnswers(t *testing.T) {
	s := system(t, nil)
	a := adapter(t, config(s), nil)
	for i, m := range []webhookfake.Misbehaviour{
		{Status: 200, Taken: true, Body: "<html>thank you"},
		{Status: 202, Taken: true, Body: `{"id":{"a":[]}}`},
		{Status: 200, Taken: true, Body: `{"id":` + strings.Repeat("[", 100_000)},
		{Status: 204, Taken: true, Delay: 100 * time.Millisecond},
	} {
		s.Misbehave(m)
		id := fmt.Sprint("r-", i)
		if receipt, err := send(t, a, reply(id, "x")); err != nil || receipt.ProviderID != id {
			t.Errorf("answer %d: %+v, %v", i, receipt, err)
		}
	}
	s.Misbehave(webhookfake.Misbehaviour{Delay: time.Minute, Taken: true})
	slow := config(s)
	slow.Callback.Timeout = 200 * time.Millisecond
	if _, err := send(t, adapter(t, slow, nil), reply("r-slow", "x")); err == nil || err.Reason != channels.Unavailable {
		t.Errorf("no answer in time gives %v", err)
	}
	s.Misbehave(webhookfake.Misbehaviour{Status: 201, Taken: true, Body: `{"id":4711}`})
	if receipt, err := send(t, a, reply("r-own", "x")); err != nil || receipt.ProviderID != "4711" {
		t.Errorf("its own id: %+v, %v", receipt, err)
	}
}

// What the receiver says is shown, without what it repeats of the reply, the
// customer or our keys.
func TestErrorsShowNobody(t *testing.T) {
	s := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, `{"detail":"Customer cust-7 (Alice, alice@cust.example) of order 4711 with key %s cannot be written to"}`, r.Header.Get("X-Key"))
	})
	cfg := to(s.URL + "/hook/very-secret-path?token=abc")
	cfg.Callback.Headers = map[string]webhook.Secret{"X-Key": gateKey}
	_, err := send(t, adapter(t, cfg, nil), reply("r-1", "x"))
	if err == nil || !strings.Contains(err.Error(), "cannot be written to") {
		t.Fatalf("got %v", err)
	}
	for _, hidden := range []string{"cust-7", "Alice", "alice@", "4711", "gate-key", "very-secret-path", "token=abc"} {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("%q shows in: %v", hidden, err)
		}
	}
	echo := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"bad word in 'your parcel number 99 is'"}`)
	})
	if _, err := send(t, adapter(t, to(echo.URL), nil), reply("r-2", "Dear Alice,\nyour parcel number 99 is lost")); err == nil || strings.Contains(err.Error(), "parcel") {
		t.Errorf("the error repeats the reply: %v", err)
	}
}

func TestSentAsDocumented(t *testing.T) {
	s := system(t, nil)
	a := adapter(t, config(s), nil)
	r := reply("0199-a", "Grüße\u2028👋")
	r.Kind, r.Attachments = contact.Acknowledgement, []contact.Attachment{{Name: "a.bin", ContentType: "x/y", Data: []byte{0, 255}}}
	receipt, err := send(t, a, r)
	if err != nil {
		t.Fatal(err, s.Faults())
	}
	got := s.Received()[0]
	if receipt.ProviderID != "r-0199-a" || got.Conversation != "order 4711" || got.InReplyTo != "m-1" || got.To != "cust-7" || !got.Automatic ||
		got.Text != r.Text || len(got.Files) != 1 || string(got.Files[0].Data) != "\x00\xff" || got.FromName != "Jo of Acme" {
		t.Errorf("got %+v, receipt %+v", got, receipt)
	}
	if faults := s.Faults(); len(faults) > 0 {
		t.Errorf("the receiver complains: %v", faults)
	}
}

// After a crash in the middle of sending nobody knows what became of a reply. A
// receiver that knows ids again is simply sent it again.
func TestDoubtIsSettledBySendingAgain(t *testing.T) {
	s := system(t, nil)
	r := reply("r-1", "once")
	s.Misbehave(webhookfake.Misbehaviour{Cut: true, Taken: true})
	if _, err := send(t, adapter(t, config(s), nil), r); err == nil || err.Reason != channels.Unavailable {
		t.Fatalf("got %v", err)
	}
	resolver := adapter(t, config(s), nil).Channel().Resolver
	if _, known, err := resolver.Delivered(t.Context(), r); known || err == nil {
		t.Errorf("while it breaks links: known %v, %v", known, err)
	}
	s.Misbehave(webhookfake.Misbehaviour{Status: 410})
	if delivered, known, err := resolver.Delivered(t.Context(), r); delivered || known || err != nil {
		t.Errorf("gone: %v, %v, %v", delivered, known, err)
	}
	s.Misbehave(webhookfake.Misbehaviour{})
	if delivered, known, err := resolver.Delivered(t.Context(), r); !delivered || !known || err != nil {
		t.Errorf("well again: %v, %v, %v", delivered, known, err)
	}
	if n := len(s.Received()); n != 1 {
		t.Errorf("received %d times", n)
	}
	s.Misbehave(webhookfake.Misbehaviour{Status: 422})
	if delivered, known, err := resolver.Delivered(t.Context(), reply("r-2", "bad")); delivered || !known || err != nil {
		t.Errorf("never taken: %v, %v, %v", delivered, known, err)
	}
	cfg := config(s)
	cfg.Callback.NotIdempotent = true
	if adapter(t, cfg, nil).Channel().Resolver != nil {
		t.Error("where ids aren't known again sending again is no way to find out")
	}
}

func TestPauseWhereTheReceiverWantsOne(t *testing.T) {
	s := system(t, nil)
	a := adapter(t, config(s), nil)
	s.Misbehave(webhookfake.Misbehaviour{Status: 429, Header: map[string]string{"Retry-After": "60"}})
	if _, err := send(t, a, reply("r-1", "x")); err == nil {
		t.Fatal("it was taken")
	}
	now := time.Now()
	if wait := a.Pause(now); wait < 30*time.Second || wait > time.Minute {
		t.Errorf("waits %v", wait)
	}
	if wait := a.Pause(now.Add(2 * time.Minute)); wait != 0 {
		t.Errorf("later it waits %v", wait)
	}
	s.Misbehave(webhookfake.Misbehaviour{})
	if _, err := send(t, a, reply("r-1", "x")); err != nil || a.Pause(now) != 0 {
		t.Errorf("%v, and once it goes again it waits %v", err, a.Pause(now))
	}
}

func TestSendStopped(t *testing.T) {
	s := system(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := adapter(t, config(s), nil).Send(ctx, reply("r-1", "x"))
	if channels.ReasonOf(err) != channels.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	s := system(t, nil)
	wrongPath := config(s)
	wrongPath.Callback.URL += "/elsewhere"
	wrongSecret := config(s)
	wrongSecret.Callback.Secrets = []webhook.Secret{badSecret}
	inOnly := config(s)
	inOnly.Callback = webhook.Callback{}
	strict := answering(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) })
	moved := answering(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/new", http.StatusMovedPermanently)
	})
	doubtful := to(answering(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }).URL)
	doubtful.Callback.NotIdempotent = true
	for name, c := range map[string]struct {
		cfg    webhook.Config
		reason channels.Reason
		words  string
	}{
		"well":         {config(s), "", "/channels/webhook/shop/messages|answered a signed ping with 204 (over http"},
		"in only":      {inOnly, "", "nothing can be answered"},
		"wrong path":   {wrongPath, channels.Unknown, "nothing takes replies at callback.url"},
		"wrong secret": {wrongSecret, channels.Auth, "callback.secrets must hold the secret"},
		"no ping":      {to(strict.URL), "", "have it answer 2xx to every type"},
		"moved":        {to(moved.URL), channels.Unknown, "write the new address as callback.url"},
		"bad gateway":  {doubtful, channels.Unavailable, "502"},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := adapter(t, c.cfg, nil).Check(t.Context())
			var typed *channels.Error
			if errors.As(err, &typed) != (c.reason != "") || typed != nil && typed.Reason != c.reason {
				t.Fatalf("Check gives %v, want reason %q", err, c.reason)
			}
			for word := range strings.SplitSeq(c.words, "|") {
				if !strings.Contains(strings.Join(report.Lines, "\n"), word) {
					t.Errorf("the report lacks %q: %q", word, report.Lines)
				}
			}
		})
	}
	if s.Pings() != 1 || len(s.Received()) != 0 {
		t.Errorf("%d pings, %d replies", s.Pings(), len(s.Received()))
	}
}
