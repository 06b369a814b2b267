package mastodon_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/mastodon/mastodonfake"
)

func TestNothingIsLostInTrouble(t *testing.T) {
	t.Parallel()
	for _, flavour := range []mastodonfake.Flavour{mastodonfake.Mastodon, mastodonfake.Pleroma} {
		t.Run(string(flavour), func(t *testing.T) {
			t.Parallel()
			s := provider(t, mastodonfake.Config{Flavour: flavour, PageLimit: 40})
			src := channeltest.NewSource(t)
			receiving(t, adapter(t, config(s), nil), src)
			const notes = "/api/v1/notifications"
			n := 0
			for _, how := range [][]mastodonfake.Misbehaviour{
				{{Path: notes, Garbage: true, Times: 2}},
				{{Path: notes, Code: 500, Times: 4}},
				{{Path: notes, Cut: true, Times: 4}},
				{{Path: notes, Code: 429, RetryAfter: "0", Times: 1}},
				{{Path: "verify_credentials", Code: 401, Times: 1}, {Path: notes, Code: 401, Times: 1}},
				{{Path: "/context", Code: 500, Times: 2}, {Path: "/instance", Code: 404, Times: 1}},
				{{Path: notes, Shuffle: true, Double: true, Times: 5}, {Path: "/api/v1/statuses", Garbage: true, Times: 3}},
				{{Path: notes, Delay: 50 * time.Millisecond, Times: 3}},
				{{Path: "/streaming", Cut: true, Times: 3}},
			} {
				s.Misbehave(how...)
				for range 15 {
					n++
					s.Put(mastodonfake.Post{From: fmt.Sprintf("c%d@cust.test", n%5), Text: fmt.Sprintf("item no%03d.", n)})
				}
				if how[0].Code != 429 && how[0].Code != 401 { // these want a minute's rest
					src.UntilStored(n)
					continue
				}
				until(t, "the refusal", func() bool { return s.Calls("GET "+notes) > 0 })
				s.Misbehave()
				receiving(t, adapter(t, config(s), nil), src) // as after a restart
				src.UntilStored(n)
			}
			if got := len(src.Items()); got != n {
				t.Errorf("%d items were delivered, want %d", got, n)
			}
		})
	}
}

func TestSlowServer(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	question := s.Put(mastodonfake.Post{Text: "well?"})
	cfg := config(s)
	a := adapter(t, cfg, nil)
	if err := a.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Misbehave(mastodonfake.Misbehaviour{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Receive(ctx, channeltest.NewSource(t)) }()
	until(t, "the server to be asked", func() bool { return s.Calls("GET ") > 1 })
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Receive ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Receive didn't end")
	}

	s.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodPost, Delay: time.Hour})
	cfg.Timeout = 200 * time.Millisecond
	a = adapter(t, cfg, nil)
	r := composed(t, a, reply("one", "an answer", question))
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.InDoubt {
		t.Errorf("a post without an answer gives %v, want in_doubt", err)
	}
	s.Misbehave(mastodonfake.Misbehaviour{Delay: time.Hour})
	a = adapter(t, cfg, nil)
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Unavailable {
		t.Errorf("a server that doesn't answer gives %v, want unavailable", err)
	}
}
