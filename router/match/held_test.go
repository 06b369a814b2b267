package match_test

import (
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// TestOnlyWhoWouldBeMissedIsKeptFree has a mail with plenty of time left, and one
// agent, who is all that there is for chats: with room for a chat, and none beside
// the mail, they don't get it yet; with room for both they do, and so they do
// with no room for a chat as it is.
func TestOnlyWhoWouldBeMissedIsKeptFree(t *testing.T) {
	for _, at := range []struct {
		room int
		want string
	}{{100, "mail savable;"}, {54, "mail savable;"}, {53, ""}, {34, ""}, {33, "mail savable;"}, {20, "mail savable;"}} {
		w := match.NewWaiting()
		w.Use("office", func(ch contact.Channel) int {
			if ch == contact.WebChat {
				return 34
			}
			return 20
		})
		r := match.NewRoster(w)
		chat := match.Demand{Channel: contact.WebChat, ReplyChannel: contact.WebChat}
		live := match.Traits{Value: match.Micro, Target: 2 * time.Minute, Handling: 8 * time.Minute, Live: true}
		w.Saw(&chat, &live)
		r.Put(&match.Agent{ID: "anna", Capacity: 100, Room: at.room}, true)
		// A chat came and was given away, so chats are known to come.
		w.Add(&chat, &live, &match.Head{Contact: "chat", Start: nine, Due: nine.Add(2 * time.Minute), Need: match.NewNeed(chat, &live)})
		w.Remove("chat")
		waits(w, "mail", contact.Email, nine, 4*time.Hour, nil)
		if got := given(w, r, nine); got != at.want {
			t.Errorf("with room for %d units: %q", at.room, got)
		}
	}
}
