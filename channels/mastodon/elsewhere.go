package mastodon

import (
	"context"
	"net/url"

	"stagecoach/channels"
)

// readOwn looks for answers that a colleague gave outside Stagecoach, in the
// server's own pages or another program: posts of ours in answer to somebody that
// another application made. Without knowing our own application's name nothing is
// looked for, so that no reply of ours is ever taken for somebody else's.
func (r *run) readOwn(ctx context.Context) error {
	if r.app == "" {
		return nil
	}
	l := r.own
	p, err := r.a.listPage(ctx, "/api/v1/accounts/"+pathOf(r.me.id)+"/statuses",
		url.Values{"limit": {itoa(listenPage)}, "exclude_reblogs": {"true"}})
	if err != nil {
		return err
	}
	byTime(p.entries)
	var items []item
	if !l.isNew {
		floor := l.floor()
		for _, e := range p.entries {
			if l.place.has(e.id) || e.at.Before(floor) {
				continue
			}
			if it, ok := r.ownItem(l, e); ok {
				items = append(items, it)
			}
		}
	}
	if err := r.handOver(ctx, l, items); err != nil {
		return err
	}
	l.keep(p.entries)
	l.isNew = false
	return r.advance(ctx, l, l.place.String())
}

func (r *run) ownItem(l *list, e entry) (item, bool) {
	var s status
	if unmarshalLoosely(e.raw, &s) != nil || s.ID == "" || s.Account.ID != r.me.id {
		return item{}, false
	}
	by := s.Application.Name
	_, ours := r.a.sent.owner.Get(s.ID)
	if s.InReplyToID == "" || s.InReplyToAccountID == r.me.id || by == "" || by == r.app || ours {
		return item{}, false
	}
	id := r.a.providerID(&s)
	return item{
		sender: r.a.cfg.Address, id: id,
		make: func(ctx context.Context) (*channels.Inbound, error) {
			env := &envelope{Kind: kindPost, Event: e.raw, Thread: r.a.threadOf(ctx, s.ID)}
			return r.a.inbound(channels.OwnCopy, l.mark.Source, s.ID, id, r.a.cfg.Address, e.at, env)
		},
	}, true
}

// application gives the name of the application that our token is of, "" where
// the server doesn't say.
// https://docs.joinmastodon.org/methods/apps/#verify_credentials
func (a *Adapter) application(ctx context.Context) string {
	var app struct {
		Name string `json:"name"`
	}
	if _, err := a.get(ctx, opFetch, "/api/v1/apps/verify_credentials", nil, &app); err != nil {
		a.log.DebugContext(ctx, "the token's application can't be told: answers given elsewhere aren't looked for", "err", err)
		return ""
	}
	return app.Name
}
