package email

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
)

// watchSent follows the folder of sent mail: what somebody wrote elsewhere is
// delivered as OwnCopy; what we sent is passed over.
func (a *Adapter) watchSent(ctx context.Context, src channels.Source) error {
	s, err := a.login(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	folder, err := a.sentFolder(s, a.cfg.CopyToSent)
	if err != nil {
		return err
	}
	if folder == "" {
		a.log.LogAttrs(ctx, slog.LevelInfo, "mailbox has no folder of sent mail, none is watched")
		return nil
	}
	r := &reader{
		a: a, s: s, src: src, kind: channels.OwnCopy, skip: a.sentByUs,
		source: sourceName(a.cfg.Account, folder), folder: folder, place: folder,
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	return r.follow(ctx)
}

// sentByUs reports whether we have composed the mail, for this mailbox or, where
// the provider has given it an id of its own, for one that sends by the same login.
func (a *Adapter) sentByUs(raw []byte) bool {
	header, _ := splitHeader(raw)
	return fieldValue(header, strings.ToLower(replyField)) != "" && a.composed(parseFields(header))
}

// composed reports whether a header is one that we give to what goes out from
// this mailbox.
func (a *Adapter) composed(f fields) bool {
	marked := strings.TrimSpace(f.get(replyField))
	id := firstID(orDefault(f.get(originalIDField), f.get("Message-Id")))
	if reply, ours := ReplyID(id); ours {
		return reply == marked && strings.EqualFold(domainOf(id), domainOf(a.cfg.Address))
	}
	return replyForm.MatchString(marked)
}

// kindOf tells a customer's mail from a reply of ours that came back to our own
// inbox, as one does that went to a list or an alias of ours, too.
func (a *Adapter) kindOf(kind channels.InboundKind, raw []byte) channels.InboundKind {
	header, _ := splitHeader(raw)
	if kind == channels.Fresh && a.sentByUs(raw) && a.own(senderOf(raw)) && fieldValue(header, "in-reply-to") != "" {
		return channels.OwnCopy
	}
	return kind
}

// newSentFolder is what the folder of sent mail is called where there is none.
const newSentFolder = "Sent"

// usualSentFolders are the names to look for where the server doesn't say which
// folder it is (RFC 6154).
func usualSentFolders() []string {
	return []string{
		"Sent", "Sent Items", "Sent Messages", "Sent Mail",
		"Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Envoyés", "Enviados",
		"Posta inviata", "Inviata", "Verzonden", "Verzonden items", "Wysłane",
	}
}

// sentFolder finds the folder of sent mail, "" if there is none. With create it
// is made if missing.
func (a *Adapter) sentFolder(s *session, create bool) (string, error) {
	list, err := a.folders(s)
	if err != nil {
		return "", err
	}
	wanted := a.cfg.IMAP.SentFolder
	if found := pickSent(list, wanted); found != "" {
		return found, nil
	}
	if create {
		return a.ensureFolder(s, orDefault(wanted, newSentFolder))
	}
	return wanted, nil
}

func pickSent(list []*imap.ListData, wanted string) string {
	if wanted != "" {
		return likeName(list, wanted)
	}
	for _, folder := range list {
		if slices.Contains(folder.Attrs, imap.MailboxAttrSent) && !slices.Contains(folder.Attrs, imap.MailboxAttrNoSelect) {
			return folder.Mailbox
		}
	}
	for _, name := range usualSentFolders() {
		if found := likeName(list, name); found != "" {
			return found
		}
	}
	return ""
}

// sentCopy is one reply that waits to be put into the folder of sent mail.
type sentCopy struct {
	messageID string
	raw       []byte
	at        time.Time
	// fresh is true where nobody but the provider can have made a copy yet.
	fresh bool
	// kept is closed once the copy is there, or is given up.
	kept chan struct{}
}

// copyQueue holds the copies between Send and the goroutine that appends them.
// It forgets the oldest beyond its limit: a copy is a comfort, the ledger has
// the reply.
type copyQueue struct {
	mu    sync.Mutex
	items []sentCopy
	bytes int
	word  chan struct{}
}

const copyQueueBytes = 64 << 20

func newCopyQueue() *copyQueue { return &copyQueue{word: make(chan struct{}, 1)} }

// add queues a copy, and reports how many were forgotten for it.
func (q *copyQueue) add(c sentCopy) (forgotten int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, c)
	q.bytes += len(c.raw)
	for q.bytes > copyQueueBytes && len(q.items) > 1 {
		q.bytes -= len(q.items[0].raw)
		close(q.items[0].kept)
		q.items = q.items[1:]
		forgotten++
	}
	select {
	case q.word <- struct{}{}:
	default:
	}
	return forgotten
}

func (q *copyQueue) first() (sentCopy, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return sentCopy{}, false
	}
	return q.items[0], true
}

func (q *copyQueue) done(c sentCopy) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) > 0 && q.items[0].messageID == c.messageID {
		close(c.kept)
		q.bytes -= len(q.items[0].raw)
		q.items = q.items[1:]
	}
}

// appendCopies puts the queued copies into the folder of sent mail, one session
// for as many as there are.
func (a *Adapter) appendCopies(ctx context.Context) error {
	a.copying.Store(true)
	defer a.copying.Store(false)
	for {
		if _, waiting := a.copies.first(); waiting {
			if err := a.appendAll(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.copies.word:
		}
	}
}

func (a *Adapter) appendAll(ctx context.Context) error {
	s, err := a.login(ctx)
	if err != nil {
		return err
	}
	defer s.logout()
	folder, err := a.sentFolder(s, true)
	if err != nil {
		return err
	}
	// Not read-only: Courier then takes nothing into the folder.
	if _, err := s.open(folder, s.simple()); err != nil {
		return a.folderError(folder, err)
	}
	var known sentIndex
	for {
		c, waiting := a.copies.first()
		if !waiting {
			return nil
		}
		if err := a.appendOne(ctx, s, &known, folder, c); err != nil {
			return err
		}
		a.copies.done(c)
	}
}

// appendOne puts one copy there, unless it is: some providers make one themselves,
// a moment later. Once that was seen, theirs is waited for.
func (a *Adapter) appendOne(ctx context.Context, s *session, known *sentIndex, folder string, c sentCopy) error {
	header, _ := splitHeader(c.raw)
	wanted := markIn(parseFields(header))
	there, err := known.find(s, wanted)
	before := a.lastAppended.Load()
	doubled := err == nil && before != nil && known.count(*before) > 1 // theirs came after ours
	if err == nil && !there && (doubled || a.savesItself.Load()) {
		there, err = a.awaitOwn(ctx, s, known, wanted)
	}
	if err != nil {
		return a.imapError("search", err)
	}
	if there {
		if c.fresh && (before == nil || !before.is(wanted)) {
			a.savesItself.Store(true)
		}
		return nil
	}
	a.savesItself.Store(false)
	a.lastAppended.Store(&wanted)
	if err := s.leave(); err != nil {
		return a.imapError("append", err)
	}
	fault.On(contact.Email, fault.SentBeforeAppend)
	err = s.do(func() error {
		cmd := s.client.Append(folder, int64(len(c.raw)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}, Time: c.at})
		_, werr := cmd.Write(c.raw)
		if cerr := cmd.Close(); werr == nil {
			werr = cerr
		}
		if _, err := cmd.Wait(); err != nil {
			return err
		}
		return werr
	})
	return a.imapError("append", err)
}

// Delivered implements channels.Resolver: a copy in the folder of sent mail,
// which providers make and we make only of what was taken, proves the delivery.
// Its absence proves nothing.
func (a *Adapter) Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error) {
	if _, ok := a.once.receipt(r.ID); ok {
		return true, true, nil
	}
	s, err := a.login(ctx)
	if err != nil {
		return false, false, err
	}
	defer s.logout()
	places, err := a.sentPlaces(s)
	if err != nil {
		return false, false, err
	}
	wanted := sentMark{reply: r.ID, messageID: MessageID(r.ID, a.cfg.Address), token: r.Token, at: r.CreatedAt.Truncate(time.Second)}
	for _, folder := range places {
		if _, err := s.examine(folder); err != nil {
			return false, false, a.folderError(folder, err)
		}
		var newest sentIndex
		found, err := newest.find(s, wanted)
		if found || err != nil {
			return found, found, a.imapError("search", err)
		}
	}
	return false, false, nil
}
