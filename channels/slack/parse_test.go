package slack

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

func parser(tb testing.TB) *Adapter {
	tb.Helper()
	a, err := New(Config{Account: "support", BotToken: "xoxb-1", AppToken: "xapp-1"}, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func TestPlainText(t *testing.T) {
	names := map[string]string{"U0ADA0001": "Ada <3"}
	for said, want := range map[string]string{
		"hello":                            "hello",
		"a &lt;b&gt; &amp; c":              "a <b> & c",
		"&amp;lt;":                         "&lt;",
		"<@U0ADA0001> hi":                  "@Ada <3 hi",
		"<@U0BOB0001>":                     "@U0BOB0001",
		"<@U0BOB0001|bob>":                 "@bob",
		"in <#C0GEN0001|general>":          "in #general",
		"in <#C0GEN0001|>":                 "in #C0GEN0001",
		"<!here> and <!channel|channel>":   "@here and @channel",
		"<!subteam^S0TEAM001|@helpers>":    "@helpers",
		"<!subteam^S0TEAM001>":             "@group",
		"<!date^1392734382^{date}|18 Feb>": "18 Feb",
		"<https://a.test/x?b=1&amp;c=2>":   "https://a.test/x?b=1&c=2",
		"<https://a.test|our page>":        "our page (https://a.test)",
		"<https://a.test/|a.test>":         "https://a.test/",
		"<mailto:ada@a.test|ada@a.test>":   "ada@a.test",
		"<tel:+49301234|+49 30 1234>":      "+49 30 1234 (+49301234)",
		"if a < b then":                    "if a < b then",
		"<<@U0ADA0001>":                    "<@Ada <3",
		"<":                                "<",
		"<>":                               "<>",
		"<@":                               "<@",
		"<@>":                              "@",
		"<|x>":                             "<|x>",
		"*bold* _it_ ~no~ `x` :wave:":      "*bold* _it_ ~no~ `x` :wave:",
		"a\u202eb\u0000c\x1bd":             "abcd",
		"👩\u200d👩\u200d👧 e\u0301 &amp;\r\n": "👩\u200d👩\u200d👧 e\u0301 &\n",
	} {
		if got := plainText(said, func(id string) string { return names[id] }); got != want {
			t.Errorf("%q reads %q, want %q", said, got, want)
		}
	}
}

func TestTS(t *testing.T) {
	for _, s := range []string{"", "1", "1.", ".1", "1.2.3", "-1.2", "1e9.1", "9999999999999.1", "1.0000000001", "1,5"} {
		if validTS(s) {
			t.Errorf("%q is taken for a ts", s)
		}
	}
	at := time.Date(2026, 11, 22, 10, 0, 0, 123456000, time.UTC)
	if got := timeOf(tsOf(at)); !got.Equal(at) {
		t.Errorf("%v comes back as %v", at, got)
	}
	for _, order := range [][2]string{{"", "0.1"}, {"9.000002", "10.000001"}, {"10.000001", "10.000002"}, {"10.0", "10.000001"}, {"099.9", "100.1"}} {
		if compareTS(order[0], order[1]) >= 0 || compareTS(order[1], order[0]) <= 0 {
			t.Errorf("%q isn't before %q", order[0], order[1])
		}
	}
	if compareTS("10.1", "10.100000") != 0 {
		t.Error("10.1 isn't 10.100000")
	}
}

// original makes an item of an event in channel C0SALES01 or, with kind im, D0ADA0001.
func original(tb testing.TB, kind, event string, change func(e *envelope)) *channels.Inbound {
	tb.Helper()
	e := &envelope{
		Kind: kindEvent, Team: "T0US00001", Self: "U0BOT0001", Channel: "C0SALES01", ChannelType: kind,
		People: map[string]person{"U0ADA0001": {Name: "Ada", Team: "T0US00001", Language: "de"}, "U0EVE0001": {Name: "Eve", Team: "T0ELSE001", TeamName: "Elsewhere"}},
		Event:  json.RawMessage(event),
	}
	if kind == kindIM {
		e.Channel = "D0ADA0001"
	}
	if change != nil {
		change(e)
	}
	raw, err := e.bytes()
	if err != nil {
		tb.Fatal(err)
	}
	return &channels.Inbound{Kind: channels.Fresh, Channel: contact.Slack, Account: "support", ReceivedAt: time.Unix(1700000000, 0), Raw: raw, Format: Format}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, kind, event string
		change            func(e *envelope)
		want              func(m *contact.Message) bool
	}{
		{"a direct message", kindIM, `{"type":"message","user":"U0ADA0001","ts":"1700000000.000001","text":"Wo ist es?"}`, nil, func(m *contact.Message) bool {
			return m.From == contact.Address{Address: "T0US00001/U0ADA0001", Name: "Ada"} && m.Text == "Wo ist es?" && m.ReplyText == m.Text &&
				m.MessageID == "T0US00001/D0ADA0001/1700000000.000001" && m.Thread == "T0US00001/D0ADA0001" && !m.Public && m.Language == "de" &&
				m.Auth.Trust == contact.TrustProven && len(m.Warnings) == 0
		}},
		{"the first of a thread", kindIM, `{"type":"message","user":"U0ADA0001","ts":"1.000001","thread_ts":"1.000001","text":"x"}`, nil, func(m *contact.Message) bool {
			return m.Thread == "T0US00001/D0ADA0001" && m.InReplyTo == ""
		}},
		{"an answer in a thread", kindIM, `{"type":"message","user":"U0ADA0001","ts":"2.000001","thread_ts":"1.000001","text":"x"}`, nil, func(m *contact.Message) bool {
			return m.Thread == "T0US00001/D0ADA0001/1.000001" && m.InReplyTo == m.Thread
		}},
		{"a mention", kindChannel, `{"type":"app_mention","user":"U0EVE0001","user_team":"T0ELSE001","ts":"3.000001","text":"<@U0BOT0001>, <@U0ADA0001> asks"}`, nil, func(m *contact.Message) bool {
			return m.From.Name == "Eve (Elsewhere)" && m.From.Address == "T0ELSE001/U0EVE0001" && m.ReplyText == "@Ada asks" && m.Public &&
				m.Thread == "T0US00001/C0SALES01/3.000001" && len(m.CC) == 1 && m.CC[0].Name == "Ada"
		}},
		{
			"emoji", kindIM, `{"type":"message","user":"U0ADA0001","ts":"3.000001","text":":tada: at 12:30:45 :wave::skin-tone-3: :wave: :ours: :no: <https://a.test/:tada:>",
				"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"emoji","name":"tada","unicode":"1f389"},
				{"type":"emoji","name":"wave","unicode":"1f44b-1f3fc","skin_tone":3},{"type":"emoji","name":"wave","unicode":"1f44b"},
				{"type":"emoji","name":"ours"},{"type":"emoji","name":"no","unicode":"110000"},{"type":"emoji","name":7,"unicode":[]},"x"]}]}]}`,
			nil, func(m *contact.Message) bool {
				return m.Text == "🎉 at 12:30:45 👋🏼 👋 :ours: :no: https://a.test/🎉" && m.ReplyText == m.Text
			},
		},
		{"nobody is known", kindGroup, `{"type":"message","user":"U0XXX0001","ts":"3.000001","text":"<@U0YYY0001>"}`, func(e *envelope) { e.People = nil }, func(m *contact.Message) bool {
			return m.From.Address == "T0US00001/U0XXX0001" && m.From.Name == "" && m.Text == "@U0YYY0001" && !m.Public
		}},
		{"a shared message", kindIM, `{"type":"message","user":"U0ADA0001","ts":"3.000001","text":"see","attachments":[{"is_share":true,"author_name":"Bob","text":"it <https://a.test|broke>"}]}`, nil, func(m *contact.Message) bool {
			return m.Text == "see\n\n[Bob]\n> it broke (https://a.test)" && m.Forwarded.From.Name == "Bob" && m.ReplyText == "see"
		}},
		{"a link's preview", kindIM, `{"type":"message","user":"U0ADA0001","ts":"3.000001","text":"see","attachments":[{"title":"Buy!","text":"now"}]}`, nil, func(m *contact.Message) bool {
			return m.Text == "see"
		}},
		{"a program", kindChannel, `{"type":"message","subtype":"bot_message","bot_id":"B0OTHER01","username":"Shop","ts":"3.000001","text":"","attachments":[{"fallback":"sold"}]}`, nil, func(m *contact.Message) bool {
			return m.From == contact.Address{Address: "T0US00001/B0OTHER01", Name: "Shop"} && m.Text == "sold" && m.Unanswerable == "bot"
		}},
		{"a file and none", kindIM, `{"type":"message","subtype":"file_share","user":"U0ADA0001","ts":"3.000001","text":"","files":[{"id":"F1","name":"a/../b.pdf"},{"id":"F2","name":"c.zip","permalink":"https://x.slack.com/f"}]}`, func(e *envelope) {
			e.Files = []fetched{{ID: "F1", Name: "../b.pdf", Type: "application/pdf", Data: []byte("%PDF")}, {ID: "F2", Error: "it is larger than 20 MB"}}
			e.Notes = []string{"1 more attachments were not fetched"}
		}, func(m *contact.Message) bool {
			return len(m.Attachments) == 1 && m.Attachments[0].Name == "b.pdf" && string(m.Attachments[0].Data) == "%PDF" &&
				m.Text == "[c.zip] https://x.slack.com/f" && len(m.Warnings) == 2 && strings.Contains(m.Warnings[0], "20 MB")
		}},
		{"wrong types", kindIM, `{"type":5,"user":"U0ADA0001","ts":"3.000001","text":["x"],"files":{"a":1},"edited":"yes","thread_ts":7}`, nil, func(m *contact.Message) bool {
			return m.From.Name == "Ada" && m.Text == ""
		}},
	} {
		m, err := parser(t).Parse(original(t, c.kind, c.event, c.change))
		if err != nil || !c.want(m) {
			t.Errorf("%s: %v, %+v", c.name, err, m)
			continue
		}
		if o, ok := readOrigin(m.Origin); !ok || o.TS == "" || direct(c.kind) && !strings.Contains(m.Thread, "/"+o.Thread) {
			t.Errorf("%s: the origin is %s", c.name, m.Origin)
		}
	}
}

func TestParseChanges(t *testing.T) {
	for _, c := range []struct {
		name, event, id string
		withdrawn       bool
		from, text      string
	}{
		{
			"edited", `{"type":"message","subtype":"message_changed","message":{"user":"U0ADA0001","text":"new","ts":"1.000001","edited":{"ts":"2.000000"}},"previous_message":{"text":"old"}}`,
			"T0US00001/D0ADA0001/1.000001#2.000000", false, "T0US00001/U0ADA0001", "new",
		},
		{
			"deleted", `{"type":"message","subtype":"message_deleted","deleted_ts":"1.000001","previous_message":{"user":"U0ADA0001","text":"secret","ts":"1.000001"}}`,
			"T0US00001/D0ADA0001/1.000001#deleted", true, "T0US00001/U0ADA0001", "",
		},
		{
			"deleted, nothing said", `{"type":"message","subtype":"message_deleted","deleted_ts":"1.000001"}`,
			"T0US00001/D0ADA0001/1.000001#deleted", true, "T0US00001/U0ADA0001", "",
		},
		{
			"deleted above answers", `{"type":"message","subtype":"message_changed","message":{"subtype":"tombstone","user":"USLACKBOT","ts":"1.000001"},"previous_message":{"user":"U0ADA0001","text":"secret","ts":"1.000001"}}`,
			"T0US00001/D0ADA0001/1.000001#deleted", true, "T0US00001/U0ADA0001", "",
		},
	} {
		in := original(t, kindIM, c.event, func(e *envelope) { e.Author = "T0US00001/U0ADA0001" })
		in.Kind, in.ProviderID = channels.Changed, c.id
		m, err := parser(t).Parse(in)
		if err != nil || m.Replaces != "T0US00001/D0ADA0001/1.000001" || m.MessageID != c.id || m.Withdrawn != c.withdrawn ||
			m.From.Address != c.from || m.Text != c.text {
			t.Errorf("%s: %v, %+v", c.name, err, m)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, raw := range []string{
		"", "null", "[]", "{", `{"kind":"broken","event":{}}`, `{"kind":"event","channel":"C0SALES01"}`, `{"kind":"event","channel":"C0SALES01","event":5}`,
		`{"kind":"event","channel":"C0SALES01","event":{"ts":"x"}}`, `{"kind":"event","channel":"../x","event":{"ts":"1.1"}}`,
		`{"kind":"event","channel":"C0SALES01","event":{"ts":"1.1","subtype":"message_changed"}}`,
	} {
		if m, err := parser(t).Parse(&channels.Inbound{Raw: []byte(raw)}); err == nil {
			t.Errorf("%q is understood as %+v", raw, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, event := range []string{
		`{"type":"message","user":"U0ADA0001","ts":"1.000001","text":"<@U0BOT0001> a &amp; <https://a.test|b>"}`,
		`{"type":"message","subtype":"message_changed","message":{"user":"U0ADA0001","ts":"1.1","edited":{"ts":"2.1"}}}`,
		`{"type":"message","subtype":"message_deleted","deleted_ts":"1.1","previous_message":null}`,
		`{"user":1,"ts":"1.1","files":[{"id":"F1"}],"attachments":[{"is_share":true}],"text":"<<<<|>>>"}`,
	} {
		f.Add(string(original(f, kindIM, event, nil).Raw), "x#y")
	}
	a := parser(f)
	f.Fuzz(func(t *testing.T, raw, id string) {
		for _, kind := range []channels.InboundKind{channels.Fresh, channels.Changed} {
			in := &channels.Inbound{Kind: kind, Raw: []byte(raw), ProviderID: id, ReceivedAt: time.Unix(1, 0)}
			m, err := a.Parse(in)
			if err == nil && (m == nil || m.Warnings == nil || m.References == nil || len(m.Text) > 8*len(raw)+1000) {
				t.Errorf("%q is understood as %+v", raw, m)
			}
		}
	})
}
