package desk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

// ErrMissing is returned by Content for a reference that leads nowhere, and
// ErrErased for one whose words were removed on purpose.
var (
	ErrMissing = errors.New("not there")
	ErrErased  = errors.New("erased")
)

// Router is the active router.
type Router interface {
	// Do has a command decided and waits until its commit is durable. What the
	// router does not do is a *router.Refusal.
	Do(ctx context.Context, e router.Envelope) (router.Result, error)
	// View calls f with the live state, on the router's own goroutine: f copies
	// out what it needs and keeps nothing.
	View(ctx context.Context, f func(*router.State)) error
	// Heartbeat says that an agent's page is still connected, and after how long
	// without another word the agent counts as unreachable.
	Heartbeat(agent string) (within time.Duration)
	// DraftSaved says that a contact's holder is at work on it.
	DraftSaved(contactID string)
	// Watch gives every durable commit from now on. The channel is closed when
	// its reader is too slow, or ctx ends.
	Watch(ctx context.Context) <-chan *router.Commit
}

// Ledger is what became of everything, as pages read it.
type Ledger interface {
	// WaitFor waits until commit n is folded.
	WaitFor(ctx context.Context, n uint64) error
	// Contacts lists contacts, newest first; Contact finds one by its id or
	// the beginning of it.
	Contacts(ctx context.Context, f ledger.Filter) ([]ledger.Row, error)
	Contact(ctx context.Context, idOrPrefix string) (ledger.Row, error)
	// Timeline gives what happened in a conversation, in order.
	Timeline(ctx context.Context, conversation string) ([]ledger.Entry, error)
	// Conversation gives one, Conversations those of a customer, newest first.
	Conversation(ctx context.Context, id string) (ledger.ConversationRow, error)
	Conversations(ctx context.Context, customer string, most int) ([]ledger.ConversationRow, error)
}

// Whole is more of the ledger: one person, whatever the channel.
type Whole interface {
	// ConversationsOf gives the conversations of several customers, newest first.
	ConversationsOf(ctx context.Context, members []string, most int) ([]ledger.ConversationRow, error)
	// Person gives whom a customer is part of.
	Person(ctx context.Context, customer string) (p *ledger.Person, asOf uint64, err error)
}

// Records is the rest of the ledger: look-ups, search and the proof.
type Records interface {
	// Known tells what the ledger knows of keys, as of one commit.
	Known(ctx context.Context, keys []string) (asOf uint64, known map[string]router.Found, err error)
	// ReplyFacts gives a reply as the log knows it.
	ReplyFacts(ctx context.Context, id string) (*router.Reply, error)
	// Summary gives the ledger in one line, Audit the proof that it adds up.
	Summary(ctx context.Context) (ledger.Summary, error)
	Audit(ctx context.Context, pending ledger.Pending) (*ledger.Audit, error)
	// Why gives every decision about a contact.
	Why(ctx context.Context, idOrPrefix string) (*ledger.Why, error)
	// Search finds words.
	Search(ctx context.Context, q string, o ledger.SearchOptions) ([]ledger.Hit, error)
}

// Voices is what customers say of us.
type Voices interface {
	SaidOfKind(ctx context.Context, kind contact.FeedbackKind, agent string, most int) ([]ledger.Said, error)
	Fans(ctx context.Context, most int) ([]ledger.Fan, error)
	// PraiseSince counts the praise that an agent earned after a moment.
	PraiseSince(ctx context.Context, agent string, since time.Time) (int, error)
	Ideas(ctx context.Context, state router.IdeaState, most int) ([]ledger.Idea, error)
	// Satisfaction puts kept promises beside what customers say.
	Satisfaction(ctx context.Context, since, until time.Time) (*ledger.Satisfaction, error)
}

// Content is where words and files lie. A reference is "<kind>.<id>".
type Content interface {
	// Put stores a value; the last one of an id counts.
	Put(ctx context.Context, kind Kind, id string, value []byte) (ref string, err error)
	// Get gives the value of a reference, or ErrMissing or ErrErased.
	Get(ctx context.Context, ref string) ([]byte, error)
	// Each calls f with the last value of every id of a kind.
	Each(ctx context.Context, kind Kind, f func(id string, value []byte) error) error
	// Erase removes every version of a value so that no byte stays.
	Erase(ctx context.Context, ref string) error
	// PutObject stores a file under a random id.
	PutObject(ctx context.Context, r io.Reader) (id string, size int64, err error)
	// GetObject opens a file.
	GetObject(ctx context.Context, id string) (io.ReadCloser, error)
}

// Kind is a kind of content.
type Kind string

// The kinds of content that the desk writes.
const (
	KindReply  Kind = "reply"
	KindNote   Kind = "note"
	KindDraft  Kind = "draft"
	KindAgent  Kind = "agent"
	KindReason Kind = "reason"
	KindAnswer Kind = "answer"
)

// Messages reads what customers wrote.
type Messages interface {
	// Message gives the message at a reference as its channel's parser
	// understands it, with the bytes of its attachments where the parser has
	// them in hand.
	Message(ctx context.Context, ref string) (*contact.Message, error)
	// Original gives the item as it came, whole.
	Original(ctx context.Context, ref string) (*channels.Inbound, error)
}

// Intake takes in what a person enters by hand, as if it had come on a channel.
type Intake interface {
	Enter(ctx context.Context, actor string, in *channels.Inbound) (router.Result, error)
}

// Identifier is a Composer that tells by which message id the provider and the
// customer's programs know a reply. Where a Composer doesn't tell, it is the
// reply's id at the domain of the account's address.
type Identifier interface {
	MessageID(r *contact.Reply) string
}

// Channels are the accounts that the daemon serves.
type Channels interface {
	// Adapters lists all accounts.
	Adapters() []channels.Adapter
	// States tells how each is doing.
	States() []ChannelState
}

// ChannelState is how one account is doing, for people.
type ChannelState struct {
	Channel contact.Channel
	Account string
	Address string
	OK      bool
	// Trouble says in words what is wrong, "" if nothing is.
	Trouble string
	// LagSeconds is how long ago its source was last known to be read to its end.
	LagSeconds float64
	// SendFailures counts failures to send since the start.
	SendFailures int
}

// Health answers /readyz.
type Health interface {
	// Ready reports whether the daemon does its work, with reasons by part in
	// words; "" stands for a part that is well.
	Ready(ctx context.Context) (ok bool, parts map[string]string)
	// Warnings are what somebody must see to, though the daemon does its work.
	Warnings() []string
}

// Deps is what the desk stands on.
type Deps struct {
	Router   Router
	Ledger   Ledger
	Records  Records
	Content  Content
	Messages Messages
	Intake   Intake
	Keys     router.Keys
	Channels Channels
	// Directory is what is kept of customers; nil where nothing is.
	Directory Directory
	// Persons says who is whom; Customers does, and changes it, with words. Nil where
	// nobody knows.
	Persons   Whole
	Customers Customers
	Sessions  SessionStore
	Health    Health
	// Pending counts items that are stored and not taken in yet; nil for none.
	Pending ledger.Pending
	// Quarantine is what could not be read; nil when it can't be listed.
	Quarantine Quarantine
	// Rules gives the active policy; nil means that no bound and no
	// place in the queue is told.
	Rules func() router.Rules
	// Apology gives the draft of an apology for a promise that was missed, "" for
	// none; nil where nobody runs.
	Apology func(language string, f policies.Facts, sorry policies.Sorry) string
	// Policies is the life of policy sets; nil where nobody runs.
	Policies Policies
	// Simulator simulates policy sets on the log; nil where nobody can.
	Simulator Simulator
	// Metrics answers /metrics; nil means that there is none.
	Metrics http.Handler
	// Past replays the log to the instant before an offer was made; nil where it
	// can't be read again.
	Past func(ctx context.Context, n uint64, offer string) (*router.Past, error)
	// Page gives the link to the customer's page of a conversation for what goes out
	// on a channel, "" for none; nil where there is no page.
	Page func(c *router.Conversation, ch contact.Channel) string
	// AskRating reports whether answers ask how they were.
	AskRating func() bool
	// Rights is what people may ask of what is kept about them; nil where nobody
	// can do that.
	Rights Rights
	// Voices is what customers say of us; nil where nobody can tell.
	Voices Voices
	// Still is true when nobody decides any more: the daemon is stopped.
	Still bool
}
