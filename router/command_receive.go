package router

import (
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router/match"
)

// Found is what the ledger knows about a key as of a commit.
type Found struct {
	Kind    KeyKind `json:"kind"`
	Message string  `json:"message,omitempty"`
	// Place is the keyed hash of the position where the item was seen.
	Place        string `json:"place,omitempty"`
	Contact      string `json:"contact,omitempty"`
	Conversation string `json:"conversation,omitempty"`
	Customer     string `json:"customer,omitempty"`
	Reply        string `json:"reply,omitempty"`
	// Contacts is, of an identity, how many contacts its customer has had, as far
	// as they are counted.
	Contacts int `json:"contacts,omitempty"`
	// Person is, of a customer, whom they are part of, with all their Members; ""
	// where they are of nobody else. Not are customers of whom a person has said, or
	// whose undone link says, that they are others; Proposed those of whom it is
	// proposed that they are the same.
	Person   string   `json:"person,omitempty"`
	Members  []string `json:"members,omitempty"`
	Not      []string `json:"not,omitempty"`
	Proposed []string `json:"proposed,omitempty"`
	// Recalled holds what Apply needs to bring these back into memory.
	ConversationFacts *Conversation `json:"-"`
	ContactFacts      *Contact      `json:"-"`
	ReplyFacts        *Reply        `json:"-"`
}

// KeyKind says what a key leads to.
type KeyKind string

// The kinds of key.
const (
	KeyItem         KeyKind = "item"
	KeyMessage      KeyKind = "message"
	KeyReply        KeyKind = "reply"
	KeyConversation KeyKind = "conversation"
	KeyIdentity     KeyKind = "identity"
)

// Receive is an item that intake has read: facts only.
type Receive struct {
	Item
	// Kind is KindFresh, KindHistory, KindOwnCopy, KindChanged or KindFeedback.
	Kind string
	// Replaces is the key of the message that the customer has edited, or taken
	// back where Withdrawn is true; "" otherwise.
	Replaces  string
	Withdrawn bool
	// Feedback is what a customer says of an answer, for KindFeedback.
	Feedback *FeedbackFact
	// Public is true where anybody can read it.
	Public bool
	// Outreach is, where it was not addressed to us, the key of its author for
	// such posts; "" otherwise.
	Outreach string
	// Identity is the keyed hash of the sender's channel and address.
	Identity string
	// Participants are those of the other people it was sent to.
	Participants []string
	// Claimed is the identity that the sender names and nothing proves; Identity
	// is then one of its own, "" otherwise.
	Claimed string
	// Trust is what was found out about the sender.
	Trust contact.Trust
	// Threads are the keys that may lead to its conversation, the strongest
	// first: References from the last on, In-Reply-To, the provider's thread,
	// the token. Token is that among them which is the token's, "" if none.
	Threads []string
	Token   string
	// Subject is the key of the sender and the subject, where that says enough
	// to find a conversation by; "" otherwise.
	Subject string
	// Copies are keys by which another copy of the same item is known. Nameless
	// means that it has no id of its own.
	Copies   []string
	Nameless bool
	// Keys are those by which later items find this one.
	Keys []string

	Auto contact.AutoKind
	// Unanswerable is why no automatic answer may go to it, "" if one may.
	Unanswerable string
	// Correspondents are the keyed hashes of whom it is from, for counting what
	// machines do: the address, and for a role account its domain.
	Correspondents []string
	Bounce         *BounceFact

	Class string
	// About is question, complaint, praise or idea.
	About    string
	Rule     string
	Queue    string
	Language string
	Tier     string
	Demand   match.Demand
	// Asked is what the policy was told beside the message.
	Asked Asked
	// LastAgent is who answered this customer last, in any conversation.
	LastAgent string
	// Profile is what the directory knows of the sender's customer.
	Profile Profile
	// Hints are other customers who are, or may be, the same person.
	Hints []Hint
	// Preferred are the customer's named agents, the first to be asked first.
	Preferred []string
	Propose   contact.Disposition
	// Classed is the version of the policy set that has classed it, "" for whichever
	// decides.
	Classed string
	// UsualQueue and UsualRule hold where it turns out to be no spam and no
	// machine's after all.
	UsualQueue, UsualRule string
	Quarantine            string // a reason code; "" when it could be read

	// Released is the quarantine id of an item that is read again.
	Released string

	// AsOf is the commit up to which Known is what the ledger says.
	AsOf  uint64
	Known map[string]Found
}

// Profile is what the directory knows of the sender of an item.
type Profile struct {
	// Record is the customer whose record has the sender's address, "" where none or
	// several have it.
	Record string
	Facts  customers.Facts
	// Proves is true where the record has the address as one that nothing has proved, and
	// this item does.
	Proves bool
}

// Hint is that the sender may be the same person as a customer. Evidence that proves
// it links them, unless something speaks against it: Conflict is a code for that.
type Hint struct {
	Customer string
	Evidence customers.Evidence
	Conflict string
}

// BounceFact is a delivery report about a reply of ours.
type BounceFact struct {
	Permanent bool
	Code      string
	// Key leads to the reply.
	Key string
	// Failed are the identities (keyed hashes) that it did not reach for good, as
	// far as the report names them.
	Failed []string
}
