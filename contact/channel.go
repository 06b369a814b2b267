package contact

// Channel names a way that customers and a company speak to each other.
type Channel string

// The channels. Phone, letter and visit are entered by hand at the desk: a
// person is their adapter.
const (
	Email    Channel = "email"
	WebChat  Channel = "webchat"
	Slack    Channel = "slack"
	Mastodon Channel = "mastodon"
	Bluesky  Channel = "bluesky"
	Webhook  Channel = "webhook"
	SMS      Channel = "sms"
	Phone    Channel = "phone"
	Letter   Channel = "letter"
	Visit    Channel = "visit"
)

// Channels lists all channels.
func Channels() []Channel {
	return []Channel{Email, WebChat, Slack, Mastodon, Bluesky, Webhook, SMS, Phone, Letter, Visit}
}

// ByHand reports whether a person carries messages and replies on this channel,
// so that a delivery is what that person confirms.
func (c Channel) ByHand() bool {
	return c == Phone || c == Letter || c == Visit
}

// IsChat reports whether people speak to each other there in short lines, several
// in a row.
func (c Channel) IsChat() bool { return c == WebChat || c == Slack }

// Limits is what a channel can carry. Zero means no limit.
type Limits struct {
	// TextRunes is the longest text of one reply, in Unicode code points.
	TextRunes int `json:"text_runes"`
	// PartRunes is how much of it fits into one post: a longer reply goes out as
	// several.
	PartRunes int `json:"part_runes"`
	// AttachmentCount is how many attachments one reply carries at most.
	AttachmentCount int `json:"attachment_count"`
	// AttachmentBytes is the size of all attachments of one reply together.
	AttachmentBytes int64 `json:"attachment_bytes"`
	// ReplyWindowSeconds is how long after the customer's last message a reply
	// is still accepted by the provider.
	ReplyWindowSeconds int64 `json:"reply_window_seconds"`
	// Public reports that a reply can be read by anybody.
	Public bool `json:"public"`
	// HTML reports that a reply may carry HTML beside the text.
	HTML bool `json:"html"`
	// CC reports that a reply can go to further participants.
	CC bool `json:"cc"`
}
