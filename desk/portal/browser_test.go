//go:build browser

package portal_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"stagecoach/desk/portal"
	"stagecoach/desk/web/browsertest"
)

// TestBrowserCustomersPage walks through the page as somebody with a phone does.
func TestBrowserCustomersPage(t *testing.T) {
	o := sampleOffice("de")
	url := pageOf(t, o)
	page := browsertest.Start(t).Page(t)
	page.Size(390, 844)
	page.Open(url)
	page.Wait(`document.body.textContent.includes("Anna Amsel kümmert sich um Ihre Frage.") && document.body.textContent.includes("Montag, 23. November, 17:12 Uhr (CET)")`)
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

// TestBrowserOneClick votes on the page that a chat's link opens, once it is answered: one
// click, and nothing of the conversation is seen.
func TestBrowserOneClick(t *testing.T) {
	o := sampleOffice("en")
	url := pageOf(t, o)
	page := browsertest.Start(t).Page(t)
	page.Size(360, 740)
	page.Open(url)
	var buttons int
	page.Eval(`document.querySelectorAll("button.vote").length`, &buttons)
	if buttons != 0 {
		t.Error("a question that waits can be rated")
	}
	o.stands(portal.StateAnswered)
	page.Open(url)
	fitsTheScreen(t, page)
	page.Click(`button.vote[value=bad]`)
	page.Wait(`document.querySelector("[role=status]")`)
	var text string
	page.Eval(`document.body.textContent`, &text)
	if strings.Contains(text, "4711") {
		t.Errorf("a vote by the link shows the conversation: %s", text)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if got := strings.Join(o.did, "; "); got != "rate bad " {
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
		o.mu.Lock()
		o.standing.Restricted = &portal.Restricted{Since: o.standing.AskedAt, Themselves: true, Duties: []portal.Duty{{Why: "business letters, section 257 of the commercial code", Until: "2032-12-31"}, {}}}
		o.mu.Unlock()
		page.Open(url)
		look("restricted")
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
	page.Wait(`document.readyState === "complete" && document.querySelector("#code")`)
	tabTo(t, page, "#code")
	o.mu.Lock()
	code := o.code
	o.mu.Unlock()
	page.Type(code)
	page.Press("Enter")
	page.Wait(`document.readyState === "complete" && document.querySelector(".lines")`) // or the next one is broken off
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
			page.Size(size[0], size[1])
			page.Open(url + "/erase")
			page.Screenshot(filepath.Join(dir, "erase-"+name+".png"))
			o.standing.Restricted = &portal.Restricted{Since: o.standing.AskedAt, Themselves: true, Duties: []portal.Duty{{Why: "§ 257 HGB", Until: "2032-12-31"}, {}}}
			page.Open(url)
			page.Screenshot(filepath.Join(dir, "restricted-"+name+".png"))
			o.standing.Restricted = nil
			page.Open(url)
			page.Click(`form[action$="/leave"] button`)
			page.Wait(`!document.querySelector(".lines")`)
			page.Size(size[0], size[1])
			was := o.standing
			o.stands(portal.StateAnswered)
			page.Open(url)
			page.Screenshot(filepath.Join(dir, "answered-"+name+".png"))
			o.standing = was
		}
	}
}
