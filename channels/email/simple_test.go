package email_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
)

// A server that shows of what comes into a folder that was empty only the first
// mail, and takes away the others from whoever has it open for writing, loses
// neither a customer's mail by us nor our copies.
func TestServerShowsTheFirstOnly(t *testing.T) {
	for _, caps := range []string{"IMAP4rev1", "IMAP4rev1 IDLE"} {
		for _, after := range []email.AfterMode{email.Leave, email.MarkSeen, email.MoveAside} {
			t.Run(caps+" "+string(after), func(t *testing.T) {
				t.Parallel()
				r := rogue(t, emailfake.RogueConfig{Caps: strings.Fields(caps)})
				r.AddFolder("Sent", `\Sent`)
				r.Lie(emailfake.Lies{FirstOnly: true, DeafIdle: true})
				cfg := rogueBox(r)
				cfg.CopyToSent, cfg.After.Mode = true, after
				if after == email.MoveAside {
					cfg.After.Folder = "Erledigt"
				}
				a, src := adapter(t, cfg, failureLog(t)), source(t)
				receiving(t, a, src)
				connected(src)
				const all = 4
				for i := range all {
					r.Put("INBOX", mail(fmt.Sprintf("mail %d", i)), time.Time{})
					if i%2 == 0 {
						src.UntilStored(i + 1)
					}
					if err := a.KeepCopy(t.Context(), numbered(i+1)); err != nil {
						t.Fatal(err)
					}
				}
				src.UntilStored(all)
				eventually(t, "our copies", func() bool { return len(r.Mails("Sent")) == all })
				switch after {
				case email.MarkSeen:
					eventually(t, "the marks", func() bool { return len(flagged(r, "INBOX", `\Seen`)) == all })
				case email.MoveAside:
					eventually(t, "the move", func() bool { return len(r.Mails("Erledigt")) == all })
				case email.Leave, email.FlagIt:
				}
			})
		}
	}
}

// A folder at a simple server that was renumbered between our reading and what is
// to be done afterwards keeps its mails: their numbers are others' now. And one
// that we have open for writing when the server refuses is opened read-only again.
func TestSimpleServerRenumberedOrRefuses(t *testing.T) {
	t.Parallel()
	r := rogue(t, emailfake.RogueConfig{Caps: strings.Fields("IMAP4rev1 IDLE")})
	r.Put("INBOX", mail("old 1"), time.Now().Add(-72*time.Hour))
	r.Put("INBOX", mail("old 2"), time.Now().Add(-72*time.Hour))
	var renumbered, refused atomic.Bool
	r.Lie(emailfake.Lies{Answer: func(command string) string {
		switch {
		case command == "SELECT" && renumbered.CompareAndSwap(false, true):
			r.Renumber("INBOX", 2) // what was old 2 has the number of new 1 now
		case command == "UID STORE" && refused.CompareAndSwap(false, true):
			return "NO not now"
		}
		return ""
	}})
	cfg := rogueBox(r)
	cfg.After.Mode = email.FlagIt
	src := source(t)
	receiving(t, adapter(t, cfg, failureLog(t)), src)
	connected(src)
	r.Put("INBOX", mail("new 1"), time.Time{})
	src.UntilStored(1)
	eventually(t, "the refusal", refused.Load)
	eventually(t, "the folder to be read-only again", func() bool {
		last := ""
		for _, said := range r.Said() {
			if command, _, _ := strings.Cut(said, " "); command == "SELECT" || command == "EXAMINE" {
				last = command
			}
		}
		return last == "EXAMINE"
	})
	if got := flagged(r, "INBOX", `\Flagged`); len(got) > 0 {
		t.Errorf("flagged: %q", got)
	}
}
