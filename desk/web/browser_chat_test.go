package web

import (
	"testing"

	"stagecoach/desk/view"
)

// An open page follows who is at the customer's end, also when nobody says that they
// have stopped writing, and tells that its agent writes; other contacts ask nothing.
func TestBothEndsOfAChatOnThePage(t *testing.T) {
	s, page, url := open(t, sampleConversation)
	page.Wait(`!document.getElementById("attend")`)
	s.change(func() { s.conv = chatted(); s.conv.Holder = true; s.conv.Presence.Again = 1 })
	page.Open(url + sampleConversation)
	shows := func(words string) {
		t.Helper()
		page.Wait(`document.getElementById("attend").textContent.includes("` + words + `")`)
	}
	shows("The customer is writing…")
	page.Wait(`document.querySelector(".fate.read").textContent.includes("Read ")`)
	page.Press("r")
	page.Wait(`document.activeElement.name === "text"`)
	page.Type("Bis Freitag.")
	s.wait(t, sampleConversation+"/typing")
	s.change(func() { s.conv.Presence = view.Presence{Known: true, Here: true} })
	shows("The customer is in the chat") // by itself: nothing was told
	page.Wait(`document.activeElement.name === "text" && document.activeElement.value.includes("Bis Freitag.")`)
	s.change(func() { s.conv.Presence = view.Presence{Known: true, Gone: sampleNow} })
	s.tell("presence:" + s.conv.ID)
	shows("The customer left the chat at ")
}
