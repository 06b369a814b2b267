package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels"
)

// AfterMode is what becomes of a mail at the server once it is stored here.
type AfterMode string

// The modes. Leave touches nothing.
const (
	Leave     AfterMode = ""
	FlagIt    AfterMode = "flag"
	MarkSeen  AfterMode = "seen"
	MoveAside AfterMode = "move"
)

// Afterwards is what to do with a mail that is stored.
type Afterwards struct {
	Mode AfterMode
	// Folder is where MoveAside moves to; it is made if missing.
	Folder string
}

func (w Afterwards) validate(watched []string) error {
	switch {
	case w.Mode != Leave && w.Mode != FlagIt && w.Mode != MarkSeen && w.Mode != MoveAside:
		return fmt.Errorf("after %q: want leave, flag, seen or move", w.Mode)
	case w.Mode == MoveAside && w.Folder == "":
		return errors.New("after: move needs a folder to move to")
	case w.Mode == MoveAside && slices.ContainsFunc(watched, func(f string) bool { return strings.EqualFold(f, w.Folder) }):
		return fmt.Errorf("after: move: the folder %q is one that is watched", w.Folder)
	default:
		return nil
	}
}

// tidier does afterwards what is to be done with the mails of one folder that
// are stored. How far it came is a bookmark of its own, so that a crash between
// storing and doing leaves nothing undone; doing it twice changes nothing.
type tidier struct {
	r      *reader
	source string
	mark   channels.Bookmark
	at     position
	// target is the folder to move to, as the server spells it.
	target string
	// careful is true until the first batch after a start is done: a copy of
	// each of its mails may be there already.
	careful bool
	// later is when to try again what was refused.
	later time.Time
	// keep lists what stays where it is: mails of which we have no text.
	keep map[imap.UID]bool
}

// afterMark ends the name of a tidier's bookmark.
const afterMark = "#after="

// tidyBatch is how many mails one command flags or moves.
const tidyBatch = 500

// newTidier finds out where to go on; nil where nothing is to be done.
func newTidier(ctx context.Context, r *reader) (*tidier, error) {
	mode := r.a.cfg.After.Mode
	if mode == Leave || r.kind != channels.Fresh {
		return nil, nil //nolint:nilnil // none is a good answer
	}
	t := &tidier{r: r, source: r.source + afterMark + string(mode), careful: true, keep: map[imap.UID]bool{}}
	if mode == MoveAside {
		var err error
		if t.target, err = r.a.ensureFolder(r.s, r.a.cfg.After.Folder); err != nil {
			return nil, err
		}
		if t.target == r.place {
			return nil, r.a.failure("move", channels.Malformed, "", "after: move: the folder "+quoted(t.target)+" is the one that is watched", nil)
		}
	}
	mark, seen, err := r.src.Bookmark(ctx, t.source)
	if err != nil {
		return nil, fmt.Errorf("reading the bookmark of %q: %w", t.source, err)
	}
	t.mark = mark
	var ok bool
	if t.at, ok = parsePosition(mark.Position); !seen || !ok || t.at.number() != r.at.number() || t.at.last > r.at.last {
		t.begin(seen)
		if err := t.advance(ctx); err != nil {
			return nil, err
		}
	}
	channels.Troubled(r.src, r.source+afterMark, nil)
	return t, nil
}

// run does what is to be done up to where the folder has been read. All of it is
// stored: the reader has moved its bookmark there.
func (t *tidier) run(ctx context.Context) error {
	if t == nil || time.Now().Before(t.later) || t.at.last >= t.r.at.last || t.r.rescanning {
		return nil
	}
	uids, err := t.waiting()
	if err != nil {
		return err
	}
	last := t.r.at.last
	uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid <= t.at.last || uid > last || t.keep[uid] })
	if len(uids) > 0 {
		if err := t.doAll(ctx, uids); err != nil {
			return err
		}
	}
	if !t.later.IsZero() {
		t.later = time.Time{}
		channels.Troubled(t.r.src, t.r.source+afterMark, nil)
	}
	t.careful, t.at.last = false, last
	clear(t.keep)
	return t.advance(ctx)
}

// doAll does it, batch by batch.
func (t *tidier) doAll(ctx context.Context, uids []imap.UID) error {
	if err := t.r.writable(true); err != nil {
		return err
	}
	err := t.batches(ctx, uids)
	return cmp.Or(err, t.r.writable(false)) // also after a refusal
}

func (t *tidier) batches(ctx context.Context, uids []imap.UID) error {
	for batch := range slices.Chunk(uids, tidyBatch) {
		if err := t.do(ctx, batch); err != nil {
			return err
		}
		t.at.last = batch[len(batch)-1]
		if err := t.advance(ctx); err != nil {
			return err
		}
	}
	return nil
}

// refusedPause is how long a server is left alone that refuses what is to be
// done afterwards.
const refusedPause = 5 * time.Minute

// refused notes a refusal.
func (t *tidier) refused() {
	if t != nil {
		t.later = time.Now().Add(refusedPause)
	}
}

// keepPlace leaves a mail where it is: whoever wants its text must find it.
func (t *tidier) keepPlace(uid imap.UID) {
	if t != nil {
		t.keep[uid] = true
	}
}

func (t *tidier) advance(ctx context.Context) error {
	t.mark.Position, t.mark.At = t.at.String(), t.r.mark.At
	if err := t.r.src.Advance(ctx, t.mark); err != nil {
		return fmt.Errorf("advancing the bookmark of %q: %w", t.source, err)
	}
	return nil
}

func (t *tidier) do(ctx context.Context, uids []imap.UID) error {
	set := imap.UIDSetNum(uids...)
	switch t.r.a.cfg.After.Mode {
	case FlagIt:
		return t.flag(set, imap.FlagFlagged)
	case MarkSeen:
		return t.flag(set, imap.FlagSeen)
	case MoveAside:
		return t.r.a.imapError("move", t.move(ctx, uids, set))
	case Leave:
	}
	return nil
}

// flag sets a flag, and looks whether it is set: where we may only read, as in
// another's mailbox, some servers take the command and do nothing.
func (t *tidier) flag(set imap.UIDSet, flag imap.Flag) error {
	if err := t.r.s.addFlag(set, flag); err != nil {
		return t.r.a.imapError("flag", err)
	}
	without, err := t.r.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{set}, NotFlag: []imap.Flag{flag}})
	if err != nil {
		return t.r.a.imapError("search", err)
	}
	if len(without) > 0 {
		return t.r.a.failure("flag", channels.Rejected, "",
			"the imap server does not keep the flag "+string(flag)+": the mailbox may be read-only for this user", nil)
	}
	return nil
}

// move moves mails by MOVE (RFC 6851). Without it they are copied, then marked
// as deleted, and with UIDPLUS (RFC 4315) expunged, they alone. Without that
// they stay marked: a plain EXPUNGE would take away what others have marked.
func (t *tidier) move(ctx context.Context, uids []imap.UID, set imap.UIDSet) error {
	s := t.r.s
	caps := s.client.Caps()
	if caps.Has(imap.CapMove) {
		return s.do(func() error {
			_, err := s.client.Move(set, t.target).Wait()
			return err
		})
	}
	copying := uids
	if t.careful {
		var err error
		if copying, err = t.notCopied(uids); err != nil {
			return err
		}
	}
	if len(copying) > 0 {
		err := s.do(func() error {
			_, err := s.client.Copy(imap.UIDSetNum(copying...), t.target).Wait()
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := s.addFlag(set, imap.FlagDeleted); err != nil {
		return err
	}
	if !caps.Has(imap.CapUIDPlus) {
		t.r.a.log.LogAttrs(ctx, slog.LevelInfo, "moved mails stay in the folder, marked as deleted: the server can't take away single ones",
			sourceAttr(t.r.source), slog.Int("mails", len(uids)))
		return nil
	}
	return s.do(func() error { return s.client.UIDExpunge(set).Close() })
}

// notCopied leaves out the mails that lie in the target already, as they do
// after a crash between copying and marking.
func (t *tidier) notCopied(uids []imap.UID) ([]imap.UID, error) {
	r := t.r
	ids := map[imap.UID]string{}
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}}
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}
	err := r.s.fetchEach(uids, options, func(data *imapclient.FetchMessageData) error {
		item, whole, err := r.s.readItem(data)
		if err == nil && whole {
			ids[item.uid] = firstID(parseFields(item.raw).get("Message-ID"))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := r.s.examine(t.target); err != nil {
		return nil, err
	}
	var out []imap.UID
	for _, uid := range uids {
		there := false
		if ids[uid] != "" {
			if there, err = r.s.hasMessageID(ids[uid]); err != nil {
				return nil, err
			}
		}
		if !there {
			out = append(out, uid)
		}
	}
	_, err = r.s.open(r.place, false)
	return out, err
}

// hasMessageID reports whether a mail with this very id is in the selected
// folder: a server that looks for it finds those of which it is a part, too.
func (s *session) hasMessageID(id string) (there bool, err error) {
	uids, err := s.search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}})
	if err != nil || len(uids) == 0 {
		return false, err
	}
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}}
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}
	err = s.fetchEach(uids, options, func(data *imapclient.FetchMessageData) error {
		item, whole, err := s.readItem(data)
		there = there || err == nil && whole && firstID(parseFields(item.raw).get("Message-ID")) == id
		return err
	})
	return there, err
}

func (s *session) addFlag(set imap.UIDSet, flag imap.Flag) error {
	return s.do(func() error {
		return s.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
	})
}
