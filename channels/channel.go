// Package channels is the contract between Stagecoach and the ways in which
// customers speak to a company. One folder below it holds one adapter; none of
// them knows the router, and the router knows none of them.
//
// README.md beside this file tells how to write an adapter; channeltest is the
// suite that every adapter passes.
package channels

import (
	"context"
	"net/http"
	"time"

	"stagecoach/contact"
)

// Receiver pulls inbound items from one account.
type Receiver interface {
	// Receive runs until ctx ends (it then returns nil within a second) or the
	// link is lost (it returns an *Error; the runner calls again with back-off).
	// For each item it calls src.Deliver, and tells the provider (flag, move,
	// acknowledgement, cursor) only after Deliver returned nil: then the item
	// is stored, or was known already. An error of Deliver leaves the item at
	// the source to be seen again. Deliver may be called from several
	// goroutines of the receiver; an item's bookmark is advanced only when all
	// items before it are delivered.
	Receive(ctx context.Context, src Source) error
}

// Source is what an adapter gets from the daemon to deliver to.
type Source interface {
	// Deliver stores the item durably. It is safe to deliver an item again.
	Deliver(ctx context.Context, in *Inbound) error
	// Bookmark gives the last bookmark of the named source, and false when this
	// source has never been seen.
	Bookmark(ctx context.Context, source string) (Bookmark, bool, error)
	// Advance records how far a source has been read. It must cover only items
	// whose Deliver has returned nil. The daemon may keep at most one a second
	// and drop those between, so after a crash some items are seen again.
	Advance(ctx context.Context, b Bookmark) error
}

// Bookmark is how far one source (a folder of a mailbox, a channel of a
// workspace) has been read.
type Bookmark struct {
	// Source names the place within all accounts: "email/support/INBOX".
	Source string `json:"source"`
	// Position is the adapter's own form: for IMAP "uidvalidity:uid".
	Position string `json:"position"`
	// At is when the source was last known to be read up to Position.
	At time.Time `json:"at"`
	// Since is when the source was first connected: nothing older opens a
	// contact unless it was asked for.
	Since time.Time `json:"since"`
	// Seen counts the items since then up to Position, history left out. The
	// audit compares it with what became of them.
	Seen uint64 `json:"seen"`
}

// InboundKind tells what an item is for.
type InboundKind string

// The kinds. A History item is loaded without a promise. OwnCopy is our own
// reply as found in the provider's folder of sent items. Status is a provider's
// word on the fate of a reply (read receipt, failure). Changed is what a customer
// has done to an earlier message: edited or withdrawn it. Rated is what they say of
// an answer on their own page: no adapter delivers one.
const (
	Fresh   InboundKind = "message"
	History InboundKind = "history"
	OwnCopy InboundKind = "own_copy"
	Status  InboundKind = "status"
	Changed InboundKind = "changed"
	Rated   InboundKind = "feedback"
)

// Inbound is one item as it came, before anything is understood of it. Its JSON
// form is what INBOX holds.
type Inbound struct {
	Schema  int             `json:"schema"`
	Kind    InboundKind     `json:"kind"`
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	// Source and Position are where it was seen.
	Source   string `json:"source"`
	Position string `json:"position"`
	// ProviderID is the same whenever the same item is seen, for ever, and
	// differs for different items of one account. For e-mail it is a hash of
	// the Message-ID and what else makes the mail itself.
	ProviderID string `json:"provider_id"`
	// Sender is whom it is from, as far as can be told before it is parsed, in
	// one form for one person: what one sender sent is taken in in order. It is
	// never trusted. Left out, nothing is promised about order.
	Sender string `json:"sender,omitempty"`
	// ReceivedAt is the provider's receipt, never a header of the sender's.
	ReceivedAt time.Time `json:"received_at"`
	// Format names the parser for Raw: "rfc822", or "json" for contact.Message.
	Format string `json:"format"`
	// Raw is the original, whole. The daemon moves a large one to RawObject.
	Raw       []byte `json:"raw,omitempty"`
	RawObject string `json:"raw_object,omitempty"`
	// Size is the length of the original in bytes.
	Size int64 `json:"size"`
}

// InboundSchema is the version of Inbound that this build writes.
const InboundSchema = 1

// Parser makes a message of an original. It never touches the network or the
// disk, never panics, and is bounded in time and memory. An error means that
// the item goes to quarantine, whole; whatever can be shown is not an error but
// a warning.
type Parser interface {
	Parse(in *Inbound) (*contact.Message, error)
}

// Composer makes exactly what is handed to the provider, once, before the reply
// is queued. The same reply gives the same bytes.
type Composer interface {
	Compose(r *contact.Reply) ([]byte, error)
}

// Sender delivers replies.
type Sender interface {
	// Send hands the reply to the provider. The same Reply.ID twice must not
	// reach the customer twice where the provider allows it. It returns an
	// *Error; one with Reason InDoubt means that nobody knows whether the
	// provider took it. Recipients refused while others were accepted are in
	// the receipt. A reply with Only goes to those alone.
	Send(ctx context.Context, r *contact.Reply) (Receipt, error)
}

// Receipt is the provider's word that it has the reply.
type Receipt struct {
	// ProviderID is the provider's id of it, for e-mail the Message-ID.
	ProviderID string    `json:"provider_id"`
	At         time.Time `json:"at"`
	Refusals
}

// Refusals are the recipients that a provider refuses while it takes others.
type Refusals struct {
	// Refused are refused for good, Deferred for a time: they get the reply by a
	// later Send with Only.
	Refused  []string `json:"refused,omitempty"`
	Deferred []string `json:"deferred,omitempty"`
	// Why is the *Error of the first that was deferred.
	Why error `json:"-"`
}

// Any reports whether somebody was refused.
func (r Refusals) Any() bool { return len(r.Refused)+len(r.Deferred) > 0 }

// PartialSender is a Sender that knows whom the provider refuses before it
// hands the reply over to the others.
type PartialSender interface {
	// SendPartly is Send, with note called first where somebody is refused, so
	// that this is known whatever happens then. When note fails nothing is sent.
	SendPartly(ctx context.Context, r *contact.Reply, note func(Refusals) error) (Receipt, error)
}

// Lister re-lists the ids seen at a source, for the reconciler.
type Lister interface {
	// List calls yield with the position and receipt of every item of the
	// source after the bookmark, until yield returns false.
	List(ctx context.Context, after Bookmark, yield func(position string, received time.Time) bool) error
}

// Resolver finds out what became of a reply in doubt.
type Resolver interface {
	// Delivered reports whether the reply is known to have been taken. With
	// known false it can't tell, and a person must.
	Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error)
}

// Copier keeps a copy of a delivered reply where the provider's other programs
// show what was sent. Doing so twice leaves one copy.
type Copier interface {
	KeepCopy(ctx context.Context, r *contact.Reply) error
}

// Checker tries an account: `stagecoach check --connect`.
type Checker interface {
	// Check returns nil, or an *Error that says in words what lacks.
	Check(ctx context.Context) (Report, error)
}

// Report is what Check found, in words for a person.
type Report struct {
	Lines []string `json:"lines"`
	// WouldOpen counts the unanswered items that open_since would make
	// contacts of, -1 when not asked for.
	WouldOpen int `json:"would_open"`
}

// Limited tells what a channel can carry.
type Limited interface {
	Limits() contact.Limits
}

// Adapter is one account of one channel as the daemon holds it. Receiver and
// Sender are nil where the account goes one way only.
type Adapter struct {
	Channel  contact.Channel
	Account  string
	Receiver Receiver
	Sender   Sender
	Parser   Parser
	Composer Composer
	Lister   Lister
	Resolver Resolver
	Checker  Checker
	// HTTP takes what the provider or the customer's browser sends to
	// /channels/<channel>/<account>/, without that part of the path; nil where
	// nothing comes by HTTP. While Receive doesn't run it answers 503.
	HTTP   http.Handler
	Limits contact.Limits
	// Address is the account's own address on its channel, for display; Aliases
	// are its others.
	Address string
	Aliases []string
}
