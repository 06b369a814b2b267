package classifier_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/policies"
	"stagecoach/policies/classifier"
)

const limit = 400 * time.Millisecond

var made = sync.OnceValues(func() (*policies.Set, error) {
	return policies.LoadFiles("set", map[string][]byte{"classes.yaml": []byte("version: 1\nclasses:\n  - {name: billing, when: contact.text.contains(\"invoice\")}\n")})
})

func setOf(t *testing.T) *policies.Set {
	t.Helper()
	set, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func ask(t *testing.T, c *classifier.Client, text string) policies.Said {
	t.Helper()
	set, begin := setOf(t), time.Now()
	said := c.Ask(t.Context(), set, &policies.ClassifyInput{Channel: "email", Account: "support", Sender: "anna@home.example", Subject: "Hello", Text: text}, time.Time{})
	if took := time.Since(begin); took > limit+5*time.Second {
		t.Errorf("it took %s, the limit is %s", took, limit)
	}
	return said
}

func client(t *testing.T, url string, change ...func(*classifier.Config)) *classifier.Client {
	t.Helper()
	cfg := classifier.Config{URL: url, TimeLimit: limit, AtOnce: 2, Pause: time.Minute}
	for _, f := range change {
		f(&cfg)
	}
	c := classifier.New(cfg, slog.New(slog.DiscardHandler))
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// The word of a classifier that answers, and what it is told: no sender, and none of
// the numbers and addresses in the words.
func TestAnswer(t *testing.T) {
	t.Parallel()
	var told atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told.Store(string(body))
		if r.Header.Get("Authorization") != "Bearer secret" || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"class":"billing","confidence":0.934,"language":"DE","extra":[1]}`)
	})
	c := client(t, url, func(cfg *classifier.Config) { cfg.Token = "secret" })
	said := ask(t, c, "My IBAN is DE89 3704 0044 0532 0130 00, call +49 (30) 1234-567 or write to me.too@example.org, see https://x.example/?t=1")
	if said.Trouble != "" || said.Class != "billing" || said.Confidence != 934 || setOf(t).Hear(said).Language != "de" {
		t.Errorf("it said %+v", said)
	}
	var q classifier.Question
	text, _ := told.Load().(string)
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		t.Fatal(err)
	}
	if q.Text != "My IBAN is [account], call [number] or write to [address], see [link]" || q.Schema != 1 || len(q.Classes) != 2 || q.Files == nil {
		t.Errorf("it was told %s", text)
	}
	if strings.Contains(text, "anna@home") {
		t.Errorf("it was told the sender: %s", text)
	}
	if s := c.Status(); s.Asked != 1 || s.Answered != 1 {
		t.Errorf("counted %+v", s)
	}
}

// What is cut off takes no half of an address with it, which would be taken for a word.
func TestNoHalfAddressIsTold(t *testing.T) {
	t.Parallel()
	var told atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told.Store(string(body))
		fmt.Fprint(w, `{"class":"billing","confidence":0.9}`)
	})
	for _, filler := range []string{"x ", "漢字 "} {
		begin := strings.Repeat(filler, (16<<10)/len(filler))
		ask(t, client(t, url), begin[:len(begin)-6]+" anna.secret@home.example and more")
		if text, _ := told.Load().(string); text == "" || strings.Contains(text, "anna") {
			t.Errorf("behind %q it was told %q", filler, text[max(0, len(text)-150):])
		}
	}
	ask(t, client(t, url), strings.Repeat("y", 20<<10)) // a text without a space is told all the same
	if text, _ := told.Load().(string); !strings.Contains(text, strings.Repeat("y", 16<<10)) {
		t.Errorf("it was told %d bytes", len(text))
	}
}

// Whatever a server does, the answer comes within the limit, as a trouble.
func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	t.Cleanup(func() { close(gone) })
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}
	for name, one := range map[string]struct {
		serve http.HandlerFunc
		want  policies.Trouble
	}{
		"hangs": {hang, policies.TroubleTimeOut},
		"drips": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			for tick := time.NewTicker(20 * time.Millisecond); ; {
				if _, err := io.WriteString(w, " "); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-tick.C:
				case <-r.Context().Done():
					return
				}
			}
		}, policies.TroubleTimeOut},
		"huge": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"class":"`)
			for range 10_000 {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<10)); err != nil {
					return
				}
			}
		}, policies.TroubleBroken},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusTemporaryRedirect)
		}, policies.TroubleRefused},
		"no JSON":         {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>billing</html>") }, policies.TroubleBroken},
		"another JSON":    {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `["billing"]`) }, policies.TroubleBroken},
		"empty":           {func(http.ResponseWriter, *http.Request) {}, policies.TroubleBroken},
		"cut off":         {cutOff, policies.TroubleUnreachable},
		"fails":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, policies.TroubleRefused},
		"forbids":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, policies.TroubleRefused},
		"too sure":        {says(`{"class":"billing","confidence":17}`), policies.TroubleBroken},
		"unsure":          {says(`{"class":"billing","confidence":0.2}`), policies.TroubleUnsure},
		"says nothing":    {says(`{}`), policies.TroubleUnsure},
		"unknown class":   {says(`{"class":"spaceships","confidence":1}`), policies.TroubleUnknownClass},
		"class of novels": {says(`{"class":"` + strings.Repeat("x", 5000) + `","confidence":1}`), policies.TroubleBroken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, serve(t, one.serve))
			if got := setOf(t).Hear(ask(t, c, "Where is my invoice?")); got.Trouble != one.want || got.Class != "" && got.Trouble != policies.TroubleUnsure {
				t.Errorf("it said %+v, want %s", got, one.want)
			}
			if s := c.Status(); s.Asked != 1 || s.Troubles[one.want] != 1 {
				t.Errorf("counted %+v", s)
			}
		})
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// Nobody listens; a certificate of nobody known; one that is.
func TestConnections(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := "http://" + l.Addr().String()
	_ = l.Close()
	if got := ask(t, client(t, nowhere), "x"); got.Trouble != policies.TroubleUnreachable {
		t.Errorf("of nowhere it said %+v", got)
	}
	s := httptest.NewTLSServer(says(`{"class":"billing","confidence":1}`))
	t.Cleanup(s.Close)
	if got := ask(t, client(t, s.URL), "x"); got.Trouble != policies.TroubleUnreachable {
		t.Errorf("with a certificate of nobody known it said %+v", got)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	if got := ask(t, client(t, s.URL, func(c *classifier.Config) { c.Roots = roots }), "x"); got.Class != "billing" {
		t.Errorf("it said %+v", got)
	}
}

// After five failures in a row it is left alone: no more requests go out, and no more
// time is lost; after the pause one is let through, and if that is answered all are.
func TestBreaker(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var good atomic.Bool
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if !good.Load() {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, `{"class":"billing","confidence":1}`)
	})
	c := client(t, url, func(cfg *classifier.Config) { cfg.Pause = 150 * time.Millisecond })
	for range 5 {
		if got := ask(t, c, "x"); got.Trouble != policies.TroubleRefused {
			t.Fatalf("it said %+v", got)
		}
	}
	for range 100 {
		if got := ask(t, c, "x"); got.Trouble != policies.TroublePaused && asked.Load() == 5 {
			t.Fatalf("it said %+v", got)
		}
	}
	if s := c.Status(); s.Last.Words != "it answers HTTP 400 Bad Request" || s.Last.Trouble != policies.TroubleRefused {
		t.Errorf("the last trouble is %+v", s.Last)
	}
	good.Store(true)
	for deadline := time.Now().Add(10 * time.Second); ask(t, c, "x").Class == ""; {
		if time.Now().After(deadline) {
			t.Fatal("it is never asked again")
		}
	}
	if c.Status().Paused {
		t.Error("it answers, and is paused")
	}
}

// However much comes at once, no more than at_once are asked at a time, and nobody
// waits beyond the limit; who has waited for it elsewhere isn't kept at all.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(limit / 4):
		case <-r.Context().Done():
		}
		fmt.Fprint(w, `{"class":"billing","confidence":1}`)
	})
	c := client(t, url)
	var wg sync.WaitGroup
	var taken, busy atomic.Int64
	for range 50 {
		wg.Go(func() {
			switch said := ask(t, c, "x"); said.Trouble {
			case "":
				taken.Add(1)
			case policies.TroubleBusy, policies.TroubleTimeOut:
				busy.Add(1)
			default:
				t.Errorf("it said %+v", said)
			}
		})
	}
	wg.Wait()
	if most.Load() > 2 || taken.Load() < 2 || busy.Load() < 10 {
		t.Errorf("%d at once, %d answered, %d busy", most.Load(), taken.Load(), busy.Load())
	}
	if got := c.Ask(context.Background(), setOf(t), &policies.ClassifyInput{}, time.Now().Add(-limit)); got.Trouble != policies.TroubleBusy {
		t.Errorf("of what has waited it said %+v", got)
	}
}

// A token in an address never comes out in words.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	c := client(t, "http://"+addr+"/classify?key=hush", func(cfg *classifier.Config) { cfg.Token = "hush" })
	ask(t, c, "x")
	if words := c.Status().Last.Words; strings.Contains(words, "hush") || words == "" {
		t.Errorf("the words are %q", words)
	}
}
