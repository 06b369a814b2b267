package email_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
)

// marked lists the UIDs of the landmarks in a bookmark's position.
func marked(t *testing.T, position string) (out []uint32) {
	t.Helper()
	parts := strings.SplitN(position, ":", 4)
	if len(parts) < 4 {
		t.Fatalf("the bookmark %s has no landmarks", position)
	}
	for one := range strings.SplitSeq(parts[3], ",") {
		number, _, _ := strings.Cut(one, "-")
		uid, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			t.Fatalf("a landmark of %s: %v", position, err)
		}
		out = append(out, uint32(uid))
	}
	return out
}

// A restore that nobody noticed at once: the folder has its old number, and new
// mails have UIDs that were given before, more of them than were lost.
func TestFolderSetBackAndOutgrown(t *testing.T) {
	const all, kept, later = 40, 12, 30
	for _, c := range []struct {
		name string
		// gone says which landmarks people have taken away meanwhile.
		gone func(uid uint32) bool
		// end is the bookmark in the end: set back or not, nobody can tell.
		end string
	}{
		{"the newest mails are others", func(uint32) bool { return false }, "1.1:42:"},
		{"an older one only is still there", func(uid uint32) bool { return uid > kept }, "1:42:"},
		{"none is there any more", func(uint32) bool { return true }, "1:42:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{})
			src := &listening{Source: source(t)}
			stop := receiving(t, adapter(t, rogueBox(r), nil), src)
			connected(src.Source)
			for i := range all {
				r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
			}
			src.Until("the bookmark", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:40:") })
			stop()
			r.SetBack("INBOX", all-kept)
			for i := range later {
				r.Put("INBOX", mail(fmt.Sprintf("new %d", i)), time.Time{})
			}
			gone := slices.DeleteFunc(marked(t, src.Bookmarks()[inbox].Position), func(uid uint32) bool { return !c.gone(uid) })
			r.Expunge("INBOX", gone...)
			receiving(t, adapter(t, rogueBox(r), failureLog(t)), src)
			src.Until("the bookmark behind the new ones", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, c.end) })
			stored := map[string]bool{}
			for _, in := range src.Items() {
				stored[string(in.Raw)] = true
			}
			for _, m := range r.Mails("INBOX") {
				if !stored[string(m.Raw)] {
					t.Errorf("the mail that is number %d now was not stored", m.UID)
				}
			}
			if told := strings.Contains(src.told(), "set it back"); told != strings.HasPrefix(c.end, "1.1:") {
				t.Errorf("people were told %q", src.told())
			}
		})
	}
}

// A folder that is as it was is not read again, also when the newest mails were
// taken away, and with a bookmark as it was written before there were landmarks.
func TestFolderAsItWas(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{})
	for i := range 3 {
		r.Put("INBOX", mail(fmt.Sprintf("old %d", i)), time.Now().Add(-time.Hour))
	}
	src := &listening{Source: source(t)}
	stop := receiving(t, adapter(t, rogueBox(r), nil), src)
	connected(src.Source)
	for i := range 9 {
		r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
	}
	src.Until("the bookmark", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:12:3:") })
	stop()
	r.Expunge("INBOX", 11, 12)
	for _, old := range []bool{false, true} {
		mark := src.Bookmarks()[inbox]
		if old {
			mark.Position = strings.Join(strings.SplitN(mark.Position, ":", 4)[:3], ":")
			if err := src.Advance(t.Context(), mark); err != nil {
				t.Fatal(err)
			}
		}
		stop = receiving(t, adapter(t, rogueBox(r), failureLog(t)), src)
		next := r.Put("INBOX", mail("next"), time.Time{})
		src.Until("the next mail", func() bool {
			return strings.HasPrefix(src.Bookmarks()[inbox].Position, fmt.Sprintf("1:%d:3:", next))
		})
		stop()
	}
	for _, in := range src.Items() {
		if n := src.Asked(in.ProviderID); n != 1 {
			t.Errorf("mail %s was handed over %d times", in.Position, n)
		}
	}
	if src.told() != "" {
		t.Errorf("people were told %q", src.told())
	}
	if got := marked(t, src.Bookmarks()[inbox].Position); len(got) < 6 || len(got) > 10 || got[len(got)-1] != 14 {
		t.Errorf("the landmarks are %v", got)
	}
}

// GNU Mailutils refuses the star that stands for the highest number.
func TestNoStarInSearch(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{})
	r.AddFolder("Sent", `\Sent`)
	r.Put("Sent", mail("an older answer"), time.Time{})
	r.Lie(emailfake.Lies{Refuse: func(command, args string) string {
		if command == "UID SEARCH" && strings.Contains(args, "*") {
			return "BAD Bogus number set"
		}
		return ""
	}})
	cfg := rogueBox(r)
	cfg.CopyToSent = true
	a, src := adapter(t, cfg, failureLog(t)), source(t)
	receiving(t, a, src)
	connected(src)
	r.Put("INBOX", mail("a question"), time.Time{})
	src.UntilStored(1)
	if err := a.KeepCopy(t.Context(), numbered(1)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "our copy", func() bool { return len(r.Mails("Sent")) == 2 })
}

// A folder that was set back, and whose mails the server can't all hand over, is
// read to the end all the same: what one link has taught holds for the next.
func TestFolderSetBackWithASpoiltMail(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{})
	src := &listening{Source: source(t)}
	cfg := rogueBox(r)
	cfg.Patience = 400 * time.Millisecond
	stop := receiving(t, adapter(t, cfg, nil), src)
	connected(src.Source)
	for i := range 5 {
		r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
	}
	src.Until("the bookmark", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:5:") })
	stop()
	r.SetBack("INBOX", 3)
	for i := range 5 {
		r.Put("INBOX", mail(fmt.Sprintf("new %d", i)), time.Time{})
	}
	r.Lie(emailfake.Lies{Fetch: map[uint32]emailfake.FetchLie{6: emailfake.CutInside}})
	receiving(t, adapter(t, cfg, nil), src)
	src.Until("the folder to be read to its end", func() bool {
		return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1.1:7:")
	})
	for _, text := range []string{"new 0", "new 1", "new 2", "new 4"} {
		if got := texts(src.Source); !slices.Contains(got, text) {
			t.Errorf("%s was not stored: %q", text, got)
		}
	}
}

// Where people have taken away the newest mails and all landmarks, the others are
// read again once, not with each new link.
func TestLandmarksTakenAway(t *testing.T) {
	t.Parallel()
	r := rogue(t, emailfake.RogueConfig{})
	cfg := rogueBox(r)
	cfg.IdleMaximum = time.Second // how often the bookmark is written where nothing comes
	src := &listening{Source: source(t)}
	stop := receiving(t, adapter(t, cfg, nil), src)
	connected(src.Source)
	const all, left = 300, 60
	for i := range all {
		r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
	}
	src.Until("the bookmark", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, "1:300:") })
	stop()
	gone := marked(t, src.Bookmarks()[inbox].Position)
	for uid := uint32(left + 1); uid <= all; uid++ {
		gone = append(gone, uid)
	}
	r.Expunge("INBOX", gone...)
	for range 2 {
		at := src.Bookmarks()[inbox].At
		stop = receiving(t, adapter(t, cfg, nil), src)
		src.Until("the bookmark of the next link", func() bool { return src.Bookmarks()[inbox].At.After(at) })
		stop()
	}
	for _, in := range src.Items() {
		if n := src.Asked(in.ProviderID); n > 2 {
			t.Fatalf("mail %s was handed over %d times", in.Position, n)
		}
	}
	if got := marked(t, src.Bookmarks()[inbox].Position); got[len(got)-1] > left {
		t.Errorf("the landmarks are %v", got)
	}
}
