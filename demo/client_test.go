package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestTheClientAsksAgain(t *testing.T) {
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer token":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/no":
			calls.Add(1)
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"code":"taken","detail":"A colleague was faster."}`)
		case calls.Add(1) < 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(w, `{"token":"yes"}`)
		}
	}))
	defer srv.Close()
	c := newClient(srv.URL + "/")
	defer c.close()
	c.token = "token"
	var out login
	if err := c.get(t.Context(), "/maybe", &out); err != nil || out.Token != "yes" || calls.Load() != 3 {
		t.Errorf("%+v after %d calls: %v", out, calls.Load(), err)
	}
	calls.Store(0)
	err := c.post(t.Context(), "/no", map[string]string{}, nil)
	if !refused(err) || calls.Load() != 1 || !strings.Contains(err.Error(), "A colleague was faster.") {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	c.token = ""
	if err := c.get(t.Context(), "/maybe", nil); !refused(err) || !strings.Contains(err.Error(), "status 401") {
		t.Errorf("without a token: %v", err)
	}
}

func TestTheLiveLineWakes(t *testing.T) {
	var lines atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		lines.Add(1)
		fmt.Fprint(w, "event: beat\ndata: {}\n\nevent: offer\ndata: {}\n\n")
	}))
	defer srv.Close()
	c := newClient(srv.URL)
	defer c.close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	wake, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		c.follow(ctx, wake)
	}()
	for range 2 { // the line breaks off each time, and is opened again
		select {
		case <-wake:
		case <-ctx.Done():
			t.Fatal("nothing woke")
		}
	}
	cancel()
	<-ended
	if lines.Load() < 2 {
		t.Errorf("the line was opened %d times", lines.Load())
	}
}

func TestTheStageRemembers(t *testing.T) {
	s, st := newStage(), &story{name: "Anna", trouble: declines}
	s.enter(st)
	if s.storyOf("Anna") != st || s.storyOf("Anna (@anna.example)") != st || s.storyOf("Ben").kind != guesting {
		t.Error("stories are mixed up")
	}
	if s.due(st, misses) || !s.due(st, declines) || s.due(st, declines) {
		t.Error("a trouble must happen once, and only the story's own")
	}
	s.undo(st)
	if !s.due(st, declines) {
		t.Error("what was undone is due again")
	}
	s.count("declined", 2)
	if s.counts()["declined"] != 2 {
		t.Error("not counted")
	}
}

func TestWhoIsChosen(t *testing.T) {
	rng := newAuthor(vocabularyOf(t), 1).rng
	people := []person{
		{ID: "away", Role: "agent", Presence: "away", Capacity: 100, Languages: []string{"fr"}},
		{ID: "full", Role: "agent", Presence: "available", Capacity: 100, Load: 90, Languages: []string{"fr"}},
		{ID: "lead", Role: "supervisor", Presence: "available", Capacity: 100, Languages: []string{"fr"}},
		{ID: "able", Role: "agent", Presence: "available", Capacity: 100, Languages: []string{"fr"}},
		{ID: "other", Role: "agent", Presence: "available", Capacity: 100, Languages: []string{"de"}},
	}
	if got := choose(rng, people, "fr"); got != "able" {
		t.Errorf("chosen: %q", got)
	}
	if got := choose(rng, people[:3], "fr"); got != "" {
		t.Errorf("chosen: %q", got)
	}
	if got := choose(rng, people[4:], "fr"); got != "other" {
		t.Errorf("chosen: %q", got)
	}
}

func TestRunRefusesWhatMakesNoSense(t *testing.T) {
	never := func(context.Context, string) (*Daemon, error) { return nil, errors.New("it was started") }
	for _, n := range []int{-1, MaxContacts + 1} {
		if err := Run(t.Context(), Options{Contacts: n, Start: never}); err == nil || !strings.Contains(err.Error(), "1 to 20000 contacts") {
			t.Errorf("%d contacts: %v", n, err)
		}
	}
	boom := errors.New("the port is taken")
	err := Run(t.Context(), Options{Headless: true, Contacts: 1, Start: func(context.Context, string) (*Daemon, error) { return nil, boom }})
	if !errors.Is(err, boom) {
		t.Errorf("a daemon that does not start: %v", err)
	}
}

// TestRunSaysThatTheDaemonEnded: nobody waits for a daemon that is gone.
func TestRunSaysThatTheDaemonEnded(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	why, ended := errors.New("the disk is full"), make(chan struct{})
	close(ended)
	err := Run(t.Context(), Options{Headless: true, Contacts: 1, Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Start: func(context.Context, string) (*Daemon, error) {
		return &Daemon{URL: srv.URL, Stop: func() error { return why }, Ended: ended}, nil
	}})
	if !errors.Is(err, errEnded) || !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

func TestRunSaysThatItWasInterrupted(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, Options{Headless: true, Contacts: 1, Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Start: func(context.Context, string) (*Daemon, error) {
		cancel()
		return &Daemon{URL: srv.URL, Stop: func() error { return nil }, Ended: make(chan struct{})}, nil
	}})
	if !errors.Is(err, ErrInterrupted) || errors.Is(err, ErrFailed) {
		t.Errorf("%v", err)
	}
}

func TestStandingSaysWhatIsWrong(t *testing.T) {
	s := &summary{Contacts: 9, Replied: 4, WithinPromise: 3, Open: 3, Disposed: map[string]int{"spam": 2}, AddsUp: true}
	if got, want := standing(s), "  9 contacts: 4 replied (3 in time), 3 open, 2 ended with a reason"; got != want {
		t.Errorf("%q instead of %q", got, want)
	}
	s.AddsUp = false
	if got := standing(s); !strings.Contains(got, "NOT") {
		t.Errorf("%q hides that the ledger does not add up", got)
	}
}
