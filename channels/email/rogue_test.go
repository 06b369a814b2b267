package email_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
)

// texts lists what was stored, in order.
func texts(src *channeltest.Source) []string {
	var out []string
	for _, in := range src.Items() {
		out = append(out, email.Explain(in.Raw).Text)
	}
	slices.Sort(out)
	return out
}

func wantTexts(t *testing.T, src *channeltest.Source, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := texts(src); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// A mail that the server can't hand over, whatever it does instead, holds up none
// behind it; it is had whole where there is a way, else told of.
func TestOneMailIsSpoilt(t *testing.T) {
	for _, c := range []struct {
		lie   emailfake.FetchLie
		whole bool
	}{
		{emailfake.CutInside, false},
		{emailfake.FourGiB, false},
		{emailfake.TooShort, false},
		{emailfake.BadDate, true},
		{emailfake.NilBody, false},
		{emailfake.NotHere, false},
		{emailfake.RefuseIt, false},
		{emailfake.HangInside, false},
	} {
		t.Run(string(c.lie), func(t *testing.T) {
			t.Parallel()
			r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE"}})
			cfg := rogueBox(r)
			cfg.Patience = 400 * time.Millisecond
			if c.lie == emailfake.HangInside {
				cfg.Timeout = time.Second // what it hangs for; a slow machine must not look like it
			}
			src := source(t)
			receiving(t, adapter(t, cfg, nil), src)
			connected(src)
			r.Lie(emailfake.Lies{Fetch: map[uint32]emailfake.FetchLie{2: c.lie}})
			for i := range 5 {
				r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
			}
			src.Until("the bookmark to pass all", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:5:") })
			got := texts(src)
			if len(got) < 5 || !slices.Contains(got, "mail 0") || !slices.Contains(got, "mail 2") || !slices.Contains(got, "mail 4") {
				t.Fatalf("stored %q", got)
			}
			if slices.Contains(got, "mail 1") != c.whole {
				t.Errorf("the spoilt one is whole: %v, want %v (%q)", !c.whole, c.whole, got)
			}
			told := 0
			for _, text := range got {
				if strings.Contains(text, "did not hand over") {
					told++
				}
			}
			if !c.whole && c.lie != emailfake.TooShort && told != 1 {
				t.Errorf("%d tell of the spoilt one: %q", told, got)
			}
		})
	}
}

// While one mail can't be had and the patience lasts, all others come in.
func TestSpoiltMailBlocksNobody(t *testing.T) {
	t.Parallel()
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE"}})
	cfg := rogueBox(r)
	cfg.Patience = time.Hour
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	r.Lie(emailfake.Lies{Fetch: map[uint32]emailfake.FetchLie{1: emailfake.CutInside}})
	r.Put("INBOX", mail("spoilt"), time.Time{})
	r.Put("INBOX", mail("behind it"), time.Time{})
	src.UntilStored(1)
	r.Put("INBOX", mail("later"), time.Time{})
	src.UntilStored(2)
	wantTexts(t, src, "behind it", "later")
	if at := src.Bookmarks()[inbox].Position; !strings.HasPrefix(at, "1:0:") {
		t.Errorf("the bookmark is at %s, behind a mail that isn't stored", at)
	}
	// The server has come to its senses.
	r.Lie(emailfake.Lies{})
	src.Until("the bookmark to pass all", func() bool {
		mark := src.Bookmarks()[inbox]
		return strings.HasPrefix(mark.Position, "1:3:") && mark.Seen == 3
	})
	wantTexts(t, src, "spoilt", "behind it", "later")
}

// Somebody takes a mail away that the server couldn't hand over.
func TestSpoiltMailIsTakenAway(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE"}})
	cfg := rogueBox(r)
	cfg.Patience = time.Hour
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	r.Lie(emailfake.Lies{Fetch: map[uint32]emailfake.FetchLie{1: emailfake.CutInside}})
	r.Put("INBOX", mail("spoilt"), time.Time{})
	r.Put("INBOX", mail("behind it"), time.Time{})
	src.UntilStored(1)
	r.Expunge("INBOX", 1)
	src.Until("the bookmark to pass it", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:2:") })
}

func TestServerLiesAboutEverything(t *testing.T) {
	for name, l := range map[string]emailfake.Lies{
		"answers nobody asked for": {Unasked: true},
		"falling UIDs, all twice":  {Shuffled: true},
		"fewer mails than before":  {Fewer: true},
		"next UID behind":          {NextBack: 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1"}})
			src := source(t)
			receiving(t, adapter(t, rogueBox(r), nil), src)
			connected(src)
			r.Lie(l)
			var want []string
			for i := range 8 {
				text := fmt.Sprintf("mail %d", i)
				want = append(want, text)
				r.Put("INBOX", mail(text), time.Time{})
			}
			src.UntilStored(8)
			r.Cut()
			r.Put("INBOX", mail("one more"), time.Time{})
			src.UntilStored(9)
			wantTexts(t, src, append(want, "one more")...)
		})
	}
}

// Whatever a command is refused with, nothing is lost, and the kind is known.
func TestServerRefuses(t *testing.T) {
	for _, c := range []struct {
		command, answer string
		want            channels.Reason
	}{
		{"LOGIN", "NO [UNAVAILABLE] Temporary authentication failure", channels.Unavailable},
		{"LOGIN", "NO [AUTHENTICATIONFAILED] Invalid credentials", channels.Auth},
		{"LOGIN", "NO [ALERT] Too many simultaneous connections. (Failure)", channels.RateLimited},
		{"LOGIN", "NO [LIMIT] Rate limit hit", channels.RateLimited},
		{"LOGIN", "NO Server error - Please try again later", channels.Unavailable},
		{"LOGIN", "BYE [UNAVAILABLE] going down", channels.Unavailable},
		{"EXAMINE", "NO [SERVERBUG] Internal error occurred", channels.Unavailable},
		{"EXAMINE", "NO [THROTTLED] Request is throttled. Suggested Backoff Time: 3000 milliseconds", channels.RateLimited},
		{"EXAMINE", "BYE Session timed out", channels.Unavailable},
		{"UID SEARCH", "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", channels.RateLimited},
		{"UID SEARCH", "BAD User is authenticated but not connected.", channels.Unavailable},
		{"UID FETCH", "NO [LIMIT] too much", channels.RateLimited},
		{"UID FETCH", "BYE [LIMIT] bye", channels.RateLimited},
		{"NOOP", "BYE autologout", channels.Unavailable},
		{"NOOP", "NO", channels.Unknown},
	} {
		t.Run(c.command+" "+c.answer, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{})
			src := source(t)
			a := adapter(t, rogueBox(r), nil)
			once := func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				return a.Receive(ctx, src)
			}
			var off atomic.Bool
			r.Lie(emailfake.Lies{Answer: func(command string) string {
				if command == c.command && !off.Load() {
					return c.answer
				}
				return ""
			}})
			if c.command == "UID FETCH" {
				src.Fail(nil)
				go func() {
					src.Until("the link to stand", func() bool { return src.Connections() > 0 })
					r.Put("INBOX", mail("first"), time.Time{})
				}()
			}
			err := once()
			var typed *channels.Error
			if !errors.As(err, &typed) || typed.Reason != c.want {
				t.Fatalf("Receive gives %v, want %s", err, c.want)
			}
			if (c.want == channels.RateLimited || c.want == channels.Auth) && typed.RetryAfter == 0 && !strings.Contains(c.answer, "BYE") {
				t.Error("it is tried again at once")
			}
			off.Store(true)
			receiving(t, a, src)
			src.Until("the link to stand", func() bool { return src.Connections() > 0 })
			r.Put("INBOX", mail("after all"), time.Time{})
			src.Until("the mail", func() bool { return slices.Contains(texts(src), "after all") })
		})
	}
}

func TestGreeting(t *testing.T) {
	t.Parallel()
	r := rogue(t, emailfake.RogueConfig{})
	hold := make(chan struct{})
	r.Lie(emailfake.Lies{HoldGreeting: hold})
	cfg := rogueBox(r)
	cfg.Timeout = 300 * time.Millisecond
	_, err := adapter(t, cfg, nil).Check(t.Context())
	if channels.ReasonOf(err) != channels.Unavailable || !strings.Contains(err.Error(), "takes the connection and then says nothing") {
		t.Errorf("a server that says nothing gives %v", err)
	}
	close(hold)
	for greeting, want := range map[string]channels.Reason{
		"* BYE [UNAVAILABLE] try later": channels.Unavailable,
		"* BYE Too many connections":    channels.RateLimited,
		"220 mx ESMTP":                  channels.Unavailable,
		"* PREAUTH welcome":             "",
	} {
		r.Lie(emailfake.Lies{Greeting: greeting})
		_, err := adapter(t, rogueBox(r), nil).Check(t.Context())
		if want == "" {
			want = channels.Unknown // not logged in there after all: BAD
		}
		if channels.ReasonOf(err) != want {
			t.Errorf("%q gives %v, want %s", greeting, err, want)
		}
	}
}

// A careless restore: the folder is as it was a while ago, under its old number,
// and new mail gets UIDs that were given before.
func TestFolderSetBack(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{})
	src := &listening{Source: source(t)}
	receiving(t, adapter(t, rogueBox(r), nil), src)
	connected(src.Source)
	for i := range 5 {
		r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
	}
	src.UntilStored(5)
	src.Until("the bookmark", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:5:") })
	r.SetBack("INBOX", 3)
	r.Cut()
	src.Until("the folder to be read again", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1.1:2:") })
	r.Put("INBOX", mail("under an old number"), time.Time{})
	src.UntilStored(6)
	if got := texts(src.Source); !slices.Contains(got, "under an old number") || len(got) != 6 {
		t.Errorf("stored %q", got)
	}
	if !strings.Contains(src.told(), "renumbered") {
		t.Errorf("people were told %q", src.told())
	}
}

// listening is a source that hears what people are told.
type listening struct {
	*channeltest.Source
	mu       sync.Mutex
	words    []string
	troubles map[string]error
}

// Troubled implements channels.Listener.
func (l *listening) Troubled(source string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.troubles == nil {
		l.troubles = map[string]error{}
	}
	l.troubles[source] = err
}

// Told implements channels.Listener.
func (l *listening) Told(_, words string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words = append(l.words, words)
}

func (l *listening) told() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.words, "\n")
}

func (l *listening) trouble(source string) (error, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err, known := l.troubles[source]
	return err, known
}

// Somebody else takes mails away while they are fetched.
func TestExpungedByOthers(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{})
	src := source(t)
	stop := receiving(t, adapter(t, rogueBox(r), nil), src)
	connected(src)
	stop()
	for i := range 6 {
		r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
	}
	var once sync.Once
	r.Lie(emailfake.Lies{Answer: func(command string) string {
		if command == "UID FETCH" {
			once.Do(func() { r.Expunge("INBOX", 2, 5) })
		}
		return ""
	}})
	receiving(t, adapter(t, rogueBox(r), nil), src)
	src.Until("the bookmark to pass all", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:6:") })
	wantTexts(t, src, "mail 0", "mail 2", "mail 3", "mail 5")
}
