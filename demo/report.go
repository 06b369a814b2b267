package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what a demonstration came to.
type Report struct {
	Seen          int            `json:"seen"`
	Messages      int            `json:"messages"`
	Evidence      int            `json:"evidence"`
	Quarantined   int            `json:"quarantined"`
	Contacts      int            `json:"contacts"`
	Replied       int            `json:"replied"`
	Open          int            `json:"open"`
	Merged        int            `json:"merged"`
	Disposed      map[string]int `json:"disposed"`
	AddsUp        bool           `json:"adds_up"`
	WithinPromise int            `json:"within_promise"`
	// Channels says the same by channel, as counted with the customers where they
	// are known.
	Channels map[string]ChannelReport `json:"channels"`
	// OwnCopies are mails of our own that the ledger has seen too, of all in Seen.
	OwnCopies int `json:"own_copies"`
	// Behaviours counts what agents did.
	Behaviours map[string]int `json:"behaviours"`
	// Customers is what lies with themselves.
	Customers CustomerReport `json:"customers"`
	Seed      uint64         `json:"seed"`
	Seconds   float64        `json:"seconds"`
	// Problems say in words what is not as it should be; none is the good case.
	Problems []string `json:"problems"`

	// sent is how many messages customers have sent.
	sent int
}

// ChannelReport is what came and went on one channel: items that customers sent,
// and answers that reached them.
type ChannelReport struct {
	Seen    int `json:"seen"`
	Replied int `json:"replied"`
}

// CustomerReport is what lies with the customers, in mailboxes and threads.
type CustomerReport struct {
	Wrote   int `json:"wrote"`
	Answers int `json:"answers"`
}

func newReport(s *summary, behaviours map[string]int, seed uint64, took time.Duration) *Report {
	r := &Report{
		Seen: s.Seen, Messages: s.Messages, Evidence: s.Evidence, Quarantined: s.Quarantined, Contacts: s.Contacts,
		Replied: s.Replied, Open: s.Open, Merged: s.Merged, Disposed: map[string]int{}, AddsUp: s.AddsUp,
		WithinPromise: s.WithinPromise, Channels: map[string]ChannelReport{}, Behaviours: behaviours,
		Seed: seed, Seconds: float64(took.Milliseconds()) / 1000, Problems: []string{},
	}
	maps.Copy(r.Disposed, s.Disposed)
	for name, c := range s.Channels {
		r.Channels[name] = ChannelReport(c)
	}
	return r
}

// Write prints the report, for programs or for people.
func (r *Report) Write(w io.Writer, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		return nil
	}
	if _, err := io.WriteString(w, r.words()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (r *Report) words() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("What became of everything that came (%.1f s):", r.Seconds)
	line("")
	line("  seen at the channels      %6d  = %d messages + %d evidence + %d quarantined", r.Seen, r.Messages, r.Evidence, r.Quarantined)
	line("  contacts                  %6d  = %d replied + %d disposed of + %d merged + %d open",
		r.Contacts, r.Replied, total(r.Disposed), r.Merged, r.Open)
	line("  replied in time           %6d  of %d", r.WithinPromise, r.Replied)
	for _, why := range slices.Sorted(maps.Keys(r.Disposed)) {
		if r.Disposed[why] > 0 {
			line("  %-25s %6d", "disposed: "+strings.ReplaceAll(why, "_", " "), r.Disposed[why])
		}
	}
	if r.Customers.Wrote > 0 {
		line("  found with customers      %6d  replies to %d customers", r.Customers.Answers, r.Customers.Wrote)
	}
	for _, channel := range slices.Sorted(maps.Keys(r.Channels)) {
		line("  %-25s %6d  seen, %d replied", "by "+channel, r.Channels[channel].Seen, r.Channels[channel].Replied)
	}
	line("")
	var did []string
	for _, name := range behaviours() {
		did = append(did, fmt.Sprintf("%s %d", strings.ReplaceAll(name, "_", " "), r.Behaviours[name]))
	}
	line("  agents: %s", strings.Join(did, ", "))
	line("")
	if r.AddsUp {
		line("The ledger adds up.")
	} else {
		line("The ledger does NOT add up.")
	}
	for _, p := range r.Problems {
		line("  - %s", p)
	}
	return b.String()
}

func total(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}
