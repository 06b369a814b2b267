package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"stagecoach/channels"
	"stagecoach/contact"
)

// A mail that the server can't hand over (Dovecot, for one, cuts the link in the
// middle of a damaged one) would hold up all that came after it, for ever. From
// so many failures on it is fetched alone, and then, when the patience has run
// out, its header only, and in the end not at all.
const (
	aloneAfter  = 2
	headAfter   = 4
	nothingFrom = 6
	// noProofAfter is how many times the patience it takes where no other mail
	// proves that the server can hand over anything.
	noProofAfter = 15
)

// stuckMail is the mail at which fetching from a source broke off last.
type stuckMail struct {
	validity uint32
	uid      imap.UID
	tries    int
	since    time.Time
}

// stuckBook remembers, from one session to the next, where fetching broke off.
type stuckBook struct {
	mu sync.Mutex
	at map[string]stuckMail
}

func newStuckBook() *stuckBook { return &stuckBook{at: map[string]stuckMail{}} }

// failed notes that fetching from a source broke off at this mail.
func (b *stuckBook) failed(source string, validity uint32, uid imap.UID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.at[source]
	if m.validity != validity || m.uid != uid {
		m = stuckMail{validity: validity, uid: uid, since: time.Now()}
	}
	m.tries++
	b.at[source] = m
}

// tries gives how often fetching has broken off at this mail, and since when.
func (b *stuckBook) tries(source string, validity uint32, uid imap.UID) (int, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.at[source]; m.validity == validity && m.uid == uid {
		return m.tries, m.since
	}
	return 0, time.Time{}
}

// next delivers the first of the mails, as many at once as is wise, and gives
// how many of them it has dealt with.
func (r *reader) next(ctx context.Context, uids []imap.UID) (dealt int, count uint64, last imap.UID, err error) {
	tries, since := r.a.stuck.tries(r.source, r.at.validity, uids[0])
	dealt = min(len(uids), chunkSize)
	if tries >= aloneAfter {
		dealt = 1
	}
	if waited := time.Since(since); tries >= headAfter && waited >= r.a.cfg.Patience {
		if err := r.prove(uids, waited); err != nil {
			return 0, 0, 0, err
		}
		if count, err = r.deliverHeader(ctx, uids[0], tries); err != nil {
			return 0, 0, 0, err
		}
		return 1, count, uids[0], nil
	}
	count, last, err = r.deliverChunk(ctx, uids[:dealt])
	return dealt, count, last, err
}

// prove fetches another mail, so that the trouble of a whole server isn't taken
// for that of one mail.
func (r *reader) prove(uids []imap.UID, waited time.Duration) error {
	if waited >= noProofAfter*r.a.cfg.Patience {
		return nil
	}
	other := r.at.last
	if len(uids) > 1 {
		other = uids[1]
	}
	seen := false
	err := r.s.fetch([]imap.UID{other}, func(fetched) error {
		seen = true
		return nil
	})
	if err == nil && !seen {
		err = fmt.Errorf("mail %d in folder %q can't be fetched, nor any other", uids[0], r.folder)
	}
	return r.a.imapError("fetch", err)
}

// deliverHeader delivers what can be had of a mail that can't be fetched: then
// at least somebody knows of it. Of what nobody waits for nothing is delivered.
func (r *reader) deliverHeader(ctx context.Context, uid imap.UID, tries int) (count uint64, err error) {
	item := fetched{uid: uid}
	if tries < nothingFrom {
		if item, err = r.s.fetchHeader(uid); err != nil {
			r.a.stuck.failed(r.source, r.at.validity, uid)
			return 0, r.a.imapError("fetch", err)
		}
		if item.uid == 0 {
			return 0, nil // it was deleted meanwhile
		}
	}
	r.a.log.LogAttrs(ctx, slog.LevelError, "a mail can't be fetched: it is passed on without its text",
		sourceAttr(r.source), slog.Uint64("uid", uint64(uid)))
	if item.internal.IsZero() {
		item.internal = time.Now()
	}
	if r.kind != channels.Fresh || r.old(uid, item.internal) && !r.once() {
		return 0, nil
	}
	if err := r.deliverUnread(ctx, item); err != nil {
		return 0, err
	}
	return 1, nil
}

func (r *reader) deliverUnread(ctx context.Context, item fetched) error {
	place := itemPosition(r.at.validity, item.uid)
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
func (s *session) fetchHeader(uid imap.UID) (item fetched, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader}
	options := &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}
	err = s.fetchEach([]imap.UID{uid}, options, func(data *imapclient.FetchMessageData) error {
		one, whole, err := s.readItem(data)
		if err == nil && whole && one.uid == uid {
			item = one
		}
		return err
	})
	return item, err
}
