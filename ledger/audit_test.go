package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// plain is a story with one answered and one open contact, by hand.
func plain(t *testing.T) *story {
	t.Helper()
	s := newStory(t)
	s.epoch = 1
	s.tell("router", router.Takeover{Life: "l"})
	s.tell("intake", router.SourceRead{Source: "email/support/INBOX", Channel: "email", Account: "support", Position: "1:2", Seen: 2})
	s.opened("c1", "v1", "m1")
	s.opened("c2", "v2", "m2")
	s.answer("c1", "v1", "y1")
	return s
}

func planContact(id, conversation, message string) router.Contact {
	due := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	return router.Contact{
		ID: id, Conversation: conversation, Customer: "k-" + conversation, Channel: contact.Email, Account: "support",
		Queue: "general", State: router.Waiting, LastResort: "lead", Promise: router.PromiseFirst, Start: due.Add(-24 * time.Hour), Due: due,
		Messages: []router.MsgRef{{ID: message, Ref: "inbox.0." + message}},
	}
}

func (s *story) opened(id, conversation, message string) {
	s.tell("intake",
		router.CustomerKnown{Customer: "k-" + conversation, Identity: "identity:" + conversation},
		router.ConversationOpened{Conversation: router.Conversation{ID: conversation, Customer: "k-" + conversation, Channel: contact.Email}},
		router.MessageReceived{Item: item(message, s.now), Message: message, Customer: "k-" + conversation, Conversation: conversation, Contact: id},
		router.ContactOpened{Contact: planContact(id, conversation, message), Policy: "p1"},
	)
}

func (s *story) answer(id, conversation, reply string) {
	s.tell("anna", router.ReplyQueued{Reply: router.Reply{ID: reply, Kind: contact.Answer, Conversation: conversation, Contact: id, Agent: "anna", Ref: "reply." + reply}})
	s.tell("sender", router.AttemptGranted{Reply: reply, Attempt: 1, Life: "l"})
	s.tell("sender", router.ReplyDelivered{Reply: reply}, router.ContactEnded{Contact: id, End: router.EndReplied, Reply: reply, By: "anna"})
}

func TestAuditHolds(t *testing.T) {
	l := plain(t).folded()
	a, err := l.Audit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !a.OK() || !a.Summary.AddsUp {
		t.Fatalf("gaps: %+v", a.Gaps)
	}
	want := `{"seen":2,"messages":2,"evidence":0,"quarantined":0,"contacts":2,"replied":1,"open":1,"merged":0,"disposed":{},"adds_up":true,"within_promise":1,"channels":{"email":{"seen":2,"replied":1}}}`
	got, err := l.Summary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if text(t, got) != want {
		t.Errorf("summary\n got %s\nwant %s", text(t, got), want)
	}
	if strings.Contains(text(t, a), "null") {
		t.Errorf("a list is null: %s", text(t, a))
	}
}

// TestAuditFindsEachGap plants one of each kind.
func TestAuditFindsEachGap(t *testing.T) {
	change := func(fn func(c *router.Contact)) router.Contact {
		c := planContact("c3", "v3", "m3")
		fn(&c)
		return c
	}
	open3 := func(s *story, c router.Contact) {
		s.tell("intake",
			router.ConversationOpened{Conversation: router.Conversation{ID: "v3"}},
			router.MessageReceived{Item: item("m3", s.now), Message: "m3", Conversation: "v3", Contact: "c3"},
			router.ContactOpened{Contact: c})
	}
	for _, tc := range []struct {
		name  string
		what  GapKind
		where string
		plant func(s *story)
	}{
		{"an item became nothing", GapSource, "email/support/INBOX", func(s *story) {
			s.tell("intake", router.SourceRead{Source: "email/support/INBOX", Channel: "email", Account: "support", Seen: 3})
		}},
		{"a bookmark fell", GapBookmark, "email/support/INBOX", func(s *story) {
			s.tell("intake", router.SourceRead{Source: "email/support/INBOX", Channel: "email", Account: "support", Seen: 1})
		}},
		{"a commit is missing", GapNumber, "log sequence 8", func(s *story) {
			s.n++
			s.tell("router", router.AtRisk{Contact: "c2"})
		}},
		{"a commit comes twice", GapNumber, "log sequence 8", func(s *story) {
			s.n--
			s.tell("router", router.AtRisk{Contact: "c2"})
		}},
		{"a deposed router wrote", GapEpoch, "log sequence 8", func(s *story) {
			s.epoch = 0
			s.tell("router", router.AtRisk{Contact: "c2"})
		}},
		{"a message names a contact that is not there", GapMessage, "message m9", func(s *story) {
			s.tell("intake", router.MessageReceived{Item: item("m9", s.now), Message: "m9", Conversation: "v1", Contact: "c9"})
		}},
		{"a contact does not list its message", GapMessage, "message m9", func(s *story) {
			s.tell("intake", router.MessageReceived{Item: item("m9", s.now), Message: "m9", Conversation: "v2", Contact: "c2"})
		}},
		{"two open contacts share a message", GapShared, "message m2", func(s *story) {
			open3(s, change(func(c *router.Contact) { c.Messages = append(c.Messages, router.MsgRef{ID: "m2"}) }))
		}},
		{"an item became two messages", GapTwice, "message m8", func(s *story) {
			s.tell("intake",
				router.MessageReceived{Item: item("m2", s.now), Message: "m8", Conversation: "v2", Contact: "c2"},
				router.MessageJoined{Contact: "c2", Message: router.MsgRef{ID: "m8"}, Due: s.now.Add(time.Hour)})
		}},
		{"a message was recorded twice", GapTwice, "message m2", func(s *story) {
			again := item("other", s.now)
			s.tell("intake", router.MessageReceived{Item: again, Message: "m2", Conversation: "v2", Contact: "c2"})
		}},
		{"nothing is due", GapDue, "contact c3", func(s *story) {
			open3(s, change(func(c *router.Contact) { c.Due = time.Time{} }))
		}},
		{"nobody is last resort", GapLastResort, "contact c3", func(s *story) {
			open3(s, change(func(c *router.Contact) { c.LastResort = "" }))
		}},
		{"replied by nothing", GapNoReply, "contact c2", func(s *story) {
			s.tell("router", router.ContactEnded{Contact: "c2", End: router.EndReplied, By: "anna"})
		}},
		{"replied by what was not delivered", GapNoReply, "contact c2", func(s *story) {
			s.tell("anna", router.ReplyQueued{Reply: router.Reply{ID: "y2", Kind: contact.Answer, Conversation: "v2", Contact: "c2", Agent: "anna"}})
			s.tell("router", router.ContactEnded{Contact: "c2", End: router.EndReplied, Reply: "y2", By: "anna"})
		}},
		{"replied by a machine", GapNoReply, "contact c2", func(s *story) {
			s.tell("anna", router.ReplyQueued{Reply: router.Reply{ID: "y2", Kind: contact.Acknowledgement, Conversation: "v2", Contact: "c2", Agent: "anna"}})
			s.tell("sender", router.ReplyDelivered{Reply: "y2"})
			s.tell("router", router.ContactEnded{Contact: "c2", End: router.EndReplied, Reply: "y2", By: "anna"})
		}},
		{"a reply came back and nobody opened the contact", GapNoReply, "contact c1", func(s *story) {
			s.tell("intake", router.ReplyFailed{Reply: "y1", Reason: "bounced", Bounced: true})
		}},
		{"disposed of by nobody", GapNoPerson, "contact c2", func(s *story) {
			s.tell("router", router.ContactEnded{Contact: "c2", End: router.EndDisposed, Disposition: contact.Spam, By: "router"})
		}},
		{"disposed of without a reason", GapNoPerson, "contact c2", func(s *story) {
			s.tell("anna", router.ContactEnded{Contact: "c2", End: router.EndDisposed, Disposition: "tired", By: "anna"})
		}},
		{"merged into nothing", GapNoInto, "contact c2", func(s *story) {
			s.tell("router", router.ContactEnded{Contact: "c2", End: router.EndMerged, Into: "c9", By: "router"})
		}},
		{"merged into itself", GapNoInto, "contact c2", func(s *story) {
			s.tell("router", router.ContactEnded{Contact: "c2", End: router.EndMerged, Into: "c2", By: "router"})
		}},
		{"ended by a time-out", GapNoEnd, "contact c2", func(s *story) {
			s.tell("router", router.ContactEnded{Contact: "c2", End: "timed_out", By: "router"})
		}},
		{"the sum does not hold", GapSum, "contacts", func(s *story) {
			s.tell("router", router.ContactReopened{Contact: planContact("c1", "v1", "m1"), Was: router.EndMerged, Cause: "odd"})
		}},
		{"opened twice", GapTwice, "contact c2", func(s *story) {
			s.tell("intake", router.ContactOpened{Contact: planContact("c2", "v2", "m2")})
		}},
		{"ended twice", GapTwice, "contact c1", func(s *story) {
			s.tell("anna", router.ContactEnded{Contact: "c1", End: router.EndDisposed, Disposition: contact.Spam, By: "anna"})
		}},
		{"queued twice", GapTwice, "reply y1", func(s *story) {
			s.tell("anna", router.ReplyQueued{Reply: router.Reply{ID: "y1", Conversation: "v1"}})
		}},
		{"an event about nothing", GapUnknown, "contact c9", func(s *story) {
			s.tell("router", router.AtRisk{Contact: "c9"})
		}},
		{"an outcome of no reply", GapUnknown, "reply y9", func(s *story) {
			s.tell("sender", router.ReplyDelivered{Reply: "y9"})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := plain(t)
			tc.plant(s)
			found := false
			a, err := s.folded().Audit(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range a.Gaps {
				found = found || g.What == tc.what && g.Where == tc.where
			}
			if !found || a.OK() || a.Summary.AddsUp {
				t.Errorf("no gap %s at %s; there are %+v", tc.what, tc.where, a.Gaps)
			}
		})
	}
}

// TestAuditFindsRowsThatWereChanged looks behind the sums.
func TestAuditFindsRowsThatWereChanged(t *testing.T) {
	l := plain(t).folded()
	if _, err := l.facts.write.ExecContext(t.Context(), "DELETE FROM contact WHERE id = 'c2'"); err != nil {
		t.Fatal(err)
	}
	a, err := l.Audit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[GapKind]bool{}
	for _, g := range a.Gaps {
		found[g.What] = true
	}
	if !found[GapSum] || !found[GapMessage] {
		t.Errorf("gaps are %+v", a.Gaps)
	}
}

func TestWhatIsPendingIsNoGap(t *testing.T) {
	s := plain(t)
	s.tell("intake", router.SourceRead{Source: "email/support/INBOX", Channel: "email", Account: "support", Seen: 4})
	l := s.folded()
	a, err := l.Audit(t.Context(), func(context.Context) (int, error) { return 2, nil })
	if err != nil {
		t.Fatal(err)
	}
	if !a.OK() || a.Pending != 2 || a.Sources[0].Missing != 2 {
		t.Errorf("audit is %+v", a)
	}
	if a, err = l.Audit(t.Context(), func(context.Context) (int, error) { return 1, nil }); err != nil || a.OK() {
		t.Errorf("one item is missing and the audit says %+v, %v", a.Gaps, err)
	}
	sum, err := l.Summary(t.Context())
	if err != nil || sum.AddsUp || sum.Seen != 4 {
		t.Errorf("summary is %+v, %v", sum, err)
	}
}

// TestAuditWaitsForWhatIsOnItsWay: an item that is taken in between two counts
// is no gap.
func TestAuditWaitsForWhatIsOnItsWay(t *testing.T) {
	s := plain(t)
	s.tell("intake", router.SourceRead{Source: "email/support/INBOX", Channel: "email", Account: "support", Seen: 3})
	l := s.folded()
	calls := 0
	a, err := l.Audit(t.Context(), func(ctx context.Context) (int, error) {
		if calls++; calls == 3 {
			s.opened("c3", "v3", "m3")
			s.fold(l)
		}
		return 0, nil
	})
	if err != nil || !a.OK() || calls != 3 {
		t.Errorf("after %d counts: %+v, %v", calls, a.Gaps, err)
	}
}

func TestGapsAlarmOncePerKind(t *testing.T) {
	s := plain(t)
	for range 3 {
		s.tell("router", router.AtRisk{Contact: "c9"})
	}
	l := openAt(t, t.TempDir())
	var out bytes.Buffer
	l.log = logTo(&out)
	s.fold(l)
	s.tell("router", router.AtRisk{Contact: "c9"})
	s.fold(l)
	if got := strings.Count(out.String(), "does not add up"); got != 1 {
		t.Errorf("%d alarms, want 1:\n%s", got, out.String())
	}
}

func TestSignedAuditIsChecked(t *testing.T) {
	s := plain(t)
	l := s.folded()
	key := []byte("0123456789abcdef0123456789abcdef")
	a, err := l.Audit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.Sign(a, key)
	if err != nil {
		t.Fatal(err)
	}
	s.opened("c3", "v3", "m3")
	got, err := l.Check(t.Context(), s.log, file, key)
	if err != nil {
		t.Fatalf("the log has only grown: %v", err)
	}
	if got.N != a.N || got.Summary.Contacts != 2 {
		t.Errorf("checked audit is %+v", got)
	}

	if _, err := l.Check(t.Context(), s.log, file, []byte("another key")); !errors.Is(err, ErrSignature) {
		t.Errorf("another key: %v", err)
	}
	var form map[string]any
	if err := json.Unmarshal(file, &form); err != nil {
		t.Fatal(err)
	}
	changed := *a
	changed.Summary.Replied++
	data := []byte(text(t, &changed))
	form["audit"] = data
	forged := []byte(text(t, form))
	if _, err := l.Check(t.Context(), s.log, forged, key); !errors.Is(err, ErrSignature) {
		t.Errorf("changed totals: %v", err)
	}
	if _, err := l.Check(t.Context(), s.log, []byte("no json"), key); !errors.Is(err, ErrSignature) {
		t.Errorf("garbage: %v", err)
	}

	short := newMemoryLog()
	for _, c := range s.log.commits[:3] {
		short.append(c)
	}
	if _, err := l.Check(t.Context(), short, file, key); !errors.Is(err, ErrPrefix) {
		t.Errorf("a log cut short: %v", err)
	}
	other := newMemoryLog()
	for i, c := range s.log.commits {
		if i == 2 {
			c = bytes.ReplaceAll(c, []byte("lead"), []byte("lean"))
		}
		other.append(c)
	}
	if _, err := l.Check(t.Context(), other, file, key); !errors.Is(err, ErrPrefix) {
		t.Errorf("a changed commit: %v", err)
	}
}
