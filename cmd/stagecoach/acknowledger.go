package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/portal"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

// acknowledger writes the receipts that the router has decided to owe: the fact
// is in the log first, so a crash at any moment leaves neither none nor two. It
// stores the words and names them to the router; from then on a receipt goes
// its way as any reply does.
type acknowledger struct {
	engine  *router.Engine
	journal *journal.Journal
	words   *words
	links   *links
	pages   *pageLinks
	keys    router.Keys
	policy  *atomic.Pointer[policies.Set]
	zone    *time.Location
	logger  *slog.Logger
}

// A receipt that could not be written is tried again after owedPause, then
// later and later, owedTries times in all. It is worth no more than that.
const (
	owedPause = 2 * time.Second
	owedTries = 8
)

// owedTry is how often a receipt could not be written, and when it is next.
type owedTry struct {
	failed int
	next   time.Time
}

// Run writes what is owed until ctx ends.
func (a *acknowledger) Run(ctx context.Context) error {
	tries := map[string]*owedTry{}
	for ctx.Err() == nil {
		commits := a.engine.Watch(ctx)
		for wait := time.Duration(0); wait >= 0; {
			wait = a.untilOwed(ctx, commits, a.writeAll(ctx, tries))
		}
	}
	return nil
}

// untilOwed waits for the next receipt that is owed, or for the pause if it is
// over zero. It gives -1 when the commits must be watched anew.
func (a *acknowledger) untilOwed(ctx context.Context, commits <-chan *router.Commit, pause time.Duration) time.Duration {
	var again <-chan time.Time
	if pause > 0 {
		again = time.After(pause)
	}
	for {
		select {
		case <-again:
			return 0
		case c, ok := <-commits:
			if !ok || ctx.Err() != nil {
				return -1
			}
			if owes(c) {
				return 0
			}
		}
	}
}

func owes(c *router.Commit) bool {
	return slices.ContainsFunc(c.Entries, func(e router.Entry) bool {
		return slices.ContainsFunc(e.Events, func(ev router.Event) bool {
			_, is := ev.(router.AcknowledgementOwed)
			return is
		})
	})
}

// writeAll writes every receipt that is owed and not to be tried later, and
// gives the pause until the next is, 0 if none is left.
func (a *acknowledger) writeAll(ctx context.Context, tries map[string]*owedTry) (pause time.Duration) {
	var owed []router.AcknowledgementOwed
	if err := a.engine.View(ctx, func(st *router.State) {
		for _, one := range st.OwedAcknowledgements() {
			owed = append(owed, *one)
		}
	}); err != nil {
		return owedPause
	}
	maps.DeleteFunc(tries, func(id string, _ *owedTry) bool {
		return !slices.ContainsFunc(owed, func(one router.AcknowledgementOwed) bool { return one.Reply == id })
	})
	slices.SortFunc(owed, func(x, y router.AcknowledgementOwed) int { return strings.Compare(x.Reply, y.Reply) })
	for i := range owed {
		if ctx.Err() != nil {
			return 0
		}
		if wait := a.try(ctx, &owed[i], tries); wait > 0 && (pause == 0 || wait < pause) {
			pause = wait
		}
	}
	return pause
}

// try writes one receipt unless its time hasn't come, and gives the pause before
// it is tried again, 0 if it isn't.
func (a *acknowledger) try(ctx context.Context, owed *router.AcknowledgementOwed, tries map[string]*owedTry) time.Duration {
	one := tries[owed.Reply]
	if one == nil {
		one = &owedTry{}
		tries[owed.Reply] = one
	}
	if wait := time.Until(one.next); wait > 0 {
		return wait
	}
	err := a.write(ctx, owed, one.failed+1 >= owedTries)
	if err == nil || ctx.Err() != nil {
		delete(tries, owed.Reply)
		return 0
	}
	wait := owedPause << min(one.failed, owedTries)
	one.failed, one.next = one.failed+1, time.Now().Add(wait)
	a.logger.WarnContext(ctx, "a receipt could not be queued: it is tried again", "reply_id", owed.Reply, "failures", one.failed, "err", err)
	return wait
}

// write stores one receipt and names it to the router, or says why there is
// none. With last what can't be read is given up.
func (a *acknowledger) write(ctx context.Context, owed *router.AcknowledgementOwed, last bool) error {
	r, keys, why, err := a.receipt(ctx, owed)
	if err != nil && last && ctx.Err() == nil {
		a.logger.ErrorContext(ctx, "a receipt is given up: the message that it is for can't be read", "reply_id", owed.Reply, "err", err)
		why, err = "words_unread", nil
	}
	if err != nil {
		return err
	}
	cmd := router.Acknowledge{Reply: router.Reply{ID: owed.Reply}, Keys: keys, Drop: why}
	if why == "" {
		value, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("writing a receipt: %w", err)
		}
		fault.Here(fault.ReceiptBeforeStore)
		if cmd.Reply.Ref, err = a.journal.Put(ctx, journal.KindReply, r.ID, value); err != nil {
			return fmt.Errorf("storing a receipt: %w", err)
		}
		fault.Here(fault.ReceiptAfterStore)
	}
	if _, err := a.engine.Do(ctx, router.Envelope{Actor: router.ActorSender, Command: cmd}); err != nil {
		return fmt.Errorf("queueing a receipt: %w", err)
	}
	fault.Here(fault.ReceiptAfterQueue)
	return nil
}

// receipt makes the receipt for a message, in the customer's language. why is a
// code where there can be none.
func (a *acknowledger) receipt(ctx context.Context, owed *router.AcknowledgementOwed) (r *contact.Reply, keys []string, why string, err error) {
	m, err := a.words.Message(ctx, owed.Message.Ref)
	switch {
	case errors.Is(err, ledger.ErrGone):
		return nil, nil, "words_missing", nil
	case err != nil:
		return nil, nil, "", err
	}
	link := a.links.get(owed.Channel, owed.Account)
	if link == nil || link.adapter.Sender == nil || link.adapter.Composer == nil {
		return nil, nil, "no_sender", nil
	}
	r = &contact.Reply{
		ID: owed.Reply, Kind: contact.Acknowledgement, Channel: owed.Channel, Account: owed.Account,
		Conversation: owed.Conversation, Contact: owed.Contact, CreatedAt: owed.Message.ReceivedAt.UTC().Truncate(time.Second),
		To: []contact.Address{m.Sender()}, CC: []contact.Address{}, Subject: receiptSubject(m.Subject), Attachments: []contact.Attachment{},
		InReplyTo: m.MessageID, References: append(slices.Clone(m.References), m.MessageID), Token: a.keys.Token(owed.Conversation),
		Origin: m.Origin,
	}
	if now := time.Now().UTC().Truncate(time.Second); now.After(r.CreatedAt) {
		r.CreatedAt = now
	}
	about := policies.Facts{Channel: owed.Channel, Account: owed.Account, Language: owed.Language}
	r.Text = a.policy.Load().AcknowledgementText(owed.Language, about, policies.Times{Now: r.CreatedAt, Due: owed.Due, Expected: owed.Expected}, a.zone)
	a.link(ctx, r, m, owed)
	whole := portal.Under(*r, link.adapter.Limits)
	if r.Raw, err = link.adapter.Composer.Compose(&whole); err != nil {
		a.logger.WarnContext(ctx, "a receipt can't be composed", "reply_id", r.ID, "err", err)
		return nil, nil, string(channels.ReasonOf(err)), nil
	}
	keys = []string{a.keys.TokenKey(r.Token)}
	if known, ok := link.adapter.Composer.(desk.Identifier); ok {
		keys = append(keys, a.keys.MessageID(string(r.Channel), known.MessageID(r)))
	} else if _, domain, ok := strings.Cut(link.adapter.Address, "@"); ok {
		keys = append(keys, a.keys.MessageID(string(r.Channel), r.ID+"@"+strings.ToLower(domain)))
	}
	return r, keys, "", nil
}

// link puts the link to the customer's page with a receipt, if there is one to put.
func (a *acknowledger) link(ctx context.Context, r *contact.Reply, m *contact.Message, owed *router.AcknowledgementOwed) {
	var c router.Conversation
	err := a.engine.View(ctx, func(st *router.State) {
		if v := st.Conversations[owed.Conversation]; v != nil {
			c.ID, c.PageEpoch = v.ID, v.PageEpoch
		}
	})
	if err != nil || c.ID == "" || m.Public {
		return
	}
	if url := a.pages.of(&c, r.Channel); url != "" {
		r.Page = &contact.PageLink{URL: url, Language: owed.Language}
	}
}

// receiptSubject puts "Re:" before a subject that has none.
func receiptSubject(subject string) string {
	subject = strings.TrimSpace(subject)
	if len(subject) >= 3 && strings.EqualFold(subject[:3], "re:") {
		return subject
	}
	return strings.TrimSpace("Re: " + subject)
}
