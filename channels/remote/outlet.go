package remote

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go"

	"stagecoach/channels"
	"stagecoach/contact"
)

// order is what a process was asked to do.
type order struct {
	process string
	data    [][]byte
	answers chan Answer
	// partly is asked before a reply goes to some of its recipients only.
	partly func(channels.Refusals) error
	// nobody is closed when no process was there to take it.
	nobody chan struct{}
}

// Send implements channels.Sender.
func (a *Account) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	return a.SendPartly(ctx, r, nil)
}

// SendPartly implements channels.PartialSender.
func (a *Account) SendPartly(ctx context.Context, r *contact.Reply, note func(channels.Refusals) error) (channels.Receipt, error) {
	g, hello := a.attachedTo()
	switch {
	case g == nil:
		return channels.Receipt{}, a.absent()
	case !hello.Sends:
		return channels.Receipt{}, a.failure("connect", channels.Unavailable, "the adapter process of this account sends nothing")
	}
	answer, err := a.ask(ctx, Order{Do: doSend, Partly: note != nil && hello.Partly}, r, note)
	switch {
	case err != nil:
		return channels.Receipt{}, err
	case answer.Receipt == nil:
		return channels.Receipt{}, a.failure("send", channels.InDoubt, "the adapter says neither that the reply was taken nor that it wasn't")
	}
	return a.receipt(answer.Receipt), nil
}

func (a *Account) receipt(given *Receipt) channels.Receipt {
	out := channels.Receipt{ProviderID: channels.Bounded(given.ProviderID, maxID), At: given.At.UTC()}
	if now := time.Now().UTC(); out.At.IsZero() || out.At.After(now) {
		out.At = now
	}
	out.Refused, out.Deferred = given.Refused, given.Deferred
	out.Why = failed(a.cfg.Channel, a.cfg.Account, "send", given.Why)
	return out
}

// Delivered implements channels.Resolver. While no process is there, or it can't
// look, nothing is known yet.
func (a *Account) Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error) {
	g, hello := a.attachedTo()
	if g == nil {
		return false, false, a.absent()
	}
	if !hello.Resolves {
		return false, false, nil
	}
	answer, err := a.ask(ctx, Order{Do: doDelivered}, r, nil)
	if err != nil {
		return false, false, err
	}
	if answer.Fate == nil {
		return false, false, nil
	}
	return answer.Fate.Delivered, answer.Fate.Known, nil
}

// Check implements channels.Checker: it has the process try its account.
func (a *Account) Check(ctx context.Context) (channels.Report, error) {
	none := channels.Report{WouldOpen: -1}
	g, hello := a.attachedTo()
	if g == nil {
		return none, a.absent()
	}
	who := "an adapter process is connected"
	if hello.Program != "" {
		who += ": " + channels.Bounded(hello.Program, maxCode)
	}
	if !hello.Checks {
		return channels.Report{Lines: []string{who, "it can't try its account"}, WouldOpen: -1}, nil
	}
	answer, err := a.ask(ctx, Order{Do: doCheck}, nil, nil)
	if err != nil {
		none.Lines = []string{who}
		return none, err
	}
	out := channels.Report{Lines: []string{who}, WouldOpen: -1}
	if answer.Report != nil {
		for _, line := range answer.Report.Lines[:min(len(answer.Report.Lines), maxCode)] {
			out.Lines = append(out.Lines, channels.Bounded(line, maxWords))
		}
		out.WouldOpen = answer.Report.WouldOpen
	}
	return out, nil
}

// Prepare implements channels.Preparer: it waits for a process, and has it get
// ready to send.
func (a *Account) Prepare(ctx context.Context) error {
	hello, err := a.untilAttached(ctx)
	if err != nil || !hello.Prepares {
		return err
	}
	_, err = a.ask(ctx, Order{Do: doPrepare}, nil, nil)
	return err
}

// absentPause is how long a reply waits for a process to come.
const absentPause = 2 * time.Second

// Pause implements channels.Pacer.
func (a *Account) Pause(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.process == nil {
		return absentPause
	}
	return max(0, seconds(a.process.hello.Pause)-now.Sub(a.process.seen))
}

// Unused implements channels.Pacer; turns are counted by the process.
func (a *Account) Unused() {}

// mailAccount is an account whose copies of sent replies a process keeps.
type mailAccount struct{ *Account }

var _ channels.Copier = mailAccount{}

// KeepCopy implements channels.Copier; it waits for a process.
func (m mailAccount) KeepCopy(ctx context.Context, r *contact.Reply) error {
	hello, err := m.untilAttached(ctx)
	if err != nil || !hello.Copies {
		return err
	}
	_, err = m.ask(ctx, Order{Do: doKeepCopy}, r, nil)
	return err
}

// ask gives an order and waits for what comes of it.
func (a *Account) ask(ctx context.Context, o Order, r *contact.Reply, note func(channels.Refusals) error) (Answer, error) {
	var data [][]byte
	o.Schema, o.Order = Schema, randomID()
	if r != nil {
		whole, err := a.decompose(r)
		if err != nil {
			return Answer{}, a.failure(o.Do, channels.Malformed, channels.Words(err))
		}
		o.Reply, data = &whole.Reply, whole.Data
	}
	body, err := json.Marshal(o)
	if err != nil {
		return Answer{}, a.failure(o.Do, channels.Malformed, "the order can't be written as JSON")
	}
	open := &order{data: data, answers: make(chan Answer, 16), nobody: make(chan struct{}), partly: note}
	a.mu.Lock()
	g := a.gate
	if g == nil || a.process == nil {
		a.mu.Unlock()
		return Answer{}, a.absent()
	}
	open.process = a.process.hello.Process
	a.orders[o.Order] = open
	silence := 3 * g.cfg.Silence / 2
	a.mu.Unlock()
	defer a.put(o.Order)
	m := &nats.Msg{Subject: a.prefix + verbOrder + open.process, Reply: a.prefix + verbAnswer + o.Order, Data: body}
	if err := g.conn.PublishMsg(m); err != nil {
		return Answer{}, a.failure("connect", channels.Unavailable, "the adapter process can't be reached: "+channels.Bounded(err.Error(), maxCode))
	}
	return a.await(ctx, o.Do, open, silence)
}

// put takes an order for finished.
func (a *Account) put(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.orders, name)
	a.change()
}

// await waits for the last word on an order. Without a process nothing was done;
// with one that falls silent nobody knows.
func (a *Account) await(ctx context.Context, do string, o *order, silence time.Duration) (Answer, error) {
	lost := func(words string) error {
		if do == doSend {
			return a.failure(do, channels.InDoubt, words)
		}
		return a.failure(do, channels.Unavailable, words)
	}
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for {
		select {
		case answer := <-o.answers:
			if answer.Error != nil {
				return Answer{}, failed(a.cfg.Channel, a.cfg.Account, do, answer.Error)
			}
			if !answer.InHand {
				return answer, nil
			}
			quiet.Reset(silence)
		case <-o.nobody:
			a.vanished(o.process)
			return Answer{}, a.absent()
		case <-quiet.C:
			return Answer{}, lost("the adapter process took the order and fell silent")
		case <-ctx.Done():
			return Answer{}, lost("stopped while the adapter process had it in hand")
		}
	}
}

// vanished notes that a process isn't connected. It may be about to come back.
func (a *Account) vanished(process string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.process != nil && a.process.hello.Process == process {
		a.detach(time.Now(), nil)
	}
}

// heard takes a word on an order.
func (a *Account) heard(m *nats.Msg) {
	a.mu.Lock()
	o := a.orders[m.Subject[len(a.prefix+verbAnswer):]]
	a.mu.Unlock()
	if o == nil {
		return
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" { // no responders
		select {
		case <-o.nobody:
		default:
			close(o.nobody)
		}
		return
	}
	var answer Answer
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		answer = Answer{Error: &Failure{Reason: channels.InDoubt, Text: "the adapter's answer is not the JSON that is asked for"}}
	}
	select {
	case o.answers <- answer:
	default: // it has said a lot that nobody has read yet
	}
}

// orderOf gives an order that a process has in hand.
func (a *Account) orderOf(name, process string) *order {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.orders[name]; o != nil && o.process == process {
		return o
	}
	return nil
}

func over() *Failure { return refuse(channels.Unavailable, "this order is not in hand any more") }

func (a *Account) giveFile(_ context.Context, data []byte) any {
	var ask Fetch
	if f := read(a, data, &ask, func(v *Fetch) (int, string) { return v.Schema, v.Process }); f != nil {
		return Fetched{Schema: Schema, Error: f}
	}
	o := a.orderOf(ask.Order, ask.Process)
	switch {
	case o == nil:
		return Fetched{Schema: Schema, Error: over()}
	case ask.File < 0 || ask.File >= len(o.data) || ask.Offset < 0 || ask.Offset > int64(len(o.data[ask.File])):
		return Fetched{Schema: Schema, Error: refuse(channels.Malformed, "the reply has no such file, or it is shorter")}
	}
	rest := o.data[ask.File][ask.Offset:]
	return Fetched{Schema: Schema, Data: rest[:min(len(rest), partBytes)]}
}

func (a *Account) takePartly(_ context.Context, data []byte) any {
	var ask Partly
	if f := read(a, data, &ask, func(v *Partly) (int, string) { return v.Schema, v.Process }); f != nil {
		return Done{Schema: Schema, Error: f}
	}
	o := a.orderOf(ask.Order, ask.Process)
	if o == nil || o.partly == nil {
		return Done{Schema: Schema, Error: over()}
	}
	err := o.partly(channels.Refusals{
		Refused: ask.Refused, Deferred: ask.Deferred, Why: failed(a.cfg.Channel, a.cfg.Account, "send", ask.Why),
	})
	return Done{Schema: Schema, Error: failureOf(err, "partly")}
}

// untilIdle waits until no order is in a process's hands.
func (a *Account) untilIdle(ctx context.Context) {
	for {
		a.mu.Lock()
		busy, changed := len(a.orders) > 0, a.changed
		a.mu.Unlock()
		if !busy {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
