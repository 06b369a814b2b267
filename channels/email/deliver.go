package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Mails of one sender are delivered in order, one lane each; lanes run at once.
// memoryBudget bounds what is held of a range in bytes.
const (
	lanes        = 16
	memoryBudget = 64 << 20
)

// fetched is one mail on its way from the server to Deliver.
type fetched struct {
	index    int
	uid      imap.UID
	internal time.Time
	flags    []imap.Flag
	raw      []byte
	sender   string
	weight   int64
}

// deliverChunk fetches the mails and delivers them. It gives what became of
// each, also with an error; what isn't there any more is skipped.
func (r *reader) deliverChunk(ctx context.Context, uids []imap.UID, dated bool) ([]chunkState, error) {
	states := make([]chunkState, len(uids))
	budget := semaphore.NewWeighted(memoryBudget)
	g, gctx := errgroup.WithContext(ctx)
	queues := make([]chan fetched, lanes)
	for i := range queues {
		queues[i] = make(chan fetched, chunkSize)
		g.Go(func() error { return r.lane(gctx, queues[i], budget, states) })
	}
	// What was handed over before the server broke off is still delivered.
	cause := r.s.fetch(uids, dated, r.dealOut(gctx, uids, queues, budget))
	broke := cause != nil && gctx.Err() == nil
	closeAll(queues)
	if err := g.Wait(); err != nil {
		cause = err
	}
	err := r.a.imapError("fetch", cause)
	if err == nil {
		err = r.withheld(uids, states)
		broke = err != nil
	}
	if err == nil {
		for i := range states {
			states[i] = max(states[i], chunkSkipped)
		}
	}
	broke = broke && !hasEnough(err)
	if at := slices.Index(states, chunkOpen); broke && ctx.Err() == nil && at >= 0 {
		r.a.stuck.failed(r.source, r.at.numbering, uids[at], errors.Is(cause, errTooLarge))
	}
	return states, err
}

// hasEnough reports whether a server refuses because it has had enough of us, or
// isn't well: no mail is to blame for that.
func hasEnough(err error) bool {
	var refused *imap.Error
	return errors.As(err, &refused) && (refused.Type == imap.StatusResponseTypeBye ||
		channels.ReasonOf(err) == channels.RateLimited || channels.ReasonOf(err) == channels.Unavailable)
}

// dealOut gives what takes in the mails as the server hands them over: each goes
// to its sender's lane, once, and only if it was asked for.
func (r *reader) dealOut(ctx context.Context, uids []imap.UID, queues []chan fetched, budget *semaphore.Weighted) func(fetched) error {
	indexes := make(map[imap.UID]int, len(uids))
	for i, uid := range uids {
		indexes[uid] = i
	}
	return func(item fetched) error {
		var asked bool
		if item.index, asked = indexes[item.uid]; !asked {
			return nil
		}
		delete(indexes, item.uid)
		item.weight = min(int64(len(item.raw))+1024, memoryBudget)
		r.s.pause() // waiting for the store is not the server's fault
		defer r.s.touch()
		if err := budget.Acquire(ctx, item.weight); err != nil {
			return err
		}
		item.sender = senderOf(item.raw)
		r.remember(item.uid, item.raw)
		queues[laneOf(item.sender)] <- item
		return nil
	}
}

// errWithheld says that a mail was found and not handed over.
var errWithheld = errors.New("the server lists a mail and does not hand it over")

// withheld asks again for what the server did not hand over: a mail that is
// still listed was not expunged, and may not be passed over.
func (r *reader) withheld(uids []imap.UID, states []chunkState) error {
	var open imap.UIDSet
	for i, state := range states {
		if state == chunkOpen {
			open.AddNum(uids[i])
		}
	}
	if len(open) == 0 {
		return nil
	}
	still, err := r.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{open}})
	if err != nil {
		return r.a.imapError("search", err)
	}
	if len(still) > 0 {
		return r.a.imapError("fetch", errWithheld)
	}
	return nil
}

// chunkState is what became of one mail of a range. Each lane writes only its
// own mails' states.
type chunkState byte

const (
	chunkOpen chunkState = iota
	chunkSkipped
	chunkDelivered
)

func (r *reader) lane(ctx context.Context, queue <-chan fetched, budget *semaphore.Weighted, states []chunkState) error {
	var failed error
	for item := range queue {
		if failed == nil && ctx.Err() == nil {
			states[item.index], failed = r.deliverOne(ctx, item)
		}
		budget.Release(item.weight)
	}
	return failed
}

func (r *reader) deliverOne(ctx context.Context, item fetched) (chunkState, error) {
	if r.old(item.uid, item.internal) && r.kind != channels.History && !r.once() {
		return chunkSkipped, nil
	}
	if r.skip != nil && r.skip(item.raw) {
		return chunkSkipped, nil
	}
	in := r.inbound(item)
	if err := r.src.Deliver(ctx, in); err != nil {
		return chunkOpen, r.a.failure("deliver", channels.Unavailable, "", "storing a mail: "+err.Error(), err)
	}
	if r.kind == channels.History {
		return chunkSkipped, nil // history isn't counted
	}
	return chunkDelivered, nil
}

func (r *reader) once() bool { return r.mark.OneTime() }

func (r *reader) inbound(item fetched) *channels.Inbound {
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: r.a.kindOf(r.kind, item.raw),
		Channel: contact.Email, Account: r.a.cfg.Account,
		Source: r.source, Position: r.at.item(item.uid),
		ProviderID: providerID(item.raw), Sender: item.sender, ReceivedAt: r.received(item.uid, item.internal),
		Format: "rfc822", Raw: item.raw, Size: int64(len(item.raw)),
	}
}

// laneOf keeps one sender's mails in one lane.
func laneOf(sender string) int {
	hash := fnv.New32a()
	_, _ = io.WriteString(hash, sender)
	return int(hash.Sum32() % lanes)
}

// senderOf gives the address in From as it stands, without parsing the mail.
func senderOf(raw []byte) string {
	header, _ := splitHeader(raw[:min(len(raw), 64<<10)])
	from := fieldValue(header, "from")
	if _, after, ok := strings.Cut(from, "<"); ok {
		from = after
	}
	return strings.ToLower(strings.Trim(from, " <>\t"))
}

// fieldValue finds one header field without reading the others.
func fieldValue(header []byte, name string) string {
	for line := range bytes.Lines(header) {
		if n, value, ok := fieldLine(line); ok && n == name {
			return strings.TrimSpace(string(value))
		}
	}
	return ""
}

// fetch reads whole mails without marking them, and calls yield for each. It
// reads to the end of the answer also when yield fails, as the protocol asks.
// dated asks for the date of receipt, too.
func (s *session) fetch(uids []imap.UID, dated bool, yield func(fetched) error) error {
	section := &imap.FetchItemBodySection{Peek: true}
	options := &imap.FetchOptions{UID: true, InternalDate: dated, BodySection: []*imap.FetchItemBodySection{section}}
	return s.fetchEach(uids, options, func(data *imapclient.FetchMessageData) error {
		item, whole, err := s.readItem(data)
		if err != nil || !whole {
			return err // not whole: the server only tells of changed flags
		}
		return yield(item)
	})
}

func (s *session) fetchEach(uids []imap.UID, options *imap.FetchOptions, each func(*imapclient.FetchMessageData) error) error {
	return s.do(func() error {
		cmd := s.client.Fetch(imap.UIDSetNum(uids...), options)
		var failed error
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			s.touch()
			if failed == nil {
				failed = each(data)
			}
			s.touch()
		}
		if err := cmd.Close(); failed == nil {
			failed = err
		}
		return failed
	})
}

func (s *session) readItem(data *imapclient.FetchMessageData) (item fetched, whole bool, err error) {
	for part := data.Next(); part != nil; part = data.Next() {
		switch part := part.(type) {
		case imapclient.FetchItemDataUID:
			item.uid = part.UID
		case imapclient.FetchItemDataInternalDate:
			item.internal = part.Time
		case imapclient.FetchItemDataFlags:
			item.flags = part.Flags
		case imapclient.FetchItemDataBodySection:
			if part.Literal == nil {
				continue // NIL is no mail, not even an empty one
			}
			whole = true
			if item.raw, err = s.readLiteral(part.Literal, part.Literal.Size()); err != nil {
				s.breakOff(part.Literal, err)
				return item, false, err
			}
		}
	}
	return item, whole, nil
}

// breakOff ends a link in the middle of a literal. The client's read loop waits
// for the literal's end or an error of it, and then reads from the same place: it
// must be gone before anybody touches the literal again.
func (s *session) breakOff(literal io.Reader, err error) {
	_ = s.conn.Close()
	if errors.Is(err, errTooLarge) { // not read from yet
		_, _ = io.Copy(io.Discard, literal)
	}
	<-s.client.Closed()
}

// maxMail is how large a mail may be to be read at all. No provider takes one
// nearly as large; a server that announces more lies, or would fill the memory.
// promised is up to which size a server is believed before the bytes come.
const (
	maxMail  = 160 << 20
	promised = 4 << 20
)

// errTooLarge says that a server announces a mail that can't be one.
var errTooLarge = fmt.Errorf("the server announces a mail of more than %d MiB", maxMail>>20)

// readLiteral reads what the server has announced.
func (s *session) readLiteral(from io.Reader, size int64) ([]byte, error) {
	if size > maxMail {
		return nil, errTooLarge
	}
	from = touchReader{from, s}
	if size <= promised {
		raw := make([]byte, size)
		n, err := io.ReadFull(from, raw)
		if errors.Is(err, io.EOF) && size == 0 {
			err = nil
		}
		return raw[:n], err
	}
	var buf bytes.Buffer
	buf.Grow(promised)
	_, err := io.CopyN(&buf, from, size)
	return buf.Bytes(), err
}

func closeAll(queues []chan fetched) {
	for _, queue := range queues {
		close(queue)
	}
}

func sourceAttr(source string) slog.Attr { return slog.String("source", source) }

// touchReader keeps a session's watchdog quiet while bytes come in.
type touchReader struct {
	io.Reader
	s *session
}

// Read implements io.Reader.
func (t touchReader) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.s.touch()
	return n, err
}
