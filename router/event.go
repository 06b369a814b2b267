package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Event is a fact in the log. The set is closed: a new kind is added to the
// table in codec.go, to Apply and to every fold, and the linter finds the
// switch that lacks it. Events hold ids, times, codes, numbers, keyed hashes
// and references, never words, names or addresses.
//
//sumtype:decl
type Event interface{ event() }

// Takeover is the first event of a router that has become the active one.
type Takeover struct {
	// Life is the random id of this run of the process.
	Life string `json:"life"`
}

// ClockStep records that the wall clock was set by more than five seconds.
type ClockStep struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// PolicyActivated records which policy set decides from here on.
type PolicyActivated struct {
	Version string `json:"version"`
}

// SourceRead is a bookmark: how far a source has been read, durably.
type SourceRead struct {
	Source   string    `json:"source"`
	Channel  string    `json:"channel"`
	Account  string    `json:"account"`
	Position string    `json:"position"`
	At       time.Time `json:"at"`
	Since    time.Time `json:"since"`
	Seen     uint64    `json:"seen"`
}

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

// ContactOpened starts a contact with its promise and its last resort.
type ContactOpened struct {
	Contact Contact `json:"contact"`
	Policy  string  `json:"policy"`
}

// MessageJoined adds a message to an open contact. Due is what is owed now.
type MessageJoined struct {
	Contact  string    `json:"contact"`
	Message  MsgRef    `json:"message"`
	Due      time.Time `json:"due"`
	AtRiskAt time.Time `json:"at_risk_at"`
}

// OfferMade proposes a contact to an agent until Expires.
type OfferMade struct {
	Offer   string    `json:"offer"`
	Contact string    `json:"contact"`
	Agent   string    `json:"agent"`
	Units   int       `json:"units"`
	Expires time.Time `json:"expires"`
	// Why is what the decision was made of (I11).
	Why match.Explanation `json:"why"`
	// Policy is the version that decided.
	Policy string `json:"policy"`
}

// OfferEnd says how an offer ended without an assignment.
type OfferEnd string

// The ends of an offer.
const (
	OfferDeclined OfferEnd = "declined"
	OfferExpired  OfferEnd = "expired"
	OfferRevoked  OfferEnd = "revoked"
)

// OfferEnded records that an offer was declined, expired or was revoked. The
// pair cools down until CoolUntil.
type OfferEnded struct {
	Offer   string   `json:"offer"`
	Contact string   `json:"contact"`
	Agent   string   `json:"agent"`
	End     OfferEnd `json:"end"`
	// Reason is a code: "busy", "not_mine", "unreachable", "away", …
	Reason    string    `json:"reason,omitempty"`
	CoolUntil time.Time `json:"cool_until,omitzero"`
	// Missed counts against the agent's presence (expired only).
	Missed bool `json:"missed,omitempty"`
}

// Assigned gives a contact to an agent; Offer is "" when a person or the agent
// did so directly. Override is true when it exceeds the agent's capacity.
type Assigned struct {
	Contact  string `json:"contact"`
	Agent    string `json:"agent"`
	Offer    string `json:"offer,omitempty"`
	By       string `json:"by"`
	Units    int    `json:"units"`
	Reason   string `json:"reason,omitempty"`
	Remark   string `json:"remark,omitempty"`
	Override bool   `json:"override,omitempty"`
	// WarnAt and PullAt are when a silent holder is warned and loses it.
	WarnAt time.Time `json:"warn_at,omitzero"`
	PullAt time.Time `json:"pull_at,omitzero"`
	// RecallAt is when it goes back if its holder is not there.
	RecallAt time.Time `json:"recall_at,omitzero"`
}

// Unassigned takes a contact back to the waiting ones.
type Unassigned struct {
	Contact   string    `json:"contact"`
	Agent     string    `json:"agent"`
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	Remark    string    `json:"remark,omitempty"`
	CoolUntil time.Time `json:"cool_until,omitzero"`
}

// HolderWarned records that a silent holder was warned.
type HolderWarned struct {
	Contact string `json:"contact"`
	Agent   string `json:"agent"`
}

// HoldExtended puts the warning and the pulling back off, as the holder is at
// work on a draft.
type HoldExtended struct {
	Contact string    `json:"contact"`
	PullAt  time.Time `json:"pull_at"`
}

// Moved puts a contact into another queue, by a person or a rule.
type Moved struct {
	Contact string `json:"contact"`
	Queue   string `json:"queue"`
	By      string `json:"by"`
	Reason  string `json:"reason"`
	Remark  string `json:"remark,omitempty"`
	// Cleared is true when a person decided that what was proposed as spam or
	// machine is a customer's message after all. The contact then has the promise
	// of such a one, unless its own is due earlier.
	Cleared  bool        `json:"cleared,omitempty"`
	Promise  PromiseKind `json:"promise,omitempty"`
	Due      time.Time   `json:"due,omitzero"`
	AtRiskAt time.Time   `json:"at_risk_at,omitzero"`
}

// ReplyQueued records a reply that is stored and shall be sent.
type ReplyQueued struct {
	Reply Reply `json:"reply"`
	// Keys are the keyed hashes by which answers to it are found.
	Keys []string `json:"keys,omitempty"`
	// Participants are the identities (keyed hashes) that it goes to: they take
	// part in the conversation from now on.
	Participants []string `json:"participants,omitempty"`
	// Given is true when a person has delivered it: nothing is to be sent.
	Given bool `json:"given,omitempty"`
}

// AttemptGranted allows one life one attempt at sending.
type AttemptGranted struct {
	Reply   string `json:"reply"`
	Attempt int    `json:"attempt"`
	Life    string `json:"life"`
}

// AttemptFailed records a failure that is tried again at RetryAt.
type AttemptFailed struct {
	Reply   string    `json:"reply"`
	Attempt int       `json:"attempt"`
	Reason  string    `json:"reason"`
	Code    string    `json:"code,omitempty"`
	RetryAt time.Time `json:"retry_at"`
	// Again is true when it goes to OUTBOX anew, because a person or proof
	// decided that a reply in doubt had not arrived.
	Again bool `json:"again,omitempty"`
	// By is that person.
	By string `json:"by,omitempty"`
}

// ReplyDelivered records that the provider took the reply, or that a person
// confirmed it (By).
type ReplyDelivered struct {
	Reply string `json:"reply"`
	By    string `json:"by,omitempty"`
	// Refused counts recipients that were refused while others were accepted;
	// RefusedAt are their places among To and then CC.
	Refused   int   `json:"refused,omitempty"`
	RefusedAt []int `json:"refused_at,omitempty"`
}

// ReplyInDoubt records that nobody knows whether the provider took it.
type ReplyInDoubt struct {
	Reply string `json:"reply"`
	Cause string `json:"cause"`
}

// ReplyFailed records that it was not delivered and will not be tried again by
// itself. Bounced is true when the provider had taken it first.
type ReplyFailed struct {
	Reply   string `json:"reply"`
	Reason  string `json:"reason"`
	Code    string `json:"code,omitempty"`
	Bounced bool   `json:"bounced,omitempty"`
	By      string `json:"by,omitempty"`
	// Contact is the open contact that stands for it from now on, for a message
	// of Agent's that is no reply to a contact; Due is what is owed there now.
	Contact  string    `json:"contact,omitempty"`
	Agent    string    `json:"agent,omitempty"`
	Due      time.Time `json:"due,omitzero"`
	AtRiskAt time.Time `json:"at_risk_at,omitzero"`
}

// ContactEnded records the only ways out of a contact (I4).
type ContactEnded struct {
	Contact string  `json:"contact"`
	End     EndKind `json:"end"`
	// Reply is the delivered reply, for EndReplied.
	Reply string `json:"reply,omitempty"`
	// Left is how many of its last messages the reply did not cover: they
	// belong to the next contact.
	Left int `json:"left,omitempty"`
	// Into is the contact that stays open, for EndMerged.
	Into string `json:"into,omitempty"`
	// Disposition, By and Remark are for EndDisposed: the code, the person and
	// the reference of what they wrote.
	Disposition contact.Disposition `json:"disposition,omitempty"`
	By          string              `json:"by"`
	Remark      string              `json:"remark,omitempty"`
}

// ContactReopened undoes an end, with the original clock. It carries the whole
// contact, which may have left memory.
type ContactReopened struct {
	Contact Contact `json:"contact"`
	// Cause is a code: "bounced", "failed", "not_spam".
	Cause string `json:"cause"`
	By    string `json:"by,omitempty"`
	// Was is how it had ended.
	Was         EndKind             `json:"was"`
	Disposition contact.Disposition `json:"disposition,omitempty"`
	// Kept is true when it had counted as answered in time.
	Kept bool `json:"kept,omitempty"`
}

// AtRisk records that the warning time before due has come.
type AtRisk struct {
	Contact string `json:"contact"`
}

// Breached records, once, that the due time was missed.
type Breached struct {
	Contact string `json:"contact"`
}

// ResolutionBreached records that the conversation's promise was missed.
type ResolutionBreached struct {
	Conversation string `json:"conversation"`
}

// LastResortTold records that the people of last resort are being told of
// contacts at risk or breached that nobody has accepted.
type LastResortTold struct {
	Contacts []string `json:"contacts"`
	Breached int      `json:"breached"`
	// Total counts all of them, where Contacts is cut at 100.
	Total int `json:"total"`
}

// ConversationClosed changes the state of a conversation after its contact
// ended.
type ConversationClosed struct {
	Conversation string            `json:"conversation"`
	State        ConversationState `json:"state"`
}

// Noted records a remark for colleagues; its words are at Ref.
type Noted struct {
	Conversation string `json:"conversation"`
	Contact      string `json:"contact,omitempty"`
	Note         string `json:"note"`
	Ref          string `json:"ref"`
	By           string `json:"by"`
}

// AgentSet adds an agent or changes what they can do.
type AgentSet struct {
	Agent AgentProfile `json:"agent"`
}

// AgentRemoved takes an agent out; their contacts go back.
type AgentRemoved struct {
	Agent string `json:"agent"`
	By    string `json:"by"`
}

// PresenceChanged records whether an agent can be given work.
type PresenceChanged struct {
	Agent    string           `json:"agent"`
	Presence contact.Presence `json:"presence"`
	// Cause is a code: "self", "heartbeat", "missed_offers", "supervisor".
	Cause string `json:"cause"`
}

// Trimmed takes what ended before commit Before out of memory; the ledger has
// it. Index entries go with it.
type Trimmed struct {
	Before uint64 `json:"before"`
}

func (Takeover) event()           {}
func (ClockStep) event()          {}
func (PolicyActivated) event()    {}
func (SourceRead) event()         {}
func (CustomerKnown) event()      {}
func (ConversationOpened) event() {}
func (MessageReceived) event()    {}
func (EvidenceReceived) event()   {}
func (Quarantined) event()        {}
func (QuarantineLeft) event()     {}
func (ContactOpened) event()      {}
func (MessageJoined) event()      {}
func (OfferMade) event()          {}
func (OfferEnded) event()         {}
func (Assigned) event()           {}
func (Unassigned) event()         {}
func (HolderWarned) event()       {}
func (HoldExtended) event()       {}
func (Moved) event()              {}
func (ReplyQueued) event()        {}
func (AttemptGranted) event()     {}
func (AttemptFailed) event()      {}
func (ReplyDelivered) event()     {}
func (ReplyInDoubt) event()       {}
func (ReplyFailed) event()        {}
func (ContactEnded) event()       {}
func (ContactReopened) event()    {}
func (AtRisk) event()             {}
func (Breached) event()           {}
func (ResolutionBreached) event() {}
func (LastResortTold) event()     {}
func (ConversationClosed) event() {}
func (Noted) event()              {}
func (AgentSet) event()           {}
func (AgentRemoved) event()       {}
func (PresenceChanged) event()    {}
func (Trimmed) event()            {}
