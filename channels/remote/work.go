package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
)

// The bounds of work on an order.
const (
	workLimit = 5 * time.Minute
	// paceLimit is how long a turn at the account is waited for here.
	paceLimit = 5 * time.Second
	fileLimit = 20 * time.Second
)

// take works on an order in a goroutine of its own.
func (w *worker) take(ctx context.Context, m *nats.Msg) {
	var o Order
	if err := json.Unmarshal(m.Data, &o); err != nil || o.Schema != Schema {
		w.say(m.Reply, Answer{Error: refuse(channels.Malformed, "this process understands orders of schema 1 only")})
		return
	}
	if o.Do == doHello {
		w.process.hurry()
		return
	}
	w.slots <- struct{}{}
	w.flights.Go(func() {
		defer func() { <-w.slots }()
		w.work(ctx, &o, m.Reply)
	})
}

func (w *worker) say(subject string, a Answer) {
	a.Schema = Schema
	data, err := json.Marshal(a)
	if err == nil && subject != "" {
		_ = w.process.conn.Publish(subject, data) // kept while the connection is made again
	}
}

// work does what is ordered, and says every few seconds that it is in hand.
func (w *worker) work(ctx context.Context, o *Order, subject string) {
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, errors.New("the provider did not finish within 5 minutes"))
	defer cancel()
	w.say(subject, Answer{InHand: true})
	stop, stopped := make(chan struct{}), make(chan struct{})
	w.process.mu.Lock()
	every := w.process.every
	w.process.mu.Unlock()
	w.flights.Go(func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				w.say(subject, Answer{InHand: true})
			}
		}
	})
	answer, err := w.guarded(ctx, o)
	close(stop)
	<-stopped
	if err != nil {
		answer = Answer{Error: failureOf(err, o.Do)}
	}
	w.say(subject, answer)
	_ = w.process.conn.FlushTimeout(time.Second) // the daemon waits for it
}

// guarded is do, where a panic of the adapter ends this order alone: nobody knows
// then how far it came.
func (w *worker) guarded(ctx context.Context, o *Order) (answer Answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			w.process.log.ErrorContext(ctx, "the adapter panicked", "stack", string(debug.Stack()))
			a := w.process.adapter
			err = &channels.Error{Channel: a.Channel, Account: a.Account, Op: o.Do, Reason: channels.InDoubt, Err: errors.New("the adapter has a fault: its log has it")}
		}
	}()
	return w.do(ctx, o)
}

func (w *worker) do(ctx context.Context, o *Order) (Answer, error) {
	a := w.process.adapter
	switch {
	case o.Do == doCheck && a.Checker != nil:
		report, err := a.Checker.Check(ctx)
		return Answer{Report: &report}, err
	case o.Do == doPrepare:
		if preparer, ok := a.Sender.(channels.Preparer); ok {
			return Answer{Done: true}, preparer.Prepare(ctx)
		}
		return Answer{Done: true}, nil
	case o.Reply == nil:
		return Answer{}, w.refused(o.Do, "this process can't do that: "+channels.Bounded(o.Do, maxCode))
	}
	r, err := w.reply(ctx, o)
	if err != nil {
		return Answer{}, err
	}
	copier, copies := a.Sender.(channels.Copier)
	switch {
	case o.Do == doSend && a.Sender != nil:
		return w.send(ctx, o, r)
	case o.Do == doDelivered && a.Resolver != nil:
		delivered, known, err := a.Resolver.Delivered(ctx, r)
		return Answer{Fate: &Fate{Known: known, Delivered: delivered}}, err
	case o.Do == doKeepCopy && copies:
		return Answer{Done: true}, copier.KeepCopy(ctx, r)
	}
	return Answer{}, w.refused(o.Do, "this process can't do that: "+channels.Bounded(o.Do, maxCode))
}

func (w *worker) refused(op, words string) error {
	a := w.process.adapter
	return &channels.Error{Channel: a.Channel, Account: a.Account, Op: op, Reason: channels.Malformed, Err: errors.New(words)}
}

// send hands a reply to the provider, at the provider's pace.
func (w *worker) send(ctx context.Context, o *Order, r *contact.Reply) (Answer, error) {
	a := w.process.adapter
	if err := w.pace(ctx); err != nil {
		return Answer{}, err
	}
	fault.On(a.Channel, fault.OrderBeforeSend)
	receipt, err := w.handOver(ctx, o, r)
	fault.On(a.Channel, fault.OrderAfterProvider)
	w.process.hurry() // the pause that follows may be another
	if err != nil {
		if _, typed := errors.AsType[*channels.Error](err); !typed && ctx.Err() != nil {
			err = &channels.Error{Channel: a.Channel, Account: a.Account, Op: doSend, Reason: channels.InDoubt, Err: context.Cause(ctx)}
		}
		return Answer{}, err
	}
	return Answer{Receipt: &Receipt{
		ProviderID: receipt.ProviderID, At: receipt.At.UTC(), Refused: receipt.Refused, Deferred: receipt.Deferred, Why: failureOf(receipt.Why, doSend),
	}}, nil
}

func (w *worker) handOver(ctx context.Context, o *Order, r *contact.Reply) (channels.Receipt, error) {
	a := w.process.adapter
	partial, ok := a.Sender.(channels.PartialSender)
	if !ok || !o.Partly {
		return a.Sender.Send(ctx, r)
	}
	return partial.SendPartly(ctx, r, func(refused channels.Refusals) error {
		var done Done
		err := w.process.request(ctx, verbPartly, deliverLimit, Partly{
			Schema: Schema, Process: w.process.id, Order: o.Order, Why: failureOf(refused.Why, doSend),
			Refused: append([]string{}, refused.Refused...), Deferred: append([]string{}, refused.Deferred...),
		}, &done)
		if err != nil {
			return err
		}
		return failed(a.Channel, a.Account, "partly", done.Error)
	})
}

// pace takes a turn at the account, and waits for it a while. The daemon has asked
// already: what hello says of pauses keeps replies there, where waiting costs
// nothing.
func (w *worker) pace(ctx context.Context) error {
	a := w.process.adapter
	pacer, ok := a.Sender.(channels.Pacer)
	if !ok {
		return nil
	}
	for until := time.Now().Add(paceLimit); ; {
		now := time.Now()
		wait := pacer.Pause(now)
		if wait <= 0 || !now.Before(until) {
			return nil
		}
		select {
		case <-ctx.Done():
			return &channels.Error{Channel: a.Channel, Account: a.Account, Op: doSend, Reason: channels.Unavailable, Err: errors.New("stopped before anything was sent")}
		case <-time.After(min(wait, until.Sub(now))):
		}
	}
}

// reply makes what the adapter sends of an order: with the bytes of its files, and
// composed.
func (w *worker) reply(ctx context.Context, o *Order) (*contact.Reply, error) {
	a, given := w.process.adapter, o.Reply
	r := &contact.Reply{
		ID: given.ID, Kind: given.Kind, Channel: a.Channel, Account: a.Account, Conversation: given.Conversation, CreatedAt: given.CreatedAt,
		FromName: given.FromName, To: given.To, CC: given.CC, Subject: given.Subject, Text: given.Text, HTML: given.HTML,
		InReplyTo: given.InReplyTo, References: given.References, Origin: given.Origin, Token: given.Token, Only: given.Only,
		Attachments: []contact.Attachment{},
	}
	for i, f := range given.Files {
		data, err := w.fetch(ctx, o.Order, i, f.Size)
		if err != nil {
			return nil, err
		}
		r.Attachments = append(r.Attachments, contact.Attachment{Name: f.Name, ContentType: f.ContentType, ContentID: f.ContentID, Size: f.Size, Data: data})
	}
	if a.Composer == nil {
		return r, nil
	}
	raw, err := a.Composer.Compose(r)
	if err != nil {
		if _, typed := errors.AsType[*channels.Error](err); !typed {
			err = w.refused("compose", err.Error())
		}
		return nil, err
	}
	r.Raw = raw
	return r, nil
}

// fetch gets the bytes of a file.
func (w *worker) fetch(ctx context.Context, order string, file int, size int64) ([]byte, error) {
	var out []byte
	for int64(len(out)) < size {
		var piece Fetched
		err := w.process.request(ctx, verbFile, fileLimit, Fetch{Schema: Schema, Process: w.process.id, Order: order, File: file, Offset: int64(len(out))}, &piece)
		if err == nil {
			err = failed(w.process.adapter.Channel, w.process.adapter.Account, "fetch", piece.Error)
		}
		if err == nil && len(piece.Data) == 0 {
			err = w.process.failure("fetch", fmt.Errorf("a file of the reply ends early"))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, piece.Data...)
	}
	return out, nil
}
