package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGallery takes pictures of every page in light, dark and on a phone, for
// people to look at: STAGECOACH_GALLERY=/some/dir go test -run Gallery ./desk/web.
// STAGECOACH_GALLERY_ONLY names those to take, comma-separated.
func TestGallery(t *testing.T) {
	dir := os.Getenv("STAGECOACH_GALLERY")
	if dir == "" {
		t.Skip("STAGECOACH_GALLERY names no folder for the pictures")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium")
	}
	srv := httptest.NewServer(galleryServer())
	defer srv.Close()
	only := os.Getenv("STAGECOACH_GALLERY_ONLY")
	for _, s := range gallery() {
		if only != "" && !strings.Contains(","+only+",", ","+s.Name+",") {
			continue
		}
		for _, look := range []struct{ suffix, size, query string }{
			{"", "1280,800", "?theme=light"}, {"-dark", "1280,800", "?theme=dark"}, {"-phone", "390,844", "?theme=light"},
		} {
			picture(t, browser, srv.URL+"/shot/"+s.Name+look.query, look.size, filepath.Join(dir, s.Name+look.suffix+".png"))
		}
	}
}

func picture(t *testing.T, browser, url, size, file string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--hide-scrollbars", "--user-data-dir="+t.TempDir(), "--window-size="+size, "--screenshot="+file, url)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("taking a picture of %s: %v\n%s", url, err, out)
	}
}

// galleryServer serves the gallery under the policy that the desk uses. The
// page named offline has no live connection.
func galleryServer() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", StaticHandler())
	mux.HandleFunc("GET /shot/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'")
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
		if strings.Contains(r.Referer(), "offline") {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("event: beat\ndata: {}\n\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	return mux
}
