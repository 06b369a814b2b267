package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/router"
	ladder "stagecoach/router/sla"
)

// caller tells whoever a step of the ladder names: a lead by mail, those on call as
// the configuration says. The log says who is still to be told, so that a crash in
// between tells them again, with the same id, rather than never.
type caller struct {
	cfg    func() *configs.LastResort
	base   string
	engine *router.Engine
	links  *links
	email  func(agent string) string
	client *http.Client
	logger *slog.Logger

	// again is when somebody who could not be told is tried again, after failures.
	again map[string]retry
}

type retry struct {
	at    time.Time
	times int
}

// How soon a telling is tried again, and for how long.
const (
	callFirst  = 2 * time.Second
	callMost   = 5 * time.Minute
	callGiveUp = 24 * time.Hour
)

func newCaller(base string, cfg func() *configs.LastResort, engine *router.Engine, l *links, email func(string) string, logger *slog.Logger) *caller {
	return &caller{
		cfg: cfg, base: base, engine: engine, links: l, email: email, again: map[string]retry{},
		client: &http.Client{Timeout: 20 * time.Second}, logger: logger.With("component", "ladder"),
	}
}

// call is what one person or group is told at once. It names no customer.
type call struct {
	At       time.Time `json:"at"`
	To       string    `json:"to,omitempty"`
	Contacts []called  `json:"contacts"`
	Desk     string    `json:"desk"`
	Text     string    `json:"text"`
	ids      []string
	// marks tell each telling from one of the same step for an earlier promise.
	marks    []string
	who      string
	agent    string
	by       []string
	err      error
	oldest   time.Time
	accounts map[string]bool
}

// called is one contact that somebody is called about.
type called struct {
	alarm
	Step   string `json:"step"`
	Action string `json:"action"`
	URL    string `json:"url"`
}

// Run tells until ctx ends.
func (c *caller) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		commits := c.engine.Watch(ctx)
		next := c.look(ctx)
		for waiting := true; waiting; {
			var wake <-chan time.Time
			if !next.IsZero() {
				wake = time.After(time.Until(next))
			}
			select {
			case commit, ok := <-commits:
				waiting = ok
				if ok && !tells(commit) {
					continue
				}
			case <-wake:
			}
			next = c.look(ctx)
		}
	}
	return nil
}

// tells reports whether a commit owes somebody a telling.
func tells(c *router.Commit) bool {
	for _, e := range c.Entries {
		for _, ev := range e.Events {
			switch ev := ev.(type) { //nolint:gochecksumtype // only those that concern it
			case router.Escalated:
				if ev.Tell {
					return true
				}
			case router.Takeover, router.EscalationTold: // more may be owed than is told at once
				return true
			}
		}
	}
	return false
}

// look tells all who are to be told and can be by now, and says when to look again.
func (c *caller) look(ctx context.Context) (next time.Time) {
	calls, over, err := c.owed(ctx)
	if err != nil {
		return time.Now().Add(callFirst) // stopping, or not active yet
	}
	if len(over) > 0 {
		c.done(ctx, over, nil, "ended")
	}
	now := time.Now()
	calls = slices.DeleteFunc(calls, func(one *call) bool {
		r := c.again[one.who]
		if now.Before(r.at) {
			next = soonest(next, r.at)
		}
		return now.Before(r.at)
	})
	var all sync.WaitGroup
	for _, one := range calls { // who can't be reached keeps nobody else from being told
		all.Go(func() { one.by, one.err = c.tell(ctx, one) })
	}
	all.Wait()
	for _, one := range calls {
		who, by, err := one.who, one.by, one.err
		switch {
		case err == nil:
			delete(c.again, who)
			c.done(ctx, one.ids, by, "")
		case errors.Is(err, errNoWay), time.Since(one.oldest) > callGiveUp:
			delete(c.again, who)
			c.logger.ErrorContext(ctx, "a step of the ladder could tell nobody", "to", one.To, "agent_id", one.agent, "err", err)
			c.done(ctx, one.ids, nil, "no_way")
		default:
			r := c.again[who]
			r.times++
			r.at = time.Now().Add(min(callFirst<<min(r.times-1, 10), callMost))
			c.again[who] = r
			c.logger.WarnContext(ctx, "whom a step of the ladder names was not reached: it is tried again", "to", one.To, "agent_id", one.agent, "err", err)
			next = soonest(next, r.at)
		}
	}
	return next
}

func soonest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// calledTogether is how many contacts one call is about.
const calledTogether = 100

// owed gives who is to be told of what, and the tellings that nobody needs any more.
func (c *caller) owed(ctx context.Context) (calls []*call, over []string, err error) {
	err = c.engine.View(ctx, func(s *router.State) {
		byWho := map[string]*call{}
		for _, id := range s.OwingIDs() {
			one := s.Tellings()[id]
			at := s.Contacts[one.Contact]
			if at == nil || !at.Open() {
				if len(over) < calledTogether {
					over = append(over, id)
				}
				continue
			}
			who := one.Agent + "/" + one.To
			if one.Action == ladder.ActionLead && one.Agent == "" {
				who = "/lead/" + one.To
			}
			to := byWho[who]
			if to == nil {
				to = &call{who: who, At: s.At, To: one.To, agent: one.Agent, oldest: one.At, Desk: c.base + "/overview", accounts: map[string]bool{}}
				byWho[who] = to
				calls = append(calls, to)
			}
			if len(to.ids) == calledTogether {
				continue
			}
			to.accounts[string(at.Channel)+"/"+at.Account] = true
			to.add(id, one, called{
				alarm: alarm{Contact: at.ID, Channel: at.Channel, Account: at.Account, Queue: at.Queue, Due: at.Due, Late: at.Breached},
				Step:  one.Step, Action: one.Action, URL: c.base + "/c/" + at.Conversation,
			})
		}
	})
	return calls, over, err
}

// add makes a telling part of the call.
func (one *call) add(id string, owed *router.Telling, about called) {
	one.ids = append(one.ids, id)
	one.marks = append(one.marks, id+" "+owed.At.UTC().Format(time.RFC3339Nano))
	if one.oldest.IsZero() || owed.At.Before(one.oldest) {
		one.oldest = owed.At
	}
	one.Contacts = append(one.Contacts, about)
}

var errNoWay = errors.New("nothing is configured by which they could be told")

// tell tells one person or group by every way there is, and gives those that worked.
func (c *caller) tell(ctx context.Context, one *call) (by []string, err error) {
	ways := c.ways(one)
	if len(ways) == 0 {
		return nil, errNoWay
	}
	one.Text = one.text()
	sum := sha256.Sum256([]byte(strings.Join(one.marks, "\n")))
	key := "call-" + hex.EncodeToString(sum[:12])
	var failed []error
	for _, w := range ways {
		if w.Webhook != "" {
			if err := callHook(ctx, c.client, w.Webhook, key, body(w.Format, one)); err != nil {
				failed = append(failed, err)
			} else {
				by = append(by, "webhook")
			}
		}
		if len(w.MailTo) > 0 {
			if err := c.mail(ctx, w.MailTo, key, one); err != nil {
				failed = append(failed, err)
			} else {
				by = append(by, "mail")
			}
		}
	}
	if len(by) > 0 { // somebody was reached
		slices.Sort(by)
		return slices.Compact(by), nil
	}
	return nil, errors.Join(failed...)
}

// body is what a webhook is called with.
func body(format string, one *call) any {
	if format == "slack" {
		return map[string]string{"text": one.Text}
	}
	return one
}

// ways gives how somebody is told: a lead at the address that they log in with.
func (c *caller) ways(one *call) []configs.OnCall {
	cfg := c.cfg()
	switch {
	case one.agent != "":
		if address := c.email(one.agent); address != "" {
			return []configs.OnCall{{MailTo: []string{address}}}
		}
	case len(one.Contacts) > 0 && one.Contacts[0].Action == ladder.ActionOnCall:
		return cfg.Called(one.To)
	}
	if !cfg.Configured() {
		return nil
	}
	return []configs.OnCall{{MailTo: cfg.MailTo, Webhook: cfg.Webhook}}
}

func (c *caller) mail(ctx context.Context, to []string, key string, one *call) error {
	via := c.links.through(c.cfg().Via, one.accounts)
	if via == nil {
		return errors.New("no mailbox can send")
	}
	addresses := make([]contact.Address, len(to))
	for i, a := range to {
		addresses[i] = contact.Address{Address: a}
	}
	subject, _, _ := strings.Cut(one.Text, "\n")
	return post(ctx, via, &contact.Reply{ID: key, CreatedAt: one.At, To: addresses, Subject: strings.TrimSuffix(subject, "."), Text: one.Text})
}

// text says what somebody is called about.
func (one *call) text() string {
	var b strings.Builder
	noun := "A contact needs you"
	if n := len(one.Contacts); n > 1 {
		noun = fmt.Sprintf("%d contacts need you", n)
	}
	b.WriteString(noun + ".\n\n")
	for i := range one.Contacts {
		k := &one.Contacts[i]
		if i == 20 {
			fmt.Fprintf(&b, "… and %d more: %s\n", len(one.Contacts)-i, one.Desk)
			break
		}
		word := "due"
		if k.Late {
			word = "was due"
		}
		fmt.Fprintf(&b, "%s: %s %s  %s/%s, queue %s\n  %s\n", k.Step, word, k.Due.Local().Format("Mon 15:04:05"), k.Channel, k.Account, k.Queue, k.URL)
	}
	return b.String()
}

// done puts on record who was told. If that fails it is found owed again.
func (c *caller) done(ctx context.Context, ids, by []string, failed string) {
	_, err := c.engine.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: router.Told{Tellings: ids, By: by, Failed: failed}})
	if err != nil && ctx.Err() == nil {
		c.logger.WarnContext(ctx, "it was not put on record who was told", "err", err)
	}
}
