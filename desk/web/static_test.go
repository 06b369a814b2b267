package web

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestStaticFilesAreCached(t *testing.T) {
	h := StaticHandler()
	get := func(path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("If-None-Match", etag)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	hashed := Asset("base.css")
	if !regexp.MustCompile(`^/static/base\.[0-9a-f]{12}\.css$`).MatchString(hashed) {
		t.Fatalf("the address is %q", hashed)
	}
	w := get(hashed, "")
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("hashed: %d %v", w.Code, w.Header())
	}
	if w := get("/static/base.css", w.Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("plain with the present ETag: %d", w.Code)
	}
	if w := get("/static/base.000000000000.css", ""); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("hash of another build: %d %v", w.Code, w.Header())
	}
	for _, bad := range []string{"/static/none.css", "/static/", "/static/../static.go", "/static/vendor"} {
		if w := get(bad, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

// TestAssetsExist fails when a page names a static file that is not there.
func TestAssetsExist(t *testing.T) {
	for _, m := range regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(render(t, shot{"desk", Desk(Page{})}), -1) {
		w := httptest.NewRecorder()
		StaticHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, m[1], nil))
		if w.Code != http.StatusOK || !regexp.MustCompile(`\.[0-9a-f]{12}\.`).MatchString(m[1]) {
			t.Errorf("%s: %d", m[1], w.Code)
		}
	}
}

// TestScriptsStaySmall keeps each of our files under 250 lines, and the vendored
// ones with a licence beside them.
func TestScriptsStaySmall(t *testing.T) {
	err := fs.WalkDir(Static, "static", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := Static.ReadFile(p)
		if err != nil {
			return err
		}
		if n := bytes.Count(b, []byte("\n")); !strings.Contains(p, "vendor") && n > 250 {
			t.Errorf("%s has %d lines", p, n)
		}
		if strings.HasSuffix(p, ".min.js") {
			name, _, _ := strings.Cut(filepath.Base(p), "-")
			name, _, _ = strings.Cut(name, ".")
			if _, err := Static.ReadFile("static/vendor/" + name + ".LICENSE"); err != nil {
				t.Errorf("%s has no licence: %v", p, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
