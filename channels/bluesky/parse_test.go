package bluesky_test

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/channels/bluesky"
	"stagecoach/contact"
)

func parser(tb testing.TB) *bluesky.Adapter {
	tb.Helper()
	a, err := bluesky.New(bluesky.Config{Account: "support", Handle: "support.test", Password: password}, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func inbound(raw string) *channels.Inbound {
	return &channels.Inbound{
		Schema: 1, Kind: channels.Fresh, Channel: contact.Bluesky, Account: "support", Format: bluesky.Format,
		ReceivedAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Raw: []byte(raw),
	}
}

const author = `"author":{"did":"did:plc:alice","handle":"Alice.Test","displayName":"Alice\u0007 A."}`

func TestParse(t *testing.T) {
	a := parser(t)
	for name, c := range map[string]struct {
		raw         string
		text, words string
		check       func(m *contact.Message) bool
	}{
		"mention": {
			raw: `{"schema":1,"kind":"notification","event":{"uri":"at://did:plc:alice/app.bsky.feed.post/1","cid":"c1",` + author + `,
			"reason":"mention","record":{"text":"@support.test, hello","langs":["pt-BR"]}}}`,
			text: "@support.test, hello", words: "hello",
			check: func(m *contact.Message) bool {
				return m.From == contact.Address{Address: "did:plc:alice", Name: "Alice A. (@alice.test)"} &&
					m.Language == "pt" && m.Public && m.Thread == m.MessageID && m.Outreach == ""
			},
		},
		"reply, with the post that it answers": {
			raw: `{"kind":"notification","event":{"uri":"at://did:plc:alice/app.bsky.feed.post/2","cid":"c2",` + author + `,
			"record":{"text":"me too","reply":{"root":{"uri":"at://did:plc:x/p/0","cid":"c0"},"parent":{"uri":"at://did:plc:bob/p/1","cid":"c9"}}}},
			"parent":{"uri":"at://did:plc:bob/p/1","author":{"did":"did:plc:bob","handle":"bob.test"},"record":{"text":"it's broken\nfor me"}}}`,
			text: "me too\n\n[Answers @bob.test]\n> it's broken\n> for me", words: "me too",
			check: func(m *contact.Message) bool {
				return m.Thread == "at://did:plc:x/p/0" && m.InReplyTo == "at://did:plc:bob/p/1" &&
					slices.Equal(m.References, []string{"at://did:plc:x/p/0", "at://did:plc:bob/p/1"})
			},
		},
		"links shortened and under words, marks that lie wrong": {
			raw: `{"kind":"notification","event":{"uri":"at://did:plc:alice/p/3","cid":"c",` + author + `,"record":{"text":"ü shop.test/a... and here 🍵",
			"facets":[{"index":{"byteStart":22,"byteEnd":26},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://shop.test/b"}]},
			{"index":{"byteStart":3,"byteEnd":17},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://www.shop.test/a/long/way"}]},
			{"index":{"byteStart":1,"byteEnd":2},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://evil.test"}]},
			{"index":{"byteStart":-5,"byteEnd":900},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://evil.test"}]}]}}}`,
			text:  "ü https://www.shop.test/a/long/way and here (https://shop.test/b) 🍵",
			words: "ü https://www.shop.test/a/long/way and here (https://shop.test/b) 🍵",
			check: func(m *contact.Message) bool { return !strings.Contains(m.Text, "evil") },
		},
		"pictures, one of which is missing, and a quote": {
			raw: `{"kind":"notification","event":{"uri":"at://did:plc:alice/p/4","cid":"c",` + author + `,"record":{"text":"look","embed":{}}},
			"view":{"uri":"at://did:plc:alice/p/4","embed":{"$type":"app.bsky.embed.recordWithMedia#view","media":{"images":[{"fullsize":"https://cdn.test/1","alt":"a cup"},
			{"fullsize":"https://cdn.test/2","alt":""}]},"record":{"record":{"uri":"at://q","author":{"did":"did:plc:us","handle":"support.test"},"value":{"text":"new cups!"}}}}},
			"files":[{"url":"https://cdn.test/1","name":"../picture-1.png","type":"image/png","data":"iVBO"},{"url":"https://cdn.test/2","error":"it is larger than 20 MB"}]}`,
			text:  "look\n\n[picture: a cup]\n[picture] https://cdn.test/2\n\n[Quotes @support.test]\n> new cups!",
			words: "look",
			check: func(m *contact.Message) bool {
				return len(m.Attachments) == 1 && m.Attachments[0].Size == 3 && !strings.Contains(m.Attachments[0].Name, "/") &&
					len(m.Warnings) == 1 && strings.Contains(m.Warnings[0], "larger than 20 MB")
			},
		},
		"found by a hashtag": {
			raw:  `{"kind":"post","found_by":"#tea","event":{"uri":"at://did:plc:alice/p/5","cid":"c",` + author + `,"record":{"text":"#tea is cold"}}}`,
			text: "#tea is cold", words: "#tea is cold",
			check: func(m *contact.Message) bool { return m.Outreach == "#tea" && m.Unanswerable == "outreach" },
		},
		"a bot's": {
			raw:  `{"kind":"notification","event":{"uri":"at://did:plc:bot/p/5","cid":"c","author":{"did":"did:plc:bot","labels":[{"val":"bot"}]},"record":{"text":"beep"}}}`,
			text: "beep", words: "beep",
			check: func(m *contact.Message) bool { return m.Unanswerable == "bot" && m.From.Name == "" },
		},
		"direct message": {
			raw: `{"kind":"message","sender":{"did":"did:plc:alice","handle":"alice.test"},"event":{"rev":"r","convoId":"c1",
			"message":{"id":"m1","text":"psst","sender":{"did":"did:plc:alice"},"sentAt":"2026-11-22T10:00:00Z"}}}`,
			text: "psst", words: "psst",
			check: func(m *contact.Message) bool {
				return !m.Public && m.Thread == "bsky.chat/c1" && m.MessageID == "bsky.chat/c1/m1" && m.From.Name == "@alice.test"
			},
		},
		"direct message gone": {
			raw:   `{"kind":"deleted","event":{"rev":"r","convoId":"c1","message":{"id":"m1","sender":{"did":"did:plc:alice"}}}}`,
			check: func(m *contact.Message) bool { return m.Withdrawn && m.Replaces == "bsky.chat/c1/m1" },
		},
		"a record of wrong types": {
			raw:  `{"kind":"notification","event":{"uri":"at://did:plc:alice/p/6","cid":7,` + author + `,"record":{"text":"still read","langs":"de","facets":{"x":1},"reply":"no"}}}`,
			text: "still read", words: "still read",
			check: func(m *contact.Message) bool { return true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := a.Parse(inbound(c.raw))
			if err != nil {
				t.Fatal(err)
			}
			if m.Text != c.text || m.ReplyText != c.words {
				t.Errorf("text %q and words %q\nwant %q and %q", m.Text, m.ReplyText, c.text, c.words)
			}
			if !c.check(m) {
				t.Errorf("read as %+v", m)
			}
			if m.Withdrawn == (m.Origin != nil) {
				t.Errorf("origin is %s", m.Origin)
			}
		})
	}
}

func TestParseNothing(t *testing.T) {
	a := parser(t)
	for _, raw := range []string{
		"", "null", "[]", `{"kind":"notification"}`, `{"kind":"notification","event":{"uri":"https://x"}}`,
		`{"kind":"notification","event":{"uri":"at://did:plc:x/p/1"}}`, `{"kind":"message","event":{}}`, `{"kind":"post","event":"x"}`,
	} {
		if m, err := a.Parse(inbound(raw)); err == nil {
			t.Errorf("%s is read as %+v", raw, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"notification","event":{"uri":"at://did:plc:a/p/1","cid":"c","author":{"did":"did:plc:a"},"record":{"text":"ü🍵 x","facets":[{"index":{"byteStart":1,"byteEnd":6},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://x"}]}]}}}`,
		`{"kind":"post","found_by":"x","event":{"uri":"at://d/p","author":{"did":"d"},"embed":{"images":[{"fullsize":"h","alt":"a"}],"record":{"record":{}},"external":{"uri":"u"}}}}`,
		`{"kind":"message","event":{"convoId":"c","message":{"id":"1","sender":{"did":"d"},"embed":{"record":[1]}}}}`,
		`{"kind":"deleted","event":{"convoId":"c","message":{"id":"1","sender":{"did":"d"}}}}`,
	} {
		f.Add(seed)
	}
	a := parser(f)
	f.Fuzz(func(t *testing.T, raw string) {
		m, err := a.Parse(inbound(raw))
		if (m == nil) == (err == nil) {
			t.Fatalf("Parse gives %v, %v", m, err)
		}
		if m == nil {
			return
		}
		if !utf8.ValidString(m.Text) || !utf8.ValidString(m.From.Name) || len(m.Text) > 2<<20 || m.MessageID == "" || m.Warnings == nil {
			t.Errorf("a message that can't be shown: %+v", m)
		}
		if m.Origin != nil && !json.Valid(m.Origin) {
			t.Errorf("origin is %s", m.Origin)
		}
	})
}
