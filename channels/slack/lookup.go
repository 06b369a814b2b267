package slack

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Delivered implements channels.Resolver. What isn't found counts as not
// delivered only some time after the last attempt, when Slack has had the time to
// do it.
func (a *Adapter) Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error) {
	out, err := readOutgoing(r)
	if err != nil {
		return false, false, a.failure(opLookUp, channels.Malformed, "", err.Error(), err)
	}
	s := a.sent.of(r.ID)
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return false, false, a.linkFailure(opLookUp, ctx.Err())
	}
	defer func() { <-s.turn }()
	if s.receipt != nil {
		return true, true, nil
	}
	me, err := a.whoami(ctx, opLookUp)
	if err != nil {
		return false, false, err
	}
	s.doubt = true
	if err := a.lookUp(ctx, me, r, out, s); err != nil {
		return false, false, err
	}
	if len(s.posted) == len(out.Posts) && (out.Share == nil || s.shared != "") {
		a.finish(me, out, s)
		return true, true, nil
	}
	last := s.last
	if last.IsZero() {
		last = a.started
	}
	if time.Since(last) < a.settle {
		s.doubt = true
		return false, false, nil
	}
	return false, true, nil
}

// lookUp finds what of a reply was posted already, by the metadata of its messages
// and the names of its files.
func (a *Adapter) lookUp(ctx context.Context, me *self, r *contact.Reply, out *outgoing, s *sending) error {
	channel, err := a.channelOf(ctx, out, s)
	if err != nil {
		return err
	}
	oldest := tsOf(writtenAt(r).Add(me.ahead - clockSlack))
	parts := map[int]string{}
	shared := s.shared
	look := func(m *message, _ json.RawMessage) bool {
		if m.User != me.user && m.BotID != me.bot || compareTS(m.TS, oldest) < 0 {
			return true
		}
		if part, ok := partOf(m, r.ID); ok {
			parts[part] = m.TS
		}
		if owner, owned := a.sent.owner.Get(channel + "/" + m.TS); shared == "" && (!owned || owner == r.ID) && out.sharedBy(m) {
			shared = m.TS
			a.sent.owner.Add(channel+"/"+m.TS, r.ID)
		}
		return true
	}
	query := url.Values{"channel": {channel}, "oldest": {oldest}, "include_all_metadata": {"true"}}
	method := "conversations.history"
	if _, thread := out.place(); thread != "" {
		method = "conversations.replies"
		query.Set("ts", thread)
	}
	if _, err := a.messages(ctx, opLookUp, method, query, mostPages, look); err != nil && codeOf(err) != "thread_not_found" {
		return err
	}
	s.shared = shared
	for k := len(s.posted); k < len(out.Posts) && parts[k+1] != ""; k++ {
		s.posted = append(s.posted, parts[k+1])
	}
	s.looked, s.doubt = true, false
	return nil
}

// partOf gives which part of a reply a message is.
func partOf(m *message, reply string) (int, bool) {
	if m.Metadata == nil || m.Metadata.EventType != markerType {
		return 0, false
	}
	var p replyPayload
	if unmarshalLoosely(m.Metadata.Payload, &p) != nil || p.Reply != reply {
		return 0, false
	}
	return p.Part, true
}

// sharedBy reports whether a message has just the files of the reply.
func (o *outgoing) sharedBy(m *message) bool {
	if o.Share == nil || len(m.Files) != len(o.Files) || len(m.Files) == 0 {
		return false
	}
	var want, have []string
	for i := range o.Files {
		want = append(want, o.Files[i].Name)
		have = append(have, firstOf(m.Files[i].Title, m.Files[i].Name))
	}
	slices.Sort(want)
	slices.Sort(have)
	return slices.Equal(want, have)
}

var _ channels.Resolver = (*Adapter)(nil)
