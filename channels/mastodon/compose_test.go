package mastodon_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/contact"
)

func TestVisibility(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	question := s.Put(mastodonfake.Post{Text: "well?", Quiet: true})
	n := 0
	for _, c := range []struct {
		asked    string
		wish     mastodon.ReplyVisibility
		outreach bool
		want     string
	}{
		{"public", mastodon.SameVisibility, false, "public"},
		{"public", "", false, "public"},
		{"public", mastodon.Unlisted, false, "unlisted"},
		{"public", mastodon.Direct, false, "direct"},
		{"unlisted", mastodon.SameVisibility, false, "unlisted"},
		{"unlisted", mastodon.Unlisted, false, "unlisted"},
		{"unlisted", mastodon.Direct, false, "direct"},
		{"private", mastodon.SameVisibility, false, "direct"},
		{"direct", mastodon.SameVisibility, false, "direct"},
		{"direct", mastodon.Unlisted, false, "direct"},
		{"mutuals_only", mastodon.SameVisibility, false, "direct"},
		{"", mastodon.SameVisibility, false, "direct"},
		{"public", mastodon.SameVisibility, true, "public"},
		{"public", mastodon.Unlisted, true, "unlisted"},
		{"public", mastodon.Direct, true, "unlisted"},
	} {
		n++
		cfg := config(s)
		cfg.ReplyVisibility = c.wish
		a := adapter(t, cfg, nil)
		r := composed(t, a, answering(c.asked, map[string]any{"outreach": c.outreach, "warning": "food", "language": "de"}, fmt.Sprintf("%d. answer", n), question))
		if _, err := a.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		all := s.Posted()
		got := all[len(all)-1]
		if got.Visibility != c.want || got.InReplyTo != question || got.Warning != "food" || got.Language != "de" || !strings.HasPrefix(got.Text, "@"+alice+" ") {
			t.Errorf("asked %q with %q, outreach %v: answered %+v, want %s", c.asked, c.wish, c.outreach, got, c.want)
		}
	}
}

func TestDirectAnswerMentionsNobodyElse(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "well?", Visibility: "direct"})
	r := composed(t, a, answering("direct", nil, "@alice@cust.test ask @bob@else.test or @carol, mail help@acme.test, see https://x.test/@dave", question))
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	want := "@alice@cust.test ask @\u200bbob@\u200belse.test or @\u200bcarol, mail help@acme.test, see https://x.test/@dave"
	if got := s.Posted()[0].Text; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	// The text on the server is another than the one composed, and found all the same.
	if delivered, known, err := adapter(t, config(s), nil).Delivered(t.Context(), r); !delivered || !known || err != nil {
		t.Errorf("Delivered gives %v, %v, %v", delivered, known, err)
	}
}

func TestLongAnswer(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	if err := a.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	question := s.Put(mastodonfake.Post{Text: "well?"})
	r := composed(t, a, reply("long", long(40), question))
	receipt, err := a.Send(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	all := s.Posted()
	before := question
	var said []string
	for i, p := range all {
		text := strings.TrimPrefix(p.Text, "@"+alice+" ")
		text, numbered := strings.CutSuffix(text, fmt.Sprintf(" (%d/%d)", i+1, len(all)))
		if p.InReplyTo != before || !numbered || text == p.Text || p.Key != fmt.Sprintf("long-%d", i+1) {
			t.Errorf("post %d answers %q, want %q, with key %q: %q", i, p.InReplyTo, before, p.Key, p.Text)
		}
		before = p.ID
		said = append(said, text)
	}
	if got := strings.Join(said, " "); got != strings.TrimSpace(long(40)) || len(all) < 4 {
		t.Errorf("%d posts say %q", len(all), got)
	}
	if !strings.HasSuffix(receipt.ProviderID, "/"+before) {
		t.Errorf("the receipt is %+v, the last post %q", receipt, before)
	}
}

func TestWhatCannotBeComposed(t *testing.T) {
	t.Parallel()
	a := adapter(t, config(provider(t, mastodonfake.Config{})), nil)
	for name, change := range map[string]func(r *contact.Reply){
		"nothing": func(r *contact.Reply) { r.Text = " \n" },
		"several": func(r *contact.Reply) { r.To[0].Address = "alice@cust.test @bob@else.test" },
		"nobody":  func(r *contact.Reply) { r.To, r.Origin = nil, nil },
		"a novel": func(r *contact.Reply) { r.Text = long(2000) },
	} {
		r := reply("x", "words", "1")
		change(r)
		if raw, err := a.Compose(r); channels.ReasonOf(err) != channels.Malformed {
			t.Errorf("%s gives %s, %v", name, raw, err)
		}
	}
	limits := a.Channel().Limits
	if limits.PartRunes == 0 || limits.TextRunes < 5*limits.PartRunes || !limits.Public || limits.AttachmentCount != 4 {
		t.Errorf("the limits are %+v", limits)
	}
	r := reply("x", strings.Repeat("wordy ", limits.TextRunes/6), "1")
	if _, err := a.Compose(r); err != nil || utf8.RuneCountInString(r.Text) > limits.TextRunes {
		t.Errorf("a text within the limits gives %v", err)
	}
}

func TestLongWarningLeavesRoom(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "well?", Visibility: "direct"})
	r := composed(t, a, answering("direct", map[string]any{"warning": "@bob@else.test " + strings.Repeat("w", 480)}, "it's on its way", question))
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := s.Posted()[0]; len([]rune(got.Warning)) > 110 || strings.Contains(got.Warning, "@bob") {
		t.Errorf("the warning is %q", got.Warning)
	}
}

func TestForwardStaysOutOfTheThread(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "my number is 5511, where is my order?"})
	for _, kind := range []contact.ReplyKind{contact.Forward, contact.Outbound} {
		r := answering("public", map[string]any{"warning": "private matters"}, "please see to number 5511", question)
		r.ID, r.Kind, r.To = string(kind), kind, []contact.Address{{Address: "@colleague@else.test"}}
		if _, err := a.Send(t.Context(), composed(t, a, r)); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range s.Posted() {
		if p.Visibility != "direct" || p.InReplyTo != "" || p.Warning != "" || !strings.HasPrefix(p.Text, "@colleague@else.test ") {
			t.Errorf("it went out as %+v", p)
		}
	}
}
