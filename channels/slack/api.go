package slack

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// message is what we read of Slack's message object, in events and in histories.
// https://docs.slack.dev/reference/events/message
type message struct {
	Type        string `json:"type"`
	Subtype     string `json:"subtype"`
	Channel     string `json:"channel"`
	ChannelType string `json:"channel_type"`
	User        string `json:"user"`
	Team        string `json:"team"`
	UserTeam    string `json:"user_team"`
	SourceTeam  string `json:"source_team"`
	BotID       string `json:"bot_id"`
	AppID       string `json:"app_id"`
	Username    string `json:"username"`
	Text        string `json:"text"`
	TS          string `json:"ts"`
	EventTS     string `json:"event_ts"`
	ThreadTS    string `json:"thread_ts"`
	// ParentUser is who began the thread.
	ParentUser  string       `json:"parent_user_id"`
	ReplyCount  int          `json:"reply_count"`
	LatestReply string       `json:"latest_reply"`
	Hidden      bool         `json:"hidden"`
	Edited      *edited      `json:"edited"`
	Files       []file       `json:"files"`
	Attachments []attachment `json:"attachments"`
	// Blocks are the words again, with more of their form.
	Blocks   json.RawMessage `json:"blocks"`
	Metadata *metadata       `json:"metadata"`
	// Message and Previous are those of message_changed and message_deleted.
	Message   *message `json:"message"`
	Previous  *message `json:"previous_message"`
	DeletedTS string   `json:"deleted_ts"`
}

type edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// attachment is a link's preview, a shared message, or what an app wrote.
// https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
type attachment struct {
	Fallback   string `json:"fallback"`
	Pretext    string `json:"pretext"`
	Title      string `json:"title"`
	Text       string `json:"text"`
	AuthorName string `json:"author_name"`
	FromURL    string `json:"from_url"`
	IsShare    bool   `json:"is_share"`
	IsUnfurl   bool   `json:"is_msg_unfurl"`
}

// metadata is what an app hangs on its message.
// https://docs.slack.dev/messaging/message-metadata
type metadata struct {
	EventType string          `json:"event_type"`
	Payload   json.RawMessage `json:"event_payload"`
}

// file is what we read of Slack's file object.
// https://docs.slack.dev/reference/objects/file-object
type file struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Title      string `json:"title"`
	Mimetype   string `json:"mimetype"`
	Filetype   string `json:"filetype"`
	Mode       string `json:"mode"`
	Size       int64  `json:"size"`
	IsExternal bool   `json:"is_external"`
	Access     string `json:"file_access"`
	URL        string `json:"url_private"`
	Download   string `json:"url_private_download"`
	Permalink  string `json:"permalink"`
	AltText    string `json:"alt_txt"`
	User       string `json:"user"`
}

// eventCallback is the payload of an events_api envelope.
// https://docs.slack.dev/apis/events-api/#callback-field
type eventCallback struct {
	Type      string          `json:"type"`
	TeamID    string          `json:"team_id"`
	EventID   string          `json:"event_id"`
	EventTime json.Number     `json:"event_time"`
	Event     json.RawMessage `json:"event"`
}

// conversation is a channel, a private one, or a direct message.
// https://docs.slack.dev/reference/objects/conversation-object
type conversation struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	IsIM      bool   `json:"is_im"`
	IsMPIM    bool   `json:"is_mpim"`
	IsPrivate bool   `json:"is_private"`
	IsMember  bool   `json:"is_member"`
	Archived  bool   `json:"is_archived"`
	User      string `json:"user"`
}

// kind gives the channel_type that events have.
func (c conversation) kind() string {
	switch {
	case c.IsIM:
		return kindIM
	case c.IsMPIM:
		return kindMPIM
	case c.IsPrivate:
		return kindGroup
	default:
		return kindChannel
	}
}

// The kinds of conversation.
const (
	kindIM      = "im"
	kindMPIM    = "mpim"
	kindGroup   = "group"
	kindChannel = "channel"
)

// kindByID guesses the kind by the id.
func kindByID(channel string) string {
	switch {
	case strings.HasPrefix(channel, "D"):
		return kindIM
	case strings.HasPrefix(channel, "G"):
		return kindGroup
	default:
		return kindChannel
	}
}

// direct reports whether all that is said there is said to us.
func direct(kind string) bool { return kind == kindIM || kind == kindMPIM }

// userInfo is what users.info tells. https://docs.slack.dev/reference/objects/user-object
type userInfo struct {
	ID       string `json:"id"`
	TeamID   string `json:"team_id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	IsBot    bool   `json:"is_bot"`
	Stranger bool   `json:"is_stranger"`
	Locale   string `json:"locale"`
	Profile  struct {
		DisplayName string `json:"display_name"`
		RealName    string `json:"real_name"`
	} `json:"profile"`
}

// page is what list methods answer beside their lists.
type page struct {
	HasMore  bool `json:"has_more"`
	Metadata struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// unmarshalLoosely decodes, and leaves fields of a wrong type out: what people
// send comes through their programs.
func unmarshalLoosely(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return nil
	}
	return err
}

// mentions reports whether a text names a user: "<@U012AB3CD>".
func mentions(text, user string) bool {
	return user != "" && (strings.Contains(text, "<@"+user+">") || strings.Contains(text, "<@"+user+"|"))
}

// mentioned lists the users that a text names, a few at most.
func mentioned(text string) []string { return named(text, "<@", false) }

// unnamedRooms lists the channels that a text names by their ids alone.
func unnamedRooms(text string) []string { return named(text, "<#", true) }

// named lists the ids behind a prefix, of bare ones only those without a label.
func named(text, prefix string, bare bool) []string {
	var out []string
	for len(out) < mostMentioned {
		_, rest, ok := strings.Cut(text, prefix)
		if !ok {
			break
		}
		text = rest
		name, _, ok := strings.Cut(rest, ">")
		id, label, _ := strings.Cut(name, "|")
		if ok && validID(id) && !slices.Contains(out, id) && (!bare || label == "") {
			out = append(out, id)
		}
	}
	return out
}

const mostMentioned = 10

// validID reports whether s can be an id of Slack's.
func validID(s string) bool {
	return len(s) > 1 && len(s) <= 40 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}
