package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// looks are the windows in which every page is looked at.
var looks = []struct {
	suffix, theme string
	width, height int
}{{"", "light", 1280, 800}, {"-dark", "dark", 1280, 800}, {"-phone", "light", 390, 844}}

// TestGallery takes pictures of every page in light, dark and on a phone, for
// people to look at: STAGECOACH_GALLERY=/some/dir go test -run Gallery ./desk/web.
// STAGECOACH_GALLERY_ONLY names those to take, comma-separated.
func TestGallery(t *testing.T) {
	dir := os.Getenv("STAGECOACH_GALLERY")
	if dir == "" {
		t.Skip("STAGECOACH_GALLERY names no folder for the pictures")
	}
	srv := httptest.NewServer(galleryServer())
	t.Cleanup(srv.Close)
	page := browserOf(t).Page(t)
	page.HideScrollbars()
	only := os.Getenv("STAGECOACH_GALLERY_ONLY")
	for _, s := range gallery() {
		if only != "" && !strings.Contains(","+only+",", ","+s.Name+",") {
			continue
		}
		for _, look := range looks {
			page.Size(look.width, look.height)
			page.Open(srv.URL + "/shot/" + s.Name + "?theme=" + look.theme)
			page.Screenshot(filepath.Join(dir, s.Name+look.suffix+".png"))
			for _, open := range opened[s.Name] {
				page.Eval(open.js, nil)
				page.Screenshot(filepath.Join(dir, s.Name+"-"+open.name+look.suffix+".png"))
				page.Open(srv.URL + "/shot/" + s.Name + "?theme=" + look.theme)
			}
		}
	}
}

// opened are things that open on a page.
var opened = map[string][]struct{ name, js string }{
	"conversation": {
		{"transfer", "stagecoach.open('dlg-transfer')"},
		{"dispose", "stagecoach.open('dlg-dispose')"},
		{"forward", "stagecoach.open('dlg-forward')"},
		{"pledge", "document.querySelector('.pledge summary').click()"},
		{"answers", "document.querySelector('.answers summary').click()"},
	},
	"desk-offer": {
		{"help", "stagecoach.open('dlg-help')"},
		{"presence", "document.querySelector('.presence summary').click()"},
		{"more", "document.querySelector('.moremenu summary').click()"},
		{"decline", "document.querySelector('.decline summary').click()"},
		{"offline", "document.getElementById('offline').hidden = false"},
	},
	"overview": {{"bulk", "document.querySelectorAll('[data-pick]')[1].click()"}},
	"agents":   {{"open", "document.querySelectorAll('.agentlist summary')[1].click()"}},
	"why":      {{"open", "document.querySelector('.compare').open = true"}},
}

// galleryServer serves the gallery under the policy that the desk uses.
func galleryServer() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", StaticHandler())
	mux.HandleFunc("GET /shot/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for _, s := range gallery() {
			if s.Name == r.PathValue("name") {
				if err := s.Page.Render(r.Context(), w); err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
				}
				return
			}
		}
		http.NotFound(w, r)
	})
	mux.HandleFunc("GET /api/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("event: beat\ndata: {}\n\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	return mux
}
