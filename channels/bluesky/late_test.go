package bluesky_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"stagecoach/channels"
	"stagecoach/channels/bluesky"
	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/channeltest"
	"stagecoach/contact"
)

const (
	listing = "app.bsky.notification.listNotifications"
	notes   = "bluesky/support/notifications"
)

// once runs a receiver for as long as do takes, as one process does.
func once(t *testing.T, a *bluesky.Adapter, src *channeltest.Source, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	before := src.Connections()
	go func() { done <- a.Receive(ctx, src) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	src.Until("the link to stand", func() bool { return src.Connections() > before })
	do()
}

// TestLate finds what stands behind what was read already, since its author's clock
// is slow or it was written offline: while it runs, and after it didn't.
func TestLate(t *testing.T) {
	s := provider(t, blueskyfake.Config{PageLimit: 10})
	cfg := config(s)
	cfg.LateInterval = 20 * time.Millisecond
	src := channeltest.NewSource(t)
	once(t, adapter(t, cfg, nil), src, func() {
		for i := range 40 {
			s.Put(blueskyfake.Post{Text: fmt.Sprintf("no %d", i), Ago: time.Duration(70-i) * time.Minute})
		}
		src.UntilStored(40)
		s.Put(blueskyfake.Post{Text: "by a slow clock", Ago: 65*time.Minute + time.Second})
		src.UntilStored(41)
	})
	s.Put(blueskyfake.Post{Text: "while nobody looked", Ago: 66*time.Minute + time.Second})
	a := adapter(t, cfg, nil)
	once(t, a, src, func() { src.UntilStored(42) })
	if got := messages(t, a, src); got["by a slow clock"] == nil || got["while nobody looked"] == nil {
		t.Errorf("stored are %v", got)
	}
	if seen := src.Bookmarks()[notes].Seen; seen > 42 {
		t.Errorf("the bookmark counts %d of 42 items", seen)
	}
}

// TestBeforeConnecting opens nothing for what was there at the first connection,
// however late it's looked at.
func TestBeforeConnecting(t *testing.T) {
	s := provider(t, blueskyfake.Config{PageLimit: 5})
	for i := range 30 {
		s.Put(blueskyfake.Post{Text: "old", Ago: time.Duration(60-i) * time.Minute})
	}
	cfg := config(s)
	cfg.LateInterval = 20 * time.Millisecond
	src := channeltest.NewSource(t)
	for n := range 2 {
		a := adapter(t, cfg, nil)
		once(t, a, src, func() {
			s.Put(blueskyfake.Post{Text: fmt.Sprintf("new %d", n)})
			src.UntilStored(n + 1)
			calls := s.Calls(listing)
			src.Until("some looks back", func() bool { return s.Calls(listing) > calls+40 })
		})
		if got := messages(t, a, src); len(src.Items()) != n+1 || got["old"] != nil {
			t.Fatalf("stored are %v", got)
		}
	}
}

// TestManyLikes reads on where a page of mentions is empty, since so many likes
// stand in between.
func TestManyLikes(t *testing.T) {
	s := provider(t, blueskyfake.Config{PageLimit: 10, FollowsOnly: true})
	src := channeltest.NewSource(t)
	a := adapter(t, config(s), nil)
	once(t, a, src, func() {})
	s.Put(blueskyfake.Post{Text: "under all the likes"})
	s.PutLikes(350)
	once(t, a, src, func() { src.UntilStored(1) })
	s.PutLikes(350)
	once(t, a, src, func() {
		s.Put(blueskyfake.Post{Text: "on top of them"})
		src.UntilStored(2)
		s.PutLikes(350)
		calls := s.Calls(listing)
		src.Until("polls", func() bool { return s.Calls(listing) > calls+30 })
	})
}

// TestCheckPreferences warns where the account hides mentions.
func TestCheckPreferences(t *testing.T) {
	for mentions, warns := range map[string]bool{"": false, "all": false, "follows": true} {
		report, err := adapter(t, config(provider(t, blueskyfake.Config{Mentions: mentions})), nil).Check(t.Context())
		if got := strings.Contains(strings.Join(report.Lines, "\n"), "hide mentions"); err != nil || got != warns {
			t.Errorf("with mentions of %q Check says %q, %v", mentions, report.Lines, err)
		}
	}
}

// TestCheckPassword warns of an account's own password.
func TestCheckPassword(t *testing.T) {
	for _, own := range []bool{false, true} {
		report, err := adapter(t, config(provider(t, blueskyfake.Config{OwnPassword: own})), nil).Check(t.Context())
		if got := strings.Contains(strings.Join(report.Lines, "\n"), "account's own password"); err != nil || got != own {
			t.Errorf("own %v: Check says %q, %v", own, report.Lines, err)
		}
	}
}

// TestForwarded keeps what goes to somebody else out of the customer's thread and
// talk.
func TestForwarded(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	question := s.Put(blueskyfake.Post{Text: "question", Quiet: true})
	a := adapter(t, config(s), nil)
	for _, r := range []*contact.Reply{
		reply(uuid.NewString(), "she is angry", question), messageReply(uuid.NewString(), "he is angry", s.Convo(alice)),
	} {
		r.Kind, r.To = contact.Forward, []contact.Address{{Address: s.DID("colleague.test")}}
		var err error
		if r.Raw, err = a.Compose(r); err == nil {
			_, err = a.Send(t.Context(), r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Posts()); n != 0 {
		t.Errorf("%d posts were made", n)
	}
	for _, talk := range s.Talks() {
		if talk.To != "colleague.test" {
			t.Errorf("%q went to %s", talk.Text, talk.To)
		}
	}
	if n := len(s.Talks()); n != 2 {
		t.Errorf("%d messages were sent", n)
	}
}

// TestClockBehind finds what a process before sent by direct message where the
// server's clock is far behind ours.
func TestClockBehind(t *testing.T) {
	s := provider(t, blueskyfake.Config{Behind: 20 * time.Minute})
	r := messageReply(uuid.NewString(), "only once", s.Convo(alice))
	r.CreatedAt = time.Now()
	a := adapter(t, config(s), nil)
	var err error
	if r.Raw, err = a.Compose(r); err != nil {
		t.Fatal(err)
	}
	s.Misbehave(
		blueskyfake.Misbehaviour{Method: "chat.bsky.convo.sendMessage", Cut: true, After: true, Times: 1},
		blueskyfake.Misbehaviour{Method: "chat.bsky.convo.getMessages", Skip: 1, Times: 1, Code: 503, RetryAfter: "1"},
	)
	if _, err = a.Send(t.Context(), r); channels.ReasonOf(err) != channels.InDoubt {
		t.Fatalf("the first try gives %v", err)
	}
	if _, err := adapter(t, config(s), nil).Send(t.Context(), r); err != nil || s.Received("only once") != 1 {
		t.Errorf("it was sent %d times, %v", s.Received("only once"), err)
	}
}

// TestGoneAfterwards doesn't refuse an answer that is there, though the question
// has gone since.
func TestGoneAfterwards(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	question := s.Put(blueskyfake.Post{Text: "question", Quiet: true})
	r := reply(uuid.NewString(), "an answer", question)
	a := adapter(t, config(s), nil)
	var err error
	if r.Raw, err = a.Compose(r); err != nil {
		t.Fatal(err)
	}
	s.Misbehave(
		blueskyfake.Misbehaviour{Method: "com.atproto.repo.putRecord", Cut: true, After: true, Times: 1},
		blueskyfake.Misbehaviour{Method: "com.atproto.repo.getRecord", Times: 1, Code: 503, RetryAfter: "1"},
	)
	if _, err = a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Unavailable {
		t.Fatalf("the first try gives %v", err)
	}
	s.Delete(question.URI)
	if _, err := adapter(t, config(s), nil).Send(t.Context(), r); err != nil || s.Received("an answer") != 1 {
		t.Errorf("the second try gives %v", err)
	}
}

// TestChatLimited leaves the chat service alone for as long as it wishes, and reads
// posts meanwhile.
func TestChatLimited(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	const getLog = "chat.bsky.convo.getLog"
	s.Misbehave(blueskyfake.Misbehaviour{Method: getLog, Code: 429, Error: "RateLimitExceeded", RetryAfter: "600"})
	before := s.Calls(getLog)
	src.Until("the limit", func() bool { return s.Calls(getLog) > before })
	after, polls := s.Calls(getLog), s.Calls(listing)
	src.Until("polls", func() bool { return s.Calls(listing) > polls+10 })
	s.Put(blueskyfake.Post{Text: "in public"})
	src.UntilStored(1)
	if n := s.Calls(getLog) - after; n > 1 { // one may have been under way
		t.Errorf("it was asked %d more times", n)
	}
}

// TestOddRecord reads a post though what is attached has a form of its own.
func TestOddRecord(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	s.PutRaw(`{"uri":"at://did:plc:x/app.bsky.feed.post/3k","cid":"bafy","author":{"did":"did:plc:x","handle":"x.test"},"reason":"mention",` +
		`"record":{"$type":"app.bsky.feed.post","text":"my parcel is lost","createdAt":"2026-11-22T10:00:00Z","tags":7,` +
		`"embed":{"$type":"com.example.weather","images":"rain","record":[]}},"indexedAt":"` + time.Now().UTC().Format(time.RFC3339) + `"}`)
	src.UntilStored(1)
	if got := messages(t, a, src); got["my parcel is lost"] == nil {
		t.Errorf("stored are %v", got)
	}
}
