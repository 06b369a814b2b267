package slackfake

import (
	"encoding/json"
	"slices"
	"strings"
)

// User is somebody in the workspace, or from elsewhere.
type User struct {
	// ID is given if empty; Team is ours if empty.
	ID, Name, Team string
	// TeamName is what another workspace is called.
	TeamName string
	bot      bool
}

// File is an attachment, ours or somebody's.
type File struct {
	Name, Type string
	Data       []byte
	// External is where it lies instead of here.
	External string

	id, title, by string
	length        int
	uploaded      bool
}

// Message is what somebody says.
type Message struct {
	// User says it; where empty, the app Bot does.
	User, Bot string
	// Channel is where, or "" for a direct message.
	Channel string
	Text    string
	// Thread is the ts of the message that it answers.
	Thread string
	Files  []File
	// Quiet sends no event of it: it's in the history alone.
	Quiet bool
	// Shared is a message that is passed on with it.
	Shared string
}

// Posted is a message of ours.
type Posted struct {
	Channel, TS, Thread, Text, Username string
	Metadata                            json.RawMessage
	Files                               []File
}

type channel struct {
	id, name, kind, user string
	member, archived     bool
	messages             []*msg
}

type msg struct {
	ts, thread, user, bot, subtype, text string
	username, team, shared, editedTS     string
	metadata                             json.RawMessage
	files                                []*File
}

// AddUser adds somebody and gives the id.
func (s *Server) AddUser(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.ID == "" {
		u.ID = s.id("U")
	}
	u.Team = or(u.Team, TeamID)
	s.users[u.ID] = &u
	return u.ID
}

// AddChannel adds a channel, private or not, with the app in it or not, and gives
// the id.
func (s *Server) AddChannel(name string, private, member bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &channel{id: s.id("C"), name: name, kind: "channel", member: member}
	if private {
		c.kind = "group"
	}
	s.channels[c.id] = c
	return c.id
}

// Archive archives a channel.
func (s *Server) Archive(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[id].archived = true
}

// DM gives the direct conversation of the app with somebody.
func (s *Server) DM(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dm(user).id
}

func (s *Server) dm(user string) *channel {
	for _, c := range s.channels {
		if c.user == user {
			return c
		}
	}
	c := &channel{id: s.id("D"), kind: "im", user: user, member: true}
	s.channels[c.id] = c
	return c
}

// Put has somebody say something, and gives where and when.
func (s *Server) Put(m Message) (channelID, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[m.Channel]
	if c == nil {
		c = s.dm(m.User)
	}
	one := &msg{ts: s.ts(), thread: m.Thread, user: m.User, bot: m.Bot, text: m.Text, team: TeamID, shared: m.Shared}
	if u := s.users[m.User]; u != nil {
		one.team = u.Team
	}
	if m.Bot != "" && m.User == "" {
		one.subtype = "bot_message"
	}
	for _, f := range m.Files {
		one.files = append(one.files, s.keep(f, m.User))
		one.subtype = "file_share"
	}
	c.messages = append(c.messages, one)
	if !m.Quiet {
		s.announce(c, one)
	}
	return c.id, one.ts
}

func (s *Server) keep(f File, by string) *File {
	f.id, f.by, f.uploaded, f.length, f.title = s.id("F"), by, true, len(f.Data), f.Name
	s.files[f.id] = &f
	return &f
}

// Edit changes what a message says.
func (s *Server) Edit(channelID, ts, text string) { s.edit(channelID, ts, text, true, false) }

// EditQuietly is Edit without an event.
func (s *Server) EditQuietly(channelID, ts, text string) { s.edit(channelID, ts, text, true, true) }

// Unfurl sends the event that Slack sends when it adds a link's preview.
func (s *Server) Unfurl(channelID, ts string) { s.edit(channelID, ts, "", false, false) }

func (s *Server) edit(channelID, ts, text string, real, quiet bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelID]
	m := c.find(ts)
	before := s.object(c, m, true)
	if real {
		m.text, m.editedTS = text, s.ts()
	}
	after := s.object(c, m, true)
	if quiet {
		return
	}
	at := s.ts()
	s.send(map[string]any{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": c.id, "channel_type": c.kind,
		"ts": at, "event_ts": at, "message": after, "previous_message": before,
	}, ts)
}

// Delete takes a message away. bare leaves out of the event what it was, as Slack
// may.
func (s *Server) Delete(channelID, ts string, bare bool) { s.remove(channelID, ts, bare, false) }

// DeleteQuietly is Delete without an event.
func (s *Server) DeleteQuietly(channelID, ts string) { s.remove(channelID, ts, false, true) }

// remove takes a message away; of one with answers below it a tombstone is left.
func (s *Server) remove(channelID, ts string, bare, quiet bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelID]
	m := c.find(ts)
	before := s.object(c, m, true)
	at := s.ts()
	event := map[string]any{"type": "message", "hidden": true, "channel": c.id, "channel_type": c.kind, "ts": at, "event_ts": at}
	if !bare {
		event["previous_message"] = before
	}
	if slices.ContainsFunc(c.messages, func(one *msg) bool { return one.thread == ts && one.ts != ts }) {
		*m = msg{ts: m.ts, thread: m.ts, user: "USLACKBOT", subtype: "tombstone", text: "This message was deleted.", team: m.team}
		event["subtype"], event["message"] = "message_changed", s.object(c, m, true)
	} else {
		c.messages = slices.DeleteFunc(c.messages, func(one *msg) bool { return one == m })
		event["subtype"], event["deleted_ts"] = "message_deleted", ts
	}
	if !quiet {
		s.send(event, ts)
	}
}

// Received counts our messages with a text in them.
func (s *Server) Received(text string) int {
	n := 0
	for _, p := range s.Posts() {
		if strings.Contains(p.Text, text) {
			n++
		}
	}
	return n
}

// Posts lists our messages, by conversation.
func (s *Server) Posts() []Posted {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Posted
	for _, c := range s.channels {
		for _, m := range c.messages {
			if m.user != Self {
				continue
			}
			p := Posted{Channel: c.id, TS: m.ts, Thread: m.thread, Text: m.text, Username: m.username, Metadata: m.metadata}
			for _, f := range m.files {
				p.Files = append(p.Files, *f)
			}
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Posted) int { return strings.Compare(a.TS, b.TS) })
	return out
}

func (c *channel) find(ts string) *msg {
	for _, m := range c.messages {
		if m.ts == ts {
			return m
		}
	}
	return nil
}

// object is a message as the API shows it.
// https://docs.slack.dev/reference/events/message
func (s *Server) object(c *channel, m *msg, all bool) map[string]any {
	out := map[string]any{"type": "message", "ts": m.ts, "text": m.text, "team": m.team}
	set := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	set("user", m.user)
	set("bot_id", m.bot)
	set("subtype", m.subtype)
	set("username", m.username)
	set("thread_ts", m.thread)
	if m.team != TeamID {
		out["user_team"], out["source_team"] = m.team, m.team
	}
	if m.editedTS != "" {
		out["edited"] = map[string]any{"user": m.user, "ts": m.editedTS}
	}
	if m.metadata != nil && all {
		out["metadata"] = m.metadata
	}
	if m.shared != "" {
		out["attachments"] = []any{map[string]any{"is_share": true, "author_name": "Grace", "text": m.shared, "fallback": m.shared}}
	}
	if len(m.files) > 0 {
		var files []any
		for _, f := range m.files {
			files = append(files, s.fileObject(f))
		}
		out["files"] = files
	}
	s.threadFields(c, m, out)
	return out
}

func (s *Server) threadFields(c *channel, m *msg, out map[string]any) {
	if m.thread != "" && m.thread != m.ts {
		if parent := c.find(m.thread); parent != nil {
			out["parent_user_id"] = parent.user
		}
		return
	}
	replies, latest := 0, ""
	for _, other := range c.messages {
		if other.thread == m.ts && other.ts != m.ts {
			replies, latest = replies+1, other.ts
		}
	}
	if replies > 0 {
		out["thread_ts"], out["reply_count"], out["latest_reply"] = m.ts, replies, latest
	}
}

func (s *Server) fileObject(f *File) map[string]any {
	base := "http://" + s.listener.Addr().String() + "/files-pri/" + f.id
	out := map[string]any{
		"id": f.id, "name": f.Name, "title": or(f.title, f.Name), "mimetype": f.Type, "size": f.length, "mode": "hosted",
		"url_private": base, "url_private_download": base + "/download", "permalink": base, "user": f.by,
	}
	if f.External != "" {
		out["is_external"], out["mode"], out["url_private"] = true, "external", f.External
		delete(out, "url_private_download")
	}
	return out
}
