package web

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/desk/view"
)

// TestResendInTheComposer: where an answer did not arrive its words are put before what
// is written, by a button that the keyboard reaches, also where an apology is drafted.
func TestResendInTheComposer(t *testing.T) {
	s, page, url := open(t, sampleConversation)
	s.change(func() {
		s.conv = sorry()
		s.conv.Resend, s.conv.ResendFiles = "Diese Nachricht haben wir Ihnen per E-Mail gesendet, sie ist aber nicht angekommen:\n\nIhr Paket kommt morgen.", 2
	})
	refiles := "/api/conversations/" + s.conv.ID + "/resend-files"
	s.change(func() {
		s.answer[refiles] = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(view.ResentFiles{
				Files: []view.Upload{{ID: "the-copy", Name: "Rechnung.pdf"}}, Left: []string{"Film.mp4 does not go along: this channel takes 25 MB with one reply."},
			})
		}
	})
	for _, size := range [][2]int{{1280, 800}, {390, 844}} {
		page.Size(size[0], size[1])
		page.Open(url + sampleConversation)
		page.Wait("window.stagecoach && window.htmx")
		var shown bool
		page.Eval(`(() => { const b = document.querySelector(".resendhint button"), r = b.getBoundingClientRect(); b.focus();
			return document.activeElement === b && r.width > 0 && r.left >= 0 && r.right <= innerWidth && document.documentElement.scrollWidth <= innerWidth; })()`, &shown)
		if !shown {
			t.Errorf("at %d pixels the button can't be reached", size[0])
		}
		if dir := os.Getenv("STAGECOACH_GALLERY"); dir != "" {
			page.Screenshot(filepath.Join(dir, "resend-"+map[bool]string{true: "wide", false: "phone"}[size[0] > 400]+".png"))
		}
		page.Press("Enter")
		var at string
		page.Eval(`document.activeElement.name + " " + document.querySelector(".composer").className`, &at)
		if at != "text composer" {
			t.Errorf("at %d pixels the cursor is in %q: nobody sees what was put there", size[0], at)
		}
		var got string
		page.Eval(`document.querySelector("form[data-draft] [data-text]").value`, &got)
		if !strings.HasPrefix(got, "Diese Nachricht haben wir Ihnen per E-Mail gesendet") || !strings.Contains(got, "Paket kommt morgen") || !strings.Contains(got, "Es tut uns leid") {
			t.Errorf("the reply is %q", got)
		}
		page.Wait(`document.querySelector(".toast.error")?.textContent.includes("Film.mp4 does not go along")`)
		s.wait(t, refiles)
		page.Eval(`document.querySelector(".resendhint button").focus()`, nil)
		page.Press("Enter") // twice is once
		page.Wait(`document.activeElement.matches("form[data-draft] [data-text]")`)
		var files, times int
		page.Eval(`document.querySelectorAll('form[data-draft] [data-files] li:has([name=attachment][value="the-copy"])').length`, &files)
		page.Eval(`document.querySelector("form[data-draft] [data-text]").value.split("Paket kommt morgen").length - 1`, &times)
		if files != 1 || times != 1 {
			t.Errorf("pressed twice, the reply has %d files, want 1, and the words %d times, want once", files, times)
		}
		if draft := s.wait(t, sampleConversation+"/draft"); draft.get("attachment") != "the-copy" {
			t.Errorf("the draft is kept with the file %q", draft.get("attachment"))
		}
	}
}
