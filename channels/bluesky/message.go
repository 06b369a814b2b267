package bluesky

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
)

// sending is what this process has done for one reply by direct messages.
type sending struct {
	// turn is held by the one that sends it.
	turn chan struct{}
	// convo is the talk, sent the ids of the messages that are there.
	convo string
	sent  []string
	// looked tells that what an earlier process may have sent is known, and doubt
	// that an attempt ended without an answer.
	looked, doubt bool
	// last is when the last attempt ended.
	last    time.Time
	receipt *channels.Receipt
}

// sentBook remembers the replies sent last.
type sentBook struct {
	mu  sync.Mutex
	all *lru.Cache[string, *sending]
	// owner tells to which reply a message of ours belongs.
	owner *lru.Cache[string, string]
}

const sentKept = 2048

func newSentBook() (*sentBook, error) {
	all, err := lru.New[string, *sending](sentKept)
	if err != nil {
		return nil, err
	}
	owner, err := lru.New[string, string](4 * sentKept)
	if err != nil {
		return nil, err
	}
	return &sentBook{all: all, owner: owner}, nil
}

func (b *sentBook) of(id string) *sending {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.all.Get(id); ok {
		return s
	}
	s := &sending{turn: make(chan struct{}, 1)}
	b.all.Add(id, s)
	return s
}

// take waits for the turn of a reply.
func (a *Adapter) take(ctx context.Context, op string, s *sending) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return a.failure(op, channels.Unavailable, "", "stopped while the same reply was being sent", ctx.Err())
	}
}

// sendMessages sends a reply by direct messages, those that aren't there yet.
func (a *Adapter) sendMessages(ctx context.Context, r *contact.Reply, out *outgoing) (channels.Receipt, error) {
	s := a.sent.of(r.ID)
	if err := a.take(ctx, opSend, s); err != nil {
		return channels.Receipt{}, err
	}
	defer func() { <-s.turn }()
	if s.receipt != nil {
		return *s.receipt, nil
	}
	err := a.sendRest(ctx, r, out, s)
	s.last = time.Now()
	if err != nil {
		return channels.Receipt{}, err
	}
	s.receipt = &channels.Receipt{ProviderID: messageID(s.convo, s.sent[len(s.sent)-1]), At: time.Now().UTC()}
	return *s.receipt, nil
}

func (a *Adapter) sendRest(ctx context.Context, r *contact.Reply, out *outgoing, s *sending) error {
	if err := a.findConvo(ctx, out, s); err != nil {
		return err
	}
	if !s.looked || s.doubt {
		if _, err := a.lookForMessages(ctx, r, out, s); err != nil {
			return err
		}
		s.looked, s.doubt = true, false
	}
	for k := len(s.sent); k < len(out.Messages); k++ {
		if err := a.sendMessage(ctx, r, out, s, k); err != nil {
			return err
		}
		fault.On(contact.Bluesky, fault.SendAfterPart)
	}
	return nil
}

// findConvo gives the talk that the messages go to.
// https://docs.bsky.app/docs/api/chat-bsky-convo-get-convo-for-members
func (a *Adapter) findConvo(ctx context.Context, out *outgoing, s *sending) error {
	if s.convo != "" {
		return nil
	}
	if out.Convo != "" {
		s.convo = out.Convo
		return nil
	}
	me, err := a.session(ctx, opSend)
	if err != nil {
		return err
	}
	did := out.Member
	if !strings.HasPrefix(did, "did:") {
		if did, err = a.resolve(ctx, opLookUp, did, me.server); err != nil {
			if channels.ReasonOf(err) == channels.Auth {
				return a.failure(opSend, channels.Rejected, "", "nobody has this handle", err)
			}
			return err
		}
	}
	var told struct {
		Convo struct {
			ID string `json:"id"`
		} `json:"convo"`
	}
	if err := a.chatGet(ctx, opSend, "chat.bsky.convo.getConvoForMembers", url.Values{"members": {did}}, &told); err != nil {
		return err
	}
	if told.Convo.ID == "" {
		return a.failure(opSend, channels.Unavailable, "", "the chat service names no talk", nil)
	}
	s.convo = told.Convo.ID
	return nil
}

// sendMessage sends one message. After an answer that leaves its fate open it is
// looked for at once.
// https://docs.bsky.app/docs/api/chat-bsky-convo-send-message
func (a *Adapter) sendMessage(ctx context.Context, r *contact.Reply, out *outgoing, s *sending, k int) error {
	type input struct {
		Text   string  `json:"text"`
		Facets []facet `json:"facets,omitempty"`
	}
	body, err := json.Marshal(struct {
		Convo   string `json:"convoId"`
		Message input  `json:"message"`
	}{s.convo, input{out.Messages[k].Text, out.Messages[k].Facets}})
	if err != nil {
		return a.failure(opMessage, channels.Malformed, "", err.Error(), err)
	}
	res, reached, err := a.call(ctx, request{
		op: opMessage, method: "chat.bsky.convo.sendMessage", body: body, contentType: "application/json", chat: true,
	})
	switch {
	case err != nil && !reached:
		return a.linkFailure(opMessage, err)
	case err != nil:
		e := a.linkFailure(opMessage, err)
		e.Reason = channels.InDoubt
		return a.doubtful(ctx, r, out, s, k, e)
	case !res.ok():
		e := a.refusal(opMessage, res)
		if e.Reason == channels.InDoubt {
			return a.doubtful(ctx, r, out, s, k, e)
		}
		return e
	}
	var made chatMessage
	if err := unmarshalLoosely(res.body, &made); err != nil || made.ID == "" {
		e := a.failure(opMessage, channels.InDoubt, "", "the chat service took the message and gave no id of it", err)
		return a.doubtful(ctx, r, out, s, k, e)
	}
	a.noteSent(r, s, made.ID)
	return nil
}

func (a *Adapter) noteSent(r *contact.Reply, s *sending, id string) {
	s.sent = append(s.sent, id)
	a.sent.owner.Add(id, r.ID)
}

// doubtful looks for message k, whose fate isn't known, and gives e where it isn't
// found.
func (a *Adapter) doubtful(ctx context.Context, r *contact.Reply, out *outgoing, s *sending, k int, e *channels.Error) error {
	s.doubt = true
	if ctx.Err() != nil {
		return e
	}
	if _, err := a.lookForMessages(ctx, r, out, s); err != nil || len(s.sent) <= k {
		return e
	}
	s.doubt = false
	return nil
}

// Where own messages are looked for: back to when the reply was written by the
// server's clock, or one that differs from it by as much as clockSlack.
const (
	lookPages  = 10
	clockSlack = time.Minute
)

// lookForMessages finds those of a reply that were sent already. complete tells
// that none can be missing.
// https://docs.bsky.app/docs/api/chat-bsky-convo-get-messages
func (a *Adapter) lookForMessages(ctx context.Context, r *contact.Reply, out *outgoing, s *sending) (complete bool, err error) {
	me, err := a.session(ctx, opLookUp)
	if err != nil {
		return false, err
	}
	since := time.Unix(out.Since, 0).Add(-clockSlack)
	var ours []chatMessage
	cursor := ""
	for range lookPages {
		var page struct {
			Cursor   string        `json:"cursor"`
			Messages []chatMessage `json:"messages"`
		}
		query := url.Values{"convoId": {s.convo}, "limit": {"100"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		at, err := a.readAt(ctx, request{op: opLookUp, method: "chat.bsky.convo.getMessages", query: query, chat: true}, &page)
		if err != nil {
			return false, err
		}
		if cursor == "" {
			since = since.Add(min(0, time.Until(at))) // the server's clock is behind ours
		}
		for _, m := range page.Messages {
			if m.Sender.DID == me.did && !when(m.SentAt).Before(since) {
				ours = append(ours, m)
			}
		}
		past := len(page.Messages) > 0 && when(page.Messages[len(page.Messages)-1].SentAt).Before(since)
		if past || page.Cursor == "" || page.Cursor == cursor || len(page.Messages) == 0 {
			complete = true
			break
		}
		cursor = page.Cursor
	}
	slices.SortStableFunc(ours, func(x, y chatMessage) int { return strings.Compare(x.Rev, y.Rev) })
	a.match(r, out, s, ours)
	return complete, nil
}

// match takes the messages that are the reply's, in their order.
func (a *Adapter) match(r *contact.Reply, out *outgoing, s *sending, ours []chatMessage) {
	for _, m := range ours {
		if len(s.sent) == len(out.Messages) {
			return
		}
		owner, owned := a.sent.owner.Get(m.ID)
		if slices.Contains(s.sent, m.ID) || owned && owner != r.ID {
			continue
		}
		if strings.TrimSpace(m.Text) == strings.TrimSpace(out.Messages[len(s.sent)].Text) {
			a.noteSent(r, s, m.ID)
		}
	}
}

// Delivered implements channels.Resolver.
func (a *Adapter) Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error) {
	out, err := readOutgoing(r)
	if err != nil {
		return false, false, a.failure(opLookUp, channels.Malformed, "", err.Error(), err)
	}
	if len(out.Messages) > 0 {
		return a.messagesDelivered(ctx, r, out)
	}
	s, err := a.session(ctx, opLookUp)
	if err != nil {
		return false, false, err
	}
	for _, p := range out.Posts {
		// One that isn't there may be sent again at any time: there will be one.
		if _, there, err := a.lookAt(ctx, opLookUp, s, p.Key, p.Text); err != nil || !there {
			return false, err == nil, err
		}
	}
	return true, true, nil
}

// messagesDelivered looks for direct messages. What isn't found counts as not
// delivered only some time after the last attempt, when the service has had the
// time to do it.
func (a *Adapter) messagesDelivered(ctx context.Context, r *contact.Reply, out *outgoing) (delivered, known bool, err error) {
	s := a.sent.of(r.ID)
	if err := a.take(ctx, opLookUp, s); err != nil {
		return false, false, err
	}
	defer func() { <-s.turn }()
	if s.receipt != nil {
		return true, true, nil
	}
	if err := a.findConvo(ctx, out, s); err != nil {
		return false, false, err
	}
	s.doubt = true
	complete, err := a.lookForMessages(ctx, r, out, s)
	if err != nil {
		return false, false, err
	}
	if len(s.sent) == len(out.Messages) {
		s.receipt = &channels.Receipt{ProviderID: messageID(s.convo, s.sent[len(s.sent)-1]), At: time.Now().UTC()}
		return true, true, nil
	}
	last := s.last
	if last.IsZero() {
		last = a.started
	}
	if !complete || time.Since(last) < a.settle {
		return false, false, nil
	}
	s.looked, s.doubt = true, false
	return false, true, nil
}
