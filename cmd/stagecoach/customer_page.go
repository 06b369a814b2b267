package main

import (
	"sync/atomic"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/portal"
	"stagecoach/policies"
	"stagecoach/router"
)

// pageLinks makes the links to the customers' own pages.
type pageLinks struct {
	// base is where customers reach us, "" where they don't.
	base   string
	signer portal.Signer
	policy *atomic.Pointer[policies.Set]
}

// of gives the link of a conversation for what goes out on a channel, "" for none.
func (p *pageLinks) of(c *router.Conversation, ch contact.Channel) string {
	rule := p.policy.Load().Page()
	if p.base == "" || !rule.Linked(ch) {
		return ""
	}
	token := p.signer.Token(portal.Link{Conversation: c.ID, Epoch: c.PageEpoch, Expires: time.Now().Add(rule.Keep)})
	if token == "" {
		return ""
	}
	return p.base + portal.Path + token
}

// ask reports whether answers ask how they were.
func (p *pageLinks) ask() bool { return p.policy.Load().Feedback().Ask }
