package remote

import (
	"encoding/json"
	"errors"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Schema is the version of every message of the protocol.
const Schema = 1

// FormatMessage is the Format of an item that is a Message: what adapters in
// other languages deliver.
const FormatMessage = "adapter+json"

// Hello says who the process is and how it is doing. It is said at once and then
// every Welcome.EverySeconds; a process that stays silent is gone.
type Hello struct {
	Schema   int               `json:"schema" doc:"version of this message"`
	Process  string            `json:"process" doc:"this run of the process: 8 to 64 letters, digits, - and _, chosen at random at its start"`
	Program  string            `json:"program,omitempty" doc:"what it is, for people"`
	Ends     bool              `json:"ends,omitempty" doc:"it ends now: another may take its place at once"`
	Receives bool              `json:"receives,omitempty" doc:"it delivers items"`
	Sends    bool              `json:"sends,omitempty" doc:"it takes the order send"`
	Resolves bool              `json:"resolves,omitempty" doc:"it takes the order delivered"`
	Checks   bool              `json:"checks,omitempty" doc:"it takes the order check"`
	Prepares bool              `json:"prepares,omitempty" doc:"it takes the order prepare"`
	Partly   bool              `json:"partly,omitempty" doc:"it asks by outbox.partly before a reply goes to some of its recipients only"`
	Copies   bool              `json:"copies,omitempty" doc:"it takes the order keep_copy"`
	Address  string            `json:"address,omitempty" doc:"the account's own address on its channel, for display"`
	Limits   *contact.Limits   `json:"limits,omitempty" doc:"what one reply can carry; 0 is no limit"`
	Pause    float64           `json:"pause,omitempty" doc:"for how many seconds nothing can be sent"`
	Link     *Link             `json:"link,omitempty" doc:"how the link to the provider is; left out: it stands while the process is connected"`
	Troubled map[string]string `json:"troubled,omitempty" doc:"why single sources can't be read though the link stands, by their names, in words"`
	Notice   *Notice           `json:"notice,omitempty" doc:"the last thing that people should know"`
}

// Link is how a process's link to the provider is.
type Link struct {
	Source string   `json:"source,omitempty" doc:"the source that the provider answered for"`
	Stood  int      `json:"stood" doc:"how often the link was made since the start"`
	Lost   int      `json:"lost" doc:"how often it was lost, or could not be made"`
	Why    *Failure `json:"why,omitempty" doc:"why it was lost; left out while it stands"`
}

// Notice is what people should know of a source, though nothing is to be done.
type Notice struct {
	Number int    `json:"number" doc:"counts the notices, so that each is told once"`
	Source string `json:"source" doc:"the source that it is of"`
	Text   string `json:"text" doc:"in words"`
}

// Welcome answers Hello.
type Welcome struct {
	Schema       int      `json:"schema" doc:"version of this message"`
	Channel      string   `json:"channel" doc:"the account's channel"`
	Account      string   `json:"account" doc:"the account's name"`
	Run          string   `json:"run,omitempty" doc:"items are taken while it is given; with another value than before all bookmarks must be asked for again"`
	EverySeconds int      `json:"every_seconds" doc:"how often hello is to be said"`
	PartBytes    int      `json:"part_bytes" doc:"the most bytes in one part of an original or a file"`
	Error        *Failure `json:"error,omitempty" doc:"why this process can't be the account's adapter now; say hello again"`
}

// Item hands in one item; it is the request on inbox.
type Item struct {
	Schema     int                  `json:"schema" doc:"version of this message"`
	Process    string               `json:"process" doc:"as in hello"`
	Kind       channels.InboundKind `json:"kind,omitempty" enum:"message|history|own_copy|status|changed" doc:"what the item is for; message if left out"`
	Source     string               `json:"source" doc:"where it was seen: <channel>/<account>/<place>"`
	Position   string               `json:"position" doc:"where in the source, in the adapter's own form"`
	ProviderID string               `json:"provider_id" doc:"the same whenever the same item is seen, for ever; another for another item"`
	Sender     string               `json:"sender,omitempty" doc:"whom it is from, in one form for one person: their items are taken in in order"`
	ReceivedAt time.Time            `json:"received_at" doc:"the provider's receipt: the customer's clock"`
	Format     string               `json:"format,omitempty" doc:"names the parser of raw; left out where message is given"`
	Message    json.RawMessage      `json:"message,omitempty" doc:"the message as understood, see message/v1.json; instead of format and raw"`
	Raw        []byte               `json:"raw,omitempty" doc:"the original"`
	Upload     string               `json:"upload,omitempty" doc:"the parts of an original that is too large for raw"`
	Size       int64                `json:"size,omitempty" doc:"bytes of the uploaded original"`
}

// Part is a piece of a large original; it is the request on inbox.part.
type Part struct {
	Schema  int    `json:"schema" doc:"version of this message"`
	Process string `json:"process" doc:"as in hello"`
	Upload  string `json:"upload" doc:"names the original, chosen at random by the process"`
	Number  int    `json:"number" doc:"counts the parts from 0"`
	Data    []byte `json:"data" doc:"the bytes"`
}

// Done answers a request that asks for nothing: error left out means yes, and
// for inbox that the item is durable.
type Done struct {
	Schema int      `json:"schema" doc:"version of this message"`
	Error  *Failure `json:"error,omitempty" doc:"why not; the request may be made again"`
}

// Where asks for a bookmark; it is the request on inbox.bookmark.
type Where struct {
	Schema  int    `json:"schema" doc:"version of this message"`
	Process string `json:"process" doc:"as in hello"`
	Source  string `json:"source" doc:"<channel>/<account>/<place>"`
}

// There answers Where.
type There struct {
	Schema   int                `json:"schema" doc:"version of this message"`
	Bookmark *channels.Bookmark `json:"bookmark,omitempty" doc:"left out where the source was never seen"`
	Error    *Failure           `json:"error,omitempty" doc:"why it can't be told"`
}

// Advance records how far a source is read; it is the request on inbox.advance.
// It may cover only items that were answered without an error.
type Advance struct {
	Schema   int               `json:"schema" doc:"version of this message"`
	Process  string            `json:"process" doc:"as in hello"`
	Bookmark channels.Bookmark `json:"bookmark" doc:"how far"`
}

// Order is what the daemon wants of the process.
type Order struct {
	Schema int    `json:"schema" doc:"version of this message"`
	Order  string `json:"order" doc:"names the order: answers go to outbox.answer.<order>"`
	Do     string `json:"do" enum:"send|delivered|keep_copy|check|prepare|hello" doc:"send the reply; tell whether it was delivered; keep a copy of it; try the account; get ready to send; say hello at once, without an answer"`
	Partly bool   `json:"partly,omitempty" doc:"ask by outbox.partly first where somebody is refused"`
	Reply  *Reply `json:"reply,omitempty" doc:"what it is about, for send, delivered and keep_copy"`
}

// What an Order can want.
const (
	doSend      = "send"
	doDelivered = "delivered"
	doKeepCopy  = "keep_copy"
	doCheck     = "check"
	doPrepare   = "prepare"
	doHello     = "hello"
)

// Reply is one outbound item.
type Reply struct {
	ID           string            `json:"id" doc:"the same reply has the same id: it must not reach the customer twice"`
	Kind         contact.ReplyKind `json:"kind" enum:"answer|ask|pledge|outbound|forward|acknowledgement|remainder" doc:"what the author promises with it"`
	Conversation string            `json:"conversation,omitempty" doc:"the conversation that it belongs to"`
	CreatedAt    time.Time         `json:"created_at" doc:"when it was written"`
	FromName     string            `json:"from_name,omitempty" doc:"shown as the sender: the agent's name, or the company's"`
	To           []contact.Address `json:"to" doc:"whom it goes to"`
	CC           []contact.Address `json:"cc" doc:"who gets a copy"`
	Subject      string            `json:"subject,omitempty" doc:"where the channel has subjects"`
	Text         string            `json:"text" doc:"the words"`
	HTML         string            `json:"html,omitempty" doc:"the same as HTML, where the author formatted it"`
	Files        []File            `json:"files" doc:"what goes with it; the bytes are fetched by outbox.file"`
	InReplyTo    string            `json:"in_reply_to,omitempty" doc:"the message that it answers"`
	References   []string          `json:"references,omitempty" doc:"the messages before it"`
	Origin       json.RawMessage   `json:"origin,omitempty" doc:"that of the message it answers, as the adapter gave it"`
	Token        string            `json:"token,omitempty" doc:"an unguessable name of the conversation: a message that gives it back belongs there"`
	Only         []int             `json:"only,omitempty" doc:"where given, the places among to and then cc of those to whom it goes now: the others have it"`
}

// File is a file that goes with a reply.
type File struct {
	Name        string `json:"name" doc:"without a path"`
	ContentType string `json:"content_type" doc:"its media type"`
	ContentID   string `json:"content_id,omitempty" doc:"by which HTML names an inline picture"`
	Size        int64  `json:"size" doc:"in bytes"`
}

// Fetch asks for a piece of a file; it is the request on outbox.file.
type Fetch struct {
	Schema  int    `json:"schema" doc:"version of this message"`
	Process string `json:"process" doc:"as in hello"`
	Order   string `json:"order" doc:"the order in hand"`
	File    int    `json:"file" doc:"which of reply.files, from 0"`
	Offset  int64  `json:"offset" doc:"from which byte on"`
}

// Fetched answers Fetch.
type Fetched struct {
	Schema int      `json:"schema" doc:"version of this message"`
	Data   []byte   `json:"data,omitempty" doc:"the bytes; left out at the end"`
	Error  *Failure `json:"error,omitempty" doc:"why not"`
}

// Partly tells whom a provider refuses; it is the request on outbox.partly. Only
// after it was answered the others may get the reply.
type Partly struct {
	Schema   int      `json:"schema" doc:"version of this message"`
	Process  string   `json:"process" doc:"as in hello"`
	Order    string   `json:"order" doc:"the order in hand"`
	Refused  []string `json:"refused" doc:"addresses refused for good"`
	Deferred []string `json:"deferred" doc:"addresses refused for a time"`
	Why      *Failure `json:"why,omitempty" doc:"why the first of them was deferred"`
}

// Answer is a word on an order: in_hand at once and every few seconds, and at
// last one of the others.
type Answer struct {
	Schema  int              `json:"schema" doc:"version of this message"`
	InHand  bool             `json:"in_hand,omitempty" doc:"the order is being worked on"`
	Done    bool             `json:"done,omitempty" doc:"keep_copy or prepare is done"`
	Receipt *Receipt         `json:"receipt,omitempty" doc:"the provider has the reply"`
	Fate    *Fate            `json:"fate,omitempty" doc:"what delivered asked"`
	Report  *channels.Report `json:"report,omitempty" doc:"what check found"`
	Error   *Failure         `json:"error,omitempty" doc:"it failed"`
}

// Receipt is the provider's word that it has the reply.
type Receipt struct {
	ProviderID string    `json:"provider_id" doc:"the provider's id of it"`
	At         time.Time `json:"at" doc:"when it was taken"`
	Refused    []string  `json:"refused,omitempty" doc:"addresses that were refused for good, while others got it"`
	Deferred   []string  `json:"deferred,omitempty" doc:"addresses that were refused for a time"`
	Why        *Failure  `json:"why,omitempty" doc:"why the first of them was deferred"`
}

// Fate is what is known of a reply.
type Fate struct {
	Known     bool `json:"known" doc:"false: it can't be told, and a person must"`
	Delivered bool `json:"delivered" doc:"whether the provider has it"`
}

// Failure is an error in words and for programs.
type Failure struct {
	Reason     channels.Reason `json:"reason" enum:"unknown|auth|rate_limited|rejected|unavailable|malformed|in_doubt" doc:"decides what happens next, see channels/README.md"`
	Op         string          `json:"op,omitempty" doc:"what was being done"`
	Code       string          `json:"code,omitempty" doc:"the provider's own code"`
	RetryAfter float64         `json:"retry_after,omitempty" doc:"the provider's wish, in seconds"`
	Text       string          `json:"text" doc:"for people: no secret and no customer's address in it"`
}

// failureOf writes an error for the other side.
func failureOf(err error, op string) *Failure {
	if err == nil {
		return nil
	}
	out := &Failure{Reason: channels.ReasonOf(err), Op: op, Text: channels.Words(err)}
	if typed, ok := errors.AsType[*channels.Error](err); ok {
		out.Code, out.RetryAfter = typed.Code, typed.RetryAfter.Seconds()
		if typed.Op != "" {
			out.Op = typed.Op
		}
	}
	return out
}

// The bounds of what the other side writes for people.
const (
	maxWords = 1000
	maxCode  = 100
)

// failed makes an error of what the other side wrote.
func failed(ch contact.Channel, account, op string, f *Failure) error {
	if f == nil {
		return nil
	}
	reason := f.Reason
	switch reason {
	case channels.Auth, channels.RateLimited, channels.Rejected, channels.Unavailable, channels.Malformed, channels.InDoubt:
	default:
		reason = channels.Unknown
	}
	if f.Op != "" {
		op = channels.Bounded(f.Op, maxCode)
	}
	text := channels.Bounded(f.Text, maxWords)
	if text == "" {
		text = "the adapter gives no reason"
	}
	return &channels.Error{
		Channel: ch, Account: account, Op: op, Reason: reason, Code: channels.Bounded(f.Code, maxCode),
		RetryAfter: channels.Wish(seconds(f.RetryAfter)), Err: errors.New(text),
	}
}

// seconds makes a duration of seconds, however large.
func seconds(s float64) time.Duration {
	if !(s > 0) {
		return 0
	}
	return time.Duration(min(s, (24*time.Hour).Seconds()) * float64(time.Second))
}
