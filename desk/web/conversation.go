package web

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// covers is the last message on screen.
func covers(c view.Conversation) string { return firstOf(c.Covers, lastMessage(c.Items)) }

// resendLabel is on the button that puts what did not arrive into the composer.
func resendLabel(files int) string {
	switch files {
	case 0:
		return "Write it to them here"
	case 1:
		return "Write it to them here, with its file"
	}
	return "Write it to them here, with its " + itoa(files) + " files"
}

// convState says on whom the conversation waits.
func convState(c view.Conversation) string {
	if c.Card.State != "" && c.Card.State != "ended" {
		return stateName(c.Card.State)
	}
	return stateName(firstOf(c.State, c.Card.State))
}

// holder names who holds the open contact.
func holder(c view.Conversation) string {
	switch {
	case c.Holder:
		return "You"
	case c.Card.AgentName != "":
		return c.Card.AgentName
	case c.Card.State == "ended":
		return "Nobody, it has ended"
	default:
		return "Nobody yet"
	}
}

// goesOn says with whom an answered chat goes on.
func goesOn(p Page, e *view.Engaged) string {
	if e.Agent == p.Desk.Me.ID {
		return "Still with you"
	}
	return "Still with " + e.AgentName
}

// doneTitle says what it means that an answered chat is over.
func doneTitle(p Page, e *view.Engaged) string {
	whose := "your"
	if e.Agent != p.Desk.Me.ID {
		whose = "the agent's"
	}
	return "The chat is over: its " + count(e.Units, "unit", "units") + " of " + whose + " capacity are free at once (Shift+D)"
}

// hour is the time of day; the day stands above.
func (p Page) hour(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return p.in(t).Format("15:04")
}

// folded reports whether quotes and signature were cut from what is shown.
func folded(it view.Item) bool {
	r := strings.TrimSpace(it.ReplyText)
	return r != "" && r != strings.TrimSpace(it.Text)
}

// lastForwarded is the newest message with something forwarded: the key is for
// it.
func lastForwarded(c view.Conversation) string {
	for _, it := range slices.Backward(c.Items) {
		if it.Kind == view.ItemMessage && it.Forwarded != nil {
			return it.ID
		}
	}
	return ""
}

func missingWord(s string) string {
	if s == "erased" {
		return "erased"
	}
	return "kept no longer than allowed, and are gone"
}

// kindName is what an item is, for screen readers.
func kindName(it view.Item) string {
	switch it.Kind {
	case view.ItemReply:
		return deliveryName(it.State) + " reply"
	case view.ItemNote:
		return "Note"
	case view.ItemProposed:
		return "Reply written elsewhere"
	case view.ItemEvidence:
		return "Evidence"
	default:
		return "Message"
	}
}

func toList(c view.Conversation) string {
	if c.Draft != nil && len(c.Draft.To) > 0 {
		return addresses(c.Draft.To)
	}
	return addresses(c.ReplyTo)
}

// presenceClass hides the word where the dot says enough to the eye.
func presenceClass(p contact.Presence) string {
	if p == contact.Available || p == contact.Offline {
		return "sr"
	}
	return "quiet"
}

// replyPeople names whom a reply goes to, for reading.
func replyPeople(c view.Conversation) string {
	out := []string{}
	for _, a := range c.ReplyTo {
		if a.Name != "" && strings.HasPrefix(a.Address, "visitor:") { // a number that tells nobody anything
			a.Address = ""
		}
		out = append(out, strings.Join(strings.Fields(a.Name+" "+a.Address), " "))
	}
	return strings.Join(out, ", ")
}

func ccList(c view.Conversation) string {
	if c.Draft != nil {
		return addresses(c.Draft.CC)
	}
	return addresses(c.CC)
}

func draftFiles(c view.Conversation) []contact.Attachment {
	if c.Draft == nil {
		return nil
	}
	return c.Draft.Attachments
}

func attachHint(l contact.Limits) string {
	hint := "Attach files"
	if l.AttachmentCount > 0 {
		hint += ", " + itoa(l.AttachmentCount) + " at most"
	}
	if l.AttachmentBytes > 0 {
		hint += ", " + size(l.AttachmentBytes) + " together at most"
	}
	return hint
}

// within says how long replies are taken.
func within(l contact.Limits) string {
	if hours := l.ReplyWindowSeconds / 3600; hours > 0 {
		return i64(hours) + " h"
	}
	return i64(max(1, l.ReplyWindowSeconds/60)) + " min"
}

// brief cuts a text to a number of code points, on one line.
func brief(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// personSkills says what somebody can do, in one line.
func personSkills(p view.Person) string {
	out := []string{}
	for _, s := range p.Skills {
		out = append(out, s.Name+" "+itoa(s.Level))
	}
	return strings.Join(append(out, p.Languages...), ", ")
}

// keyGroup is a part of the list of keys.
type keyGroup struct {
	Title string
	Keys  [][2]string
}

// keyGroups are the keys that keys.js knows.
func keyGroups() []keyGroup {
	return []keyGroup{
		{"Everywhere", [][2]string{
			{"j / k", "next, previous in the list"},
			{"Enter", "open"},
			{"a", "accept the offer"},
			{"d", "decline the offer"},
			{"Shift+T", "take next"},
			{"/", "search"},
			{"g d", "go to the desk"},
			{"g o", "go to the overview"},
			{"g r", "go to the review"},
			{"?", "these keys"},
			{"Esc", "close, leave a field, go back"},
		}},
		{"In a conversation", [][2]string{
			{"r", "write a reply"},
			{"w", "choose by which channel it goes"},
			{"p", "note where the customer wants to be answered"},
			{"n", "write a note"},
			{"Ctrl+Enter", "send, or save the note"},
			{"s", "saved answers"},
			{"Shift+J / Shift+K", "next, previous message"},
			{"e", "full text, with what was quoted"},
			{"h", "as it was laid out (HTML)"},
			{"t", "transfer to a colleague"},
			{"f", "forward"},
			{"b", "answer who wrote what was forwarded, or the sender again"},
			{"x", "end without a reply"},
			{"Shift+D", "done: a chat that you have answered is over"},
			{"c", "confirm a reply written elsewhere"},
		}},
		{"In the review and the overview", [][2]string{
			{"Space", "select"},
			{"Shift+A", "select all"},
		}},
	}
}

func newTo(n view.New) string {
	if n.Draft == nil {
		return ""
	}
	return addresses(n.Draft.To)
}

func newCC(n view.New) string {
	if n.Draft == nil {
		return ""
	}
	return addresses(n.Draft.CC)
}

func newSubject(n view.New) string {
	if n.Draft == nil {
		return ""
	}
	return n.Draft.Subject
}

func newText(n view.New) string {
	if n.Draft == nil {
		return signed(n.Signature)
	}
	return n.Draft.Text
}

func newFiles(n view.New) []contact.Attachment {
	if n.Draft == nil {
		return nil
	}
	return n.Draft.Attachments
}

// newLimits are those of the first account.
func newLimits(n view.New) contact.Limits {
	if len(n.Accounts) == 0 {
		return contact.Limits{}
	}
	return n.Accounts[0].Limits
}

func joined(s []string) string { return strings.Join(s, " ") }

func hitKind(h view.Hit) string {
	switch h.Kind {
	case view.ItemReply:
		return "Reply"
	case view.ItemNote:
		return "Note"
	case view.ItemProposed:
		return "Elsewhere"
	default:
		return "Message"
	}
}

// whyHeading asks what the reasons beside a conversation answer.
func whyHeading(c view.Conversation) string {
	switch {
	case c.Card.State == "waiting":
		return "Why it still waits"
	case c.Holder:
		return "Why me"
	default:
		return "Why it is here"
	}
}
