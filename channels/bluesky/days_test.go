package bluesky_test

import (
	"errors"
	"log/slog"
	"slices"
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

// messages gives what is stored, parsed, by its text.
func messages(t *testing.T, a *bluesky.Adapter, src *channeltest.Source) map[string]*contact.Message {
	t.Helper()
	out := map[string]*contact.Message{}
	for _, in := range src.Items() {
		m, err := a.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		out[m.ReplyText] = m
	}
	return out
}

// answer composes and sends a reply to a message.
func answer(t *testing.T, a *bluesky.Adapter, m *contact.Message, text string, files ...contact.Attachment) (*contact.Reply, error) {
	t.Helper()
	r := &contact.Reply{
		ID: uuid.Must(uuid.NewV7()).String(), Kind: contact.Answer, Channel: contact.Bluesky, Account: "support",
		To: []contact.Address{m.From}, Text: text, Origin: m.Origin, CreatedAt: time.Now().UTC(), Attachments: files,
	}
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw = raw
	_, err = a.Send(t.Context(), r)
	return r, err
}

// TestDay lives through a talk: a mention with a picture, a long answer with one,
// the customer's reply to it, a quote, what is nobody's question and what is ours.
func TestDay(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	first := s.Put(blueskyfake.Post{Text: "@support.test my cup is broken", Pictures: [][]byte{pngOf(t)}, Alt: "a cup", Langs: []string{"en"}})
	s.Put(blueskyfake.Post{Text: "liked it", Reason: "like"})
	s.Put(blueskyfake.Post{Author: s.Handle(), Text: "our own", Reason: "mention"})
	src.UntilStored(1)
	m := messages(t, a, src)["my cup is broken"]
	if m == nil || len(m.Attachments) != 1 || !slices.Equal(m.Attachments[0].Data, pngOf(t)) || !strings.Contains(m.Text, "[picture: a cup]") {
		t.Fatalf("the mention is read as %+v", m)
	}
	long := strings.Repeat("We are sorry about it. ", 30)
	if _, err := answer(t, a, m, long, contact.Attachment{Name: "new_cup.png", ContentType: "image/png", Data: pngOf(t)}); err != nil {
		t.Fatal(err)
	}
	posts := s.Posts()[1:] // without our own
	if len(posts) != 3 || posts[0].Parent != first.URI || posts[1].Parent != posts[0].Ref.URI || posts[2].Parent != posts[1].Ref.URI || posts[2].Root != first.URI {
		t.Fatalf("the answer's thread is %+v", posts)
	}
	if !strings.Contains(string(posts[0].Record), `"alt":"new cup"`) || !strings.Contains(string(posts[0].Record), `"width":30`) {
		t.Errorf("the first post is %s", posts[0].Record)
	}
	again := s.Put(blueskyfake.Post{Text: "thank you", Reply: &posts[2].Ref})
	s.Put(blueskyfake.Post{Author: "bob.test", Text: "what a service", Reason: "quote", Quote: &posts[0].Ref})
	src.UntilStored(3)
	got := messages(t, a, src)
	if m := got["thank you"]; m == nil || m.MessageID != again.URI || m.Thread != first.URI || m.InReplyTo != posts[2].Ref.URI {
		t.Errorf("the reply is read as %+v", m)
	}
	if m := got["what a service"]; m == nil || !strings.Contains(m.Text, "[Quotes @support.test]\n> We are sorry") {
		t.Errorf("the quote is read as %+v", m)
	}
	if n := len(src.Items()); n != 3 {
		t.Errorf("%d items are stored, want 3", n)
	}
}

// TestSpoiltLists gives notifications out of order and double, page after page.
func TestSpoiltLists(t *testing.T) {
	s := provider(t, blueskyfake.Config{PageLimit: 9})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	s.Misbehave(blueskyfake.Misbehaviour{Method: "app.bsky.notification.listNotifications", Shuffle: true, Double: true})
	const n = 40
	for i := range n {
		s.Put(blueskyfake.Post{Text: "no " + string(rune('a'+i%26)) + string(rune('a'+i/26)), Author: "carol.test", Ago: time.Duration(i%5) * time.Second})
	}
	src.UntilStored(n)
	if got := len(messages(t, a, src)); got != n {
		t.Errorf("%d messages are stored, want %d", got, n)
	}
}

// TestOrder keeps one sender's posts in order, though they come in a burst, beside
// those of others, and by a clock that is ahead of ours.
func TestOrder(t *testing.T) {
	s := provider(t, blueskyfake.Config{PageLimit: 50})
	cfg := config(s)
	cfg.LateInterval = time.Millisecond // nor does the look back lose any
	a := adapter(t, cfg, nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	const n = 600
	for i := range n {
		s.Put(blueskyfake.Post{Author: "c" + string(rune('a'+i%7)) + ".test", Text: "in a burst", Ago: -time.Minute})
	}
	src.UntilStored(n)
	last := map[string]string{}
	for _, in := range src.Items() {
		if in.Position <= last[in.Sender] {
			t.Fatalf("%s came after %s", in.Position, last[in.Sender])
		}
		last[in.Sender] = in.Position
	}
}

// TestTokens lets tokens end while it's receiving and sending: the password is
// given once more only where the session is gone as well.
func TestTokens(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	for i, sessions := range []bool{false, false, true} {
		s.ExpireTokens(sessions)
		s.Put(blueskyfake.Post{Text: "after " + string(rune('0'+i))})
		src.UntilStored(i + 1)
	}
	if n := s.Calls("com.atproto.server.createSession"); n != 2 {
		t.Errorf("the password was given %d times, want twice", n)
	}
	s.ExpireTokens(false)
	if _, err := answer(t, a, messages(t, a, src)["after 0"], "here you are"); err != nil {
		t.Error(err)
	}
}

// TestPasswordRefused sees that a refused password isn't given again at once.
func TestPasswordRefused(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	cfg := config(s)
	cfg.Password = "wrong"
	a := adapter(t, cfg, nil)
	for range 5 {
		_, err := a.Check(t.Context())
		var typed *channels.Error
		if !errors.As(err, &typed) || typed.Reason != channels.Auth || typed.RetryAfter < 20*time.Second || !strings.Contains(err.Error(), "app-passwords") {
			t.Errorf("Check gives %v", err)
		}
	}
	if n := s.Calls("com.atproto.server.createSession"); n != 1 {
		t.Errorf("the password was given %d times, want once", n)
	}
}

// TestSentOnce loses answers in the middle of a thread: in the end each part is
// there once, whichever process goes on.
func TestSentOnce(t *testing.T) {
	const put = "com.atproto.repo.putRecord"
	for name, how := range map[string]blueskyfake.Misbehaviour{
		"link lost before":  {Method: put, Skip: 1, Times: 1, Cut: true},
		"link lost after":   {Method: put, Skip: 1, Times: 1, Cut: true, After: true},
		"500 after":         {Method: put, Skip: 1, Times: 1, Code: 500, After: true},
		"limited":           {Method: put, Skip: 2, Times: 1, Code: 429, Error: "RateLimitExceeded"},
		"garbage afterward": {Method: put, Skip: 1, Times: 1, Code: 200, Body: "{", After: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := provider(t, blueskyfake.Config{})
			at := s.Put(blueskyfake.Post{Text: "question", Quiet: true})
			r := reply(uuid.Must(uuid.NewV7()).String(), strings.Repeat("a longer answer ", 50), at)
			a := adapter(t, config(s), nil)
			raw, err := a.Compose(r)
			if err != nil {
				t.Fatal(err)
			}
			r.Raw = raw
			s.Misbehave(how)
			for range 3 { // as the outbox does, by another process each time
				if _, err = adapter(t, config(s), nil).Send(t.Context(), r); err == nil {
					break
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if posts := s.Posts(); len(posts) != 3 || posts[2].Parent != posts[1].Ref.URI || posts[1].Parent != posts[0].Ref.URI {
				t.Errorf("the thread is %+v", posts)
			}
			if sent, known, err := a.Delivered(t.Context(), r); !sent || !known || err != nil {
				t.Errorf("Delivered says %v, %v, %v", sent, known, err)
			}
		})
	}
}

// TestUnanswerable sees that nothing is posted where nobody would see it.
func TestUnanswerable(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	closed := s.Put(blueskyfake.Post{Text: "closed", Quiet: true, Closed: true})
	gone := s.Put(blueskyfake.Post{Text: "gone", Quiet: true})
	s.Delete(gone.URI)
	blocked := s.Put(blueskyfake.Post{Text: "blocked", Quiet: true, Author: "dora.test"})
	s.Know(blueskyfake.Person{Handle: "dora.test", BlocksUs: true})
	a := adapter(t, config(s), nil)
	for name, at := range map[string]blueskyfake.Ref{"closed": closed, "gone": gone, "blocked": blocked} {
		r := reply(uuid.NewString(), "hello", at)
		var err error
		if r.Raw, err = a.Compose(r); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Rejected || !strings.Contains(err.Error(), "nobody would see") {
			t.Errorf("answering what is %s gives %v", name, err)
		}
	}
	if n := len(s.Posts()); n != 0 {
		t.Errorf("%d posts were made", n)
	}
}

// TestOutreach finds what speaks of us, and leaves alone whom it should.
func TestOutreach(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	cfg := config(s)
	cfg.Listen = bluesky.Listen{Hashtags: []string{"#TeaHouse"}, Keywords: []string{"tea house"}}
	a := adapter(t, cfg, nil)
	s.Put(blueskyfake.Post{Text: "older #teahouse", Quiet: true})
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	src.Until("the places to be read once", func() bool {
		marks := src.Bookmarks()
		return marks["bluesky/support/tag/teahouse"].Position != "" && marks["bluesky/support/search/tea%20house"].Position != ""
	})
	s.Know(blueskyfake.Person{Handle: "robot.test", Labels: []string{"bot"}})
	s.Know(blueskyfake.Person{Handle: "quiet.test", Bio: "Tea lover. #NoMarketing please"})
	s.Know(blueskyfake.Person{Handle: "foe.test", BlocksUs: true})
	other := s.Put(blueskyfake.Post{Author: "eve.test", Text: "tea?", Quiet: true})
	for _, p := range []blueskyfake.Post{
		{Author: "robot.test", Text: "#teahouse"},
		{Author: "quiet.test", Text: "#teahouse"},
		{Author: "foe.test", Text: "#teahouse"},
		{Author: s.Handle(), Text: "#teahouse"},
		{Author: "bob.test", Text: "#teahouse then", Reply: &other},
		{Author: "bob.test", Text: "closed #teahouse", Closed: true},
		{Author: "bob.test", Text: "tea #teahouses"},
		{Author: "bob.test", Text: "the Tea House, is it open?"},
		{Author: "carol.test", Text: "lovely #TeaHouse"},
	} {
		p.Quiet = true
		s.Put(p)
	}
	src.UntilStored(2)
	got := messages(t, a, src)
	if m := got["lovely #TeaHouse"]; m == nil || m.Outreach != "#TeaHouse" || m.Unanswerable == "" {
		t.Errorf("the hashtag is read as %+v", m)
	}
	if m := got["the Tea House, is it open?"]; m == nil || m.Outreach != "tea house" {
		t.Errorf("the keyword is read as %+v", m)
	}
	s.Put(blueskyfake.Post{Author: "carol.test", Text: "last #teahouse", Quiet: true})
	src.UntilStored(3)
	if n := len(src.Items()); n != 3 {
		t.Errorf("%d items are stored, want 3: %v", n, got)
	}
}

// TestMessages lives through direct messages: answered in the talk, withdrawn, and
// written first by us.
func TestMessages(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	id := s.PutMessage(alice, "is it safe?")
	src.UntilStored(1)
	m := messages(t, a, src)["is it safe?"]
	if m == nil || m.Public || m.From.Name != "Alice (@alice.test)" {
		t.Fatalf("the message is read as %+v", m)
	}
	r, err := answer(t, a, m, "yes")
	if err != nil || s.Received("yes") != 1 {
		t.Fatalf("answering gives %v", err)
	}
	if sent, known, err := adapter(t, config(s), nil).Delivered(t.Context(), r); !sent || !known || err != nil {
		t.Errorf("Delivered says %v, %v, %v", sent, known, err)
	}
	s.DeleteMessage(id)
	src.UntilStored(2)
	if in := src.Items()[1]; in.Kind != channels.Changed {
		t.Errorf("its end came as %s", in.Kind)
	}
	if _, err := answer(t, a, &contact.Message{From: contact.Address{Address: "@alice.test"}}, "we write first"); err != nil || s.Received("we write first") != 1 {
		t.Errorf("writing first gives %v", err)
	}
}

// TestMessagesRefused reads posts all the same where the app password doesn't
// allow direct messages, and says so.
func TestMessagesRefused(t *testing.T) {
	s := provider(t, blueskyfake.Config{NoMessages: true})
	a := adapter(t, config(s), slog.New(slog.DiscardHandler))
	report, err := a.Check(t.Context())
	if err != nil || !strings.Contains(strings.Join(report.Lines, "\n"), "doesn't allow direct messages") {
		t.Errorf("Check says %q, %v", report.Lines, err)
	}
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	s.Put(blueskyfake.Post{Text: "in public"})
	src.UntilStored(1)
}

// TestChatOutage reads posts while the chat service is away, and catches up then.
func TestChatOutage(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	s.Misbehave(blueskyfake.Misbehaviour{Method: "chat.bsky.convo.getLog", Code: 502, Error: "UpstreamFailure"})
	s.PutMessage(alice, "meanwhile")
	s.Put(blueskyfake.Post{Text: "in public"})
	src.UntilStored(1)
	s.Misbehave()
	src.UntilStored(2)
	if got := messages(t, a, src); got["meanwhile"] == nil || got["in public"] == nil {
		t.Errorf("stored are %v", got)
	}
}

// TestServerForgets logs in again where the server doesn't know our tokens any more.
func TestServerForgets(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	s.ForgetTokens()
	s.Put(blueskyfake.Post{Text: "after it"})
	src.UntilStored(1)
}

// TestStrayFiles fetches nothing from an address that isn't public.
func TestStrayFiles(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	secret := provider(t, blueskyfake.Config{})
	a := adapter(t, config(s), nil)
	src := channeltest.NewSource(t)
	receiving(t, a, src)
	s.PicturesAt(secret.URL())
	s.Put(blueskyfake.Post{Text: "look", Pictures: [][]byte{pngOf(t)}})
	src.UntilStored(1)
	m := messages(t, a, src)["look"]
	if m == nil || len(m.Attachments) != 0 || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "not a public one") {
		t.Errorf("read as %+v", m)
	}
}

// TestCheck says what lacks.
func TestCheck(t *testing.T) {
	s := provider(t, blueskyfake.Config{AllowIncoming: "following", NoSearch: true})
	cfg := config(s)
	cfg.Listen.Hashtags = []string{"tea"}
	report, err := adapter(t, cfg, nil).Check(t.Context())
	all := strings.Join(report.Lines, "\n")
	if err != nil || !strings.Contains(all, "allow messages from everyone") || !strings.Contains(all, `"#tea" can't be looked for`) {
		t.Errorf("Check says %s, %v", all, err)
	}
	cfg.Server, cfg.Resolver, cfg.Directory = "", s.URL(), s.URL()
	if _, err := adapter(t, cfg, nil).Check(t.Context()); err != nil {
		t.Errorf("with the server found by the handle Check gives %v", err)
	}
	cfg.Handle = "nobody.test"
	if _, err := adapter(t, cfg, nil).Check(t.Context()); channels.ReasonOf(err) != channels.Auth {
		t.Errorf("with a handle that nobody has Check gives %v", err)
	}
}

// TestConfig says all that is wrong at once.
func TestConfig(t *testing.T) {
	_, err := bluesky.New(bluesky.Config{
		Account: "a b", Handle: "support", Server: "bsky.social", CAFile: "/no/such/file", ChatService: "api",
		Listen: bluesky.Listen{Hashtags: []string{"two words"}, Keywords: []string{"x"}},
	}, slog.New(slog.DiscardHandler))
	for _, want := range []string{"account", "handle", "password", "server", "ca_file", "chat_service", "listen.hashtags", "listen.keywords"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New gives %v, want a word on %s", err, want)
		}
	}
}
