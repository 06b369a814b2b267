package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/webhook"
	"stagecoach/channels/webhook/webhookfake"
)

// station is an adapter that receives behind a front.
type station struct {
	*front
	a   *webhook.Adapter
	src *channeltest.Source
	log *logBook
}

// logBook keeps log lines.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func receiving(t *testing.T, change func(*webhook.Config)) *station {
	t.Helper()
	s := &station{front: newFront(t), src: channeltest.NewSource(t), log: &logBook{}}
	cfg := webhook.Config{Account: "shop", Secrets: []webhook.Secret{inSecret}}
	if change != nil {
		change(&cfg)
	}
	s.a = adapter(t, cfg, slog.New(slog.NewTextHandler(s.log, nil)))
	s.serve(s.a)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.a.Receive(ctx, s.src) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Receive ends with %v", err)
		}
	})
	s.src.Until("Receive to run", func() bool { return s.src.Connections() > 0 })
	return s
}

// signedBy gives the headers of a signed request.
func signedBy(secret, id string, at time.Time, body []byte) http.Header {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	stamp := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%s.%s", id, stamp, body)
	return http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {stamp},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))},
	}
}

type answered struct {
	status int
	header http.Header
	text   string
}

func (s *station) send(t *testing.T, method, path string, header http.Header, body []byte) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/channels/webhook/shop"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(text)}
}

func (s *station) post(t *testing.T, body string) answered {
	t.Helper()
	return s.send(t, http.MethodPost, "/messages", signedBy(inSecret, "msg_1", time.Now(), []byte(body)), []byte(body))
}

func message(id, text string) string {
	return fmt.Sprintf(`{"schema":1,"id":%q,"conversation":"c1","from":{"id":"u1","name":"Alice"},"text":%q}`, id, text)
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	s := receiving(t, func(c *webhook.Config) { c.MaxBody = 2000 })
	good := message("m", "hello")
	now := time.Now()
	with := func(name, value string) http.Header {
		h := signedBy(inSecret, "msg_1", now, []byte(good))
		h.Set(name, value)
		return h
	}
	for name, c := range map[string]struct {
		method, path string
		header       http.Header
		body         string
		status       int
		words        string
	}{
		"get":               {http.MethodGet, "/messages", nil, "", 405, "POST only"},
		"elsewhere":         {http.MethodPost, "/message", nil, "", 404, "/messages"},
		"form":              {http.MethodPost, "/messages", with("Content-Type", "application/x-www-form-urlencoded"), good, 415, "application/json"},
		"no type":           {http.MethodPost, "/messages", with("Content-Type", ""), good, 415, "application/json"},
		"latin-1":           {http.MethodPost, "/messages", with("Content-Type", "application/json; charset=iso-8859-1"), good, 415, "UTF-8"},
		"gzip":              {http.MethodPost, "/messages", with("Content-Encoding", "gzip"), good, 415, "Content-Encoding"},
		"no id":             {http.MethodPost, "/messages", with("Webhook-Id", ""), good, 401, "Missing: webhook-id"},
		"no signature":      {http.MethodPost, "/messages", with("Webhook-Signature", ""), good, 401, "Missing: webhook-signature"},
		"wrong signature":   {http.MethodPost, "/messages", with("Webhook-Signature", "v1,AAAA"), good, 401, "id.timestamp.body"},
		"other id":          {http.MethodPost, "/messages", with("Webhook-Id", "msg_2"), good, 401, "signature"},
		"full stop in id":   {http.MethodPost, "/messages", signedBy(inSecret, "a.1", now, []byte(good)), good, 401, "full stop"},
		"another's secret":  {http.MethodPost, "/messages", signedBy(outSecret, "msg_1", now, []byte(good)), good, 401, "signature"},
		"changed body":      {http.MethodPost, "/messages", signedBy(inSecret, "msg_1", now, []byte(good)), good + " ", 401, "very bytes"},
		"too old":           {http.MethodPost, "/messages", signedBy(inSecret, "msg_1", now.Add(-time.Hour), []byte(good)), good, 401, "behind the clock here"},
		"from the future":   {http.MethodPost, "/messages", signedBy(inSecret, "msg_1", now.Add(time.Hour), []byte(good)), good, 401, "ahead of the clock here"},
		"time in words":     {http.MethodPost, "/messages", with("Webhook-Timestamp", "today"), good, 401, "whole number"},
		"time with a plus":  {http.MethodPost, "/messages", with("Webhook-Timestamp", "+"+strconv.FormatInt(now.Unix(), 10)), good, 401, "whole number"},
		"time without end":  {http.MethodPost, "/messages", with("Webhook-Timestamp", strings.Repeat("9", 30)), good, 401, "whole number"},
		"too large":         {http.MethodPost, "/messages", signedBy(inSecret, "msg_1", now, make([]byte, 2001)), string(make([]byte, 2001)), 413, "2000 bytes"},
		"unknown schema":    {http.MethodGet, "/schema/../adapter.go", nil, "", 404, "message.json"},
		"schema, not there": {http.MethodPost, "/schema/message.json", nil, "", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.send(t, c.method, c.path, c.header, []byte(c.body))
			if got.status != c.status || !strings.Contains(got.text, c.words) {
				t.Errorf("answered %d %s, want %d with %q", got.status, got.text, c.status, c.words)
			}
			var p struct {
				Status int    `json:"status"`
				Title  string `json:"title"`
			}
			if err := json.Unmarshal([]byte(got.text), &p); err != nil || p.Status != c.status || p.Title == "" || got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("not a problem of RFC 9457: %s", got.text)
			}
			if strings.Contains(got.text, strings.TrimPrefix(inSecret, "whsec_")) {
				t.Error("the answer shows the secret")
			}
		})
	}
	if n := len(s.src.Items()); n != 0 {
		t.Errorf("%d of them were stored", n)
	}
	if got := s.a.Tally(); got.Unsigned == 0 || got.Stored != 0 {
		t.Errorf("counted %+v", got)
	}
}

func TestMistakesAreFound(t *testing.T) {
	s := receiving(t, nil)
	deep := strings.Repeat("[", 70) + strings.Repeat("]", 70)
	for name, c := range map[string]struct {
		body   string
		status int
		words  string
		line   int
	}{
		"nothing":           {"", 400, "empty", 1},
		"no json":           {"hello", 400, "invalid character", 1},
		"cut off":           {"{\n\"schema\": 1,\n", 400, "unexpected end", 3},
		"comma":             {"{\n\"schema\": 1,\n\"id\": \"x\",,\n}", 400, "invalid character", 3},
		"two values":        {message("m", "x") + "\n" + message("n", "x"), 400, "after top-level value", 2},
		"latin-1":           {"{\"text\":\"gr\xfc\xdfe\"}", 400, "not UTF-8", 1},
		"deep":              {`{"x":` + deep + `}`, 400, "nested deeper", 1},
		"crowded":           {`{"schema":1,"attachments":[` + strings.Repeat("{},", 120_000) + `{}]}`, 400, "more than 100000 values", 1},
		"list":              {`[]`, 422, "want an object", 1},
		"null":              {`null`, 422, "schema", 0},
		"number as id":      {"{\"schema\":1,\n\"id\":7}", 422, "id: want a string, got a number", 2},
		"attachment type":   {"{\"schema\":1,\"attachments\":[\n{\"name\":[]}]}", 422, "want a string, got a list", 2},
		"version 2":         {"{\n\"schema\":2,\n\"id\":\"x\"}", 422, "want 1", 2},
		"another type":      {`{"schema":1,"type":"reply"}`, 422, "type", 1},
		"no id":             {`{"schema":1,"conversation":"c","from":{"id":"u"},"text":"x"}`, 422, "id: is missing", 0},
		"blank id":          {`{"schema":1,"id":" ","conversation":"c","from":{"id":"u"},"text":"x"}`, 422, "no spaces", 1},
		"long id":           {message(strings.Repeat("x", 201), "x"), 422, "longer than 200", 1},
		"no conversation":   {`{"schema":1,"id":"i","from":{"id":"u"},"text":"x"}`, 422, "conversation: is missing", 0},
		"no from":           {`{"schema":1,"id":"i","conversation":"c","text":"x"}`, 422, "from.id: is missing", 0},
		"no text":           {`{"schema":1,"id":"i","conversation":"c","from":{"id":"u"}}`, 422, "empty", 0},
		"sent when":         {"{\"schema\":1,\"id\":\"i\",\"conversation\":\"c\",\"from\":{\"id\":\"u\"},\"text\":\"x\",\n\"sent_at\":\"yesterday\"}", 422, "RFC 3339", 2},
		"edits itself":      {`{"schema":1,"id":"i","conversation":"c","from":{"id":"u"},"text":"x","edits":"i"}`, 422, "id of its own", 1},
		"edits, withdraws":  {`{"schema":1,"id":"i","conversation":"c","from":{"id":"u"},"text":"x","edits":"a","withdraws":"b"}`, 422, "exclude", 1},
		"both data and url": {`{"schema":1,"id":"i","conversation":"c","from":{"id":"u"},"attachments":[{"data":"AA==","url":"https://x.example/"}]}`, 422, "not both", 1},
		"no base64":         {"{\"schema\":1,\"id\":\"i\",\"conversation\":\"c\",\"from\":{\"id\":\"u\"},\"attachments\":[{\"data\":\"AA==\"},\n{\"data\":\"%%\"}]}", 422, "attachments[1].data: want base64", 2},
		"file from disk":    {`{"schema":1,"id":"i","conversation":"c","from":{"id":"u"},"attachments":[{"url":"file:///etc/passwd"}]}`, 422, "attachments[0].url", 1},
		"too many files":    {`{"schema":1,"id":"i","conversation":"c","from":{"id":"u"},"attachments":[` + strings.Repeat(`{"data":"AA=="},`, 50) + `{"data":"AA=="}]}`, 422, "more than 50", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.post(t, c.body)
			var p struct {
				Detail string `json:"detail"`
				Errors []struct {
					Line int `json:"line"`
				} `json:"errors"`
			}
			if err := json.Unmarshal([]byte(got.text), &p); err != nil || got.status != c.status || !strings.Contains(p.Detail, c.words) {
				t.Fatalf("answered %d %s, want %d with %q", got.status, got.text, c.status, c.words)
			}
			if len(p.Errors) == 0 || p.Errors[0].Line != c.line {
				t.Errorf("found at %+v, want line %d", p.Errors, c.line)
			}
		})
	}
	if n := len(s.src.Items()); n != 0 {
		t.Errorf("%d of them were stored", n)
	}
	if got := s.a.Tally(); got.Refused == 0 || !strings.Contains(s.log.String(), "its sender must mend it") {
		t.Errorf("counted %+v, logged %s", got, s.log)
	}
}

func TestStoredOnceAndSaidSo(t *testing.T) {
	s := receiving(t, nil)
	body := strings.Replace(message("m-1", "hello"), `"schema"`, `"atachments":[],"schema"`, 1)
	for range 3 {
		got := s.post(t, body)
		if got.status != 200 || got.text != `{"id":"m-1","status":"stored","ignored":["atachments"]}`+"\n" {
			t.Fatalf("answered %d %s", got.status, got.text)
		}
	}
	if n := len(s.src.Items()); n != 1 {
		t.Errorf("stored %d times", n)
	}
	got := s.post(t, message("m-1", "other words"))
	if got.status != 409 || !strings.Contains(got.text, "edits") {
		t.Errorf("the same id with other words is answered %d %s", got.status, got.text)
	}
	if got := s.post(t, message("m-2", "hello")); got.status != 200 {
		t.Errorf("another id is answered %d %s", got.status, got.text)
	}
	if n := len(s.src.Items()); n != 2 {
		t.Errorf("stored %d, want 2", n)
	}
	if got := s.post(t, strings.Replace(message("m-3", ""), `"text"`, `"txt"`, 1)); got.status != 422 || !strings.Contains(got.text, `"ignored":["txt"]`) {
		t.Errorf("a misspelt field is answered %d %s", got.status, got.text)
	}
	if got := s.post(t, `{"schema":1,"type":"ping","id":"p"}`); got.status != 200 || !strings.Contains(got.text, `"ok"`) {
		t.Errorf("a ping is answered %d %s", got.status, got.text)
	}
}

func TestOtherWaysToSign(t *testing.T) {
	s := receiving(t, func(c *webhook.Config) { c.Secrets = []webhook.Secret{badSecret, inSecret} })
	body := []byte(message("m", "x"))
	h := signedBy(inSecret, "msg_1", time.Now(), body)
	h["Webhook-Signature"] = []string{"v9,x", "v1,AAAA " + h.Get("Webhook-Signature")}
	h.Set("Content-Type", "application/vnd.shop+json; charset=UTF-8")
	if got := s.send(t, http.MethodPost, "/messages/", h, body); got.status != 200 {
		t.Errorf("answered %d %s", got.status, got.text)
	}
}

func TestOverTheRate(t *testing.T) {
	start := time.Now()
	var later atomic.Int64
	now := func() time.Time { return start.Add(time.Duration(later.Load())) }
	s := receiving(t, func(c *webhook.Config) {
		c.PerSecond, c.Burst = 0.25, 2
		c.Now = now
	})
	for i, want := range []int{200, 200, 429, 429} {
		got := s.post(t, message(strconv.Itoa(i), "x"))
		if got.status != want || want == 429 && got.header.Get("Retry-After") != "4" {
			t.Errorf("message %d is answered %d, Retry-After %q", i, got.status, got.header.Get("Retry-After"))
		}
	}
	unsigned := s.send(t, http.MethodPost, "/messages", signedBy(badSecret, "x", now(), []byte("{}")), []byte("{}"))
	if unsigned.status != 401 {
		t.Errorf("without a signature: %d", unsigned.status)
	}
	later.Store(int64(4 * time.Second))
	if got := s.post(t, message("3", "x")); got.status != 200 {
		t.Errorf("after the pause it is answered %d: strangers must use up nothing", got.status)
	}
}

func TestNotStoredIsSaid(t *testing.T) {
	s := receiving(t, nil)
	s.src.Fail(func(*channels.Inbound) error { return errors.New("the disk is full") })
	got := s.post(t, message("m", "x"))
	if got.status != 503 || got.header.Get("Retry-After") == "" || strings.Contains(got.text, "disk") {
		t.Errorf("answered %d, Retry-After %q, %s", got.status, got.header.Get("Retry-After"), got.text)
	}
	s.src.Fail(nil)
	if got := s.post(t, message("m", "x")); got.status != 200 || len(s.src.Items()) != 1 {
		t.Errorf("then it is answered %d", got.status)
	}
}

func TestNotReceiving(t *testing.T) {
	f := newFront(t)
	f.serve(adapter(t, webhook.Config{Account: "shop", Secrets: []webhook.Secret{inSecret}}, nil))
	s := &station{front: f}
	if got := s.post(t, message("m", "x")); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
	}
}

// A sender that goes away while its message is being stored leaves it stored.
func TestSenderGoesAway(t *testing.T) {
	s := receiving(t, nil)
	release := s.src.Hold()
	body := []byte(message("m", "x"))
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = signedBy(inSecret, "msg_1", time.Now(), body)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	s.src.Until("Deliver to be called", func() bool { return asked(s.src) })
	cancel()
	<-gone
	release()
	s.src.UntilStored(1)
}

func asked(src *channeltest.Source) bool { return src.Asked(idOf("shop", "m")) > 0 }

func idOf(account, id string) string {
	sum := sha256.Sum256([]byte("webhook\x00" + account + "\x00" + id))
	return fmt.Sprintf("%x", sum[:16])
}

func TestSchemasAreServed(t *testing.T) {
	s := receiving(t, nil)
	for _, name := range []string{"message.json", "reply.json", "ping.json"} {
		got := s.send(t, http.MethodGet, "/schema/"+name, nil, nil)
		if got.status != 200 || !json.Valid([]byte(got.text)) {
			t.Errorf("%s: %d", name, got.status)
		}
	}
}

// A sender whose clock is off, that posts everything twice and over breaking
// links, is heard once its clock is right.
func TestOddSender(t *testing.T) {
	s := receiving(t, nil)
	fake := system(t, nil)
	fake.Misbehave(webhookfake.Misbehaviour{Twice: true, ClockOff: -time.Hour})
	fake.Connect(s.target())
	id := fake.Put(webhookfake.Message{From: "u1", Text: "late"})
	s.src.Until("a refusal", func() bool { return s.a.Tally().Unsigned > 0 })
	fake.Misbehave(webhookfake.Misbehaviour{Twice: true})
	s.src.UntilStored(1)
	if err := fake.Until(t.Context(), func() bool { return fake.Stored(id) > 0 }); err != nil {
		t.Fatal(err)
	}
	if n := len(s.src.Items()); n != 1 {
		t.Errorf("stored %d times", n)
	}
}
