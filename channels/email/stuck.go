package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels"
	"stagecoach/contact"
)

// A mail that the server can't hand over (Dovecot, for one, cuts the link in the
// middle of a damaged one) holds up nothing: from so many failures on it is
// fetched alone, after all others and now and then only, without what the server
// may not be able to say of it; when the patience has run out, its header only,
// and in the end not at all.
const (
	aloneAfter  = 2
	headAfter   = 4
	nothingFrom = 6
	// noProofAfter is how many times the patience it takes where no other mail
	// proves that the server can hand over anything.
	noProofAfter = 15
	// pauseAtMost is between two tries of one mail.
	pauseAtMost = time.Minute
)

// stuckMail is a mail at which fetching broke off.
type stuckMail struct {
	tries int
	since time.Time
	// due is when to try again.
	due time.Time
}

// stuckOf is what is known of one source.
type stuckOf struct {
	numbering
	mails map[imap.UID]stuckMail
	// blind is true where the senders of many can't be looked at first.
	blind bool
}

// stuckBook remembers, from one session to the next, where fetching broke off.
type stuckBook struct {
	patience time.Duration
	mu       sync.Mutex
	at       map[string]*stuckOf
}

func newStuckBook(patience time.Duration) *stuckBook {
	return &stuckBook{patience: patience, at: map[string]*stuckOf{}}
}

func (b *stuckBook) of(source string, n numbering) *stuckOf {
	o := b.at[source]
	if o == nil || o.numbering != n {
		o = &stuckOf{numbering: n, mails: map[imap.UID]stuckMail{}}
		b.at[source] = o
	}
	return o
}

// failed notes that fetching from a source broke off at this mail. hopeless
// means that it can't be had whole however often it is tried.
func (b *stuckBook) failed(source string, n numbering, uid imap.UID, hopeless bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.of(source, n)
	m, known := o.mails[uid]
	now := time.Now()
	if !known {
		m.since = now
	}
	m.tries++
	if hopeless {
		m.tries = max(m.tries, headAfter)
		m.since = time.Time{}
	}
	m.due = now.Add(min(time.Second<<min(m.tries, 10), b.patience/2, pauseAtMost))
	if hopeless {
		m.due = now
	}
	o.mails[uid] = m
}

// tries gives how often fetching has broken off at this mail, since when, and
// when it is tried again.
func (b *stuckBook) tries(source string, n numbering, uid imap.UID) (tries int, since, due time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.of(source, n).mails[uid]
	return m.tries, m.since, m.due
}

// solved forgets a mail that is dealt with.
func (b *stuckBook) solved(source string, n numbering, uid imap.UID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.of(source, n).mails, uid)
}

// keep forgets the mails that are not among these any more: somebody has taken
// them away. The list is in rising order.
func (b *stuckBook) keep(source string, n numbering, uids []imap.UID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for uid := range b.of(source, n).mails {
		if _, there := slices.BinarySearch(uids, uid); !there {
			delete(b.of(source, n).mails, uid)
		}
	}
}

// nextDue gives when the next mail is to be tried again, zero if none is.
func (b *stuckBook) nextDue(source string, n numbering) (due time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.of(source, n).mails {
		if due.IsZero() || m.due.Before(due) {
			due = m.due
		}
	}
	return due
}

// scouts reports whether the senders of many mails can be looked at first, and
// blind notes that they can't.
func (b *stuckBook) scouts(source string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.at[source]
	return o == nil || !o.blind
}

func (b *stuckBook) blind(source string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.at[source]; o != nil {
		o.blind = true
	}
}

// alone deals with one mail that broke off the link before: it is tried alone,
// then without its date, which some servers can't say, and when the patience has
// run out, what can be had of it is delivered.
func (r *reader) alone(ctx context.Context, uid imap.UID) (chunkState, error) {
	tries, since, _ := r.a.stuck.tries(r.source, r.at.numbering, uid)
	waited := time.Since(since)
	if tries < headAfter || waited < r.a.cfg.Patience {
		states, err := r.deliverChunk(ctx, []imap.UID{uid}, tries == aloneAfter)
		return states[0], err
	}
	if !since.IsZero() {
		if err := r.prove(uid, waited); err != nil {
			return chunkOpen, err
		}
	}
	return r.deliverHeader(ctx, uid, tries)
}

// prove fetches another mail, so that the trouble of a whole server isn't taken
// for that of one mail.
func (r *reader) prove(uid imap.UID, waited time.Duration) error {
	if waited >= noProofAfter*r.a.cfg.Patience {
		return nil
	}
	var others []imap.UID
	for _, set := range [][]imap.UIDSet{uidRange(uid+1, 0), uidRange(1, uid-1)} {
		found, err := r.s.search(&imap.SearchCriteria{UID: set})
		if err != nil {
			return r.a.imapError("search", err)
		}
		others = slices.DeleteFunc(found, func(other imap.UID) bool {
			tries, _, _ := r.a.stuck.tries(r.source, r.at.numbering, other)
			return other == uid || tries > 0
		})
		if len(others) > 0 {
			break
		}
	}
	seen := false
	var err error
	if len(others) > 0 {
		err = r.s.fetch(others[:1], true, func(fetched) error {
			seen = true
			return nil
		})
	}
	if err == nil && !seen {
		err = fmt.Errorf("mail %d in folder %q can't be fetched, nor any other", uid, r.folder)
	}
	return r.a.imapError("fetch", err)
}

// deliverHeader delivers what can be had of a mail that can't be fetched: then
// at least somebody knows of it. Of what nobody waits for nothing is delivered.
func (r *reader) deliverHeader(ctx context.Context, uid imap.UID, tries int) (state chunkState, err error) {
	var item fetched
	if tries < nothingFrom {
		if item, err = r.s.fetchHeader(uid, tries%2 == 0); err != nil {
			r.a.stuck.failed(r.source, r.at.numbering, uid, true)
			return chunkOpen, r.a.imapError("fetch", err)
		}
	}
	if item.uid == 0 {
		still, err := r.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uid)}})
		if err != nil {
			return chunkOpen, r.a.imapError("search", err)
		}
		if len(still) == 0 {
			return chunkSkipped, nil // it was deleted meanwhile
		}
		item.uid = uid
	}
	r.a.log.LogAttrs(ctx, slog.LevelError, "a mail can't be fetched: it is passed on without its text",
		sourceAttr(r.source), slog.Uint64("uid", uint64(uid)))
	if item.internal.IsZero() {
		item.internal = time.Now()
	}
	if r.kind != channels.Fresh || r.old(uid, item.internal) && !r.once() {
		return chunkSkipped, nil
	}
	if err := r.deliverUnread(ctx, item); err != nil {
		return chunkOpen, err
	}
	r.tidy.keepPlace(uid)
	return chunkDelivered, nil
}

func (r *reader) deliverUnread(ctx context.Context, item fetched) error {
	place := r.at.item(item.uid)
	item.raw = unread(item.raw, r.folder, item.uid)
	sum := sha256.Sum256([]byte("unread\x00" + r.source + "\x00" + place))
	err := r.src.Deliver(ctx, &channels.Inbound{
		Schema: channels.InboundSchema, Kind: r.kind, Channel: contact.Email, Account: r.a.cfg.Account,
		Source: r.source, Position: place, ProviderID: hex.EncodeToString(sum[:]), Sender: senderOf(item.raw),
		ReceivedAt: r.received(item.uid, item.internal), Format: "rfc822", Raw: item.raw, Size: int64(len(item.raw)),
	})
	if err != nil {
		return r.a.failure("deliver", channels.Unavailable, "", "storing a mail: "+err.Error(), err)
	}
	return nil
}

// unread makes a mail of a header alone: its own fields but those that tell of
// the form of the body that is missing.
func unread(header []byte, folder string, uid imap.UID) []byte {
	var out bytes.Buffer
	keep := false
	head, _ := splitHeader(header)
	for line := range bytes.Lines(head) {
		if line[0] != ' ' && line[0] != '\t' {
			name, _, ok := fieldLine(line)
			keep = ok && name != "content-type" && name != "content-transfer-encoding" && name != "mime-version"
		}
		if keep {
			out.Write(append(bytes.TrimRight(line, "\r\n"), "\r\n"...))
		}
	}
	if parseFields(head).get("Subject") == "" {
		out.WriteString("Subject: A mail that the mail server can't hand over\r\n")
	}
	fmt.Fprintf(&out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+
		"The mail server did not hand over the text of this mail, however often it was asked.\r\n"+
		"It is in the folder %s (UID %d): read it there by another program.\r\n", oneLine(folder), uid)
	return out.Bytes()
}

// fetchHeader reads the header of one mail; its UID is 0 if it isn't there.
func (s *session) fetchHeader(uid imap.UID, dated bool) (item fetched, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader}
	options := &imap.FetchOptions{UID: true, InternalDate: dated, BodySection: []*imap.FetchItemBodySection{section}}
	err = s.fetchEach([]imap.UID{uid}, options, func(data *imapclient.FetchMessageData) error {
		one, whole, err := s.readItem(data)
		if err == nil && whole && one.uid == uid {
			item = one
		}
		return err
	})
	return item, err
}
