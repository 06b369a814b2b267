//go:build browser

package portal_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/portal"
	"stagecoach/desk/web/browsertest"
)

// office is what the pages show in these tests; it keeps what is done on them.
type office struct {
	mu       sync.Mutex
	standing portal.Standing
	story    portal.Story
	ways     []portal.Way
	code     string
	did      []string
}

var (
	_ portal.Source = (*office)(nil)
	_ portal.Acts   = (*office)(nil)
)

func (o *office) note(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.did = append(o.did, what)
}

func (o *office) Standing(context.Context, string) (*portal.Standing, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	st := o.standing
	return &st, nil
}

func (o *office) Story(context.Context, portal.Who) (*portal.Story, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	st := o.story
	return &st, nil
}

func (o *office) File(context.Context, portal.Who, portal.File) (portal.File, io.ReadCloser, error) {
	return portal.File{Name: "Rechnung.pdf"}, io.NopCloser(strings.NewReader("%PDF")), nil
}

func (o *office) Ways(context.Context, portal.Who) ([]portal.Way, error) { return o.ways, nil }

func (o *office) SendCode(_ context.Context, _ portal.Who, _ portal.Way, _, text string) error {
	for word := range strings.FieldsSeq(text) {
		if word = strings.Trim(word, "."); len(word) == 6 && strings.Trim(word, "0123456789") == "" {
			o.mu.Lock()
			o.code = word
			o.mu.Unlock()
		}
	}
	return nil
}

func (o *office) Write(_ context.Context, _ portal.Who, w portal.Written) error {
	o.note("write " + w.Text)
	return nil
}

func (o *office) Rate(_ context.Context, _ portal.Who, r portal.Rating) (time.Time, error) {
	o.note("rate " + string(r.Rating) + " " + r.Words)
	if r.Rating == contact.RatedBad {
		return time.Date(2026, 11, 25, 16, 0, 0, 0, time.UTC), nil
	}
	return time.Time{}, nil
}

func (o *office) Change(_ context.Context, _ portal.Who, c portal.Change) error {
	o.note("change " + c.Prefer)
	return nil
}

func (o *office) EndLinks(context.Context, portal.Who) error          { o.note("links"); return nil }
func (o *office) Export(context.Context, portal.Who, io.Writer) error { return nil }
func (o *office) Erase(context.Context, portal.Who) (*portal.Restricted, error) {
	o.note("erase")
	return nil, nil //nolint:nilnil // nothing must be kept
}

func sampleOffice(language string) *office {
	at := time.Date(2026, 11, 23, 9, 12, 0, 0, time.UTC)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		berlin = time.UTC
	}
	question := "Guten Tag,\n\nwo bleibt meine Bestellung 4711? Ich habe am 12. November bezahlt.\n\nMiriam Köhler"
	answer := "Guten Tag Frau Köhler,\n\nsie ist heute an DHL übergeben worden und sollte am Mittwoch bei Ihnen sein. Verfolgen können Sie sie unter https://dhl.example/00340434161094022115-und-ein-sehr-langer-Name\n\nAnna Amsel"
	if language == "en" {
		question, answer = "Hello,\n\nwhere is my order 4711? I paid on 12 November.\n\nMiriam Köhler", "Dear Ms Köhler,\n\nit was handed to the carrier today and should be with you on Wednesday.\n\nAnna Amsel"
	}
	return &office{
		ways: []portal.Way{{ID: "way1", Shown: "m•••@e•••.org", Customer: "miriam"}},
		standing: portal.Standing{
			State: portal.StateHeld, AskedAt: at, Due: at.Add(7 * time.Hour), Name: "Anna Amsel", Language: language, Zone: berlin, LastAt: time.Now(),
		},
		story: portal.Story{
			CanRate: true,
			Lines: []portal.Line{
				{Mine: true, At: at, Channel: contact.Email, Text: question, Files: []portal.File{{Name: "Überweisung vom 12. November.pdf", Size: 81234, Of: "inbox.1.2"}}},
				{At: at.Add(time.Hour), Name: "Anna Amsel", Channel: contact.Email, Text: answer},
				{Mine: true, At: at.Add(30 * time.Hour), Channel: contact.Email, Missing: "expired"},
			},
			Kept: []portal.Kept{{Kind: "messages", Days: 730}, {Kind: "originals", Days: 365}, {Kind: "replies", Days: 730}, {Kind: "notes", Days: 365}, {Kind: "profile"}, {Kind: "facts", Days: -1}},
			Profile: portal.Profile{
				Fields: []portal.Field{
					{Name: "name", Value: "Miriam Köhler", Source: "import", Since: at},
					{Name: "customer_since", Value: "2019-04-02", Source: "import", Since: at},
					{Name: "tier", Value: "gold", Source: "policy", Since: at},
					{Name: "value", Value: "812 / 1000", Source: "orders", Since: at, Stale: true},
				},
				Addresses: []portal.Field{{Name: "email", Value: "miriam.koehler@example.org", Source: "message", Since: at}},
				Channels:  []contact.Channel{contact.Email, contact.WebChat}, Prefer: contact.Email, PreferSource: "stated",
				PreferAt: at,
				Consents: []portal.Consent{
					{Channel: contact.Email, Purpose: "service", Given: true},
					{Channel: contact.WebChat, Purpose: "service", Given: true},
					{Channel: contact.Email, Purpose: "marketing", Needed: true, Source: "customer", At: at},
					{Channel: contact.WebChat, Purpose: "marketing", Needed: true},
					{Channel: contact.Email, Purpose: "feedback", Given: true, Source: "customer", At: at},
					{Channel: contact.WebChat, Purpose: "feedback", Given: true},
					{Channel: contact.Email, Purpose: "outreach", Needed: true},
					{Channel: contact.WebChat, Purpose: "outreach", Needed: true},
				},
				Hidden:    []portal.Hidden{{Channel: contact.Mastodon, Shown: "Mastodon", Why: "agent", At: at, Way: "way2"}, {Channel: contact.SMS, Shown: "SMS", Why: "token", At: at}},
				CanChange: true, CanErase: true, CanExport: true,
			},
		},
	}
}

// pageOf serves the office and gives the address of its page.
func pageOf(t *testing.T, o *office) string {
	t.Helper()
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	codes, err := portal.OpenCodes(t.Context(), t.TempDir(), bytes.Repeat([]byte{7}, 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = codes.Close() })
	s, err := portal.NewServer(portal.Config{
		Base: srv.URL, Signer: signer(7), Codes: codes, Keep: func() time.Duration { return 90 * 24 * time.Hour }, Origin: func(r *http.Request) string { return r.RemoteAddr },
	}, o, o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	handler = s.Handler()
	return srv.URL + portal.Path + signer(7).Token(portal.Link{Conversation: conversation, Expires: time.Now().Add(time.Hour)})
}

// TestBrowserCustomersPage walks through the page as somebody with a phone does.
func TestBrowserCustomersPage(t *testing.T) {
	o := sampleOffice("de")
	url := pageOf(t, o)
	page := browsertest.Start(t).Page(t)
	page.Size(390, 844)
	page.Open(url)
	page.Wait(`document.body.textContent.includes("Anna Amsel hat Ihre Frage.") && document.body.textContent.includes("Montag, 23. November, 17:12 Uhr (CET)")`)
	var text string
	page.Eval(`document.body.textContent`, &text)
	if strings.Contains(text, "4711") || strings.Contains(text, "miriam.koehler") {
		t.Error("somebody with the link alone reads the conversation")
	}
	page.Click(`form[action$="/code"] button`)
	page.Wait(`document.querySelector("#code")`)
	o.mu.Lock()
	code := o.code
	o.mu.Unlock()
	page.Eval(`document.querySelector("#code").focus()`, nil)
	page.Type(code)
	page.Press("Enter")
	page.Wait(`document.body.textContent.includes("wo bleibt meine Bestellung 4711")`)
	fitsTheScreen(t, page)
	page.Eval(`document.querySelector("textarea[name=text]").focus()`, nil)
	page.Type("Danke!")
	page.Click(`form[action$="/write"] button`)
	page.Wait(`document.querySelector("[role=status]")?.textContent.includes("Ihre Nachricht ist bei uns angekommen")`)
	page.Open(url + "/rate?v=bad&r=12345678")
	page.Wait(`document.querySelector("input[value=bad]").checked`)
	page.Click(`form[action$="/rate"] button`)
	page.Wait(`document.body.textContent.includes("Mittwoch, 25. November, 17:00 Uhr (CET)")`)
	page.Open(url + "?l=en")
	page.Wait(`document.documentElement.lang === "en" && document.body.textContent.includes("What we keep about you")`)
	if faults := page.Faults(); len(faults) > 0 {
		t.Errorf("the browser complains: %v", faults)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if got := strings.Join(o.did, "; "); got != "write Danke!; rate bad " {
		t.Errorf("done: %s", got)
	}
}

// TestBrowserPageIsReadable looks at every page in both languages, light and dark, on a
// phone and a desk: nothing sticks out, all text has the contrast of WCAG 2.2 AA, and
// nothing of it is a script.
func TestBrowserPageIsReadable(t *testing.T) {
	page := browsertest.Start(t).Page(t)
	for _, lang := range portal.Languages() {
		o := sampleOffice(lang)
		o.ways = append(o.ways, portal.Way{ID: "way2", Shown: "Mastodon @m•••@f•••", Customer: "miriam"})
		o.standing.Late = true
		url := pageOf(t, o)
		look := func(where string) {
			for _, width := range []int{360, 390, 1280} {
				page.Size(width, 844)
				for _, dark := range []bool{false, true} {
					page.Dark(dark)
					var pale []string
					if page.Eval(browsertest.Contrast, &pale); len(pale) > 0 {
						t.Errorf("%s %s, %d wide, dark %v: too pale: %v", lang, where, width, dark, pale)
					}
					fitsTheScreen(t, page)
				}
			}
			page.Dark(false)
			var scripts int
			if page.Eval(`document.scripts.length + document.querySelectorAll("[onclick], [onload], a[target]").length`, &scripts); scripts > 0 {
				t.Errorf("%s %s has %d scripts", lang, where, scripts)
			}
		}
		for _, path := range []string{"?l=" + lang, "/rate?v=bad&r=12345678", "?done=many", "?done=saved"} {
			page.Open(url + path)
			look(path)
		}
		letIn(t, page, o, url)
		for _, path := range []string{"", "?done=wrong", "/rate?v=good&r=12345678", "/erase", "/nothing"} {
			page.Open(url + path)
			look("inside " + path)
		}
		page.Open(url[:len(url)-1])
		look("a link that is cut short")
		if faults := page.Faults(); len(faults) > 0 {
			t.Errorf("the browser complains: %v", faults)
		}
	}
}

// letIn has a browser enter the code, by the keyboard alone.
func letIn(t *testing.T, page *browsertest.Page, o *office, url string) {
	t.Helper()
	page.Open(url)
	tabTo(t, page, `form[action$="/code"] button`)
	page.Press("Enter")
	page.Wait(`document.querySelector("#code")`)
	tabTo(t, page, "#code")
	o.mu.Lock()
	code := o.code
	o.mu.Unlock()
	page.Type(code)
	page.Press("Enter")
	page.Wait(`document.querySelector(".lines")`)
}

// tabTo goes by the tabulator to what a selector names, and sees that the focus shows.
func tabTo(t *testing.T, page *browsertest.Page, selector string) {
	t.Helper()
	for range 60 {
		page.Press("Tab")
		var there bool
		if page.Eval(`document.activeElement.matches(`+strconv.Quote(selector)+`)`, &there); there {
			var ring string
			if page.Eval(`getComputedStyle(document.activeElement).outlineStyle`, &ring); ring == "none" {
				t.Errorf("the focus on %s doesn't show", selector)
			}
			return
		}
	}
	t.Fatalf("the tabulator never comes to %s", selector)
}

// TestBrowserPageByKeyboard votes, writes and changes a preference without a pointer.
func TestBrowserPageByKeyboard(t *testing.T) {
	o := sampleOffice("en")
	url := pageOf(t, o)
	page := browsertest.Start(t).Page(t)
	page.Size(390, 844)
	letIn(t, page, o, url)
	tabTo(t, page, `input[name=v][value=good]`)
	page.Press(" ")
	tabTo(t, page, `form[action$="/rate"] button`)
	page.Press("Enter")
	page.Wait(`document.querySelector("[role=status]")`)
	page.Open(url)
	tabTo(t, page, `textarea[name=text]`)
	page.Type("Thank you!")
	tabTo(t, page, `form[action$="/write"] button`)
	page.Press("Enter")
	page.Wait(`document.querySelector("[role=status]")?.textContent.includes("has reached us")`)
	tabTo(t, page, `form[action$="/prefer"] button`)
	page.Press("Enter")
	page.Wait(`document.querySelector("[role=status]")?.textContent.includes("Saved")`)
	o.mu.Lock()
	defer o.mu.Unlock()
	if got := strings.Join(o.did, "; "); got != "rate good ; write Thank you!; change email" {
		t.Errorf("done: %s", got)
	}
}

// fitsTheScreen sees to it that nothing is wider than a phone, that fingers hit what
// is to be pressed, and that each field has a label.
func fitsTheScreen(t *testing.T, page *browsertest.Page) {
	t.Helper()
	var wide, small, mute []string
	page.Eval(`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))`, &wide)
	page.Eval(`[...document.querySelectorAll("button, .button, select, .tick, .vote")].filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))`, &small)
	page.Eval(`[...document.querySelectorAll("input:not([type=hidden]), textarea, select")].filter(e => !e.labels.length).map(e => e.outerHTML.slice(0, 80))`, &mute)
	for what, list := range map[string][]string{"is wider than the screen": wide, "is too small for a finger": small, "has no label": mute} {
		if len(list) > 0 {
			t.Errorf("%s: %v", what, list)
		}
	}
}

// TestBrowserGallery takes pictures for people to look at:
// STAGECOACH_GALLERY=/some/dir go test -run Gallery ./desk/portal.
func TestBrowserGallery(t *testing.T) {
	dir := os.Getenv("STAGECOACH_GALLERY")
	if dir == "" {
		t.Skip("STAGECOACH_GALLERY names no folder for the pictures")
	}
	page := browsertest.Start(t).Page(t)
	page.HideScrollbars()
	for _, lang := range portal.Languages() {
		o := sampleOffice(lang)
		url := pageOf(t, o)
		for _, size := range [][2]int{{390, 844}, {1280, 800}} {
			name := lang + map[int]string{390: "-phone", 1280: ""}[size[0]]
			page.Size(size[0], size[1])
			page.Open(url + "?l=" + lang)
			page.Screenshot(filepath.Join(dir, "status-"+name+".png"))
			page.Open(url + "/rate?v=good&r=12345678")
			page.Screenshot(filepath.Join(dir, "rate-"+name+".png"))
			page.Open(url)
			page.Click(`form[action$="/code"] button`)
			page.Wait(`document.querySelector("#code")`)
			page.Screenshot(filepath.Join(dir, "code-"+name+".png"))
			page.Eval(`document.querySelector("#code").focus()`, nil)
			page.Type(o.code)
			page.Press("Enter")
			page.Wait(`document.querySelector(".lines")`)
			var high int
			page.Eval(`document.documentElement.scrollHeight`, &high)
			page.Size(size[0], high)
			page.Screenshot(filepath.Join(dir, "all-"+name+".png"))
			page.Dark(true)
			page.Screenshot(filepath.Join(dir, "all-"+name+"-dark.png"))
			page.Dark(false)
			page.Open(url + "/erase")
			page.Screenshot(filepath.Join(dir, "erase-"+name+".png"))
			page.Open(url)
			page.Click(`form[action$="/leave"] button`)
			page.Wait(`!document.querySelector(".lines")`)
		}
	}
}
