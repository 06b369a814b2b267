package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stagecoach/demo"
)

// TestDemoComesOutEven runs the whole demonstration, small: all six channels, the
// daemon, customers and agents are the real ones.
func TestDemoComesOutEven(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a quarter of a minute")
	}
	t.Parallel()
	r := oneJSON[demo.Report](t, ok(t, "", "demo", "--headless", "--contacts", "12", "--seed", "3", "--json"))
	if r.Contacts != 12 || !r.AddsUp || r.Open != 0 || len(r.Problems) > 0 {
		t.Errorf("%+v", r)
	}
	disposed := 0
	for _, n := range r.Disposed {
		disposed += n
	}
	if r.Replied+disposed+r.Merged != r.Contacts || r.Seen != r.Messages+r.Evidence+r.Quarantined {
		t.Errorf("does not add up: %+v", r)
	}
	var all demo.ChannelReport
	for _, channel := range []string{"email", "slack", "webchat", "mastodon", "bluesky", "webhook"} {
		one := r.Channels[channel]
		if one.Seen == 0 || one.Replied == 0 {
			t.Errorf("by %s: %+v", channel, one)
		}
		all.Seen, all.Replied = all.Seen+one.Seen, all.Replied+one.Replied
	}
	if r.Customers.Answers != r.Replied || all.Replied != r.Replied || all.Seen+r.OwnCopies != r.Seen || len(r.Channels) != 6 {
		t.Errorf("the customers have something else: %+v", r)
	}
}

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
