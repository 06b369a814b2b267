package mastodon_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/contact"
)

// TestNobodyElseReads keeps everybody but the customer from being a reader of a
// direct answer, by the rules of each server for what is a mention.
func TestNobodyElseReads(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	// Mastodon takes all but words, "/" and "=" before a name, GoToSocial and Pleroma
	// all but words.
	asMentions := regexp.MustCompile(`(?i)(?:^|[^a-z0-9_])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*(?:@[\pL\pN_]+(?:[.-]+[\pL\pN_]+)*)?)`)
	for _, text := range []string{
		".@bob@x.test is wrong", "(@bob)", "@@bob@x.test", "-@bob,@carol@y.test/@dave", "grüß@bob", "“@bob”", "@bob.@carol@x.test.@dave",
		"see=@bob", "ask\u00a0@bob", "@BOB@X.TEST", "to @" + alice + " and @" + alice + "x", "@bob@bücher.test",
	} {
		r := composed(t, a, answering("direct", map[string]any{"warning": "about @bob"}, text, "1"))
		var out struct {
			Posts []struct {
				Status  string `json:"status"`
				Spoiler string `json:"spoiler_text"`
			} `json:"posts"`
		}
		if err := json.Unmarshal(r.Raw, &out); err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{out.Posts[0].Status, out.Posts[0].Spoiler} {
			for _, found := range asMentions.FindAllStringSubmatch(said, -1) {
				if found[1] != alice {
					t.Errorf("%q becomes %q: %q reads it", text, said, found[1])
				}
			}
		}
	}
	const links = "https://x.test/@bob/1?by=@carol and mail to bob@x.test"
	if r := composed(t, a, answering("direct", nil, links, "1")); !strings.Contains(string(r.Raw), "https://x.test/@bob/1?by=@carol and mail to bob@x.test") {
		t.Errorf("links and addresses are spoilt: %s", r.Raw)
	}
}

// TestMentionAhead writes the customer's name once where the author has written it,
// and cuts nobody else's.
func TestMentionAhead(t *testing.T) {
	t.Parallel()
	a := adapter(t, config(provider(t, mastodonfake.Config{})), nil)
	for text, want := range map[string]string{
		"@" + alice + ": hello":         "@" + alice + " hello",
		"@ALICE@cust.test, hello":       "@" + alice + " hello",
		"@" + alice + "er hello":        "@" + alice + " @" + alice + "er hello",
		"@" + alice + ".example, hello": "@" + alice + " @" + alice + ".example, hello",
	} {
		if r := composed(t, a, answering("public", nil, text, "1")); !strings.Contains(string(r.Raw), `"status":"`+want+`"`) {
			t.Errorf("%q becomes %s", text, r.Raw)
		}
	}
}

// TestEditedOutreach sees that a post which wasn't addressed to us stays so when
// it's edited, for the process that found it and the next.
func TestEditedOutreach(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	cfg := config(s)
	cfg.Listen.Hashtags = []string{"acmeshop"}
	src := channeltest.NewSource(t)
	a := adapter(t, cfg, nil)
	stop := receiving(t, a, src)
	src.Until("the place to be known", func() bool { return src.Bookmarks()["mastodon/support/tag/acmeshop"].Position != "" })
	id := s.Put(mastodonfake.Post{Text: "love #acmeshop", Tags: []string{"acmeshop"}, Quiet: true})
	stored(t, src, channels.Fresh, "love")
	for i, text := range []string{"hate #acmeshop", "mind #acmeshop"} {
		s.Edit(id, text)
		word, _, _ := strings.Cut(text, " ")
		m := parsed(t, a, stored(t, src, channels.Changed, word))
		if m.Outreach != "#acmeshop" || m.Unanswerable != "outreach" || !strings.Contains(string(m.Origin), `"outreach":true`) {
			t.Errorf("edit %d is read as %+v", i, m)
		}
		src.Until("the edit to be recorded", func() bool {
			return strings.Contains(src.Bookmarks()["mastodon/support/notifications#watched"].Position, `"e":`)
		})
		stop()
		stop = receiving(t, adapter(t, cfg, nil), src)
	}
}

// TestLesserTrouble sees that a server which fails at edits, threads and our own
// posts for ever is told, and that messages come by the same link.
func TestLesserTrouble(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	src := channeltest.NewSource(t)
	receiving(t, adapter(t, config(s), nil), src)
	s.Misbehave(mastodonfake.Misbehaviour{Method: "GET", Path: "/statuses", Code: 500})
	for i := range 5 {
		text := fmt.Sprintf("no %d", i)
		s.Put(mastodonfake.Post{Text: text})
		stored(t, src, channels.Fresh, text)
		calls := s.Calls("GET /api/v1/statuses")
		src.Until("looks at edits", func() bool { return s.Calls("GET /api/v1/statuses") > calls })
	}
	if n := src.Connections(); n != 1 {
		t.Errorf("the link stood up %d times, want once", n)
	}
	s.Misbehave()
	id := s.Put(mastodonfake.Post{Text: "as it was"})
	stored(t, src, channels.Fresh, "as it was")
	s.Edit(id, "as it is")
	stored(t, src, channels.Changed, "as it is")
}

// TestStreamComesBack tries a stream again that a proxy has denied.
func TestStreamComesBack(t *testing.T) {
	t.Parallel()
	for _, flavour := range []mastodonfake.Flavour{mastodonfake.Mastodon, mastodonfake.GoToSocial} {
		s := provider(t, mastodonfake.Config{Flavour: flavour})
		s.Misbehave(mastodonfake.Misbehaviour{Path: "/api/v1/streaming", Code: 404})
		a := adapter(t, config(s), nil)
		mastodon.Rest(a, 20*time.Millisecond)
		src := channeltest.NewSource(t)
		receiving(t, a, src)
		src.Until("the stream to be asked for again", func() bool { return s.Calls("GET /api/v1/streaming") > 4 })
		s.Misbehave()
		src.Until("the stream to stand", func() bool { return s.Listening() == 1 })
	}
}

// TestFilesDropped hands the files over again where the server has dropped those of
// an attempt before.
func TestFilesDropped(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	question := s.Put(mastodonfake.Post{Text: "how does it look?"})
	a := adapter(t, config(s), nil)
	r := reply("with a file", "like this", question)
	r.Attachments = []contact.Attachment{{Name: "new cup.png", ContentType: "image/png", Data: []byte("png")}}
	composed(t, a, r)
	s.Misbehave(mastodonfake.Misbehaviour{Method: "POST", Path: "/api/v1/statuses", Code: 503, Times: 1})
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Unavailable {
		t.Fatalf("the first try gives %v", err)
	}
	s.DropMedia()
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if posted := s.Posted(); len(posted) != 1 || len(posted[0].Media) != 1 || posted[0].Media[0] != "new cup" {
		t.Errorf("posted is %+v", posted)
	}
}

// TestWhoIsLeftAlone approaches nobody who isn't there to be spoken to, or who has
// said who may answer.
func TestWhoIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{Flavour: mastodonfake.GoToSocial})
	cfg := config(s)
	cfg.Listen.Hashtags = []string{"acmeshop"}
	for name, extra := range map[string]map[string]any{
		"limited": {"limited": true}, "suspended": {"suspended": true}, "memorial": {"memorial": true}, "group": {"group": true},
		"moved": {"moved": map[string]any{"id": "7"}},
	} {
		s.SetProfile(name+"@cust.test", mastodonfake.Profile{Extra: extra})
	}
	s.SetProfile("words@cust.test", mastodonfake.Profile{Note: "<p>Cats. No brands,<br>please</p>"})
	src := channeltest.NewSource(t)
	receiving(t, adapter(t, cfg, nil), src)
	src.Until("the place to be known", func() bool { return src.Bookmarks()["mastodon/support/tag/acmeshop"].Position != "" })
	put := func(from string, extra map[string]any) {
		s.Put(mastodonfake.Post{From: from + "@cust.test", Text: from + " on #acmeshop", Tags: []string{"acmeshop"}, Quiet: true, Extra: extra})
	}
	policy := func(always ...string) map[string]any {
		return map[string]any{"interaction_policy": map[string]any{"can_reply": map[string]any{"always": always}}}
	}
	for _, from := range []string{"limited", "suspended", "memorial", "group", "moved", "words"} {
		put(from, nil)
	}
	put("choosy", policy("mentioned", "followers"))
	put("open", policy("public", "me"))
	put("free", nil)
	stored(t, src, channels.Fresh, "open on")
	stored(t, src, channels.Fresh, "free on")
	if n := len(src.Items()); n != 2 {
		for _, in := range src.Items() {
			t.Logf("%s", in.Raw)
		}
		t.Errorf("%d items were delivered, want 2", n)
	}
}
