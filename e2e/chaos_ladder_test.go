//go:build chaos

package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ladderSteps are the steps of the test's ladder, in the order of their moments.
func ladderSteps() []string {
	return []string{"remind", "again", "less", "seniors", "late", "night"}
}

// TestChaosLadder kills the daemon at random while contacts go up a ladder that
// nobody answers on. Every step is on record exactly once and in order, and the
// night is told of each contact, by one key.
func TestChaosLadder(t *testing.T) {
	calls := &nightly{keys: map[string]int{}}
	night := httptest.NewServer(calls)
	t.Cleanup(night.Close)
	o := &office{daemon: newDaemon(t)}
	dir := filepath.Join(filepath.Dir(o.config), "policies")
	o.writeFiles(t, map[string]string{
		o.config: fmt.Sprintf("version: 1\nhttp:\n  listen: %s\npolicies: %s\nlast_resort:\n  on_call:\n    - {name: night, webhook: %s}\n",
			strings.TrimPrefix(o.url, "http://"), dir, night.URL),
		filepath.Join(dir, "classes.yaml"): "version: 1\ndefault: {skills: [{name: letters, level: 2}], relax_after: 0.9}\n",
		filepath.Join(dir, "sla.yaml"):     "version: 1\ndefault: {first: 20s, next: 20s, resolution: 1h}\n",
		filepath.Join(dir, "escalation.yaml"): `version: 1
ladder:
  - {name: remind, share: 0.1, action: warn}
  - {name: again, share: 0.3, action: reoffer}
  - {name: less, share: 0.5, action: widen}
  - {name: seniors, share: 0.7, action: queue, queue: seniors}
  - {name: late, at: due, action: lead}
  - {name: night, share: 1.3, action: on_call, to: night}
`,
	})
	o.start("")
	o.untilUp()
	o.open()
	o.hire("Anna") // is there, and never answers
	const letters = 40
	random := rand.New(rand.NewPCG(seed(t), 2))
	entered := 0
	for entered < letters || random.IntN(6) > 0 {
		for range min(8, letters-entered) {
			o.boss.must(t, "POST", "/api/enter", map[string]any{
				"channel": "letter", "name": "Zoe", "address": fmt.Sprint("Am Markt ", entered), "subject": fmt.Sprint("letter ", entered), "text": "When?",
			}, nil)
			entered++
		}
		<-time.After(time.Duration(random.Int64N(int64(5 * time.Second))))
		o.kill()
		o.start("")
		o.untilUp()
	}
	o.untilClimbed(letters)
	eventually(t, 60*time.Second, func() string { return fmt.Sprintf("the night to be told of %d, was of %d", letters, calls.count()) }, func() bool {
		return calls.count() == letters
	})
	o.audit()
}

// untilClimbed waits until each contact has taken all steps, and fails where one is
// there twice or too early.
func (o *office) untilClimbed(letters int) {
	o.t.Helper()
	rows, err := o.openRows(o.t.Context())
	if err != nil || len(rows) != letters {
		o.t.Fatalf("%d of %d letters are open (%v)", len(rows), letters, err)
	}
	for _, r := range rows {
		var taken []string
		eventually(o.t, 60*time.Second, func() string { return fmt.Sprintf("all steps of %s, has %q", r.Subject, taken) }, func() bool {
			taken = o.stepsOf(r.Contact)
			return len(taken) >= len(ladderSteps())
		})
		if !slices.Equal(taken, ladderSteps()) {
			o.t.Errorf("%s took the steps %q", r.Subject, taken)
		}
	}
}

// stepsOf gives the names of the steps on record, in order.
func (o *office) stepsOf(contact string) []string {
	o.t.Helper()
	var why struct {
		Text string `json:"text"`
	}
	o.boss.must(o.t, "GET", "/api/contacts/"+contact+"/why?lang=en", nil, &why)
	var out []string
	for line := range strings.Lines(why.Text) {
		for _, name := range ladderSteps() {
			if strings.Contains(line, `step "`+name+`" of the ladder`) || strings.Contains(line, "step “"+name+"” of the ladder") {
				out = append(out, name)
			}
		}
	}
	return out
}

// writeFiles makes files and their folders.
func (o *office) writeFiles(t *testing.T, files map[string]string) {
	t.Helper()
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// nightly is who is called at night.
type nightly struct {
	mu   sync.Mutex
	keys map[string]int
}

// ServeHTTP implements http.Handler.
func (n *nightly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys[r.Header.Get("Idempotency-Key")]++
}

func (n *nightly) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.keys)
}
