package bluesky

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"stagecoach/channels"
)

// convo is a talk by direct messages.
type convo struct {
	members map[string]person
	group   bool
}

const convosKept = 1024

// chatMessage is a message as the chat service shows it
// (https://github.com/bluesky-social/atproto/blob/main/lexicons/chat/bsky/convo/defs.json).
type chatMessage struct {
	Type   string  `json:"$type"`
	ID     string  `json:"id"`
	Rev    string  `json:"rev"`
	Text   string  `json:"text"`
	Facets []facet `json:"facets"`
	Embed  *embed  `json:"embed"`
	Sender struct {
		DID string `json:"did"`
	} `json:"sender"`
	SentAt string `json:"sentAt"`
}

// logEntry is an entry of the chat's log.
type logEntry struct {
	Type    string      `json:"$type"`
	Rev     string      `json:"rev"`
	Convo   string      `json:"convoId"`
	Message chatMessage `json:"message"`
	// Profiles may name the sender.
	Profiles []profile `json:"relatedProfiles"`
}

const (
	logCreate   = "chat.bsky.convo.defs#logCreateMessage"
	logDelete   = "chat.bsky.convo.defs#logDeleteMessage"
	messageView = "chat.bsky.convo.defs#messageView"
	// maxLogs bounds how many pages of the log one round reads.
	maxLogs = 200
)

// messageID is how a direct message is called in all of Stagecoach.
func messageID(convo, id string) string { return "bsky.chat/" + convo + "/" + id }

func (a *Adapter) chatGet(ctx context.Context, op, method string, query url.Values, into any) error {
	return a.read(ctx, request{op: op, method: method, query: query, chat: true}, into)
}

// pollChat delivers the messages after the bookmark. Where the app password
// doesn't allow it, that is told once and posts are read all the same.
func (r *run) pollChat(ctx context.Context) error {
	if !r.chat.due() {
		return nil
	}
	err := r.readChat(ctx)
	r.chat.leave(err)
	var delivering *deliverError
	switch {
	case err == nil:
		channels.Troubled(r.src, r.chat.mark.Source, nil)
		r.chatTold = false
		return nil
	case errors.As(err, &delivering):
		return delivering.err
	case ctx.Err() != nil:
		return ctx.Err()
	case chatRefused(err):
		if !r.chatTold {
			channels.Told(r.src, r.chat.mark.Source, "direct messages can't be read: "+channels.Words(err))
			r.chatTold = true
		}
		r.chat.notBefore = time.Now().Add(refusedChatInterval)
		return nil
	default:
		r.a.log.WarnContext(ctx, "direct messages can't be read just now", "err", err)
		channels.Troubled(r.src, r.chat.mark.Source, err)
		return nil
	}
}

// chatRefused tells that the account has no access to direct messages.
func chatRefused(err error) bool {
	var typed *channels.Error
	return errors.As(err, &typed) && (typed.Reason == channels.Auth || typed.Reason == channels.Malformed)
}

// deliverError is one of the source's, not of the chat service.
type deliverError struct{ err error }

func (e *deliverError) Error() string { return e.err.Error() }
func (e *deliverError) Unwrap() error { return e.err }

// beginChat takes what is there at the first connection as seen. Where the service
// can't be asked, what comes from now on is new: its revisions are times.
func (r *run) beginChat(ctx context.Context) error {
	if !r.chat.isNew {
		return nil
	}
	from, err := r.a.chatPresent(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		from = tid(time.Now().Add(-time.Minute).UnixMicro(), 0)
	}
	if from == "" { // no talk yet; a log without a cursor may begin anywhere
		from = tid(time.Now().Add(-24*time.Hour).UnixMicro(), 0)
	}
	return r.advance(ctx, r.chat, from)
}

// readChat reads the log to its end.
// https://docs.bsky.app/docs/api/chat-bsky-convo-get-log
func (r *run) readChat(ctx context.Context) error {
	l := r.chat
	for range maxLogs {
		var page struct {
			Cursor string            `json:"cursor"`
			Logs   []json.RawMessage `json:"logs"`
		}
		query := url.Values{}
		if l.mark.Position != "" {
			query.Set("cursor", l.mark.Position)
		}
		if err := r.a.chatGet(ctx, opFetch, "chat.bsky.convo.getLog", query, &page); err != nil {
			return err
		}
		position := l.mark.Position
		var items []item
		for _, raw := range page.Logs {
			e, ok := readLog(raw)
			if ok && e.Rev <= l.mark.Position {
				continue
			}
			position = max(position, e.Rev)
			it, message, err := r.chatItem(ctx, raw, e, ok)
			if err != nil {
				return err
			}
			if message {
				items = append(items, it)
			}
		}
		if err := r.handOver(ctx, l, items); err != nil {
			return &deliverError{err}
		}
		moved := position != l.mark.Position
		if err := r.advance(ctx, l, position); err != nil {
			return &deliverError{err}
		}
		if !moved {
			return nil
		}
	}
	return nil
}

// readLog reads an entry, and gives false of one that isn't what the protocol
// promises.
func readLog(raw json.RawMessage) (logEntry, bool) {
	var e logEntry
	if json.Unmarshal(raw, &e) == nil {
		return e, e.Rev != "" && e.Type != ""
	}
	// Kinds that we don't know may have other fields of the same name.
	var loose logEntry
	_ = unmarshalLoosely(raw, &loose)
	return loose, loose.Rev != "" && loose.Type != "" && loose.Type != logCreate && loose.Type != logDelete
}

// chatPresent gives where the log is now: the newest of the talks' revisions.
// https://docs.bsky.app/docs/api/chat-bsky-convo-list-convos
func (a *Adapter) chatPresent(ctx context.Context) (string, error) {
	var page struct {
		Convos []struct {
			Rev string `json:"rev"`
		} `json:"convos"`
	}
	if err := a.chatGet(ctx, opFetch, "chat.bsky.convo.listConvos", url.Values{"limit": {"50"}}, &page); err != nil {
		return "", err
	}
	newest := ""
	for _, c := range page.Convos {
		newest = max(newest, c.Rev)
	}
	return newest, nil
}

// chatItem makes what is delivered of an entry of the log, and false of one that
// is no message to us.
func (r *run) chatItem(ctx context.Context, raw json.RawMessage, e logEntry, wellFormed bool) (item, bool, error) {
	at := when(e.Message.SentAt)
	if !wellFormed {
		sum := sha256.Sum256(raw)
		id := "malformed-" + hex.EncodeToString(sum[:16])
		return item{
			kind: channels.Fresh, position: firstOf(e.Rev, id), id: id, at: at, env: &envelope{Kind: kindMessage, Event: raw},
		}, true, nil
	}
	if e.Type != logCreate && e.Type != logDelete || e.Message.ID == "" || e.Message.Sender.DID == r.me.did {
		return item{}, false, nil
	}
	it := item{
		kind: channels.Fresh, position: e.Rev, id: messageID(e.Convo, e.Message.ID), sender: e.Message.Sender.DID, at: at,
		env: &envelope{Kind: kindMessage, Event: raw},
	}
	if e.Type == logDelete {
		it.kind, it.env.Kind, it.at = channels.Changed, kindDeleted, time.Now()
		it.id += "#deleted"
	} else if e.Message.Type != messageView && e.Message.Text == "" && e.Message.Embed == nil {
		return item{}, false, nil // deleted before we saw it
	}
	c, err := r.a.convoOf(ctx, e.Convo)
	if err != nil {
		if reason := channels.ReasonOf(err); reason == channels.Unavailable || reason == channels.RateLimited {
			return item{}, false, err
		}
		c = &convo{} // left or gone; the message came all the same
	}
	if c.group {
		return item{}, false, nil // nobody speaks to us alone there
	}
	it.env.Sender = senderOf(c, e)
	return it, true, nil
}

func senderOf(c *convo, e logEntry) *person {
	if p, ok := c.members[e.Message.Sender.DID]; ok {
		return &p
	}
	for _, p := range e.Profiles {
		if p.DID == e.Message.Sender.DID {
			return &person{DID: p.DID, Handle: p.known(), Name: plainName(p.DisplayName, 100)}
		}
	}
	return &person{DID: e.Message.Sender.DID}
}

// convoOf asks who takes part in a talk.
// https://docs.bsky.app/docs/api/chat-bsky-convo-get-convo
func (a *Adapter) convoOf(ctx context.Context, id string) (*convo, error) {
	if c, ok := a.convos.Get(id); ok {
		return c, nil
	}
	var told struct {
		Convo struct {
			Members []profile `json:"members"`
			Kind    struct {
				Type string `json:"$type"`
			} `json:"kind"`
		} `json:"convo"`
	}
	if err := a.chatGet(ctx, opFetch, "chat.bsky.convo.getConvo", url.Values{"convoId": {id}}, &told); err != nil {
		return nil, err
	}
	c := &convo{members: map[string]person{}, group: strings.HasSuffix(told.Convo.Kind.Type, "#groupConvo")}
	for _, p := range told.Convo.Members {
		c.members[p.DID] = person{DID: p.DID, Handle: p.known(), Name: plainName(p.DisplayName, 100)}
	}
	a.convos.Add(id, c)
	return c, nil
}
