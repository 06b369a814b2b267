package email_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stagecoach/channels/email"
	"stagecoach/contact"
)

// What the reports under testdata/kind are about.
const (
	reportedReply = "0199c0de-1a2b-7c3d-8e4f-5a6b7c8d9e0f@acme.test"
	unreachable   = "ghost@cust.test"
)

// kindOf gives the kind that a mail is taken for, by the name of its folder.
func kindOf(m *contact.Message) string {
	switch {
	case m.SpamMark != "":
		return "spam"
	case m.Auto == contact.AutoNone:
		return "person"
	case m.Auto == contact.AutoBounce && m.Bounce != nil && !m.Bounce.Permanent:
		return "delay"
	default:
		return string(m.Auto)
	}
}

// TestKinds tells each mail under testdata/kind apart: its folder is its kind.
func TestKinds(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/kind/*/*.eml")
	if err != nil || len(files) < 200 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	matrix := map[string]map[string]int{}
	for _, file := range files {
		want := filepath.Base(filepath.Dir(file))
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := parse(t, raw)
		got := kindOf(m)
		if matrix[want] == nil {
			matrix[want] = map[string]int{}
		}
		matrix[want][got]++
		if got != want {
			t.Errorf("%s is taken for %s", file, got)
		}
		checkReport(t, file, want, m)
		if e := email.Explain(raw); want == "person" && (e.AutoReply || e.Bounce) {
			t.Errorf("%s: explained as auto_reply %v, bounce %v", file, e.AutoReply, e.Bounce)
		}
	}
	t.Log("\n" + confusion(matrix))
}

// checkReport looks whether a report leads to the reply that it is about.
func checkReport(t *testing.T, file, kind string, m *contact.Message) {
	t.Helper()
	switch kind {
	case "bounce", "delay":
		if m.Bounce == nil {
			return
		}
		if m.Bounce.OriginalID != reportedReply {
			t.Errorf("%s: speaks of %q", file, m.Bounce.OriginalID)
		}
		if m.Bounce.Recipient != unreachable {
			t.Errorf("%s: the recipient is %q", file, m.Bounce.Recipient)
		}
	case "delivered":
		if m.Concerns != reportedReply {
			t.Errorf("%s: speaks of %q", file, m.Concerns)
		}
	case "receipt":
		if m.Concerns != reportedReply && m.InReplyTo != reportedReply {
			t.Errorf("%s: speaks of %q, answers %q", file, m.Concerns, m.InReplyTo)
		}
	case "spam", "challenge", "calendar":
		if len(m.Warnings) == 0 && kind != "person" {
			t.Errorf("%s: the agent isn't told", file)
		}
	}
}

// confusion prints how many mails of each kind were taken for which.
func confusion(matrix map[string]map[string]int) string {
	kinds := slices.Sorted(maps.Keys(matrix))
	var b strings.Builder
	fmt.Fprintf(&b, "%-13s", "is \\ taken for")
	for _, kind := range kinds {
		fmt.Fprintf(&b, "%*s", max(len(kind)+2, 6), kind)
	}
	for _, is := range kinds {
		fmt.Fprintf(&b, "\n%-14s", is)
		for _, taken := range kinds {
			fmt.Fprintf(&b, "%*d", max(len(taken)+2, 6), matrix[is][taken])
		}
	}
	return b.String()
}
