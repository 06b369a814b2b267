package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/desk/view"
)

// TestAnApologyIsADraft: once the promise was missed its holder finds a draft in the
// customer's language in the reply, escaped, which is never stored or sent by itself,
// doesn't stand in the way of what they write, and can be thrown away for good.
func TestAnApologyIsADraft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	boss.post("/api/presence", map[string]any{"presence": "available"}, nil)
	b := r.browser("boss@acme.example", "correct horse")
	raw := "From: \"</textarea><b>{due}\" <kim@customer.example>\r\nTo: support@acme.example\r\nSubject: Wo\r\nMessage-ID: <old@customer.example>\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\nGuten Tag, wo bleibt meine Bestellung? Ich warte schon seit zwei Wochen darauf und habe nichts gehört.\r\n"
	in := r.oldMail([]byte(raw), channels.Fresh, 10*time.Hour)
	c := "/c/" + in.Conversation
	fresh := r.mail("Lee <lee@customer.example>", "New", "Hello there, when does it come?")
	apology := func() string { return boss.conversation(in.Conversation).Apology }
	if apology() != "" {
		t.Error("who does not hold it is offered one")
	}
	for _, o := range boss.desk().Offers {
		boss.post("/api/offers/"+o.ID+"/accept", nil, nil)
	}
	var late view.Conversation
	for end := time.Now().Add(30 * time.Second); !late.Card.Breached && time.Now().Before(end); {
		late = boss.conversation(in.Conversation)
	}
	if !strings.HasPrefix(late.Apology, "Es tut uns leid") || strings.Contains(late.Apology, "{") || late.Draft != nil {
		t.Fatalf("the apology is %q, the draft %v", late.Apology, late.Draft)
	}
	if boss.conversation(fresh.Conversation).Apology != "" {
		t.Error("there is one for what is not late")
	}
	if page := b.page(c); !strings.Contains(page, ">Es tut uns leid") || !strings.Contains(page, "data-apology") || strings.Contains(page, "</textarea><b>{due}") {
		t.Errorf("the page lacks it, or its text is not escaped")
	}
	draft := func(pairs ...string) {
		t.Helper()
		if got, body, _ := b.formWith(hx(r.server.URL+c), c+"/draft", append([]string{"contact", in.Contact}, pairs...)...); got != http.StatusNoContent {
			t.Fatalf("%d %.200s", got, body)
		}
	}
	draft("text", "My own words")
	if page := b.page(c); apology() != "" || strings.Contains(page, "data-apology") || !strings.Contains(page, "My own words") {
		t.Error("it stands in the way of what was written")
	}
	draft("text", "")
	if apology() == "" {
		t.Error("it is gone though nobody has thrown it away")
	}
	draft("text", "", "apology", "dropped")
	if page := b.page(c); apology() != "" || strings.Contains(page, "data-apology") {
		t.Error("it is there again after it was thrown away")
	}
	if v := boss.conversation(in.Conversation); v.Card.HasDraft {
		t.Error("what was thrown away counts as a draft")
	}
	boss.want(http.StatusForbidden, "POST", "/api/contacts/nothing/apology/drop", nil, nil)
}
