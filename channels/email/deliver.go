package email

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"log/slog"
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
	raw      []byte
	weight   int64
}

// deliverChunk fetches the mails and delivers them. It gives how many were
// delivered, and the UID up to which all are done, also with an error.
func (r *reader) deliverChunk(ctx context.Context, uids []imap.UID) (count uint64, last imap.UID, err error) {
	indexes := make(map[imap.UID]int, len(uids))
	for i, uid := range uids {
		indexes[uid] = i
	}
	states := make([]chunkState, len(uids))
	budget := semaphore.NewWeighted(memoryBudget)
	g, gctx := errgroup.WithContext(ctx)
	queues := make([]chan fetched, lanes)
	for i := range queues {
		queues[i] = make(chan fetched, chunkSize)
		g.Go(func() error { return r.lane(gctx, queues[i], budget, states) })
	}
	broke := false // by the server, not by what was done with its mail
	g.Go(func() error {
		defer closeAll(queues)
		err := r.s.fetch(uids, func(item fetched) error {
			var known bool
			if item.index, known = indexes[item.uid]; !known {
				return nil
			}
			item.weight = min(int64(len(item.raw))+1024, memoryBudget)
			r.s.pause() // waiting for the store is not the server's fault
			defer r.s.touch()
			if err := budget.Acquire(gctx, item.weight); err != nil {
				return err
			}
			queues[laneOf(item.raw)] <- item
			return nil
		})
		broke = err != nil && gctx.Err() == nil
		return err
	})
	err = r.a.imapError("fetch", g.Wait())
	if err == nil {
		err = r.withheld(uids, states)
		broke = err != nil
	}
	done := 0
	for ; done < len(states) && (err == nil || states[done] != chunkOpen); done++ {
		last = uids[done]
		if states[done] == chunkDelivered {
			count++
		}
	}
	if broke && ctx.Err() == nil && done < len(uids) {
		r.a.stuck.failed(r.source, r.at.validity, uids[done])
	}
	return count, last, err
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
		Source: r.source, Position: itemPosition(r.at.validity, item.uid),
		ProviderID: providerID(item.raw), Sender: senderOf(item.raw), ReceivedAt: r.received(item.uid, item.internal),
		Format: "rfc822", Raw: item.raw, Size: int64(len(item.raw)),
	}
}

// laneOf keeps one sender's mails in one lane.
func laneOf(raw []byte) int {
	hash := fnv.New32a()
	_, _ = io.WriteString(hash, senderOf(raw))
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
func (s *session) fetch(uids []imap.UID, yield func(fetched) error) error {
	section := &imap.FetchItemBodySection{Peek: true}
	options := &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}
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
		case imapclient.FetchItemDataBodySection:
			whole = true
			if part.Literal == nil {
				continue
			}
			buf := bytes.NewBuffer(make([]byte, 0, part.Literal.Size()+1))
			if _, err := buf.ReadFrom(touchReader{part.Literal, s}); err != nil {
				return item, false, err
			}
			item.raw = buf.Bytes()
		}
	}
	return item, whole, nil
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
