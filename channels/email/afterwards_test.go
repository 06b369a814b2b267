package email_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
)

// flagged lists the texts of a folder's mails that bear a flag.
func flagged(r *emailfake.Rogue, folder, flag string) []string {
	out := []string{}
	for _, m := range r.Mails(folder) {
		if flag == "" || slices.Contains(m.Flags, flag) {
			out = append(out, email.Explain(m.Raw).Text)
		}
	}
	return out
}

func same(got []string, want ...string) bool { return fmt.Sprint(got) == fmt.Sprint(want) }

func TestAfterwards(t *testing.T) {
	for name, c := range map[string]struct {
		caps  string
		after email.Afterwards
		// what is in the inbox, what bears the flag there, what is in Done.
		flag         string
		inbox, marks []string
		done         []string
	}{
		"flag": {"IMAP4rev1", email.Afterwards{Mode: email.FlagIt}, `\Flagged`, []string{"old", "one", "two"}, []string{"one", "two"}, nil},
		"seen": {"IMAP4rev1", email.Afterwards{Mode: email.MarkSeen}, `\Seen`, []string{"old", "one", "two"}, []string{"one", "two"}, nil},
		"move": {"IMAP4rev1 MOVE", email.Afterwards{Mode: email.MoveAside, Folder: "Done"}, `\Deleted`, []string{"old"}, nil, []string{"one", "two"}},
		"move by UIDPLUS": {
			"IMAP4rev1 UIDPLUS",
			email.Afterwards{Mode: email.MoveAside, Folder: "Done"},
			`\Deleted`,
			[]string{"old"},
			[]string{"old"},
			[]string{"one", "two"},
		},
		"move by COPY": {
			"IMAP4rev1",
			email.Afterwards{Mode: email.MoveAside, Folder: "Done"},
			`\Deleted`,
			[]string{"old", "one", "two"},
			[]string{"old", "one", "two"},
			[]string{"one", "two"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{Caps: append(strings.Fields(c.caps), "IDLE")})
			r.Put("INBOX", mail("old"), time.Now().Add(-time.Hour))
			if c.flag == `\Deleted` && !strings.Contains(c.caps, "MOVE") {
				r.Flag("INBOX", 1, `\Deleted`) // somebody else's, and not ours to expunge
			}
			cfg := rogueBox(r)
			cfg.After = c.after
			src := source(t)
			receiving(t, adapter(t, cfg, nil), src)
			connected(src)
			r.Put("INBOX", mail("one"), time.Time{})
			src.UntilStored(1)
			r.Put("INBOX", mail("two"), time.Time{})
			src.UntilStored(2)
			eventually(t, "what is done afterwards", func() bool {
				return same(flagged(r, "INBOX", ""), c.inbox...) && same(flagged(r, "INBOX", c.flag), c.marks...) && same(flagged(r, "Done", ""), c.done...)
			})
			for _, said := range r.Said() {
				if said == "EXPUNGE" || strings.HasPrefix(said, "EXPUNGE ") {
					t.Error("everybody's mail was expunged")
				}
			}
		})
	}
}

// Nothing is touched before it is stored, and what a crash left undone is done
// after it, without doubling anything.
func TestAfterwardsOnlyOnceStored(t *testing.T) {
	t.Parallel()
	for _, caps := range []string{"IMAP4rev1 IDLE MOVE", "IMAP4rev1 IDLE UIDPLUS", "IMAP4rev1 IDLE"} {
		t.Run(caps, func(t *testing.T) {
			r := rogue(t, emailfake.RogueConfig{Caps: strings.Fields(caps)})
			cfg := rogueBox(r)
			cfg.After = email.Afterwards{Mode: email.MoveAside, Folder: "Done"}
			src := source(t)
			src.Fail(func(*channels.Inbound) error { return errors.New("disk full") })
			stop := receiving(t, adapter(t, cfg, nil), src)
			connected(src)
			r.Put("INBOX", mail("one"), time.Time{})
			src.Until("it to be tried twice", func() bool { return src.Connections() > 2 })
			if got := flagged(r, "Done", ""); len(got) != 0 || len(flagged(r, "INBOX", `\Deleted`)) != 0 {
				t.Fatalf("moved before it was stored: %q", got)
			}
			stop()
			// Stored, and the process ends before anything else: once before the
			// copy, once after it.
			src.Fail(nil)
			for _, command := range []string{"UID COPY", "UID MOVE", "UID STORE", "UID EXPUNGE"} {
				reached := make(chan struct{}, 100)
				r.Lie(emailfake.Lies{Answer: func(said string) string {
					if said == command {
						reached <- struct{}{}
						return "BYE"
					}
					return ""
				}})
				stop := receiving(t, adapter(t, cfg, nil), src)
				src.UntilStored(1)
				select {
				case <-reached:
				case <-time.After(300 * time.Millisecond): // this server has no such step
				}
				stop()
			}
			r.Lie(emailfake.Lies{})
			receiving(t, adapter(t, cfg, nil), src)
			eventually(t, "the move", func() bool {
				return same(flagged(r, "Done", ""), "one") && len(flagged(r, "INBOX", "")) == len(flagged(r, "INBOX", `\Deleted`))
			})
			r.Put("INBOX", mail("two"), time.Time{})
			eventually(t, "the next move", func() bool { return same(flagged(r, "Done", ""), "one", "two") })
		})
	}
}

// A mail whose id is a part of another's that was moved before is moved as well,
// not taken for moved and expunged.
func TestMoveTellsIdsApart(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE", "UIDPLUS"}})
	r.AddFolder("Done", "")
	named := func(id, text string) []byte {
		return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nMessage-ID: <%s>\r\n\r\n%s\r\n", alice, support, id, text)
	}
	r.Put("Done", named("11@cust.test", "moved before"), time.Time{})
	cfg := rogueBox(r)
	cfg.After = email.Afterwards{Mode: email.MoveAside, Folder: "Done"}
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	connected(src)
	r.Put("INBOX", named("1@cust.test", "one"), time.Time{})
	src.UntilStored(1)
	eventually(t, "the inbox to be empty", func() bool { return same(flagged(r, "INBOX", "")) })
	if got := flagged(r, "Done", ""); !same(got, "moved before", "one") {
		t.Errorf("moved are %q", got)
	}
}

// A server that refuses what is to be done afterwards stops no mail.
func TestAfterwardsIsRefused(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE", "MOVE"}})
	cfg := rogueBox(r)
	cfg.After = email.Afterwards{Mode: email.MoveAside, Folder: "Done"}
	for _, command := range []string{"CREATE", "UID MOVE"} {
		r.Lie(emailfake.Lies{Answer: func(said string) string {
			if said == command {
				return "NO [NOPERM] not yours"
			}
			return ""
		}})
		src := &listening{Source: source(t)}
		stop := receiving(t, adapter(t, cfg, nil), src)
		connected(src.Source)
		r.Put("INBOX", mail(command), time.Time{})
		src.UntilStored(1)
		eventually(t, "the trouble to be told", func() bool { err, _ := src.trouble(inbox + "#after="); return err != nil })
		r.Put("INBOX", mail("and one more"), time.Time{})
		src.UntilStored(2)
		if src.Connections() != 1 {
			t.Errorf("%s: the link was made %d times", command, src.Connections())
		}
		stop()
	}
}

func TestFoldersHoweverTheyAreSpelled(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE", "SPECIAL-USE"}, Delim: '.'})
	for name, attrs := range map[string]string{
		"INBOX.Sent": `\Sent`, "INBOX.Kunden.M&APw-ller": "", "INBOX.Forms#1": "", "INBOX.Empty": `\Noselect`,
	} {
		r.AddFolder(name, attrs)
	}
	cfg := rogueBox(r)
	cfg.IMAP.Folders = []string{"inbox", "Kunden/Müller", "forms#1"}
	cfg.CopyToSent = true
	src := source(t)
	receiving(t, adapter(t, cfg, nil), src)
	src.Until("all folders to be watched", func() bool { return len(src.Bookmarks()) == 4 })
	r.Put("INBOX", mail("in the inbox"), time.Time{})
	r.Put("INBOX.Kunden.M&APw-ller", mail("below"), time.Time{})
	r.Put("INBOX.Forms#1", mail("by the form"), time.Time{})
	r.Put("INBOX.Sent", mail("sent elsewhere"), time.Time{})
	src.UntilStored(4)
	got := map[string]string{}
	for _, in := range src.Items() {
		got[email.Explain(in.Raw).Text] = in.Source + " " + string(in.Kind)
	}
	for text, want := range map[string]string{
		"in the inbox": "email/support/INBOX message", "below": "email/support/Kunden/Müller message",
		"by the form": "email/support/forms%231 message", "sent elsewhere": "email/support/INBOX.Sent own_copy",
	} {
		if got[text] != want {
			t.Errorf("%q came as %q, want %q", text, got[text], want)
		}
	}
	for source := range src.Bookmarks() {
		if (channels.Bookmark{Source: source}).OneTime() {
			t.Errorf("%s looks like a load that happens once", source)
		}
	}
	listed := 0
	err := adapter(t, cfg, nil).List(t.Context(), channels.Bookmark{Source: "email/support/forms%231", Position: "1:0:0"}, func(string, time.Time) bool {
		listed++
		return true
	})
	if err != nil || listed != 1 {
		t.Errorf("List gives %d, %v", listed, err)
	}
	cfg.IMAP.Folders = []string{"INBOX", "Nowhere"}
	if _, err := adapter(t, cfg, nil).Check(t.Context()); err == nil || !strings.Contains(err.Error(), `"INBOX.Forms#1"`) || strings.Contains(err.Error(), "Empty") {
		t.Errorf("a folder that isn't there gives %v, want those that are", err)
	}
}

// A second folder in trouble is told of, and ends nothing else.
func TestSecondFolderIsMissing(t *testing.T) {
	t.Parallel()
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE"}})
	cfg := rogueBox(r)
	cfg.IMAP.Folders = []string{"INBOX", "Later"}
	src := &listening{Source: source(t)}
	runner := channels.NewRunner(adapter(t, cfg, nil).Channel(), src, channels.RunnerConfig{}, logTo(io.Discard))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	eventually(t, "the trouble to be told", func() bool { err, _ := src.trouble("email/support/Later"); return err != nil })
	if s := runner.State(); !s.Connected || !strings.Contains(s.Troubled, "Later") {
		t.Errorf("the state is %+v", s)
	}
	r.Put("INBOX", mail("as ever"), time.Time{})
	src.UntilStored(1)
	r.AddFolder("Later", "")
	eventually(t, "the trouble to end", func() bool {
		err, known := src.trouble("email/support/Later")
		return known && err == nil
	})
	if s := runner.State(); s.Troubled != "" {
		t.Errorf("the state is %+v", s)
	}
}

// storm is a source that takes its time over each mail of one sender.
type storm struct {
	*channeltest.Source
	pause time.Duration
}

// Deliver implements channels.Source.
func (s *storm) Deliver(ctx context.Context, in *channels.Inbound) error {
	if strings.HasPrefix(in.Sender, "storm@") {
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Source.Deliver(ctx, in)
}

// Thousands of mails of one sender lie before others'; the others go first, and
// those that come meanwhile needn't wait either.
func TestStormDelaysNobodyElse(t *testing.T) {
	r := rogue(t, emailfake.RogueConfig{Caps: []string{"IMAP4rev1", "IDLE"}})
	src := &storm{Source: source(t), pause: time.Millisecond}
	stop := receiving(t, adapter(t, rogueBox(r), nil), src)
	connected(src.Source)
	stop()
	const n = 2000
	for i := range n {
		r.Put("INBOX", fmt.Appendf(nil, "From: storm@cust.test\r\nTo: %s\r\nMessage-ID: <s%d@cust.test>\r\n\r\nstorm %d\r\n", support, i, i), time.Time{})
	}
	r.Put("INBOX", mail("behind the storm"), time.Time{})
	stored := func(text string) (before int, there bool) {
		for i, in := range src.Items() {
			if bytes.HasSuffix(in.Raw, []byte("\r\n\r\n"+text+"\r\n")) {
				return i, true
			}
		}
		return 0, false
	}
	receiving(t, adapter(t, rogueBox(r), nil), src)
	src.Until("the other's mail", func() bool { _, there := stored("behind the storm"); return there })
	if before, _ := stored("behind the storm"); before > 400 {
		t.Errorf("%d mails of the storm went before it", before)
	}
	src.UntilStored(n / 4)
	r.Put("INBOX", mail("in its midst"), time.Time{})
	src.UntilStored(n + 2)
	// How many exactly depends on when this test got its turn: not all of them.
	if before, _ := stored("in its midst"); before > n {
		t.Errorf("all %d went before what came meanwhile", before)
	}
	src.Until("the bookmark to pass all", func() bool {
		mark := src.Bookmarks()[inbox]
		return strings.HasPrefix(mark.Position, fmt.Sprintf("1:%d:", n+2)) && mark.Seen == n+2
	})
	last := -1
	for _, in := range src.Items() {
		var i int
		if _, err := fmt.Sscanf(email.Explain(in.Raw).Text, "storm %d", &i); err == nil {
			if i < last {
				t.Fatalf("storm %d was stored after %d", i, last)
			}
			last = i
		}
	}
}
