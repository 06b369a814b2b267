package email

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// originalIDField is where Microsoft's servers put the Message-ID that they have
// replaced (github.com/chatmail/core/pull/2250).
const originalIDField = "X-Microsoft-Original-Message-ID"

// sentMark is by what a reply is known again in a folder, also where the provider
// has given it another Message-ID, as Exchange Online, Outlook.com and Amazon SES
// do, or has taken away fields that it doesn't know.
type sentMark struct {
	reply, messageID, token string
	at                      time.Time
}

// markIn gives the mark that a mail's header bears.
func markIn(f fields) sentMark {
	m := sentMark{reply: strings.TrimSpace(f.get(replyField)), token: tokenOf(messageIDs(strings.Join(f.all("References"), " ")))}
	m.messageID = firstID(orDefault(f.get(originalIDField), f.get("Message-Id")))
	m.at, _ = mail.ParseDate(f.get("Date"))
	return m
}

// is reports whether both are of the same reply: by our own field, by the
// Message-ID, or by conversation and second.
func (m sentMark) is(other sentMark) bool {
	switch {
	case m.reply != "" && other.reply != "":
		return m.reply == other.reply
	case m.messageID != "" && m.messageID == other.messageID:
		return true
	}
	return m.token != "" && m.token == other.token && !m.at.IsZero() && m.at.Equal(other.at)
}

// The newest mails of a folder are looked at one by one, so many at first: not
// every server finds a mail by a field of its header. Yahoo answers NO to such a
// search (github.com/mscdex/node-imap/issues/737).
const (
	sentLook = 200
	markLook = 2000
)

// sentIndex is what lies newest in the folder that a session has open.
type sentIndex struct {
	upTo  imap.UID
	marks []sentMark
	// deaf is true once the server has refused to search by a header's field.
	deaf bool
}

// refresh takes in what has come since it was last called.
func (x *sentIndex) refresh(s *session) error {
	if err := s.lookAnew(); err != nil { // so that it sees what just came
		return err
	}
	from := x.upTo + 1
	if x.upTo == 0 {
		if box := s.client.Mailbox(); box != nil && box.NumMessages == 0 {
			return nil
		}
		top, err := s.lastUID()
		if err != nil {
			return err
		}
		from = max(top, markLook) - markLook + 1
	}
	uids, err := s.search(&imap.SearchCriteria{UID: uidRange(from, 0)})
	if err != nil {
		return err
	}
	uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid < from })
	if x.upTo == 0 {
		uids = uids[max(0, len(uids)-sentLook):]
	}
	return s.eachMark(uids, func(uid imap.UID, m sentMark) {
		x.upTo = max(x.upTo, uid)
		x.marks = append(x.marks, m)
	})
}

// count gives how many of them are of this reply.
func (x *sentIndex) count(wanted sentMark) (n int) {
	for _, m := range x.marks {
		if m.is(wanted) {
			n++
		}
	}
	return n
}

// find looks for a reply among the newest mails of the open folder, and further
// back by its Message-ID.
func (x *sentIndex) find(s *session, wanted sentMark) (bool, error) {
	if err := x.refresh(s); err != nil {
		return false, err
	}
	if x.count(wanted) > 0 {
		return true, nil
	}
	for _, by := range []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: wanted.messageID}, {Key: replyField, Value: wanted.reply}} {
		if x.deaf || by.Value == "" {
			continue
		}
		uids, err := s.search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{by}})
		var refused *imap.Error
		if asIMAP(err, &refused) && refused.Type != imap.StatusResponseTypeBye {
			x.deaf = true
			continue
		}
		if err != nil {
			return false, err
		}
		// Servers find parts of a value, and some find everything.
		there := false
		uids = uids[max(0, len(uids)-sentLook):]
		if err := s.eachMark(uids, func(_ imap.UID, m sentMark) { there = there || m.is(wanted) }); there || err != nil {
			return there, err
		}
	}
	return false, nil
}

// eachMark reads the marks of mails.
func (s *session) eachMark(uids []imap.UID, each func(imap.UID, sentMark)) error {
	section := &imap.FetchItemBodySection{
		Peek: true, Specifier: imap.PartSpecifierHeader,
		HeaderFields: []string{"Message-ID", replyField, originalIDField, "References", "Date"},
	}
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}
	asked := make(map[imap.UID]bool, len(uids))
	for _, uid := range uids {
		asked[uid] = true
	}
	for chunk := range slices.Chunk(uids, chunkSize) {
		err := s.fetchEach(chunk, options, func(data *imapclient.FetchMessageData) error {
			item, whole, err := s.readItem(data)
			if err == nil && whole && asked[item.uid] {
				delete(asked, item.uid) // some give a mail twice, or one that nobody asked for
				each(item.uid, markIn(parseFields(item.raw)))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sentPlaces names the folders in which a copy of what was sent may lie: the one
// of sent mail and, where that isn't shown, the one with everything.
func (a *Adapter) sentPlaces(s *session) ([]string, error) {
	list, err := a.folders(s)
	if err != nil {
		return nil, err
	}
	if sent := pickSent(list, a.cfg.IMAP.SentFolder); sent != "" {
		return []string{sent}, nil
	}
	for _, folder := range list {
		if slices.Contains(folder.Attrs, imap.MailboxAttrAll) && !slices.Contains(folder.Attrs, imap.MailboxAttrNoSelect) {
			return []string{folder.Mailbox}, nil
		}
	}
	if a.cfg.IMAP.SentFolder != "" {
		return []string{a.cfg.IMAP.SentFolder}, nil
	}
	return nil, nil
}

// awaitOwn waits for the copy that the provider makes itself, and reports whether
// it came.
func (a *Adapter) awaitOwn(ctx context.Context, s *session, x *sentIndex, wanted sentMark) (bool, error) {
	end := time.NewTimer(a.cfg.SentPatience)
	defer end.Stop()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		pause := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			pause.Stop()
			return false, ctx.Err()
		case <-end.C:
			pause.Stop()
			return false, nil
		case <-pause.C:
		}
		if err := x.refresh(s); err != nil {
			return false, err
		}
		if x.count(wanted) > 0 {
			return true, nil
		}
	}
}
