package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// storeTime bounds how long a message may take to be stored.
const storeTime = 25 * time.Second

// run is one Receive.
type run struct {
	src channels.Source
	// bind gives a context that ends with Receive, but not with the request: once
	// a message is read, storing it is worth finishing.
	bind    func(request context.Context) (context.Context, context.CancelFunc)
	flights sync.WaitGroup
}

// Receive implements channels.Receiver: requests are taken until ctx ends.
func (a *Adapter) Receive(ctx context.Context, src channels.Source) error {
	this := &run{src: src, bind: func(request context.Context) (context.Context, context.CancelFunc) {
		bound, cancel := context.WithTimeoutCause(context.WithoutCancel(request), storeTime, errors.New("storing took too long"))
		stop := context.AfterFunc(ctx, cancel)
		return bound, func() {
			stop()
			cancel()
		}
	}}
	if !a.begin(this) {
		return a.failure("receive", channels.Malformed, "", "this account is being received already", nil)
	}
	channels.Connected(src, a.source())
	<-ctx.Done()
	a.mu.Lock()
	a.run = nil
	a.mu.Unlock()
	this.flights.Wait()
	return nil
}

func (a *Adapter) begin(this *run) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.run != nil {
		return false
	}
	a.run = this
	return true
}

func (a *Adapter) running() bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.run != nil
}

// board gives the Receive that runs, which waits until its flights.Done is
// called; nil if none runs.
func (a *Adapter) board() *run {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.run != nil {
		a.run.flights.Add(1)
	}
	return a.run
}

// answer is what the sender of a stored message gets.
type answer struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	// Ignored names fields that the schema doesn't have.
	Ignored []string `json:"ignored,omitempty"`
	// Warnings say what was odd, such as files that could not be fetched.
	Warnings []string `json:"warnings,omitempty"`
}

// take stores a signed body and answers.
func (a *Adapter) take(w http.ResponseWriter, r *http.Request, body []byte) {
	m, ignored, refused := decode(body)
	if refused != nil {
		a.refuseSigned(w, r, refused)
		return
	}
	if m.Type == TypePing {
		writeJSON(w, http.StatusOK, answer{ID: m.ID, Status: "ok"})
		return
	}
	this := a.board()
	if this == nil {
		a.notRunning(w)
		return
	}
	defer this.flights.Done()
	said := m.digest()
	if before, known := a.stored.Get(m.ID); known && before != said {
		a.refuseSigned(w, r, &verdict{
			status: http.StatusConflict, title: "This id is taken",
			mistakes: []mistake{{Location: "id", Message: "a message with this id and other words is stored already: " +
				"give each message an id of its own; what a customer changes is a new message with edits"}},
		})
		return
	} else if known {
		a.tally.stored.Add(1)
		writeJSON(w, http.StatusOK, answer{ID: m.ID, Status: "stored", Ignored: ignored})
		return
	}
	if m.fetches() {
		if !a.turn(w, r, a.fetching) {
			return
		}
		defer func() { <-a.fetching }()
	}
	ctx, end := this.bind(r.Context())
	defer end()
	in, warnings := a.inbound(ctx, m, body)
	if err := this.src.Deliver(ctx, in); err != nil {
		a.notStored(ctx, w, this.src, err)
		return
	}
	if a.troubled.CompareAndSwap(true, false) {
		channels.Troubled(this.src, a.source(), nil)
	}
	a.stored.Add(m.ID, said)
	a.tally.stored.Add(1)
	writeJSON(w, http.StatusOK, answer{ID: m.ID, Status: "stored", Ignored: ignored, Warnings: warnings})
}

// fetches reports whether a message has files elsewhere.
func (m *Message) fetches() bool {
	return slices.ContainsFunc(m.Attachments, func(f File) bool { return f.URL != "" })
}

// notStored answers that a message must come again, since nothing has it.
func (a *Adapter) notStored(ctx context.Context, w http.ResponseWriter, src channels.Source, err error) {
	a.tally.postponed.Add(1)
	if ctx.Err() == nil {
		a.log.WarnContext(ctx, "a message could not be stored, its sender is told to come again", "err", err)
		a.troubled.Store(true)
		channels.Troubled(src, a.source(), a.failure("store", channels.Unavailable, "", "messages can't be stored; their sender is told to come again", err))
	}
	postpone(w, notStoredWait, problem{
		Title: "Not stored", Status: http.StatusServiceUnavailable,
		Detail: "The message could not be stored. Send it again; the same id is stored once.",
	})
}

// refuseSigned answers a sender that we know and that has something to mend, and
// tells people here.
func (a *Adapter) refuseSigned(w http.ResponseWriter, r *http.Request, v *verdict) {
	a.tally.refused.Add(1)
	one := v.mistakes[0]
	words := one.Message
	if one.Location != "" {
		words = one.Location + ": " + words
	}
	if one.Line > 0 {
		words += fmt.Sprintf(" (line %d, column %d)", one.Line, one.Column)
	}
	a.log.LogAttrs(r.Context(), slog.LevelWarn, "a signed message was refused, its sender must mend it",
		slog.Int("status", v.status), slog.String("why", words))
	if this := a.board(); this != nil {
		channels.Told(this.src, a.source(), "a message was refused with "+fmt.Sprint(v.status)+", its sender must mend it: "+words)
		this.flights.Done()
	}
	refuse(w, problem{Title: v.title, Status: v.status, Detail: words, Errors: v.mistakes, Ignored: v.ignored})
}

// digest is what a message says, apart from what may differ when it is posted
// again: times and the addresses of files.
type digest [16]byte

func (m *Message) digest() digest {
	h := sha256.New()
	for _, part := range []string{m.Conversation, m.From.ID, m.Subject, m.Text, m.HTML, m.Edits, m.Withdraws, fmt.Sprint(len(m.Attachments))} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return digest(h.Sum(nil)[:16])
}

// The formats of originals: the JSON as it came, and with the files that were
// fetched for it.
const (
	FormatMessage = "webhook+json"
	FormatFiles   = "webhook.files+json"
)

// oldest is how long before its arrival a message may say that it was sent: a
// sender that could not reach us for longer has given up long ago.
const oldest = 30 * 24 * time.Hour

// inbound makes the item of a message. Its clock is the sender's, who signs for
// it: our outage is our lateness.
func (a *Adapter) inbound(ctx context.Context, m *Message, body []byte) (*channels.Inbound, []string) {
	now := a.now().UTC()
	kind := channels.Fresh
	if m.Edits != "" || m.Withdraws != "" {
		kind = channels.Changed
	}
	received := now
	if m.SentAt != nil && !m.SentAt.IsZero() && m.SentAt.Before(now) && now.Sub(m.SentAt.Time) < oldest {
		received = m.SentAt.UTC()
	}
	raw, format, warnings := a.withFiles(ctx, m, body)
	id := providerID(a.cfg.Account, m.ID)
	return &channels.Inbound{
		Schema: channels.InboundSchema, Kind: kind, Channel: contact.Webhook, Account: a.cfg.Account,
		Source: a.source(), Position: id, ProviderID: id, Sender: a.address(m.From.ID),
		ReceivedAt: received, Format: format, Raw: raw, Size: int64(len(raw)),
	}, warnings
}

// providerID is the same for one message of one account for ever, and differs
// between accounts: their senders know nothing of each other's ids.
func providerID(account, id string) string {
	sum := sha256.Sum256([]byte("webhook\x00" + account + "\x00" + id))
	return hex.EncodeToString(sum[:16])
}

// address gives a customer's address on this channel: their id at this account.
// Addresses are compared in lower case, so an id that this would change carries a
// mark by which it stays apart.
func (a *Adapter) address(id string) string {
	out := a.cfg.Account + ":" + id
	if strings.ToLower(id) != id || strings.Contains(id, "~") {
		out += "~" + idMark(id)
	}
	return out
}

func idMark(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:4])
}

// partyID is the reverse of address, and false for one that isn't of this
// account.
func (a *Adapter) partyID(address string) (string, bool) {
	id, found := strings.CutPrefix(address, a.cfg.Account+":")
	if !found || id == "" {
		return "", false
	}
	i := strings.LastIndexByte(id, '~')
	if i < 0 {
		return id, true
	}
	return id[:i], i > 0 && idMark(id[:i]) == id[i+1:]
}
