package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sync"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/router"
)

// sender takes an account's replies from the outbox and hands them to the
// provider: it asks the router for an attempt before the first byte, and tells
// it the outcome.
type sender struct {
	adapter channels.Adapter
	engine  *router.Engine
	journal *journal.Journal
	life    string
	flights *flights
	// consent is asked before an attempt of what nobody has asked for; nil for nobody.
	consent consentOf
	logger  *slog.Logger

	mu     sync.Mutex
	failed int
	why    string
	reason channels.Reason
	// limited is true when why is a limit of the provider's; troubled gets a
	// word when the account can't be used.
	limited  bool
	troubled chan struct{}
}

// sendLimit bounds one attempt; earlyWait is the pause of an item that comes
// before its reply is to be tried again.
const (
	sendLimit = 5 * time.Minute
	earlyWait = 3 * time.Second
)

func newSender(a channels.Adapter, e *router.Engine, j *journal.Journal, life string, f *flights, logger *slog.Logger) *sender {
	return &sender{
		adapter: a, engine: e, journal: j, life: life, flights: f, troubled: make(chan struct{}, 1),
		logger: logger.With("component", "sender", "channel", string(a.Channel), "account", a.Account),
	}
}

// failures counts failed attempts since the start.
func (s *sender) failures() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// trouble says in words why nothing can be sent, "" when the last went well.
func (s *sender) trouble() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sendingTrouble(string(s.adapter.Channel)+"/"+s.adapter.Account, s.why, s.reason)
}

// Run sends until ctx ends; beside it, replies in doubt are looked up.
func (s *sender) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	if s.adapter.Resolver != nil {
		wg.Go(func() { s.resolveAll(ctx) })
	}
	if copier, ok := s.adapter.Sender.(channels.Copier); ok {
		wg.Go(func() { s.keepCopies(ctx, copier) })
	}
	if preparer, ok := s.adapter.Sender.(channels.Preparer); ok {
		wg.Go(func() { s.prepare(ctx, preparer) })
	}
	if kept, ok := s.adapter.Sender.(io.Closer); ok {
		defer func() { _ = kept.Close() }()
	}
	return s.journal.ConsumeOutbox(ctx, string(s.adapter.Channel), s.adapter.Account, s.handle)
}

// handle is one item of the outbox. A doubled item is dropped by the router's
// refusal, or waits while the reply is in hand.
func (s *sender) handle(ctx context.Context, item journal.OutboxItem, _ uint64, _ func() error) journal.Verdict {
	if item.Channel != string(s.adapter.Channel) {
		return journal.Done()
	}
	out, free := s.flights.take(item.Reply)
	if !free {
		return journal.RetryAfter(time.Second)
	}
	if out == nil {
		if wait := s.pause(ctx, item.Reply); wait > 0 {
			s.flights.leave(item.Reply, nil)
			return journal.RetryAfter(wait)
		}
		attempt, verdict := s.attempt(ctx, item.Reply)
		if attempt == 0 {
			s.unused()
			s.flights.leave(item.Reply, nil)
			return verdict
		}
		fault.On(s.adapter.Channel, fault.SendAfterAttempt)
		sent := s.send(ctx, item.Reply, attempt)
		sent.Reply, sent.Attempt, sent.Life = item.Reply, attempt, s.life
		out = &sent
	}
	if !s.record(ctx, *out) {
		s.flights.leave(item.Reply, out)
		return journal.RetryAfter(time.Second)
	}
	s.flights.leave(item.Reply, nil)
	fault.On(s.adapter.Channel, fault.SendAfterOutcome)
	if out.RetryAfter > 0 && !out.Permanent {
		return journal.RetryAfter(out.RetryAfter)
	}
	return journal.Done()
}

// attempt asks the router for leave to send, and gives the attempt's number; 0
// means no, and what is to become of the item.
func (s *sender) attempt(ctx context.Context, reply string) (int, journal.Verdict) {
	fault.On(s.adapter.Channel, fault.SendBeforeAttempt)
	consent, err := s.consents(ctx, reply)
	if err != nil { // what may be forbidden does not go
		s.logger.WarnContext(ctx, "a message waits, as what its customer allows can't be read", "reply_id", reply, "err", err)
		return 0, journal.RetryAfter(earlyWait)
	}
	grant, err := s.engine.Do(ctx, router.Envelope{Actor: router.ActorSender, Command: router.Attempt{Reply: reply, Life: s.life, Consent: consent}})
	var refusal *router.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Code == router.RefusedEarly:
		return 0, journal.RetryAfter(earlyWait)
	case errors.As(err, &refusal):
		return s.unheard(ctx, reply)
	case err != nil:
		return 0, journal.RetryAfter(time.Second)
	case grant.Known: // attempted by another life: it is in doubt now
		return 0, journal.Done()
	}
	return grant.Attempt, journal.Done()
}

// unheard gives the number of an attempt that was granted to this process, when
// the answer was lost on its way: nobody here has the reply in hand, so not a
// byte of it has been sent. 0 means that there is none.
func (s *sender) unheard(ctx context.Context, reply string) (attempt int, otherwise journal.Verdict) {
	err := s.engine.View(ctx, func(st *router.State) {
		if r := st.Replies[reply]; r != nil && r.State == router.ReplyIsAttempted && r.Life == s.life {
			attempt = r.Attempt
		}
	})
	if err != nil { // the item must not go before that is known
		return 0, journal.RetryAfter(time.Second)
	}
	return attempt, journal.Done()
}

// What goes on when the account is swapped or the daemon ends: a reply that is
// being handed over for sendGrace, so that it isn't in doubt for nothing, and
// the telling of its outcome for recordLimit.
const (
	sendGrace   = 700 * time.Millisecond
	recordLimit = time.Second
)

// lingering gives a context that ends a while after ctx does.
func lingering(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(while, cancel) })
	return out, func() {
		stop()
		cancel()
	}
}

// record tells the router the outcome, until it is durable or the daemon ends.
func (s *sender) record(ctx context.Context, out router.Outcome) bool {
	detached, cancel := lingering(ctx, recordLimit)
	defer cancel()
	for {
		_, err := s.engine.Do(detached, router.Envelope{Actor: router.ActorSender, Command: out})
		if err == nil {
			return true
		}
		select {
		case <-detached.Done():
			return false
		case <-s.engine.Ended():
			return false
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// send reads the words and hands them over.
func (s *sender) send(ctx context.Context, reply string, attempt int) router.Outcome {
	r, err := s.words(ctx, reply)
	if err != nil {
		s.logger.ErrorContext(ctx, "a reply's words can't be read", "reply_id", reply, "err", err)
		if errors.Is(err, journal.ErrErased) || errors.Is(err, journal.ErrNotFound) {
			return router.Outcome{Permanent: true, Reason: "words_missing"}
		}
		return router.Outcome{Reason: "words_unread", RetryAfter: 10 * time.Second}
	}
	lasting, end := lingering(ctx, sendGrace)
	defer end()
	limited, cancel := context.WithTimeoutCause(lasting, sendLimit, errors.New("the provider did not finish within 5 minutes"))
	defer cancel()
	receipt, err := s.handOver(limited, r, reply, attempt)
	fault.On(s.adapter.Channel, fault.SendAfterProvider)
	s.note(err)
	if err == nil {
		return router.Outcome{Delivered: true, Refused: len(receipt.Refused), RefusedAt: placesOf(r, receipt.Refused)}
	}
	s.logger.WarnContext(ctx, "a reply was not delivered", "reply_id", reply, "err", err)
	return outcomeOf(err, attempt)
}

func (s *sender) words(ctx context.Context, reply string) (*contact.Reply, error) {
	var ref string
	var only []int
	if err := s.engine.View(ctx, func(st *router.State) {
		if r := st.Replies[reply]; r != nil {
			ref, only = r.Ref, r.Only
		}
	}); err != nil {
		return nil, err
	}
	if ref == "" {
		return nil, journal.ErrNotFound
	}
	r, err := readReply(ctx, s.journal, ref)
	if err != nil {
		return nil, err
	}
	r.Only = only
	return r, nil
}

// readReply reads a reply with all its bytes.
func readReply(ctx context.Context, j *journal.Journal, ref string) (*contact.Reply, error) {
	data, err := j.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	var r contact.Reply
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading reply %q: %w", ref, err)
	}
	if r.RawObject != "" && len(r.Raw) == 0 {
		obj, err := j.GetObject(ctx, r.RawObject)
		if err != nil {
			return nil, err
		}
		defer func() { _ = obj.Close() }()
		if r.Raw, err = io.ReadAll(obj); err != nil {
			return nil, fmt.Errorf("reading the bytes of reply %q: %w", ref, err)
		}
	}
	return &r, nil
}

// resolveAll looks up replies in doubt at the provider: at the start, and
// whenever one is recorded. What can't be told stays for a person.
func (s *sender) resolveAll(ctx context.Context) {
	tries := map[string]int{}
	for {
		var doubtful []string
		_ = s.engine.View(ctx, func(st *router.State) {
			maps.DeleteFunc(tries, func(id string, _ int) bool { return !st.InDoubt()[id] })
			for id := range st.InDoubt() {
				r := st.Replies[id]
				ours := r.Channel == s.adapter.Channel && r.Account == s.adapter.Account
				// The provider's copy of a reply tells nothing of its remainder.
				if ours && r.Kind != contact.Remainder && tries[id] < 5 {
					doubtful = append(doubtful, id)
				}
			}
		})
		for _, id := range doubtful {
			if s.resolveOne(ctx, id) {
				tries[id]++
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// resolveOne asks the provider about one, and reports whether it answered.
func (s *sender) resolveOne(ctx context.Context, reply string) bool {
	r, err := s.words(ctx, reply)
	if err != nil {
		return false
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var delivered, known bool
	err = s.guarded(ctx, "look up", func() (err error) {
		delivered, known, err = s.adapter.Resolver.Delivered(limited, r)
		return err
	})
	if err != nil || !known {
		return err == nil || channels.ReasonOf(err) == channels.InDoubt
	}
	cmd := router.Resolve{Reply: reply, Delivered: delivered, Again: !delivered}
	_, err = s.engine.Do(ctx, router.Envelope{Actor: router.ActorSender, Command: cmd})
	var refusal *router.Refusal
	if err != nil && !errors.As(err, &refusal) { // refused: a person was quicker
		s.logger.WarnContext(ctx, "a reply in doubt could not be settled", "reply_id", reply, "err", err)
	}
	return true
}
