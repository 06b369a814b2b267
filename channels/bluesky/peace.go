package bluesky

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"

	"stagecoach/channels/peace"
)

// mayApproach reports whether a post that wasn't addressed to us may be answered:
// it is a person's, nobody else's talk, its author lets anybody answer and has no
// quarrel with us.
func (r *run) mayApproach(p *post) bool {
	me := r.me.did
	switch {
	case p.Author.DID == me:
		return false
	case p.Record.mentions(me), p.Record.Reply != nil && authorOf(p.Record.Reply.Parent.URI) == me:
		return false // it comes as a notification
	case p.Record.Reply != nil && authorOf(p.Record.Reply.Parent.URI) != p.Author.DID:
		return false // they speak with somebody else
	case p.Viewer.ReplyDisabled: // by a gate of the thread
		return false
	case p.Author.apart():
		return false
	}
	return !automated(p.Author) && !hidden(p.Labels) && !hidden(p.Author.Labels)
}

// automated reports whether an account's owner says that it is a bot: the label of
// that name, which the Bluesky app sets by "automated account".
func automated(p profile) bool {
	return slices.ContainsFunc(p.Labels, func(l label) bool { return l.Val == "bot" && !l.Neg })
}

// hidden reports whether moderators hide it from everybody
// (https://docs.bsky.app/docs/advanced-guides/moderation#global-label-values).
func hidden(labels []label) bool {
	return slices.ContainsFunc(labels, func(l label) bool {
		return !l.Neg && (l.Val == "!hide" || l.Val == "!takedown" || l.Val == "!suspend" || l.Val == "spam")
	})
}

// leaveInPeace leaves out those whose profile asks for it.
// https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles
func (r *run) leaveInPeace(ctx context.Context, entries []entry) ([]entry, error) {
	var dids []string
	for _, e := range entries {
		dids = append(dids, e.p.Author.DID)
	}
	slices.Sort(dids)
	open := map[string]bool{}
	for chunk := range slices.Chunk(slices.Compact(dids), viewsAtOnce) {
		var found struct {
			Profiles []json.RawMessage `json:"profiles"`
		}
		if err := r.a.get(ctx, opFetch, "app.bsky.actor.getProfiles", url.Values{"actors": chunk}, &found); err != nil {
			return nil, err
		}
		for _, raw := range found.Profiles {
			var p profile
			if unmarshalLoosely(raw, &p) == nil {
				open[p.DID] = !peace.Asked(p.DisplayName, p.Description) && !p.apart() && !automated(p)
			}
		}
	}
	return slices.DeleteFunc(entries, func(e entry) bool { return !open[e.p.Author.DID] }), nil
}
