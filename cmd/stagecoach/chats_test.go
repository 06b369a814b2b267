package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/router/forecast"
	hours "stagecoach/router/sla"
)

// weekdays are open from nine to five.
func weekdays(t *testing.T) hours.Calendar {
	t.Helper()
	week := hours.Week{Zone: time.UTC}
	for day := time.Monday; day <= time.Friday; day++ {
		week.Days[day] = []hours.Span{{From: 9 * time.Hour, To: 17 * time.Hour}}
	}
	cal, err := hours.NewWeekly(week)
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

// What visitors are told is true: hours as they are, and nothing of a time that
// isn't known.
func TestProspect(t *testing.T) {
	friday := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		now     time.Time
		present bool
		usual   time.Duration
		want    webchat.Outlook
	}{
		"closed for the week-end": {
			friday.Add(8 * time.Hour), true, time.Minute,
			webchat.Outlook{Known: true, Closed: true, Opens: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)},
		},
		"closed in the early morning": {
			friday.Add(-2 * time.Hour), false, 0,
			webchat.Outlook{Known: true, Closed: true, Opens: friday.Add(-time.Hour)},
		},
		"open and nobody there":     {friday, false, time.Minute, webchat.Outlook{Known: true}},
		"there, and nothing known":  {friday, true, 0, webchat.Outlook{Known: true, Open: true}},
		"nine of ten within four":   {friday, true, 4 * time.Minute, webchat.Outlook{Known: true, Open: true, Answered: 4 * time.Minute}},
		"answered at once":          {friday, true, time.Millisecond, webchat.Outlook{Known: true, Open: true, Answered: time.Second}},
		"a night and a week-end on": {friday, true, 8 * time.Hour, webchat.Outlook{Known: true, Open: true, Answered: 72 * time.Hour}},
	} {
		got := prospect(c.now, weekdays(t), c.present, forecast.Expectation{P90: c.usual})
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := prospect(friday, hours.Always{}, true, forecast.Expectation{}); got.Closed || !got.Open {
		t.Errorf("a calendar that never closes: %+v", got)
	}
}

// However many ask, one looks, and an old word is no word.
func TestOutlooksLookOnce(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	looked, fail := 0, false
	begun, release := make(chan struct{}, 10), make(chan struct{})
	o := &outlooks{now: func() time.Time { return now }, logger: slog.New(slog.DiscardHandler), find: func(context.Context, []string) (told, error) {
		looked++
		begun <- struct{}{}
		<-release
		if fail {
			return told{}, errors.New("busy")
		}
		return told{all: webchat.Outlook{Known: true, Open: true}}, nil
	}}
	var group sync.WaitGroup
	group.Go(func() {
		if !o.look(context.Background(), "").Open {
			t.Error("who looked saw nothing")
		}
	})
	<-begun
	for range 10 {
		if o.look(t.Context(), "").Known {
			t.Error("something is known before it was found out")
		}
	}
	close(release)
	group.Wait()
	for range 10 {
		if !o.look(t.Context(), "").Open {
			t.Error("what was found out is not told")
		}
	}
	fail = true
	now = now.Add(outlookAge)
	if !o.look(t.Context(), "").Open || looked != 2 {
		t.Errorf("looked %d times, or a failure forgot what was known", looked)
	}
	now = now.Add(outlookEnd)
	if o.look(t.Context(), "").Known {
		t.Error("an old word is told")
	}
}

// Whoever has written is told of their own wait soon, all of them by one look, and
// who has gone is asked about no more.
func TestOutlooksOfThoseWhoWait(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var asked [][]string
	open := true
	o := &outlooks{now: func() time.Time { return now }, logger: slog.New(slog.DiscardHandler), find: func(_ context.Context, threads []string) (told, error) {
		asked = append(asked, slices.Sorted(slices.Values(threads)))
		return told{all: webchat.Outlook{Known: true, Open: open}, yours: map[string]time.Duration{"a": time.Minute, "b": time.Hour}}, nil
	}}
	if o.look(t.Context(), "").Yours != 0 {
		t.Error("who hasn't written is told of a wait")
	}
	now = now.Add(outlookSoon)
	if got := o.look(t.Context(), "a").Yours; got != time.Minute {
		t.Errorf("the first is told %v", got)
	}
	for range 1000 {
		_ = o.look(t.Context(), "b")
	}
	now = now.Add(outlookSoon)
	if got := o.look(t.Context(), "b").Yours; got != time.Hour || len(asked) != 3 {
		t.Errorf("the second is told %v by look %d", got, len(asked))
	}
	now = now.Add(threadsAge + time.Second)
	open = false
	if got := o.look(t.Context(), "b").Yours; got != 0 {
		t.Errorf("nobody is there, and an answer is told within %v", got)
	}
	if last := asked[len(asked)-1]; !slices.Equal(last, []string{"b"}) {
		t.Errorf("asked about %v", last)
	}
}

// mailbox is an account that keeps what it is to send.
type mailbox struct{ sent []*contact.Reply }

func (m *mailbox) Compose(r *contact.Reply) ([]byte, error) { return []byte(r.Text), nil }

func (m *mailbox) Send(_ context.Context, r *contact.Reply) (channels.Receipt, error) {
	m.sent = append(m.sent, r)
	return channels.Receipt{ProviderID: r.ID}, nil
}

// A mailed answer has its author's name and the conversation's token, so that what
// the customer answers by mail leads back to the chat.
func TestMailViaLeadsBack(t *testing.T) {
	j := journaltest.Open(t)
	value, err := json.Marshal(contact.Reply{ID: "r-1", FromName: "Anna", Token: "tok", Text: "words"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Put(t.Context(), journal.KindReply, "r-1", value); err != nil {
		t.Fatal(err)
	}
	l := newLinks(nil, j, t.TempDir(), "life", slog.New(slog.DiscardHandler))
	box := &mailbox{}
	l.all["email/support"] = &link{adapter: channels.Adapter{Channel: contact.Email, Account: "support", Sender: box, Composer: box}}
	for _, id := range []string{"r-1", "r-gone"} {
		if err := l.mailVia("support")(t.Context(), "kim@cust.example", "Your chat", "words", id); err != nil {
			t.Fatal(err)
		}
	}
	if first := box.sent[0]; first.FromName != "Anna" || first.Token != "tok" || first.ID != "r-1" || string(first.Raw) != "words" || first.To[0].Address != "kim@cust.example" {
		t.Errorf("mailed %+v", first)
	}
	if err := l.mailVia("nobody")(t.Context(), "kim@cust.example", "Your chat", "words", "r-1"); err == nil {
		t.Error("a mailbox that isn't there took a mail")
	}
}
