package email

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Send implements channels.Sender: exactly the bytes that were composed when the
// reply was queued go to the SMTP server. The customer, in To, must be taken;
// refused participants are told in the receipt.
func (a *Adapter) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	receipt, done, err := a.once.begin(ctx, r.ID)
	if done || err != nil {
		return receipt, err
	}
	var taken *channels.Receipt
	defer func() { a.once.end(r.ID, taken) }()
	raw := r.Raw
	if len(raw) == 0 {
		if raw, err = a.Compose(r); err != nil {
			return receipt, err
		}
	}
	link, err := a.dialSMTP(ctx)
	if err != nil {
		return receipt, err
	}
	defer link.close()
	refused, err := a.envelope(link, r, raw)
	if err != nil {
		return receipt, err
	}
	if err := a.handOver(link, raw); err != nil {
		return receipt, err
	}
	receipt = channels.Receipt{ProviderID: MessageID(r.ID, a.cfg.Address), At: time.Now(), Refused: refused}
	taken = &receipt
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
	c := sentCopy{messageID: messageID, raw: raw, at: at, kept: make(chan struct{})}
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

// envelope names sender and recipients. It fails unless somebody in To is
// taken; the others that were refused are given back.
func (a *Adapter) envelope(link *smtpLink, r *contact.Reply, raw []byte) (refused []string, err error) {
	if limit, ok := link.client.MaxMessageSize(); ok && limit > 0 && len(raw) > limit {
		return nil, a.failure("send", channels.Rejected, "5.3.4", "the mail is larger than the smtp server takes", nil)
	}
	options := &smtp.MailOptions{Size: int64(len(raw))}
	for _, to := range append(append([]contact.Address{{Address: a.cfg.Address}}, r.To...), r.CC...) {
		options.UTF8 = options.UTF8 || !isASCII(to.Address)
	}
	if err := link.client.Mail(a.cfg.Address, options); err != nil {
		return nil, a.smtpError("send", link, err)
	}
	taken := 0
	var firstRefusal error
	offer := func(list []contact.Address, main bool) error {
		for _, to := range list {
			err := link.client.Rcpt(to.Address, nil)
			var reply *smtp.SMTPError
			switch {
			case err == nil && main:
				taken++
			case err == nil:
			case !errors.As(err, &reply):
				return a.smtpError("send", link, err)
			default:
				refused = append(refused, to.Address)
				if main {
					firstRefusal = temporaryFirst(firstRefusal, a.smtpError("send", link, err))
				}
			}
		}
		return nil
	}
	if err := offer(r.To, true); err != nil {
		return nil, err
	}
	if taken == 0 {
		if firstRefusal == nil {
			firstRefusal = a.failure("send", channels.Malformed, "", "the reply has no recipient", nil)
		}
		return nil, firstRefusal
	}
	return refused, offer(r.CC, false)
}

// temporaryFirst keeps the error that may go away: then trying again is right.
func temporaryFirst(have, next error) error {
	var typed *channels.Error
	if have == nil || (errors.As(have, &typed) && typed.Permanent()) {
		return next
	}
	return have
}

// handOver sends the mail itself. Once its end has been written only the
// server's answer tells whether it was taken: without one the reply is in doubt.
func (a *Adapter) handOver(link *smtpLink, raw []byte) error {
	data, err := link.client.Data()
	if err != nil {
		return a.smtpError("send", link, err)
	}
	if _, err := data.Write(raw); err != nil {
		return a.smtpError("send", link, err)
	}
	err = data.Close()
	var reply *smtp.SMTPError
	if err == nil || errors.As(err, &reply) || link.conn.writeFailed.Load() {
		return a.smtpError("send", link, err)
	}
	return a.failure("send", channels.InDoubt, "",
		"the link was lost after the whole mail was sent and before the smtp server's answer", err)
}

// smtpError gives any error of an SMTP exchange its reason and its words.
func (a *Adapter) smtpError(op string, link *smtpLink, err error) error {
	var done *channels.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		where := "smtp server " + a.cfg.SMTP.address() + ": "
		if link != nil && link.tooSlow() {
			err = errors.Join(errTooSlow, err)
		}
		if words, ok := linkWords(a.cfg.SMTP.Endpoint, err); ok {
			return a.failure(op, channels.Unavailable, "", where+words, err)
		}
		reason := channels.Unavailable
		if strings.Contains(err.Error(), "SMTPUTF8") || strings.Contains(err.Error(), "CR or LF") {
			reason = channels.Rejected // an address that this server can't carry
		}
		return a.failure(op, reason, "", where+err.Error(), err)
	}
	v := judge(op, reply)
	e := a.failure(op, v.reason, v.code, "the smtp server said: "+reply.Message, err)
	e.RetryAfter = v.wait
	return e
}
