package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"

	"stagecoach/channels"
)

// Check implements channels.Checker: it logs in at both servers, opens the
// folders, and counts what open_since would open. Everything is tried; the
// report has what works also when an error comes with it.
func (a *Adapter) Check(ctx context.Context) (channels.Report, error) {
	report := channels.Report{Lines: []string{}, WouldOpen: -1}
	var failed error
	if a.cfg.IMAP.Host != "" {
		failed = a.checkIMAP(ctx, &report)
	}
	if a.cfg.SMTP.Host != "" {
		link, err := a.dialSMTP(ctx)
		if err == nil {
			err = a.smtpError("check", link, link.client.Noop())
			link.close()
		}
		if err == nil {
			report.Lines = append(report.Lines, "smtp "+a.cfg.SMTP.address()+": logged in, ready to send"+a.sizeWords())
			if a.signer != nil {
				report.Lines = append(report.Lines, "dkim: "+a.signer.published(ctx))
			}
		} else {
			report.Lines = append(report.Lines, "smtp "+a.cfg.SMTP.address()+": "+words(err))
			failed = orError(failed, err)
		}
	}
	return report, failed
}

func (a *Adapter) checkIMAP(ctx context.Context, report *channels.Report) error {
	say := func(format string, args ...any) {
		report.Lines = append(report.Lines, "imap "+a.cfg.IMAP.address()+": "+fmt.Sprintf(format, args...))
	}
	s, err := a.login(ctx)
	if err != nil {
		say("%s", words(err))
		return err
	}
	defer s.logout()
	for _, folder := range a.cfg.IMAP.Folders {
		place, selected, err := a.openFolder(s, folder, true)
		if err != nil {
			say("logged in, but %s", words(err))
			return err
		}
		how := "announces new mail at once"
		if !s.client.Caps().Has(imap.CapIdle) {
			how = "knows no IDLE: asked every " + a.cfg.PollInterval.String()
		}
		say("logged in, folder %s has %d mails, %s", quoted(place), selected.NumMessages, how)
	}
	a.checkAfter(s, say)
	if !a.cfg.OpenSince.IsZero() {
		if err := a.countUnanswered(s, report, say); err != nil {
			say("%s", words(err))
			return err
		}
	}
	return a.checkSent(s, say)
}

func (a *Adapter) countUnanswered(s *session, report *channels.Report, say func(string, ...any)) error {
	var heads []head
	for _, folder := range a.cfg.IMAP.Folders {
		if _, _, err := a.openFolder(s, folder, true); err != nil {
			return err
		}
		found, err := a.heads(s, nil, a.cfg.OpenSince, time.Now().AddDate(1, 0, 0))
		if err != nil {
			return a.imapError("search", err)
		}
		heads = append(heads, found...)
	}
	heads, err := a.unanswered(s, heads, a.cfg.OpenSince)
	if err != nil {
		return err
	}
	threads := map[string]bool{}
	for _, one := range heads {
		threads[one.thread()] = true
	}
	report.WouldOpen = len(threads)
	say("open_since %s would open %d contacts for %d unanswered mails",
		a.cfg.OpenSince.Format(time.DateOnly), len(threads), len(heads))
	return nil
}

// checkAfter says what becomes of mails, and what the server lacks for it.
func (a *Adapter) checkAfter(s *session, say func(string, ...any)) {
	after, caps := a.cfg.After, s.client.Caps()
	switch {
	case after.Mode == FlagIt:
		say("mail gets the flag \\Flagged once it is stored")
	case after.Mode == MarkSeen:
		say("mail is marked as read once it is stored")
	case after.Mode == MoveAside && !caps.Has(imap.CapMove) && !caps.Has(imap.CapUIDPlus):
		say("mail is copied to %s once it is stored, and stays marked as deleted: the server can't take away single mails", quoted(after.Folder))
	case after.Mode == MoveAside:
		say("mail is moved to %s once it is stored", quoted(after.Folder))
	}
}

func (a *Adapter) checkSent(s *session, say func(string, ...any)) error {
	folder, err := a.sentFolder(s, false)
	if err != nil {
		return err
	}
	if folder == "" {
		if a.cfg.CopyToSent {
			return a.sayNewSent(s, say)
		}
		say("there is no folder of sent mail: replies written elsewhere won't be noticed")
		return nil
	}
	if _, err := s.examine(folder); err != nil {
		err = a.folderError(folder, err)
		if a.cfg.CopyToSent {
			say("%s: it will be made", words(err))
			return nil
		}
		say("%s", words(err))
		return err
	}
	say("sent mail is in %s", quoted(folder))
	return nil
}

// sayNewSent names the folder of sent mail that will be made.
func (a *Adapter) sayNewSent(s *session, say func(string, ...any)) error {
	list, err := a.folders(s)
	if err != nil {
		return err
	}
	name, err := a.newName(s, list, newSentFolder)
	if err != nil {
		return err
	}
	say("there is no folder of sent mail yet, %s will be made", quoted(name))
	return nil
}

// List implements channels.Lister. In the folder of sent mail our own copies are
// passed over, as they are when it's read.
func (a *Adapter) List(ctx context.Context, after channels.Bookmark, yield func(position string, received time.Time) bool) error {
	folder, ok := folderOf(after.Source, a.cfg.Account)
	if !ok {
		return a.failure("list", channels.Malformed, "", "unknown source "+quoted(after.Source), nil)
	}
	s, err := a.login(ctx)
	if err != nil {
		return err
	}
	defer s.logout()
	inbox := slices.Contains(a.cfg.IMAP.Folders, folder)
	var selected *imap.SelectData
	if inbox {
		_, selected, err = a.openFolder(s, folder, true)
	} else {
		selected, err = s.examine(folder)
		err = a.folderError(folder, err)
	}
	if err != nil {
		return err
	}
	at, ok := parsePosition(after.Position)
	since := time.Time{}
	if !ok || at.validity != selected.UIDValidity {
		at, since = position{numbering: numbering{validity: selected.UIDValidity}}, after.Since.Truncate(time.Second)
	}
	if selected.UIDNext > 0 && at.last+1 >= selected.UIDNext {
		return nil
	}
	heads, err := a.heads(s, uidRange(at.last+1, 0), since, time.Now().AddDate(1, 0, 0))
	if err != nil {
		return a.imapError("search", err)
	}
	for _, one := range heads {
		if one.uid <= at.last || !inbox && a.composed(one.fields) {
			continue
		}
		if !yield(at.item(one.uid), one.internal) {
			return nil
		}
	}
	return nil
}

// words gives what an error says, without the names of channel and account.
func words(err error) string {
	var typed *channels.Error
	if !errors.As(err, &typed) {
		return err.Error()
	}
	return typed.Err.Error()
}

func orError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func quoted(s string) string { return strconv.Quote(s) }

func asIMAP(err error, target **imap.Error) bool { return errors.As(err, target) }
