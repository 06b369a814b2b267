package slackfake

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// How long a text may be: longer than the first is made several messages, than the
// second refused. https://docs.slack.dev/reference/methods/chat.postMessage/#truncating
const (
	splitText = 4000
	maxText   = 40000
)

// postMessage is https://docs.slack.dev/reference/methods/chat.postMessage.
func (c *call) postMessage() {
	ch := c.conversation("channel", true)
	if ch == nil {
		return
	}
	text := c.args.Get("text")
	switch {
	case strings.TrimSpace(text) == "":
		c.fail("no_text")
		return
	case utf8.RuneCountInString(text) > maxText:
		c.fail("msg_too_long")
		return
	}
	metadata, ok := c.metadata()
	if !ok {
		return
	}
	thread := c.args.Get("thread_ts")
	if thread != "" {
		parent := ch.find(thread)
		if parent == nil || parent.thread != "" && parent.thread != parent.ts {
			c.fail("thread_not_found")
			return
		}
	}
	username := c.args.Get("username")
	if !c.s.may("chat:write.customize") {
		username = ""
	}
	var last *msg
	for _, part := range cut(text) {
		last = &msg{ts: c.s.ts(), thread: thread, user: Self, bot: BotID, text: part, team: TeamID, username: username, metadata: metadata}
		ch.messages = append(ch.messages, last)
		c.s.announce(ch, last)
	}
	c.answer(map[string]any{"channel": ch.id, "ts": last.ts, "message": c.s.object(ch, last, true)})
}

// cut makes several of a text that is too long for one message.
func cut(text string) []string {
	var out []string
	for r := []rune(text); ; r = r[splitText:] {
		if len(r) <= splitText {
			return append(out, string(r))
		}
		out = append(out, string(r[:splitText]))
	}
}

func (c *call) metadata() (json.RawMessage, bool) {
	raw := c.raw["metadata"]
	if len(raw) == 0 {
		return nil, true
	}
	var m struct {
		EventType string                     `json:"event_type"`
		Payload   map[string]json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal(raw, &m) != nil || m.EventType == "" || m.Payload == nil {
		c.fail("invalid_metadata_format")
		return nil, false
	}
	return raw, true
}

// getUploadURL is https://docs.slack.dev/reference/methods/files.getUploadURLExternal.
func (c *call) getUploadURL() {
	length, err := strconv.Atoi(c.args.Get("length"))
	if err != nil || length <= 0 || c.args.Get("filename") == "" {
		c.fail("missing_argument")
		return
	}
	f := &File{Name: c.args.Get("filename"), id: c.s.id("F"), by: Self, length: length}
	c.s.files[f.id] = f
	c.answer(map[string]any{"upload_url": "http://" + c.s.listener.Addr().String() + "/upload/" + f.id, "file_id": f.id})
}

// takeUpload takes the bytes of a file. The address is the right to write there.
func (s *Server) takeUpload(w http.ResponseWriter, r *http.Request) {
	var from io.Reader = r.Body
	if parts, err := r.MultipartReader(); err == nil {
		if part, err := parts.NextPart(); err == nil {
			from = part
		}
	}
	data, err := io.ReadAll(io.LimitReader(from, maxBody))
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[strings.TrimPrefix(r.URL.Path, "/upload/")]
	if err != nil || f == nil || f.uploaded || len(data) != f.length {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	f.Data, f.uploaded, f.Type = data, true, http.DetectContentType(data)
	_, _ = w.Write([]byte("OK - " + strconv.Itoa(len(data))))
}

// completeUpload is https://docs.slack.dev/reference/methods/files.completeUploadExternal.
func (c *call) completeUpload() {
	var ids []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	raw := c.raw["files"]
	if len(raw) > 0 && raw[0] == '"' { // as a form, or JSON within JSON
		raw = json.RawMessage(c.args.Get("files"))
	}
	if json.Unmarshal(raw, &ids) != nil || len(ids) == 0 {
		c.fail("invalid_arguments")
		return
	}
	ch := c.conversation("channel_id", false)
	if ch == nil {
		return
	}
	if ch.archived {
		c.fail("is_archived")
		return
	}
	m := &msg{user: Self, bot: BotID, subtype: "file_share", team: TeamID, thread: c.args.Get("thread_ts"), text: c.args.Get("initial_comment")}
	var out []any
	for _, one := range ids {
		f := c.s.files[one.ID]
		if f == nil || !f.uploaded || f.by != Self {
			c.fail("file_not_found")
			return
		}
		f.title = or(one.Title, f.Name)
		m.files = append(m.files, f)
		out = append(out, map[string]any{"id": f.id, "title": f.title})
	}
	m.ts = c.s.ts()
	ch.messages = append(ch.messages, m)
	c.s.announce(ch, m)
	c.answer(map[string]any{"files": out})
}

func (c *call) filesInfo() {
	f := c.s.files[c.args.Get("file")]
	if f == nil {
		c.fail("file_not_found")
		return
	}
	c.answer(map[string]any{"file": c.s.fileObject(f)})
}

// serveFile gives a file to who shows the bot token with files:read, and the sign-in
// page to everybody else, as Slack does.
// https://docs.slack.dev/reference/objects/file-object#authentication
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/files-pri/"), "/")
	f := s.files[id]
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.cfg.BotToken || !s.may("files:read"):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!DOCTYPE html><title>Sign in</title>"))
	case f == nil || !f.uploaded:
		http.NotFound(w, r)
	default:
		s.served++
		w.Header().Set("Content-Type", or(f.Type, "application/octet-stream"))
		_, _ = w.Write(f.Data)
	}
}
