package mastodon_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/contact"
)

// receiving runs the adapter until stop.
func receiving(t *testing.T, a *mastodon.Adapter, src *channeltest.Source) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	before := src.Connections()
	done := make(chan struct{})
	runner := channels.NewRunner(a.Channel(), src, channels.RunnerConfig{First: 20 * time.Millisecond, Longest: 200 * time.Millisecond},
		slog.New(slog.DiscardHandler))
	go func() {
		defer close(done)
		_ = runner.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	src.Until("the link to stand", func() bool { return src.Connections() > before })
	return stop
}

// stored waits until an item of that kind with that text is stored.
func stored(t *testing.T, src *channeltest.Source, kind channels.InboundKind, text string) *channels.Inbound {
	t.Helper()
	var found *channels.Inbound
	src.Until(fmt.Sprintf("%s %q", kind, text), func() bool {
		for _, in := range src.Items() {
			if in.Kind == kind && strings.Contains(string(in.Raw), text) {
				found = in
				return true
			}
		}
		return false
	})
	return found
}

func parsed(t *testing.T, a *mastodon.Adapter, in *channels.Inbound) *contact.Message {
	t.Helper()
	m, err := a.Parse(in)
	if err != nil {
		t.Fatalf("parsing %s: %v", in.Raw, err)
	}
	return m
}

func TestEditsAndDeletions(t *testing.T) {
	t.Parallel()
	for _, flavour := range []mastodonfake.Flavour{mastodonfake.Mastodon, mastodonfake.GoToSocial, mastodonfake.Pleroma} {
		t.Run(string(flavour), func(t *testing.T) {
			t.Parallel()
			s := provider(t, mastodonfake.Config{Flavour: flavour})
			src := channeltest.NewSource(t)
			a := adapter(t, config(s), nil)
			stop := receiving(t, a, src)
			id := s.Put(mastodonfake.Post{Text: "my order 77 is late"})
			first := parsed(t, a, stored(t, src, channels.Fresh, "order 77"))
			s.Edit(id, "my order 78 is late")
			edit := parsed(t, a, stored(t, src, channels.Changed, "order 78"))
			if edit.Replaces != first.MessageID || edit.Withdrawn || edit.MessageID == first.MessageID || edit.ReplyText != "my order 78 is late" {
				t.Errorf("the edit is %+v, of %q", edit, first.MessageID)
			}
			src.Until("the edit to be recorded", func() bool {
				return strings.Contains(src.Bookmarks()["mastodon/support/notifications#watched"].Position, `"e":`)
			})
			stop()
			s.Delete(id) // while nobody looks
			receiving(t, adapter(t, config(s), nil), src)
			gone := parsed(t, a, stored(t, src, channels.Changed, `"deleted"`))
			if gone.Replaces != first.MessageID || !gone.Withdrawn {
				t.Errorf("the deletion is %+v, of %q", gone, first.MessageID)
			}
			s.Put(mastodonfake.Post{Text: "one more"})
			stored(t, src, channels.Fresh, "one more")
			if n := len(src.Items()); n != 4 {
				t.Errorf("%d items were delivered, want 4", n)
			}
			for source, seen := range map[string]uint64{"notifications": 2, "notifications#watched": 2} {
				src.Until("the count of "+source, func() bool { return src.Bookmarks()["mastodon/support/"+source].Seen == seen })
			}
		})
	}
}

// dying is a source whose process ends once a place was read to where there are
// messages: nothing is recorded any more.
type dying struct {
	*channeltest.Source
	place string
	seen  uint64
	end   context.CancelFunc
	dead  atomic.Bool
}

func (d *dying) Advance(ctx context.Context, b channels.Bookmark) error {
	if d.dead.Load() {
		return errors.New("the process has ended")
	}
	err := d.Source.Advance(ctx, b)
	if b.Source == d.place && b.Seen >= d.seen {
		d.dead.Store(true)
		d.end()
	}
	return err
}

func TestEditAfterADeath(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	d := &dying{Source: src, place: "mastodon/support/notifications", seen: 1, end: end}
	done := make(chan error, 1)
	go func() { done <- adapter(t, config(s), nil).Receive(ctx, d) }()
	src.Until("the link to stand", func() bool { return src.Connections() > 0 })
	id := s.Put(mastodonfake.Post{Text: "my order 77 is late"})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.Edit(id, "my order 78 is late")
	receiving(t, adapter(t, config(s), nil), src)
	stored(t, src, channels.Changed, "order 78")
}

func TestServerTroubleIsNoDeletion(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{Flavour: mastodonfake.GoToSocial})
	src := channeltest.NewSource(t)
	receiving(t, adapter(t, config(s), nil), src)
	s.Put(mastodonfake.Post{Text: "still here"})
	stored(t, src, channels.Fresh, "still here")
	s.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodGet, Path: "/api/v1/statuses/", Code: 404, Body: "<html>not found</html>"})
	before := s.Calls("GET /api/v1/statuses/")
	until(t, "the post to be looked at", func() bool { return s.Calls("GET /api/v1/statuses/") > before+3 })
	if n := len(src.Items()); n != 1 {
		t.Errorf("%d items were delivered, want the message alone", n)
	}
}

func TestPagesInDisorder(t *testing.T) {
	t.Parallel()
	for _, flavour := range []mastodonfake.Flavour{mastodonfake.Mastodon, mastodonfake.GoToSocial} {
		t.Run(string(flavour), func(t *testing.T) {
			t.Parallel()
			s := provider(t, mastodonfake.Config{Flavour: flavour, PageLimit: 30, NoStream: true})
			for i := range 50 {
				s.Put(mastodonfake.Post{Text: fmt.Sprintf("old no%03d.", i)})
			}
			src := channeltest.NewSource(t)
			stop := receiving(t, adapter(t, config(s), nil), src)
			stop()
			s.Misbehave(mastodonfake.Misbehaviour{Path: "/api/v1/notifications", Shuffle: true, Double: true})
			const n = 200
			for i := range n {
				s.Put(mastodonfake.Post{From: fmt.Sprintf("c%d@cust.test", i%7), Text: fmt.Sprintf("item no%03d.", i)})
			}
			receiving(t, adapter(t, config(s), nil), src)
			src.UntilStored(n)
			s.Misbehave()
			s.Put(mastodonfake.Post{Text: "the last one"})
			stored(t, src, channels.Fresh, "the last one")
			items := src.Items()
			if len(items) != n+1 {
				t.Errorf("%d items were delivered, want %d", len(items), n+1)
			}
			src.Until("the count to be right", func() bool { return src.Bookmarks()["mastodon/support/notifications"].Seen == n+1 })
		})
	}
}

func TestOrderOfOneSender(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	stop := receiving(t, adapter(t, config(s), nil), src)
	stop()
	for i := range 90 {
		s.Put(mastodonfake.Post{From: fmt.Sprintf("c%d@cust.test", i%3), Text: fmt.Sprintf("item no%03d.", i)})
	}
	receiving(t, adapter(t, config(s), nil), src)
	src.UntilStored(90)
	last := map[string]string{}
	for _, in := range src.Items() {
		text := string(in.Raw)
		at := text[strings.Index(text, "item no"):][:len("item no000.")]
		if at < last[in.Sender] {
			t.Errorf("%s came after %s of the same sender", at, last[in.Sender])
		}
		last[in.Sender] = at
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	receiving(t, a, src)
	ours := s.Put(mastodonfake.Post{From: s.Address(), Text: "our own", Quiet: true})
	s.Notify("favourite", ours)
	s.Notify("reblog", ours)
	other := s.Put(mastodonfake.Post{Text: "boosted by us, and edited", Quiet: true})
	s.Notify("update", other)
	s.Put(mastodonfake.Post{Text: "by a stranger, in private", Visibility: "direct", Filtered: true})
	quote := s.Put(mastodonfake.Post{Text: "look at this!", Quiet: true, Quote: ours})
	s.Notify("quote", quote)
	private := parsed(t, a, stored(t, src, channels.Fresh, "in private"))
	if private.Public || private.Unanswerable != "" {
		t.Errorf("the private message is %+v", private)
	}
	quoting := parsed(t, a, stored(t, src, channels.Fresh, "look at this!"))
	if !strings.Contains(quoting.Text, "[Quotes @"+s.Address()+"]\n> our own") || !quoting.Public {
		t.Errorf("the quoting post reads %q", quoting.Text)
	}
	if n := len(src.Items()); n != 2 {
		t.Errorf("%d items were delivered, want 2", n)
	}
}

func TestThread(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	receiving(t, a, src)
	root := s.Put(mastodonfake.Post{From: "bob@else.test", Text: "which shop is good?", Quiet: true})
	id := s.Put(mastodonfake.Post{Text: "ask them", InReplyTo: root})
	s.Put(mastodonfake.Post{Text: "and I ask as well", InReplyTo: id})
	src.UntilStored(2)
	first, second := parsed(t, a, src.Items()[0]), parsed(t, a, src.Items()[1])
	host := strings.TrimPrefix(s.URL(), "http://")
	if first.Thread != host+"/"+root || second.Thread != first.Thread || second.InReplyTo != first.MessageID ||
		!slices.Equal(second.References, []string{host + "/" + root, first.MessageID}) {
		t.Errorf("the thread is %q and %q, %q after %q, %q", first.Thread, second.Thread, second.InReplyTo, first.MessageID, second.References)
	}
	if !strings.Contains(first.Text, "[Answers @bob@else.test]\n> which shop is good?") || first.ReplyText != "ask them" {
		t.Errorf("the first reads %q, said %q", first.Text, first.ReplyText)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("of this machine alone"))
	}))
	defer secret.Close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(secret.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	receiving(t, a, src)
	s.Put(mastodonfake.Post{Text: "see here", Media: []mastodonfake.File{
		{Name: "scratch.png", Type: "image/png", Description: "a scratch on the lid", Data: []byte("\x89PNG\r\n\x1a\n....")},
		{Name: "x", Type: "image/png", URL: secret.URL + "/x.png"},
		{Name: "x", Type: "image/png", URL: "http://[::ffff:127.0.0.1]:" + port + "/x.png"},
		{Name: "x", Type: "image/png", URL: "file:///etc/hostname"},
	}})
	m := parsed(t, a, stored(t, src, channels.Fresh, "see here"))
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "scratch.png" || !strings.HasPrefix(string(m.Attachments[0].Data), "\x89PNG") {
		t.Errorf("the attachments are %+v", m.Attachments)
	}
	if len(m.Warnings) != 3 || !strings.Contains(m.Warnings[0], "not a public one") || !strings.Contains(m.Warnings[1], "not a public one") {
		t.Errorf("the warnings are %q", m.Warnings)
	}
	if !strings.Contains(m.Text, "[image: a scratch on the lid]") || !strings.Contains(m.Text, "[image] "+secret.URL) {
		t.Errorf("the text is %q", m.Text)
	}
}

func TestStreamWakes(t *testing.T) {
	t.Parallel()
	for _, flavour := range []mastodonfake.Flavour{mastodonfake.Mastodon, mastodonfake.GoToSocial} {
		t.Run(string(flavour), func(t *testing.T) {
			t.Parallel()
			s := provider(t, mastodonfake.Config{Flavour: flavour})
			cfg := config(s)
			cfg.PollInterval, cfg.WatchInterval = time.Hour, time.Hour
			src := channeltest.NewSource(t)
			receiving(t, adapter(t, cfg, nil), src)
			until(t, "somebody to listen", func() bool { return s.Listening() == 1 })
			id := s.Put(mastodonfake.Post{Text: "the first"})
			stored(t, src, channels.Fresh, "the first")
			s.Edit(id, "the first, mended")
			stored(t, src, channels.Changed, "mended")
			s.Cut()
			s.Put(mastodonfake.Post{Text: "while nobody listened"})
			stored(t, src, channels.Fresh, "while nobody listened")
		})
	}
}

func TestAnswersGivenElsewhere(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "well?", Quiet: true})
	s.Put(mastodonfake.Post{From: s.Address(), Text: "@alice@cust.test an older answer", InReplyTo: question, Quiet: true})
	receiving(t, a, src)
	src.Until("our own posts to be read", func() bool { return src.Bookmarks()["mastodon/support/sent"].Position != "" })
	if _, err := a.Send(t.Context(), composed(t, a, reply("one", "the desk's answer", question))); err != nil {
		t.Fatal(err)
	}
	s.Put(mastodonfake.Post{From: s.Address(), Text: "news for everybody", Quiet: true})
	s.Put(mastodonfake.Post{From: s.Address(), Text: "@alice@cust.test I answer from my phone", InReplyTo: question, Quiet: true})
	m := parsed(t, a, stored(t, src, channels.OwnCopy, "from my phone"))
	if m.From.Address != s.Address() || len(m.To) != 1 || m.To[0].Address != alice || !strings.HasSuffix(m.InReplyTo, "/"+question) {
		t.Errorf("the answer is from %v to %v, after %q", m.From, m.To, m.InReplyTo)
	}
	if n := len(src.Items()); n != 1 {
		t.Errorf("%d items were delivered, want 1", n)
	}
}
