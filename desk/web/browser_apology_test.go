package web

import (
	"strings"
	"testing"
)

// TestApologyInTheComposer: the draft of an apology is in the reply and saved by
// nobody; it is thrown away by its button, which takes nothing of what was written;
// where there is a reply already, it goes before that.
func TestApologyInTheComposer(t *testing.T) {
	s, page, url := open(t, sampleConversation)
	s.change(func() { s.conv = sorry() })
	page.Open(url + sampleConversation)
	page.Wait("window.stagecoach && window.htmx")
	text := func() (now string) {
		page.Eval(`document.querySelector("form[data-draft] [data-text]").value`, &now)
		return now
	}
	if got := text(); !strings.HasPrefix(got, "Es tut uns leid") || !strings.HasSuffix(got, "Ines Albrecht") {
		t.Fatalf("the reply begins with %q", got)
	}
	page.Eval(`(() => { const a = document.querySelector("form[data-draft] [data-text]"); a.focus(); a.setSelectionRange(a.value.indexOf("\n"), a.value.indexOf("\n")); })()`, nil)
	page.Type(" Nun aber.")
	draft := s.wait(t, sampleConversation+"/draft")
	if !strings.Contains(draft.get("text"), "zugesagt. Nun aber.") || draft.get("apology") != "" {
		t.Errorf("the draft is %v", draft.Form)
	}
	page.Click("[data-do=noapology]")
	for draft.get("apology") != "dropped" {
		draft = s.wait(t, sampleConversation+"/draft")
	}
	if got := text(); strings.Contains(got, "tut uns leid") && !strings.Contains(got, "Nun aber.") {
		t.Errorf("throwing it away left %q", got)
	}
	page.Open(url + sampleConversation)
	page.Wait("window.stagecoach && window.htmx")
	page.Click("[data-do=noapology]")
	for draft = s.wait(t, sampleConversation+"/draft"); draft.get("apology") != "dropped" || draft.get("text") != ""; {
		draft = s.wait(t, sampleConversation+"/draft")
	}
	if got := strings.TrimSpace(text()); strings.Contains(got, "leid") || !strings.HasSuffix(got, "Ines Albrecht") {
		t.Errorf("it left %q", got)
	}
}
