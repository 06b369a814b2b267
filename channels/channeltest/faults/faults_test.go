package faults_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels/channeltest/faults"
)

func TestTake(t *testing.T) {
	for name, c := range map[string]struct {
		skip, times int
		want        string
	}{
		"always": {want: "11111"}, "twice": {times: 2, want: "11000"}, "later": {skip: 2, want: "00111"}, "the third": {skip: 2, times: 1, want: "00100"},
	} {
		skip, times, got := c.skip, c.times, ""
		for range len(c.want) {
			if faults.Take(&skip, &times) {
				got += "1"
			} else {
				got += "0"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestFault lets one request after the other go wrong, over a link that is cut and
// down between them.
func TestFault(t *testing.T) {
	var fault atomic.Pointer[faults.Fault]
	var effects atomic.Int32
	l, err := faults.Listen("")
	if err != nil {
		t.Fatal(err)
	}
	l.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault.Load().Serve(w, r, func(w http.ResponseWriter, _ *http.Request) {
			effects.Add(1)
			_, _ = w.Write([]byte(`{"list":[1,2,3],"name":"x"}`))
		})
	}))
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(f faults.Fault) (string, error) {
		fault.Store(&f)
		res, err := client.Get(l.URL())
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return string(body), err
	}
	teapot := func(w http.ResponseWriter) { _, _ = w.Write([]byte("teapot")) }
	for _, c := range []struct {
		fault   faults.Fault
		want    []string
		effects int32
	}{
		{faults.Fault{}, []string{`{"list":[1,2,3],"name":"x"}`}, 1},
		{faults.Fault{Double: true}, []string{`{"list":[1,2,3,1,2,3],"name":"x"}`}, 1},
		{faults.Fault{Garbage: true}, []string{`{"list":[1,2,`, `{"list":[1,2`, `{"list":[1,2,3`}, 1},
		{faults.Fault{Answer: teapot}, []string{"teapot"}, 0},
		{faults.Fault{Answer: teapot, After: true}, []string{"teapot"}, 1},
		{faults.Fault{Cut: true, After: true}, []string{"error"}, 1},
		{faults.Fault{Cut: true}, []string{"error"}, 0},
	} {
		effects.Store(0)
		got, err := ask(c.fault)
		if err != nil {
			got = "error"
		}
		if !slices.Contains(c.want, got) || effects.Load() != c.effects {
			t.Errorf("%+v gives %q with %d effects", c.fault, got, effects.Load())
		}
	}
	if got, err := ask(faults.Fault{Shuffle: true}); err != nil || !strings.HasPrefix(got, `{"list":[`) || len(got) != 27 {
		t.Errorf("shuffled it's %q, %v", got, err)
	}
	l.Down()
	if _, err := ask(faults.Fault{}); err == nil || l.Refused() == 0 {
		t.Errorf("down it gives %v after %d refusals", err, l.Refused())
	}
	l.Up()
	if _, err := ask(faults.Fault{}); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
