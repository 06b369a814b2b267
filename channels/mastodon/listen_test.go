package mastodon_test

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
)

func TestListening(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	cfg := config(s)
	cfg.Listen = mastodon.Listen{Hashtags: []string{"#AcmeShop"}, Keywords: []string{"acme shop"}}
	yes, no := true, false
	for acct, p := range map[string]mastodonfake.Profile{
		"robot@cust.test":  {Bot: true},
		"peace@cust.test":  {Note: `<p>hi! <a href="https://x.test/tags/nobot" class="mention hashtag">#<span>NoBot</span></a></p>`},
		"field@cust.test":  {Fields: map[string]string{"please": "#noads"}},
		"hidden@cust.test": {Indexable: &no},
		"open@cust.test":   {Indexable: &yes, Note: "I like #robots"},
	} {
		s.SetProfile(acct, p)
	}
	tag := []string{"acmeshop"}
	s.Put(mastodonfake.Post{Text: "older #acmeshop", Tags: tag, Quiet: true, At: time.Now().Add(-time.Hour)})
	src := channeltest.NewSource(t)
	a := adapter(t, cfg, nil)
	stop := receiving(t, a, src)
	src.Until("both places to be known", func() bool {
		marks := src.Bookmarks()
		return marks["mastodon/support/tag/acmeshop"].Position != "" && marks["mastodon/support/search/acme%20shop"].Position != ""
	})
	other := s.Put(mastodonfake.Post{Text: "somebody's", Quiet: true})
	for _, p := range []mastodonfake.Post{
		{From: "robot@cust.test", Text: "a robot #acmeshop", Tags: tag},
		{From: "peace@cust.test", Text: "in peace #acmeshop", Tags: tag},
		{From: "field@cust.test", Text: "no ads #acmeshop", Tags: tag},
		{From: "open@cust.test", Text: "for friends #acmeshop", Tags: tag, Visibility: "unlisted"},
		{From: "open@cust.test", Text: "to somebody #acmeshop", Tags: tag, InReplyTo: other},
		{From: s.Address(), Text: "ours #acmeshop", Tags: tag},
		{From: "hidden@cust.test", Text: "the acme shop, not to be searched"},
	} {
		p.Quiet = true
		s.Put(p)
	}
	both := s.Put(mastodonfake.Post{From: "open@cust.test", Text: "to you #acmeshop", Tags: tag})
	s.Put(mastodonfake.Post{From: "hidden@cust.test", Text: "where is my order? #acmeshop", Tags: tag, Quiet: true})
	s.Put(mastodonfake.Post{From: "open@cust.test", Text: "the ACME-Shop never answers", Quiet: true})
	s.Put(mastodonfake.Post{From: "open@cust.test", Text: "acme shopping is another word", Quiet: true})

	found := parsed(t, a, stored(t, src, channels.Fresh, "where is my order?"))
	if found.Outreach != "#AcmeShop" || found.Unanswerable != "outreach" || !found.Public || found.From.Address != "hidden@cust.test" {
		t.Errorf("what was found by a hashtag is %+v", found)
	}
	searched := parsed(t, a, stored(t, src, channels.Fresh, "never answers"))
	if searched.Outreach != "acme shop" {
		t.Errorf("what was found by a keyword is %+v", searched)
	}
	mentioned := parsed(t, a, stored(t, src, channels.Fresh, "to you"))
	if mentioned.Outreach != "" {
		t.Errorf("what mentions us is outreach by %q", mentioned.Outreach)
	}
	s.Delete(both)
	stored(t, src, channels.Changed, `"deleted"`)
	if n := len(src.Items()); n != 4 {
		for _, in := range src.Items() {
			t.Logf("%s %s", in.Source, in.Raw)
		}
		t.Errorf("%d items were delivered, want 4", n)
	}
	stop()
	receiving(t, adapter(t, cfg, nil), src) // another process sees nothing anew
	s.Put(mastodonfake.Post{From: "late@cust.test", Text: "too late #acmeshop", Tags: tag, Quiet: true})
	stored(t, src, channels.Fresh, "too late")
	src.Until("the count to be right", func() bool { return src.Bookmarks()["mastodon/support/tag/acmeshop"].Seen == 2 })
}

func TestBusyHashtag(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{Flavour: mastodonfake.GoToSocial})
	cfg := config(s)
	cfg.Listen.Hashtags = []string{"busy"}
	cfg.ListenInterval = 10 * time.Millisecond
	src := channeltest.NewSource(t)
	stop := receiving(t, adapter(t, cfg, nil), src)
	src.Until("the place to be known", func() bool { return src.Bookmarks()["mastodon/support/tag/busy"].Position != "" })
	stop()
	const n = 150
	for i := range n {
		s.Put(mastodonfake.Post{From: fmt.Sprintf("c%d@cust.test", i), Text: fmt.Sprintf("no%03d. #busy", i), Tags: []string{"busy"}, Quiet: true})
	}
	receiving(t, adapter(t, cfg, nil), src)
	src.UntilStored(n)
	// What its authors wrote earlier and servers told later is found too.
	s.Put(mastodonfake.Post{Text: "from far #busy", Tags: []string{"busy"}, Quiet: true, At: time.Now().Add(-5 * time.Millisecond)})
	src.UntilStored(n + 1)
	src.Until("the count to be right", func() bool { return src.Bookmarks()["mastodon/support/tag/busy"].Seen == n+1 })
}
