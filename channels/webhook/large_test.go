package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/webhook"
)

// Large messages come whole, several at a time; one that must wait is told so.
func TestLargeMessages(t *testing.T) {
	s := receiving(t, nil)
	data := bytes.Repeat([]byte("0123456789abcdef"), 13<<10) // 208 KiB: as base64 more than everybody may send at a time
	var senders sync.WaitGroup
	for i := range 5 {
		senders.Go(func() {
			body := fmt.Appendf(nil, `{"schema":1,"id":"m-%d","conversation":"c","from":{"id":"u"},"attachments":[{"name":"big","data":%q}]}`,
				i, base64.StdEncoding.EncodeToString(data))
			for {
				got, err := s.try(t.Context(), body)
				if err != nil || got.status != http.StatusServiceUnavailable {
					if err != nil || got.status != http.StatusOK {
						t.Errorf("message %d: %d %s, %v", i, got.status, got.text, err)
					}
					return
				}
				select {
				case <-time.After(20 * time.Millisecond):
				case <-t.Context().Done():
					return
				}
			}
		})
	}
	senders.Wait()
	for _, in := range s.src.Items() {
		if m := parsed(t, s.a, in.Format, string(in.Raw)); len(m.Attachments) != 1 || !bytes.Equal(m.Attachments[0].Data, data) {
			t.Error("a file isn't what it was")
		}
	}
	if n := len(s.src.Items()); n != 5 {
		t.Errorf("stored %d of 5", n)
	}
}

// try posts a body and gives the answer, an error where there is none.
func (s *station) try(ctx context.Context, body []byte) (answered, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target(), bytes.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	req.Header = signedBy(inSecret, "msg_1", time.Now(), body)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return answered{resp.StatusCode, resp.Header, string(text)}, err
}

// A body of unknown length that never ends is cut off at the limit.
func TestBodyWithoutEnd(t *testing.T) {
	s := receiving(t, func(c *webhook.Config) { c.MaxBody = 1 << 20 })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.target(), io.NopCloser(endless{}))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = signedBy(inSecret, "msg_1", time.Now(), nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil { // the link may be ended before the answer is read
		if s.a.Tally().Refused == 0 {
			t.Fatal(err)
		}
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("answered %d", resp.StatusCode)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// teller is a Source that keeps what people are told.
type teller struct {
	*channeltest.Source
	mu    sync.Mutex
	words []string
}

func (l *teller) Troubled(_ string, err error) { l.keep(fmt.Sprint("trouble: ", err)) }
func (l *teller) Told(_, words string)         { l.keep("told: " + words) }

func (l *teller) keep(words string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words = append(l.words, words)
}

func (l *teller) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.words, "\n")
}

// People learn of messages that are refused or can't be stored, and nothing of
// what is in them.
func TestPeopleAreTold(t *testing.T) {
	s := &station{front: newFront(t)}
	s.a = adapter(t, webhook.Config{Account: "shop", Secrets: []webhook.Secret{inSecret}}, nil)
	s.serve(s.a)
	src := &teller{Source: channeltest.NewSource(t)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.a.Receive(ctx, src) }()
	src.Until("Receive to run", func() bool { return src.Connections() > 0 })
	if err := s.a.Receive(t.Context(), src); err == nil {
		t.Error("a second Receive runs beside the first")
	}

	s.post(t, `{"schema":1,"id":7,"text":"my secret illness"}`)
	src.Fail(func(*channels.Inbound) error { return errors.New("the disk is full") })
	s.post(t, message("m", "x"))
	src.Fail(nil)
	s.post(t, message("m", "x"))
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"told: a message was refused with 422", "id: want a string", "trouble: webhook/shop: store: unavailable", "trouble: <nil>"} {
		if !strings.Contains(src.all(), want) {
			t.Errorf("nobody was told %q:\n%s", want, src.all())
		}
	}
	if strings.Contains(src.all(), "illness") {
		t.Errorf("what is in the message is told: %s", src.all())
	}
	if got := s.a.Tally(); got.Stored != 1 || got.Refused != 1 || got.Postponed != 1 || got.Unsigned != 0 {
		t.Errorf("counted %+v", got)
	}
	if got := s.post(t, message("n", "x")); got.status != 503 {
		t.Errorf("after the end it is answered %d", got.status)
	}
}

// Messages whose files are fetched are few at a time, whatever their number; the
// others are told to come again.
func TestFewFetchAtATime(t *testing.T) {
	var now, most atomic.Int32
	gate := make(chan struct{})
	files := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		<-gate
		now.Add(-1)
		fmt.Fprint(w, "a file")
	})
	s := receiving(t, func(c *webhook.Config) { c.AttachmentHosts = []string{strings.TrimPrefix(files.URL, "http://")} })
	post := func(i int) (answered, error) {
		return s.try(t.Context(), fmt.Appendf(nil, `{"schema":1,"id":"m-%d","conversation":"c","from":{"id":"u"},"attachments":[{"url":%q}]}`, i, files.URL))
	}
	answers := make(chan int, 12)
	var senders sync.WaitGroup
	for i := range cap(answers) {
		senders.Go(func() {
			got, err := post(i)
			if err != nil {
				t.Errorf("message %d: %v", i, err)
			}
			answers <- got.status
		})
	}
	for range 9 {
		if status := <-answers; status != http.StatusServiceUnavailable {
			t.Errorf("answered %d while others are fetched", status)
		}
	}
	close(gate)
	senders.Wait()
	if n := most.Load(); n > 3 {
		t.Errorf("the files of %d messages are fetched at a time", n)
	}
	for i := range cap(answers) {
		if got, err := post(i); err != nil || got.status != http.StatusOK {
			t.Errorf("again: %d %s, %v", got.status, got.text, err)
		}
	}
	if n := len(s.src.Items()); n != cap(answers) {
		t.Errorf("stored %d of %d", n, cap(answers))
	}
}
