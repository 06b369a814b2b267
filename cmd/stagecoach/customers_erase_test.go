package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stagecoach/desk/view"
)

// Whoever looks on as the daemon dies reads that what has begun goes on.
func TestErasureOutlivesItsWatcher(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	out := erasedOut{Erasure: &view.Erasure{ID: "a9098daa"}}
	err := (&customersEraseCmd{}).follow(t.Context(), std{out: io.Discard, err: io.Discard}, &client{http: server.Client(), base: server.URL}, &out)
	if err == nil || !strings.Contains(err.Error(), "the erasure a9098daa has begun and goes on, as soon as the daemon runs") {
		t.Errorf("told is %v", err)
	}
}
