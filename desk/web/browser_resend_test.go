package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestResendInTheComposer: where an answer did not arrive its words are put before what
// is written, by a button that the keyboard reaches, also where an apology is drafted.
func TestResendInTheComposer(t *testing.T) {
	s, page, url := open(t, sampleConversation)
	s.change(func() {
		s.conv = sorry()
		s.conv.Resend, s.conv.ResendFiles = "Das haben wir Ihnen per E-Mail geschrieben, und es kam nicht an:\n\nIhr Paket kommt morgen.", 1
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
		var got string
		page.Eval(`document.querySelector("form[data-draft] [data-text]").value`, &got)
		if !strings.HasPrefix(got, "Das haben wir Ihnen per E-Mail geschrieben") || !strings.Contains(got, "Paket kommt morgen") || !strings.Contains(got, "Es tut uns leid") {
			t.Errorf("the reply is %q", got)
		}
	}
}
