package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
)

func TestMailboxesAreCompared(t *testing.T) {
	reply := func(id, to string, refs ...string) incoming {
		return incoming{id: id, inReplyTo: to, references: append(refs, to), text: "Dear Anna Smith,"}
	}
	for name, c := range map[string]struct {
		kind  kind
		wrote []string
		mails []incoming
		want  string
	}{
		"answered":              {plain, []string{"m1"}, []incoming{reply("r1", "m1")}, ""},
		"unanswered":            {plain, []string{"m1"}, nil, "0 replies"},
		"answered twice":        {plain, []string{"m1"}, []incoming{reply("r1", "m1"), reply("r2", "m1")}, "2 replies"},
		"one reply, twice":      {plain, []string{"m1"}, []incoming{reply("r1", "m1"), reply("r1", "m1")}, "same reply twice"},
		"somebody else's":       {plain, []string{"m1"}, []incoming{reply("r1", "x1")}, "not theirs"},
		"another name":          {plain, []string{"m1"}, []incoming{{id: "r1", inReplyTo: "m1", text: "Dear Ben,"}}, "not theirs"},
		"both together":         {again, []string{"m1", "m2"}, []incoming{reply("r1", "m2", "m1")}, ""},
		"one by one":            {again, []string{"m1", "m2"}, []incoming{reply("r1", "m1"), reply("r2", "m2", "m1")}, ""},
		"second left out":       {again, []string{"m1", "m2"}, []incoming{reply("r1", "m1")}, "wrote m2"},
		"pledge kept":           {pledged, []string{"m1"}, []incoming{reply("r1", "m1"), reply("r2", "m1")}, ""},
		"pledge forgotten":      {pledged, []string{"m1"}, []incoming{reply("r1", "m1")}, "1 replies"},
		"thanks":                {thanks, []string{"m1", "m2"}, []incoming{reply("r1", "m1")}, ""},
		"spam needs none":       {spam, []string{"m1"}, nil, ""},
		"spam was replied to":   {spam, []string{"m1"}, []incoming{reply("r1", "m1")}, "1 replies"},
		"follow-up left behind": {followUp, []string{"m1", "m2"}, []incoming{reply("r1", "m1")}, "wrote m2"},
	} {
		u := &customer{story: story{kind: c.kind, name: "Anna Smith", address: "anna@home.example"}, wrote: c.wrote}
		var problems []string
		u.compare(c.mails, func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) })
		got := strings.Join(problems, "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func goodReport() *Report {
	r := newReport(&summary{
		Seen: 4, Messages: 3, Evidence: 1, Contacts: 3, Replied: 2, Disposed: map[string]int{"spam": 1}, AddsUp: true,
		WithinPromise: 2, Channels: map[string]channelSummary{"email": {3, 1}, "slack": {1, 1}},
	}, newStage().counts(), 1, time.Second)
	r.Customers.Wrote = 3
	return r
}

func TestTheReportIsChecked(t *testing.T) {
	type counts struct {
		sent    map[contact.Channel]posted
		answers map[contact.Channel]int
	}
	for name, c := range map[string]struct {
		spoil func(r *Report, with counts)
		want  string
	}{
		"good":            {func(*Report, counts) {}, ""},
		"does not add up": {func(r *Report, _ counts) { r.AddsUp = false }, "does not add up"},
		"open":            {func(r *Report, _ counts) { r.Open = 1 }, "1 contacts are open"},
		"too few":         {func(r *Report, _ counts) { r.Contacts = 2 }, "2 contacts instead of 3"},
		"lost a message":  {func(r *Report, _ counts) { r.Messages = 2 }, "the ledger has 2"},
		"quarantined":     {func(r *Report, _ counts) { r.Messages, r.Quarantined = 2, 1 }, ""},
		"lost a reply":    {func(_ *Report, w counts) { w.answers[contact.Slack] = 0 }, "replied to by slack, and 0 replies lie with customers; the ledger does not add up"},
		"went elsewhere": {func(_ *Report, w counts) {
			w.answers[contact.Slack], w.answers[contact.Email] = 0, 2
		}, "the ledger does not add up"},
		"a mail from nowhere": {func(_ *Report, w counts) { w.sent[contact.Email] = posted{messages: 2} }, "by email, the ledger has seen 3"},
		"a line from nowhere": {func(_ *Report, w counts) { w.sent[contact.Slack] = posted{} }, "by slack, the ledger has seen 1"},
		"not taken in": {func(_ *Report, w counts) {
			w.sent[contact.Slack] = posted{messages: 1, evidence: 1}
		}, "by slack, the ledger has seen 1; the ledger does not add up"},
	} {
		r := goodReport()
		with := counts{
			map[contact.Channel]posted{contact.Email: {messages: 2, evidence: 1}, contact.Slack: {messages: 1}},
			map[contact.Channel]int{contact.Email: 1, contact.Slack: 1},
		}
		c.spoil(r, with)
		r.count(with.sent, with.answers, 0)
		r.check(3)
		got := strings.Join(r.Problems, "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTheReportHasNoNulls(t *testing.T) {
	var b bytes.Buffer
	if err := newReport(&summary{}, newStage().counts(), 1, 0).Write(&b, true); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"seen", "messages", "evidence", "quarantined", "contacts", "replied", "open", "merged", "disposed", "adds_up",
		"within_promise", "channels", "behaviours",
	} {
		if got[key] == nil {
			t.Errorf("%s is null or lacks", key)
		}
	}
	did, ok := got["behaviours"].(map[string]any)
	for _, name := range []string{"pledged", "declined", "missed", "silent", "left"} {
		if !ok || did[name] == nil {
			t.Errorf("behaviours lack %q", name)
		}
	}
}

func TestTheReportIsWords(t *testing.T) {
	var b bytes.Buffer
	r := goodReport()
	if err := r.Write(&b, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 messages + 1 evidence", "2 replied + 1 disposed of", "The ledger adds up."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
}

// A copy of a mail of ours that was found in Sent is the ledger's, not a
// customer's; anything else that nobody sent is told.
func TestOwnCopiesAreNobodys(t *testing.T) {
	for copies, want := range map[string]string{
		`{"source":"email/billing/Sent","evidence":1}`:  "",
		`{"source":"email/billing/INBOX","evidence":1}`: "by email, the ledger has seen 3",
		`{"source":"slack/team/Sent","evidence":1}`:     "by email, the ledger has seen 3",
	} {
		var a audit
		if err := json.Unmarshal([]byte(`{"sources":[`+copies+`]}`), &a); err != nil {
			t.Fatal(err)
		}
		r := goodReport()
		r.count(map[contact.Channel]posted{contact.Email: {messages: 2}, contact.Slack: {messages: 1}},
			map[contact.Channel]int{contact.Email: 1, contact.Slack: 1}, a.ownCopies())
		if got := strings.Join(r.Problems, "; "); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", copies, got, want)
		}
	}
}
