package e2e

import (
	"strings"
	"testing"
)

// takeFrom takes the contact that a line's customer has opened.
func (c *client) takeFrom(t *testing.T, l *line) offer {
	t.Helper()
	var found offer
	eventually(t, patience, words("an offer from %s", l.name()), func() bool {
		var d desk
		c.must(t, "GET", "/api/desk", nil, &d)
		for _, o := range d.Offers {
			if o.Card.Channel == l.channel && o.Card.Account == l.account && c.accept(t, o) {
				found = o
			}
		}
		return found.ID != ""
	})
	return found
}

// TestDayOfChannels has customers write on every channel, edit what they wrote, and
// get one answer each, with the daemon killed in between. All accounts have one name.
func TestDayOfChannels(t *testing.T) {
	s := newSquare(t)
	s.begin()
	s.open()
	// One alone can't hold so much: a chat takes more of an agent than a post.
	agents := []*client{s.hire("Anna"), s.hire("Ben")}
	places, taken, by := map[*line]string{}, map[*line]offer{}, map[*line]*client{}
	for i, l := range s.lines {
		places[l], by[l] = l.write(1, "Where is my order? 🚚"), agents[i%2]
		agents[1-i%2].must(t, "POST", "/api/presence", map[string]any{"presence": "away"}, nil)
		by[l].must(t, "POST", "/api/presence", map[string]any{"presence": "available"}, nil)
		taken[l] = by[l].takeFrom(t, l)
	}
	s.kill()
	edits := 0
	for _, l := range s.lines {
		if l.edit != nil {
			l.edit(places[l], "Where is my second order? 🚚")
			edits++
		}
	}
	s.begin()
	for _, l := range s.lines {
		c, anna := taken[l].Card, by[l]
		if l.edit != nil {
			eventually(t, patience, words("the edit on %s to be seen", l.name()), func() bool {
				for _, it := range anna.conversation(t, c.Conversation).Items {
					if it.Kind == "message" && strings.Contains(it.Text, "second order") {
						return true
					}
				}
				return false
			})
		}
		held := anna.heldOr(t, c.Contact, c.Subject)
		anna.answer(t, card{Contact: held, Conversation: c.Conversation}, "It comes tomorrow, on "+l.name()+".")
		var got []string
		eventually(t, patience, words("the answer on %s", l.name()), func() bool {
			got = l.answers()[places[l]]
			return len(got) > 0
		})
		if len(got) != 1 || !strings.Contains(got[0], "It comes tomorrow, on "+l.name()) {
			t.Errorf("%s: the customer got %q", l.name(), got)
		}
	}
	for _, words := range s.complaints() {
		t.Errorf("a provider complains: %s", words)
	}
	if a := s.audit().Summary; a.Replied != len(s.lines) || a.Messages != len(s.lines)+edits || a.Quarantined != 0 {
		t.Errorf("audited %+v with %d edits", a, edits)
	}
	s.stop()
	code, out, errs := s.run("ledger", "list", "--data", s.dir)
	if code != 0 || strings.Contains(out, "Unreadable") || strings.Count(out, "replied") != len(s.lines) {
		t.Errorf("the ledger of a stopped daemon ended with %d:\n%s%s", code, out, errs)
	}
}
