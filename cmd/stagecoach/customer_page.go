package main

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/portal"
	"stagecoach/journal"
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

// openPages makes the customers' own pages, where customers can reach us.
func (d *Daemon) openPages(ctx context.Context) (err error) {
	if d.pages.base == "" {
		return nil
	}
	pages := customerPages{d}
	if d.codes, err = portal.OpenCodes(ctx, d.opts.Dir, d.journal.Keys().Key(journal.KeySign), time.Now); err != nil {
		return err
	}
	d.portal, err = portal.NewServer(portal.Config{
		Base: d.pages.base, Signer: d.pages.signer, Codes: d.codes, Origin: d.server.Origin,
		Keep: func() time.Duration { return d.policy.Load().Page().Keep },
	}, pages, pages, d.logger)
	return err
}

// customersPages hands what comes for the customers' own pages to them, and all else
// to next.
func (d *Daemon) customersPages(next http.Handler) http.Handler {
	if d.portal == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, portal.Path) {
			d.portal.Handler().ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
