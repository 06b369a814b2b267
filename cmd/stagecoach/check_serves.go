package main

import (
	"slices"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/policies"
)

// hereOf says what is configured of what a policy set may name; without any account yet
// nothing is said of channels.
func hereOf(cfg *configs.Config) policies.Here {
	h, c := policies.Here{CRM: cfg.CRM.Asked()}, &cfg.Channels
	if c.Count() > 0 {
		h.Sends = sends(c)
		h.Public = len(c.Mastodon)+len(c.Bluesky)+len(c.Slack)+len(c.Webhook)+len(c.Remote) > 0
	}
	return h
}

// sends reports whether an answer can go by a channel, as configured: an account sends
// there, or somebody rings up. It is what links.reaches says of the running daemon.
func sends(c *configs.Channels) func(contact.Channel) bool {
	accounts := map[contact.Channel]int{
		contact.Phone: 1, contact.Email: len(c.Email), contact.WebChat: len(c.WebChat), contact.Slack: len(c.Slack),
		contact.Mastodon: len(c.Mastodon), contact.Bluesky: len(c.Bluesky),
	}
	if slices.ContainsFunc(c.Webhook, func(w configs.Webhook) bool { return w.Callback.URL != "" }) {
		accounts[contact.Webhook]++
	}
	for i := range c.Remote {
		accounts[contact.Channel(c.Remote[i].Channel)]++
	}
	return func(ch contact.Channel) bool { return accounts[ch] > 0 }
}
