package slack_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/slack/slackfake"
)

// away is a scene of which one message of each of some texts was taken, and that has
// stopped; ts gives their ids.
func away(t *testing.T, s *slackfake.Server, texts ...string) (w *scene, dm string, ts map[string]string) {
	t.Helper()
	w = watch(t, s, nil)
	stop := w.run()
	ts = map[string]string{}
	for _, text := range texts {
		dm, ts[text] = s.Put(slackfake.Message{User: alice, Text: text})
	}
	w.src.UntilStored(len(texts))
	until(t, "the bookmark", func() bool {
		return w.src.Bookmarks()["slack/support/"+dm].Seen == uint64(len(texts))
	})
	stop()
	w.again(nil)
	return w, dm, ts
}

// What is said while the history is still being read waits for it.
func TestNothingOvertakesTheHistory(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{PageLimit: 7})
	w, _, _ := away(t, s, "first")
	want := []string{"first"}
	for i := range 20 {
		want = append(want, fmt.Sprintf("while away %02d", i))
		s.Put(slackfake.Message{User: alice, Text: want[len(want)-1]})
	}
	s.Misbehave(slackfake.Misbehaviour{Method: "conversations.history", Error: "ratelimited", Code: 429, Retry: "1", Times: 2})
	w.run()
	for i := range 20 {
		want = append(want, fmt.Sprintf("live %02d", i))
		s.Put(slackfake.Message{User: alice, Text: want[len(want)-1]})
	}
	w.src.UntilStored(len(want))
	if got := w.texts(); !slices.Equal(got, want) {
		t.Errorf("the order is %q", got)
	}
}

// A history that can't be read for long holds nobody up for ever.
func TestHeldEventsAreTakenInTheEnd(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w, _, _ := away(t, s, "first")
	w.a.Hasten(0, 50*time.Millisecond)
	s.Put(slackfake.Message{User: alice, Text: "while away", Quiet: true})
	s.Misbehave(slackfake.Misbehaviour{Method: "conversations.history", Error: "ratelimited", Code: 429, Retry: "600"})
	w.run()
	s.Put(slackfake.Message{User: alice, Text: "live"})
	_, ts := s.Put(slackfake.Message{User: alice, Text: "live too"})
	w.src.UntilStored(3)
	if got := w.texts(); !slices.Equal(got, []string{"first", "live", "live too"}) {
		t.Errorf("stored are %q", got)
	}
	until(t, "the acknowledgement", func() bool { return s.Acked(ts) })
}

func TestDeletionsWhileAway(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{PageLimit: 3})
	w, dm, ts := away(t, s, "the first", "a", "root", "b", "c")
	w.a.Hasten(0, time.Minute)
	stop := w.run()
	_, ts["reply 1"] = s.Put(slackfake.Message{User: alice, Text: "reply 1", Thread: ts["root"]})
	_, ts["reply 2"] = s.Put(slackfake.Message{User: alice, Text: "reply 2", Thread: ts["root"]})
	_, ts["other"] = s.Put(slackfake.Message{User: alice, Text: "other", Thread: ts["b"]})
	w.src.UntilStored(8)
	until(t, "the bookmark", func() bool { return w.src.Bookmarks()["slack/support/"+dm].Seen == 8 })
	stop()
	for _, gone := range []string{"the first", "c", "reply 2", "root"} { // of root a tombstone is left
		s.DeleteQuietly(dm, ts[gone])
	}
	for range 2 { // the second time nothing is new
		w.again(nil)
		w.a.Hasten(0, time.Minute)
		stop = w.run()
		_, end := s.Put(slackfake.Message{User: alice, Text: "the end"})
		w.src.Until("the history and the end", func() bool { return slices.Contains(w.texts(), "the end") && len(w.src.Items()) >= 13 })
		until(t, "a bookmark that knows of it", func() bool { // whoever stops before is told again
			return strings.Contains(w.src.Bookmarks()["slack/support/"+dm].Position, `"ts":"`+end+`"`)
		})
		stop()
	}
	withdrawn := map[string]bool{}
	for _, in := range w.src.Items() {
		if m := w.parse(in); m.Withdrawn {
			_, id, _ := strings.Cut(m.Replaces, "/"+dm+"/")
			withdrawn[id] = true
			if in.Kind != channels.Changed || m.Text != "" || m.Thread == "" {
				t.Errorf("the deletion is %+v of %s", m, in.Kind)
			}
		}
	}
	for text, id := range ts {
		if want := slices.Contains([]string{"the first", "c", "reply 2", "root"}, text); withdrawn[id] != want {
			t.Errorf("%q is withdrawn: %v, want %v", text, withdrawn[id], want)
		}
	}
	for id := range withdrawn {
		if asked := w.src.Asked(slackfake.TeamID + "/" + dm + "/" + id + "#deleted"); asked != 1 {
			t.Errorf("a deletion is delivered %d times", asked)
		}
	}
}

// What seems to be gone is asked for by itself: a page may lack it.
func TestAMessageThatAPageLacksIsNotGone(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w, _, _ := away(t, s, "a", "b")
	w.a.Hasten(0, time.Minute)
	const empty = `{"ok":true,"messages":[],"has_more":false}`
	s.Misbehave(slackfake.Misbehaviour{Method: "conversations.history", Code: 200, Body: empty, Times: 2})
	w.run()
	s.Put(slackfake.Message{User: alice, Text: "the end"})
	w.src.UntilStored(3)
	if got := w.texts(); !slices.Equal(got, []string{"a", "b", "the end"}) {
		t.Errorf("stored are %q", got)
	}
}

func TestEditInAThreadWhileAway(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w, dm, ts := away(t, s, "root")
	stop := w.run()
	_, reply := s.Put(slackfake.Message{User: alice, Text: "reply", Thread: ts["root"]})
	w.src.UntilStored(2)
	until(t, "the bookmark", func() bool { return w.src.Bookmarks()["slack/support/"+dm].Seen == 2 })
	stop()
	s.EditQuietly(dm, reply, "reply, edited")
	s.Put(slackfake.Message{User: alice, Text: "another", Thread: ts["root"], Quiet: true})
	w.again(nil)
	w.run()
	w.wants("root", "reply", "reply, edited", "another")
}

// What Slack handed over late, behind what was stored, is found again.
func TestLateBehindTheBookmark(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w := watch(t, s, nil)
	stop := w.run()
	dm, _ := s.Put(slackfake.Message{User: alice, Text: "first"})
	seen := func(n uint64) {
		t.Helper()
		until(t, "the bookmark", func() bool { return w.src.Bookmarks()["slack/support/"+dm].Seen == n })
	}
	seen(1)
	s.Put(slackfake.Message{User: alice, Text: "on its way", Quiet: true})
	s.Put(slackfake.Message{User: alice, Text: "faster"})
	seen(2)
	stop()
	w.again(nil)
	w.run()
	w.wants("first", "faster", "on its way")
}

// What was stored when the link broke, before the bookmark could pass it, is passed
// by the next look at the history.
func TestBookmarkOfWhatWasStoredBeforeACut(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	s.Deliver(slackfake.Delivery{Silent: true})
	w := watch(t, s, nil)
	for i := range 20 {
		stop := w.run()
		dm, _ := s.Put(slackfake.Message{User: alice, Text: fmt.Sprint(i)})
		s.Cut()
		w.src.UntilStored(i + 1)
		s.Cut()
		until(t, "the bookmark", func() bool { return w.src.Bookmarks()["slack/support/"+dm].Seen == uint64(i+1) })
		stop()
	}
}

// A page that is too large is read as several.
func TestHistoryInSmallerPages(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w, _, _ := away(t, s, "first")
	s.Put(slackfake.Message{User: alice, Text: "while away", Quiet: true})
	s.Misbehave(slackfake.Misbehaviour{Method: "conversations.history", Huge: true, Times: 1})
	w.run()
	w.wants("first", "while away")
}

// An event of a mention doesn't say whether the channel is private.
func TestAMentionInAPrivateChannel(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{Scopes: slices.DeleteFunc(slackfake.AllScopes(), func(s string) bool { return s == "groups:history" })})
	w := watch(t, s, nil)
	w.run()
	id := s.AddChannel("board", true, true)
	s.Put(slackfake.Message{User: alice, Channel: id, Text: "<@" + slackfake.Self + "> between us"})
	w.src.UntilStored(1)
	if m := w.parse(w.src.Items()[0]); m.Public {
		t.Error("what is said in a private channel counts as public")
	}
}

// Threads about which Slack gives no answer hold up nobody else.
func TestThreadsOfOthersHoldUpNobody(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	chat := s.AddChannel("chat", false, true)
	_, root := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "we two alone"})
	w := watch(t, s, nil)
	w.run()
	s.Misbehave(slackfake.Misbehaviour{Method: "conversations.replies", Error: "ratelimited", Code: 429, Retry: "600"})
	for range 80 {
		s.Put(slackfake.Message{User: alice, Channel: chat, Text: "still alone", Thread: root})
	}
	w.wants()
	if n := s.Calls("conversations.replies"); n > 20 {
		t.Errorf("one thread is asked for %d times", n)
	}
}

func TestAFileIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w := watch(t, s, nil)
	w.run()
	s.Misbehave(slackfake.Misbehaviour{Method: "/files-pri/", Code: 503, Times: 1}, slackfake.Misbehaviour{Method: "/files-pri/", Code: 429, Retry: "1", Times: 1})
	s.Put(slackfake.Message{User: alice, Text: "look", Files: []slackfake.File{{Name: "a.png", Type: "image/png", Data: []byte("\x89PNG")}}})
	w.src.UntilStored(1)
	if m := w.parse(w.src.Items()[0]); len(m.Attachments) != 1 || len(m.Warnings) != 0 {
		t.Errorf("the attachments are %+v, with %q", m.Attachments, m.Warnings)
	}
}

// A mention in a thread of others that began long ago, and what follows it, are
// found though nothing of that thread was for us before.
func TestAMentionInAnOldThreadWhileAway(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	chat := s.AddChannel("chat", false, true)
	_, root := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "we two alone"})
	w := watch(t, s, nil)
	w.run()
	_, alone := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "still alone", Thread: root})
	until(t, "the thread to be known as none of ours", func() bool { return s.Acked(alone) })
	s.Down()
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "<@" + slackfake.Self + "> can you help?", Thread: root, Quiet: true})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "it's broken", Thread: root, Quiet: true})
	s.Up()
	w.wants("@stagecoach can you help?", "it's broken")
}

// told is a Source that hands on what people are told.
type told struct {
	*channeltest.Source
	words chan string
}

func (told) Troubled(string, error)    {}
func (l told) Told(_ string, w string) { l.words <- w }

// Who receives with the same token beside us takes messages away: people learn it.
func TestAnotherReceiverIsNoticed(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w := watch(t, s, nil)
	w.run()
	until(t, "a socket", func() bool { return s.Sockets() == 1 })
	s.Disconnect("warning", false) // two of ours for a moment
	until(t, "another socket", func() bool { return s.Opened() == 2 })
	second := told{channeltest.NewSource(t), make(chan string, 10)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	a := adapter(t, config(s), nil)
	go func() { done <- a.Receive(ctx, second) }()
	if said := <-second.words; !strings.Contains(said, "another program with the same app-level token") {
		t.Errorf("people are told %q", said)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Slack's text names channels by their ids.
func TestNamesOfChannels(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	sales := s.AddChannel("sales", false, true)
	w := watch(t, s, nil)
	w.run()
	s.Put(slackfake.Message{User: alice, Text: "see <#" + sales + "|>, <#" + sales + ">, <#C0NOWHERE> and <#C0OTHER01|other>"})
	w.wants("see #sales, #sales, #C0NOWHERE and #other")
	if n := s.Calls("conversations.info"); n != 2 {
		t.Errorf("channels were asked for %d times, want 2", n)
	}
}

// The attachments of a message are bounded together.
func TestTooMuchTogether(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	w := watch(t, s, nil)
	w.a.Bound(5 << 20)
	w.run()
	big := slackfake.File{Name: "big.bin", Type: "application/octet-stream", Data: make([]byte, 2<<20)}
	small := slackfake.File{Name: "small.txt", Type: "text/plain", Data: []byte("x")}
	s.Put(slackfake.Message{User: alice, Text: "look", Files: []slackfake.File{big, big, big, small}})
	w.src.UntilStored(1)
	m := w.parse(w.src.Items()[0])
	if len(m.Attachments) != 3 || m.Attachments[2].Name != "small.txt" || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "5 MB together") {
		t.Errorf("%d attachments, with %q", len(m.Attachments), m.Warnings)
	}
}

// Files are held in memory for few messages at a time; what has none isn't held up.
func TestFewFilesAtATime(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{AckTime: time.Minute})
	w := watch(t, s, nil)
	w.run()
	release := w.src.Hold()
	const many = 70
	for i := range many {
		user := s.AddUser(slackfake.User{Name: fmt.Sprintf("User %d", i)})
		s.Put(slackfake.Message{User: user, Text: "look", Files: []slackfake.File{{Name: "a.png", Type: "image/png", Data: []byte("\x89PNG")}}})
	}
	_, ts := s.Put(slackfake.Message{User: alice, Text: "no files"})
	w.src.Until("the message without files", func() bool { return w.src.Asked(slackfake.TeamID+"/"+s.DM(alice)+"/"+ts) == 1 })
	until(t, "files", func() bool { return s.Served() >= 3 })
	if n := s.Served(); n > 3 {
		t.Errorf("the files of %d messages are held at a time", n)
	}
	release()
	w.src.UntilStored(many + 1)
	for _, in := range w.src.Items() {
		if m := w.parse(in); m.Text == "look" && len(m.Attachments) != 1 {
			t.Errorf("the attachments are %+v, with %q", m.Attachments, m.Warnings)
		}
	}
}

// A history at which Slack fails is read later, and costs neither the link nor what
// is said elsewhere.
func TestSlackFailsAtAHistory(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]slackfake.Misbehaviour{
		"history":    {Method: "conversations.history", Error: "internal_error", Times: 4},
		"unreadable": {Method: "conversations.history", Garbage: true, Times: 4},
		"list":       {Method: "users.conversations", Error: "fatal_error", Times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := provider(t, slackfake.Config{})
			w, _, _ := away(t, s, "first")
			s.Put(slackfake.Message{User: alice, Text: "while away", Quiet: true})
			opened := s.Opened()
			s.Misbehave(how)
			w.a.Retry(50 * time.Millisecond)
			w.run()
			w.wants("first", "while away")
			if n := s.Opened() - opened; n != 1 {
				t.Errorf("%d sockets were opened", n)
			}
		})
	}
}

// And so is a thread of which Slack doesn't say now whether it is ours.
func TestSlackFailsAtAThread(t *testing.T) {
	t.Parallel()
	s := provider(t, slackfake.Config{})
	chat := s.AddChannel("chat", false, true)
	_, root := s.Put(slackfake.Message{User: alice, Channel: chat, Text: "<@" + slackfake.Self + ">"})
	w := watch(t, s, nil)
	w.a.Retry(20 * time.Millisecond)
	w.run()
	s.Misbehave(slackfake.Misbehaviour{Method: "conversations.replies", Error: "internal_error", Times: 3})
	s.Put(slackfake.Message{User: alice, Channel: chat, Text: "are you there?", Thread: root})
	w.wants("are you there?")
	if n := s.Opened(); n != 1 {
		t.Errorf("%d sockets were opened", n)
	}
}
