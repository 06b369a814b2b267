package portal_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/portal"
)

// attacker is a browser that follows no redirect.
type attacker struct {
	t    *testing.T
	http *http.Client
	page string
}

func newAttacker(t *testing.T, page string) *attacker {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &attacker{t: t, page: page, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// head is an answer without its body.
type head struct {
	StatusCode int
	Header     http.Header
}

func (a *attacker) send(method, path string, form url.Values, headers ...string) (head, string) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.page+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := a.http.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		a.t.Fatal(err)
	}
	return head{res.StatusCode, res.Header}, string(body)
}

// enter lets the browser in as the customer.
func (a *attacker) enter(o *office) {
	a.t.Helper()
	a.send(http.MethodPost, "/code", nil)
	if res, _ := a.send(http.MethodPost, "/enter", url.Values{"code": {o.code}}); res.StatusCode != http.StatusSeeOther {
		a.t.Fatalf("not let in: %d", res.StatusCode)
	}
}

// looking are the routes that show something, doing those that do something.
var (
	looking = []string{"", "/rate?v=good&r=12345678", "/file?of=inbox.1.2&n=0", "/data.zip", "/erase", "/nothing"}
	doing   = []string{"/rate", "/code", "/enter", "/leave", "/write", "/prefer", "/allow", "/object", "/links", "/erase", "/erase/code"}
)

// Nothing of a page may be framed, kept, indexed, or told to another site, inside or
// outside, whatever the answer is.
func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	o := sampleOffice("en")
	a := newAttacker(t, pageOf(t, o))
	check := func(method, path string) {
		res, _ := a.send(method, path, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
			"X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := res.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("%s %s: %s is %q", method, path, name, got)
			}
		}
		if got := res.Header.Get("Content-Security-Policy"); strings.Contains(got, "unsafe") || !strings.Contains(got, "default-src 'none'") {
			t.Errorf("%s %s may load %q", method, path, got)
		}
	}
	for range 2 {
		for _, path := range looking {
			check(http.MethodGet, path)
		}
		for _, path := range doing {
			check(http.MethodPost, path)
		}
		a.enter(o)
	}
}

// Programs that look links up, and pages of other sites, do nothing, also in the browser
// of a customer who is in.
func TestOthersDoNothing(t *testing.T) {
	t.Parallel()
	o := sampleOffice("en")
	a := newAttacker(t, pageOf(t, o))
	a.enter(o)
	form := url.Values{"v": {"bad"}, "r": {"12345678"}, "text": {"x"}, "channel": {"email"}, "object": {"yes"}, "code": {"123456"}}
	for _, path := range append(doing, looking...) {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a.send(method, path+"?"+form.Encode(), nil)
		}
	}
	for _, path := range doing {
		for _, site := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		} {
			if res, _ := a.send(http.MethodPost, path, form, site...); res.StatusCode != http.StatusForbidden {
				t.Errorf("POST %s from %v: %d", path, site, res.StatusCode)
			}
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.did) > 0 {
		t.Errorf("done: %q", o.did)
	}
}

// What others wrote, or put into an address, is shown as it is and leads nowhere else.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>//evil.example`
	o := sampleOffice("en")
	o.standing.Name, o.ways[0].Shown = evil, evil
	o.story.Lines[0].Text, o.story.Lines[0].Files[0].Name, o.story.Lines[1].Name = evil, evil, evil
	o.story.Profile.Fields = append(o.story.Profile.Fields, portal.Field{Name: evil, Value: evil, Source: evil})
	o.story.Profile.Addresses[0].Value = evil
	o.story.Profile.Hidden = []portal.Hidden{{Channel: contact.Channel(evil), Shown: evil, Why: evil, Way: evil}}
	o.story.Profile.Channels = append(o.story.Profile.Channels, contact.Channel(evil))
	o.story.Profile.Consents = append(o.story.Profile.Consents, portal.Consent{Channel: contact.Channel(evil), Purpose: evil, Source: evil})
	a := newAttacker(t, pageOf(t, o))
	token := a.page[strings.Index(a.page, portal.Path):]
	odd := url.Values{"done": {evil}, "to": {evil}, "l": {evil}, "v": {evil}, "r": {evil}, "words": {evil}, "idea": {evil}, "at": {"//evil.example"}}
	tag := regexp.MustCompile(`<(img|script)`)
	for range 2 {
		for _, path := range []string{"", "/rate", "/erase"} {
			if _, body := a.send(http.MethodGet, path+"?"+odd.Encode(), nil); tag.MatchString(body) {
				t.Errorf("GET %s runs what others wrote:\n%s", path, body)
			}
		}
		for _, path := range doing {
			res, body := a.send(http.MethodPost, path, odd)
			if tag.MatchString(body) {
				t.Errorf("POST %s runs what others wrote:\n%s", path, body)
			}
			if to := res.Header.Get("Location"); to != "" && !strings.HasPrefix(to, token) {
				t.Errorf("POST %s leads to %s", path, to)
			}
		}
		a.enter(o)
	}
}

// The proof of one page opens no other one, and none that was changed opens any.
func TestStolenProofs(t *testing.T) {
	t.Parallel()
	o := sampleOffice("en")
	a := newAttacker(t, pageOf(t, o))
	a.enter(o)
	at, err := url.Parse(a.page)
	if err != nil {
		t.Fatal(err)
	}
	if _, body := a.send(http.MethodGet, "", nil); !strings.Contains(body, "Our conversation") {
		t.Fatalf("not let in: %s", body)
	}
	mine := a.http.Jar.Cookies(at)
	for i, c := range mine {
		if !strings.HasPrefix(c.Name, "stagecoach_page_") || len(c.Value) < 40 {
			continue
		}
		for _, value := range []string{changed(c.Value), c.Value[:len(c.Value)/2], strings.Repeat("A", len(c.Value)), a.page[strings.LastIndex(a.page, "/")+1:]} {
			mine[i] = &http.Cookie{Name: c.Name, Value: value, Path: portal.Path}
			b := newAttacker(t, a.page)
			b.http.Jar.SetCookies(at, mine)
			if _, body := b.send(http.MethodGet, "", nil); strings.Contains(body, "Our conversation") {
				t.Errorf("let in with %q", value)
			}
		}
	}
	// A link whose epoch was passed is no use with the proof of before.
	o.mu.Lock()
	o.standing.Epoch++
	o.mu.Unlock()
	if res, body := a.send(http.MethodGet, "", nil); res.StatusCode != http.StatusGone || strings.Contains(body, "Anna") {
		t.Errorf("%d: %s", res.StatusCode, body)
	}
}

// changed gives a proof with another letter within its seal.
func changed(proof string) string {
	at, letter := len(proof)-5, "A"
	if proof[at] == 'A' {
		letter = "B"
	}
	return proof[:at] + letter + proof[at+1:]
}

// Nobody learns by how long a link takes, or by what it says, whether one was ever given.
func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()
	o := sampleOffice("en")
	a := newAttacker(t, pageOf(t, o))
	base := a.page[:strings.LastIndex(a.page, "/")+1]
	var first string
	for n, token := range []string{strings.Repeat("A", 43), signer(8).Token(portal.Link{Conversation: conversation, Expires: time.Now().Add(time.Hour)}), "x", "-", "%2e%2e"} {
		a.page = base + token
		res, body := a.send(http.MethodGet, "", nil)
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", token, res.StatusCode)
		}
		if n == 0 {
			first = body
		} else if body != first {
			t.Errorf("%s is told from others:\n%s", token, body)
		}
	}
	if strings.Contains(first, "Anna") {
		t.Error(first)
	}
}

// Whoever sends what they may be sent says it of the boxes that they saw: a channel that
// was added since the page was opened gets no no that nobody has said.
func TestBoxesThatNobodySaw(t *testing.T) {
	t.Parallel()
	o := sampleOffice("en")
	a := newAttacker(t, pageOf(t, o))
	a.enter(o)
	_, body := a.send(http.MethodGet, "", nil)
	form := url.Values{"allow.service.email": {"yes"}}
	for _, c := range o.story.Profile.Consents {
		name := "allow." + c.Purpose + "." + string(c.Channel)
		if !strings.Contains(body, `name="shown" value="`+name+`"`) {
			t.Errorf("the page does not say that it shows %s", name)
		}
		form.Add("shown", name)
	}
	o.mu.Lock()
	seen := len(o.story.Profile.Consents)
	o.story.Profile.Consents = append(o.story.Profile.Consents, portal.Consent{Channel: contact.Mastodon, Purpose: "service", Given: true})
	o.mu.Unlock()
	if res, _ := a.send(http.MethodPost, "/allow", form); res.StatusCode != http.StatusSeeOther || len(o.consents) != seen {
		t.Errorf("%d: said of %d boxes, want %d: %+v", res.StatusCode, len(o.consents), seen, o.consents)
	}
	for _, c := range o.consents {
		if c.Channel == contact.Mastodon || c.Given != (c.Purpose == "service" && c.Channel == contact.Email) {
			t.Errorf("said of %s by %s: %v", c.Purpose, c.Channel, c.Given)
		}
	}
}

// Who can't erase by the page, for somebody else may be part of the person, reads what to
// do instead; whoever can is not sent away.
func TestErasingIsNeverSilent(t *testing.T) {
	t.Parallel()
	for _, can := range []bool{true, false} {
		o := sampleOffice("en")
		o.story.Profile.CanErase = can
		a := newAttacker(t, pageOf(t, o))
		a.enter(o)
		_, body := a.send(http.MethodGet, "", nil)
		if button, words := strings.Contains(body, `/erase"`), strings.Contains(body, "Ask for it by a message"); button != can || words == can {
			t.Errorf("can erase %t: the button is there: %t, the words: %t", can, button, words)
		}
	}
}
