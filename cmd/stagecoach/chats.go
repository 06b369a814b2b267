package main

import (
	"log/slog"
	"time"

	"stagecoach/channels/webchat"
	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

// chats is what web chats get from the rest of the daemon.
type chats struct {
	engine *router.Engine
	ledger *ledger.Ledger
	keys   router.Keys
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
		engine: d.engine, ledger: d.ledger, keys: d.keys, policy: d.policy.Load, logger: d.logger.With("component", "chats"), mailVia: d.links.mailVia,
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
	o := &outlooks{find: (&visits{chats: c, account: account}).find, now: time.Now, logger: c.logger}
	cfg.Outlook = o.look
}
