package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Static holds the files that the pages load: styles, scripts, the icon and
// what others wrote (static/vendor, each with its licence).
//
//go:embed static
var Static embed.FS

// asset is a static file with its hash.
type asset struct {
	name, hash, kind string
	body             []byte
}

// assets reads and hashes the embedded files once.
//
//nolint:gochecknoglobals // a table, built once: the files are part of the program
var assets = sync.OnceValue(func() map[string]asset {
	out := map[string]asset{}
	err := fs.WalkDir(Static, "static", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := Static.ReadFile(p)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		name := strings.TrimPrefix(p, "static/")
		out[name] = asset{name: name, hash: hex.EncodeToString(sum[:6]), kind: kindOf(name), body: body}
		return nil
	})
	if err != nil { // the files are part of the program
		panic("web: reading embedded files: " + err.Error())
	}
	return out
})

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if k := mime.TypeByExtension(path.Ext(name)); k != "" {
		return k
	}
	return "text/plain; charset=utf-8"
}

// Asset gives the address of a static file with its hash in the name, so that
// it can be cached for ever: "/static/app.1a2b3c4d5e6f.css". An unknown name
// gives its plain address, which answers 404.
func Asset(name string) string {
	a, ok := assets()[name]
	if !ok {
		return "/static/" + name
	}
	ext := path.Ext(name)
	return "/static/" + strings.TrimSuffix(name, ext) + "." + a.hash + ext
}

// StaticHandler serves /static/. A hashed name is cached for a year as
// immutable; a plain name is asked again by its ETag; a hash of another build
// answers the present file and is not cached, so that a page which was open
// during an update still works.
func StaticHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/static/")
		a, hashed, ok := find(name)
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", `"`+a.hash+`"`)
		switch {
		case hashed == a.hash:
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		case hashed != "":
			h.Set("Cache-Control", "no-store")
		default:
			h.Set("Cache-Control", "no-cache")
		}
		http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.body))
	})
}

// find gives the file of a plain or hashed name, and the hash that it had.
func find(name string) (asset, string, bool) {
	if a, ok := assets()[name]; ok {
		return a, "", true
	}
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	hash := strings.TrimPrefix(path.Ext(base), ".")
	if len(hash) != 12 {
		return asset{}, "", false
	}
	a, ok := assets()[strings.TrimSuffix(base, "."+hash)+ext]
	return a, hash, ok
}
