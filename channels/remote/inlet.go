package remote

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
)

// run is the Receive that items go to. It stands from its first Receive until
// that one's context ends, also while the runner pauses between two.
type run struct {
	id  string
	src channels.Source
	// bind gives a context that ends with the Receive's.
	bind func(ctx context.Context) (context.Context, context.CancelFunc)
	// release forgets that the run ends with its context.
	release func() bool
	// flights are the requests that are being worked on.
	flights sync.WaitGroup
}

// storeTime bounds how long an item may take to be stored.
const storeTime = 30 * time.Second

// Receive implements channels.Receiver: the process's items go to src until ctx
// ends. It returns an error when the process or its link is lost; items are taken
// in the meantime all the same.
func (a *Account) Receive(ctx context.Context, src channels.Source) error {
	a.begin(ctx, src)
	for {
		a.mu.Lock()
		changed, err := a.changed, error(nil)
		if a.loss != nil && a.losses > a.told {
			a.told, err = a.losses, a.loss
		}
		a.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			a.close()
			return nil
		case <-changed:
		}
	}
}

// begin makes src the one that items go to, and has the process come.
func (a *Account) begin(ctx context.Context, src channels.Source) {
	next := &run{id: randomID(), src: src, bind: func(call context.Context) (context.Context, context.CancelFunc) {
		bound, cancel := context.WithTimeoutCause(call, storeTime, errors.New("storing took too long"))
		stop := context.AfterFunc(ctx, cancel)
		return bound, func() {
			stop()
			cancel()
		}
	}}
	next.release = context.AfterFunc(ctx, func() { a.leave(next) })
	a.mu.Lock()
	if before := a.run; before != nil {
		before.release()
		next.id = before.id
	} else {
		a.told = 0
	}
	a.run = next
	source := a.standing()
	a.change()
	a.mu.Unlock()
	if source != "" {
		channels.Connected(src, source)
	}
	a.call()
}

// standing gives the source that the link stands for, "" while it doesn't; mu
// must be held.
func (a *Account) standing() string {
	switch p := a.process; {
	case p == nil || a.loss != nil || a.run == nil:
		return ""
	case p.hello.Link == nil:
		return a.Name()
	case p.hello.Link.Stood == 0 || p.hello.Link.Why != nil:
		return ""
	case p.hello.Link.Source == "":
		return a.Name()
	default:
		return p.hello.Link.Source
	}
}

// leave takes no more items for a Receive that has ended.
func (a *Account) leave(r *run) {
	a.mu.Lock()
	left := a.run == r
	if left {
		a.run = nil
		a.change()
	}
	a.mu.Unlock()
	if left {
		a.call()
	}
}

// close ends the run, and waits for what is being stored.
func (a *Account) close() {
	a.mu.Lock()
	r := a.run
	a.mu.Unlock()
	if r != nil {
		a.leave(r)
		r.flights.Wait()
	}
}

// call has the process say hello at once.
func (a *Account) call() {
	g, hello := a.attachedTo()
	if g == nil {
		return
	}
	data, err := json.Marshal(Order{Schema: Schema, Order: randomID(), Do: doHello})
	if err == nil {
		_ = g.conn.Publish(a.prefix+verbOrder+hello.Process, data) // it says hello by itself soon
	}
}

// answerer works on a request and gives what to answer.
type answerer func(ctx context.Context, data []byte) any

// answers is what is answered to a process that is attached.
func (a *Account) answers() map[string]answerer {
	return map[string]answerer{
		verbInbox: a.takeItem, verbPart: a.takePart, verbBookmark: a.tellBookmark, verbAdvance: a.takeAdvance,
		verbFile: a.giveFile, verbPartly: a.takePartly,
	}
}

// answer works on a request. What isn't to be answered at the process's own
// subject isn't answered: the daemon may publish everywhere, its processes not.
func (a *Account) answer(ctx context.Context, m *nats.Msg, work answerer) {
	a.mu.Lock()
	mine := a.prefix + verbReply
	g := a.gate
	a.mu.Unlock()
	if g == nil || !strings.HasPrefix(m.Reply, mine) {
		return
	}
	data, err := json.Marshal(work(ctx, m.Data))
	if err != nil {
		a.log.WarnContext(ctx, "an answer to an adapter can't be written", "err", err)
		return
	}
	_ = g.conn.Publish(m.Reply, data) // it asks again
}

// refuse is a failure of the process's request.
func refuse(reason channels.Reason, words string) *Failure {
	return &Failure{Reason: reason, Op: "ask", Text: words}
}

// read decodes a request, and says why it can't be worked on. What is left out of
// a known schema is an error where it is used.
func read[T any](a *Account, data []byte, into *T, who func(*T) (schema int, process string)) *Failure {
	if err := json.Unmarshal(data, into); err != nil {
		return refuse(channels.Malformed, "it is not the JSON that is asked for: "+channels.Bounded(err.Error(), 200))
	}
	schema, process := who(into)
	if schema != Schema {
		return refuse(channels.Malformed, "its schema is not 1: this daemon knows no other")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.process == nil || a.process.hello.Process != process {
		return refuse(channels.Unavailable, "this process is not the account's adapter: say hello first")
	}
	a.process.seen = time.Now()
	return nil
}

// receiving gives the run that items go to, which waits until its flights.Done is
// called.
func (a *Account) receiving() (*run, *Failure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.run == nil {
		return nil, refuse(channels.Unavailable, "nothing is received for this account now")
	}
	a.run.flights.Add(1)
	return a.run, nil
}

func (a *Account) takeItem(ctx context.Context, data []byte) any {
	var item Item
	f := read(a, data, &item, func(i *Item) (int, string) { return i.Schema, i.Process })
	if f != nil {
		return Done{Schema: Schema, Error: f}
	}
	r, f := a.receiving()
	if f != nil {
		return Done{Schema: Schema, Error: f}
	}
	defer r.flights.Done()
	in, f := a.inbound(&item)
	if f != nil {
		a.log.WarnContext(ctx, "an adapter's item is refused", "err", f.Text)
		channels.Told(r.src, a.Name(), "an item of the adapter is refused, it must mend it: "+f.Text)
		return Done{Schema: Schema, Error: f}
	}
	bound, cancel := r.bind(ctx)
	defer cancel()
	if err := r.src.Deliver(bound, in); err != nil {
		return Done{Schema: Schema, Error: failureOf(err, "deliver")}
	}
	a.forget(item.Upload)
	return Done{Schema: Schema}
}

// inbound makes what INBOX holds of an item.
func (a *Account) inbound(item *Item) (*channels.Inbound, *Failure) {
	in := &channels.Inbound{
		Schema: channels.InboundSchema, Kind: item.Kind, Channel: a.cfg.Channel, Account: a.cfg.Account,
		Source: item.Source, Position: item.Position, ProviderID: item.ProviderID, Sender: item.Sender,
		ReceivedAt: item.ReceivedAt, Format: item.Format, Raw: item.Raw,
	}
	if in.Kind == "" {
		in.Kind = channels.Fresh
	}
	switch in.Kind {
	case channels.Fresh, channels.History, channels.OwnCopy, channels.Status, channels.Changed:
	default:
		return nil, refuse(channels.Malformed, "kind is not known")
	}
	if item.Upload != "" {
		if f := a.uploaded(item, in); f != nil {
			return nil, f
		}
	}
	if f := a.asMessage(item, in); f != nil {
		return nil, f
	}
	in.Size = int64(len(in.Raw))
	switch now := time.Now(); {
	case !ours(in.Source, a.cfg.Channel, a.cfg.Account):
		return nil, refuse(channels.Malformed, "source must begin with "+a.Name()+"/")
	case in.Position == "" || len(in.Position) > 2000:
		return nil, refuse(channels.Malformed, "position must be given, and short")
	case in.ProviderID == "" || len(in.ProviderID) > 2000:
		return nil, refuse(channels.Malformed, "provider_id must be given, and short")
	case in.ReceivedAt.IsZero():
		return nil, refuse(channels.Malformed, "received_at must be given")
	case in.ReceivedAt.After(now): // its clock is ahead of ours
		in.ReceivedAt = now
	}
	in.ReceivedAt = in.ReceivedAt.UTC()
	return in, nil
}

// asMessage takes an item that is a message in JSON.
func (a *Account) asMessage(item *Item, in *channels.Inbound) *Failure {
	if len(item.Message) > 0 {
		if len(item.Raw) > 0 || item.Upload != "" {
			return refuse(channels.Malformed, "give message, raw or upload, one of them")
		}
		in.Format, in.Raw = FormatMessage, item.Message
	}
	if in.Format != FormatMessage {
		if in.Format == "" || a.parserFor(in.Format) == nil {
			return refuse(channels.Malformed, "format is not known to this daemon, and message isn't given")
		}
		return nil
	}
	m, err := readMessage(in.Raw)
	if err != nil {
		return refuse(channels.Malformed, "message: "+err.Error())
	}
	if in.Sender == "" {
		in.Sender = strings.ToLower(m.From.Address)
	}
	if m.Replaces != "" && in.Kind == channels.Fresh {
		in.Kind = channels.Changed
	}
	return nil
}

func (a *Account) tellBookmark(ctx context.Context, data []byte) any {
	var ask Where
	f := read(a, data, &ask, func(w *Where) (int, string) { return w.Schema, w.Process })
	if f == nil && !ours(ask.Source, a.cfg.Channel, a.cfg.Account) {
		f = refuse(channels.Malformed, "source must begin with "+a.Name()+"/")
	}
	if f != nil {
		return There{Schema: Schema, Error: f}
	}
	r, f := a.receiving()
	if f != nil {
		return There{Schema: Schema, Error: f}
	}
	defer r.flights.Done()
	bound, cancel := r.bind(ctx)
	defer cancel()
	mark, known, err := r.src.Bookmark(bound, ask.Source)
	if err != nil || !known {
		return There{Schema: Schema, Error: failureOf(err, "bookmark")}
	}
	return There{Schema: Schema, Bookmark: &mark}
}

func (a *Account) takeAdvance(ctx context.Context, data []byte) any {
	var ask Advance
	f := read(a, data, &ask, func(v *Advance) (int, string) { return v.Schema, v.Process })
	if f == nil && !ours(ask.Bookmark.Source, a.cfg.Channel, a.cfg.Account) {
		f = refuse(channels.Malformed, "bookmark.source must begin with "+a.Name()+"/")
	}
	if f == nil && (ask.Bookmark.Position == "" || ask.Bookmark.At.IsZero() || ask.Bookmark.Since.IsZero()) {
		f = refuse(channels.Malformed, "bookmark must have position, at and since")
	}
	if f != nil {
		return Done{Schema: Schema, Error: f}
	}
	r, f := a.receiving()
	if f != nil {
		return Done{Schema: Schema, Error: f}
	}
	defer r.flights.Done()
	bound, cancel := r.bind(ctx)
	defer cancel()
	return Done{Schema: Schema, Error: failureOf(r.src.Advance(bound, ask.Bookmark), "advance")}
}
