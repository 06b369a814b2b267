package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	neturl "net/url"
	"strings"
	"time"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/router"
)

// notifier tells the people of last resort, by mail and webhook, of what is at
// risk or late and held by nobody. The router says when; if a telling fails or
// is lost in a crash, the next one comes as long as nobody has accepted.
type notifier struct {
	cfg    func() *configs.LastResort
	base   string
	engine *router.Engine
	links  *links
	client *http.Client
	logger *slog.Logger
}

func newNotifier(base string, cfg func() *configs.LastResort, engine *router.Engine, l *links, logger *slog.Logger) *notifier {
	return &notifier{
		cfg: cfg, base: base, engine: engine, links: l,
		client: &http.Client{Timeout: 20 * time.Second},
		logger: logger.With("component", "last_resort"),
	}
}

// digest is what is told, as the webhook gets it. It names no customer.
type digest struct {
	At       time.Time `json:"at"`
	AtRisk   int       `json:"at_risk"`
	Breached int       `json:"breached"`
	// Impossible counts what nobody could ever take, and is neither at risk nor late.
	Impossible int     `json:"impossible"`
	Contacts   []alarm `json:"contacts"`
	Desk       string  `json:"desk"`
	accounts   map[string]bool
}

// alarm is one contact of a digest.
type alarm struct {
	Contact string          `json:"contact"`
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	Queue   string          `json:"queue"`
	Due     time.Time       `json:"due"`
	Late    bool            `json:"late"`
	// Needs is who would be needed, where nobody could ever take it.
	Needs string `json:"needs,omitempty"`
}

// Run tells until ctx ends.
func (n *notifier) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		for c := range n.engine.Watch(ctx) {
			for i := range c.Entries {
				for _, ev := range c.Entries[i].Events {
					if told, ok := ev.(router.LastResortTold); ok {
						n.tell(ctx, c.At, &told)
					}
				}
			}
		}
	}
	return nil
}

func (n *notifier) tell(ctx context.Context, at time.Time, told *router.LastResortTold) {
	n.logger.WarnContext(ctx, "contacts at risk, late or beyond anybody's skills are held by nobody", "total", told.Total, "breached", told.Breached, "impossible", told.Impossible)
	cfg := n.cfg()
	if !cfg.Configured() {
		return
	}
	d, err := n.digest(ctx, at, told)
	if err != nil {
		n.logger.ErrorContext(ctx, "a digest could not be made", "err", err)
		return
	}
	if cfg.Webhook != "" {
		if err := n.call(ctx, cfg.Webhook, d); err != nil {
			n.logger.ErrorContext(ctx, "the last resort's webhook was not reached", "err", err)
		}
	}
	if len(cfg.MailTo) > 0 {
		if err := n.mail(ctx, cfg, d); err != nil {
			n.logger.ErrorContext(ctx, "the last resort was not mailed", "err", err)
		}
	}
}

func (n *notifier) digest(ctx context.Context, at time.Time, told *router.LastResortTold) (*digest, error) {
	d := &digest{
		At: at, Breached: told.Breached, AtRisk: told.Total - told.Breached - told.Impossible, Impossible: told.Impossible, Desk: n.base + "/overview",
		Contacts: []alarm{}, accounts: map[string]bool{},
	}
	err := n.engine.View(ctx, func(s *router.State) {
		for _, id := range told.Contacts {
			if c := s.Contacts[id]; c != nil && c.Open() {
				one := alarm{Contact: id, Channel: c.Channel, Account: c.Account, Queue: c.Queue, Due: c.Due, Late: c.Breached}
				if c.NobodyAble != "" {
					one.Needs = ledger.Needed(&c.Demand)
				}
				d.Contacts = append(d.Contacts, one)
				d.accounts[string(c.Channel)+"/"+c.Account] = true
			}
		}
	})
	return d, err
}

func (n *notifier) call(ctx context.Context, url string, d *digest) error {
	return callHook(ctx, n.client, url, "", d)
}

// callHook calls a webhook with JSON. key is the same when it is called again for
// the same thing, "" for none.
func callHook(ctx context.Context, client *http.Client, url, key string, d any) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encoding a digest: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("calling the webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := client.Do(req)
	if broken, ok := errors.AsType[*neturl.Error](err); ok {
		err = broken.Err // without the address, which is a secret of many
	}
	if err != nil {
		return fmt.Errorf("calling the webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("the webhook answered %s", resp.Status)
	}
	return nil
}

// mail sends the digest through an account that none of the contacts came to,
// so that a mailbox in trouble is not the one that must tell of it.
func (n *notifier) mail(ctx context.Context, cfg *configs.LastResort, d *digest) error {
	via := n.links.through(cfg.Via, d.accounts)
	if via == nil {
		return fmt.Errorf("no mailbox can send: configure one, or last_resort.webhook")
	}
	to := make([]contact.Address, len(cfg.MailTo))
	for i, a := range cfg.MailTo {
		to[i] = contact.Address{Address: a}
	}
	return post(ctx, via, &contact.Reply{ID: randomID(), CreatedAt: d.At, To: to, Subject: d.subject(), Text: d.text()})
}

// post mails people of ours something through an account.
func post(ctx context.Context, via *link, r *contact.Reply) error {
	r.Kind, r.Channel, r.Account, r.FromName = contact.Acknowledgement, contact.Email, via.adapter.Account, "Stagecoach"
	raw, err := via.adapter.Composer.Compose(r)
	if err != nil {
		return fmt.Errorf("composing a digest: %w", err)
	}
	r.Raw = raw
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err = via.adapter.Sender.Send(limited, r)
	return err
}

// through gives the account that mails what concerns others: not one of those.
func (l *links) through(via string, accounts map[string]bool) *link {
	var fallback *link
	for _, k := range l.list() {
		if k.adapter.Channel != contact.Email || k.adapter.Sender == nil {
			continue
		}
		concerned := accounts["email/"+k.adapter.Account]
		if via == k.adapter.Account && !concerned {
			return k
		}
		if fallback == nil || accounts["email/"+fallback.adapter.Account] && !concerned {
			fallback = k
		}
	}
	return fallback
}

func (d *digest) subject() string {
	switch {
	case d.Breached+d.AtRisk == 0:
		return fmt.Sprintf("%d contacts need what nobody here has", d.Impossible)
	case d.Breached == 0:
		return fmt.Sprintf("%d contacts are at risk and nobody has them", d.AtRisk)
	case d.AtRisk == 0:
		return fmt.Sprintf("%d contacts are late and nobody has them", d.Breached)
	}
	return fmt.Sprintf("%d contacts are late and %d at risk, and nobody has them", d.Breached, d.AtRisk)
}

func (d *digest) text() string {
	var b strings.Builder
	b.WriteString(d.subject() + ".\n\n")
	for i, a := range d.Contacts {
		if i == 20 {
			fmt.Fprintf(&b, "… and %d more\n", d.Breached+d.AtRisk+d.Impossible-i)
			break
		}
		word := "due"
		if a.Late {
			word = "was due"
		}
		fmt.Fprintf(&b, "%s %s  %s/%s, queue %s  %s\n", word, a.Due.Local().Format("Mon 15:04:05"), a.Channel, a.Account, a.Queue, a.Contact)
		if a.Needs != "" {
			fmt.Fprintf(&b, "    nobody here could take it; it needs %s\n", a.Needs)
		}
	}
	fmt.Fprintf(&b, "\nAccept or assign them: %s\nThis is told again every few minutes until somebody does.\n", d.Desk)
	return b.String()
}
