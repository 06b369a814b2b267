package email_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
)

// reached waits until the bookmark of the inbox begins so.
func reached(src *listening, position string) {
	src.Until("the bookmark "+position, func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, position) })
}

func fill(r *emailfake.Rogue, what string, n int) {
	for i := range n {
		r.Put("INBOX", mail(fmt.Sprintf("%s %d", what, i)), time.Time{})
	}
}

// Links that are lost while we look whether a folder is as it was, and a mail at
// which that always happens, hide from nobody that it was set back.
func TestLookEndsWithTheLink(t *testing.T) {
	for name, end := range map[string]func(*emailfake.Rogue){
		"cut":     func(r *emailfake.Rogue) { r.Cut() },
		"goodbye": func(r *emailfake.Rogue) { r.Bye("not with me") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rogue(t, emailfake.RogueConfig{})
			src := &listening{Source: source(t)}
			stop := receiving(t, adapter(t, rogueBox(r), nil), src)
			connected(src.Source)
			fill(r, "mail", 20)
			reached(src, "1:20:")
			stop()
			r.SetBack("INBOX", 5)
			fill(r, "new", 10)
			var lost atomic.Int64
			r.Lie(emailfake.Lies{Refuse: func(command, args string) string {
				uids, what, _ := strings.Cut(args, " ")
				if command == "UID FETCH" && strings.Contains(what, "HEADER.FIELDS") && strings.Contains(uids, "20") {
					lost.Add(1)
					end(r)
					return "NO"
				}
				return ""
			}})
			receiving(t, adapter(t, rogueBox(r), nil), src)
			reached(src, "1.1:25:")
			if n := lost.Load(); n < 2 || n > 4 || !strings.Contains(src.told(), "set it back") {
				t.Errorf("%d links were lost, people were told %q", lost.Load(), src.told())
			}
			for i := range 10 {
				if got := texts(src.Source); !slices.Contains(got, fmt.Sprintf("new %d", i)) {
					t.Errorf("new %d is not stored", i)
				}
			}
		})
	}
}

// A folder that is set back again before the first re-read has come to its end
// loses nothing: what was read then had the numbers of other mails. People are told
// of each once, however many links it takes.
func TestFolderSetBackTwice(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{})
	src := &listening{Source: source(t)}
	cfg := rogueBox(r)
	cfg.Patience = time.Hour
	a := adapter(t, cfg, nil)
	stop := receiving(t, a, src)
	connected(src.Source)
	fill(r, "mail", 5)
	reached(src, "1:5:")
	stop()
	r.SetBack("INBOX", 4)
	fill(r, "first", 6)
	r.Lie(emailfake.Lies{Fetch: map[uint32]emailfake.FetchLie{7: emailfake.CutInside}})
	stop = receiving(t, a, src)
	src.UntilStored(5 + 5)
	before := src.Connections()
	src.Until("some more links", func() bool { return src.Connections() > before+2 })
	stop()
	if n := strings.Count(src.told(), "renumbered"); n != 1 {
		t.Errorf("people were told %d times: %q", n, src.told())
	}
	if at := src.Bookmarks()[inbox].Position; !strings.HasPrefix(at, "1:5:") {
		t.Fatalf("the re-read has come to its end at %s", at)
	}
	r.SetBack("INBOX", 6)
	fill(r, "second", 8)
	r.Lie(emailfake.Lies{})
	receiving(t, a, src)
	reached(src, "1.2:9:")
	for i := range 8 {
		if got := texts(src.Source); !slices.Contains(got, fmt.Sprintf("second %d", i)) {
			t.Errorf("second %d is not stored", i)
		}
	}
	if n := strings.Count(src.told(), "renumbered"); n != 2 {
		t.Errorf("people were told %d times: %q", n, src.told())
	}
}

// What came under numbers that were given before, and what came before we noticed
// that a folder was renumbered, is flagged and moved like all others; what was
// there before this was asked for stays.
func TestAfterwardsOfARenumberedFolder(t *testing.T) {
	for _, mode := range []email.AfterMode{email.MarkSeen, email.MoveAside} {
		t.Run(string(mode), func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{Caps: strings.Fields("IMAP4rev1 IDLE UIDPLUS MOVE")})
			r.Put("INBOX", mail("old"), time.Now().Add(-time.Hour))
			src := &listening{Source: source(t)}
			cfg := rogueBox(r)
			cfg.After = email.Afterwards{Mode: mode}
			if mode == email.MoveAside {
				cfg.After.Folder = "Done"
			}
			a := adapter(t, cfg, failureLog(t))
			stop := receiving(t, a, src)
			connected(src.Source)
			fill(r, "mail", 4)
			reached(src, "1:5:")
			done := func() []string {
				if mode == email.MoveAside {
					return flagged(r, "Done", "")
				}
				return flagged(r, "INBOX", `\Seen`)
			}
			eventually(t, "the first", func() bool { return len(done()) == 4 })
			stop()
			r.SetBackTo("INBOX", 4)
			fill(r, "new", 3)
			receiving(t, a, src)
			for i := range 3 {
				eventually(t, "the new ones", func() bool { return slices.Contains(done(), fmt.Sprintf("new %d", i)) })
			}
			if slices.Contains(done(), "old") {
				t.Errorf("what was there before is among %q", done())
			}
		})
	}
}
