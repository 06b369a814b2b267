package webchat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"stagecoach/channels"
)

// The states of a reply that may go by e-mail as well. Trying is recorded before
// and sent after: what a crash leaves in trying nobody knows, and nobody tries it
// again.
const (
	mailDue     = "due"
	mailTrying  = "trying"
	mailSent    = "sent"
	mailSeen    = "seen"
	mailNone    = "none"
	mailFailed  = "failed"
	mailUnknown = "unknown"
)

// How often mail is looked after, how long one may take, and when trying ends.
const (
	mailEvery   = time.Second
	mailTime    = time.Minute
	mailTries   = 20
	mailPending = 7 * 24 * time.Hour
)

// mails sends by e-mail what visitors who are gone have not read, until ctx ends.
func (u *run) mails(ctx context.Context) error {
	if u.a.cfg.Mail == nil {
		return nil
	}
	if err := u.unfinishedMails(ctx); err != nil {
		return err
	}
	began := u.a.now()
	tick := time.NewTicker(min(mailEvery, u.a.cfg.MailAfter))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		// After a restart all are away for a moment.
		if u.a.now().Sub(began) < u.a.cfg.MailAfter {
			continue
		}
		for more := true; more; {
			var err error
			if more, err = u.nextMail(ctx); err != nil {
				return err
			}
		}
	}
}

// unfinishedMails says which mails a crash has left in doubt.
func (u *run) unfinishedMails(ctx context.Context) error {
	var n int64
	err := u.store.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE mails SET state = ? WHERE state = ?", mailUnknown, mailTrying)
		if err != nil {
			return fmt.Errorf("looking for unfinished mails: %w", err)
		}
		n, err = res.RowsAffected()
		return err
	})
	if err == nil && n > 0 {
		u.a.log.WarnContext(ctx, "mails to visitors are in doubt after a restart", "count", n)
		channels.Told(u.src, u.a.source(), fmt.Sprintf("%d replies to visitors who had gone may or may not have been mailed when Stagecoach stopped; "+
			"they are not mailed again, and show in the chat when the visitor returns", n))
	}
	return err
}

// pendingMail is a reply that its visitor hasn't read.
type pendingMail struct {
	reply string
	n     int64
	tries int
	at    int64
	text  string
	files string
	// thread is that of the reply.
	thread string
	visitor
}

// nextMail decides on one due reply; more is false when none is due.
func (u *run) nextMail(ctx context.Context) (more bool, err error) {
	now := u.a.now()
	m, err := u.store.dueMail(ctx, now)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	switch {
	case m.Read >= m.n || now.Sub(millis(m.at)) > mailPending:
		return true, u.store.mailState(ctx, m, mailSeen, now)
	case u.a.hub.here(m.ID): // they may go without having looked
		return true, u.store.mailState(ctx, m, mailDue, now.Add(u.a.cfg.MailAfter))
	case m.Email == "":
		return true, u.store.mailState(ctx, m, mailNone, now)
	}
	m.tries++
	// The address and the instant of trying are kept with the state.
	if err := u.store.mailState(ctx, m, mailTrying, now); err != nil {
		return false, err
	}
	bound, cancel := context.WithTimeout(ctx, mailTime)
	subject, text := u.a.mailWords(m)
	err = u.a.cfg.Mail(bound, m.Email, subject, text, m.reply)
	cancel()
	if err != nil && ctx.Err() != nil {
		return false, ctx.Err() // in doubt: the next run says so
	}
	return true, u.mailed(context.WithoutCancel(ctx), m, err)
}

// mailed records what became of a mail.
func (u *run) mailed(ctx context.Context, m pendingMail, err error) error {
	now := u.a.now()
	defer u.a.report(Activity{Visitor: m.address(), Thread: m.thread, Mailed: true})
	if err == nil {
		return u.store.mailState(ctx, m, mailSent, now)
	}
	state, words := mailFailed, "could not be mailed"
	switch channels.ReasonOf(err) {
	case channels.InDoubt, channels.Unknown:
		state, words = mailUnknown, "may or may not have been mailed"
	case channels.RateLimited, channels.Unavailable, channels.Auth:
		if m.tries < mailTries {
			u.a.log.WarnContext(ctx, "a reply was not mailed, it is tried again", "reply_id", m.reply, "err", err)
			return u.store.mailState(ctx, m, mailDue, now.Add(time.Duration(m.tries)*time.Minute))
		}
	case channels.Rejected, channels.Malformed:
	}
	u.a.log.WarnContext(ctx, "a reply was not mailed to a visitor who has gone", "state", state, "reply_id", m.reply, "err", err)
	channels.Told(u.src, u.a.source(), "a reply to a visitor who had gone "+words+"; it shows in the chat when they return: "+err.Error())
	return u.store.mailState(ctx, m, state, now)
}

func (a *Adapter) mailWords(m pendingMail) (subject, text string) {
	german := m.Language == "de"
	subject, note := "Your chat with "+a.cfg.Title, "There are files with this answer: open the chat again to get them."
	if german {
		subject, note = "Ihr Chat mit "+a.cfg.Title, "Zu dieser Antwort gehören Dateien: Öffnen Sie den Chat wieder, um sie zu sehen."
	}
	text = m.text
	if m.files != "" {
		text += "\n\n" + note
	}
	return subject, text
}

func (s *store) dueMail(ctx context.Context, now time.Time) (pendingMail, error) {
	var m pendingMail
	err := s.read.QueryRowContext(ctx, "SELECT m.reply, m.n, m.tries, l.at, l.text, l.files, l.thread, "+visitorColumns+
		" FROM mails m JOIN visitors v ON v.id = m.visitor JOIN messages l ON l.id = m.reply AND l.ours = 1 WHERE m.state = ? AND m.due <= ? ORDER BY m.due LIMIT 1",
		mailDue, now.UnixMilli()).Scan(append([]any{&m.reply, &m.n, &m.tries, &m.at, &m.text, &m.files, &m.thread}, columnsOf(&m.visitor)...)...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("looking for mail that is due: %w", err)
	}
	return m, err
}

func (s *store) mailState(ctx context.Context, m pendingMail, state string, due time.Time) error {
	return s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE mails SET state = ?1, due = ?2, tries = ?3, at = iif(?1 = ?6, ?2, at), address = iif(?1 = ?6, ?5, address) WHERE reply = ?4",
			state, due.UnixMilli(), m.tries, m.reply, m.Email, mailTrying)
		if err != nil {
			return fmt.Errorf("noting the state of a mail: %w", err)
		}
		return nil
	})
}
