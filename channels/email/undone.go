package email

import (
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels"
)

// begin finds where to begin. What was there before us, or came before this was
// asked for, stays. Where the folder was renumbered since, all that came later may
// wait for it, also under a number that was there when we noticed.
func (t *tidier) begin(seen bool) {
	r := t.r
	if seen {
		t.at = position{numbering: r.at.numbering, before: r.at.before}
		if t.mark.Since.IsZero() {
			t.mark.Since = r.mark.Since
		}
		return
	}
	from := r.at.last
	if r.rescanning {
		from = r.at.before
	}
	t.at = position{numbering: r.at.numbering, last: from, before: from}
	t.mark = channels.Bookmark{Source: t.source, Since: time.Now()}
}

// waiting lists the mails to which it isn't done yet.
func (t *tidier) waiting() ([]imap.UID, error) {
	old, err := t.without(t.at.last+1, min(t.at.before, t.r.at.last), t.mark.Since.AddDate(0, 0, -1)) // the server's own day may be another
	if err == nil {
		old, err = t.came(old)
	}
	if err != nil {
		return nil, err
	}
	uids, err := t.without(max(t.at.last, t.at.before)+1, t.r.at.last, time.Time{})
	return append(old, uids...), err
}

// without searches a range for mails to which it isn't done.
func (t *tidier) without(from, to imap.UID, since time.Time) ([]imap.UID, error) {
	if from > to {
		return nil, nil
	}
	criteria := &imap.SearchCriteria{UID: uidRange(from, to), Since: since}
	switch t.r.a.cfg.After.Mode {
	case FlagIt:
		criteria.NotFlag = []imap.Flag{imap.FlagFlagged}
	case MarkSeen:
		criteria.NotFlag = []imap.Flag{imap.FlagSeen}
	case MoveAside: // what is deleted is moved already, or was deleted by somebody
		criteria.NotFlag = []imap.Flag{imap.FlagDeleted}
	case Leave:
	}
	uids, err := t.r.s.search(criteria)
	if err != nil {
		return nil, t.r.a.imapError("search", err)
	}
	return slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid < from || uid > to }), nil
}

// came leaves out the mails that were there before this was asked for: of those
// that were numbered anew, their dates of receipt tell.
func (t *tidier) came(uids []imap.UID) ([]imap.UID, error) {
	since, came := t.mark.Since.Truncate(time.Second), []imap.UID{}
	for chunk := range slices.Chunk(uids, 1000) {
		err := t.r.looking("dates", func(int) error {
			return t.r.s.fetchEach(chunk, &imap.FetchOptions{UID: true, InternalDate: true}, func(data *imapclient.FetchMessageData) error {
				item, _, err := t.r.s.readItem(data)
				if err == nil && !item.internal.Before(since) && slices.Contains(chunk, item.uid) {
					came = append(came, item.uid)
				}
				return err
			})
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(came)
	return slices.Compact(came), nil
}
