package router

import (
	"strings"

	"stagecoach/contact"
)

// correspond fills in whom a message counts for in a duel of machines, and
// whether an automatic answer may go to it at all.
func (i *Intake) correspond(c *Receive, m *contact.Message) {
	sender := strings.ToLower(strings.TrimSpace(m.Sender().Address))
	c.Unanswerable = m.Unanswerable
	if c.Unanswerable == "" && m.Outreach != "" {
		c.Unanswerable = "outreach" // nobody who hasn't asked us gets a machine's answer
	}
	if sender == "" {
		c.Unanswerable = "no_sender"
		return
	}
	c.Correspondents = []string{c.Identity}
	local, domain, isMail := strings.Cut(sender, "@")
	if isMail && roleAccount(local) {
		c.Correspondents = append(c.Correspondents, i.cfg.Keys.Of("domain", string(c.Channel), domain))
	}
	if i.ours(c, sender) {
		c.Unanswerable = "ours"
	}
}

// ours reports whether an address is one of our own on the channel.
func (i *Intake) ours(c *Receive, address string) bool {
	// One that carries a conversation's token reaches the same mailbox.
	if local, domain, isMail := strings.Cut(address, "@"); isMail {
		if plain, _, carries := strings.Cut(local, "+sc-"); carries {
			address = plain + "@" + domain
		}
	}
	if i.cfg.Ours != nil && i.cfg.Ours(c.Channel, address) {
		return true
	}
	for _, own := range i.cfg.Account(c.Channel, c.Account).Addresses {
		if strings.EqualFold(own, address) {
			return true
		}
	}
	return false
}

// roleAccount reports whether a local part is a function's and not a person's:
// many such addresses of a domain may be one machine.
func roleAccount(local string) bool {
	local, _, _ = strings.Cut(local, "+")
	switch strings.NewReplacer("-", "", "_", "", ".", "").Replace(local) {
	case "info", "support", "service", "kundenservice", "kundendienst", "servicedesk", "helpdesk", "help", "hilfe", "contact", "kontakt",
		"office", "mail", "post", "admin", "administrator", "root", "postmaster", "webmaster", "hostmaster", "abuse",
		"sales", "vertrieb", "billing", "accounts", "buchhaltung", "rechnung", "orders", "order", "bestellung", "customerservice",
		"noreply", "donotreply", "dontreply", "nepasrepondre", "keineantwort", "system", "robot", "bot", "daemon", "mailerdaemon",
		"notification", "notifications", "notify", "alert", "alerts", "monitoring", "cron", "newsletter", "marketing", "team", "hello", "hallo":
		return true
	}
	return false
}
