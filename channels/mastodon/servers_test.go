package mastodon_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
)

func TestPlaceThatTheServerDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{Flavour: mastodonfake.Pleroma})
	for i := range 45 {
		s.Put(mastodonfake.Post{Text: fmt.Sprintf("old no%03d.", i), At: time.Now().Add(-time.Hour)})
	}
	src := channeltest.NewSource(t)
	receiving(t, adapter(t, config(s), nil), src)() // the present is bookmarked
	mark := src.Bookmarks()["mastodon/support/notifications"]
	mark.Position = `{"c":"from-another-server","s":["a","b"]}`
	mark.Since = time.Now()
	if err := src.Advance(t.Context(), mark); err != nil {
		t.Fatal(err)
	}
	s.Put(mastodonfake.Post{Text: "after the move"})
	receiving(t, adapter(t, config(s), nil), src)
	stored(t, src, channels.Fresh, "after the move")
	if n := len(src.Items()); n != 1 {
		t.Errorf("%d items were delivered, want 1", n)
	}
}

func TestTooLargeAnAnswerIsAskedForInSmallerPages(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{NoStream: true})
	cfg := config(s)
	cfg.PollInterval, cfg.WatchInterval = time.Hour, time.Hour
	src := channeltest.NewSource(t)
	receiving(t, adapter(t, cfg, nil), src)()
	big := strings.Repeat("<p>word</p>", 1_000)
	for i := range 40 {
		s.Put(mastodonfake.Post{HTML: fmt.Sprintf("<p>big no%03d.</p>%s", i, big), From: alice})
	}
	a := adapter(t, cfg, nil)
	mastodon.Largest(a, 100_000)
	receiving(t, a, src)
	src.UntilStored(40)
}

func TestLesserThingsRefused(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	s.Misbehave(
		mastodonfake.Misbehaviour{Path: "/api/v1/statuses", Code: 403, Body: `{"error":"This action is outside the authorized scopes"}`},
		mastodonfake.Misbehaviour{Path: "/api/v1/accounts/7", Code: 404},
		mastodonfake.Misbehaviour{Path: "/api/v1/apps", Times: 0, Delay: time.Millisecond},
	)
	src := channeltest.NewSource(t)
	receiving(t, adapter(t, config(s), nil), src)
	for i := range 3 {
		s.Put(mastodonfake.Post{Text: fmt.Sprintf("item no%d.", i)})
		stored(t, src, channels.Fresh, fmt.Sprintf("item no%d.", i))
		seen := s.Calls("GET /api/v1/accounts/7")
		until(t, "our own posts to be asked for", func() bool { return s.Calls("GET /api/v1/accounts/7") > seen })
	}
	if n := src.Connections(); n != 1 {
		t.Errorf("the link was made %d times, want once", n)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{PageLimit: 30, NoStream: true})
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	receiving(t, a, src)() // nothing there yet
	empty := src.Bookmarks()["mastodon/support/notifications"]
	list := func(after channels.Bookmark) (positions []string) {
		err := a.List(t.Context(), after, func(position string, received time.Time) bool {
			positions = append(positions, position)
			return !received.IsZero()
		})
		if err != nil {
			t.Fatal(err)
		}
		return positions
	}
	for i := range 70 {
		id := s.Put(mastodonfake.Post{Text: fmt.Sprintf("item no%03d.", i)})
		s.Notify("favourite", id)
	}
	if n := len(list(empty)); n != 70 {
		t.Errorf("%d items are listed, want 70", n)
	}
	receiving(t, adapter(t, config(s), nil), src)
	src.UntilStored(70)
	src.Until("the bookmark to cover all", func() bool { return len(list(src.Bookmarks()["mastodon/support/notifications"])) == 0 })
	s.Put(mastodonfake.Post{Text: "one more"})
	src.UntilStored(71)
	if got := list(channels.Bookmark{Source: "mastodon/support/sent"}); len(got) != 0 {
		t.Errorf("another source lists %q", got)
	}
}

func TestSimpleServers(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]mastodonfake.Config{
		"no links":            {NoLinks: true, PageLimit: 30},
		"no min_id":           {NoMinID: true, PageLimit: 30},
		"no min_id, no links": {NoMinID: true, NoLinks: true, PageLimit: 30},
	} {
		for _, before := range []int{0, 45} {
			t.Run(fmt.Sprintf("%s, %d before", name, before), func(t *testing.T) {
				t.Parallel()
				s := provider(t, cfg)
				for i := range before {
					s.Put(mastodonfake.Post{Text: fmt.Sprintf("old no%03d.", i)})
				}
				src := channeltest.NewSource(t)
				receiving(t, adapter(t, config(s), nil), src)()
				for i := range 100 {
					s.Put(mastodonfake.Post{Text: fmt.Sprintf("item no%03d.", i)})
				}
				receiving(t, adapter(t, config(s), nil), src)
				src.UntilStored(100)
				s.Put(mastodonfake.Post{Text: "the last one"})
				stored(t, src, channels.Fresh, "the last one")
				if n := len(src.Items()); n != 101 {
					t.Errorf("%d items were delivered, want 101", n)
				}
			})
		}
	}
}

func TestOddFieldsSpoilNothing(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	receiving(t, a, src)
	s.PutRaw(`{"id":"5000","type":"mention","created_at":7,"status":{"id":"6000","uri":"https://cust.test/1","in_reply_to_id":4711,` +
		`"visibility":"public","content":"<p>odd but whole</p>","language":{"x":1},"tags":"none","account":{"id":9,"acct":"zed@cust.test","bot":"no"}}}`)
	m := parsed(t, a, stored(t, src, channels.Fresh, "odd but whole"))
	if m.Text != "odd but whole" || m.From.Address != "zed@cust.test" || m.InReplyTo != "" {
		t.Errorf("the message is %+v", m)
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	receiving(t, a, src)
	s.Put(mastodonfake.Post{From: "carol@" + strings.SplitN(s.Address(), "@", 2)[1], Text: "hello"})
	in := stored(t, src, channels.Fresh, "hello")
	want := parsed(t, a, in)
	got, err := mastodon.Archive().Parse(in)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("without the account it is %+v, %v, want %+v", got, err, want)
	}
}
