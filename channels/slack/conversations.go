package slack

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// kinds are the kinds of conversation that can be listed, with the scope for each.
func kinds() map[string]string {
	return map[string]string{
		"public_channel": "channels:read", "private_channel": "groups:read", "mpim": "mpim:read", "im": "im:read",
	}
}

// listable are the kinds that the token may list.
func (a *Adapter) listable(me *self) []string {
	var out []string
	for kind, scope := range kinds() {
		if me.may(scope) {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// conversations lists those that we are in.
// https://docs.slack.dev/reference/methods/users.conversations
func (a *Adapter) conversations(ctx context.Context, me *self, types []string) ([]conversation, error) {
	types = slices.DeleteFunc(slices.Clone(types), func(kind string) bool { return !me.may(kinds()[kind]) })
	if len(types) == 0 {
		return nil, nil
	}
	query := url.Values{"types": {strings.Join(types, ",")}, "limit": {strconv.Itoa(pageSize)}, "exclude_archived": {"true"}}
	var out []conversation
	for range mostPages {
		var got struct {
			page
			Channels []conversation `json:"channels"`
		}
		err := patiently(ctx, func() error {
			_, err := a.read(ctx, opFetch, "users.conversations", query, &got)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(got.Channels, func(c conversation) bool { return !validID(c.ID) })...)
		if next := got.Metadata.Cursor; next == "" || next == query.Get("cursor") {
			break
		} else {
			query.Set("cursor", next)
		}
	}
	return out, nil
}

// findAll lists the conversations that we are in, those of ours first, then the
// latest read, as those whose histories are wanted.
func (r *run) findAll(ctx context.Context) error {
	listable := r.a.listable(r.me)
	var all []conversation
	err := patiently(ctx, func() error {
		var err error
		all, err = r.a.conversations(ctx, r.me, listable)
		return err
	})
	if err != nil && !unreachable(err) {
		return err
	}
	complete := err == nil && len(listable) == len(kinds())
	kindOf := map[string]string{}
	for id := range r.ours {
		kindOf[id] = ""
	}
	for _, c := range all {
		kindOf[c.ID] = c.kind()
	}
	r.mu.Lock()
	for id := range kindOf {
		r.listed[id] = true
	}
	r.mu.Unlock()
	var out []*conv
	for id, kind := range kindOf {
		c, err := r.conv(ctx, id, kind)
		if err != nil {
			return err
		}
		out = append(out, c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.convs {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *conv) int {
		if r.ours[a.id] != r.ours[b.id] {
			return boolOrder(r.ours[a.id])
		}
		return cmp.Or(b.readAt().Compare(a.readAt()), strings.Compare(a.id, b.id))
	})
	r.complete, r.wanted = complete, out
	return nil
}

func boolOrder(first bool) int {
	if first {
		return -1
	}
	return 1
}

// kindOf finds out what kind of conversation one is where an event doesn't say it:
// the id of a private channel, or of a group message, may look like any other.
// https://docs.slack.dev/reference/methods/conversations.info
func (a *Adapter) kindOf(ctx context.Context, id, said string) string {
	if said != "" {
		return said
	}
	if strings.HasPrefix(id, "D") {
		return kindIM
	}
	limited, cancel := context.WithTimeout(ctx, whoTime)
	defer cancel()
	var got struct {
		Channel conversation `json:"channel"`
	}
	if _, err := a.read(limited, opFetch, "conversations.info", url.Values{"channel": {id}}, &got); err != nil || got.Channel.ID != id {
		a.log.DebugContext(ctx, "the kind of a conversation can't be had", "conversation", id, "err", err)
		return kindByID(id)
	}
	return got.Channel.kind()
}
