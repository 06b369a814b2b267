package email

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// One sender's mails are stored one after the other, so that many of one would
// hold up everybody else's behind them. Of a backlog of more than scoutFrom the
// senders are looked at first, scoutWindow at a time; who has sent more than
// stormSize gets stormShare of each range and everybody else the rest. While
// only a storm is left, its ranges are that small too, and new mail is asked for
// every stormBreath.
const (
	scoutFrom   = 2 * chunkSize
	scoutWindow = 20_000
	stormSize   = chunkSize
	stormShare  = chunkSize / 4
	stormBreath = 250 * time.Millisecond
)

// backlog is what a reader has to deliver, in rising order of UIDs. It may be
// delivered in another order; the bookmark moves over what is done from its
// beginning without a gap.
type backlog struct {
	r      *reader
	uids   []imap.UID
	states []chunkState
	// next is the first that isn't done.
	next int
	// looked is when it was asked what else has come, and storms are the senders
	// of a great many.
	looked time.Time
	storms map[string]bool
}

// newBacklog takes what was delivered before, ahead of a mail that couldn't be,
// for done.
func newBacklog(r *reader, uids []imap.UID) *backlog {
	b := &backlog{r: r, uids: uids, states: make([]chunkState, len(uids)), looked: time.Now(), storms: map[string]bool{}}
	for i, uid := range uids {
		b.states[i] = r.a.ahead.state(r.source, r.at.numbering, uid)
	}
	b.settle()
	return b
}

// settle moves the reader's place behind what is done without a gap. What lies
// behind a gap is remembered.
func (b *backlog) settle() {
	r := b.r
	for b.next < len(b.uids) && b.states[b.next] != chunkOpen {
		uid := b.uids[b.next]
		if b.states[b.next] == chunkDelivered && uid > r.at.last {
			r.mark.Seen++ // once for each place: a renumbered mail is seen again
		}
		r.pass(uid)
		r.at.last = max(r.at.last, uid)
		b.next++
	}
	r.a.ahead.forget(r.source, r.at.numbering, r.at.last)
}

// deliver hands over the mails, and moves the bookmark behind them, up to the
// first that the server can't hand over now.
func (r *reader) deliver(ctx context.Context, uids []imap.UID) error {
	b := newBacklog(r, uids)
	for from := b.next; from < len(b.uids); from += scoutWindow {
		to := min(from+scoutWindow, len(b.uids))
		calm, stormy, err := b.scout(from, to, to-from > scoutFrom)
		if err != nil {
			return err
		}
		if err := b.window(ctx, calm, stormy, to == len(b.uids)); err != nil {
			return err
		}
	}
	return b.tryStuck(ctx)
}

// window delivers one window, range by range. While only a storm is left in the
// last one, what comes meanwhile joins it.
func (b *backlog) window(ctx context.Context, calm, stormy []int, last bool) error {
	for len(calm)+len(stormy) > 0 {
		breathes := len(calm) == 0 && last && b.r.patient()
		if breathes && time.Since(b.looked) >= stormBreath {
			quiet, wild, err := b.more()
			if err != nil {
				return err
			}
			calm, stormy = quiet, append(stormy, wild...)
		}
		quiet := min(len(calm), chunkSize-min(len(stormy), stormShare))
		wild := min(len(stormy), chunkSize-quiet)
		if breathes {
			wild = min(wild, stormShare)
		}
		batch := slices.Concat(calm[:quiet], stormy[:wild])
		calm, stormy = calm[quiet:], stormy[wild:]
		slices.Sort(batch)
		if err := b.chunk(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// more asks what else has come, and tells a storm's from others'.
func (b *backlog) more() (calm, stormy []int, err error) {
	r, from := b.r, len(b.uids)
	defer func() { b.looked = time.Now() }()
	if err := r.s.do(func() error { return r.s.client.Noop().Wait() }); err != nil {
		return nil, nil, r.a.imapError("noop", err)
	}
	select {
	case <-r.s.news:
	default:
		return nil, nil, nil
	}
	highest := b.uids[from-1]
	uids, err := r.s.search(&imap.SearchCriteria{UID: uidRange(highest+1, 0)})
	if err != nil {
		return nil, nil, r.a.imapError("search", err)
	}
	for _, uid := range uids {
		if uid > highest {
			b.uids = append(b.uids, uid)
			b.states = append(b.states, r.a.ahead.state(r.source, r.at.numbering, uid))
		}
	}
	return b.scout(from, len(b.uids), true)
}

// chunk delivers some of the mails, those that aren't stuck, and moves the
// bookmark.
func (b *backlog) chunk(ctx context.Context, batch []int) error {
	r := b.r
	uids := make([]imap.UID, len(batch))
	for i, at := range batch {
		uids[i] = b.uids[at]
	}
	states, err := r.deliverChunk(ctx, uids, true)
	for i, at := range batch {
		b.done(at, states[i])
	}
	b.settle()
	if err != nil {
		// What is safe is safe: less to see again.
		if !r.rescanning && ctx.Err() == nil {
			_ = r.advance(ctx)
		}
		return err
	}
	if !r.rescanning && time.Since(r.advanced) >= advanceEvery {
		return r.advance(ctx)
	}
	return nil
}

func (b *backlog) done(at int, state chunkState) {
	if state == chunkOpen {
		return
	}
	r := b.r
	b.states[at] = state
	r.delivered++
	r.a.ahead.note(r.source, r.at.numbering, b.uids[at], state)
	if print, known := r.prints[b.uids[at]]; known {
		r.a.ahead.landmark(r.source, r.at.numbering, b.uids[at], print)
	}
	r.a.stuck.solved(r.source, r.at.numbering, b.uids[at])
}

// scout tells the mails of senders who have sent a great many from the others.
func (b *backlog) scout(from, to int, look bool) (calm, stormy []int, err error) {
	var open []int
	var uids []imap.UID
	for i := from; i < to; i++ {
		if b.states[i] != chunkOpen || b.stuck(i) {
			continue
		}
		open = append(open, i)
		uids = append(uids, b.uids[i])
	}
	r := b.r
	if !look || len(open) == 0 || !r.a.stuck.scouts(r.source) {
		return open, nil, nil
	}
	senders := make(map[imap.UID]string, len(uids))
	counts := map[string]int{}
	err = r.s.senders(uids, func(uid imap.UID, sender string) {
		if _, twice := senders[uid]; !twice {
			senders[uid] = sender
			counts[sender]++
		}
	})
	if err != nil {
		r.a.stuck.blind(r.source) // not again: it must not keep mail from coming in
		if _, refused := errors.AsType[*imap.Error](err); !refused {
			return nil, nil, r.a.imapError("fetch", err)
		}
	}
	for _, i := range open {
		sender := senders[b.uids[i]]
		if counts[sender] > stormSize {
			b.storms[sender] = true
		}
		if b.storms[sender] {
			stormy = append(stormy, i)
		} else {
			calm = append(calm, i)
		}
	}
	if len(stormy) > 0 {
		r.a.log.Info("one sender has sent a great many mails, others go before them",
			sourceAttr(r.source), slog.Int("mails", len(stormy)), slog.Int("others", len(calm)))
	}
	return calm, stormy, nil
}

// stuck reports whether a mail has broken off the link too often to be fetched
// together with others.
func (b *backlog) stuck(at int) bool {
	tries, _, _ := b.r.a.stuck.tries(b.r.source, b.r.at.numbering, b.uids[at])
	return tries >= aloneAfter
}

// tryStuck tries the mails that the server couldn't hand over, each alone, where
// it is time to.
func (b *backlog) tryStuck(ctx context.Context) error {
	for i := b.next; i < len(b.uids); i++ {
		if b.states[i] != chunkOpen || !b.stuck(i) {
			continue
		}
		if b.r.patient() {
			if _, _, due := b.r.a.stuck.tries(b.r.source, b.r.at.numbering, b.uids[i]); time.Now().Before(due) {
				continue
			}
		}
		state, err := b.r.alone(ctx, b.uids[i])
		if err != nil {
			return err
		}
		b.done(i, state)
		b.settle()
	}
	return nil
}

// patient reports whether what can't be fetched now may be left for later while
// the rest goes on: not where a load that happens once waits for its end.
func (r *reader) patient() bool { return !r.rescanning && !r.mark.OneTime() }

// senders reads who has sent the mails.
func (s *session) senders(uids []imap.UID, yield func(imap.UID, string)) error {
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"From"}}
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}
	return s.fetchEach(uids, options, func(data *imapclient.FetchMessageData) error {
		item, whole, err := s.readItem(data)
		if err == nil && whole {
			yield(item.uid, senderOf(item.raw))
		}
		return err
	})
}
