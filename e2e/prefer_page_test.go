package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

// ownPage is a customer's page in a browser without scripts.
type ownPage struct {
	t    *testing.T
	http *http.Client
	link string
}

func (p *ownPage) do(method, path string, form url.Values) string {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.link+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 400 {
		p.t.Fatalf("%s %s: %d %v\n%s", method, path, resp.StatusCode, err, body)
	}
	return string(body)
}

var (
	pageLink   = regexp.MustCompile(`http://[^/\s]+/q/[^\s>]+`)
	pageWay    = regexp.MustCompile(`name="to" value="([^"]+)"`)
	pageNumber = regexp.MustCompile(`\b\d{3} ?\d{3}\b`)
)

// TestPreferredOnTheirOwnPage has a visitor of the chat say on their own page, which a
// link in our answer leads to, that they want their answers by e-mail: the next question
// in the chat is answered there.
func TestPreferredOnTheirOwnPage(t *testing.T) {
	w := newWanderer(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.save(w.config, strings.Replace(string(text), "http: {", "http: {customer_url: \""+w.url+"\", ", 1))
	w.start("")
	w.untilUp("email/acme", "mastodon/acme", "webchat/acme")
	w.open()
	anna := w.hire("Anna")
	w.chat("Where are my boots?")
	anna.answer(t, anna.takeAny(t), "They come tomorrow.")
	eventually(t, patience, words("the answer in the chat"), func() bool { return len(w.visitor.Received()) > 0 })
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	page := &ownPage{t: t, http: &http.Client{Jar: jar}, link: pageLink.FindString(w.visitor.Received()[0].Text)}
	if page.link == "" {
		t.Fatalf("no link in %q", w.visitor.Received()[0].Text)
	}
	form := url.Values{}
	if ways := pageWay.FindStringSubmatch(page.do(http.MethodGet, "", nil)); ways != nil { // one of several
		form.Set("to", ways[1])
	}
	sent := page.do(http.MethodPost, "/code", form)
	ways := pageWay.FindStringSubmatch(sent)
	if ways == nil {
		t.Fatalf("no code was sent:\n%s", sent)
	}
	code := ""
	eventually(t, patience, words("the code"), func() bool {
		said := ""
		for _, one := range w.visitor.Received()[1:] {
			said += one.Text + "\n"
		}
		for _, m := range w.post.Taken() {
			mail, _ := lettersText(m.Raw)
			said += mail + "\n"
		}
		code = pageNumber.FindString(said)
		return code != ""
	})
	mails := len(w.post.Taken())
	if body := page.do(http.MethodPost, "/enter", url.Values{"to": {ways[1]}, "code": {code}}); !strings.Contains(body, `name="channel"`) {
		t.Fatalf("with the code %q the page is\n%s", code, body)
	}
	page.do(http.MethodPost, "/prefer", url.Values{"channel": {"email"}})

	if _, err := w.visitor.Say("And the laces?"); err != nil {
		t.Fatal(err)
	}
	next := w.untilOpen(anna, 1, 1)[0]
	v := anna.composer(t, next.Conversation)
	if by := v.by(); by.Channel != "email" || by.Address != rosa || !strings.HasPrefix(by.Why, "The customer wants it so (") {
		t.Fatalf("answered by %+v of %+v", by, v.Ways)
	}
	anna.untilDelivered(t, next.Conversation, anna.quote(t, next, "With them."))
	got := w.taken(mails + 1)
	if mail, _ := lettersText(got.Raw); len(got.To) != 1 || got.To[0] != rosa || !strings.Contains(mail, "With them.") || !strings.Contains(mail, "> And the laces?") {
		t.Errorf("to %v went:\n%s", got.To, mail)
	}
	w.writesBack(rosa, "Thank you!", got)
	if back := w.untilOpen(anna, 1, 1)[0]; back.Conversation != next.Conversation {
		t.Errorf("what she wrote back is %+v", back)
	}
	if a := w.audit(); len(a.Gaps) != 0 {
		t.Errorf("gaps: %+v", a.Gaps)
	}
}
