package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/router"
)

// What is looked after when an account starts: not more than so many, nor older
// than so long before the newest, as people tidy up the folder too.
const (
	recentCopies = 100
	recentTime   = time.Hour
)

// keepCopies puts copies where the crash, or the swap of an account, that came
// between a delivery and its copy left none: of what was delivered last, at the
// start and whenever it has fallen behind, and of what a person then confirms
// as delivered.
func (s *sender) keepCopies(ctx context.Context, copier channels.Copier) {
	for ctx.Err() == nil {
		commits := s.engine.Watch(ctx)
		for _, reply := range s.deliveredLast(ctx) {
			s.keepCopy(ctx, copier, reply)
		}
		for c := range commits {
			for i := range c.Entries {
				s.copyConfirmed(ctx, copier, &c.Entries[i])
			}
		}
	}
}

// deliveredLast gives the account's replies that were delivered last, the oldest
// first.
func (s *sender) deliveredLast(ctx context.Context) []string {
	var all []router.Reply
	_ = s.engine.View(ctx, func(st *router.State) { // an error means the end
		for _, r := range st.Replies {
			if r.State == router.ReplyIsDelivered && r.Channel == s.adapter.Channel && r.Account == s.adapter.Account {
				all = append(all, *r)
			}
		}
	})
	slices.SortFunc(all, func(a, b router.Reply) int {
		return cmp.Or(cmp.Compare(a.SettledN, b.SettledN), cmp.Compare(a.ID, b.ID))
	})
	all = all[max(0, len(all)-recentCopies):]
	var newest time.Time
	for i := range all {
		if all[i].QueuedAt.After(newest) {
			newest = all[i].QueuedAt
		}
	}
	out := []string{}
	for i := range all {
		if newest.Sub(all[i].QueuedAt) <= recentTime {
			out = append(out, all[i].ID)
		}
	}
	return out
}

func (s *sender) copyConfirmed(ctx context.Context, copier channels.Copier, entry *router.Entry) {
	for _, ev := range entry.Events {
		if e, ok := ev.(router.ReplyDelivered); ok && e.By != "" && entry.Kind == "resolve" {
			s.keepCopy(ctx, copier, e.Reply)
		}
	}
}

func (s *sender) keepCopy(ctx context.Context, copier channels.Copier, reply string) {
	var r *contact.Reply
	r, err := s.words(ctx, reply)
	if err == nil && r.Channel == s.adapter.Channel && r.Account == s.adapter.Account {
		err = s.guarded(ctx, "copy", func() error { return copier.KeepCopy(ctx, r) })
	}
	if err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "no copy of a delivered reply could be kept", "reply_id", reply, "err", err)
	}
}
