package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/mastodon/mastodonfake"
)

// listed imports the list on which Rosa stands, who wants her answers by e-mail.
func (w *wanderer) listed() {
	w.t.Helper()
	if code, out, errs := w.run("customers", "import", filepath.Join(filepath.Dir(w.config), "list.csv"), "--data", w.dir, "--json"); code != 0 || !strings.Contains(out, `"loaded":1`) {
		w.t.Fatalf("importing ended with %d:\n%s%s", code, out, errs)
	}
}

// policies gives the daemon a set of its own.
func (w *wanderer) policies(files map[string]string) {
	w.t.Helper()
	dir := filepath.Join(filepath.Dir(w.config), "policies")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.save(w.config, string(text)+"policies: policies\n")
}

// refusedAnswer tries to send, and gives why that is refused.
func (c *client) refusedAnswer(t *testing.T, held card, body map[string]any) string {
	t.Helper()
	err := c.do(t.Context(), "POST", "/api/contacts/"+held.Contact+"/reply", body, nil)
	var r *refusal
	if !errors.As(err, &r) {
		t.Fatalf("it was taken: %v %v", body, err)
	}
	return r.Detail
}

func (v *composing) way(channel string, public bool) (w way) {
	for _, one := range v.Ways {
		if one.Channel == channel && one.Public == public {
			return one
		}
	}
	return way{}
}

// TestPublicComplaint has a customer complain where anybody can read it: the answer
// goes to her mailbox, that is said in public and nothing else is, and when the mail
// does not arrive it goes to her alone where she wrote.
func TestPublicComplaint(t *testing.T) {
	w := newWanderer(t)
	w.policies(map[string]string{"customers.yaml": "version: 1\npreferred:\n  secret: [\"customer number\"]\n"})
	w.listed()
	w.start("")
	w.untilUp("email/acme", "mastodon/acme", "webchat/acme")
	w.open()
	anna := w.hire("Anna")
	w.mail("My customer no. is 4711-0815, which nobody else may know.")
	first := anna.takeAny(t)
	anna.answer(t, first, "Thank you, Rosa.")
	w.taken(1)
	w.untilOpen(anna, 0, 0)

	w.fedi.Put(mastodonfake.Post{From: rosa, Text: "Never again! My boots have a hole.", Visibility: "public"})
	held := anna.takeAny(t)
	v := anna.composer(t, held.Conversation)
	if by := v.by(); by.Channel != "email" || by.Public || by.Address != rosa || !strings.Contains(by.Why, "by your records") {
		t.Fatalf("answered by %+v of %+v", by, v.Ways)
	}
	public := v.way("mastodon", true)
	for text, why := range map[string]string{
		"Is that customer number 12?": "customer number",
		"We look at it: 47110815.":    "47110815",
	} {
		if got := anna.refusedAnswer(t, held, map[string]any{"text": text, "covers": v.Covers, "way": public.ID}); !strings.Contains(got, why) || !strings.Contains(got, "Anybody can read") {
			t.Errorf("%q is refused with %q", text, got)
		}
	}
	w.post.Misbehave(emailfake.Misbehaviour{Recipient: func(string) error { return emailfake.Refusal(550, [3]int{5, 1, 1}, "no such user") }})
	var d done
	anna.must(t, "POST", "/api/contacts/"+held.Contact+"/reply", map[string]any{"text": "We are sorry: you get new boots.", "covers": v.Covers, "quote": true, "notice": true}, &d)
	eventually(t, patience, words("the word in public"), func() bool { return len(w.fedi.Posted()) == 1 })
	if said := w.fedi.Posted()[0]; said.Visibility != "public" || !strings.Contains(said.Text, "We have written to you by e-mail.") || strings.Contains(said.Text, "boots") {
		t.Errorf("said in public: %+v", said)
	}
	eventually(t, patience, words("the failure to be told"), func() bool {
		v = anna.composer(t, held.Conversation)
		return v.Card.Trouble != "" && v.Resend != ""
	})
	if by := v.by(); by.Channel != "mastodon" || by.Public || !by.Direct {
		t.Errorf("what was for her alone goes by %+v", by)
	}
	anna.answer(t, held, v.Resend)
	eventually(t, patience, words("the answer to her alone"), func() bool { return len(w.fedi.Posted()) == 2 })
	if got := w.fedi.Posted()[1]; got.Visibility != "direct" || !strings.Contains(got.Text, "new boots") || !strings.Contains(got.Text, "by e-mail, and it did not arrive") {
		t.Errorf("to her alone: %+v", got)
	}
	w.untilOpen(anna, 0, 0)
	if a := w.audit(); len(a.Gaps) != 0 {
		t.Errorf("gaps: %+v", a.Gaps)
	}
}
