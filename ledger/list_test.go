package ledger

import (
	"errors"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

func TestContactsByFilter(t *testing.T) {
	s := plain(t)
	s.now = s.now.Add(time.Hour)
	s.opened("c3", "v3", "m3")
	s.tell("boss", router.Moved{Contact: "c3", Queue: "billing", By: "boss", Reason: "sorted"}, router.Assigned{Contact: "c3", Agent: "ben", By: "boss", Units: 1})
	s.tell("router", router.Breached{Contact: "c2"})
	s.tell("anna", router.ContactEnded{Contact: "c2", End: router.EndDisposed, Disposition: contact.Spam, By: "anna"})
	l := s.folded()
	start := planContact("", "", "").Start
	for name, tc := range map[string]struct {
		f    Filter
		want string
	}{
		"all, newest first": {Filter{}, "c3 c2 c1"},
		"open":              {Filter{State: StateOpen}, "c3"},
		"assigned":          {Filter{State: "assigned"}, "c3"},
		"ended":             {Filter{State: "ended"}, "c2 c1"},
		"queue":             {Filter{Queue: "billing"}, "c3"},
		"holder":            {Filter{Agent: "ben"}, "c3"},
		"who ended it":      {Filter{Agent: "anna"}, "c2 c1"},
		"replied":           {Filter{End: router.EndReplied}, "c1"},
		"spam":              {Filter{Disposition: contact.Spam}, "c2"},
		"breached":          {Filter{Breached: true}, "c2"},
		"customer":          {Filter{Customer: "k-v1"}, "c1"},
		"conversation":      {Filter{Conversation: "v2"}, "c2"},
		"channel":           {Filter{Channel: contact.Email}, "c3 c2 c1"},
		"other channel":     {Filter{Channel: contact.Phone}, ""},
		"account":           {Filter{Account: "sales"}, ""},
		"two":               {Filter{Limit: 2}, "c3 c2"},
		"next page":         {Filter{Before: 2}, "c1"},
		"since":             {Filter{Since: start}, "c3 c2 c1"},
		"until":             {Filter{Until: start}, ""},
		"by due":            {Filter{ByDue: true}, "c1 c2 c3"},
	} {
		rows, err := l.Contacts(t.Context(), tc.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			got = append(got, r.ID)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
}

func TestContactByPrefix(t *testing.T) {
	s := plain(t)
	s.opened("c1x", "v3", "m3")
	l := s.folded()
	for prefix, want := range map[string]error{"c1": nil, "c2": nil, "c1x": nil, "c": ErrAmbiguous, "z": ErrNotFound, "": ErrNotFound, "%": ErrNotFound} {
		row, err := l.Contact(t.Context(), prefix)
		if !errors.Is(err, want) || (want == nil && row.ID != prefix) {
			t.Errorf("%q: %s, %v", prefix, row.ID, err)
		}
	}
}

func TestConversationsOfACustomer(t *testing.T) {
	s := day(t)
	l := s.folded()
	carl := s.state.Conversations[s.state.Index["mid:m1"].Conversation].Customer
	rows, err := l.Conversations(t.Context(), carl, 10)
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v, %v", rows, err)
	}
	last := rows[len(rows)-1]
	if last.Messages != 2 || last.Contacts != 2 || last.State != router.ConversationWithCustomer || last.LastContact == "" {
		t.Errorf("conversation is %+v", last)
	}
	facts, conv, err := l.Recall(t.Context(), last.LastContact)
	if err != nil || facts.ID != last.LastContact || conv.ID != last.ID {
		t.Errorf("recalled %v, %v, %v", facts, conv, err)
	}
	if _, err := l.Conversation(t.Context(), "nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown conversation: %v", err)
	}
}

func TestWhyTellsEveryDecision(t *testing.T) {
	s := day(t)
	l := s.folded()
	id := s.state.Index["mid:s1"].Contact
	w, err := l.Why(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Offers) < 2 || w.Offers[0].End == "" || w.Offers[0].Why.Winner.Agent != w.Offers[0].Agent || w.Offers[0].Policy == "" {
		t.Fatalf("offers are %+v", w.Offers)
	}
	if _, err := l.Why(t.Context(), "nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("why of nothing: %v", err)
	}
	for id := range s.state.Contacts {
		w, err := l.Why(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if w.Row.ID != id || len(w.Steps) == 0 {
			t.Errorf("why of %s is %+v", id, w)
		}
	}
}
