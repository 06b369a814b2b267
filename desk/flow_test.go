package desk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// A customer writes, an agent accepts, answers, and the customer has it.
func TestAnAgentAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	in := r.mail("Kim Kunde <kim@customer.example>", "Where is my parcel?", "It should have come on Friday.",
		"Cc: Lee <lee@customer.example>", "References: <older@customer.example>")

	d := anna.desk()
	if len(d.Offers) != 1 || d.Offers[0].Card.Contact != in.Contact {
		t.Fatalf("offers %+v, want contact %s", d.Offers, in.Contact)
	}
	card := d.Offers[0].Card
	if card.CustomerName != "Kim Kunde" || card.Subject != "Where is my parcel?" || !strings.Contains(card.Snippet, "Friday") {
		t.Errorf("card %+v", card)
	}
	if len(d.Offers[0].Why) == 0 {
		t.Error("the offer doesn't say why")
	}
	done := anna.take()
	if done.Conversation != in.Conversation || done.CatchingUp {
		t.Errorf("accepted %+v, want conversation %s", done, in.Conversation)
	}

	c := anna.conversation(in.Conversation)
	if !c.Holder || c.Covers != in.Message || c.Subject != "Re: Where is my parcel?" {
		t.Errorf("conversation %+v", c)
	}
	if len(c.ReplyTo) != 1 || c.ReplyTo[0].Address != "kim@customer.example" {
		t.Errorf("reply to %v", c.ReplyTo)
	}
	if len(c.All) != 1 || c.All[0].Address != "lee@customer.example" {
		t.Errorf("reply to all %v, want lee only: our own address is no participant", c.All)
	}
	if !strings.Contains(c.Quoted, "> It should have come on Friday.") {
		t.Errorf("quoted %q", c.Quoted)
	}

	reply := map[string]any{
		"reply_id": "0199aaaa-0000-7000-8000-000000000001", "kind": "answer", "covers": c.Covers, "quote": true,
		"text": "It comes tomorrow.", "cc": []map[string]string{{"address": "lee@customer.example"}},
	}
	var sent view.Done
	anna.post("/api/contacts/"+in.Contact+"/reply", reply, &sent)
	var again view.Done
	anna.post("/api/contacts/"+in.Contact+"/reply", reply, &again)
	if !again.Known || again.Reply != sent.Reply {
		t.Errorf("the second click gave %+v", again)
	}
	queued := r.delivered()
	if len(r.outbox) != 0 {
		t.Error("the reply was queued twice")
	}
	raw := r.stored(queued)
	for _, want := range []string{
		"To: <kim@customer.example>", "lee@customer.example", "In-Reply-To: <m1@customer.example>",
		"<older@customer.example>", "Message-Id: <" + sent.Reply + "@acme.example>", "+sc-", "It comes tomorrow.", "> It should have come",
	} {
		if !strings.Contains(strings.ReplaceAll(raw, "Message-ID", "Message-Id"), want) && !strings.Contains(raw, strings.Trim(want[4:], "<>")) {
			t.Errorf("the mail lacks %q:\n%s", want, raw)
		}
	}
	c = anna.conversation(in.Conversation)
	if c.State != string(router.ConversationResolved) || c.Card.State != string(router.EndedContact) {
		t.Errorf("state %s, contact %s after the answer was delivered", c.State, c.Card.State)
	}
	last := lastReply(t, c)
	if last.State != "delivered" || !last.Mine || last.ReplyText != "It comes tomorrow." {
		t.Errorf("reply shown as %+v", last)
	}
}

// The customer's answer to our reply finds the conversation by its token alone.
func TestAnAnswerFindsItsConversation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Question", "How?")
	anna.take()
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"kind": "ask", "text": "Which one?"}, nil)
	reply := r.delivered()
	if v := anna.conversation(in.Conversation); v.State != string(router.ConversationWithCustomer) {
		t.Errorf("state %s after asking", v.State)
	}
	back := r.mail("kim@customer.example", "Re: Question", "The blue one.", "In-Reply-To: <"+reply.ID+"@acme.example>")
	if back.Conversation != in.Conversation {
		t.Errorf("the answer went to %s, want %s", back.Conversation, in.Conversation)
	}
}

func TestPledge(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Refund", "Please.")
	anna.take()
	path := "/api/contacts/" + in.Contact + "/reply"
	anna.refused(http.StatusUnprocessableEntity, "invalid", http.MethodPost, path, map[string]any{"kind": "pledge", "text": "Soon."})
	due := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	anna.post(path, map[string]any{"kind": "pledge", "text": "I look into it.", "due": due}, nil)
	r.delivered()
	d := anna.desk()
	if len(d.Mine) != 1 || d.Mine[0].Contact == in.Contact || !d.Mine[0].Due.Equal(due) || d.Mine[0].Promise != "pledge" {
		t.Fatalf("mine %+v, want the pledge due %s", d.Mine, due)
	}
	if d.Mine[0].Subject != "Refund" {
		t.Errorf("the pledge is called %q", d.Mine[0].Subject)
	}
	anna.post("/api/contacts/"+d.Mine[0].Contact+"/reply", map[string]any{"text": "Done."}, nil)
	r.delivered()
	if got := len(anna.desk().Mine); got != 0 {
		t.Errorf("%d contacts held at the end", got)
	}
}

// A message that comes while the agent writes is not answered by a reply whose
// author had not seen it.
func TestCoversOnlyWhatWasSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "One", "First.")
	anna.take()
	seen := anna.conversation(in.Conversation).Covers
	r.mail("kim@customer.example", "Re: One", "Second.", "In-Reply-To: <m1@customer.example>")
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "To the first.", "covers": seen}, nil)
	r.delivered()
	c := anna.conversation(in.Conversation)
	if c.State != "open" || c.Card.Contact == in.Contact || c.Card.Messages != 1 {
		t.Errorf("after the reply: %s, %+v", c.State, c.Card)
	}
}

func TestDeclineTransferPullAndMove(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna, bert := boss.agent("Anna Arndt", nil), boss.agent("Bert Bauer", nil)
	in := r.mail("kim@customer.example", "Hello", "There?")
	first, second := anna, bert
	if len(anna.desk().Offers) == 0 {
		first, second = bert, anna
	}
	first.post("/api/offers/"+first.desk().Offers[0].ID+"/decline", map[string]any{"reason": "busy"}, nil)
	second.take()
	first.refused(http.StatusForbidden, "not_yours", http.MethodPost, "/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Mine!"})
	second.post("/api/contacts/"+in.Contact+"/transfer", map[string]any{"agent": first.me.ID, "reason": "You know <b>more</b>."}, nil)
	if d := first.desk(); len(d.Mine) != 1 {
		t.Fatalf("after the transfer %d held", len(d.Mine))
	}
	c := first.conversation(in.Conversation)
	if !hasEvent(c, "You know <b>more</b>.") {
		t.Errorf("the reason of the transfer is not told: %v", events(c))
	}
	if n := len(c.Why); n < 2 || !strings.HasPrefix(c.Why[n-2], "Offered to "+second.me.Name) || !strings.Contains(c.Why[n-1], "gave it to "+first.me.Name) {
		t.Errorf("why it is with %s: %q", first.me.Name, c.Why)
	}
	second.refused(http.StatusForbidden, "not_allowed", http.MethodPost, "/api/contacts/"+in.Contact+"/assign", map[string]any{"agent": second.me.ID})
	boss.post("/api/contacts/"+in.Contact+"/pull", map[string]any{"reason": "workload"}, nil)
	boss.post("/api/contacts/"+in.Contact+"/move", map[string]any{"queue": "returns"}, nil)
	var o view.Overview
	boss.get("/api/overview?queue=returns", &o)
	if o.Total != 1 || len(o.People) != 3 || len(o.Queues) != 1 || o.Queues[0].Queue != "returns" {
		t.Errorf("overview %+v", o)
	}
	anna.refused(http.StatusForbidden, "not_allowed", http.MethodGet, "/api/overview", nil)
	boss.post("/api/contacts/"+in.Contact+"/assign", map[string]any{"agent": bert.me.ID}, nil)
	if d := bert.desk(); len(d.Mine) != 1 {
		t.Errorf("after the assignment %d held", len(d.Mine))
	}
}

func TestDisposeAndReopen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Thanks", "Bye.")
	anna.take()
	due := anna.desk().Mine[0].Due
	anna.call(http.MethodPut, "/api/contacts/"+in.Contact+"/draft", map[string]any{"text": "You are"})
	anna.post("/api/contacts/"+in.Contact+"/dispose", map[string]any{"disposition": "no_reply_needed", "reason": "They said bye."}, nil)
	c := anna.conversation(in.Conversation)
	if c.State != "resolved" || c.Draft != nil || !hasEvent(c, "no reply needed. “They said bye.”") {
		t.Errorf("after closing: %s, draft %v, events %v", c.State, c.Draft, events(c))
	}
	anna.post("/api/contacts/"+in.Contact+"/reopen", nil, nil)
	c = anna.conversation(in.Conversation)
	if c.State != "open" || !c.Card.Due.Equal(due) {
		t.Errorf("after reopening: %s, due %s, want %s", c.State, c.Card.Due, due)
	}
}

func TestReviewIsConfirmedInBulk(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	var ids, conversations []string
	for i := range 3 {
		in := r.mail(fmt.Sprintf("robot%d@machine.example", i), "Out of office", "I am away.", "Auto-Submitted: auto-replied")
		ids, conversations = append(ids, in.Contact), append(conversations, in.Conversation)
	}
	var v view.Review
	anna.get("/api/review", &v)
	if v.Total != 3 || len(v.Cards) != 3 || v.Cards[0].Proposed != contact.Machine || v.Cards[0].Rule == "" {
		t.Fatalf("review %+v", v)
	}
	if len(anna.desk().Offers) != 0 {
		t.Error("what is proposed as machine was offered singly")
	}
	anna.post("/api/review/keep", map[string]any{"contacts": ids[:1], "remark": "She asks something."}, nil)
	anna.post("/api/review/confirm", map[string]any{"contacts": ids[1:], "command_id": "bulk-1", "remark": "All on holiday."}, nil)
	for i, words := range []string{"“She asks something.”", "“All on holiday.”", "“All on holiday.”"} {
		if c := anna.conversation(conversations[i]); !hasEvent(c, words) {
			t.Errorf("%s is not among the events: %v", words, events(c))
		}
	}
	anna.get("/api/review", &v)
	if v.Total != 0 {
		t.Errorf("%d left in review", v.Total)
	}
	var s struct {
		Open     int            `json:"open"`
		Disposed map[string]int `json:"disposed"`
		AddsUp   bool           `json:"adds_up"`
	}
	boss := r.browserless("boss@acme.example", "correct horse")
	boss.get("/api/summary", &s)
	if s.Open != 1 || s.Disposed["machine"] != 2 || !s.AddsUp {
		t.Errorf("summary %+v", s)
	}
}

func TestFailedAndDoubtful(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hm", "Hm.")
	anna.take()
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Yes."}, nil)
	r.attempt(r.sent(), router.Outcome{InDoubt: true, Reason: "unavailable"})
	var o view.Overview
	boss.get("/api/overview", &o)
	if len(o.Doubtful) != 1 || o.Doubtful[0].Text != "Yes." || o.Doubtful[0].Conversation != in.Conversation {
		t.Fatalf("in doubt: %+v", o.Doubtful)
	}
	if d := anna.desk(); !strings.Contains(d.Mine[0].Trouble, "Nobody knows") {
		t.Errorf("trouble %q", d.Mine[0].Trouble)
	}
	anna.post("/api/replies/"+o.Doubtful[0].ID+"/resolve", map[string]any{"outcome": "again"}, nil)
	r.attempt(r.sent(), router.Outcome{Permanent: true, Reason: "rejected", Code: "5.1.1"})
	d := anna.desk()
	if len(d.Mine) != 1 || !strings.Contains(d.Mine[0].Trouble, "5.1.1") {
		t.Fatalf("after the failure: %+v", d.Mine)
	}
	// The address was wrong: another one will do, without the first.
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Yes.", "to": []map[string]string{{"address": "kim@home.example"}}}, nil)
	if raw := r.stored(r.delivered()); strings.Contains(raw, "kim@customer.example") || !strings.Contains(raw, "kim@home.example") {
		t.Errorf("the second reply went to the wrong people:\n%s", raw)
	}
}
