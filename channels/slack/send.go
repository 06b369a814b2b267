package slack

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
)

// sending is what this process knows of one reply.
type sending struct {
	// turn is held by the one that sends it.
	turn chan struct{}
	// channel is where it goes, once a person's id has become a conversation's.
	channel string
	// posted are the ts of the messages made; shared is that of the files, files
	// their ids.
	posted []string
	shared string
	files  []sharedFile
	// looked tells that what an earlier process may have posted is known, and
	// doubt that an attempt ended without an answer.
	looked, doubt bool
	// last is when the last attempt ended.
	last    time.Time
	receipt *channels.Receipt
}

// sentBook remembers the replies sent last.
type sentBook struct {
	mu  sync.Mutex
	all *lru.Cache[string, *sending]
	// owner tells to which reply a message with files belongs.
	owner *lru.Cache[string, string]
}

const sentKept = 2048

func newSentBook() *sentBook {
	all, err := lru.New[string, *sending](sentKept)
	owner, err2 := lru.New[string, string](sentKept)
	if err != nil || err2 != nil {
		return &sentBook{} // only for a size of 0
	}
	return &sentBook{all: all, owner: owner}
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

// Send implements channels.Sender.
func (a *Adapter) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	out, err := readOutgoing(r)
	if err != nil {
		return channels.Receipt{}, a.failure(opSend, channels.Malformed, "", err.Error(), err)
	}
	s := a.sent.of(r.ID)
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return channels.Receipt{}, a.failure(opSend, channels.Unavailable, "", "stopped while the same reply was being sent", ctx.Err())
	}
	defer func() { <-s.turn }()
	if s.receipt != nil {
		return *s.receipt, nil
	}
	me, err := a.whoami(ctx, opSend)
	if err == nil {
		err = a.sendAll(ctx, me, r, out, s)
	}
	s.last = time.Now()
	a.pace.Note(err)
	if err != nil {
		return channels.Receipt{}, err
	}
	a.finish(me, out, s)
	return *s.receipt, nil
}

// finish keeps the receipt: all of the reply is there.
func (a *Adapter) finish(me *self, out *outgoing, s *sending) {
	ts := s.shared
	if len(s.posted) > 0 {
		ts = s.posted[len(s.posted)-1]
	}
	channel, thread := out.place()
	if thread != "" {
		a.threads.Add(s.channel+"/"+thread, true)
	}
	s.receipt = &channels.Receipt{ProviderID: messageID(me.team, firstOf(s.channel, channel), ts), At: time.Now().UTC()}
	s.files = nil
}

// sendAll makes what isn't there yet.
func (a *Adapter) sendAll(ctx context.Context, me *self, r *contact.Reply, out *outgoing, s *sending) error {
	if s.doubt || !s.looked && a.olderThanUs(r) {
		err := a.lookUp(ctx, me, r, out, s)
		if err != nil && (s.doubt || !unreachable(err)) {
			return err
		}
		s.looked = true
	}
	if err := a.share(ctx, me, r, out, s); err != nil {
		return err
	}
	for k := len(s.posted); k < len(out.Posts); k++ {
		if err := a.sendPost(ctx, me, r, out, s, k); err != nil {
			return err
		}
	}
	return nil
}

// olderThanUs reports whether an earlier process may have sent a reply: one that
// was written since this one runs can't have been. Histories may be asked for but
// seldom, so that isn't done without need.
func (a *Adapter) olderThanUs(r *contact.Reply) bool {
	return writtenAt(r).Before(a.started.Add(clockSlack))
}

// clockSlack is how far clocks may differ, of the desk, of ours, and Slack's.
const clockSlack = time.Minute

// writtenAt gives when a reply was written, or a time before, where it isn't said.
func writtenAt(r *contact.Reply) time.Time {
	if !r.CreatedAt.IsZero() {
		return r.CreatedAt
	}
	return time.Now().Add(-7 * 24 * time.Hour)
}

// sendPost makes one message. After an answer that leaves its fate open it is
// looked for at once.
func (a *Adapter) sendPost(ctx context.Context, me *self, r *contact.Reply, out *outgoing, s *sending, k int) error {
	body, err := json.Marshal(out.Posts[k])
	if err != nil {
		return a.failure(opSend, channels.Malformed, "", err.Error(), err)
	}
	const method = "chat.postMessage"
	res, reached, err := a.post(ctx, a.cfg.API+method, jsonType, a.cfg.BotToken, body, a.cfg.Timeout)
	e := a.outcome(method, res, reached, err)
	if e != nil {
		return a.doubtful(ctx, me, r, out, s, e, func() bool { return len(s.posted) > k })
	}
	var made struct {
		TS      string `json:"ts"`
		Channel string `json:"channel"`
	}
	if err := unmarshalLoosely(res.body, &made); err != nil || !validTS(made.TS) {
		e := a.failure(opSend, channels.InDoubt, "", "Slack took the message and gave no id of it", err)
		return a.doubtful(ctx, me, r, out, s, e, func() bool { return len(s.posted) > k })
	}
	fault.On(contact.Slack, fault.SendAfterPart)
	s.posted = append(s.posted, made.TS)
	if validID(made.Channel) {
		s.channel = made.Channel
	}
	return nil
}

// outcome gives the error of a call that has an effect, nil where all is well.
func (a *Adapter) outcome(method string, res *answer, reached bool, err error) *channels.Error {
	switch {
	case err != nil:
		e := a.linkFailure(opSend, err)
		if reached {
			e.Reason = channels.InDoubt
		}
		return e
	case res.ok:
		return nil
	case res.code < 300 && res.error == "":
		return a.failure(opSend, channels.InDoubt, "", "Slack's answer to "+method+" can't be read", nil)
	default:
		return a.refusal(opSend, method, res)
	}
}

// doubtful looks for what was sent where its fate isn't known, and gives e where it
// isn't found.
func (a *Adapter) doubtful(ctx context.Context, me *self, r *contact.Reply, out *outgoing, s *sending, e *channels.Error, found func() bool) error {
	if e.Reason == channels.Unavailable && e.Code != "" {
		s.doubt = true // "service unavailable" may be said behind the effect
	}
	if e.Reason != channels.InDoubt {
		return e
	}
	s.doubt = true
	if ctx.Err() != nil {
		return e
	}
	if err := a.lookUp(ctx, me, r, out, s); err != nil || !found() {
		s.doubt = true
		return e
	}
	return nil
}
