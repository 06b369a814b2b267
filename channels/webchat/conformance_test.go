package webchat_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/contact"
)

const (
	shopSecret = webchat.Secret("shop-secret-not-for-logs-0123456789abcdef")
	shopOrigin = "https://shop.example"
)

// front is the daemon's HTTP server, which stays while adapters come and go.
type front struct {
	*httptest.Server
	mu  sync.Mutex
	now http.Handler
}

func newFront(tb testing.TB) *front {
	tb.Helper()
	f := &front{}
	f.Server = httptest.NewServer(http.StripPrefix("/channels/webchat/acme", f))
	tb.Cleanup(f.Close)
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	now := f.now
	f.mu.Unlock()
	if now == nil {
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	now.ServeHTTP(w, r)
}

func (f *front) serve(h http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = h
}

func (f *front) chat() string { return f.URL + "/channels/webchat/acme" }

func config(dir string) webchat.Config {
	return webchat.Config{
		Account: "acme", Dir: dir, Secrets: []webchat.Secret{shopSecret}, Origins: []string{shopOrigin},
		PerAddress: 5000, PerVisitor: 1000,
	}
}

func adapter(tb testing.TB, cfg webchat.Config, log *slog.Logger) *webchat.Adapter {
	tb.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a, err := webchat.New(cfg, log)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// visitorOf makes a visitor who ends with the test, complaints included.
func visitorOf(tb testing.TB, f *front, cfg webchatfake.Config) *webchatfake.Visitor {
	tb.Helper()
	cfg.URL = f.chat()
	if cfg.Origin == "" {
		cfg.Origin = shopOrigin
	}
	v := webchatfake.New(tb.Context(), cfg)
	tb.Cleanup(func() {
		v.Close()
		for _, c := range v.Complaints() {
			tb.Errorf("the visitor complains: %s", c)
		}
	})
	return v
}

// crowd puts each text as one of many visitors, who send on until confirmed.
type crowd struct {
	t         *testing.T
	f         *front
	mode      webchatfake.Mode
	mu        sync.Mutex
	visitors  []*webchatfake.Visitor
	confirmed map[string]bool
	// saying ends with what each says last.
	saying map[*webchatfake.Visitor]chan struct{}
}

func (c *crowd) put(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var v *webchatfake.Visitor
	if len(c.visitors) > 4 {
		v = c.visitors[len(text)%5]
	} else {
		v = visitorOf(c.t, c.f, webchatfake.Config{Title: "Ski boots"})
		v.Misbehave(c.mode)
		c.visitors = append(c.visitors, v)
	}
	before, done := c.saying[v], make(chan struct{})
	c.saying[v] = done
	go func() { // it ends with the visitor, whose Close makes all requests return
		defer close(done)
		if before != nil {
			<-before // one says one thing after the other
		}
		if err := v.Come(); err != nil {
			return
		}
		if _, err := v.Say(text); err != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.confirmed[text] = true
	}()
}

func (c *crowd) marked(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.confirmed[text]
}

func position(p string) (epoch string, seq int) {
	epoch, number, _ := strings.Cut(p, ":")
	_, _ = fmt.Sscan(number, &seq)
	return epoch, seq
}

func harness(t *testing.T, mode webchatfake.Mode) channeltest.Harness {
	t.Helper()
	f := newFront(t)
	cfg := config(t.TempDir())
	first := adapter(t, cfg, nil)
	f.serve(first)
	customer := greeted(t, f, first)
	c := &crowd{t: t, f: f, mode: mode, confirmed: map[string]bool{}, saying: map[*webchatfake.Visitor]chan struct{}{}}
	return channeltest.Harness{
		New: func(t *testing.T, log *slog.Logger) channels.Adapter {
			t.Helper()
			a := adapter(t, cfg, log).Channel()
			f.serve(a.HTTP)
			return a
		},
		Secrets: []string{string(shopSecret), customer.Token()},
		Pushes:  true,
		Put:     func(_ *testing.T, text string) { c.put(text) },
		PutMalformed: func(*testing.T) []byte {
			const text = "Grüße \u202egnp.exe <script>alert(1)</script> 👩\u200d👩\u200d👧\u200d👦 <!-- ]]> '; DROP TABLE messages; --"
			c.put(text + "\u0000\u0007")
			return []byte(text)
		},
		Marked: func(_ *testing.T, text string) bool { return c.marked(text) },
		Covers: func(b channels.Bookmark, at string) bool {
			epoch, upTo := position(b.Position)
			itsEpoch, seq := position(at)
			return epoch == itsEpoch && seq <= upTo
		},
		Reply:              func(id, text string) *contact.Reply { return reply(id, text, customer.ID()) },
		Received:           func(t *testing.T, text string) int { t.Helper(); return kept(t, cfg, text) },
		Failures:           []channeltest.Failure{locked(cfg)},
		OnceAcrossRestarts: true,
		Cut:                func(*testing.T) { f.CloseClientConnections() },
	}
}

// greeted gives a visitor who has come before, while the adapter received.
func greeted(t *testing.T, f *front, a *webchat.Adapter) *webchatfake.Visitor {
	t.Helper()
	stop, _ := receiving(t, a)
	defer stop()
	v := visitorOf(t, f, webchatfake.Config{})
	if err := v.Come(); err != nil {
		t.Fatal(err)
	}
	return v
}

func reply(id, text, visitor string) *contact.Reply {
	return &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.WebChat, Account: "acme", FromName: "Jo of Acme", Text: text,
		CreatedAt: time.Date(2026, 11, 2, 11, 0, 0, 0, time.UTC), To: []contact.Address{{Address: "visitor:" + visitor}},
	}
}

func database(tb testing.TB, cfg webchat.Config) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(cfg.Dir, "webchat-acme.db")+"?_txlock=immediate&_pragma=busy_timeout(20000)")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// kept counts a reply in the store, which is what every browser of the visitor's
// is shown, once, as the visitor in Go sees to.
func kept(t *testing.T, cfg webchat.Config, text string) int {
	t.Helper()
	n := 0
	if err := database(t, cfg).QueryRowContext(t.Context(), "SELECT count(*) FROM messages WHERE ours = 1 AND text = ?", text).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// locked is a store that somebody else holds, as a backup might.
func locked(cfg webchat.Config) channeltest.Failure {
	var tx *sql.Tx
	return channeltest.Failure{
		Name: "store locked", Want: channels.Unavailable,
		Set: func(t *testing.T) {
			t.Helper()
			var err error
			if tx, err = database(t, cfg).BeginTx(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		},
		Clear: func(t *testing.T) {
			t.Helper()
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestConformance(t *testing.T) {
	for name, mode := range map[string]webchatfake.Mode{
		"good link": {},
		"bad link":  {CutBefore: 2, CutAfter: 2, Doubles: true},
	} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T) channeltest.Harness {
				t.Helper()
				return harness(t, mode)
			})
		})
	}
}
