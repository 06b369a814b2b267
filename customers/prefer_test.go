package customers_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/customers"
)

func day(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }

// The customer's own word counts before the company's list, the last one before the
// one before, and what they do only where they have said nothing.
func TestWanted(t *testing.T) {
	stated := customers.Preference{Channel: contact.Email, Source: "stated", At: day(1)}
	listed := customers.Preference{Channel: contact.SMS, Source: "import", At: day(9)}
	habits := []customers.Habit{{Channel: contact.WebChat, Sent: 4, Answered: 4, Seconds: 400, At: day(3)}}
	for _, c := range []struct {
		name   string
		rules  customers.PreferRules
		said   []customers.Preference
		habits []customers.Habit
		want   customers.Choice
	}{
		{"nothing known", customers.PreferRules{}, nil, nil, customers.Choice{}},
		{"stated before a newer list", customers.PreferRules{}, []customers.Preference{listed, stated}, habits, customers.Choice{Channel: contact.Email, Source: "stated", At: day(1)}},
		{"list before habits", customers.PreferRules{}, []customers.Preference{listed}, habits, customers.Choice{Channel: contact.SMS, Source: "import", At: day(9)}},
		{"habits", customers.PreferRules{}, nil, habits, customers.Choice{Channel: contact.WebChat, Source: "learnt", At: day(3)}},
		{"too few", customers.PreferRules{LearntAfter: 5}, nil, habits, customers.Choice{}},
		{"habits first", customers.PreferRules{Order: []string{"learnt", "stated"}}, []customers.Preference{stated}, habits, customers.Choice{Channel: contact.WebChat, Source: "learnt", At: day(3)}},
		{"arrival first", customers.PreferRules{Order: []string{"arrival"}}, []customers.Preference{stated}, habits, customers.Choice{}},
		{"a later word", customers.PreferRules{}, []customers.Preference{stated, {Channel: contact.Phone, Source: "stated", At: day(2)}}, nil, customers.Choice{Channel: contact.Phone, Source: "stated", At: day(2)}},
	} {
		if got, ok := c.rules.Wanted(c.said, c.habits); got != c.want || ok != (c.want.Channel != "") {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, ok, c.want)
		}
	}
}

// The surest channel is the learnt one, of two as sure the quicker.
func TestLearnt(t *testing.T) {
	var r customers.PreferRules
	mail := customers.Habit{Channel: contact.Email, Sent: 10, Answered: 5, Seconds: 5 * 60}
	chat := customers.Habit{Channel: contact.WebChat, Sent: 4, Answered: 4, Seconds: 4 * 3600}
	slack := customers.Habit{Channel: contact.Slack, Sent: 3, Answered: 3, Seconds: 30}
	for _, c := range []struct {
		habits []customers.Habit
		want   contact.Channel
	}{
		{[]customers.Habit{mail, chat}, contact.WebChat},
		{[]customers.Habit{mail, chat, slack}, contact.Slack},
		{[]customers.Habit{mail}, contact.Email},
		{[]customers.Habit{{Channel: contact.Email, Sent: 30, Answered: 2}}, ""},
	} {
		if got, _ := r.Wanted(nil, c.habits); got.Channel != c.want {
			t.Errorf("%+v taught %q, want %q", c.habits, got.Channel, c.want)
		}
	}
}

// A habit counts answers to ours, once for each turn, and nothing that they begin.
func TestHabits(t *testing.T) {
	var h []customers.Habit
	if h = customers.Wrote(h, contact.Email, day(1)); h != nil {
		t.Fatalf("they began: %+v", h)
	}
	h = customers.Sent(h, contact.WebChat, day(1))
	h = customers.Sent(h, contact.WebChat, day(1).Add(time.Minute)) // a second line
	h = customers.Wrote(h, contact.WebChat, day(1).Add(3*time.Minute))
	h = customers.Wrote(h, contact.WebChat, day(1).Add(9*time.Minute))
	h = customers.Sent(h, contact.WebChat, day(2))
	h = customers.Wrote(h, contact.Email, day(3))
	want := []customers.Habit{
		{Channel: contact.WebChat, Sent: 2, Answered: 1, Seconds: 120, At: day(3)},
		{Channel: contact.Email},
	}
	if len(h) != 2 || h[0] != want[0] || h[1] != want[1] {
		t.Errorf("got %+v, want %+v", h, want)
	}
	if both := customers.MergeHabits(h, h); both[0].Sent != 4 || both[0].Typical() != 2*time.Minute {
		t.Errorf("merged: %+v", both)
	}
	late := customers.Wrote(customers.Sent(nil, contact.Email, day(1)), contact.Email, day(20))
	if late[0].Answered != 0 || late[0].Sent != 1 {
		t.Errorf("what comes after 19 days counts as an answer: %+v", late)
	}
}

func TestReply(t *testing.T) {
	all := []contact.Channel{contact.Email, contact.WebChat, contact.Mastodon}
	mail := customers.Choice{Channel: contact.Email, Source: "stated", At: day(1)}
	for _, c := range []struct {
		name  string
		rules customers.PreferRules
		in    customers.Asking
		want  contact.Channel
		why   string
	}{
		{"where it came from", customers.PreferRules{}, customers.Asking{Arrival: contact.WebChat, Reach: all}, contact.WebChat, "arrival"},
		{"wanted", customers.PreferRules{}, customers.Asking{Arrival: contact.WebChat, Wanted: mail, Reach: all}, contact.Email, "stated"},
		{"no way there", customers.PreferRules{}, customers.Asking{Arrival: contact.WebChat, Wanted: mail, Reach: all[1:]}, contact.WebChat, "arrival"},
		{"not allowed", customers.PreferRules{Channels: all[1:2]}, customers.Asking{Arrival: contact.WebChat, Wanted: mail, Reach: all}, contact.WebChat, "arrival"},
		{"came back", customers.PreferRules{}, customers.Asking{Arrival: contact.WebChat, Wanted: mail, Reach: all, Tried: all[:1]}, contact.WebChat, "arrival"},
		{"arrival came back", customers.PreferRules{}, customers.Asking{Arrival: contact.WebChat, Reach: all, Tried: all[1:2]}, contact.Email, "failed"},
		{"all came back", customers.PreferRules{}, customers.Asking{Arrival: contact.WebChat, Wanted: mail, Reach: all, Tried: all}, contact.WebChat, "arrival"},
		{"a complaint in public has a private place there", customers.PreferRules{}, customers.Asking{Arrival: contact.Mastodon, Public: true, Private: true, Reach: all}, contact.Mastodon, "arrival"},
		{"a complaint in public has none there", customers.PreferRules{}, customers.Asking{Arrival: contact.Webhook, Public: true, Private: true, Reach: all}, contact.Email, "private"},
		{"nobody is rung up for it where there is another way", customers.PreferRules{}, customers.Asking{Arrival: contact.Webhook, Reach: []contact.Channel{contact.Phone, contact.Email}, Tried: []contact.Channel{contact.Webhook}}, contact.Email, "failed"},
	} {
		if got := c.rules.Reply(c.in); got.Channel != c.want || got.Source != c.why {
			t.Errorf("%s: %+v, want %s by %s", c.name, got, c.want, c.why)
		}
	}
}

func TestConsentTo(t *testing.T) {
	list := []customers.Consent{
		{Purpose: "marketing", Given: true, At: day(1)},
		{Purpose: "marketing", Channel: contact.SMS, At: day(1)},
		{Purpose: "feedback", Given: true, At: day(2)},
		{Purpose: "feedback", At: day(3)},
	}
	for _, c := range []struct {
		ch      contact.Channel
		purpose string
		want    customers.Allowed
	}{
		{contact.Email, "marketing", customers.Consented},
		{contact.SMS, "marketing", customers.Objected},
		{contact.Email, "feedback", customers.Objected},
		{contact.Email, "service", customers.Unsaid},
	} {
		if got := customers.ConsentTo(list, c.ch, c.purpose); got != c.want {
			t.Errorf("%s by %s: %q, want %q", c.purpose, c.ch, got, c.want)
		}
	}
}

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Where the clock is changed in the night, the quiet hours end by what the wall shows.
func TestQuietHoursAtClockChanges(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	r := customers.SendRules{From: 21 * 60, To: 8 * 60}
	early := customers.SendRules{From: 21 * 60, To: 2*60 + 30}
	for _, c := range []struct {
		rules     *customers.SendRules
		now, want string
	}{
		{&r, "2026-03-28T22:00:00Z", "2026-03-29T06:00:00Z"},
		{&r, "2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z"},
		{&early, "2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z"}, // 02:30 doesn't exist: it jumps to 03:00
		{&r, "2026-06-01T18:59:00Z", ""},
		{&r, "2026-06-01T19:00:00Z", "2026-06-02T06:00:00Z"},
		{&r, "2026-06-02T06:00:00Z", ""},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := c.rules.Hold(now, berlin, nil)
		if c.want == "" && !got.IsZero() || c.want != "" && got.Format(time.RFC3339) != c.want {
			t.Errorf("%s: held until %s, want %s", c.now, got.Format(time.RFC3339), c.want)
		}
	}
}

// Whatever the zone, the hours and what went before: the moment given lies in no quiet
// hour and has fewer than so many in the seven days before it.
func TestHoldIsFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		where := zone(t, rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC", "America/St_Johns"}).Draw(t, "zone"))
		r := customers.SendRules{From: rapid.IntRange(0, 1439).Draw(t, "from"), To: rapid.IntRange(0, 1439).Draw(t, "to"), PerWeek: rapid.IntRange(0, 4).Draw(t, "n")}
		now := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "now"), 0).UTC()
		var sent []time.Time
		for range rapid.IntRange(0, 8).Draw(t, "sent") {
			sent = append(sent, now.Add(-time.Duration(rapid.Int64Range(0, 8*24*3600).Draw(t, "ago"))*time.Second))
		}
		at, why := r.Hold(now, where, sent)
		if at.IsZero() != (why == "") {
			t.Fatalf("until %v because of %q", at, why)
		}
		if at.IsZero() {
			at = now
		}
		if at.Before(now) {
			t.Fatalf("held until %v, before %v", at, now)
		}
		local := at.In(where)
		minute, quiet := local.Hour()*60+local.Minute(), false
		switch {
		case r.From < r.To:
			quiet = minute >= r.From && minute < r.To
		case r.From > r.To:
			quiet = minute >= r.From || minute < r.To
		}
		if quiet {
			t.Fatalf("%v is in the quiet hours from %d to %d", local, r.From, r.To)
		}
		recent := 0
		for _, s := range sent {
			if at.Sub(s) < 7*24*time.Hour {
				recent++
			}
		}
		if r.PerWeek > 0 && recent >= r.PerWeek {
			t.Fatalf("%d in the seven days before %v, %d are allowed", recent, at, r.PerWeek)
		}
	})
}
