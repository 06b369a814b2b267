package mastodon_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/channels/mastodon"
	"stagecoach/contact"
)

// reader is an adapter that only parses.
func reader(tb testing.TB) *mastodon.Adapter {
	tb.Helper()
	a, err := mastodon.New(mastodon.Config{Account: "support", Server: "https://social.test", Address: "@Support@social.test", Token: "x"}, discard())
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func inbound(raw string) *channels.Inbound {
	return &channels.Inbound{
		Schema: 1, Kind: channels.Fresh, Channel: contact.Mastodon, Account: "support", Format: mastodon.Format,
		ReceivedAt: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC), Raw: []byte(raw), Size: int64(len(raw)),
	}
}

// wrapped makes an original of a post by changing one that is complete.
func wrapped(tb testing.TB, change func(post map[string]any)) string {
	tb.Helper()
	post := map[string]any{
		"id": "1003", "uri": "https://cust.test/users/alice/statuses/1", "url": "https://cust.test/@alice/1",
		"created_at": "2026-05-01T09:59:58.000Z", "edited_at": nil, "in_reply_to_id": nil, "visibility": "public",
		"spoiler_text": "", "language": "en-GB", "content": "<p>hello</p>", "poll": nil, "quote": nil, "reblog": nil,
		"account":           map[string]any{"id": "7", "username": "Alice", "acct": "Alice@Cust.test", "display_name": "Alice :blobcat:", "bot": false},
		"media_attachments": []any{},
		"mentions": []any{
			map[string]any{"id": "1", "username": "support", "acct": "support", "url": "https://social.test/@support"},
			map[string]any{"id": "8", "username": "bob", "acct": "bob@else.test", "url": "https://else.test/@bob"},
			map[string]any{"id": "9", "username": "carol", "acct": "carol", "url": "https://social.test/@carol"},
		},
		"tags": []any{},
	}
	if change != nil {
		change(post)
	}
	raw, err := json.Marshal(map[string]any{"schema": 1, "kind": "notification", "event": map[string]any{
		"id": "55", "type": "mention", "created_at": "2026-05-01T10:00:00.000Z", "status": post,
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

func TestText(t *testing.T) {
	t.Parallel()
	a := reader(t)
	us := `<span class="h-card" translate="no"><a href="https://social.test/@support" class="u-url mention">@<span>support</span></a></span>`
	bob := `<span class="h-card"><a href="https://else.test/@bob" class="u-url mention">@<span>bob</span></a></span>`
	for name, c := range map[string]struct{ html, text, said string }{
		"mention in front": {"<p>" + us + " where is it?</p>", "@support@social.test where is it?", "where is it?"},
		"several mentions": {"<p>" + us + " " + bob + ", hi</p>", "@support@social.test @bob@else.test, hi", "hi"},
		"mention within":   {"<p>ask " + bob + " please</p>", "ask @bob@else.test please", "ask @bob@else.test please"},
		"name of ours":     {`<p><a href="https://social.test/@carol" class="mention">@carol</a> hi</p>`, "@carol@social.test hi", "hi"},
		"stranger's name":  {`<p><a href="https://evil.test/@zed" class="mention">@zed</a> hi</p>`, "@zed hi", "hi"},
		"nothing else":     {"<p>" + us + "</p>", "@support@social.test", ""},
		"paragraphs":       {"<p>one<br>two<br />three</p><p>four</p>", "one\ntwo\nthree\n\nfour", ""},
		"short link": {
			`<p>see <a href="https://acme.test/a/very/long/way?x=1&amp;y=2" rel="nofollow"><span class="invisible">https://</span><span class="ellipsis">acme.test/a/very</span><span class="invisible">/long/way?x=1&amp;y=2</span></a>.</p>`,
			"see https://acme.test/a/very/long/way?x=1&y=2.", "",
		},
		"cut link":       {`<a href="https://acme.test/a/very/long/way">acme.test/a/very…</a>`, "https://acme.test/a/very/long/way", ""},
		"named link":     {`<p><a href="https://acme.test/offer">our bank</a></p>`, "our bank (https://acme.test/offer)", ""},
		"lying link":     {`<p><a href="https://evil.test/">https://bank.test/</a></p>`, "https://bank.test/ (https://evil.test/)", ""},
		"script link":    {`<p><a href="javascript:alert(1)">click</a></p>`, "click", ""},
		"hashtag":        {`<p>it's <a href="https://x.test/tags/acme" class="mention hashtag" rel="tag">#<span>acme</span></a>!</p>`, "it's #acme!", ""},
		"emoji":          {`<p>great :blobcat: 👩‍👩‍👧‍👦 🇩🇪 ß</p>`, "great :blobcat: 👩‍👩‍👧‍👦 🇩🇪 ß", ""},
		"emoji as image": {`<p>ok <img alt=":blob:" class="emoji" src="https://x.test/b.png"></p>`, "ok :blob:", ""},
		"entities":       {`<p>a &lt;b&gt; &amp;amp; c &quot;d&quot; &#39;e&#39;&nbsp;f</p>`, "a <b> &amp; c \"d\" 'e'\u00a0f", ""},
		"quote":          {"<p>he said</p><blockquote><p>yes</p><p>no</p></blockquote><p>so</p>", "he said\n\n> yes\n>\n> no\n\nso", "he said\n\n> yes\n>\n> no\n\nso"},
		"list":           {"<p>either</p><ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol>", "either\n\n- a\n- b\n\n1. c\n2. d", ""},
		"code":           {"<pre><code>a\n  b</code></pre><p>c</p>", "a\n  b\n\nc", ""},
		"script":         {"<p>a<script>alert('x')</script><style>p{}</style>b</p>", "ab", ""},
		"not closed":     {`<p>a <b>b <a href="https://x.test/y">c`, "a b c (https://x.test/y)", ""},
		"controls":       {"<p>a\u0000b\u0007\ufeffc\u202ed</p>", "abcd", ""},
		"no html":        {"just words & more", "just words & more", ""},
		"empty":          {"", "", ""},
		"spaces":         {"<p>  a \n\n  b  </p>\n\n\n<p>c</p>", "a b\n\nc", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := a.Parse(inbound(wrapped(t, func(p map[string]any) { p["content"] = c.html })))
			if err != nil {
				t.Fatal(err)
			}
			if m.Text != c.text {
				t.Errorf("the text is %q, want %q", m.Text, c.text)
			}
			if c.said != "" && m.ReplyText != c.said {
				t.Errorf("they said %q, want %q", m.ReplyText, c.said)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	a := reader(t)
	m, err := a.Parse(inbound(wrapped(t, func(p map[string]any) {
		p["spoiler_text"] = "food, \n anger"
		p["in_reply_to_id"] = "1002"
		p["poll"] = map[string]any{"options": []any{map[string]any{"title": "yes"}, map[string]any{"title": "no"}}}
		p["media_attachments"] = []any{map[string]any{"id": "4", "type": "video", "url": "https://files.test/a.mp4", "description": "the lid falls off"}}
	})))
	if err != nil {
		t.Fatal(err)
	}
	want := "[CW: food, anger]\n\nhello\n\n[Poll]\n- yes\n- no\n\n[video: the lid falls off] https://files.test/a.mp4"
	if m.Text != want || m.ReplyText != "food, anger\n\nhello" {
		t.Errorf("the text is %q, they said %q", m.Text, m.ReplyText)
	}
	if m.From.Address != "alice@cust.test" || m.From.Name != "Alice :blobcat:" || m.To[0].Address != "support@social.test" ||
		len(m.CC) != 2 || m.CC[0].Address != "bob@else.test" || m.CC[1].Address != "carol@social.test" {
		t.Errorf("it is from %+v to %+v and %+v", m.From, m.To, m.CC)
	}
	if m.MessageID != "social.test/1003" || m.InReplyTo != "social.test/1002" || m.Thread != "" || m.Language != "en" ||
		!m.Public || m.Auth.Trust != contact.TrustProven || m.Outreach != "" || len(m.Warnings) != 1 {
		t.Errorf("the message is %+v", m)
	}
	if string(m.Origin) != `{"v":1,"status":"1003","visibility":"public","author":"alice@cust.test","warning":"food, \n anger","language":"en"}` {
		t.Errorf("the origin is %s", m.Origin)
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
}

func TestHostileOriginals(t *testing.T) {
	t.Parallel()
	a := reader(t)
	deep := strings.Repeat("<blockquote>", 20_000) + "x"
	many := make([]any, 5000)
	for i := range many {
		many[i] = map[string]any{"id": "1", "acct": "x", "url": "https://x.test"}
	}
	for name, raw := range map[string]string{
		"empty": "", "null": "null", "list": "[]", "number": "7", "half": `{"schema":1,"kind":"notification","event":{"id":`,
		"no event":      `{"schema":1,"kind":"notification"}`,
		"null event":    `{"schema":1,"kind":"notification","event":null}`,
		"no status":     `{"schema":1,"kind":"notification","event":{"id":"1","type":"mention"}}`,
		"wrong types":   `{"schema":1,"kind":"post","event":{"id":7,"account":[],"mentions":{},"content":{"a":1}}}`,
		"no author":     wrapped(t, func(p map[string]any) { p["account"] = map[string]any{} }),
		"deep":          wrapped(t, func(p map[string]any) { p["content"] = deep }),
		"deep json":     `{"event":` + strings.Repeat("[", 100_000),
		"many mentions": wrapped(t, func(p map[string]any) { p["mentions"] = many }),
		"many files":    wrapped(t, func(p map[string]any) { p["media_attachments"] = many }),
		"many links":    wrapped(t, func(p map[string]any) { p["content"] = strings.Repeat(`<a href="https://x.test">@b</a>`, 10_000) }),
		"long":          wrapped(t, func(p map[string]any) { p["content"] = strings.Repeat("ü", 3<<18) }),
		"bad quote":     wrapped(t, func(p map[string]any) { p["quote"] = "x" }),
		"quoting itself": wrapped(t, func(p map[string]any) {
			p["quote"] = map[string]any{"quoted_status": map[string]any{"id": "1", "content": deep, "account": map[string]any{"acct": "b@x.test"}}}
		}),
		"deleted nothing": `{"schema":1,"kind":"deleted"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			m, err := a.Parse(inbound(raw))
			if err == nil {
				checkMessage(t, m)
			}
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// checkMessage checks what holds of every message.
func checkMessage(tb testing.TB, m *contact.Message) {
	tb.Helper()
	if !utf8.ValidString(m.Text) || !utf8.ValidString(m.ReplyText) || !utf8.ValidString(m.From.Name) || m.Warnings == nil ||
		m.MessageID == "" || len(m.Text) > 40<<20 || strings.ContainsRune(m.Text, 0) {
		tb.Errorf("the message is %.2000q, %.2000q", m.Text, m.ReplyText)
	}
	if m.Public && !strings.Contains(string(m.Origin), `"public"`) && !strings.Contains(string(m.Origin), `"unlisted"`) {
		tb.Errorf("a public message has the origin %s", m.Origin)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(wrapped(f, nil)))
	f.Add([]byte(wrapped(f, func(p map[string]any) {
		p["content"] = `<p><a href="https://else.test/@bob" class="mention">@<span>bob</span></a><br>x</p><blockquote>y</blockquote>`
		p["spoiler_text"], p["visibility"] = "cw", "direct"
	})))
	f.Add([]byte(`{"schema":1,"kind":"deleted","status":"1003","author":"alice@cust.test"}`))
	f.Add([]byte(`{"schema":1,"kind":"post","found_by":"#acme","thread":[{"id":"1","acct":"b@x.test","content":"<p>q</p>"}],"files":[{"id":"4","name":"a","type":"image/png","data":"AA=="}],"event":{"id":"2","account":{"acct":"a"},"media_attachments":[{"id":"4"}]}}`))
	a := reader(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, kind := range []channels.InboundKind{channels.Fresh, channels.Changed} {
			in := inbound(string(raw))
			in.Kind = kind
			if m, err := a.Parse(in); err == nil {
				checkMessage(t, m)
			}
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := mastodon.New(mastodon.Config{
		Account: "a b", Server: "social.test", Address: "support", Token: " ", CAFile: notPEM, ReplyVisibility: "wide",
		Listen: mastodon.Listen{Hashtags: []string{"two words"}, Keywords: []string{"ab"}},
	}, discard())
	if err == nil {
		t.Fatal("a configuration with everything wrong is taken")
	}
	for _, want := range []string{"account", "server", "address", "token", "ca_file", "reply_visibility", "listen.hashtags", "listen.keywords"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	shown, err := json.Marshal(mastodon.Config{Token: "hidden-token"})
	if err != nil || strings.Contains(string(shown), "hidden-token") {
		t.Errorf("the token shows in %s, %v", shown, err)
	}
}
