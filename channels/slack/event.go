package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"stagecoach/channels"
)

// task is something to deliver.
type task struct {
	kind channels.InboundKind
	conv *conv
	// id is the ProviderID, position the ts where it lies in its conversation.
	id, position, sender string
	at                   time.Time
	env                  envelope
	// m is the message itself, nil of what can't be read.
	m *message
	// ask is the thread of which it isn't known whether we take part in it, root the
	// thread to remember once it's known to be for us.
	ask, root string
}

// deletedMark ends the id of a deletion.
const deletedMark = "#deleted"

// verdict is what is to be done with an event.
type verdict int

const (
	ignore verdict = iota
	take
	broken
)

// event handles an events_api envelope. It returns once its delivery is under way.
func (r *run) event(ctx context.Context, payload json.RawMessage, ack func()) error {
	var cb eventCallback
	var head struct {
		Type string `json:"type"`
	}
	if unmarshalLoosely(payload, &cb) != nil || !isObject(cb.Event) || unmarshalLoosely(cb.Event, &head) != nil || head.Type == "" {
		return r.broken(ctx, payload, &cb, ack)
	}
	if head.Type != "message" && head.Type != "app_mention" {
		ack()
		return nil
	}
	var m message
	if unmarshalLoosely(cb.Event, &m) != nil || !validID(m.Channel) {
		return r.broken(ctx, payload, &cb, ack)
	}
	c, err := r.conv(ctx, m.Channel, m.ChannelType)
	if err != nil {
		return err
	}
	t, v := r.judge(c, &m)
	switch v {
	case ignore:
		c.pass(firstOf(m.EventTS, m.TS))
		ack()
		return nil
	case broken:
		return r.broken(ctx, payload, &cb, ack)
	case take:
	}
	t.env.Kind, t.env.Event = kindEvent, cb.Event
	if r.holdBack(ctx, t, ack) {
		return nil
	}
	return r.dispatch(ctx, t, ack)
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// broken delivers an event that can't be read as it came: people look at it.
func (r *run) broken(ctx context.Context, payload json.RawMessage, cb *eventCallback, ack func()) error {
	name := cb.EventID
	if name == "" || len(name) > 100 {
		sum := sha256.Sum256(payload)
		name = hex.EncodeToString(sum[:16])
	}
	at := time.Time{}
	if n, err := cb.EventTime.Int64(); err == nil && n > 0 && n < 1<<36 {
		at = time.Unix(n, 0)
	}
	if len(payload) == 0 || !json.Valid(payload) {
		payload = json.RawMessage("null")
	}
	return r.dispatch(ctx, &task{
		kind: channels.Fresh, conv: r.root, id: r.me.team + "/event/" + name, position: name, at: at,
		env: envelope{Kind: kindBroken, Event: payload},
	}, ack)
}

// said tells the subtypes that people's messages have; of the rest, such as
// channel_join, none says anything.
// https://docs.slack.dev/reference/events/message/#subtypes
func said(subtype string) bool {
	return slices.Contains([]string{"", "file_share", "thread_broadcast", "me_message", "bot_message", "file_comment"}, subtype)
}

// judge decides what a message, or a change of one, is for us.
func (r *run) judge(c *conv, m *message) (*task, verdict) {
	switch m.Subtype {
	case "message_changed":
		return r.judgeChange(c, m)
	case "message_deleted":
		return r.judgeDeletion(c, m.Previous, firstOf(m.DeletedTS, previousTS(m)), firstOf(m.EventTS, m.TS))
	default:
		return r.judgeMessage(c, m)
	}
}

func previousTS(m *message) string {
	if m.Previous == nil {
		return ""
	}
	return m.Previous.TS
}

func (r *run) judgeMessage(c *conv, m *message) (*task, verdict) {
	if !validTS(m.TS) {
		if said(m.Subtype) {
			return nil, broken
		}
		return nil, ignore
	}
	if m.User == r.me.user || m.BotID == r.me.bot {
		r.noteOwn(c, m)
		return nil, ignore
	}
	if !said(m.Subtype) || r.foreignBot(m) || compareTS(m.TS, c.since()) < 0 {
		return nil, ignore
	}
	if m.User == "" && m.BotID == "" {
		return nil, broken
	}
	t := r.newTask(channels.Fresh, c, m, messageID(r.me.team, c.id, m.TS), m.TS)
	return r.forUs(t, m)
}

// judgeChange takes an edit by a person. Slack sends such an event as well when it
// adds a link's preview or finds out a language: then edited is missing, or the
// words are the same. https://docs.slack.dev/reference/events/message/message_changed
func (r *run) judgeChange(c *conv, m *message) (*task, verdict) {
	now := m.Message
	if now == nil || !validTS(now.TS) {
		return nil, broken
	}
	if now.Subtype == tombstone { // deleted, with answers below it
		return r.judgeDeletion(c, m.Previous, now.TS, firstOf(m.EventTS, m.TS))
	}
	if now.Edited == nil || !validTS(now.Edited.TS) || m.Previous != nil && sameWords(m.Previous, now) {
		return nil, ignore
	}
	return r.judgeEdited(c, now)
}

// judgeEdited takes a message as it reads since an edit.
func (r *run) judgeEdited(c *conv, now *message) (*task, verdict) {
	if r.own(now) || r.foreignBot(now) || !said(now.Subtype) || compareTS(now.TS, c.since()) < 0 {
		return nil, ignore
	}
	t := r.newTask(channels.Changed, c, now, messageID(r.me.team, c.id, now.TS)+"#"+now.Edited.TS, now.Edited.TS)
	return r.forUs(t, now)
}

func sameWords(before, now *message) bool {
	return strings.Join(strings.Fields(before.Text), " ") == strings.Join(strings.Fields(now.Text), " ")
}

// judgeDeletion takes a deletion. Who had written the message is said by the event,
// or known of the delivery, or nobody knows.
func (r *run) judgeDeletion(c *conv, before *message, ts, at string) (*task, verdict) {
	if !validTS(ts) || !validTS(at) {
		return nil, broken
	}
	if before == nil {
		before = &message{TS: ts}
	}
	if r.own(before) || r.foreignBot(before) || !said(before.Subtype) || compareTS(ts, c.since()) < 0 {
		return nil, ignore
	}
	gone := *before
	gone.Files, gone.TS = nil, ts
	t := r.newTask(channels.Changed, c, &gone, messageID(r.me.team, c.id, ts)+deletedMark, at)
	if gone.User == "" && gone.BotID == "" {
		t.sender, _ = r.a.authors.Get(c.id + "/" + ts)
	}
	t.env.Author = t.sender
	return r.forUs(t, &gone)
}

func (r *run) own(m *message) bool {
	return m.User == r.me.user || m.BotID != "" && m.BotID == r.me.bot
}

// foreignBot reports whether a message is another program's that we don't take.
func (r *run) foreignBot(m *message) bool {
	return !r.a.cfg.Bots && (m.BotID != "" || m.Subtype == "bot_message" || m.User == slackbot)
}

// slackbot is Slack's own voice in every workspace.
const slackbot = "USLACKBOT"

// noteOwn remembers that we take part in a thread.
func (r *run) noteOwn(c *conv, m *message) {
	if root := firstOf(m.ThreadTS, m.TS); validTS(root) {
		r.a.threads.Add(c.id+"/"+root, true)
		r.follow(c, m)
	}
}

func (r *run) newTask(kind channels.InboundKind, c *conv, m *message, id, position string) *task {
	return &task{
		kind: kind, conv: c, id: id, position: position, at: timeOf(position), m: m,
		sender: senderOf(r.me.team, m), root: firstOf(m.ThreadTS, m.TS),
		env: envelope{Team: r.me.team, Self: r.me.user, Channel: c.id, ChannelType: c.kind},
	}
}

// senderOf names whom a message is from: "T012AB3CD/U345EF6GH".
func senderOf(team string, m *message) string {
	who := firstOf(m.User, m.BotID)
	if who == "" {
		return ""
	}
	return firstOf(m.UserTeam, m.Team, m.SourceTeam, team) + "/" + who
}

// forUs decides whether a message concerns us: said to us, in a channel of ours,
// with a mention of us, or in a thread in which we take part.
func (r *run) forUs(t *task, m *message) (*task, verdict) {
	if validTS(m.ThreadTS) && m.ThreadTS != m.TS {
		t.ask = m.ThreadTS
	}
	known, asked := r.a.threads.Get(t.conv.id + "/" + t.root)
	if !asked && t.conv.follows(t.root) {
		known, asked = true, true
	}
	switch {
	case direct(t.conv.kind), r.ours[t.conv.id], asked && known:
		t.ask = ""
		return t, take
	case mentions(m.Text, r.me.user), m.Type == "app_mention", m.ParentUser == r.me.user:
		t.ask = ""
		r.a.threads.Add(t.conv.id+"/"+t.root, true) // what follows at once is for us as well
		return t, take
	case t.ask != "" && !asked:
		return t, take // it is found out before the delivery
	default:
		return nil, ignore
	}
}

// takesPart finds out whether we were spoken to, or spoke, in a thread.
// https://docs.slack.dev/reference/methods/conversations.replies
func (r *run) takesPart(ctx context.Context, c *conv, thread string) (bool, error) {
	if known, asked := r.a.threads.Get(c.id + "/" + thread); asked {
		return known, nil
	}
	answer, err, _ := r.asked.Do(c.id+"/"+thread, func() (any, error) {
		ours := false
		err := r.persistently(ctx, func() error {
			return r.replies(ctx, c.id, thread, "", func(m *message, _ json.RawMessage) bool {
				ours = r.own(m) || mentions(m.Text, r.me.user)
				return !ours
			})
		})
		if err == nil || unreachable(err) {
			r.a.threads.Add(c.id+"/"+thread, ours)
			err = nil
		}
		return ours, err
	})
	ours, _ := answer.(bool)
	return ours, err
}

// persistently does something again for as long as Slack fails at it.
func (r *run) persistently(ctx context.Context, do func() error) error {
	for pause := r.a.pause; ; pause = min(2*pause, longestPauseOfHistory) {
		err := do()
		if !passing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
