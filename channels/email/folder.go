package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"stagecoach/channels"
)

// The size of one FETCH, and how often a bookmark is moved while mail pours in.
const (
	chunkSize    = 200
	advanceEvery = time.Second
)

// reader follows one source: a folder over one session.
type reader struct {
	a      *Adapter
	s      *session
	src    channels.Source
	source string
	// folder is the one that is meant, place its name as the server spells it.
	folder string
	place  string
	// kind is what the items are; skip leaves out what is not for the daemon.
	kind channels.InboundKind
	skip func(raw []byte) bool

	at       position
	mark     channels.Bookmark
	advanced time.Time
	// delivered counts what was dealt with in this session.
	delivered uint64
	// rescanning is true until a renumbered folder has been read again.
	rescanning bool
	// again is what can't be told from new mail, and is to be read again; blurred
	// is true while the landmarks are none or old; prints are the fingerprints of
	// what was fetched and lies before the bookmark.
	again   uidSpan
	blurred bool
	prints  map[imap.UID]uint32
	// tidy does what is to be done with stored mails, nil if nothing is.
	tidy *tidier
	// opened is when the folder was opened last, took how long that took.
	opened time.Time
	took   time.Duration
}

// open selects the folder and finds out where to go on. It is opened read-only,
// so that nothing can be marked, unless something is to be done afterwards.
func (r *reader) open(ctx context.Context) error {
	selected, err := r.openPlace(r.readOnly())
	if err != nil {
		return err
	}
	top, err := r.s.highestUID(selected)
	if err != nil {
		return r.a.imapError("select", err)
	}
	mark, seen, err := r.src.Bookmark(ctx, r.source)
	if err != nil {
		return fmt.Errorf("reading the bookmark of %q: %w", r.source, err)
	}
	if !seen {
		now := time.Now()
		r.rescanning, r.at = false, position{numbering: numbering{validity: selected.UIDValidity}, last: top, before: top}
		r.mark = channels.Bookmark{Source: r.source, At: now, Since: now}
		r.blurred = true
		if err := r.advance(ctx); err != nil {
			return err
		}
		err = r.survey()
	} else {
		r.mark = mark
		err = r.goOn(ctx, selected, top)
	}
	if err != nil {
		return err
	}
	r.tidy, err = newTidier(ctx, r)
	return r.untidy(err)
}

// untidy takes a refusal of what is to be done afterwards for no reason to stop
// reading: it is told, and tried again with the next link or after a while.
func (r *reader) untidy(err error) error {
	if err == nil {
		return nil
	}
	reason := channels.ReasonOf(err)
	if _, refused := errors.AsType[*imap.Error](err); !refused && reason != channels.Malformed && reason != channels.Rejected {
		return err
	}
	channels.Troubled(r.src, r.source+afterMark, err)
	r.tidy.refused()
	return nil
}

// openPlace opens the folder, and finds out how the server spells it.
func (r *reader) openPlace(readOnly bool) (selected *imap.SelectData, err error) {
	begun := time.Now()
	defer func() { r.opened, r.took = time.Now(), time.Since(begun) }()
	if r.place == "" {
		r.place, selected, err = r.a.openFolder(r.s, r.folder, readOnly)
		return selected, err
	}
	selected, err = r.s.open(r.place, readOnly)
	return selected, r.a.folderError(r.folder, err)
}

// goOn compares the bookmark with the folder. One that was renumbered, or set
// back to an earlier state under its old number, is read again.
func (r *reader) goOn(ctx context.Context, selected *imap.SelectData, top imap.UID) error {
	var ok bool
	r.at, ok = parsePosition(r.mark.Position)
	next := position{numbering: numbering{validity: selected.UIDValidity}}
	if ok && r.at.validity == selected.UIDValidity {
		sure, setBack, err := r.recall()
		if err != nil {
			return err
		}
		if !setBack && r.at.last > top {
			// Some servers tell a next UID that is behind what they have.
			highest, err := r.s.lastUID()
			if err != nil {
				return r.a.imapError("search", err)
			}
			top = max(top, highest)
			setBack = r.at.last > top
		}
		if !setBack {
			r.rescanning = false
			return nil
		}
		if sure > top {
			sure = 0
		}
		next.era, next.last, next.marks = r.at.era+1, sure, r.at.marks.upTo(sure)
	}
	r.rescanning, r.again, r.blurred = true, uidSpan{}, true
	if next.before = top; ok && r.at.neverHeld() { // then there is nothing older
		next.before = 0
	} else if top == 0 {
		next.era = max(next.era, r.at.era+1) // emptied: what it held may come back
	}
	again, err := r.resume(&next)
	if err != nil {
		return err
	}
	if r.at.last > 0 && !again { // what never held a mail has nothing to tell
		r.a.log.LogAttrs(ctx, slog.LevelWarn, "folder was renumbered or set back, reading it again: nothing is taken twice",
			sourceAttr(r.source), slog.String("was", r.mark.Position), slog.Uint64("uidvalidity", uint64(selected.UIDValidity)))
		channels.Told(r.src, r.source, "The mail server has renumbered this folder or set it back, as after a restore; "+
			"all mail since the account was connected is read again, and what is known already is not taken twice.")
	}
	r.at = next
	return nil
}

// resume goes on with a re-read that another link has begun, and reports whether
// it does. Where the folder was set back once more since, what was read then says
// nothing of the mails that have these numbers now.
func (r *reader) resume(next *position) (again bool, err error) {
	begun, marks, known := r.a.ahead.latest(r.source)
	if !known || begun.validity != next.validity || begun.era < next.era || begun == r.at.numbering {
		return false, nil
	}
	next.era = begun.era
	if len(marks) == 0 {
		return true, nil
	}
	again = true
	err = r.looking("resume", func(int) error {
		sure, _, err := r.s.compare(marks)
		if err == nil && sure != marks[len(marks)-1].uid {
			next.era++
			again = false
		}
		return err
	})
	return again, err
}

// catchUp delivers everything after the bookmark, oldest first.
func (r *reader) catchUp(ctx context.Context) error {
	asked := time.Now()
	select {
	case <-r.s.news: // what it announced is found by the search
	default:
	}
	if err := r.lookAgain(ctx); err != nil {
		return err
	}
	if r.rescanning {
		if err := r.rescan(ctx); err != nil {
			return err
		}
		if err := r.advance(ctx); err != nil { // before anything can end the link
			return err
		}
	}
	if err := r.survey(); err != nil {
		return err
	}
	uids, err := r.s.search(&imap.SearchCriteria{UID: uidRange(r.at.last+1, 0)})
	if err != nil {
		return r.a.imapError("search", err)
	}
	uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid <= r.at.last })
	r.a.stuck.keep(r.source, r.at.numbering, uids)
	before := r.at.last
	if err := r.deliver(ctx, uids); err != nil {
		return err
	}
	if r.at.last > before || asked.Sub(r.advanced) >= min(r.a.cfg.IdleMaximum, 10*time.Second) {
		r.mark.At = asked
		if err := r.advance(ctx); err != nil {
			return err
		}
	}
	return r.untidy(r.tidy.run(ctx))
}

// rescan reads a renumbered folder again, as far as it was there: what arrived
// since the connection is delivered once more, and known to the daemon by its
// ProviderID. The bookmark moves only at its end.
func (r *reader) rescan(ctx context.Context) error {
	if r.at.before > r.at.last {
		day := r.mark.Since.AddDate(0, 0, -1) // the server's own day may be another
		uids, err := r.s.search(&imap.SearchCriteria{UID: uidRange(r.at.last+1, r.at.before), Since: day})
		if err != nil {
			return r.a.imapError("search", err)
		}
		if err := r.deliver(ctx, uids); err != nil {
			return err
		}
	}
	r.at.last, r.rescanning = r.at.before, false
	return nil
}

// openPatience is how many times as long as for others we wait for the answer to
// the opening of a folder.
const openPatience = 4

// advance tells the daemon how far the source has been read.
func (r *reader) advance(ctx context.Context) error {
	r.mark.Position = r.at.String()
	if err := r.src.Advance(ctx, r.mark); err != nil {
		return fmt.Errorf("advancing the bookmark of %q: %w", r.source, err)
	}
	r.advanced = time.Now()
	return nil
}

// received gives the provider's receipt: INTERNALDATE, at most now. A mail that
// came behind the bookmark was not there when the bookmark was set, whatever
// its date says (it may have been moved here).
func (r *reader) received(uid imap.UID, internal time.Time) time.Time {
	if uid > r.at.before && internal.Before(r.mark.At) {
		internal = r.mark.At
	}
	if now := time.Now(); internal.IsZero() || internal.After(now) {
		return now
	}
	return internal
}

// old reports whether a mail was there before the account was connected.
func (r *reader) old(uid imap.UID, internal time.Time) bool {
	return uid <= r.at.before && internal.Before(r.mark.Since.Truncate(time.Second))
}

// examine opens a folder read-only.
func (s *session) examine(folder string) (*imap.SelectData, error) { return s.open(folder, true) }

// open selects a folder. A server that sees hundreds of thousands of mails for the
// first time needs longer for that than for any other answer.
func (s *session) open(folder string, readOnly bool) (data *imap.SelectData, err error) {
	usual := s.timeout
	s.timeout *= openPatience
	defer func() { s.timeout = usual }()
	err = s.do(func() (err error) {
		data, err = s.client.Select(folder, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
		return err
	})
	if err == nil {
		s.place, s.readOnly = folder, readOnly
	}
	return data, err
}

// highestUID gives the highest UID that the selected folder has or had.
func (s *session) highestUID(selected *imap.SelectData) (imap.UID, error) {
	if selected.UIDNext > 0 {
		return selected.UIDNext - 1, nil
	}
	if selected.NumMessages == 0 {
		return 0, nil
	}
	return s.lastUID()
}

// lastUID gives the highest UID that is in the selected folder, 0 if it's empty.
func (s *session) lastUID() (imap.UID, error) {
	uids, err := s.search(&imap.SearchCriteria{UID: uidRange(0, 0)})
	if err != nil || len(uids) == 0 {
		return 0, err
	}
	return slices.Max(uids), nil
}

// search gives the matching UIDs in rising order. Up to the highest there is, "*",
// the last mail always matches (RFC 3501 section 6.4.8, its note); a server that
// finds none in a folder that has some, or refuses, may not know the star in a
// search, as GNU Mailutils doesn't, and is asked by number.
func (s *session) search(criteria *imap.SearchCriteria) (uids []imap.UID, err error) {
	uids, err = s.searchOnce(criteria)
	_, refused := errors.AsType[*imap.Error](err)
	if err != nil && !refused || len(uids) > 0 {
		return uids, err
	}
	numbered, hasStar := withoutStar(criteria.UID)
	if box := s.client.Mailbox(); !hasStar || box == nil || box.NumMessages == 0 && !refused {
		return uids, err
	}
	again := *criteria
	again.UID = numbered
	return s.searchOnce(&again)
}

func (s *session) searchOnce(criteria *imap.SearchCriteria) (uids []imap.UID, err error) {
	err = s.do(func() error {
		data, err := s.client.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return err
		}
		if set, ok := data.All.(imap.UIDSet); ok {
			uids, _ = set.Nums()
		}
		return nil
	})
	slices.SortFunc(uids, cmp.Compare[imap.UID])
	return slices.Compact(uids), err
}

// withoutStar writes ranges by numbers alone, and reports whether there was a
// star; the star alone becomes all there is.
func withoutStar(sets []imap.UIDSet) (numbered []imap.UIDSet, had bool) {
	for _, set := range sets {
		var out imap.UIDSet
		for _, r := range set {
			if r.Stop == 0 {
				had = true
				r = imap.UIDRange{Start: max(r.Start, 1), Stop: math.MaxUint32}
			}
			out = append(out, r)
		}
		numbered = append(numbered, out)
	}
	return numbered, had
}

// uidRange is from:to; 0 stands for the highest there is.
func uidRange(from, to imap.UID) []imap.UIDSet {
	return []imap.UIDSet{{imap.UIDRange{Start: from, Stop: to}}}
}
