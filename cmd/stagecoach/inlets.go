package main

import (
	"net/http"
	"strings"

	"stagecoach/contact"
)

// inletPath is where providers and customers' browsers reach the channels that
// take what is sent to them: /channels/<channel>/<account>/.
const inletPath = "/channels/"

// inlets hands what comes for a channel's account to its adapter, and all else
// to next.
func (l *links) inlets(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chat/demo" {
			l.chatDemo(w, r)
			return
		}
		rest, ok := strings.CutPrefix(r.URL.Path, inletPath)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		channel, rest, _ := strings.Cut(rest, "/")
		account, _, _ := strings.Cut(rest, "/")
		k := l.get(contact.Channel(channel), account)
		if k == nil || k.adapter.HTTP == nil {
			http.Error(w, "No channel with this name takes messages here.", http.StatusNotFound)
			return
		}
		http.StripPrefix(inletPath+channel+"/"+account, k.adapter.HTTP).ServeHTTP(w, r)
	})
}

// chatDemo shows the first web chat on a page.
func (l *links) chatDemo(w http.ResponseWriter, r *http.Request) {
	for _, k := range l.list() {
		if k.adapter.Channel == contact.WebChat {
			http.Redirect(w, r, inletPath+string(contact.WebChat)+"/"+k.adapter.Account+"/demo", http.StatusFound)
			return
		}
	}
	http.Error(w, "No web chat is configured: channels.webchat in the configuration.", http.StatusNotFound)
}
