//go:build chaos

package main

import (
	"testing"

	"stagecoach/demo"
)

// TestChaosBenchIngestByOtherChannels has all other channels at once, by a daemon of its own.
func TestChaosBenchIngestByOtherChannels(t *testing.T) {
	program(t)
	got := measured(t, "ingest", "--channels", "others", "--messages", "160", "--visitors", "20", "--single", "2")
	wantFigures(t, got, "webchat_screen_p95 channels channels_slack channels_webchat channels_mastodon channels_bluesky channels_webhook "+
		"channels_cpu channels_in_order channels_rss_start channels_rss_peak channels_rss_end webchat_visitors_rss")
	if f := got["channels_in_order"]; f.Value != 20 || f.Ratio != 1 {
		t.Errorf("%+v of 20 conversations", f)
	}
	if f := got["channels"]; f.Limit < f.Value {
		t.Errorf("faster than the engine alone: %+v", f)
	}
}

func TestChaosBenchReplayAndSearch(t *testing.T) {
	wantFigures(t, measured(t, "replay", "search", "--contacts", "100"), "replay replay_contact_memory search_fold search_fill search_p95")
}

func TestChaosBenchOfThisProgram(t *testing.T) {
	program(t)
	wantFigures(t, measured(t, "restart", "memory", "--contacts", "100"),
		"restart_first restart restart_replay restart_rebuild restart_stop memory_idle memory_contacts")
}

// TestChaosDemoComesOutEven runs the whole demonstration, small: all six channels, the
// daemon, customers and agents are the real ones.
func TestChaosDemoComesOutEven(t *testing.T) {
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
