package webchat_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/contact"
)

func original(raw string) *channels.Inbound {
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: channels.Fresh, Channel: contact.WebChat, Account: "acme", Format: "webchat+json",
		ReceivedAt: time.Unix(1_800_000_000, 0), Raw: []byte(raw), Size: int64(len(raw)),
	}
}

func TestParse(t *testing.T) {
	a := adapter(t, config(t.TempDir()), nil)
	for name, c := range map[string]struct {
		event string
		check func(m *contact.Message) bool
	}{
		"title turned round":  {`"page":{"title":"\u202egnp.exe\n\u0000 x"}`, func(m *contact.Message) bool { return m.Subject == "Chat from gnp.exe x" }},
		"no title":            {`"page":{"url":"https://shop.example/a/"}`, func(m *contact.Message) bool { return m.Subject == "Chat from shop.example/a" }},
		"no page":             {`"page":{}`, func(m *contact.Message) bool { return m.Subject == "Chat" }},
		"endless title":       {`"page":{"title":"` + strings.Repeat("ü", 5000) + `"}`, func(m *contact.Message) bool { return utf8.RuneCountInString(m.Subject) < 200 }},
		"no language":         {`"language":"<script>"`, func(m *contact.Message) bool { return m.Language == "" }},
		"lone surrogate":      {`"text":"a\ud800b"`, func(m *contact.Message) bool { return m.ReplyText == "a\ufffdb" }},
		"combined characters": {`"text":"e\u0301 👩🏽‍🚀 नमस्ते"`, func(m *contact.Message) bool { return m.ReplyText == "e\u0301 👩🏽‍🚀 नमस्ते" }},
		"signed": {`"user":{"id":"7","name":"A\nB"}`, func(m *contact.Message) bool {
			return m.From.String() == "A B <user:7>" && m.Auth.Trust == contact.TrustProven
		}},
		"signed without an id": {`"user":{"id":""}`, func(m *contact.Message) bool {
			return m.From.Address == "visitor:v" && m.Auth.Trust != contact.TrustProven
		}},
		"no name":               {`"name":" "`, func(m *contact.Message) bool { return m.From.String() == "Visitor V <visitor:v>" }},
		"address left":          {`"text":"x","email":"jo@cust.test"`, func(m *contact.Message) bool { return m.ReplyText == "x" && strings.Contains(m.Text, "jo@cust.test") }},
		"name is not an order":  {`"name":"=cmd()|\u0007"`, func(m *contact.Message) bool { return m.From.Name == "=cmd()|" }},
		"a file that was lost":  {`"files":[{"id":"1","name":"a"}]`, func(m *contact.Message) bool { return len(m.Warnings) == 1 && len(m.Attachments) == 0 }},
		"fields of the future":  {`"mood":{"deep":[[[1]]]}`, func(m *contact.Message) bool { return len(m.Warnings) == 0 }},
		"text that is too long": {`"text":"` + strings.Repeat("x", 50_000) + `"`, func(m *contact.Message) bool { return len(m.ReplyText) == 10_000 }},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := a.Parse(original(`{"schema":1,"event":{"id":"v/1","visitor":"v","thread":"t",` + c.event + `}}`))
			if err != nil || !c.check(m) {
				t.Errorf("understood as %+v, %v", m, err)
			}
		})
	}
	for name, raw := range map[string]string{
		"nothing": "", "no JSON": "<html>", "another schema": `{"schema":9,"event":{"id":"1","visitor":"v","thread":"t"}}`,
		"no thread": `{"schema":1,"event":{"id":"1","visitor":"v"}}`, "wrong types": `{"schema":1,"event":[]}`, "deep": strings.Repeat("[", 200_000),
	} {
		if m, err := a.Parse(original(raw)); err == nil {
			t.Errorf("%s was understood as %+v", name, m)
		}
	}
}

// A shop may number its accounts otherwise than the company's list its customers.
func TestUserIDIsOfTheListOnlyWhereTheAccountSaysSo(t *testing.T) {
	for list, want := range map[bool]string{false: "", true: "7"} {
		cfg := config(t.TempDir())
		cfg.ExternalIDs = list
		m, err := adapter(t, cfg, nil).Parse(original(`{"schema":1,"event":{"id":"v/1","visitor":"v","thread":"t","user":{"id":"7","email":"ada@cust.test"}}}`))
		if err != nil || m.VouchedID != want || len(m.Vouched) != 1 {
			t.Errorf("external ids of the list %v: vouched for %q and %v, %v", list, m.VouchedID, m.Vouched, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"schema":1,"event":{"id":"v/1","visitor":"v","thread":"t","text":"x","page":{"url":"https://a/%zz","title":"\u202e"}}}`)
	f.Add(`{"schema":1,"event":{"id":"v/1","visitor":"v","thread":"t","user":{"id":"1"},"files":[{}]},"files":[{"name":"../..","size":-1,"data":"AA=="}]}`)
	f.Add(`{"schema":1,"event":null}`)
	f.Add("\xff\xfe{")
	a, err := webchat.New(config(f.TempDir()), discard())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		m, err := a.Parse(original(raw))
		if err != nil {
			return
		}
		if m.From.Address == "" || m.Thread == "" || m.Warnings == nil || len(m.Subject) > 1000 || !utf8.ValidString(m.Text+m.Subject+m.From.Name) || !json.Valid(m.Origin) {
			t.Errorf("understood as %+v", m)
		}
		for _, file := range m.Attachments {
			if strings.ContainsAny(file.Name, "/\\\n") || file.Name == "" {
				t.Errorf("a file is called %q", file.Name)
			}
		}
	})
}

func TestConfigSaysAllAtOnce(t *testing.T) {
	err := webchat.Config{
		Account: "a/b", Secrets: []webchat.Secret{"short"}, Origins: []string{"http://shop.example", "https://shop.example/path", "*"},
		TrustedProxies: []string{"proxy"}, FileBytes: 1 << 40, Heartbeat: time.Hour,
	}.Validate()
	if err == nil {
		t.Fatal("it is taken")
	}
	for _, want := range []string{"account", "dir", "secrets[0]", `"http://shop.example"`, "/path", `"*"`, "proxy", "file_bytes", "heartbeat"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "short") {
		t.Error("a secret is shown")
	}
}
