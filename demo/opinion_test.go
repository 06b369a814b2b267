package demo

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A customer opens the page and presses its button, once; what the page refuses is told.
func TestJudge(t *testing.T) {
	var got []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path+" "+r.FormValue("v")+" "+r.FormValue("r"))
		w.WriteHeader(status)
	}))
	defer server.Close()
	pc, rng := pace{opinions: 1}, rand.New(rand.NewPCG(1, 1))
	in := "Yes.\n\nGood: " + server.URL + "/q/T/rate?v=good&r=099a8057\nNot good: " + server.URL + "/q/T/rate?v=bad&r=099a8057\n"
	if err := judge(t.Context(), in, &pc, rng); err != nil || len(got) != 2 || got[0] != "GET /q/T/rate good 099a8057" && got[0] != "GET /q/T/rate bad 099a8057" || got[1] != "POST"+got[0][3:] {
		t.Errorf("asked %q, %v", got, err)
	}
	got = nil
	if err := judge(t.Context(), "Yes. How was this answer? Your question and your data: "+server.URL+"/q/T", &pc, rng); err != nil || len(got) != 2 || got[0] != "GET /q/T  " || got[1] != "POST /q/T/rate good " && got[1] != "POST /q/T/rate bad " {
		t.Errorf("in a chat it asked %q, %v", got, err)
	}
	status, got = http.StatusGone, nil
	if err := judge(t.Context(), in, &pc, rng); err != nil || len(got) != 1 {
		t.Errorf("of a page that is gone it asked %q, %v", got, err)
	}
	status = http.StatusInternalServerError
	if err := judge(t.Context(), in, &pc, rng); err == nil {
		t.Error("a page that fails was no error")
	}
	pc.opinions, got = 0, nil
	if err := judge(t.Context(), in, &pc, rng); err != nil || len(got) != 0 {
		t.Errorf("who has no opinion asked %q, %v", got, err)
	}
}
