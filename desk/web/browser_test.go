package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web/browsertest"
)

const sampleConversation = "/c/0195-v-000"

// shared is the browser of all tests of this package; every test is another
// person in it.
var shared struct {
	once    sync.Once
	browser *browsertest.Browser
	err     error
}

func browserOf(t *testing.T) *browsertest.Browser {
	t.Helper()
	shared.once.Do(func() { shared.browser, shared.err = browsertest.Launch() })
	if errors.Is(shared.err, browsertest.ErrNone) && os.Getenv("STAGECOACH_RIG") != "1" {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.browser
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.browser != nil {
		if err := shared.browser.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "closing the browser:", err)
		}
	}
	os.Exit(code)
}

// open gives a browser's tab on a page of a site. Scripts that fail and content
// that the policy refuses fail the test.
func open(t *testing.T, path string) (*site, *browsertest.Page, string) {
	t.Helper()
	s, url := newSite(t)
	page := browserOf(t).Page(t)
	// Pages left open would go on asking a site that is gone.
	t.Cleanup(page.Close)
	t.Cleanup(func() {
		for _, f := range page.Faults() {
			t.Errorf("the page complains: %s", f)
		}
	})
	page.Size(1280, 800)
	page.Open(url + path)
	page.Wait("window.stagecoach && window.htmx")
	return s, page, url
}

func TestKeysOnTheDesk(t *testing.T) {
	s, page, _ := open(t, "/")
	page.Press("j")
	page.Wait(`document.activeElement.textContent.includes("Miriam Köhler")`)
	page.Press("j")
	page.Press("j")
	page.Press("k")
	page.Wait(`document.activeElement.textContent.includes("Daniel Okafor")`)
	page.Press("?")
	page.Wait(`document.getElementById("dlg-help").open`)
	page.Press("Escape")
	page.Wait(`!document.getElementById("dlg-help").open`)
	page.Wait(`document.title.startsWith("(1) Offer")`)
	page.Press("a")
	if p := s.wait(t, "/offers/0195-o-1/accept"); p.get("command_id") == "" {
		t.Error("accepting an offer carries no command id: it could count twice")
	}
	page.Press("d")
	page.Click(`.offer .sheet button[value="language"]`)
	if p := s.wait(t, "/offers/0195-o-1/decline"); p.get("reason") != "language" {
		t.Errorf("declined for %q", p.get("reason"))
	}
	page.Press("j")
	page.Press("Enter")
	page.Wait(`location.pathname.startsWith("/c/")`)
}

func TestReplyIsWrittenSavedAndSent(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	path := sampleConversation + "/reply"
	s.change(func() {
		s.answer[path] = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusConflict)
			_ = Toast("error", "Ben Carter has taken it over.").Render(r.Context(), w)
		}
	})
	page.Press("r")
	page.Wait(`document.activeElement.name === "text" && document.activeElement.selectionStart === 0`)
	page.Type("Guten Tag, das Geld ist unterwegs.")
	draft := s.wait(t, sampleConversation+"/draft")
	if !strings.HasPrefix(draft.get("text"), "Guten Tag, das Geld") || draft.get("contact") != "0195-c-000" {
		t.Errorf("the draft is %v", draft.Form)
	}
	page.Wait(`document.getElementById("saved").textContent === "Draft saved"`)

	page.Press("Ctrl+Enter")
	first := s.wait(t, path)
	page.Wait(`document.querySelector(".toast.error")?.textContent.includes("taken it over")`)
	page.Wait(`document.querySelector("#pane-reply textarea").value.startsWith("Guten Tag, das Geld")`)
	if first.get("kind") != "answer" || first.get("covers") != s.conv.Covers || first.get("quoted") != "1" ||
		!strings.Contains(first.get("to"), "miriam.koehler@example.org") {
		t.Errorf("sent %v", first.Form)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first.get("reply_id")) {
		t.Errorf("the reply's id is %q", first.get("reply_id"))
	}

	s.change(func() {
		s.answer[path] = func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("HX-Redirect", "/") }
	})
	page.Click(".pledge summary")
	page.Click(`.pledge input[name=due]:not([value=custom])`)
	page.Click(`.pledge button[value=pledge]`)
	second := s.wait(t, path)
	if second.get("kind") != "pledge" || second.get("due") == "" || second.get("reply_id") == first.get("reply_id") {
		t.Errorf("pledged %v", second.Form)
	}
	page.Wait(`location.pathname === "/"`)
}

// TestANewMessageLeavesTypingAlone is the case of I5's neighbour: what comes
// while somebody writes is shown, and answered only when they say so.
func TestANewMessageLeavesTypingAlone(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	old := s.conv.Covers
	page.Press("r")
	page.Type("Ich schreibe noch")
	page.Eval(`document.querySelector(".convhead").dataset.mark = "kept"`, nil)
	s.change(func() {
		it := line(90, view.ItemMessage, "Miriam Köhler", "Und noch etwas!")
		s.conv.Items = append(s.conv.Items, it)
		s.conv.Covers = it.ID
	})
	s.tell("conversation:" + s.conv.ID)
	page.Wait(`document.getElementById("timeline").textContent.includes("Und noch etwas!")`)
	page.Wait(`document.activeElement.value?.startsWith("Ich schreibe noch")`)
	page.Type(" weiter")
	page.Wait(`document.activeElement.value.startsWith("Ich schreibe noch weiter")`)
	page.Wait(`!document.querySelector("[data-newer]").hidden`)
	var covers string
	page.Eval(`document.querySelector("[name=covers]").value`, &covers)
	if covers != old {
		t.Errorf("the reply covers %q, which its author may not have read", covers)
	}
	page.Click("[data-do=cover]")
	page.Wait(fmt.Sprintf(`document.querySelector("[name=covers]").value === %q`, s.conv.Covers))
}

func TestNothingWrittenCoversTheNewest(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	s.change(func() {
		it := line(91, view.ItemMessage, "Miriam Köhler", "Noch eine.")
		s.conv.Items = append(s.conv.Items, it)
		s.conv.Covers = it.ID
	})
	page.Wait(`document.querySelector("[name=covers]").value !== ""`)
	s.tell("conversation:" + s.conv.ID)
	page.Wait(fmt.Sprintf(`document.querySelector("[name=covers]").value === %q`, "item-91"))
}

func TestTheDeskUpdatesByItself(t *testing.T) {
	s, page, _ := open(t, "/")
	page.Press("j")
	page.Press("j")
	s.change(func() {
		s.page.Desk.Mine = cards(7)
		s.page.Desk.Offers = nil
		s.page.Desk.Review = 23
	})
	s.tell("offer")
	page.Wait(`document.querySelectorAll("#rail .card").length === 7`)
	page.Wait(`!document.querySelector("[data-offer]")`)
	page.Wait(`document.querySelector('.nav a[href="/review"] .count').textContent.trim().startsWith("23")`)
	page.Wait(`document.activeElement.textContent.includes("Daniel Okafor")`)
	page.Wait(`!document.title.includes("Offer")`)
}

func TestOfflineIsSaidAndHealed(t *testing.T) {
	s, page, _ := open(t, "/")
	page.Wait(`document.getElementById("offline").hidden`)
	s.cut()
	page.Wait(`!document.getElementById("offline").hidden`)
	s.change(func() {
		s.down = false
		s.page.Desk.Mine = cards(9)
	})
	page.Wait(`document.getElementById("offline").hidden`)
	page.Wait(`document.querySelectorAll("#rail .card").length === 9`)
}

// Who has lost the line asks nobody for anything, neither what was planned nor
// what is asked now and then, until it stands again.
func TestNothingIsAskedWhileTheLineIsLost(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	page.Wait(`document.getElementById("offline").hidden`)
	page.Eval(`window.asked = []; document.addEventListener("htmx:beforeSend", (e) => asked.push(e.detail.pathInfo.requestPath))`, nil)
	s.tell("waiting") // which is asked three seconds later
	s.cut()
	page.Wait(`!document.getElementById("offline").hidden`)
	page.Eval(`asked.length = 0; document.querySelectorAll("[data-on]").forEach((e) => htmx.trigger(e, "live")); window.lost = performance.now()`, nil)
	page.Wait(`performance.now() > lost + 3500`)
	var asked []string
	page.Eval(`asked`, &asked)
	if len(asked) > 0 {
		t.Errorf("asked while nobody answers: %q", asked)
	}
	s.change(func() { s.down = false })
	page.Wait(`document.getElementById("offline").hidden`)
	page.Wait(`asked.length >= 2`)
}

// TestSelectionsSurviveUpdates picks contacts on the overview, lets the lists
// change, and assigns.
func TestSelectionsSurviveUpdates(t *testing.T) {
	s, page, _ := open(t, "/overview")
	page.Click("#ovwaiting .row:nth-child(2) [data-pick]")
	page.Click("#ovwaiting .row:nth-child(4) [data-pick]")
	page.Wait(`!document.querySelector("[data-bulk]").hidden`)
	page.Eval(`document.querySelector("[data-bulk] [name=reason]").focus()`, nil)
	page.Type("Urlaub")
	s.change(func() { s.over.Waiting = s.over.Waiting[1:]; s.over.Total = 99 })
	s.tell("overview")
	page.Wait(`document.querySelector("#ovwaiting .count").textContent.trim() === "99"`)
	page.Wait(`document.activeElement.value === "Urlaub"`)
	page.Wait(`document.querySelector("[data-selected]").textContent === "2"`)
	page.Click(`[formaction="/overview/assign"]`)
	p := s.wait(t, "/overview/assign")
	if got := strings.Join(p.Form["contact"], " "); got != "0195-c-001w 0195-c-003w" {
		t.Errorf("assigned %q", got)
	}
	if p.get("reason") != "Urlaub" || p.get("to") != "agent-0" {
		t.Errorf("assigned with %v", p.Form)
	}
}

// TestTabsShareTheLiveConnection opens eight tabs: over HTTP/1.1 a browser
// would have no connection left if each held one.
func TestTabsShareTheLiveConnection(t *testing.T) {
	s, page, url := open(t, "/")
	tabs := []*browsertest.Page{page}
	for range 7 {
		tab := page.Another()
		tab.Open(url + "/")
		tabs = append(tabs, tab)
	}
	s.change(func() { s.page.Desk.Mine = cards(6) })
	s.tell("desk")
	for _, tab := range tabs {
		tab.Wait(`document.querySelectorAll("#rail .card").length === 6`)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) != 1 {
		t.Errorf("eight tabs hold %d live connections", len(s.lines))
	}
}

// What happens while one tab takes the live connection over from another is told
// to nobody: all tabs ask anew.
func TestNextTabAsksForWhatItMissed(t *testing.T) {
	s, page, url := open(t, "/")
	second, third := page.Another(), page.Another()
	second.Open(url + "/")
	third.Open(url + "/")
	s.change(func() { s.page.Desk.Mine = cards(6) })
	s.tell("desk")
	for _, tab := range []*browsertest.Page{page, second, third} {
		tab.Wait(`document.querySelectorAll("#rail .card").length === 6`)
	}
	s.change(func() { s.page.Desk.Mine = cards(9) }) // and nobody is told
	page.Open(url + "/static/live.js")               // a page that holds no line
	for _, tab := range []*browsertest.Page{second, third} {
		tab.Wait(`document.querySelectorAll("#rail .card").length === 9`)
	}
}

// TestFilesAndSavedAnswersGoAlong attaches a file, puts in a saved answer and
// answers all; the draft has everything.
func TestFilesAndSavedAnswersGoAlong(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	id := AttachmentValue(contact.Attachment{Object: "o-7", Name: "Beleg.pdf", Size: 3})
	s.change(func() {
		s.answer["/api/attachments"] = func(w http.ResponseWriter, r *http.Request) {
			f, h, err := r.FormFile("file")
			if err != nil || h.Filename != "Beleg.pdf" {
				http.Error(w, "no file", http.StatusBadRequest)
				return
			}
			_ = f.Close()
			_, _ = fmt.Fprintf(w, `{"id":%q,"name":"Beleg.pdf","content_type":"application/pdf","size":3,"url":"/x"}`, id)
		}
	})
	page.Press("r")
	page.Eval(`(() => {
		const input = document.querySelector("[data-upload]"), carry = new DataTransfer();
		carry.items.add(new File(["abc"], "Beleg.pdf", { type: "application/pdf" }));
		input.files = carry.files;
		input.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, nil)
	page.Wait(`document.querySelector("#pane-reply [name=attachment]")`)
	page.Press("Escape")
	page.Press("s")
	page.Click(".answers li:nth-child(2) button")
	page.Wait(`document.querySelector("#pane-reply textarea").value.startsWith("Könnten Sie uns bitte")`)
	page.Click("[data-do=all]")
	for {
		p := s.wait(t, sampleConversation+"/draft")
		if p.get("attachment") == id && strings.Contains(p.get("text"), "Bestellnummer nennen") &&
			p.get("cc") == "Buchhaltung <buchhaltung@example.org>, p.koehler@example.org" {
			break
		}
	}
}

func TestOneKeyConfirmsAReplyWrittenElsewhere(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	s.change(func() { s.conv = troubled() })
	page.Open(strings.TrimSuffix(location(page), sampleConversation) + sampleConversation)
	page.Wait("window.stagecoach && window.htmx")
	page.Press("c")
	p := s.wait(t, "/replies/item-85/confirm")
	if p.get("outcome") != "answer" || p.get("contact") != "0195-c-000" {
		t.Errorf("confirmed %v", p.Form)
	}
	page.Press("n")
	page.Type("Chiara hat geantwortet.")
	page.Press("Ctrl+Enter")
	if p := s.wait(t, sampleConversation+"/note"); p.get("text") != "Chiara hat geantwortet." || p.get("note_id") == "" {
		t.Errorf("noted %v", p.Form)
	}
	page.Wait(`document.querySelector("#pane-note textarea").value === ""`)
}

// Who has only passed on what somebody else wrote may not be the one to answer.
func TestOneKeyAnswersTheAuthorOfWhatWasForwarded(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	s.change(func() {
		it := line(91, view.ItemMessage, "Miriam Köhler", "Können Sie ihm helfen?")
		it.Forwarded = &contact.Forwarded{From: contact.Address{Name: "Köhler, Paul", Address: "paul@example.net"}, Date: "2. November 2026"}
		s.conv.Items = append(s.conv.Items, it)
		s.conv.Covers = it.ID
	})
	page.Eval(`location.reload()`, nil)
	page.Wait(`document.querySelector("[data-do=author]") && window.stagecoach && window.htmx`)
	before := `document.getElementById("to").value.includes("miriam.koehler@example.org")`
	page.Wait(before)
	page.Press("b")
	page.Wait(`document.getElementById("to").value === '"Köhler, Paul" <paul@example.net>'`)
	page.Press("b")
	page.Wait(before)
	page.Click("[data-do=author]")
	page.Wait(`!document.getElementById("to").value.includes("miriam")`)
	page.Press("r")
	page.Type("Guten Tag Herr Köhler")
	page.Press("Ctrl+Enter")
	sent := s.wait(t, sampleConversation+"/reply")
	if to := sent.get("to"); to != `"Köhler, Paul" <paul@example.net>` {
		t.Errorf("the reply goes to %q", to)
	}
}

func location(page *browsertest.Page) string {
	var at string
	page.Eval("location.href", &at)
	return at
}

// TestSingleKeysCanBeTurnedOff is WCAG 2.2 section 2.1.4.
func TestSingleKeysCanBeTurnedOff(t *testing.T) {
	_, page, _ := open(t, sampleConversation)
	page.Press("?")
	page.Click("[data-pref=keys]")
	page.Press("Escape")
	page.Wait(`!document.querySelector("dialog[open]")`)
	page.Press("t")
	page.Press("f")
	var opened bool
	page.Eval(`Boolean(document.querySelector("dialog[open]"))`, &opened)
	if opened {
		t.Error("a single key still works")
	}
}
