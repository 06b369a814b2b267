package email

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/emersion/go-smtp"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Send implements channels.Sender: exactly the bytes that were composed when the
// reply was queued go to the SMTP server. The customer, in To, must be taken;
// refused participants are told in the receipt.
func (a *Adapter) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	return a.SendPartly(ctx, r, func(channels.Refusals) error { return nil })
}

// SendPartly implements channels.PartialSender.
func (a *Adapter) SendPartly(ctx context.Context, r *contact.Reply, note func(channels.Refusals) error) (channels.Receipt, error) {
	once := r.ID
	if len(r.Only) > 0 {
		once += fmt.Sprint(r.Only)
	}
	receipt, done, err := a.once.begin(ctx, once)
	if done || err != nil {
		return receipt, err
	}
	var taken *channels.Receipt
	defer func() { a.once.end(once, taken) }()
	raw := r.Raw
	if len(raw) == 0 {
		if raw, err = a.Compose(r); err != nil {
			return receipt, err
		}
	}
	refused, err := a.transmit(ctx, r, raw, note)
	if err != nil {
		a.noteFailure(err)
		return receipt, err
	}
	a.pace.clear(false)
	receipt = channels.Receipt{ProviderID: MessageID(r.ID, a.cfg.Address), At: time.Now(), Refusals: refused}
	taken = &receipt
	if len(r.Only) > 0 { // the copy is there already
		return receipt, nil
	}
	a.keepCopy(ctx, receipt.ProviderID, raw, receipt.At)
	return receipt, nil
}

// copyWait is how long Send waits for the copy in the folder of sent mail.
const copyWait = 3 * time.Second

// KeepCopy implements channels.Copier. It doesn't wait for the copy, so that
// many are made in one session.
func (a *Adapter) KeepCopy(ctx context.Context, r *contact.Reply) error {
	raw := r.Raw
	if len(raw) == 0 {
		var err error
		if raw, err = a.Compose(r); err != nil {
			return err
		}
	}
	if a.keepsCopies() {
		a.queueCopy(ctx, sentCopy{messageID: MessageID(r.ID, a.cfg.Address), raw: raw, at: r.CreatedAt, kept: make(chan struct{})})
	}
	return nil
}

// keepsCopies reports whether copies are ours to make.
func (a *Adapter) keepsCopies() bool { return a.cfg.CopyToSent && a.cfg.IMAP.Host != "" }

// keepCopy puts a copy into the folder of sent mail, and waits a moment for it:
// once it is there, a crash before the outcome is recorded leaves no doubt. A
// copy that is late is made all the same, and fails no delivery.
func (a *Adapter) keepCopy(ctx context.Context, messageID string, raw []byte, at time.Time) {
	if !a.keepsCopies() {
		return
	}
	c := sentCopy{messageID: messageID, raw: raw, at: at, fresh: true, kept: make(chan struct{})}
	a.queueCopy(ctx, c)
	if !a.copying.Load() {
		return // the mailbox is not connected: the copy is made when it is
	}
	limit := time.NewTimer(copyWait)
	defer limit.Stop()
	select {
	case <-c.kept:
	case <-limit.C:
	case <-ctx.Done():
	}
}

func (a *Adapter) queueCopy(ctx context.Context, c sentCopy) {
	if forgotten := a.copies.add(c); forgotten > 0 {
		a.log.LogAttrs(ctx, slog.LevelWarn, "copies for the folder of sent mail were dropped, too many wait",
			slog.Int("count", forgotten))
	}
}

// transmit hands the mail over, by a link that was kept or a new one. A kept
// link that turns out to be dead before the mail itself was begun is replaced
// once.
func (a *Adapter) transmit(ctx context.Context, r *contact.Reply, raw []byte, note func(channels.Refusals) error) (refused channels.Refusals, err error) {
	if link := a.pool.take(ctx); link != nil {
		refused, begun, err := a.transmitBy(link, r, raw, note)
		if err == nil || begun || !link.broken {
			return refused, err
		}
	}
	link, err := a.dialSMTP(ctx)
	if err != nil {
		return refused, err
	}
	refused, _, err = a.transmitBy(link, r, raw, note)
	return refused, err
}

// transmitBy hands the mail over by this link, and keeps the link if it can be
// used again. begun is true once the mail itself was being sent.
func (a *Adapter) transmitBy(link *smtpLink, r *contact.Reply, raw []byte, note func(channels.Refusals) error) (refused channels.Refusals, begun bool, err error) {
	link.replies++
	defer func() {
		link.broken = link.broken || breaks(err)
		a.pool.put(link)
	}()
	if refused, err = a.envelope(link, r, len(raw)); err != nil {
		return refused, false, err
	}
	if refused.Any() {
		if err = note(refused); err != nil {
			return refused, true, a.failure(opSend, channels.Unknown, "", "noting who is refused: "+err.Error(), err)
		}
	}
	if err = a.handOver(link, raw); err != nil {
		return refused, true, err
	}
	link.open = false
	return refused, true, nil
}

// breaks reports whether a link can't be used after this failure: it was lost,
// the server ends it, or no longer lets us in.
func breaks(err error) bool {
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		return false
	case !errors.As(err, &reply):
		var ours *channels.Error
		return !errors.As(err, &ours) || !ours.Permanent()
	}
	return reply.Code == 421 || reply.Code == 503 || reply.Code == 530 || reply.Code == 535 || reply.Code == 554
}

// handOver sends the mail itself. Once its end has been written only the
// server's answer tells whether it was taken: without one the reply is in doubt.
func (a *Adapter) handOver(link *smtpLink, raw []byte) error {
	data, err := link.client.Data()
	if err != nil {
		return a.smtpError(opSend, link, err)
	}
	if _, err := data.Write(raw); err != nil {
		return a.smtpError(opSend, link, err)
	}
	err = data.Close()
	var reply *smtp.SMTPError
	if err == nil || errors.As(err, &reply) || link.conn.writeFailed.Load() {
		return a.smtpError(opSend, link, err)
	}
	return a.failure(opSend, channels.InDoubt, "",
		"the link was lost after the whole mail was sent and before the smtp server's answer", err)
}

// smtpError gives any error of an SMTP exchange its reason and its words.
func (a *Adapter) smtpError(op string, link *smtpLink, err error) error {
	var done *channels.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	if reply, ok := errors.AsType[*smtp.SMTPError](err); ok {
		v := judge(op, reply)
		if v.account || op == opConnect || op == opLogin {
			err = &accountError{err}
		}
		text := "the smtp server said: " + reply.Message
		if op == opLogin && v.reason == channels.Auth {
			text = a.refusedLogin(text)
		} else {
			text += remedy(reply.Message)
		}
		e := a.failure(op, v.reason, v.code, text, err)
		e.RetryAfter = v.wait
		return e
	}
	if link != nil && link.tooSlow() {
		err = errors.Join(errTooSlow, err)
	}
	reason := channels.Unavailable
	text := err.Error()
	if words, ok := linkWords(a.cfg.SMTP.Endpoint, err); ok {
		text = words
	} else if cannotCarry(err) {
		reason = channels.Rejected // an address that this server can't carry
	}
	if reason == channels.Unavailable && (op != opSend || errors.Is(err, errTooSlow)) {
		err = &accountError{err}
	}
	return a.failure(op, reason, "", "smtp server "+a.cfg.SMTP.address()+": "+text, err)
}
