package router

import (
	"time"

	"stagecoach/contact"
)

// Item is what every event about something seen at a source carries.
type Item struct {
	Source  string          `json:"source"`
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	// Ref is where the original lies in INBOX.
	Ref string `json:"ref"`
	// ItemKey is the keyed hash of channel, account and provider id; MessageKey
	// leaves the account out; Place is that of the position.
	ItemKey    string    `json:"item_key"`
	MessageKey string    `json:"message_key"`
	Place      string    `json:"place"`
	ReceivedAt time.Time `json:"received_at"`
}

// CustomerKnown records a new customer, or a new identity of a known one.
type CustomerKnown struct {
	Customer string          `json:"customer"`
	Channel  contact.Channel `json:"channel"`
	// Identity is the keyed hash of channel and address.
	Identity string `json:"identity"`
}

// ConversationOpened starts a conversation, or brings one back into memory with
// all that Apply needs of it.
type ConversationOpened struct {
	Conversation Conversation `json:"conversation"`
	// Back is true when the conversation existed before.
	Back bool `json:"back,omitempty"`
	// Renewed is true when it was resolved, is taken up again, and has the
	// promise of a resolution anew.
	Renewed bool `json:"renewed,omitempty"`
}

// MessageReceived records one message of a customer; it belongs to Contact.
// With Contact "" it is history, loaded without a promise.
type MessageReceived struct {
	Item
	Message      string `json:"message"`
	Customer     string `json:"customer"`
	Conversation string `json:"conversation"`
	Contact      string `json:"contact,omitempty"`
	// Keys are the keyed hashes by which later messages find this one.
	Keys []string `json:"keys,omitempty"`
	// Stranger is true when it quoted a conversation of somebody else and
	// therefore got one of its own; Quoted names that one.
	Stranger bool   `json:"stranger,omitempty"`
	Quoted   string `json:"quoted,omitempty"`
	// Trust is what was found out about the sender.
	Trust contact.Trust `json:"trust,omitempty"`
	// JoinedBy is a code for what led to the conversation: "thread", "token",
	// "subject", "burst"; "" where it opened one.
	JoinedBy string `json:"joined_by,omitempty"`
	// Participants are the identities (keyed hashes) of others that it was sent
	// to: they take part in the conversation from now on.
	Participants []string `json:"participants,omitempty"`
	// Correspondents are given where it counts in a duel of machines: Echo is
	// true when it answered an automatic mail of ours at once, Machine when it is
	// a machine's and opened a contact.
	Correspondents []string `json:"correspondents,omitempty"`
	Echo           bool     `json:"echo,omitempty"`
	Machine        bool     `json:"machine,omitempty"`
}

// EvidenceKind says what a piece of evidence is.
type EvidenceKind string

// The kinds of evidence.
const (
	EvidenceCopy      EvidenceKind = "second_copy"
	EvidenceMoved     EvidenceKind = "seen_again"
	EvidenceBounce    EvidenceKind = "bounce"
	EvidenceDelay     EvidenceKind = "delay"
	EvidenceReceipt   EvidenceKind = "read_receipt"
	EvidenceOwnCopy   EvidenceKind = "own_copy"
	EvidenceElsewhere EvidenceKind = "replied_elsewhere"
	EvidenceAutoReply EvidenceKind = "auto_reply"
	EvidenceDelivered EvidenceKind = "delivered_report"
	EvidenceCalendar  EvidenceKind = "calendar_answer"
	// EvidenceWithdrawn is that the customer took a message back.
	EvidenceWithdrawn EvidenceKind = "withdrawn"
	// EvidenceApproached is a post that was not addressed to us, of somebody whom
	// we have approached lately.
	EvidenceApproached EvidenceKind = "approached_before"
	// EvidenceFeedback is what the customer says of an answer.
	EvidenceFeedback EvidenceKind = "feedback"
	// EvidenceCopyFailed is a bounce of those alone who got a copy: the customer
	// has the reply.
	EvidenceCopyFailed EvidenceKind = "copy_bounced"
)

// EvidenceReceived records an item that concerns a message or a reply and opens
// nothing. Contact is "" when nothing of ours is concerned.
type EvidenceReceived struct {
	Item
	Evidence     string       `json:"evidence"`
	Kind         EvidenceKind `json:"kind"`
	Conversation string       `json:"conversation,omitempty"`
	Contact      string       `json:"contact,omitempty"`
	Reply        string       `json:"reply,omitempty"`
	// Code is a provider's enhanced status code, if it has one.
	Code string `json:"code,omitempty"`
}

// Quarantined records an item that could not be read. It is kept whole.
type Quarantined struct {
	Item
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// QuarantineLeft records that a person or an upgrade made something of it:
// Message names what it became.
type QuarantineLeft struct {
	ID      string `json:"id"`
	Source  string `json:"source"`
	Message string `json:"message"`
}

// ResolutionBreached records that the conversation's promise was missed.
type ResolutionBreached struct {
	Conversation string `json:"conversation"`
}

// ConversationClosed changes the state of a conversation after its contact
// ended.
type ConversationClosed struct {
	Conversation string            `json:"conversation"`
	State        ConversationState `json:"state"`
	// Left is how much working time of its promise is left as its clock stops, 0
	// where it goes on.
	Left time.Duration `json:"left,omitempty"`
}

// Noted records a remark for colleagues; its words are at Ref.
type Noted struct {
	Conversation string `json:"conversation"`
	Contact      string `json:"contact,omitempty"`
	Note         string `json:"note"`
	Ref          string `json:"ref"`
	By           string `json:"by"`
}

func (CustomerKnown) event()      {}
func (ConversationOpened) event() {}
func (MessageReceived) event()    {}
func (EvidenceReceived) event()   {}
func (Quarantined) event()        {}
func (QuarantineLeft) event()     {}
func (ResolutionBreached) event() {}
func (ConversationClosed) event() {}
func (Noted) event()              {}
