package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/configs"
	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/router"
)

// chatOffice is a daemon with one web chat, whose only agent is handed all chats.
func chatOffice(t *testing.T) (d *Daemon, anna *client) {
	t.Helper()
	set, err := policies.LoadFiles("chats", map[string][]byte{
		"routing.yaml": []byte("version: 1\nchannels:\n  - {name: webchat, units: 1, auto_accept: true, live: true}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	cfg.Channels.WebChat = []configs.WebChat{{Name: "shop", Heartbeat: time.Second}}
	dir := filepath.Join(t.TempDir(), "data")
	d = runDaemon(t, cfg, Options{Dir: dir, Policy: set, Unsynced: true})
	awaitControl(t, dir)
	ok(t, "first-password", "agents", "add", "anna@example.org", "--role", "supervisor", "--password-stdin", "--data", dir)
	anna = &client{http: http.DefaultClient, base: d.URL(), token: login(t, d.URL(), "anna@example.org", "first-password")}
	mustCall(t, anna, "POST", "/api/presence", map[string]string{"presence": "available"}, nil)
	return d, anna
}

func mustCall(t *testing.T, c *client, method, path string, in, out any) {
	t.Helper()
	if _, err := c.call(t.Context(), method, path, in, out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

// visitorOf is somebody who has come to the chat and watches it.
func visitorOf(t *testing.T, d *Daemon) *webchatfake.Visitor {
	t.Helper()
	v := webchatfake.New(t.Context(), webchatfake.Config{URL: d.URL() + "/channels/webchat/shop"})
	t.Cleanup(v.Close)
	if err := v.Come(); err != nil {
		t.Fatal(err)
	}
	v.Listen()
	return v
}

// TestVisitorsAreToldWhatIsExpected has five visitors answered: who comes then is
// told the router's estimate, the same as on the supervisor's page, who waits their
// own, and before the fifth nobody is told anything.
func TestVisitorsAreToldWhatIsExpected(t *testing.T) {
	t.Parallel()
	d, anna := chatOffice(t)
	for n := range 5 {
		v := visitorOf(t, d)
		if got := v.Outlook(); got.Answered != 0 || got.Yours != 0 {
			t.Errorf("after %d answers a visitor is told %+v", n, got)
		}
		text := fmt.Sprintf("Is number %d red?", n)
		if _, err := v.Say(text); err != nil {
			t.Fatal(err)
		}
		answerNext(t, anna)
		until(t, "the answer is there", func() bool { return len(v.Received()) == 1 })
	}
	waits := visitorOf(t, d)
	if _, err := waits.Say("And this one?"); err != nil {
		t.Fatal(err)
	}
	until(t, "who waits is told", func() bool { return waits.Outlook().Yours > 0 })
	told := waits.Outlook()
	if !told.Known || !told.Open || told.Answered <= 0 || told.Yours > 600 {
		t.Errorf("who waits is told %+v", told)
	}
	comes := visitorOf(t, d)
	until(t, "who comes is told", func() bool { return comes.Outlook().Answered > 0 })
	if got := comes.Outlook(); got.Yours != 0 {
		t.Errorf("who comes is told %+v", got)
	}
	var page view.Overview
	mustCall(t, anna, "GET", "/api/overview", nil, &page)
	if len(page.Queues) != 1 || int64(page.Queues[0].P90Seconds) != comes.Outlook().Answered {
		t.Errorf("the supervisor sees %+v, the visitor is told %+v", page.Queues, comes.Outlook())
	}
	answerNext(t, anna)
	until(t, "nobody waits any more", func() bool { return len(waits.Received()) == 1 && waits.Outlook().Yours == 0 })
	for _, v := range []*webchatfake.Visitor{waits, comes} {
		for _, wrong := range v.Complaints() {
			t.Error(wrong)
		}
	}
}

// answerNext answers the contact that an agent holds.
func answerNext(t *testing.T, agent *client) {
	t.Helper()
	var held view.Desk
	var v view.Conversation
	until(t, "a chat is with the agent, and its words can be read", func() bool {
		mustCall(t, agent, "GET", "/api/desk", nil, &held)
		if len(held.Mine) != 1 || held.Mine[0].State != string(router.AssignedTo) {
			return false
		}
		_, err := agent.call(t.Context(), "GET", "/api/conversations/"+held.Mine[0].Conversation, nil, &v)
		return err == nil && v.Covers != ""
	})
	mustCall(t, agent, "POST", "/api/contacts/"+held.Mine[0].Contact+"/reply", map[string]string{"text": "It is.", "covers": v.Covers}, nil)
}
