package contact

import (
	"encoding/json"
	"time"
)

// ReplyKind tells what the author promises with a reply.
type ReplyKind string

// The ways to send. Answer ends the contact when it is delivered; Ask ends it
// and leaves the conversation with the customer; Pledge ends it and opens the
// next contact at once, due when the author said. Outbound opens a conversation
// of ours; Forward sends the conversation to somebody else and ends nothing;
// Acknowledgement is automatic and never stops a clock; Remainder is a delivered
// reply once more for those recipients alone who were refused for a time; Notice
// tells where a question was asked in public that it is answered in private.
const (
	Answer          ReplyKind = "answer"
	Ask             ReplyKind = "ask"
	Pledge          ReplyKind = "pledge"
	Outbound        ReplyKind = "outbound"
	Forward         ReplyKind = "forward"
	Acknowledgement ReplyKind = "acknowledgement"
	Remainder       ReplyKind = "remainder"
	Notice          ReplyKind = "notice"
)

// Reply is one outbound item. It is content: it never enters the log.
type Reply struct {
	// ID is given by the author's page, so that a double click is one reply.
	ID           string    `json:"id"`
	Kind         ReplyKind `json:"kind"`
	Channel      Channel   `json:"channel"`
	Account      string    `json:"account"`
	Conversation string    `json:"conversation"`
	Contact      string    `json:"contact"`
	// Covers is the last message that the author had on screen.
	Covers    string    `json:"covers"`
	Agent     string    `json:"agent"`
	CreatedAt time.Time `json:"created_at"`

	// FromName is the name shown as the sender: the agent's, or the company's.
	FromName string    `json:"from_name"`
	To       []Address `json:"to"`
	CC       []Address `json:"cc"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
	HTML     string    `json:"html,omitempty"`

	Attachments []Attachment `json:"attachments"`

	// InReplyTo and References thread it at the provider, without <>.
	InReplyTo  string   `json:"in_reply_to,omitempty"`
	References []string `json:"references,omitempty"`
	// Origin is that of the message it answers, nil where that has none.
	Origin json.RawMessage `json:"origin,omitempty"`
	// Token is the unguessable token of the conversation.
	Token string `json:"token,omitempty"`

	// Page is the link to the customer's page that goes with it, nil for none.
	Page *PageLink `json:"page,omitempty"`

	// Raw is exactly what is handed to the provider, made once by the channel's
	// Composer before the reply was queued; RawObject names it in the object
	// store when it is large.
	Raw       []byte `json:"raw,omitempty"`
	RawObject string `json:"raw_object,omitempty"`

	// Only, where it isn't empty, are the places, among To and then CC, of those
	// to whom it goes now: the others have it already.
	Only []int `json:"-"`
}

// PageLink is the link to the customer's own page as it stands under a reply.
type PageLink struct {
	URL string `json:"url"`
	// Language is that of the words around it.
	Language string `json:"language,omitempty"`
	// Reply is the id of the reply that it asks about, where Ask is true.
	Reply string `json:"reply,omitempty"`
	Ask   bool   `json:"ask,omitempty"`
}

// Note is a remark for colleagues; it never leaves the house.
type Note struct {
	ID           string       `json:"id"`
	Conversation string       `json:"conversation"`
	Contact      string       `json:"contact"`
	Agent        string       `json:"agent"`
	At           time.Time    `json:"at"`
	Text         string       `json:"text"`
	Attachments  []Attachment `json:"attachments,omitempty"`
}

// Draft is an unsent reply; it goes with the contact, not with the author.
type Draft struct {
	Contact string    `json:"contact"`
	Agent   string    `json:"agent"`
	At      time.Time `json:"at"`
	// Way is how it shall go, where its author has chosen; see desk/view.Way.
	Way         string       `json:"way,omitempty"`
	To          []Address    `json:"to"`
	CC          []Address    `json:"cc"`
	Subject     string       `json:"subject"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments"`
}
