package remote_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/remote"
	"stagecoach/contact"
)

// two opens a gate for two accounts.
func two(t *testing.T) (g *remote.Gate, mine, other *remote.Account) {
	t.Helper()
	mine = account(t, channels.Adapter{Channel: contact.SMS, Account: "mine"}, gateSecret, nil)
	other = account(t, channels.Adapter{Channel: contact.SMS, Account: "other"}, "another-secret-of-tests", nil)
	return gateOf(t, remote.GateConfig{}, mine, other), mine, other
}

// intruder is a connection with an adapter's login, and what the gate refused it.
type intruder struct {
	*nats.Conn
	mu      sync.Mutex
	refused []string
}

func login(t *testing.T, g *remote.Gate, user, secret string, opts ...nats.Option) *intruder {
	t.Helper()
	i := &intruder{}
	nc, err := nats.Connect(g.URL(), append([]nats.Option{
		nats.UserInfo(user, secret), nats.NoReconnect(), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.refused = append(i.refused, err.Error())
		}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	i.Conn = nc
	t.Cleanup(nc.Close)
	return i
}

// wasRefused reports whether the gate has refused what names a subject.
func (i *intruder) wasRefused(t *testing.T, subject string) bool {
	t.Helper()
	if err := i.FlushTimeout(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	found := false
	until(t, "the gate's word on "+subject, func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		for _, words := range i.refused {
			found = found || strings.Contains(words, `"`+subject+`"`)
		}
		return found
	})
	return found
}

// An adapter's login can do what its account's adapter does, and nothing besides.
func TestRights(t *testing.T) {
	g, _, _ := two(t)
	const own = "adapter.main.sms-mine."
	i := login(t, g, "sms/mine", gateSecret)
	for _, subject := range []string{
		"adapter.main.sms-other.inbox", "adapter.main.sms-other.hello", "adapter.main.sms-other.outbox.answer.x", "adapter.main.sms-other.reply.x.y",
		"adapter.other.sms-mine.inbox", own + "outbox.order.abcdefgh", own + "reply.x", own + "outbox.answer.a.b", own + "anything",
		"$JS.API.INFO", "$JS.API.STREAM.LIST", "$SYS.REQ.SERVER.PING", "log.main", "cmd.main", "outbox.main", "_INBOX.x.y", "x",
	} {
		if err := i.PublishRequest(subject, own+"reply.x", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		i.wasRefused(t, subject)
	}
	for _, subject := range []string{
		">", "*", "adapter.>", "adapter.main.>", "adapter.main.*.inbox", "adapter.main.sms-other.>", "adapter.main.sms-other.outbox.order.*",
		own + "inbox", own + "outbox.>", own + ">", own + "*", own + "outbox.answer.*", "_INBOX.>", "$SYS.>", "$JS.>", "log.>",
	} {
		if _, err := i.SubscribeSync(subject); err != nil && !errors.Is(err, nats.ErrPermissionViolation) {
			t.Fatal(err)
		}
		i.wasRefused(t, subject)
	}
	before := len(i.refused)
	for _, subject := range []string{own + "reply.>", own + "outbox.order.abcdefgh"} {
		if _, err := i.SubscribeSync(subject); err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
	if err := i.Publish(own+"inbox", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	_ = i.FlushTimeout(30 * time.Second)
	if i.mu.Lock(); len(i.refused) != before {
		t.Errorf("its own subjects are refused: %v", i.refused[before:])
	}
	i.mu.Unlock()
}

func TestLogins(t *testing.T) {
	g, _, _ := two(t)
	for _, c := range []struct{ user, secret string }{
		{"sms/mine", "wrong"}, {"sms/mine", ""}, {"sms/mine", "another-secret-of-tests"}, {"sms/nobody", gateSecret}, {"", ""}, {"stagecoach", ""}, {"stagecoach", gateSecret},
	} {
		nc, err := nats.Connect(g.URL(), nats.UserInfo(c.user, c.secret), nats.NoReconnect())
		if err == nil {
			nc.Close()
		}
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%q with %q gets in: %v", c.user, c.secret, err)
		}
	}
	if nc, err := nats.Connect(g.URL(), nats.NoReconnect()); err == nil || nc != nil {
		t.Error("nobody in particular gets in")
	}
}

// What an adapter asks for with an answer to somebody else isn't answered: the
// daemon may publish there, the adapter may not.
func TestAnswersGoToTheAskerOnly(t *testing.T) {
	g, _, other := two(t)
	victim := login(t, g, "sms/other", "another-secret-of-tests")
	heard, err := victim.SubscribeSync("adapter.main.sms-other.outbox.order.abcdefgh")
	if err != nil {
		t.Fatal(err)
	}
	replies, err := victim.SubscribeSync("adapter.main.sms-other.reply.>")
	if err != nil {
		t.Fatal(err)
	}
	_ = victim.Flush()
	i := login(t, g, "sms/mine", gateSecret, nats.CustomInboxPrefix("adapter.main.sms-mine.reply"))
	hello, _ := json.Marshal(remote.Hello{Schema: 1, Process: "abcdefgh"})
	for _, to := range []string{"adapter.main.sms-other.outbox.order.abcdefgh", "adapter.main.sms-other.reply.x"} {
		_ = i.PublishRequest("adapter.main.sms-mine.hello", to, hello)
	}
	if _, err := i.Request("adapter.main.sms-mine.hello", hello, 30*time.Second); err != nil {
		t.Fatal(err) // those before it are worked on by now
	}
	_ = victim.Flush()
	for _, sub := range []*nats.Subscription{heard, replies} {
		if n, _, err := sub.Pending(); err != nil || n != 0 {
			t.Errorf("another account heard %d of them (%v)", n, err)
		}
	}
	if err := other.Prepare(expired(t)); err == nil {
		t.Error("the other account has a process")
	}
}

// wire is an adapter in another language.
type wire struct {
	*intruder
	t      *testing.T
	prefix string
}

func speaker(t *testing.T, g *remote.Gate) *wire {
	t.Helper()
	const prefix = "adapter.main.sms-mine."
	return &wire{login(t, g, "sms/mine", gateSecret, nats.CustomInboxPrefix(prefix+"reply")), t, prefix}
}

// ask makes a request of fields and gives the error of the answer, if any.
func (w *wire) ask(verb string, fields map[string]any) (answer struct {
	Run      string             `json:"run"`
	Error    *remote.Failure    `json:"error"`
	Bookmark *channels.Bookmark `json:"bookmark"`
},
) {
	w.t.Helper()
	data, err := json.Marshal(fields)
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := w.Request(w.prefix+verb, data, 60*time.Second)
	if err != nil {
		w.t.Fatalf("%s: %v", verb, err)
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		w.t.Fatal(err)
	}
	return answer
}

// What an adapter hands in stays within its account, and what is wrong with it is
// said in words.
func TestItemsAreChecked(t *testing.T) {
	g, mine, _ := two(t)
	src := channeltest.NewSource(t)
	receive(t, mine, src)
	w := speaker(t, g)
	item := func(changes map[string]any) map[string]any {
		out := map[string]any{
			"schema": 1, "process": "abcdefgh", "source": "sms/mine/phone", "position": "1", "provider_id": "1", "received_at": time.Now(),
			"message": map[string]any{"from": map[string]any{"address": "+4930123"}, "text": "hello"},
		}
		maps.Copy(out, changes)
		return out
	}
	if e := w.ask("inbox", item(nil)).Error; e == nil || e.Reason != channels.Unavailable {
		t.Errorf("before hello: %+v", e)
	}
	if a := w.ask("hello", map[string]any{"schema": 1, "process": "abcdefgh", "receives": true}); a.Error != nil || a.Run == "" {
		t.Fatalf("hello: %+v", a)
	}
	for name, changes := range map[string]map[string]any{
		"another schema": {"schema": 2}, "another account's source": {"source": "sms/other/phone"}, "another channel's": {"source": "email/mine/INBOX"},
		"no position": {"position": ""}, "no provider id": {"provider_id": ""}, "no time": {"received_at": time.Time{}}, "an unknown kind": {"kind": "spam"},
		"no message": {"message": nil}, "nobody's message": {"message": map[string]any{"text": "x"}}, "a message of another form": {"message": "x"},
		"an unknown format": {"message": nil, "format": "fax", "raw": []byte("x")}, "two originals": {"raw": []byte("x")}, "no JSON": {"size": "x"},
	} {
		if e := w.ask("inbox", item(changes)).Error; e == nil || e.Reason != channels.Malformed || e.Text == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	for name, mark := range map[string]map[string]any{
		"another account's": {"source": "sms/other/phone", "position": "1", "at": time.Now(), "since": time.Now()},
		"without a time":    {"source": "sms/mine/phone", "position": "1"},
	} {
		if e := w.ask("inbox.advance", map[string]any{"schema": 1, "process": "abcdefgh", "bookmark": mark}).Error; e == nil {
			t.Errorf("a bookmark %s is taken", name)
		}
	}
	if e := w.ask("inbox.bookmark", map[string]any{"schema": 1, "process": "abcdefgh", "source": "sms/other/phone"}).Error; e == nil {
		t.Error("another account's bookmark is told")
	}
	if n := len(src.Items()); n != 0 {
		t.Fatalf("%d items are stored", n)
	}
	if e := w.ask("inbox", item(map[string]any{"received_at": time.Now().Add(time.Hour)})).Error; e != nil {
		t.Fatalf("a good one: %+v", e)
	}
	in := src.Items()[0]
	if in.Channel != contact.SMS || in.Account != "mine" || in.ReceivedAt.After(time.Now()) || in.Sender != "+4930123" || in.Kind != channels.Fresh {
		t.Errorf("stored as %+v", in)
	}
}

// An account has one adapter at a time: who comes later waits, until the first is
// gone.
func TestOneProcessAtATime(t *testing.T) {
	g, mine, _ := two(t)
	receive(t, mine, channeltest.NewSource(t))
	first, second := speaker(t, g), speaker(t, g)
	if _, err := first.SubscribeSync(first.prefix + "outbox.order.first-one"); err != nil {
		t.Fatal(err)
	}
	_ = first.Flush()
	hello := func(w *wire, process string, more ...string) *remote.Failure {
		fields := map[string]any{"schema": 1, "process": process, "receives": true}
		for _, one := range more {
			fields[one] = true
		}
		return w.ask("hello", fields).Error
	}
	if e := hello(first, "first-one"); e != nil {
		t.Fatal(e.Text)
	}
	if e := hello(second, "second-one"); e == nil || !strings.Contains(e.Text, "another process") {
		t.Errorf("a second process is told %+v", e)
	}
	if e := hello(first, "first-one"); e != nil {
		t.Errorf("the first isn't it any more: %+v", e)
	}
	first.Close()
	until(t, "the place to be free", func() bool { return hello(second, "second-one") == nil })
	if e := hello(second, "second-one", "ends"); e != nil {
		t.Errorf("its end is answered by %+v", e)
	}
	if e := hello(speaker(t, g), "third-one"); e != nil {
		t.Errorf("after it was ended another is told %+v", e)
	}
}
