//go:build browser

package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/web/browsertest"
)

// TestBrowserVoices has a customer send an idea and praise an answer: the agent sees at
// once that there are thanks, a supervisor reads both, says what becomes of the idea, and
// its author is told; then the supervisor makes the person's old links invalid.
// STAGECOACH_GALLERY=/some/dir keeps pictures of it.
func TestBrowserVoices(t *testing.T) {
	o := newPageOffice(t)
	boss := desk.Who{ID: desk.Control, Role: contact.RoleSupervisor}
	if _, err := o.d.desk.AddAgent(t.Context(), boss, "", desk.Member{Name: "Bea Boss", Email: "bea@acme.test", Password: "long enough for anybody", Role: contact.RoleSupervisor}); err != nil {
		t.Fatal(err)
	}
	write(t, o.provider, "alice@cust.test", "a1", "", "Hello, where is my unmistakable order? I have been waiting for a week now and nobody tells me anything at all.")
	link := found(t, linkInMail, o.mails(1)[0])
	o.answer("It comes tomorrow.")
	o.mails(2)
	chromium := browsertest.Start(t)
	anna, bea := o.loggedIn(chromium, "anna@acme.test"), o.loggedIn(chromium, "bea@acme.test")
	anna.Wait(`!document.querySelector("nav > a[href='/praise']")`)
	alice := o.browser()
	alice.post(link+"/code", nil)
	alice.post(link+"/enter", url.Values{"code": {found(t, codeInMail, o.mails(3)[2])}})
	alice.post(link+"/rate", url.Values{"v": {"good"}, "words": {"You saved my day."}})
	anna.Wait(`document.querySelector("#topbar nav > a[href='/praise'] .count")?.textContent.trim().startsWith("1")`) // live
	alice.post(link+"/rate", url.Values{"idea": {"yes"}, "words": {"Sell it in green."}})

	anna.Open(o.d.URL() + "/praise")
	anna.Wait(`document.body.textContent.includes("You saved my day.")`)
	picture(t, anna, "praise")
	anna.Open(o.d.URL() + "/")
	anna.Wait(`!document.querySelector("#topbar nav > a[href='/praise']")`) // it has been seen

	bea.Open(o.d.URL() + "/voices")
	bea.Wait(`[...document.querySelectorAll("h3")].some(h => h.textContent === "Anna Amsel") && document.body.textContent.includes("You saved my day.")`)
	bea.Wait(`document.querySelector("[aria-label='Fans']").textContent.includes("alice")`)
	picture(t, bea, "voices")
	bea.Click(".ideas summary")
	bea.Eval(`document.querySelector(".ideas select").value = "planned"`, nil)
	bea.Eval(`document.querySelector(".ideas textarea").focus()`, nil)
	bea.Type("It comes in green from May on.")
	bea.Click(".ideas form button")
	bea.Wait(`document.querySelector(".ideas .count").textContent.includes("Planned") && document.querySelector(".ideas").textContent.includes("the customer was told")`)
	has(t, o.mails(4)[3], "It comes in green from May on.")

	has(t, alice.get(link), "Our conversation")
	bea.Open(o.d.URL() + "/customers/" + o.customer("alice@cust.test"))
	bea.Click(`form[action$="/end-links"] button`)
	bea.Wait(`document.body.textContent.includes("Links that were sent hold no longer")`)
	if status, _, _ := alice.send("GET", link, nil); status != 410 {
		t.Errorf("an old link: %d", status)
	}
	for who, page := range map[string]*browsertest.Page{"anna": anna, "bea": bea} {
		if faults := page.Faults(); len(faults) > 0 {
			t.Errorf("%s's browser complains: %v", who, faults)
		}
	}
}

// loggedIn gives somebody's browser at the desk.
func (o *pageOffice) loggedIn(b *browsertest.Browser, email string) *browsertest.Page {
	o.t.Helper()
	page := b.Page(o.t)
	page.Size(1280, 800)
	page.Open(o.d.URL() + "/login")
	page.Eval(`document.querySelector("input[name=email]").focus()`, nil)
	page.Type(email)
	page.Eval(`document.querySelector("input[name=password]").focus()`, nil)
	page.Type("long enough for anybody")
	page.Press("Enter")
	page.Wait(`document.querySelector("#topbar")`)
	return page
}

func picture(t *testing.T, page *browsertest.Page, name string) {
	t.Helper()
	dir := os.Getenv("STAGECOACH_GALLERY")
	if dir == "" {
		return
	}
	for _, width := range []int{1280, 390} {
		page.Size(width, 844)
		for _, dark := range []bool{false, true} {
			page.Dark(dark)
			page.Screenshot(filepath.Join(dir, strings.Join([]string{"real", name, map[int]string{1280: "desk", 390: "phone"}[width], map[bool]string{true: "dark", false: "light"}[dark]}, "-")+".png"))
		}
	}
	page.Dark(false)
	page.Size(1280, 800)
}
