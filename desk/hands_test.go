package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// A page that was left open at a contact that a colleague has by now writes
// nothing over the colleague's draft.
func TestADraftIsItsHolders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna, bert := boss.agent("Anna Arndt", nil), boss.agent("Bert Bauer", nil)
	in := r.mail("kim@customer.example", "Hi", "There")
	path := "/api/contacts/" + in.Contact
	boss.post(path+"/assign", map[string]any{"agent": anna.me.ID, "reason": "expertise"}, nil)
	anna.want(http.StatusOK, http.MethodPut, path+"/draft", map[string]any{"text": "Dear Kim, I"}, nil)
	boss.post(path+"/assign", map[string]any{"agent": bert.me.ID, "reason": "expertise"}, nil)
	bert.want(http.StatusOK, http.MethodPut, path+"/draft", map[string]any{"text": "Dear Kim, I see"}, nil)
	for _, text := range []string{"Dear Kim, I was", ""} {
		anna.refused(http.StatusForbidden, router.RefusedNotYours, http.MethodPut, path+"/draft", map[string]any{"text": text})
	}
	if c := bert.conversation(in.Conversation); c.Draft == nil || c.Draft.Text != "Dear Kim, I see" {
		t.Errorf("the draft is %+v", c.Draft)
	}
}

// What was begun while a reply was on its way is for the contact that remains.
func TestADraftGoesOnWithWhatRemains(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "There")
	anna.take()
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Yes.", "covers": in.Message}, nil)
	r.mail("kim@customer.example", "Re: Hi", "And then?", "In-Reply-To: <m1@customer.example>")
	anna.want(http.StatusOK, http.MethodPut, "/api/contacts/"+in.Contact+"/draft", map[string]any{"text": "And then"}, nil)
	r.delivered()
	poll(t, func() bool {
		c := anna.conversation(in.Conversation)
		return c.Card.Contact != in.Contact && c.Draft != nil && c.Draft.Text == "And then" && c.Draft.Contact == c.Card.Contact
	})
}

// A reply goes to whom its author saw, whoever has written since.
func TestAReplyGoesToWhoseMessageItCovers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "My secret question", "Cc: lee@customer.example")
	anna.take()
	r.mail("lee@customer.example", "Re: Hi", "Words of Lee", "In-Reply-To: <m1@customer.example>")
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{
		"text": "For Kim.", "covers": in.Message, "quote": true, "to": []map[string]string{{"address": "kim@customer.example"}},
	}, nil)
	raw := r.stored(r.delivered())
	if strings.Contains(raw, "lee@customer.example") || strings.Contains(raw, "Words of Lee") || !strings.Contains(raw, "> My secret question") {
		t.Errorf("the reply is\n%s", raw)
	}
}

// Who knows the id of a note can't put other words under its author's name.
func TestANoteIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "There")
	path, id := "/api/contacts/"+in.Contact+"/note", "0199aaaa-0000-7000-8000-00000000000a"
	boss.post(path, map[string]any{"text": "Be kind", "note_id": id}, nil)
	anna.refused(http.StatusConflict, router.RefusedTaken, http.MethodPost, path, map[string]any{"text": "Be rude", "note_id": id})
	boss.post(path, map[string]any{"text": "Be kind", "note_id": id}, nil)
	n := 0
	for _, i := range anna.conversation(in.Conversation).Items {
		if i.Kind == view.ItemNote {
			n++
			if i.Text != "Be kind" {
				t.Errorf("the note says %q", i.Text)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d notes, want 1", n)
	}
}

func TestALoginLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	r := newRigAt(t, desk.Config{Setup: setupToken})
	r.boss()
	for _, next := range []string{"//evil.example", "/\t/evil.example", "/\\evil.example", "/\x00/evil.example", "https://evil.example"} {
		b := r.browser("boss@acme.example", "correct horse")
		if _, _, to := b.form("/login", "email", "boss@acme.example", "password", "correct horse", "next", next); to != "/" {
			t.Errorf("next=%q leads to %q", next, to)
		}
	}
}

// TestWhatWasSentIsNoDraft pledges by words that were saved as a draft, by a
// page that saves them once more when they are sent: the contact in which the
// further answer is owed begins with nothing written.
func TestWhatWasSentIsNoDraft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "One", "First.")
	anna.take()
	path := "/api/contacts/" + in.Contact
	draft := map[string]any{"text": "I am asking.\r\nKim"}
	anna.want(http.StatusOK, http.MethodPut, path+"/draft", draft, nil)
	anna.post(path+"/reply", map[string]any{
		"text": "I am asking.\nKim", "kind": "pledge", "due": time.Now().Add(24 * time.Hour),
	}, nil)
	anna.want(http.StatusOK, http.MethodPut, path+"/draft", draft, nil) // the page was late
	heard := anna.listen()
	r.delivered()
	hears(t, "anna", heard, "desk")
	c := anna.conversation(in.Conversation)
	if c.Card.Promise != "pledge" || c.Card.Contact == in.Contact || c.Draft != nil || c.Card.HasDraft {
		t.Errorf("the pledge is %+v with the draft %+v", c.Card, c.Draft)
	}
}
