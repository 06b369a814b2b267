package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/contact"
)

// TestInlets reaches an account's adapter by its path, and nothing else there.
func TestInlets(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "shop "+r.URL.Path) })
	l := &links{all: map[string]*link{
		"webhook/shop":  {adapter: channels.Adapter{Channel: contact.Webhook, Account: "shop", HTTP: echo}},
		"email/support": {adapter: channels.Adapter{Channel: contact.Email, Account: "support"}},
	}}
	desk := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "desk") })
	h := l.inlets(desk)
	for path, want := range map[string]string{
		"/channels/webhook/shop/messages":  "shop /messages",
		"/channels/webhook/shop/":          "shop /",
		"/channels/webhook/other/messages": "No channel",
		"/channels/email/support/messages": "No channel",
		"/channels/":                       "No channel",
		"/inbox":                           "desk",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil))
		if !strings.HasPrefix(w.Body.String(), want) || (want == "No channel") != (w.Code == http.StatusNotFound) {
			t.Errorf("%s: %d %q, want %q", path, w.Code, w.Body, want)
		}
	}
}
