package email_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels/channeltest"
	"stagecoach/channels/email"
	"stagecoach/channels/email/rig"
)

// asOwner runs commands in a mailbox as its owner's own program does.
func asOwner(t *testing.T, d *rig.Dovecot, user string, do func(*imapclient.Client) error) {
	t.Helper()
	client, err := d.Login(user)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := do(client); err != nil {
		t.Fatal(err)
	}
}

// untilTexts waits until all these mails are stored, and fails for one that is
// stored twice or wasn't sent.
func untilTexts(t *testing.T, src *channeltest.Source, want ...string) {
	t.Helper()
	slices.Sort(want)
	defer func() {
		if t.Failed() {
			t.Logf("stored are %q, bookmarks %+v", texts(src), src.Bookmarks())
		}
	}()
	src.Until(fmt.Sprintf("the mails %q", want), func() bool {
		got := texts(src)
		return !slices.ContainsFunc(want, func(one string) bool { return !slices.Contains(got, one) })
	})
	if got := texts(src); !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// Dovecot's files with the numbers are lost while it runs, as in a restore of the
// mails alone; then the folder is deleted and made again. Nothing is lost, and
// nothing is there twice.
func TestRealNumbersLost(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support)
	cfg := realMailbox(d, nil, "support", support)
	cfg.IMAP.Folders = []string{"INBOX", "Kunden"}
	asOwner(t, d, support, func(c *imapclient.Client) error { return c.Create("Kunden", nil).Wait() })
	src := source(t)
	stop := receiving(t, adapter(t, cfg, failureLog(t)), src)
	src.Until("both folders", func() bool { return len(src.Bookmarks()) >= 2 && src.Connections() > 0 })
	d.Put(support, mail("one"))
	d.Put(support, mail("two"))
	d.PutInto(support, "Kunden", mail("three"))
	untilTexts(t, src, "one", "two", "three")

	before := src.Bookmarks()[inbox].Position
	d.LoseNumbers(support) // while it stands
	d.Put(support, mail("four"))
	untilTexts(t, src, "one", "two", "three", "four")
	d.Kill()
	d.LoseNumbers(support)
	d.Start()
	d.Put(support, mail("five"))
	untilTexts(t, src, "one", "two", "three", "four", "five")
	src.Until("a bookmark under another number", func() bool {
		now, _, _ := strings.Cut(src.Bookmarks()[inbox].Position, ":")
		return !strings.HasPrefix(before, now+":")
	})
	stop()

	asOwner(t, d, support, func(c *imapclient.Client) error {
		if err := c.Delete("Kunden").Wait(); err != nil {
			return err
		}
		return c.Create("Kunden", nil).Wait()
	})
	d.PutInto(support, "Kunden", mail("six"))
	receiving(t, adapter(t, cfg, failureLog(t)), src)
	d.PutInto(support, "Kunden", mail("seven"))
	untilTexts(t, src, "one", "two", "three", "four", "five", "six", "seven")
}

// A backup is put back while the server is down: what came since is gone there,
// and the numbers are given again before we look.
func TestRealBackupPutBack(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support)
	src := &listening{Source: source(t)}
	cfg := realMailbox(d, nil, "support", support)
	stop := receiving(t, adapter(t, cfg, failureLog(t)), src)
	connected(src.Source)
	d.Put(support, mail("kept one"))
	d.Put(support, mail("kept two"))
	untilTexts(t, src.Source, "kept one", "kept two")
	d.Kill()
	putBack := d.Backup(support)
	d.Start()
	lost := []string{"lost one", "lost two", "lost three"}
	for _, one := range lost {
		d.Put(support, mail(one))
	}
	untilTexts(t, src.Source, append(lost, "kept one", "kept two")...)
	src.Until("the bookmark", func() bool { return strings.Contains(src.Bookmarks()[inbox].Position, ":5:") })
	was, _, _ := strings.Cut(src.Bookmarks()[inbox].Position, ":")
	stop()
	d.Kill()
	putBack()
	d.Start()
	fresh := []string{"new one", "new two", "new three", "new four"}
	for _, one := range fresh {
		d.Put(support, mail(one))
	}
	receiving(t, adapter(t, cfg, failureLog(t)), src)
	untilTexts(t, src.Source, slices.Concat(lost, fresh, []string{"kept one", "kept two"})...)
	src.Until("a bookmark that tells it", func() bool { return strings.HasPrefix(src.Bookmarks()[inbox].Position, was+".1:6:") })
	if !strings.Contains(src.told(), "set it back") {
		t.Errorf("people were told %q", src.told())
	}
}

func TestRealAfterwards(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, support)
	for _, after := range []email.Afterwards{{Mode: email.FlagIt}, {Mode: email.MarkSeen}, {Mode: email.MoveAside, Folder: "Erledigt/Ältere"}} {
		t.Run(string(after.Mode), func(t *testing.T) {
			cfg := realMailbox(d, nil, "support", support)
			cfg.After = after
			src := source(t)
			receiving(t, adapter(t, cfg, failureLog(t)), src)
			connected(src)
			d.Put(support, mail("for "+string(after.Mode)))
			src.UntilStored(1)
			flag := map[email.AfterMode]string{email.FlagIt: "F", email.MarkSeen: "S"}[after.Mode]
			eventually(t, "what is done afterwards", func() bool {
				if after.Mode == email.MoveAside {
					return len(d.Mails(support, "Erledigt.&AMQ-ltere")) == 1 && len(d.Mails(support, "INBOX")) == 2
				}
				return slices.ContainsFunc(d.Flags(support), func(flags string) bool { return strings.Contains(flags, flag) })
			})
		})
	}
}

// A mailbox of a team that we may only read: its mail comes in, what can't be done
// afterwards is told, and done once it is allowed.
func TestRealSharedReadOnly(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecotWith(t, rig.Extras{Shared: true}, support, "team0@acme.test", "team1@acme.test", "team2@acme.test")
	for i, after := range []email.Afterwards{{Mode: email.FlagIt}, {Mode: email.MarkSeen}, {Mode: email.MoveAside, Folder: "Done"}} {
		t.Run(string(after.Mode), func(t *testing.T) {
			team := fmt.Sprintf("team%d@acme.test", i)
			d.Put(team, mail("long ago"))
			d.Share(team, "INBOX", support, "lookup", "read")
			cfg := realMailbox(d, nil, "support", support)
			cfg.SharedMailbox, cfg.SharedByNamespace, cfg.After = team, true, after
			src := &listening{Source: source(t)}
			stop := receiving(t, adapter(t, cfg, failureLog(t)), src)
			connected(src.Source)
			d.Put(team, mail("to the team"))
			d.Put(support, mail("to myself"))
			untilTexts(t, src.Source, "to the team")
			source := inbox + "#after="
			src.Until("trouble to be told", func() bool { err, _ := src.trouble(source); return err != nil })
			err, _ := src.trouble(source)
			t.Logf("told: %v", err)
			d.Put(team, mail("and another"))
			untilTexts(t, src.Source, "to the team", "and another")
			if n := len(d.Mails(team, "INBOX")); n != 3 {
				t.Errorf("the team has %d mails, want 3", n)
			}
			stop()
			d.Share(team, "INBOX", support, "lookup", "read", "write", "write-seen", "write-deleted", "expunge")
			receiving(t, adapter(t, cfg, failureLog(t)), src)
			src.Until("the trouble to end", func() bool { err, known := src.trouble(source); return known && err == nil })
			eventually(t, "what was left to do", func() bool {
				if after.Mode == email.MoveAside {
					return len(d.Mails(team, "INBOX")) == 1 && len(d.Mails(support, "Done")) == 2
				}
				done := 0
				for _, flags := range d.Flags(team) {
					if strings.ContainsAny(flags, "FS") {
						done++
					}
				}
				return done >= 2
			})
		})
	}
}
