package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// fadeAll takes out of the router's memory whatever may go.
func (r *rig) fadeAll() {
	r.tb.Helper()
	ctx := r.tb.Context()
	var n uint64
	if err := r.engine.View(ctx, func(s *router.State) { n = s.N }); err != nil {
		r.tb.Fatal(err)
	}
	if err := r.ledger.WaitFor(ctx, n); err != nil {
		r.tb.Fatal(err)
	}
	must[router.Result](r.tb)(r.engine.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: router.Trim{Before: n + 1}}))
}

// TestConfirmedElsewhereOnlyOnce: what was written outside the desk and was the
// answer of a contact long ago can't be that of the next one too.
func TestConfirmedElsewhereOnlyOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "There")
	r.rawMail([]byte("From: support@acme.example\r\nTo: kim@customer.example\r\nSubject: Re: Hi\r\nMessage-ID: <one@phone.example>\r\n"+
		"In-Reply-To: <m1@customer.example>\r\n\r\nFrom my phone.\r\n"), channels.OwnCopy)
	ref := ""
	for _, i := range anna.conversation(in.Conversation).Items {
		if i.Kind == view.ItemProposed {
			ref = i.ID
		}
	}
	var first, second view.Done
	anna.post("/api/replies/"+ref+"/confirm", map[string]any{"contact": in.Contact}, &first)
	r.ahead.Store(int64(25 * time.Hour)) // the answers to commands are forgotten too
	r.mail("somebody@customer.example", "Other", "Thing")
	r.fadeAll()
	next := r.mail("kim@customer.example", "Re: Hi", "And?", "In-Reply-To: <m1@customer.example>")
	if next.Conversation != in.Conversation || next.Contact == in.Contact {
		t.Fatalf("the next message is in contact %s of %s", next.Contact, next.Conversation)
	}
	anna.post("/api/replies/"+ref+"/confirm", map[string]any{"contact": next.Contact}, &second)
	if !second.Known || second.Contact != in.Contact || second.Reply != first.Reply {
		t.Errorf("confirmed again: %+v, want what was done at first: %+v", second, first)
	}
	if v := anna.conversation(in.Conversation); v.State != "open" || v.Card.Contact != next.Contact {
		t.Errorf("the conversation is %s with contact %s", v.State, v.Card.Contact)
	}
	if a := must[*ledger.Audit](t)(r.ledger.Audit(t.Context(), nil)); !a.OK() {
		t.Errorf("the ledger does not add up: %+v", a.Gaps)
	}
}

// TestForwardThatFailsIsShown: whoever forwarded from an old conversation is
// offered what did not arrive; in an open one its card says so.
func TestForwardThatFailsIsShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "There")
	anna.take()
	forward := map[string]any{
		"conversation": in.Conversation, "to": []map[string]string{{"address": "depot@acme.example"}}, "text": "Is it there?",
	}
	failed := router.Outcome{Permanent: true, Reason: "rejected", Code: "5.1.1"}
	anna.post("/api/forward", forward, nil)
	r.attempt(r.sent(), failed)
	v := anna.conversation(in.Conversation)
	if !strings.Contains(v.Card.Trouble, "Anna Arndt") || !strings.Contains(v.Card.Trouble, "5.1.1") {
		t.Errorf("the card says %q", v.Card.Trouble)
	}
	anna.post("/api/contacts/"+in.Contact+"/reply", map[string]any{"text": "It comes.", "covers": v.Covers}, nil)
	r.delivered()
	v = anna.conversation(in.Conversation)
	if v.State != "open" || v.Card.Promise != string(router.PromiseFailed) {
		t.Fatalf("after the answer: %s under %s", v.State, v.Card.Promise)
	}
	anna.take()
	anna.post("/api/contacts/"+v.Card.Contact+"/dispose", map[string]any{"disposition": "no_reply_needed"}, nil)
	r.fadeAll()
	anna.post("/api/forward", forward, nil)
	r.attempt(r.sent(), failed)
	v = anna.conversation(in.Conversation)
	if v.State != "open" || v.Card.Promise != string(router.PromiseFailed) {
		t.Errorf("after a forward from long ago: %s under %s", v.State, v.Card.Promise)
	}
	if !slices.ContainsFunc(anna.desk().Offers, func(o view.Offer) bool { return o.Card.Contact == v.Card.Contact }) {
		t.Error("it is not offered to who forwarded it")
	}
}

// TestLedgerByWordsBehindManyFinds: a filter finds a contact by its words behind
// however many that have the words and don't pass the filter.
func TestLedgerByWordsBehindManyFinds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	const many = 230
	first := r.mail("c0@customer.example", "Zahnrad", "Das Zahnrad fehlt.")
	for i := range many {
		r.mail(fmt.Sprintf("c%d@customer.example", i+1), "Zahnrad", "Das Zahnrad fehlt.")
	}
	boss.post("/api/contacts/"+first.Contact+"/dispose", map[string]any{"disposition": "duplicate"}, nil)
	var s view.Search
	poll(t, func() bool {
		boss.get("/api/search?q=zahnrad&limit=200", &s)
		return len(s.Hits) == 200
	})
	var l view.Ledger
	poll(t, func() bool {
		l = view.Ledger{}
		boss.get("/api/ledger?q=zahnrad&state=disposed", &l)
		return len(l.Rows) == 1 && l.Rows[0].Contact == first.Contact
	})
	poll(t, func() bool { // the words are filled in behind the facts
		seen, next := map[string]bool{}, ""
		for {
			l = view.Ledger{}
			boss.get("/api/ledger?q=zahnrad&limit=100&before="+next, &l)
			for _, row := range l.Rows {
				seen[row.Contact] = true
			}
			if next = l.Next; next == "" {
				return len(seen) == many+1
			}
		}
	})
}
