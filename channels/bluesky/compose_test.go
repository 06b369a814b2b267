package bluesky_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/google/uuid"

	"stagecoach/channels"
	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/contact"
)

// composed is what is read of Raw.
type composed struct {
	Posts []struct {
		Key    string `json:"rkey"`
		Text   string `json:"text"`
		Facets []struct {
			Index    struct{ ByteStart, ByteEnd int }
			Features []struct{ URI, Tag string }
		}
		Mentions []struct{ Handle string }
	}
	Messages []struct{ Text string }
}

func compose(t *testing.T, r *contact.Reply) (composed, error) {
	t.Helper()
	raw, err := parser(t).Compose(r)
	var out composed
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, err
}

var question = blueskyfake.Ref{URI: "at://did:plc:alice/app.bsky.feed.post/3kabc", CID: "bafyreiabc"}

func characters(s string) int {
	n := 0
	for seen := graphemes.FromString(s); seen.Next(); {
		n++
	}
	return n
}

func TestComposeFits(t *testing.T) {
	family := "👩‍👩‍👧‍👦"
	for name, text := range map[string]string{
		"300 of one character":            strings.Repeat("é", 300),
		"301":                             strings.Repeat("e", 301),
		"families, too many bytes":        strings.Repeat(family, 290),
		"combining marks":                 strings.Repeat("e\u0301\u0323", 700),
		"one character of too many bytes": "a" + strings.Repeat("\u0301", 4000),
		"words":                           strings.Repeat("Wir öffnen um neun Uhr. ", 80),
		"no spaces":                       strings.Repeat("漢字かな。", 200),
		"lines":                           strings.Repeat("one line\n\nanother\n", 60),
		"a long link at a border":         strings.Repeat("x ", 145) + "https://shop.test/" + strings.Repeat("a/", 300) + " end",
	} {
		t.Run(name, func(t *testing.T) {
			out, err := compose(t, reply(uuid.NewString(), text, question))
			if err != nil {
				t.Fatal(err)
			}
			var whole strings.Builder
			for i, p := range out.Posts {
				if characters(p.Text) > 300 || len(p.Text) > 3000 || !utf8.ValidString(p.Text) {
					t.Errorf("post %d has %d characters and %d bytes", i+1, characters(p.Text), len(p.Text))
				}
				rest := strings.TrimSuffix(p.Text, fmt.Sprintf(" (%d/%d)", i+1, len(out.Posts)))
				if len(out.Posts) > 1 && rest == p.Text {
					t.Errorf("post %d isn't numbered: %q", i+1, p.Text)
				}
				whole.WriteString(rest)
				for _, f := range p.Facets {
					if from, to := f.Index.ByteStart, f.Index.ByteEnd; from < 0 || to > len(p.Text) || strings.ContainsAny(p.Text[from:to], " \n") {
						t.Errorf("a mark lies at %d to %d", from, to)
					}
				}
			}
			bare := regexp.MustCompile(`\s|shop\S*`)
			if got, want := bare.ReplaceAllString(whole.String(), ""), bare.ReplaceAllString(strings.ReplaceAll(text, "https://", ""), ""); got != want {
				t.Errorf("the posts say\n%q\nwant\n%q", got, want)
			}
		})
	}
}

func TestComposeMarks(t *testing.T) {
	text := "Grüße 🍵! Siehe (https://shop.test/hilfe_(neu)), www.shop.test. " +
		"https://shop.test/" + strings.Repeat("weit/", 40) + "?q=ä #Tee #1 #️⃣ #-- #heiß! @Bob.Test mail@x.test e.g.this"
	out, err := compose(t, reply(uuid.NewString(), text, question))
	if err != nil || len(out.Posts) != 1 {
		t.Fatalf("%d posts, %v", len(out.Posts), err)
	}
	var got []string
	p := out.Posts[0]
	for _, f := range p.Facets {
		shown := p.Text[f.Index.ByteStart:f.Index.ByteEnd]
		got = append(got, shown+" = "+f.Features[0].URI+f.Features[0].Tag)
	}
	want := []string{
		"https://shop.test/hilfe_(neu) = https://shop.test/hilfe_(neu)",
		"www.shop.test = https://www.shop.test",
		"shop.test/" + strings.Repeat("weit/", 9) + "weit… = https://shop.test/" + strings.Repeat("weit/", 40) + "?q=ä",
		"#Tee = Tee", "#heiß = heiß",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("marks are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(p.Mentions) != 1 || p.Mentions[0].Handle != "bob.test" {
		t.Errorf("mentions are %v", p.Mentions)
	}
}

func TestRecordKeys(t *testing.T) {
	form := regexp.MustCompile(`^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$`)
	seen := map[string]bool{}
	for i := range 300 {
		id := uuid.Must(uuid.NewV7()).String()
		if i%3 == 0 {
			id = fmt.Sprintf("reply %d", i)
		}
		out, err := compose(t, reply(id, strings.Repeat("word ", 150), question))
		if err != nil || len(out.Posts) != 3 {
			t.Fatalf("%d posts, %v", len(out.Posts), err)
		}
		last := ""
		for _, p := range out.Posts {
			if !form.MatchString(p.Key) || seen[p.Key] || p.Key <= last {
				t.Errorf("key %q of %s, after %q", p.Key, id, last)
			}
			seen[p.Key], last = true, p.Key
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	attach := func(n int, kind string, size int) []contact.Attachment {
		var out []contact.Attachment
		for range n {
			out = append(out, contact.Attachment{Name: "x.bin", ContentType: kind, Data: make([]byte, size)})
		}
		return out
	}
	for name, c := range map[string]struct {
		change func(r *contact.Reply)
		want   string
	}{
		"nothing":             {func(r *contact.Reply) { r.Text = " \n" }, "nothing to send"},
		"too long":            {func(r *contact.Reply) { r.Text = strings.Repeat("word ", 3000) }, "too long"},
		"five pictures":       {func(r *contact.Reply) { r.Attachments = attach(5, "image/png", 10) }, "4 at most"},
		"a PDF":               {func(r *contact.Reply) { r.Attachments = attach(1, "application/pdf", 10) }, "pictures"},
		"a large picture":     {func(r *contact.Reply) { r.Attachments = attach(1, "image/png", 1_000_001) }, "larger than 1 MB"},
		"nowhere to go":       {func(r *contact.Reply) { r.Origin, r.To = nil, nil }, "to whom it goes"},
		"a file in a message": {func(r *contact.Reply) { r.Origin = nil; r.Attachments = attach(1, "image/png", 5) }, "no files"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reply(uuid.NewString(), "hello", question)
			c.change(r)
			_, err := compose(t, r)
			if channels.ReasonOf(err) != channels.Malformed || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Compose gives %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("see https://x.test/a_(b), #tag @a.test " + strings.Repeat("🍵 ", 200))
	f.Add(strings.Repeat("https://", 60))
	f.Add("#＃ #a＃b\n\n\r\n(www.a.b/c)")
	a := parser(f)
	f.Fuzz(func(t *testing.T, text string) {
		r := reply("0193a0c0-0000-7000-8000-000000000001", text, question)
		r.CreatedAt = time.Unix(1, 0)
		raw, err := a.Compose(r)
		if err != nil {
			return
		}
		var out composed
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatal(err)
		}
		for _, p := range out.Posts {
			if characters(p.Text) > 300 || len(p.Text) > 3000 {
				t.Errorf("a post of %d characters and %d bytes", characters(p.Text), len(p.Text))
			}
			for _, m := range p.Facets {
				if from, to := m.Index.ByteStart, m.Index.ByteEnd; from < 0 || to <= from || to > len(p.Text) || !utf8.ValidString(p.Text[from:to]) {
					t.Errorf("a mark at %d to %d of %q", from, to, p.Text)
				}
			}
		}
	})
}
