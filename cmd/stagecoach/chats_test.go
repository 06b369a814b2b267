package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/ledger"
	"stagecoach/router"
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

// What visitors are told is true: hours as they are, measured times only, and no
// less than what others wait already.
func TestProspect(t *testing.T) {
	friday := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	minutes := func(of ...int) (out []time.Duration) {
		for _, m := range of {
			out = append(out, time.Duration(m)*time.Minute)
		}
		return out
	}
	for name, c := range map[string]struct {
		now               time.Time
		present           bool
		answered, waiting []time.Duration
		want              webchat.Outlook
	}{
		"closed for the week-end": {
			friday.Add(8 * time.Hour), true, minutes(1, 1, 1, 1, 1), nil,
			webchat.Outlook{Known: true, Closed: true, Opens: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)},
		},
		"closed in the early morning": {
			friday.Add(-2 * time.Hour), false, nil, nil,
			webchat.Outlook{Known: true, Closed: true, Opens: friday.Add(-time.Hour)},
		},
		"open and nobody there":        {friday, false, minutes(1, 1, 1, 1, 1), nil, webchat.Outlook{Known: true}},
		"there, and nothing measured":  {friday, true, minutes(1, 1, 1, 1), nil, webchat.Outlook{Known: true, Open: true}},
		"eight of ten within four":     {friday, true, minutes(4, 1, 2, 3, 60), nil, webchat.Outlook{Known: true, Open: true, Answered: 4 * time.Minute}},
		"others wait longer than that": {friday, true, minutes(1, 1, 1, 1, 1), minutes(7, 9, 8), webchat.Outlook{Known: true, Open: true, Answered: 8 * time.Minute}},
		"answered at once":             {friday, true, make([]time.Duration, 5), nil, webchat.Outlook{Known: true, Open: true, Answered: time.Second}},
	} {
		if got := prospect(c.now, weekdays(t), c.present, c.answered, c.waiting); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := prospect(friday, hours.Always{}, true, nil, nil); got.Closed || !got.Open {
		t.Errorf("a calendar that never closes: %+v", got)
	}
}

// Only first answers of this chat, to those who came while it was open, are
// measured; the last hours count more than the last days.
func TestAnsweredIsMeasured(t *testing.T) {
	now := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	row := func(change func(r *ledger.Row)) ledger.Row {
		var r ledger.Row
		r.Channel, r.Account, r.Promise, r.End = contact.WebChat, "shop", router.PromiseFirst, router.EndReplied
		r.Start = now.Add(-24 * time.Hour)
		r.EndedAt = r.Start.Add(3 * time.Minute)
		change(&r)
		return r
	}
	rows := []ledger.Row{
		row(func(*ledger.Row) {}),
		row(func(r *ledger.Row) { r.Channel = contact.Email }),
		row(func(r *ledger.Row) { r.Account = "other" }),
		row(func(r *ledger.Row) { r.Promise = router.PromiseNext }),
		row(func(r *ledger.Row) { r.End = router.EndDisposed }),
		row(func(r *ledger.Row) { r.End = "" }),
		row(func(r *ledger.Row) { r.Start = r.Start.Add(-8 * time.Hour) }), // before it opened
	}
	if got := answered(now, weekdays(t), "shop", rows); len(got) != 1 || got[0] != 3*time.Minute {
		t.Errorf("measured %v", got)
	}
	for range leastMeasured {
		rows = append(rows, row(func(r *ledger.Row) { r.Start, r.EndedAt = now.Add(-time.Hour), now.Add(-50*time.Minute) }))
	}
	if got := answered(now, weekdays(t), "shop", rows); len(got) != leastMeasured || got[0] != 10*time.Minute {
		t.Errorf("measured %v in the last hours", got)
	}
	open := []ledger.Row{
		row(func(r *ledger.Row) { r.State, r.Start = router.Waiting, now.Add(-time.Hour) }),
		row(func(r *ledger.Row) { r.State, r.Start = router.AssignedTo, now.Add(-time.Hour) }),
	}
	if got := waiting(now, weekdays(t), open); len(got) != 1 || got[0] != time.Hour {
		t.Errorf("waiting %v", got)
	}
}

// However many ask, one looks, and an old word is no word.
func TestForecastLooksOnce(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	looked, fail := 0, false
	begun, release := make(chan struct{}, 10), make(chan struct{})
	f := &forecast{now: func() time.Time { return now }, logger: slog.New(slog.DiscardHandler), find: func(context.Context) (webchat.Outlook, error) {
		looked++
		begun <- struct{}{}
		<-release
		if fail {
			return webchat.Outlook{}, errors.New("busy")
		}
		return webchat.Outlook{Known: true, Open: true}, nil
	}}
	var group sync.WaitGroup
	group.Go(func() {
		if !f.look(context.Background()).Open {
			t.Error("who looked saw nothing")
		}
	})
	<-begun
	for range 10 {
		if f.look(t.Context()).Known {
			t.Error("something is known before it was found out")
		}
	}
	close(release)
	group.Wait()
	for range 10 {
		if !f.look(t.Context()).Open {
			t.Error("what was found out is not told")
		}
	}
	fail = true
	now = now.Add(forecastAge)
	if !f.look(t.Context()).Open || looked != 2 {
		t.Errorf("looked %d times, or a failure forgot what was known", looked)
	}
	now = now.Add(forecastEnd)
	if f.look(t.Context()).Known {
		t.Error("an old word is told")
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
