package email

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels"
)

// loadOlder reads mail from before the first connection, as far as asked for:
// first what open_since makes contacts of, then the rest as history. Each load
// is a source of its own that remembers how far it came; connected is when the
// account was first seen.
func (a *Adapter) loadOlder(ctx context.Context, src channels.Source, folder string, connected time.Time) error {
	base := sourceName(a.cfg.Account, folder)
	if since := a.cfg.OpenSince; !since.IsZero() && since.Before(connected) {
		name := base + "#open_since=" + since.UTC().Format(time.RFC3339)
		if err := a.load(ctx, src, load{folder, name, channels.Fresh, since, connected}); err != nil {
			return err
		}
	}
	if a.cfg.Import > 0 {
		name := fmt.Sprintf("%s#import=%v", base, a.cfg.Import)
		return a.load(ctx, src, load{folder, name, channels.History, connected.Add(-a.cfg.Import), connected})
	}
	return nil
}

// load is one load of older mail: what arrived from since until the connection.
type load struct {
	folder    string
	source    string
	kind      channels.InboundKind
	since     time.Time
	connected time.Time
}

func (a *Adapter) load(ctx context.Context, src channels.Source, l load) error {
	mark, seen, err := src.Bookmark(ctx, l.source)
	if err != nil {
		return fmt.Errorf("reading the bookmark of %q: %w", l.source, err)
	}
	at, ok := parsePosition(mark.Position)
	if seen && ok && at.last >= at.before {
		return nil // done long ago
	}
	s, err := a.login(ctx)
	if err != nil {
		return err
	}
	defer s.logout()
	r := &reader{a: a, s: s, src: src, source: l.source, folder: l.folder, kind: l.kind}
	selected, err := r.openPlace(true)
	if err != nil {
		return err
	}
	r.mark, r.at = mark, at
	if !seen || !ok || at.validity != selected.UIDValidity {
		if r.at, err = a.before(ctx, src, l.folder, selected); err != nil {
			return err
		}
		r.mark = channels.Bookmark{Source: l.source, Since: l.since, Seen: mark.Seen}
	}
	uids, err := a.pick(r, l)
	if err != nil {
		return err
	}
	if err := r.deliver(ctx, uids); err != nil {
		return err
	}
	r.at.last, r.mark.At = r.at.before, time.Now()
	return r.advance(ctx)
}

// before gives the range that was there when the account was connected, as the
// inbox's own bookmark remembers it.
func (a *Adapter) before(ctx context.Context, src channels.Source, folder string, selected *imap.SelectData) (position, error) {
	name := sourceName(a.cfg.Account, folder)
	mark, seen, err := src.Bookmark(ctx, name)
	if err != nil {
		return position{}, fmt.Errorf("reading the bookmark of %q: %w", name, err)
	}
	at, ok := parsePosition(mark.Position)
	if !seen || !ok || at.validity != selected.UIDValidity {
		return position{}, fmt.Errorf("loading older mail: the folder %q has no bookmark yet", name)
	}
	return position{numbering: at.numbering, before: at.before}, nil
}

// pick chooses the mails of a load. They are all from before the connection by
// place and by date, so none of them can be one that the inbox delivers.
func (a *Adapter) pick(r *reader, l load) ([]imap.UID, error) {
	heads, err := a.heads(r.s, uidRange(r.at.last+1, r.at.before), l.since, l.connected)
	if err != nil {
		return nil, a.imapError("search", err)
	}
	if l.kind == channels.Fresh {
		if heads, err = a.unanswered(r.s, heads, l.since); err != nil {
			return nil, err
		}
		if _, err := r.openPlace(true); err != nil {
			return nil, err
		}
	}
	uids := []imap.UID{}
	for _, one := range heads {
		if one.uid > r.at.last && one.uid <= r.at.before {
			uids = append(uids, one.uid)
		}
	}
	return uids, nil
}

// head is what the choice of older mail needs to know of one.
type head struct {
	uid      imap.UID
	internal time.Time
	answered bool
	fields   fields
}

// heads reads the heads of the mails in the selected folder that arrived from
// since until before.
func (a *Adapter) heads(s *session, set []imap.UIDSet, since, before time.Time) ([]head, error) {
	var out []head
	// The server compares days of its own zone; the exact times are compared here.
	uids, err := s.search(&imap.SearchCriteria{UID: set, Since: since.AddDate(0, 0, -1)})
	if err != nil {
		return nil, err
	}
	section := &imap.FetchItemBodySection{
		Peek: true, Specifier: imap.PartSpecifierHeader,
		HeaderFields: []string{"Message-ID", "In-Reply-To", "References", "From", replyField},
	}
	options := &imap.FetchOptions{UID: true, InternalDate: true, Flags: true, BodySection: []*imap.FetchItemBodySection{section}}
	for chunk := range slices.Chunk(uids, 1000) {
		err := s.fetchEach(chunk, options, func(data *imapclient.FetchMessageData) error {
			item, whole, err := s.readItem(data)
			if err != nil || !whole || item.internal.Before(since) || !item.internal.Before(before) {
				return err
			}
			out = append(out, head{
				uid: item.uid, internal: item.internal,
				answered: slices.Contains(item.flags, imap.FlagAnswered),
				fields:   parseFields(item.raw),
			})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b head) int { return int(int64(a.uid) - int64(b.uid)) })
	return out, nil
}

// unanswered leaves out what bears the flag \Answered, what a mail in the folder
// of sent mail refers to, and what is from ourselves. It leaves that folder
// selected.
func (a *Adapter) unanswered(s *session, heads []head, since time.Time) ([]head, error) {
	answered := map[string]bool{}
	folder, err := a.sentFolder(s, false)
	if err != nil {
		return nil, err
	}
	if folder != "" {
		if _, err := s.examine(folder); err != nil {
			return nil, a.folderError(folder, err)
		}
		sent, err := a.heads(s, nil, since, time.Now().AddDate(1, 0, 0))
		if err != nil {
			return nil, a.imapError("search", err)
		}
		for _, one := range sent {
			for _, id := range one.refers() {
				answered[id] = true
			}
		}
	}
	return slices.DeleteFunc(heads, func(one head) bool {
		from := parseAddresses(one.fields.get("From"))
		return one.answered || answered[firstID(one.fields.get("Message-ID"))] ||
			len(from) > 0 && a.own(from[0].Address)
	}), nil
}

// refers gives the ids of the mails that this one is an answer to.
func (h head) refers() []string {
	return append(messageIDs(h.fields.get("In-Reply-To")), messageIDs(h.fields.get("References"))...)
}

// thread gives what mails of one matter have in common: the id that began it.
func (h head) thread() string {
	if ids := messageIDs(h.fields.get("References")); len(ids) > 0 {
		return ids[0]
	}
	if id := firstID(h.fields.get("In-Reply-To")); id != "" {
		return id
	}
	if id := firstID(h.fields.get("Message-ID")); id != "" {
		return id
	}
	return strings.Join([]string{"uid", fmt.Sprint(h.uid)}, " ")
}
