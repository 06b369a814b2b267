package email

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"

	"stagecoach/channels"
)

// reopenAfter is how many times as long as an IDLE is trusted a folder stays open
// in silence before it is opened again, at servers that know more than the
// simplest things.
const reopenAfter = 10

// reopenShare is how many times as long as its opening took a folder stays open at
// simple servers: to some it means to read through one large file.
const reopenShare = 20

// simple reports whether the server knows no more than the protocol's oldest
// form. One of them, GNU Mailutils, announces the first mail that comes into a
// folder that was empty when it was opened, and none after it, not even to a
// search; and where such a folder is open for writing, it writes it back at the
// end with that one mail, and the others are lost. So folders are opened read-only
// at these servers but for the moment in which something is done to mails that
// are there, again after each silence, and no mail is put into one that is open.
func (s *session) simple() bool { return !s.client.Caps().Has(imap.CapUIDPlus) }

// readOnly reports whether the folder is to be opened without the right to
// change anything.
func (r *reader) readOnly() bool {
	return r.a.cfg.After.Mode == Leave || r.kind != channels.Fresh || r.s.simple()
}

// writable opens the folder at a simple server for changes, and then again
// read-only. Nothing is done to one that was renumbered meanwhile: its numbers are
// other mails'.
func (r *reader) writable(yes bool) error {
	if !r.s.simple() {
		return nil
	}
	selected, err := r.openPlace(!yes)
	if err == nil && selected.UIDValidity != r.at.validity {
		err = r.a.failure("select", channels.Unavailable, "", "the folder was renumbered while it was being read", nil)
	}
	return err
}

// reopen opens the folder again after a silence that can't be trusted. One that
// was renumbered or set back meanwhile is read again.
func (r *reader) reopen(ctx context.Context) error {
	wait := reopenAfter * r.a.cfg.IdleMaximum
	if r.s.simple() {
		wait = min(wait, reopenShare*r.took)
	}
	if silent := len(r.s.news) == 0; !silent || time.Since(r.opened) < wait {
		return nil
	}
	selected, err := r.openPlace(r.readOnly())
	if err != nil {
		return err
	}
	top, err := r.s.highestUID(selected)
	if err != nil {
		return r.a.imapError("select", err)
	}
	if selected.UIDValidity == r.at.validity && r.at.last <= top {
		return nil
	}
	r.mark.Position = r.at.String()
	if err := r.goOn(ctx, selected, top); err != nil {
		return err
	}
	r.tidy, err = newTidier(ctx, r)
	return r.untidy(err)
}

// lookAnew makes a session see what has come into the folder that it has open.
func (s *session) lookAnew() error {
	if s.simple() {
		_, err := s.open(s.place, s.readOnly)
		return err
	}
	return s.do(func() error { return s.client.Noop().Wait() })
}

// leave closes, at a simple server, a folder that was opened read-only, which
// takes nothing away.
func (s *session) leave() error {
	if !s.simple() {
		return nil
	}
	err := s.do(func() error {
		if s.client.Caps().Has(imap.CapUnselect) {
			return s.client.Unselect().Wait()
		}
		return s.client.UnselectAndExpunge().Wait()
	})
	if _, refused := errors.AsType[*imap.Error](err); refused {
		return nil // then it stays open
	}
	return err
}
