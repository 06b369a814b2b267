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

// widget is the script as browsers get it, with its style within, made once.
type widget struct {
	plain, packed []byte
	etag          string
}

func newWidget() (widget, error) {
	quoted, err := encode(chatCSS)
	if err != nil {
		return widget{}, err
	}
	var out widget
	out.plain = []byte(strings.Replace(chatJS, `"STYLE"`, string(quoted), 1))
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return widget{}, err
	}
	if _, err := w.Write(out.plain); err != nil {
		return widget{}, err
	}
	if err := w.Close(); err != nil {
		return widget{}, err
	}
	sum := sha256.Sum256(out.plain)
	out.packed, out.etag = packed.Bytes(), `"`+hex.EncodeToString(sum[:12])+`"`
	return out, nil
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
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*") // for integrity and crossorigin in the tag
	h.Set("ETag", a.widget.etag)
	h.Add("Vary", "Accept-Encoding")
	if strings.TrimPrefix(r.Header.Get("If-None-Match"), "W/") == a.widget.etag { // proxies that pack weaken it
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.widget.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.widget.packed
	}
	h.Set("Content-Length", itoa(int64(len(body))))
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
