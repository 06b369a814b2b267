package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/configs"
	"stagecoach/policies"
	"stagecoach/router"
)

const callingLadder = `version: 1
ladder:
  - {name: boss, at: at_risk, action: lead, to: boss@acme.test}
  - {name: night, at: due, action: on_call, to: night}
  - {name: lead, share: 1.2, action: lead}
last_resort: {owner: supervisors, digest: 1h}
`

// TestTheLadderCalls: who is on call hears by webhook, again after it has failed, and
// once; a lead whom the policy names and nobody knows is told through the last resort.
func TestTheLadderCalls(t *testing.T) {
	t.Parallel()
	type got struct {
		key string
		call
	}
	calls := make(chan got, 100)
	var refused atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/night") && refused.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		one := got{key: r.Header.Get("Idempotency-Key")}
		if err := json.NewDecoder(r.Body).Decode(&one.call); err != nil {
			t.Error(err)
		}
		one.To = r.URL.Path
		calls <- one
	}))
	t.Cleanup(hook.Close)
	set, err := policies.LoadFiles("calling", map[string][]byte{
		"sla.yaml":        []byte("version: 1\ndefault: {first: 2s, next: 2s, resolution: 1m, at_risk: 0.5, calendar: always}\n"),
		"escalation.yaml": []byte(callingLadder),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	cfg.HTTP.BaseURL = "https://desk.example"
	cfg.LastResort = configs.LastResort{Webhook: hook.URL + "/last", OnCall: []configs.OnCall{{Name: "night", Webhook: hook.URL + "/night"}}}
	o := runDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Policy: set, Unsynced: true})
	id := mailFrom(t, o, 1, "help")
	seen := map[string][]got{}
	deadline := time.After(60 * time.Second)
	for len(seen["boss"]) == 0 || len(seen["night"]) == 0 {
		select {
		case one := <-calls:
			for _, k := range one.Contacts {
				if k.Contact == id && k.Step != "" {
					seen[k.Step] = append(seen[k.Step], one)
				}
			}
		case <-deadline:
			t.Fatalf("called: %v", seen)
		}
	}
	if to := seen["boss"][0].To; to != "/last" {
		t.Errorf("a lead whom nobody knows was told by %s", to)
	}
	night := seen["night"][0]
	if night.To != "/night" || night.key == "" || !strings.Contains(night.Text, "https://desk.example/c/") || !night.Contacts[0].Late {
		t.Errorf("who is on call got %+v", night)
	}
	until(t, "it is on record that they were told", func() bool {
		left := -1
		if err := o.engine.View(t.Context(), func(s *router.State) { left = len(s.OwingIDs()) }); err != nil {
			t.Fatal(err)
		}
		return left == 0
	})
	if n := refused.Load(); n != 2 {
		t.Errorf("the webhook of who is on call was called %d times, want twice: the first time it was not there", n)
	}
}

// TestSlackIsCalledByText: a webhook of Slack takes a text and nothing else.
func TestSlackIsCalledByText(t *testing.T) {
	t.Parallel()
	bodies := make(chan map[string]any, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		bodies <- body
	}))
	t.Cleanup(hook.Close)
	cfg := &configs.LastResort{OnCall: []configs.OnCall{{Name: "a", Webhook: hook.URL, Format: "slack"}}}
	c := newCaller("https://desk.example", func() *configs.LastResort { return cfg }, nil, nil, nil, slog.New(slog.DiscardHandler))
	one := &call{To: "a", ids: []string{"x/y"}, Contacts: []called{{Step: "night", Action: "on_call", URL: "https://desk.example/c/1"}}}
	by, err := c.tell(t.Context(), one)
	if err != nil || len(by) != 1 || by[0] != "webhook" {
		t.Fatalf("by %v, %v", by, err)
	}
	if body := <-bodies; len(body) != 1 || !strings.Contains(body["text"].(string), "A contact needs you.") {
		t.Errorf("got %v", body)
	}
}

// TestACallIsNoPlaceForSecrets: the address of a webhook, which lets anybody call who
// has it, is in no error.
func TestACallIsNoPlaceForSecrets(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	err := callHook(t.Context(), &http.Client{}, gone.URL+"/services/T0/s3cret", "", nil)
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("it says %v", err)
	}
}

// TestMoreAreOwedThanAreToldAtOnce: who is to be told of more contacts than go into one
// call is called again at once, not as another step comes.
func TestMoreAreOwedThanAreToldAtOnce(t *testing.T) {
	t.Parallel()
	told := &router.Commit{Entries: []router.Entry{{Events: []router.Event{router.EscalationTold{Tellings: []string{"c/boss"}}}}}}
	if !tells(told) {
		t.Error("what is left after a call waits for the next step of the ladder")
	}
	if tells(&router.Commit{Entries: []router.Entry{{Events: []router.Event{router.Escalated{Step: "half"}}}}}) {
		t.Error("a step that tells nobody is called for")
	}
}

// TestAStepOfALaterPromiseIsAnotherCall: a conversation that is owed a resolution anew
// takes its steps anew, and who is called must not take the second call for the first.
func TestAStepOfALaterPromiseIsAnotherCall(t *testing.T) {
	t.Parallel()
	keys := make(chan string, 3)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { keys <- r.Header.Get("Idempotency-Key") }))
	t.Cleanup(hook.Close)
	cfg := &configs.LastResort{OnCall: []configs.OnCall{{Name: "a", Webhook: hook.URL}}}
	c := newCaller("", func() *configs.LastResort { return cfg }, nil, nil, nil, slog.New(slog.DiscardHandler))
	first, later := time.Unix(1, 0), time.Unix(1e6, 0)
	for _, at := range []time.Time{first, first, later} {
		one := &call{To: "a"}
		one.add("v/late", &router.Telling{Step: "late", Action: "on_call", At: at}, called{Step: "late", Action: "on_call"})
		if _, err := c.tell(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if x, again, y := <-keys, <-keys, <-keys; x == "" || x != again || x == y {
		t.Errorf("the keys are %q, %q once more, and later %q", x, again, y)
	}
}
