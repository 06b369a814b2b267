package replay

import (
	"bufio"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"stagecoach/router"
)

// TestDecodeReadsWhatTheRouterWrote compares with the router's own reading, on every log
// that was ever kept.
func TestDecodeReadsWhatTheRouterWrote(t *testing.T) {
	logs, err := filepath.Glob("../../router/testdata/log-v*.jsonl")
	if err != nil || len(logs) == 0 {
		t.Fatal("there are no kept logs", err)
	}
	read := map[string]int{}
	for _, path := range logs {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		r := NewReader(Bounds{})
		for lines.Scan() {
			want, err := router.DecodeCommit(lines.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(lines.Bytes())
			if err != nil {
				t.Fatalf("%s: %v in %s", path, err, lines.Text())
			}
			if !got.At.Equal(want.At) || len(got.Entries) != len(want.Entries) {
				t.Errorf("%s: commit %d is read otherwise", path, want.N)
			}
			for i := range want.Entries {
				sameEvents(t, got.Entries[i].Events, want.Entries[i].Events, read)
			}
			if err := r.Commit(got); err != nil {
				t.Fatal(err)
			}
		}
		if h := r.History(); len(h.Turns) == 0 {
			t.Errorf("%s tells of no contact", path)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"offer_made", "offer_ended", "contact_opened", "message_joined", "assigned", "reply_queued", "contact_ended", "presence_changed", "agent_set"} {
		if read[name] == 0 {
			t.Errorf("no kept log has an event %s", name)
		}
	}
}

func sameEvents(t *testing.T, got, want router.Events, read map[string]int) {
	t.Helper()
	k := 0
	for _, e := range want {
		name := router.EventName(e)
		if reads(name) == nil {
			continue
		}
		if k >= len(got) {
			t.Fatalf("%s is not read", name)
		}
		if o, ok := e.(router.OfferMade); ok {
			e = router.OfferMade{Offer: o.Offer, Contact: o.Contact, Agent: o.Agent}
		}
		if !reflect.DeepEqual(got[k], e) {
			t.Errorf("%s is read as %+v, it is %+v", name, got[k], e)
		}
		read[name]++
		k++
	}
}

// FuzzDecode gives bytes that may be no log at all: they are refused, or read.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":1,"n":1,"at":"2026-11-23T04:21:43Z","entries":[{"kind":"a","actor":"b","events":[{"type":"offer_made","data":{"offer":"o"}}]}]}`))
	f.Add([]byte(`{"v":1,"at":"2026-11-23T04:21:43Z","entries":[{"kind":"\"\\","events":[]}] , "x" : [1, {"}":"]"}] }`))
	f.Add([]byte(`{"v":99}`))
	f.Add([]byte(strings.Repeat("[", 1000)))
	f.Add([]byte(`{"":"\`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		want, wrong := router.DecodeCommit(data)
		if wrong == nil && want.Schema > 0 && !want.At.IsZero() && err != nil && !strings.Contains(err.Error(), "decoding a commit") {
			t.Errorf("%v in %q", err, data)
		}
		if err == nil && got == nil {
			t.Error("neither a commit nor an error")
		}
	})
}
