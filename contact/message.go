package contact

import (
	"encoding/json"
	"time"
)

// Address is one address on one channel, as written by whoever wrote it.
type Address struct {
	// Address is the channel's own form: an e-mail address, a handle, E.164.
	Address string `json:"address"`
	// Name is the display name that came with it, "" if none. Never trusted.
	Name string `json:"name,omitempty"`
}

// String gives the name and the address, or whichever is there.
func (a Address) String() string {
	switch {
	case a.Name == "":
		return a.Address
	case a.Address == "":
		return a.Name
	default:
		return a.Name + " <" + a.Address + ">"
	}
}

// Identity is an address on one channel that belongs to a customer.
type Identity struct {
	Channel Channel `json:"channel"`
	Address string  `json:"address"`
	Name    string  `json:"name,omitempty"`
}

// Attachment is a file that came or goes with a message or a reply.
type Attachment struct {
	// Name carries no path.
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	// ContentID is the id by which HTML names an inline picture, without <>.
	ContentID string `json:"content_id,omitempty"`
	// Object is the random id of the bytes in the object store, "" when they
	// are in Data.
	Object string `json:"object,omitempty"`
	Data   []byte `json:"data,omitempty"`
}

// AutoKind tells what kind of machine wrote a message, if one did.
type AutoKind string

// The kinds of machine mail. AutoNone means that a person wrote it, as far as
// can be told.
const (
	AutoNone    AutoKind = ""
	AutoReply   AutoKind = "auto_reply"
	AutoBounce  AutoKind = "bounce"
	AutoList    AutoKind = "mailing_list"
	AutoReceipt AutoKind = "receipt"
	// AutoDelivered is a report that our mail has arrived.
	AutoDelivered AutoKind = "delivered"
	// AutoCalendar is an answer to an invitation, or its end.
	AutoCalendar AutoKind = "calendar"
	// AutoChallenge asks us to prove that we are people.
	AutoChallenge AutoKind = "challenge"
)

// Answers reports whether such a mail answers one of ours by itself, so that it
// is evidence about that one. What lists send is written by people.
func (k AutoKind) Answers() bool { return k != AutoNone && k != AutoList }

// Bounce is what a delivery report says of one of our replies.
type Bounce struct {
	// Permanent means that the provider gave up (RFC 3464 action "failed").
	Permanent bool `json:"permanent"`
	// Code is the enhanced status code (RFC 3463), such as "5.1.1", if known.
	Code string `json:"code,omitempty"`
	// Recipient is the address that could not be reached, if known.
	Recipient string `json:"recipient,omitempty"`
	// Others are further addresses that the report gives up, "" for one that it
	// does not name.
	Others []string `json:"others,omitempty"`
	// OriginalID is the Message-ID of the reply that it speaks of, without <>.
	OriginalID string `json:"original_id,omitempty"`
	// Diagnostic is what the server said, on one line.
	Diagnostic string `json:"diagnostic,omitempty"`
}

// Forwarded is what a forwarded mail's copied header says of it. Nothing in it
// is proved: whoever forwards can write anything there.
type Forwarded struct {
	// From is who wrote it; the address is "" where only a name was copied.
	From Address `json:"from"`
	// Date is when, as the header has it, in any language; "" if unknown.
	Date    string `json:"date,omitempty"`
	Subject string `json:"subject,omitempty"`
}

// Message is one inbound item as understood: what a channel's parser makes of
// the original. It is content: it never enters the log.
type Message struct {
	ID      string  `json:"id"`
	Channel Channel `json:"channel"`
	Account string  `json:"account"`
	// ReceivedAt is the provider's receipt: the customer's clock starts here.
	ReceivedAt time.Time `json:"received_at"`

	From    Address   `json:"from"`
	To      []Address `json:"to"`
	CC      []Address `json:"cc"`
	ReplyTo []Address `json:"reply_to"`

	Subject string `json:"subject"`
	// Text is the plain text; made from the HTML where there is no plain part.
	Text string `json:"text"`
	// HTML is the sanitised HTML, "" where there is none.
	HTML string `json:"html"`
	// ReplyText is what the person wrote, apart from quotes and signature.
	ReplyText   string       `json:"reply_text"`
	Attachments []Attachment `json:"attachments"`

	// DerivedID is true where MessageID was made of the content.
	DerivedID bool `json:"derived_id,omitempty"`
	// MessageID, InReplyTo and References are the provider's ids without <>.
	MessageID  string   `json:"message_id"`
	InReplyTo  string   `json:"in_reply_to"`
	References []string `json:"references"`
	// Token is the unguessable token of ours found in an address it was sent
	// to, "" if none.
	Token string `json:"token,omitempty"`
	// Thread is a provider's own thread id (Slack thread_ts), "" if none.
	Thread string `json:"thread,omitempty"`

	// Origin is what its channel needs to answer it (the place, who may read
	// it), in the channel's own form; it is copied to the reply as it is.
	Origin json.RawMessage `json:"origin,omitempty"`
	// Replaces is the MessageID of an earlier message that the customer has
	// edited, or withdrawn where Withdrawn is true; "" for a message of its own.
	// MessageID is then that of the change.
	Replaces  string `json:"replaces,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
	// Public reports that anybody can read it.
	Public bool `json:"public,omitempty"`
	// Outreach is what it was found by (a hashtag, a keyword) where it was not
	// addressed to us, "" where it was.
	Outreach string `json:"outreach,omitempty"`

	// Forwarded is who wrote what was forwarded with it, nil if nothing was.
	Forwarded *Forwarded `json:"forwarded,omitempty"`

	// Feedback is what they say of an answer on their own page, nil for anything else.
	Feedback *Feedback `json:"feedback,omitempty"`

	Auto   AutoKind `json:"auto,omitempty"`
	Bounce *Bounce  `json:"bounce,omitempty"`
	// Unanswerable is a code for why no automatic answer may go to it, "" if one
	// may: its sender has asked for none, is a list, or takes none.
	Unanswerable string `json:"unanswerable,omitempty"`
	// Concerns is the Message-ID of the mail that a receipt or a report of
	// success speaks of, without <>.
	Concerns string `json:"concerns,omitempty"`
	// Vouched are other addresses of the sender's for which its channel vouches, and
	// VouchedID is the id that the company's list of customers has for them; nil and ""
	// where it doesn't.
	Vouched   []Identity `json:"vouched,omitempty"`
	VouchedID string     `json:"vouched_id,omitempty"`
	// Auth is what is known of whether the sender is who they say.
	Auth Authentication `json:"auth,omitzero"`
	// SpamMark says by what a filter before us takes it for spam, "" if none
	// does.
	SpamMark string `json:"spam_mark,omitempty"`
	// Copies are hashes by which a copy of it that servers have changed on the
	// way to another of our addresses is known.
	Copies []string `json:"copies,omitempty"`
	// Language is a BCP 47 primary subtag such as "de", "" when unknown.
	Language string `json:"language,omitempty"`
	// Headers are the fields of its header that policies may ask, by their names in
	// small letters; nil where a channel has none. See KeepHeader.
	Headers map[string]string `json:"headers,omitempty"`
	// Warnings say, for people, what was odd or broken in it.
	Warnings []string `json:"warnings"`
}

// Sender gives the address that a reply belongs to: the first Reply-To with an
// address, else From (RFC 5322 section 3.6.2).
func (m *Message) Sender() Address {
	for _, a := range m.ReplyTo {
		if a.Address != "" {
			return a
		}
	}
	return m.From
}
