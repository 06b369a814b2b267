package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// Who has answered a chat says that it is over: the units are free at once, and
// the visitor's next message opens it again.
func TestAnAnsweredChatIsDone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna, bert := boss.agent("Anna Arndt", nil), boss.agent("Bert Braun", nil)
	chat, v, src := r.chatting()
	v.Listen()
	if _, err := v.Say("Is the tent waterproof?"); err != nil {
		t.Fatal(err)
	}
	in := within(t, "the message", src.came)
	if err := r.ledger.WaitFor(t.Context(), in.Commit); err != nil {
		t.Fatal(err)
	}
	anna.take()
	answerChat(t, r, anna, chat, in, "0199aaaa-0000-7000-8000-000000000001")
	c := anna.conversation(in.Conversation)
	if e := c.Engaged; e == nil || e.Agent != anna.me.ID || !e.MayEnd || e.Units == 0 || e.Units != anna.desk().Me.Load {
		t.Fatalf("it goes on as %+v, her load is %d", e, anna.desk().Me.Load)
	}
	if e := bert.conversation(in.Conversation).Engaged; e == nil || e.MayEnd {
		t.Errorf("a colleague sees %+v", e)
	}
	done := "/api/conversations/" + in.Conversation + "/done"
	bert.refused(http.StatusForbidden, router.RefusedNotYours, http.MethodPost, done, nil)
	browser := r.browser("anna.arndt@acme.example", "battery staple")
	if page := browser.page("/c/" + in.Conversation); !strings.Contains(page, `data-key="Shift+D"`) || !strings.Contains(page, "Still with you") {
		t.Error("the page has no button for it")
	}
	if status, _, _ := browser.form("/c/" + in.Conversation + "/done"); status != http.StatusSeeOther && status != http.StatusOK {
		t.Errorf("the button gives %d", status)
	}
	if load := anna.desk().Me.Load; load != 0 || anna.conversation(in.Conversation).Engaged != nil {
		t.Errorf("after it her load is %d", load)
	}
	var again view.Done
	if anna.post(done, nil, &again); !again.Known {
		t.Errorf("the second time it is %+v", again)
	}
	anna.want(http.StatusNotFound, http.MethodPost, "/api/conversations/none/done", nil, nil)
	if _, err := v.Say("And the price?"); err != nil {
		t.Fatal(err)
	}
	next := within(t, "the next message", src.came)
	if next.Conversation != in.Conversation || next.Contact == in.Contact {
		t.Errorf("the next message is %+v, after %+v", next, in)
	}
	if offers := anna.desk().Offers; len(offers) != 1 || offers[0].Card.Contact != next.Contact {
		t.Errorf("she is offered %+v: she knows the visitor", offers)
	}
}

// TestLimitsOnTheAgentsPage writes what limits an agent, changes and clears it, and
// says what cannot be read.
func TestLimitsOnTheAgentsPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	b := r.browser("boss@acme.example", "correct horse")
	form := func(pairs ...string) (int, string) {
		status, page, _ := b.form("/agents/"+anna.me.ID, append([]string{
			"name", "Anna Arndt", "email", "anna.arndt@acme.example", "role", "agent", "capacity", "80",
		}, pairs...)...)
		return status, page
	}
	form("most", "email:3, WebChat:2", "daily_cap", "40", "shifts", "Mon-Fri 09:00-17:00; sat 22:00-06:00")
	person := func() view.Person {
		var out struct{ Agents []view.Person }
		boss.get("/api/agents", &out)
		for _, p := range out.Agents {
			if p.ID == anna.me.ID {
				return p
			}
		}
		t.Fatal("she is gone")
		return view.Person{}
	}
	set := person()
	if len(set.Most) != 2 || set.Most[1] != (view.ChannelMost{Channel: "webchat", Most: 2}) || set.DailyCap != 40 || strings.Join(set.Shifts, ", ") != "mon-fri 09:00-17:00, sat 22:00-06:00" {
		t.Errorf("she has %+v", set)
	}
	page := b.page("/agents")
	for _, want := range []string{`value="email:3, webchat:2"`, `name="daily_cap"`, `value="40"`, `value="mon-fri 09:00-17:00, sat 22:00-06:00"`, "at most 3 by e-mail"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for field, bad := range map[string][]string{
		"At most per channel": {"most", "email"}, "no channel": {"most", "mail:3"}, "between 1": {"most", "email:0"},
		"twice": {"most", "email:1 email:2"}, "Contacts a day": {"daily_cap", "many"}, "Shifts": {"shifts", "mon 9-17"},
	} {
		if status, words := form(bad...); status != http.StatusUnprocessableEntity || !strings.Contains(words, field) {
			t.Errorf("%v gives %d and does not say %q", bad, status, field)
		}
	}
	if form("skills", "billing:3"); person().DailyCap != 40 {
		t.Error("a form that does not speak of limits has changed them")
	}
	form("most", "", "daily_cap", "", "shifts", "")
	if got := person(); len(got.Most)+got.DailyCap+len(got.Shifts) > 0 {
		t.Errorf("cleared, she has %+v", got)
	}
}
