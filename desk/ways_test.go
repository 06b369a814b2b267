package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/mastodon"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// people are records of customers, in memory.
type people struct {
	mu      sync.Mutex
	records map[string]customers.Record
}

func (p *people) Records(_ context.Context, id string) ([]*customers.Record, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.records[id]; ok {
		return []*customers.Record{&r}, nil
	}
	return nil, nil
}

func (p *people) Holder(context.Context, string) (string, error) { return "", nil }

func (p *people) Update(_ context.Context, id, by string, change func(*customers.Record) error) (*customers.Record, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.records == nil {
		p.records = map[string]customers.Record{}
	}
	r := p.records[id]
	r.ID, r.By = id, by
	if err := change(&r); err != nil {
		return nil, err
	}
	p.records[id] = r
	return &r, nil
}

// known adds an address to what is kept of a customer.
func (r *rig) known(customer string, ids ...customers.Identity) {
	r.tb.Helper()
	_, err := r.people.Update(r.tb.Context(), customer, "import", func(rec *customers.Record) error {
		rec.Identities = append(rec.Identities, ids...)
		return nil
	})
	if err != nil {
		r.tb.Fatal(err)
	}
}

// words gives what is sent with a reply.
func (r *rig) words(reply router.Reply) contact.Reply {
	r.tb.Helper()
	var out contact.Reply
	if err := json.Unmarshal(must[[]byte](r.tb)(r.journal.Get(r.tb.Context(), reply.Ref)), &out); err != nil {
		r.tb.Fatal(err)
	}
	return out
}

func wayBy(t *testing.T, c view.Conversation, ch contact.Channel, direct bool) view.Way {
	t.Helper()
	for _, w := range c.Ways {
		if w.Channel == ch && w.Direct == direct {
			return w
		}
	}
	t.Fatalf("no way by %s (direct: %t) among %+v", ch, direct, c.Ways)
	return view.Way{}
}

// A visitor of the chat has said that they want an e-mail: the answer goes there with
// the question quoted, what they write back joins, and after a bounce the chat is
// chosen again, and said so.
func TestAnsweredByMailFromTheChat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	_, v, src := r.chatting()
	if _, err := v.Say("Ist das Zelt wasserdicht? Ich brauche es am Samstag."); err != nil {
		t.Fatal(err)
	}
	in := within(t, "the message", src.came)
	if err := r.ledger.WaitFor(t.Context(), in.Commit); err != nil {
		t.Fatal(err)
	}
	anna.take()
	c := anna.conversation(in.Conversation)
	if len(c.Ways) != 1 || c.Ways[0].Channel != contact.WebChat || c.ReplyBy != c.Ways[0].ID {
		t.Fatalf("the ways are %+v, by %q", c.Ways, c.ReplyBy)
	}
	prefer := "/api/conversations/" + in.Conversation + "/prefer"
	for address, words := range map[string]string{"eva at customer": "is no e-mail address", "": "no address is known"} {
		if got := anna.refused(http.StatusUnprocessableEntity, "invalid", http.MethodPost, prefer, map[string]any{"channel": "email", "address": address}); !strings.Contains(got, words) {
			t.Errorf("%q was refused with %q", address, got)
		}
	}
	anna.post(prefer, map[string]any{"channel": "email", "address": "eva@customer.example"}, nil)
	if recs, _ := r.people.Records(t.Context(), c.Customer.ID); len(recs[0].Preferences) != 1 || recs[0].Preferences[0].Channel != contact.Email || recs[0].Preferences[0].By != anna.me.ID {
		t.Errorf("kept: %+v", recs[0])
	}
	c = anna.conversation(in.Conversation)
	mail := wayBy(t, c, contact.Email, false)
	if c.ReplyBy != mail.ID || !mail.Preferred || !strings.Contains(mail.Why, "The customer wants it so, noted by Anna Arndt") || !strings.HasPrefix(mail.Quoted, "Sie haben uns am ") {
		t.Fatalf("preferred is %q: %+v", c.ReplyBy, mail)
	}
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Ja, das ist es.", "quote": true}, nil)
	sent := r.sent()
	got := r.words(sent)
	if got.Channel != contact.Email || got.Account != "support" || len(got.To) != 1 || got.To[0].Address != "eva@customer.example" || len(got.Origin) > 0 || got.InReplyTo != "" {
		t.Errorf("sent %+v", got)
	}
	if !strings.HasPrefix(got.Subject, "Ihre Nachricht vom ") || !strings.Contains(got.Text, "\n> Ist das Zelt wasserdicht?") || !strings.Contains(string(got.Raw), "eva@customer.example") {
		t.Errorf("subject %q, text %q", got.Subject, got.Text)
	}
	r.attempt(sent, router.Outcome{Delivered: true})
	back := r.mail("eva@customer.example", "Re: "+got.Subject, "Danke!", "In-Reply-To: <"+got.ID+"@acme.example>")
	if back.Conversation != in.Conversation {
		t.Fatalf("the answer opened conversation %s, want %s", back.Conversation, in.Conversation)
	}
	anna.post("/api/contacts/"+back.Contact+"/take", nil, nil)
	again := anna.conversation(in.Conversation)
	if w := wayBy(t, again, contact.Email, false); again.ReplyBy != w.ID || !strings.Contains(strings.Join(titles(again), "|"), "noted that the customer wants the answer by e-mail") {
		t.Errorf("answered by %q, %q", again.ReplyBy, titles(again))
	}
	anna.post("/api/contacts/"+back.Contact+"/reply", map[string]any{"text": "Gern."}, nil)
	failed := r.sent()
	r.attempt(failed, router.Outcome{Permanent: true, Reason: "rejected", Code: "5.1.1"})
	poll(t, func() bool { return anna.conversation(in.Conversation).Card.Trouble != "" })
	after := anna.conversation(in.Conversation)
	if w := wayBy(t, after, contact.WebChat, false); after.ReplyBy != w.ID || w.Why != "The answer by e-mail did not arrive" {
		t.Errorf("after the failure: %q, %+v", after.ReplyBy, after.Ways)
	}
	if want := "Diese Nachricht haben wir Ihnen per E-Mail gesendet, sie ist aber nicht angekommen:\n\nGern."; after.Resend != want {
		t.Errorf("to be told to the customer: %q, want %q", after.Resend, want)
	}
	if all := strings.Join(titles(after), "|"); !strings.Contains(all, "The answer by e-mail did not arrive: the next one goes by web chat.") {
		t.Errorf("the timeline says %q", all)
	}
}

func titles(c view.Conversation) []string {
	var out []string
	for _, it := range c.Items {
		if it.Kind == view.ItemEvent {
			out = append(out, it.Detail)
		}
	}
	return out
}

// toot has somebody write on Mastodon.
func (r *rig) toot(id, text string, public bool) router.Result {
	r.tb.Helper()
	return r.tootFoundBy("", id, text, public)
}

// tootFoundBy is one that was found by a hashtag, unless that is "".
func (r *rig) tootFoundBy(tag, id, text string, public bool) router.Result {
	r.tb.Helper()
	visibility := "direct"
	if public {
		visibility = "public"
	}
	origin := fmt.Sprintf(`{"v":1,"status":%q,"visibility":%q,"author":"eva@social.example"}`, id, visibility)
	raw, err := json.Marshal(contact.Message{
		ID: id, Channel: contact.Mastodon, Account: "brand", ReceivedAt: time.Now().UTC(), From: contact.Address{Address: "eva@social.example", Name: "Eva"},
		Text: text, ReplyText: text, MessageID: "social.example/" + id, Origin: json.RawMessage(origin), Public: public, Thread: "t1", Outreach: tag,
		Auth: contact.Authentication{Trust: contact.TrustProven},
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	res := must[router.Result](r.tb)(r.Enter(r.tb.Context(), router.ActorIntake, &channels.Inbound{
		Schema: channels.InboundSchema, Kind: channels.Fresh, Channel: contact.Mastodon, Account: "brand", Source: "mastodon/brand", Position: id,
		ProviderID: id, ReceivedAt: time.Now().UTC(), Format: "json", Raw: raw, Size: int64(len(raw)),
	}))
	if err := r.ledger.WaitFor(r.tb.Context(), res.Commit); err != nil {
		r.tb.Fatal(err)
	}
	return res
}

// A complaint in public is answered in private, visibly; what was said in private never
// goes public.
func TestPublicAndPrivate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	brand := must[*mastodon.Adapter](t)(mastodon.New(mastodon.Config{Account: "brand", Server: "https://social.example", Address: "brand@social.example", Token: "t"}, slog.New(slog.DiscardHandler)))
	r.chat = brand.Channel()
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.toot("1", "Your shop is terrible, my parcel is late!", true)
	anna.take()
	c := anna.conversation(in.Conversation)
	public, direct := wayBy(t, c, contact.Mastodon, false), wayBy(t, c, contact.Mastodon, true)
	if !public.Public || !public.Limits.Public || direct.Public || direct.Limits.Public || c.ReplyBy != public.ID || !c.AskedPublic {
		t.Fatalf("public %+v, direct %+v, by %q", public, direct, c.ReplyBy)
	}
	r.toot("2", "My order is 4711-0815, call me at eva@private.example", false)
	anna.refused(http.StatusUnprocessableEntity, "invalid", http.MethodPost, "/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Hello", "way": public.ID, "notice": true})
	covers := c.Covers
	for text, what := range map[string]string{
		"Order 47110815 is on its way.":                "47110815",
		"We have written to EVA@private.example.":      "eva@private.example",
		"So: “call me at eva (at) private”, you said.": "",
	} {
		status, body := anna.call(http.MethodPost, "/api/contacts/"+in.Contact+"/reply", map[string]any{"text": text, "way": public.ID, "covers": covers})
		if what != "" && (status != http.StatusUnprocessableEntity || !strings.Contains(string(body), what)) {
			t.Errorf("%q in public: %d %s", text, status, body)
		}
	}
	sent := r.sent() // the last of them is harmless
	r.attempt(sent, router.Outcome{Delivered: true})
	rest := anna.conversation(in.Conversation)
	if w := wayBy(t, rest, contact.Mastodon, false); rest.ReplyBy != w.ID || w.Public {
		t.Errorf("a private message is answered by %+v", w)
	}
}

// Who wants no answer to what was only found gets none; who has asked us gets one, also
// where a post that was found came behind their question.
func TestFoundBehindAQuestion(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{true, false} {
		r := newRig(t)
		brand := must[*mastodon.Adapter](t)(mastodon.New(mastodon.Config{Account: "brand", Server: "https://social.example", Address: "brand@social.example", Token: "t"}, slog.New(slog.DiscardHandler)))
		r.chat = brand.Channel()
		anna := r.boss().agent("Anna Arndt", nil)
		if asked {
			r.toot("1", "@brand where is my parcel?", true)
		}
		in := r.tootFoundBy("#acme", "2", "Still waiting for #acme", true)
		anna.take()
		c := anna.conversation(in.Conversation)
		_, err := r.people.Update(t.Context(), c.Customer.ID, "customer", func(rec *customers.Record) error {
			rec.Consents = []customers.Consent{{Channel: contact.Mastodon, Purpose: customers.Outreach}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		status, body := anna.call(http.MethodPost, "/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "It comes tomorrow.", "covers": c.Covers})
		if went := status < 300; went != asked {
			t.Errorf("asked %v: %d %s", asked, status, body)
		}
	}
}

// Where the way by which they wrote is closed, the answer goes by the next that is open,
// and the agent sees why.
func TestClosedWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	brand := must[*mastodon.Adapter](t)(mastodon.New(mastodon.Config{Account: "brand", Server: "https://social.example", Address: "brand@social.example", Token: "t"}, slog.New(slog.DiscardHandler)))
	r.chat = brand.Channel()
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.toot("1", "Where is my parcel?", false)
	anna.take()
	c := anna.conversation(in.Conversation)
	r.known(c.Customer.ID, customers.Identity{Channel: contact.Email, Address: "eva@customer.example"})
	if w := wayBy(t, anna.conversation(in.Conversation), contact.Mastodon, false); !w.Preferred {
		t.Fatalf("open, it is not preferred: %+v", w)
	}
	r.chat.Sender = nil // the account receives only, from now on
	c = anna.conversation(in.Conversation)
	if w := wayBy(t, c, contact.Email, false); c.ReplyBy != w.ID || w.Why != "Where they wrote no answer can go: the account “brand” is not set up to send" {
		t.Errorf("closed, it is answered by %q: %+v", c.ReplyBy, w)
	}
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "It comes tomorrow.", "quote": true}, nil)
	if got := r.words(r.sent()); got.Channel != contact.Email || !strings.Contains(got.Text, "> Where is my parcel?") {
		t.Errorf("sent %+v", got)
	}
}

func TestNotice(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	brand := must[*mastodon.Adapter](t)(mastodon.New(mastodon.Config{Account: "brand", Server: "https://social.example", Address: "brand@social.example", Token: "t"}, slog.New(slog.DiscardHandler)))
	r.chat = brand.Channel()
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.toot("1", "Mein Paket kommt nicht, was ist da los bei euch?", true)
	anna.take()
	c := anna.conversation(in.Conversation)
	r.known(c.Customer.ID, customers.Identity{Channel: contact.Email, Address: "eva@customer.example"})
	mail := wayBy(t, anna.conversation(in.Conversation), contact.Email, false)
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "Es tut uns leid.", "way": mail.ID, "notice": true, "quote": true}, nil)
	byMail, said := r.sent(), r.sent()
	if w := r.words(byMail); w.Channel != contact.Email || !strings.Contains(w.Text, "> Mein Paket") {
		t.Errorf("by mail: %+v", w)
	}
	if w := r.words(said); w.Kind != contact.Notice || w.Channel != contact.Mastodon || w.Text != "Wir haben Ihnen per E-Mail geantwortet." || !strings.Contains(string(w.Raw), `"visibility":"public"`) {
		t.Errorf("in public: %+v %s", w, w.Raw)
	}
	r.attempt(said, router.Outcome{Permanent: true, Reason: "rejected"})
	r.attempt(byMail, router.Outcome{Delivered: true})
	after := anna.conversation(in.Conversation)
	if after.Card.State != "ended" || after.State != string(router.ConversationResolved) {
		t.Errorf("after the answer it is %s, %s", after.Card.State, after.State)
	}
	if !slices.ContainsFunc(after.Items, func(it view.Item) bool {
		return it.ReplyKind == contact.Notice && strings.HasPrefix(it.Detail, "Said in public.")
	}) {
		t.Errorf("the notice isn't shown: %+v", after.Items)
	}
}

// What we begin in the customer's night is held, shown, sent at once for a reason or
// taken back.
func TestHeldMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	first := r.mail("eva@customer.example", "Hello", "A question.")
	c := anna.conversation(first.Conversation)
	// It is night there now, whenever this runs.
	now := time.Now().UTC()
	zone := "Etc/GMT"
	if h := (now.Hour() + 24 - 2) % 24; h > 0 {
		if h <= 12 {
			zone = fmt.Sprintf("Etc/GMT+%d", h)
		} else {
			zone = fmt.Sprintf("Etc/GMT-%d", 24-h)
		}
	}
	_, _ = r.people.Update(t.Context(), c.Customer.ID, "import", func(rec *customers.Record) error {
		rec.Zone, rec.Consents = zone, []customers.Consent{{Purpose: "service", Channel: contact.SMS}, {Purpose: "feedback", Given: true}}
		return nil
	})
	begin := func(id string, more map[string]any) view.Done {
		in := map[string]any{"reply_id": id, "to": []map[string]any{{"address": "eva@customer.example"}}, "subject": "Your order", "text": "It is here."}
		maps.Copy(in, more)
		var done view.Done
		anna.post("/api/outbound", in, &done)
		return done
	}
	held := begin("0199aaaa-0000-7000-8000-000000000011", nil)
	it := anna.conversation(held.Conversation).Items
	last := it[slices.IndexFunc(it, func(i view.Item) bool { return i.Kind == view.ItemReply })]
	if last.HeldUntil.IsZero() || !strings.Contains(last.Detail, "Goes out at 08:00") || !strings.Contains(last.Detail, zone) {
		t.Fatalf("held: %+v", last)
	}
	anna.refused(http.StatusUnprocessableEntity, "invalid", http.MethodPost, "/api/replies/"+held.Reply+"/send-now", map[string]any{"reason": " "})
	anna.post("/api/replies/"+held.Reply+"/send-now", map[string]any{"reason": "Their train leaves at six."}, nil)
	if got := r.sent(); got.ID != held.Reply {
		t.Errorf("sent %s", got.ID)
	}
	back := begin("0199aaaa-0000-7000-8000-000000000012", map[string]any{"purpose": "feedback"})
	anna.post("/api/replies/"+back.Reply+"/take-back", nil, nil)
	if all := strings.Join(titles(anna.conversation(back.Conversation)), "|"); !strings.Contains(all, "Anna Arndt took the message back") {
		t.Errorf("the timeline says %q", all)
	}
	urgent := begin("0199aaaa-0000-7000-8000-000000000013", map[string]any{"urgent": "The house is on fire."})
	if got := r.sent(); got.ID != urgent.Reply {
		t.Errorf("sent %s", got.ID)
	}
	words := anna.refused(http.StatusConflict, router.RefusedConsent, http.MethodPost, "/api/outbound", map[string]any{
		"to": []map[string]any{{"address": "eva@customer.example"}}, "subject": "Sale", "text": "Buy!", "purpose": "marketing",
	})
	if !strings.Contains(words, "consent") {
		t.Errorf("refused with %q", words)
	}
}
