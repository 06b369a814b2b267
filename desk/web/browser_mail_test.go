package web

import (
	"strings"
	"testing"

	"stagecoach/desk/view"
)

// TestAMailIsReadByKeys goes from message to message, unfolds the layout of the
// one in focus and the rest of a long one, and leaves the mail's frame again.
func TestAMailIsReadByKeys(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	s.change(func() {
		mail := line(93, view.ItemMessage, "Miriam Köhler", "Here it is with colours.")
		mail.HasHTML = true
		long := line(94, view.ItemMessage, "Miriam Köhler", strings.Repeat("one more line\n", 900))
		s.conv.Items = append(s.conv.Items, mail, long)
		s.conv.Covers = long.ID
	})
	page.Eval(`location.reload()`, nil)
	page.Wait(`document.querySelector("details.html") && document.querySelector("details.long") && window.stagecoach && window.htmx`)
	page.Press("e")
	page.Wait(`document.querySelector("details.long").open`)
	page.Press("Shift+K")
	page.Press("Shift+K")
	page.Wait(`document.activeElement.matches("[data-item]") && document.activeElement.querySelector("details.html")`)
	page.Press("h")
	page.Wait(`[...document.querySelectorAll("[data-item] details.html")].at(-1).open`)
	page.Eval(`[...document.querySelectorAll("[data-item] details.html")].at(-1).querySelector("iframe").focus()`, nil)
	page.Press("Tab")
	page.Wait(`document.activeElement.tagName !== "IFRAME"`)
	page.Press("Shift+J")
	page.Wait(`document.activeElement.querySelector("details.long")`)
	page.Press("h") // the layout of another: the last that has one
	page.Wait(`![...document.querySelectorAll("[data-item] details.html")].at(-1).open`)
}

// TestPicturesThatWereAskedForStay: a refresh of the conversation, which comes
// with every event and once when the live line stands, puts back neither the
// layout without them nor anything else that the agent has not asked for.
func TestPicturesThatWereAskedForStay(t *testing.T) {
	s, page, _ := open(t, sampleConversation)
	shown := `document.querySelector("[data-item] details.html:has(.pictures) iframe")`
	s.change(func() {
		mail := line(93, view.ItemMessage, "Miriam Köhler", "Here it is with colours.")
		mail.HasHTML, mail.PicturesElsewhere = true, true
		s.conv.Items = append(s.conv.Items, mail)
		s.conv.Covers = mail.ID
	})
	s.tell("conversation:" + s.conv.ID)
	page.Wait(shown)
	page.Eval(`document.querySelector("details.html:has(.pictures)").open = true`, nil)
	page.Click("details.html .pictures a")
	page.Wait(shown + `.src.endsWith("?pictures=1")`)
	s.change(func() {
		s.conv.Items = append(s.conv.Items, line(94, view.ItemMessage, "Miriam Köhler", "And this too."))
	})
	s.tell("conversation:" + s.conv.ID)
	page.Wait(`document.querySelector("#timeline").textContent.includes("And this too.")`)
	page.Wait(shown + `.src.endsWith("?pictures=1")`)
}
