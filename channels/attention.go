package channels

import (
	"context"
	"time"
)

// Typist is a Sender that can show a customer that an agent is writing.
type Typist interface {
	// Typing shows it for some seconds, under the agent's name, "" for nobody's.
	// Thread is that of contact.Message. Nothing keeps it, and where the customer
	// isn't there it does nothing.
	Typing(ctx context.Context, thread, name string) error
}

// Attendant is a Receiver that knows how it stands at the customer's end of a
// conversation: whether they are there, and what they have read. All of it is
// passing or the channel's own: none of it enters the log.
type Attendant interface {
	// Attention tells of the customer of a thread, and of these replies of ours to
	// them, by id. What isn't known is left at zero, and an unknown thread is no
	// error.
	Attention(ctx context.Context, thread string, replies []string) (Attention, error)
}

// Attention is how it stands at the customer's end of a conversation.
type Attention struct {
	// Known is false where the channel can say nothing of this customer.
	Known bool
	// Here reports that the conversation is open before the customer now; Gone is
	// since when it isn't, zero if unknown.
	Here bool
	Gone time.Time
	// Typing is until when the customer counts as writing, zero if they don't.
	Typing time.Time
	// Address is where an answer goes also while they are gone, "" if nowhere;
	// AddressProven tells that somebody vouches for it.
	Address       string
	AddressProven bool
	// Fates are what became of replies, by id.
	Fates map[string]Fate
}

// Fate is what became of a reply that was delivered.
type Fate struct {
	// Read is when the customer had it on screen, zero if unknown.
	Read time.Time
	// Mailed is when it went to MailedTo as well, since the customer had gone;
	// with MailInDoubt nobody knows whether it did. MailFailed is that it could
	// not be mailed.
	Mailed      time.Time
	MailedTo    string
	MailInDoubt bool
	MailFailed  bool
}
