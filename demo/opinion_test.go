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
	u := &customer{pace: pace{opinions: 1}, rng: rand.New(rand.NewPCG(1, 1))}
	in := incoming{text: "Yes.\n\nGood: " + server.URL + "/q/T/rate?v=good&r=099a8057\nNot good: " + server.URL + "/q/T/rate?v=bad&r=099a8057\n"}
	if err := u.judge(t.Context(), in); err != nil || len(got) != 2 || got[0] != "GET /q/T/rate good 099a8057" && got[0] != "GET /q/T/rate bad 099a8057" || got[1] != "POST"+got[0][3:] {
		t.Errorf("asked %q, %v", got, err)
	}
	status, got = http.StatusGone, nil
	if err := u.judge(t.Context(), in); err != nil || len(got) != 1 {
		t.Errorf("of a page that is gone it asked %q, %v", got, err)
	}
	status = http.StatusInternalServerError
	if err := u.judge(t.Context(), in); err == nil {
		t.Error("a page that fails was no error")
	}
	u.pace.opinions, got = 0, nil
	if err := u.judge(t.Context(), in); err != nil || len(got) != 0 {
		t.Errorf("who has no opinion asked %q, %v", got, err)
	}
}
