package webchat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"
)

//go:embed web/chat.js
var chatJS string

//go:embed web/chat.css
var chatCSS string

//go:embed web/demo.html
var demoHTML string

// script gives the widget as browsers get it, with its style within.
func script() []byte {
	quoted, _ := encode(chatCSS) // a string always encodes
	return []byte(strings.Replace(chatJS, `"STYLE"`, string(quoted), 1))
}

// servePage gives the widget and the demonstration, which need no session.
func (a *Adapter) servePage(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, codeForm, "Not so", "This address takes GET only.")
		return
	}
	if path == "demo" {
		a.serveDemo(w)
		return
	}
	body := script()
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*") // for integrity and crossorigin in the tag
	h.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = packed.Write(body) // the browser may be gone
		_ = packed.Close()
		return
	}
	_, _ = w.Write(body) // the browser may be gone
}

func (a *Adapter) serveDemo(w http.ResponseWriter) {
	page, err := template.New("demo").Parse(demoHTML)
	var out bytes.Buffer
	if err == nil {
		err = page.Execute(&out, map[string]string{
			"Account": a.cfg.Account, "Title": a.cfg.Title, "Script": "/channels/webchat/" + a.cfg.Account + "/chat.js",
		})
	}
	if err != nil {
		refuse(w, http.StatusInternalServerError, codeMissing, "No page", "The demonstration can't be shown.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' blob: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(out.Bytes()) // the browser may be gone
}
