package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDemoRefusesWhatItCannotDo(t *testing.T) {
	refused(t, 1, "1 to 20000 contacts, not -3", "demo", "--headless", "--contacts=-3")
	refused(t, 2, "--contacts", "demo", "--contacts", "many")
	refused(t, 2, "--seed", "demo", "--seed=-1")
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	address := taken.Listener.Addr().String()
	r := refused(t, 1, "serving the desk at "+address, "demo", "--headless", "--contacts", "1", "--json", "--listen", address)
	if strings.TrimSpace(r.out) != "" {
		t.Errorf("printed %q", r.out)
	}
}
