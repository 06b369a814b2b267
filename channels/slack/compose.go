package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"stagecoach/channels"
	"stagecoach/contact"
)

// partRunes is how much goes into one message, escaped: Slack wants no more than
// 4,000 characters, and makes several of a longer one by itself.
// https://docs.slack.dev/reference/methods/chat.postMessage/#truncating
const (
	partRunes = 3800
	maxParts  = 60
	maxName   = 80
)

// outgoing is a reply as it is handed over: the files first, then the messages.
type outgoing struct {
	Schema int       `json:"schema"`
	Reply  string    `json:"reply"`
	Posts  []newPost `json:"posts"`
	Share  *newShare `json:"share,omitempty"`
	Files  []upload  `json:"files,omitempty"`
}

// newPost is what is handed to chat.postMessage, as it stands here.
// https://docs.slack.dev/reference/methods/chat.postMessage
//
// A client_msg_id isn't sent: it is no argument of the method, and what a client
// chooses there keeps nothing from being posted twice. The metadata are what finds
// a message again.
type newPost struct {
	Channel     string      `json:"channel"`
	Text        string      `json:"text"`
	ThreadTS    string      `json:"thread_ts,omitempty"`
	Username    string      `json:"username,omitempty"`
	UnfurlLinks bool        `json:"unfurl_links"`
	UnfurlMedia bool        `json:"unfurl_media"`
	Metadata    replyMarker `json:"metadata"`
}

// replyMarker is the metadata of a message of ours.
type replyMarker struct {
	EventType string       `json:"event_type"`
	Payload   replyPayload `json:"event_payload"`
}

type replyPayload struct {
	Reply string `json:"reply_id"`
	Part  int    `json:"part"`
}

const markerType = "stagecoach_reply"

// newShare is what is handed to files.completeUploadExternal, with the ids that
// the files are given. https://docs.slack.dev/reference/methods/files.completeUploadExternal
type newShare struct {
	Files    []sharedFile `json:"files"`
	Channel  string       `json:"channel_id"`
	ThreadTS string       `json:"thread_ts,omitempty"`
	Comment  string       `json:"initial_comment,omitempty"`
}

type sharedFile struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
}

type upload struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

var (
	errNoText  = errors.New("there is nothing to send")
	errTooLong = errors.New("the text is too long")
)

// Compose implements channels.Composer.
func (a *Adapter) Compose(r *contact.Reply) ([]byte, error) {
	bad := func(err error) ([]byte, error) {
		return nil, a.failure(opCompose, channels.Malformed, "", err.Error(), err)
	}
	channel, thread := whereTo(r)
	if channel == "" {
		return bad(errors.New("it isn't said to whom the reply goes"))
	}
	out := outgoing{Schema: 1, Reply: r.ID, Posts: []newPost{}}
	username, line := a.signature(r.FromName)
	text := strings.TrimSpace(strings.ReplaceAll(r.Text, "\r\n", "\n"))
	if text == "" && len(r.Attachments) == 0 {
		return bad(errNoText)
	}
	parts, err := split(tidy(text), partRunes-utf8.RuneCountInString(line))
	if err != nil {
		return bad(err)
	}
	for i, part := range parts {
		if i > 0 {
			line = ""
		}
		out.Posts = append(out.Posts, newPost{
			Channel: channel, Text: line + escape(part), ThreadTS: thread, Username: username,
			Metadata: replyMarker{EventType: markerType, Payload: replyPayload{Reply: r.ID, Part: i + 1}},
		})
	}
	if err := out.attach(r.Attachments, channel, thread); err != nil {
		return bad(err)
	}
	return json.Marshal(out)
}

func (o *outgoing) attach(files []contact.Attachment, channel, thread string) error {
	if len(files) == 0 {
		return nil
	}
	if len(files) > maxFiles {
		return fmt.Errorf("%d attachments: a reply carries %d at most", len(files), maxFiles)
	}
	size := 0
	for _, f := range files {
		if len(f.Data) == 0 {
			return fmt.Errorf("the attachment %q is empty: Slack takes no empty files", cleanName(f.Name))
		}
		size += len(f.Data)
		o.Files = append(o.Files, upload{Name: cleanName(f.Name), Data: f.Data})
	}
	if size > maxUpload {
		return fmt.Errorf("the attachments are larger than %d MB together", maxUpload>>20)
	}
	o.Share = &newShare{Files: []sharedFile{}, Channel: channel, ThreadTS: thread}
	return nil
}

// whereTo gives the conversation and the thread of a reply. One that answers
// nothing goes to the person: chat.postMessage takes a user's id for the direct
// conversation with the app.
func whereTo(r *contact.Reply) (channel, thread string) {
	if o, ok := readOrigin(r.Origin); ok {
		return o.Channel, o.Thread
	}
	if channel, ts, ok := splitMessageID(r.InReplyTo); ok {
		if kindByID(channel) == kindIM {
			return channel, ""
		}
		return channel, ts
	}
	for _, to := range r.To {
		if _, id, ok := strings.Cut(to.Address, "/"); ok && validID(id) {
			return id, ""
		}
	}
	return "", ""
}

// signature gives how the author's name is shown: as the name of the sender where
// the app may choose it, else in the first line.
// https://docs.slack.dev/reference/scopes/chat.write.customize
func (a *Adapter) signature(name string) (username, line string) {
	if name = shown(name, maxName-1); name == "" {
		return "", ""
	}
	if who := a.self.Load(); who != nil && who.scopes[scopeCustomise] {
		return name, ""
	}
	return "", "*" + escape(strings.NewReplacer("*", "", "`", "", "_", " ").Replace(name)) + ":*\n"
}

// split cuts a text into parts of at most room characters each when escaped: after
// a paragraph, a line, a sentence or a word, in this order, and never in the middle
// of what people see as one character.
func split(text string, room int) ([]string, error) {
	var out []string
	for text != "" {
		if len(out) == maxParts {
			return nil, errTooLong
		}
		end := fitting(text, room)
		if end < len(text) {
			end = goodEnd(text, end)
		}
		if part := strings.TrimRight(text[:end], " \n\t"); part != "" {
			out = append(out, part)
		}
		text = strings.TrimLeft(text[end:], "\n")
		if len(out) > 0 {
			text = strings.TrimPrefix(text, " ")
		}
	}
	return out, nil
}

// fitting gives how many bytes of text fit.
func fitting(text string, room int) int {
	end, used := 0, 0
	for seen := graphemes.FromString(text); seen.Next(); {
		n := utf8.RuneCountInString(escape(seen.Value()))
		if used+n > room {
			break
		}
		used += n
		end += len(seen.Value())
	}
	if end > 0 {
		return end
	}
	for i := range text { // one character of more code points than fit
		if used == room {
			return i
		}
		used++
	}
	return len(text)
}

// goodEnd looks for the best place to stop at or before end.
func goodEnd(text string, end int) int {
	if strings.HasPrefix(text[end:], "\n") {
		return end
	}
	fits := text[:end]
	for _, stop := range []struct {
		at   string
		from int
	}{{"\n\n", end / 2}, {"\n", end * 2 / 3}, {". ", end * 2 / 3}, {"! ", end * 2 / 3}, {"? ", end * 2 / 3}, {"\n", end / 3}, {" ", end / 3}} {
		if i := strings.LastIndex(fits, stop.at); i >= stop.from && i > 0 {
			return i + 1
		}
	}
	return end
}

// readOutgoing takes Raw apart.
func readOutgoing(r *contact.Reply) (*outgoing, error) {
	var out outgoing
	if err := json.Unmarshal(r.Raw, &out); err != nil {
		return nil, fmt.Errorf("reading a composed reply: %w", err)
	}
	if len(out.Posts) == 0 && out.Share == nil || len(out.Posts) > maxParts {
		return nil, errNoText
	}
	return &out, nil
}

// place gives where it goes.
func (o *outgoing) place() (channel, thread string) {
	if len(o.Posts) > 0 {
		return o.Posts[0].Channel, o.Posts[0].ThreadTS
	}
	return o.Share.Channel, o.Share.ThreadTS
}
