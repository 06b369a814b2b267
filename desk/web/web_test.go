package web

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

func render(t *testing.T, s shot) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Page.Render(t.Context(), &b); err != nil {
		t.Fatalf("rendering %s: %v", s.Name, err)
	}
	return b.String()
}

// all are the gallery and every page with nothing in it.
func all() []shot {
	var p Page
	return append(gallery(),
		shot{"zero desk", Desk(p)},
		shot{"zero conversation", Conversation(p, view.Conversation{})},
		shot{"zero overview", Overview(p, view.Overview{})},
		shot{"zero review", Review(p, view.Review{})},
		shot{"zero search", Search(p, view.Search{})},
		shot{"zero ledger", Ledger(p, view.Ledger{})},
		shot{"zero why", Why(p, view.Why{})},
		shot{"zero agents", Agents(p, view.Agents{})},
		shot{"zero policy", Policy(p, view.Policy{})},
		shot{"zero saved", Saved(p, view.Saved{})},
		shot{"zero new", New(p, view.New{})},
		shot{"zero enter", Enter(p, view.New{})},
		shot{"zero error", Error(p, 500, "", "")},
		shot{"live", Live(samplePage("/", 3))},
		shot{"live elsewhere", Live(samplePage("/review", 3))},
		shot{"conversation live", ConversationLive(samplePage("/c/x", 3), thread(9))},
		shot{"overview live", OverviewLive(samplePage("/overview", 3), sampleOverview())},
		shot{"toast", Toast("error", "No.")},
	)
}

// TestPagesAreSound parses every page in every state: elements are closed where
// they were opened, ids are unique, nothing runs or is styled inline, and every
// control has a name.
func TestPagesAreSound(t *testing.T) {
	for _, s := range all() {
		t.Run(s.Name, func(t *testing.T) {
			text := render(t, s)
			balanced(t, text)
			doc, err := html.Parse(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			ids := map[string]bool{}
			for n := range doc.Descendants() {
				if n.Type == html.ElementNode {
					sound(t, n, ids)
				}
			}
		})
	}
}

// balanced fails when an element is closed that is not open.
func balanced(t *testing.T, text string) {
	t.Helper()
	void := map[string]bool{"meta": true, "link": true, "input": true, "br": true, "hr": true, "img": true}
	open := []string{}
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("left open: %v", open)
			}
			return
		case html.StartTagToken:
			if name, _ := z.TagName(); !void[string(name)] {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Fatalf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

func sound(t *testing.T, n *html.Node, ids map[string]bool) {
	t.Helper()
	at := map[string]string{}
	for _, a := range n.Attr {
		if _, twice := at[a.Key]; twice {
			t.Errorf("<%s> has %s twice", n.Data, a.Key)
		}
		at[a.Key] = a.Val
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
			t.Errorf("<%s> has an inline %s", n.Data, a.Key)
		}
		if (a.Key == "href" || a.Key == "src") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
			t.Errorf("<%s> runs a script by %s", n.Data, a.Key)
		}
	}
	if id := at["id"]; id != "" {
		if ids[id] {
			t.Errorf("the id %q is used twice", id)
		}
		ids[id] = true
	}
	switch n.Data {
	case "script":
		if at["src"] == "" {
			t.Error("there is an inline script")
		}
	case "style":
		t.Error("there is an inline style sheet")
	case "iframe":
		if v, ok := at["sandbox"]; !ok || v != "" {
			t.Error("a frame is not fully sandboxed")
		}
	case "button", "a", "summary":
		if at["aria-label"] == "" && strings.TrimSpace(content(n)) == "" {
			t.Errorf("a <%s class=%q> has no name", n.Data, at["class"])
		}
	}
	labelled(t, n, at)
}

// labelled fails for a field that a screen reader could not name.
func labelled(t *testing.T, n *html.Node, at map[string]string) {
	t.Helper()
	if n.Data != "input" && n.Data != "select" && n.Data != "textarea" || at["type"] == "hidden" || at["aria-label"] != "" {
		return
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "label" {
			return
		}
	}
	root := n
	for root.Parent != nil {
		root = root.Parent
	}
	for x := range root.Descendants() {
		if x.Data == "label" {
			for _, a := range x.Attr {
				if a.Key == "for" && a.Val == at["id"] && a.Val != "" {
					return
				}
			}
		}
	}
	t.Errorf("<%s name=%q> has no label", n.Data, at["name"])
}

func content(n *html.Node) string {
	var b strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	}
	return b.String()
}

// TestHostileInputStaysText puts markup and script addresses into every field
// that customers and colleagues can fill.
func TestHostileInputStaysText(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'javascript:alert(1)`
	c := thread(14)
	c.Card.Subject, c.Card.CustomerName, c.Card.Snippet, c.Card.Language = evil, evil, evil, evil
	c.Card.Queue, c.Card.Rule, c.Card.Trouble, c.Stranger, c.Signature, c.Quoted = evil, evil, evil, evil, evil, evil
	c.ID, c.Card.Contact, c.Covers = evil, evil, evil
	c.ReplyTo = []contact.Address{{Name: evil, Address: evil}}
	c.All, c.Why = c.ReplyTo, []string{evil}
	c.SavedAnswers = []view.SavedAnswer{{ID: evil, Title: evil, Text: evil}}
	for i := range c.Items {
		it := &c.Items[i]
		it.Author, it.Address, it.Text, it.ReplyText, it.Detail, it.Subject = evil, evil, evil+evil, evil, evil, evil
		it.Warnings, it.To, it.CC = []string{evil}, c.ReplyTo, c.ReplyTo
		it.Attachments = []view.Attachment{{Name: evil, URL: "javascript:alert(1)"}}
	}
	p := samplePage("/c/x", 1)
	p.Desk.Mine[0] = c.Card
	p.Desk.Alerts = []view.Alert{{Level: evil, Text: evil, Link: "javascript:alert(1)"}}
	p.Flash, p.Theme = &Flash{Level: evil, Text: evil}, evil
	o := sampleOffer()
	o.Card, o.ID, o.Why = c.Card, evil, []string{evil}
	p.Desk.Offers = []view.Offer{o}
	for _, s := range []shot{
		{"conversation", Conversation(p, c)},
		{"desk", Desk(p)},
		{"search", Search(p, view.Search{Query: evil, Hits: []view.Hit{{Snippet: "«" + evil + "»", Subject: evil, Author: evil}}})},
		{"login", Login(Entry{Error: evil, Email: evil, Next: evil, Theme: evil})},
	} {
		text := render(t, s)
		doc, err := html.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode {
				if n.Data == "img" {
					t.Errorf("%s: a customer's markup became an element", s.Name)
				}
				sound(t, n, map[string]bool{})
			}
		}
	}
}

func TestLinksAreOnlyWeb(t *testing.T) {
	got := linked("see https://example.org/a?b=1. And javascript:alert(1) or (http://x.test/y)!")
	hrefs := []string{}
	joined := ""
	for _, p := range got {
		joined += p.Text
		if p.Href != "" {
			hrefs = append(hrefs, p.Href)
		}
	}
	if want := "https://example.org/a?b=1 http://x.test/y"; strings.Join(hrefs, " ") != want {
		t.Errorf("links: got %q, want %q", hrefs, want)
	}
	if want := "see https://example.org/a?b=1. And javascript:alert(1) or (http://x.test/y)!"; joined != want {
		t.Errorf("the text changed: got %q", joined)
	}
}

// TestRoutesAreListed fails when a template or script uses an address that
// ROUTES.md does not list.
func TestRoutesAreListed(t *testing.T) {
	doc, err := os.ReadFile("ROUTES.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(string(doc), "{}")
	files, err := filepath.Glob("*.templ")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	scripts, err := filepath.Glob("static/*.js")
	if err != nil {
		t.Fatal(err)
	}
	use := regexp.MustCompile(`(?:href|action|formaction|hx-get|hx-post|src|data-draft|data-upload)=(?:"(/[^"]*)"|\{ ?(?:templ\.URL\()?"(/[^}]*?)\)? \})|(?:EventSource\(|location\.href = )"(/[^"]*)"`)
	found := 0
	for _, f := range append(files, scripts...) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range use.FindAllStringSubmatch(string(b), -1) {
			found++
			if r := route(m[1] + m[2] + m[3]); !strings.Contains(listed, r) {
				t.Errorf("%s uses %s, which ROUTES.md does not list", f, r)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d addresses were found: the search is broken", found)
	}
}

// route turns `/c/" + seg(c.ID) + "/reply"` into /c/{}/reply.
func route(s string) string {
	s = regexp.MustCompile(`" \+ [^"]+ \+ "|" \+ [^"]+$`).ReplaceAllString(s, "{}")
	s = strings.Trim(s, `"`)
	s, _, _ = strings.Cut(s, "?")
	return s
}

func TestTimeLeft(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"40 s": 40 * time.Second, "12 min": 12*time.Minute + 59*time.Second, "2 h 05 min": 125 * time.Minute,
		"26 h": 26 * time.Hour, "3 days": 80 * time.Hour, "3 min late": -3 * time.Minute, "0 s": 0,
	} {
		if got := left(sampleNow, sampleNow.Add(d)); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if got := left(sampleNow, time.Time{}); got != "" {
		t.Errorf("no due time: got %q", got)
	}
}

func TestPresetsFallOnWorkingDays(t *testing.T) {
	for day := range 14 {
		for _, hour := range []int{0, 9, 15, 16, 23} {
			p := Page{Now: sampleNow.AddDate(0, 0, day).Truncate(24 * time.Hour).Add(time.Duration(hour) * time.Hour)}
			for _, x := range p.presets() {
				if !x.At.After(p.Now) || !workday(x.At) {
					t.Errorf("at %v, %q is %v", p.Now, x.Label, x.At)
				}
			}
		}
	}
}

func TestAttachmentFieldRoundTrip(t *testing.T) {
	a := contact.Attachment{Name: "März.pdf", ContentType: "application/pdf", Size: 7, Object: "o-1", Data: []byte("x")}
	got, err := ParseAttachment(AttachmentValue(a))
	if err != nil || got.Name != a.Name || got.Object != a.Object || got.Size != a.Size || got.Data != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "%", "e30", AttachmentValue(contact.Attachment{Object: "o", Size: -1})} {
		if _, err := ParseAttachment(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestMailboxesAreQuoted(t *testing.T) {
	got := addresses([]contact.Address{{Address: "a@x.test", Name: `Köhler, "Mi"`}, {Address: "b@x.test"}, {Address: "c@x.test", Name: "Ann Lee"}})
	if want := `"Köhler, \"Mi\"" <a@x.test>, b@x.test, Ann Lee <c@x.test>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestLongestWaitReadsWell has the card of the longest waits say who it rests on.
func TestExpectedWaitReadsWell(t *testing.T) {
	for _, c := range []struct {
		p50, p90  float64
		want, all string
	}{
		{5, 40, "under 1 min", "Who comes now is nearly always answered within 1 min"},
		{70, 100, "up to 2 min", "Who comes now is nearly always answered within 2 min"},
		{70, 170, "2 to 3 min", "Who comes now is usually answered within 2 min, nearly always within 3 min"},
		{700, 9000, "15 min to 3 h", "Who comes now is usually answered within 15 min, nearly always within 3 h"},
	} {
		q := view.QueueCount{P50Seconds: c.p50, P90Seconds: c.p90}
		if got, all := expectedRange(q), expectedWords(q); got != c.want || all != c.all {
			t.Errorf("%v and %v s: %q, %q", c.p50, c.p90, got, all)
		}
	}
}

func TestLongestWaitReadsWell(t *testing.T) {
	for _, c := range []struct {
		w              view.LongestWait
		name, wait, by string
	}{
		{
			view.LongestWait{Channel: contact.Email, Waiting: 4, Agents: 12, Known: true, Seconds: 3*3600 + 599.5},
			"E-mail, standard", "3 h 10 min", "4 waiting, with 12 agents available",
		},
		{view.LongestWait{Channel: contact.WebChat, Tier: "gold"}, "Web chat, gold", "no limit", "nobody who could answer is available"},
		{view.LongestWait{Channel: contact.Phone, Agents: 1}, "Telephone, standard", "no limit", "long waits are owed no turn by policy"},
	} {
		if n, w, b := longestName(c.w), longestWords(c.w), longestBy(c.w); n != c.name || w != c.wait || b != c.by {
			t.Errorf("%+v reads %q, %q, %q", c.w, n, w, b)
		}
	}
}
