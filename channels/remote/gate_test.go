package remote_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/remote"
	"stagecoach/contact"
)

// probe is an adapter that delivers what it is given and keeps what it sends.
type probe struct {
	items chan *channels.Inbound
	done  chan error

	mu   sync.Mutex
	sent []*contact.Reply
	// hold has Send wait until it is closed, and then fail with fails.
	hold   chan struct{}
	fails  error
	panics bool
}

func newProbe() *probe {
	return &probe{items: make(chan *channels.Inbound), done: make(chan error)}
}

func (p *probe) adapter() channels.Adapter {
	return channels.Adapter{Channel: contact.SMS, Account: "mine", Receiver: p, Sender: p, Resolver: p}
}

func (p *probe) Receive(ctx context.Context, src channels.Source) error {
	channels.Connected(src, "sms/mine/phone")
	for {
		select {
		case <-ctx.Done():
			return nil
		case in := <-p.items:
			err := src.Deliver(ctx, in)
			if err == nil {
				err = src.Advance(ctx, channels.Bookmark{Source: in.Source, Position: in.Position, At: in.ReceivedAt, Since: in.ReceivedAt, Seen: 1})
			}
			p.done <- err
		}
	}
}

func (p *probe) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	p.mu.Lock()
	p.sent = append(p.sent, r)
	hold, fails, panics := p.hold, p.fails, p.panics
	p.mu.Unlock()
	if panics {
		panic("at the disco")
	}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return channels.Receipt{}, ctx.Err()
		}
	}
	return channels.Receipt{ProviderID: "p-" + r.ID, At: time.Now()}, fails
}

func (p *probe) Delivered(context.Context, *contact.Reply) (delivered, known bool, err error) {
	return true, true, nil
}

func (p *probe) last(t *testing.T) *contact.Reply {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sent) == 0 {
		t.Fatal("nothing was sent")
	}
	return p.sent[len(p.sent)-1]
}

func smsReply(id string) *contact.Reply {
	return &contact.Reply{ID: id, Kind: contact.Answer, Channel: contact.SMS, Account: "mine", CreatedAt: time.Now(), To: []contact.Address{{Address: "+4930123"}}, Text: "well"}
}

func composed(t *testing.T, a *remote.Account, r *contact.Reply) *contact.Reply {
	t.Helper()
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw, r.Attachments = raw, nil // as the daemon keeps it
	return r
}

// What is larger than a message of the wire goes in parts, in both directions.
func TestLargeOnesGoInParts(t *testing.T) {
	t.Parallel()
	p := newProbe()
	a := account(t, p.adapter(), gateSecret, nil)
	g := gateOf(t, remote.GateConfig{}, a)
	src := channeltest.NewSource(t)
	receive(t, a, src)
	begin(t, remote.ProcessConfig{URL: g.URL()}, p.adapter(), nil)
	big := make([]byte, 1<<20+17)
	_, _ = rand.Read(big)
	original, err := json.Marshal(remote.Message{From: contact.Address{Address: "+4930123"}, Text: "see there", Attachments: []remote.Attachment{{Name: "../x.bin", Data: big}}})
	if err != nil {
		t.Fatal(err)
	}
	p.items <- &channels.Inbound{
		Kind: channels.Fresh, Source: "sms/mine/phone", Position: "1", ProviderID: "1", ReceivedAt: time.Now(), Format: remote.FormatMessage, Raw: original,
	}
	if err := <-p.done; err != nil {
		t.Fatal(err)
	}
	in := src.Items()[0]
	if !bytes.Equal(in.Raw, original) || in.Size != int64(len(original)) {
		t.Errorf("the original came as %d bytes, had %d", len(in.Raw), len(original))
	}
	m, err := a.Parse(in)
	if err != nil || len(m.Attachments) != 1 || !bytes.Equal(m.Attachments[0].Data, big) || m.Attachments[0].Name != "x.bin" {
		t.Errorf("parsed as %v, %v", m, err)
	}
	if mark := src.Bookmarks()["sms/mine/phone"]; mark.Position != "1" || mark.Seen != 1 {
		t.Errorf("the bookmark is %+v", mark)
	}
	r := smsReply("r1")
	r.Attachments = []contact.Attachment{{Name: "empty.txt"}, {Name: "big.bin", ContentType: "application/octet-stream", Size: int64(len(big)), Data: big}}
	attached(t, a)
	if _, err := a.Send(t.Context(), composed(t, a, r)); err != nil {
		t.Fatal(err)
	}
	if got := p.last(t); len(got.Attachments) != 2 || !bytes.Equal(got.Attachments[1].Data, big) || got.Text != r.Text || got.Attachments[1].Name != "big.bin" {
		t.Errorf("sent %d files", len(got.Attachments))
	}
}

// Without a process nothing is sent; with one that falls silent nobody knows; and
// what it says of a failure arrives.
func TestWhatBecomesOfAReply(t *testing.T) {
	t.Parallel()
	p := newProbe()
	a := account(t, p.adapter(), gateSecret, nil)
	g := gateOf(t, remote.GateConfig{Silence: 2 * time.Second}, a)
	r := composed(t, a, smsReply("r1"))
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Unavailable || a.Pause(time.Now()) == 0 {
		t.Errorf("without a process: %v, and a pause of %v", err, a.Pause(time.Now()))
	}
	if _, known, err := a.Delivered(t.Context(), r); known || err == nil {
		t.Errorf("without a process it is known whether it arrived (%v)", err)
	}
	stop := begin(t, remote.ProcessConfig{URL: g.URL()}, p.adapter(), nil)
	attached(t, a)
	if receipt, err := a.Send(t.Context(), r); err != nil || receipt.ProviderID != "p-r1" || receipt.At.IsZero() {
		t.Errorf("sent with %+v, %v", receipt, err)
	}
	p.mu.Lock()
	p.fails = &channels.Error{Channel: contact.SMS, Account: "mine", Op: "send", Reason: channels.RateLimited, Code: "429", RetryAfter: 7 * time.Second, Err: errors.New("too\nfast")}
	p.mu.Unlock()
	_, err := a.Send(t.Context(), r)
	if e, ok := errors.AsType[*channels.Error](err); !ok || e.Reason != channels.RateLimited || e.Code != "429" || e.RetryAfter != 7*time.Second || e.Err.Error() != "too fast" || e.Op != "send" {
		t.Errorf("its failure arrives as %#v", err)
	}
	// Longer than silence is allowed to be: it says that it has it in hand.
	p.mu.Lock()
	p.hold, p.fails = make(chan struct{}), nil
	hold := p.hold
	p.mu.Unlock()
	time.AfterFunc(5*time.Second, func() { close(hold) })
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Errorf("a slow one: %v", err)
	}
	broken := composed(t, a, smsReply("r2"))
	p.mu.Lock()
	p.hold, p.panics = nil, true
	p.mu.Unlock()
	if _, err := a.Send(t.Context(), broken); channels.ReasonOf(err) != channels.InDoubt {
		t.Errorf("an adapter with a fault: %v", err)
	}
	stop()
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Unavailable {
		t.Errorf("after its end: %v", err)
	}
	w := speaker(t, g)
	if _, err := w.SubscribeSync(w.prefix + "outbox.order.silent-one"); err != nil {
		t.Fatal(err)
	}
	if e := w.ask("hello", map[string]any{"schema": 1, "process": "silent-one", "sends": true}).Error; e != nil {
		t.Fatal(e.Text)
	}
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.InDoubt {
		t.Errorf("one that falls silent: %v", err)
	}
}

// Accounts come and go while the gate is open: a login ends with its account.
func TestAccountsChange(t *testing.T) {
	p := newProbe()
	a := account(t, p.adapter(), gateSecret, nil)
	g := gateOf(t, remote.GateConfig{}, a)
	said := &book{}
	begin(t, remote.ProcessConfig{URL: g.URL()}, p.adapter(), slog.New(slog.NewTextHandler(said, nil)))
	attached(t, a)
	b := account(t, p.adapter(), "the-secret-after-it", nil)
	g.Serve([]*remote.Account{b})
	until(t, "the login to be refused", func() bool { return strings.Contains(said.String(), "refuses the login") })
	begin(t, remote.ProcessConfig{URL: g.URL(), Secret: "the-secret-after-it"}, p.adapter(), nil)
	attached(t, b)
	if strings.Contains(said.String(), gateSecret) {
		t.Error("the log shows the secret")
	}
}

// book keeps log lines to look through.
type book struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// What keeps a process from its daemon is said in words.
func TestWords(t *testing.T) {
	t.Parallel()
	good, named := writeCertificate(t, "127.0.0.1"), writeCertificate(t, "router.test")
	a := account(t, newProbe().adapter(), gateSecret, nil)
	plain := gateOf(t, remote.GateConfig{}, a).URL()
	secure := func(f files) string {
		return strings.Replace(gateOf(t, remote.GateConfig{Cert: f.cert, Key: f.key}, account(t, newProbe().adapter(), gateSecret, nil)).URL(), "nats://", "tls://", 1)
	}
	over := secure(good)
	for name, c := range map[string]struct {
		cfg  remote.ProcessConfig
		want string
	}{
		"all is well":           {remote.ProcessConfig{URL: over, CAFile: good.cert}, ""},
		"well without TLS":      {remote.ProcessConfig{URL: plain}, ""},
		"an authority unknown":  {remote.ProcessConfig{URL: over}, "signed by nobody"},
		"another name":          {remote.ProcessConfig{URL: secure(named), CAFile: named.cert}, "not for 127.0.0.1"},
		"a wrong secret":        {remote.ProcessConfig{URL: plain, Secret: "wrong"}, "refuses the login"},
		"no TLS where it is":    {remote.ProcessConfig{URL: strings.Replace(over, "tls://", "nats://", 1)}, "by --ca"},
		"TLS where there is no": {remote.ProcessConfig{URL: strings.Replace(plain, "nats://", "tls://", 1)}, "it has no TLS"},
		"nobody there":          {remote.ProcessConfig{URL: "nats://127.0.0.1:1"}, "nothing answers there"},
		"another office":        {remote.ProcessConfig{URL: plain, Office: "north"}, "doesn't answer"},
	} {
		if c.cfg.Secret == "" {
			c.cfg.Secret = gateSecret
		}
		p, err := remote.NewProcess(c.cfg, newProbe().adapter(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := p.Try(t.Context()); err != nil {
			got = err.Error()
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) || strings.Contains(got, string(c.cfg.Secret)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for _, url := range []string{"", "router", "http://x:1", "nats://router.test:4222", "tls://u:p@x:1", "://"} {
		if _, err := remote.NewProcess(remote.ProcessConfig{URL: url, Secret: gateSecret}, newProbe().adapter(), slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("the address %q is taken", url)
		}
	}
	g, err := remote.NewGate(remote.GateConfig{Listen: strings.TrimPrefix(plain, "nats://"), Office: "main"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "is another program using the port?") {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// A message of another language is shown whatever it holds, and says nothing that
// only the daemon may say.
func TestMessages(t *testing.T) {
	a := account(t, newProbe().adapter(), gateSecret, nil)
	in := &channels.Inbound{Channel: contact.SMS, Account: "mine", ProviderID: "p1", ReceivedAt: time.Now(), Format: remote.FormatMessage}
	in.Raw = []byte(`{"from":{"address":" +4930123 ","name":"Ada\n\u0000X"},"text":"one\r\ntwo\u0007\u001b[2J  \n\n","html":"<script>","auth":{"trust":"proven"},
		"subject":"a\nb","in_reply_to":"r9","replaces":"p0","language":"de_DE","attachments":[{"name":"..\\..\\evil.exe","content_type":"x","data":"aGk="}],"origin":{"n":1},"new":1}`)
	m, err := a.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	if m.From != (contact.Address{Address: "+4930123", Name: "Ada X"}) || m.Text != "one\ntwo[2J" || m.ReplyText != m.Text || m.HTML != "" || m.Auth.Trust != "" || m.Subject != "a b" {
		t.Errorf("read as %+v", m)
	}
	if m.MessageID != "mine/p1" || m.InReplyTo != "mine/r9" || m.Replaces != "mine/p0" || m.Language != "de" || string(m.Origin) != `{"n":1}` {
		t.Errorf("its ids are %+v", m)
	}
	if f := m.Attachments[0]; f.Name != "evil.exe" || f.ContentType != "application/octet-stream" || f.Size != 2 {
		t.Errorf("its file is %+v", f)
	}
	if id := a.MessageID(smsReply("r9")); id != m.InReplyTo {
		t.Errorf("a reply of ours is %q and answered as %q", id, m.InReplyTo)
	}
	in.Raw = fmt.Appendf(nil, `{"from":{"address":"+49"},"text":%q}`, strings.Repeat("ü", 1<<20))
	if m, err = a.Parse(in); err != nil || len(m.Text) > 1<<20 || len(m.Warnings) != 1 || strings.Contains(m.Text, "\uFFFD") {
		t.Errorf("a long one has %d bytes, %v, %v", len(m.Text), m.Warnings, err)
	}
	for _, raw := range []string{"", "null", "[]", "{}", `{"from":{"address":""},"text":"x"}`, `{"from":{"address":"+49"},"withdrawn":true}`, `{"from":"x"}`} {
		in.Raw = []byte(raw)
		if m, err := a.Parse(in); err == nil {
			t.Errorf("%s is read as %+v", raw, m)
		}
	}
}
