package webhook

import "time"

// Schema is the version of the JSON in both directions. Fields may be added to
// it; readers ignore those that they don't know.
const Schema = 1

// The types of what is posted.
const (
	TypeMessage = "message"
	TypeReply   = "reply"
	TypePing    = "ping"
)

// Message is what a connected system posts: something that a customer wrote, or
// did to what they wrote before. schema/message.json describes it.
type Message struct {
	Schema int    `json:"schema"`
	Type   string `json:"type,omitempty"`
	// ID is the sender's own, the same however often it is posted.
	ID string `json:"id"`
	// Conversation is the sender's own id of what belongs together. A reply
	// carries it.
	Conversation string  `json:"conversation"`
	From         Party   `json:"from"`
	To           *Party  `json:"to,omitempty"`
	Subject      string  `json:"subject,omitempty"`
	Text         string  `json:"text,omitempty"`
	HTML         string  `json:"html,omitempty"`
	Language     string  `json:"language,omitempty"`
	SentAt       *Moment `json:"sent_at,omitempty"`
	// InReplyTo is the id of a reply of ours, or of an earlier message.
	InReplyTo string `json:"in_reply_to,omitempty"`
	// Edits and Withdraws are the id of an earlier message that the customer has
	// changed to this one, or taken back.
	Edits       string `json:"edits,omitempty"`
	Withdraws   string `json:"withdraws,omitempty"`
	Attachments []File `json:"attachments,omitempty"`
	// Headers are what policies may ask of it beside its words, by names as in the
	// header of a mail: "X-Order".
	Headers map[string]string `json:"headers,omitempty"`
}

// Party is somebody at the connected system.
type Party struct {
	// ID is the connected system's own, the same for one person for ever.
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// File is a file of a message: its bytes, or where they are.
type File struct {
	Name        string `json:"name,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	// Data is base64.
	Data string `json:"data,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Reply is what is posted to the callback. schema/reply.json describes it.
type Reply struct {
	Schema int    `json:"schema"`
	Type   string `json:"type"`
	// ID is ours, and the webhook-id of every attempt.
	ID           string `json:"id"`
	Conversation string `json:"conversation"`
	InReplyTo    string `json:"in_reply_to,omitempty"`
	To           Party  `json:"to"`
	FromName     string `json:"from_name"`
	Subject      string `json:"subject"`
	Text         string `json:"text"`
	HTML         string `json:"html,omitempty"`
	// Automatic is true for an acknowledgement, which no person wrote.
	Automatic   bool        `json:"automatic"`
	Attachments []ReplyFile `json:"attachments"`
	CreatedAt   time.Time   `json:"created_at"`
}

// ReplyFile is a file of a reply.
type ReplyFile struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Data        []byte `json:"data"`
}

// Ping is what Check posts to the callback. schema/ping.json describes it.
type Ping struct {
	Schema    int       `json:"schema"`
	Type      string    `json:"type"`
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
}
