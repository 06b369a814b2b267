package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"stagecoach/channels/webchat"
	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
	hours "stagecoach/router/sla"
)

// chats is what web chats get from the rest of the daemon.
type chats struct {
	engine *router.Engine
	ledger *ledger.Ledger
	policy func() *policies.Set
	logger *slog.Logger
	// mailVia gives what mails through one of our mailboxes.
	mailVia func(account string) mailFunc
	// stirred tells the desk that something changed at a customer's end; passing
	// is what only shows who is there and who writes.
	stirred func(account, thread string, passing bool)
	// full reports that the disk is down to its reserve.
	full func() bool
}

// chats gives web chats what they need. The desk is opened after the accounts are
// made, and before they run.
func (d *Daemon) chats() *chats {
	return &chats{
		engine: d.engine, ledger: d.ledger, policy: d.policy.Load, logger: d.logger.With("component", "chats"), mailVia: d.links.mailVia,
		stirred: func(account, thread string, passing bool) { d.desk.Stirred(contact.WebChat, account, thread, passing) },
		full: func() bool {
			ok, _, _, err := d.journal.FreeReserve()
			return err == nil && !ok
		},
	}
}

// equip adds what the daemon knows to the settings of one chat.
func (c *chats) equip(cfg *webchat.Config, mailbox string) {
	if mailbox != "" {
		cfg.Mail = c.mailVia(mailbox)
	}
	account := cfg.Account
	cfg.Full = c.full
	cfg.Activity = func(a webchat.Activity) {
		if a.Thread != "" {
			c.stirred(account, a.Thread, a.Typing || a.Presence)
		}
	}
	f := &forecast{find: func(ctx context.Context) (webchat.Outlook, error) { return c.outlook(ctx, account) }, now: time.Now, logger: c.logger}
	cfg.Outlook = f.look
}

// How long what visitors are told is believed, how long finding it out may take,
// and after how long without it nothing is said.
const (
	forecastAge  = 15 * time.Second
	forecastTime = 3 * time.Second
	forecastEnd  = 5 * time.Minute
)

// forecast keeps what visitors are told at hand: thousands ask, one looks.
type forecast struct {
	find   func(ctx context.Context) (webchat.Outlook, error)
	now    func() time.Time
	logger *slog.Logger

	mu      sync.Mutex
	last    webchat.Outlook
	at      time.Time
	tried   time.Time
	looking bool
}

// look gives what is known; one of those who ask finds it out anew when it is old.
func (f *forecast) look(ctx context.Context) webchat.Outlook {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if f.looking || now.Sub(f.tried) < forecastAge {
		return f.current(now)
	}
	f.looking, f.tried = true, now
	f.mu.Unlock()
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), forecastTime)
	found, err := f.find(bound)
	cancel()
	f.mu.Lock()
	f.looking = false
	if err != nil {
		f.logger.WarnContext(ctx, "visitors are not told how long an answer takes", "err", err)
	} else {
		f.last, f.at = found, now
	}
	return f.current(f.now())
}

// current gives the last word while it is true enough.
func (f *forecast) current(now time.Time) webchat.Outlook {
	if now.Sub(f.at) > forecastEnd {
		return webchat.Outlook{}
	}
	return f.last
}

// What first answers are measured by: the newest contacts of all channels, so that
// looking costs the same however full the ledger is.
const (
	measuredContacts = 1000
	measuredSince    = 7 * 24 * time.Hour
	measuredRecently = 2 * time.Hour
	waitingContacts  = 500
	leastMeasured    = 5
)

// outlook finds out what a visitor of this account may expect now.
func (c *chats) outlook(ctx context.Context, account string) (webchat.Outlook, error) {
	now := time.Now()
	set := c.policy()
	promise := set.Promise(policies.Facts{Channel: contact.WebChat, Account: account})
	cal := set.Calendar(promise.Calendar)
	present := false
	err := c.engine.View(ctx, func(st *router.State) {
		for _, a := range st.Agents {
			present = present || !a.Removed && (a.Presence == contact.Available || a.Presence == contact.Busy)
		}
	})
	if err != nil {
		return webchat.Outlook{}, fmt.Errorf("looking who is there: %w", err)
	}
	if !present || !open(cal, now) {
		return prospect(now, cal, present, nil, nil), nil
	}
	newest, err := c.ledger.Contacts(ctx, ledger.Filter{Since: now.Add(-measuredSince), Limit: measuredContacts})
	if err != nil {
		return webchat.Outlook{}, fmt.Errorf("measuring first answers: %w", err)
	}
	unanswered, err := c.ledger.Contacts(ctx, ledger.Filter{State: ledger.StateOpen, Channel: contact.WebChat, Account: account, ByDue: true, Limit: waitingContacts})
	if err != nil {
		return webchat.Outlook{}, fmt.Errorf("measuring who waits: %w", err)
	}
	return prospect(now, cal, present, answered(now, cal, account, newest), waiting(now, cal, unanswered)), nil
}

// answered gives how long first answers of a chat took that was open: those of the
// last hours where they are enough, else of the last days.
func answered(now time.Time, cal hours.Calendar, account string, rows []ledger.Row) []time.Duration {
	var recent, all []time.Duration
	for i := range rows {
		r := &rows[i]
		if r.Channel != contact.WebChat || r.Account != account || r.Promise != router.PromiseFirst || r.End != router.EndReplied || !open(cal, r.Start) {
			continue
		}
		took := r.EndedAt.Sub(r.Start)
		all = append(all, took)
		if now.Sub(r.EndedAt) < measuredRecently {
			recent = append(recent, took)
		}
	}
	if len(recent) >= leastMeasured {
		return recent
	}
	return all
}

// waiting gives how long those have waited whom nobody has answered.
func waiting(now time.Time, cal hours.Calendar, rows []ledger.Row) []time.Duration {
	var out []time.Duration
	for i := range rows {
		if r := &rows[i]; r.Promise == router.PromiseFirst && (r.State == router.Waiting || r.State == router.Offered) {
			out = append(out, cal.Between(r.Start, now))
		}
	}
	return out
}

// prospect says what is true of what is known: nothing of times that were not
// measured, and no less than what those who wait have waited already.
func prospect(now time.Time, cal hours.Calendar, present bool, answered, waiting []time.Duration) webchat.Outlook {
	out := webchat.Outlook{Known: true, Closed: !open(cal, now)}
	if out.Closed {
		out.Opens = opens(cal, now)
		return out
	}
	if out.Open = present; !present || len(answered) < leastMeasured {
		return out
	}
	out.Answered = max(share(answered, 80), share(waiting, 50), time.Second)
	return out
}

// share gives the time within which so many of a hundred are, 0 for none.
func share(times []time.Duration, percent int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)-1)*percent/100]
}

// open reports whether the minute after t is working time.
func open(cal hours.Calendar, t time.Time) bool { return cal.Between(t, t.Add(time.Minute)) > 0 }

// opens gives when working time begins again.
func opens(cal hours.Calendar, now time.Time) time.Time {
	return cal.Add(now, time.Minute).Add(-time.Minute)
}
