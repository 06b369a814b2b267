package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is one call of a method.
type call struct {
	s      *Server
	w      http.ResponseWriter
	method string
	args   url.Values
	// raw are the arguments that came as JSON.
	raw map[string]json.RawMessage
}

// method is one of the Web API: the scopes of which one must be there, whether it
// takes JSON, and what it does.
type method struct {
	scopes []string
	json   bool
	do     func(c *call)
}

// methods are those played. https://docs.slack.dev/reference/methods
func methods() map[string]method {
	return map[string]method{
		"auth.test":                    {nil, true, (*call).authTest},
		"apps.connections.open":        {nil, true, (*call).connectionsOpen},
		"users.info":                   {[]string{"users:read"}, false, (*call).usersInfo},
		"team.info":                    {[]string{"team:read"}, false, (*call).teamInfo},
		"users.conversations":          {nil, false, (*call).usersConversations},
		"conversations.info":           {nil, false, (*call).conversationsInfo},
		"conversations.open":           {[]string{"im:write"}, true, (*call).conversationsOpen},
		"conversations.history":        {nil, false, (*call).history},
		"conversations.replies":        {nil, false, (*call).replies},
		"chat.postMessage":             {[]string{"chat:write"}, true, (*call).postMessage},
		"files.info":                   {[]string{"files:read"}, false, (*call).filesInfo},
		"files.getUploadURLExternal":   {[]string{"files:write"}, false, (*call).getUploadURL},
		"files.completeUploadExternal": {[]string{"files:write"}, true, (*call).completeUpload},
	}
}

// maxBody is how large a request may be.
const maxBody = 64 << 20

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/socket":
		s.serveSocket(w, r)
		return
	case strings.HasPrefix(r.URL.Path, "/files-pri/"):
		s.serveFile(w, r)
		return
	case strings.HasPrefix(r.URL.Path, "/upload/"):
		s.takeUpload(w, r)
		return
	}
	c := &call{s: s, w: w, method: strings.TrimPrefix(r.URL.Path, "/api/")}
	m, known := methods()[c.method]
	if !known {
		c.fail("unknown_method")
		return
	}
	if !c.readArgs(r, m) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.allowed(r, m) {
		m.do(c)
	}
}

// readArgs reads a form, a query or JSON, in which all but a few methods find no
// argument.
func (c *call) readArgs(r *http.Request, m method) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	r.Body = http.MaxBytesReader(c.w, r.Body, maxBody)
	switch kind {
	case "application/json":
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			c.fail("request_timeout")
			return false
		case len(body) > 0 && body[0] != '{':
			c.fail("json_not_object")
			return false
		case len(body) > 0 && json.Unmarshal(body, &c.raw) != nil:
			c.fail("invalid_json")
			return false
		}
		c.args = url.Values{}
		for name, value := range c.raw {
			text := string(value)
			_ = json.Unmarshal(value, &text)
			if m.json {
				c.args.Set(name, text)
			}
		}
	case "application/x-www-form-urlencoded", "multipart/form-data", "":
		if r.ParseMultipartForm(maxBody) != nil && r.ParseForm() != nil { //nolint:gosec // the body is bounded above
			c.fail("invalid_form_data")
			return false
		}
		c.args, c.raw = r.Form, map[string]json.RawMessage{}
		for name := range r.Form {
			c.raw[name] = json.RawMessage(r.Form.Get(name))
		}
	default:
		c.fail("invalid_post_type")
		return false
	}
	return true
}

// allowed checks the token and its scopes. s.mu is held.
func (c *call) allowed(r *http.Request, m method) bool {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token = or(token, c.args.Get("token"))
	forApp := c.method == "apps.connections.open"
	switch {
	case token == "":
		c.fail("not_authed")
		return false
	case forApp && token == c.s.cfg.BotToken, !forApp && token == c.s.cfg.AppToken:
		c.fail("not_allowed_token_type")
		return false
	case forApp && token != c.s.cfg.AppToken, !forApp && token != c.s.cfg.BotToken:
		c.fail("invalid_auth")
		return false
	case forApp:
		return true
	}
	c.w.Header().Set("X-OAuth-Scopes", strings.Join(c.s.cfg.Scopes, ","))
	for _, scope := range m.scopes {
		if !c.has(scope) {
			return false
		}
	}
	return true
}

// has checks for a scope, and tells where it lacks.
func (c *call) has(scope string) bool {
	if c.s.may(scope) {
		return true
	}
	c.answer(map[string]any{"ok": false, "error": "missing_scope", "needed": scope, "provided": strings.Join(c.s.cfg.Scopes, ",")})
	return false
}

func (c *call) answer(what map[string]any) {
	if _, said := what["ok"]; !said {
		what["ok"] = true
	}
	c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(c.w).Encode(what)
}

func (c *call) fail(name string) { c.answer(map[string]any{"ok": false, "error": name}) }

// conversation gives the one that the arguments name, with all checks.
func (c *call) conversation(name string, writes bool) *channel {
	id := c.args.Get(name)
	found := c.s.channels[id]
	if found == nil && writes && c.s.users[id] != nil {
		found = c.s.dm(id)
	}
	switch {
	case id == "":
		c.fail("invalid_arguments")
	case found == nil, !found.member && found.kind == "group":
		c.fail("channel_not_found")
	case !found.member:
		c.fail("not_in_channel")
	case writes && found.archived:
		c.fail("is_archived")
	default:
		return found
	}
	return nil
}

func (c *call) authTest() {
	c.answer(map[string]any{
		"url": "https://coachworks.slack.com/", "team": c.s.cfg.Team, "user": c.s.users[Self].Name, "team_id": TeamID,
		"user_id": Self, "bot_id": BotID, "is_enterprise_install": false,
	})
}

func (c *call) connectionsOpen() {
	ticket := fmt.Sprintf("ticket-%06d-%s", c.s.next, c.s.id("K"))
	c.s.tickets[ticket] = true
	c.answer(map[string]any{"url": "ws://" + c.s.listener.Addr().String() + "/socket?app_id=" + AppID + "&ticket=" + ticket})
}

func (c *call) usersInfo() {
	u := c.s.users[c.args.Get("user")]
	if u == nil {
		c.fail("user_not_found")
		return
	}
	c.answer(map[string]any{"user": map[string]any{
		"id": u.ID, "team_id": u.Team, "name": strings.ToLower(u.Name), "real_name": u.Name, "is_bot": u.bot,
		"is_stranger": u.Team != TeamID, "locale": "en-GB", "profile": map[string]any{"display_name": u.Name, "real_name": u.Name},
	}})
}

func (c *call) teamInfo() {
	id := or(c.args.Get("team"), TeamID)
	name := ""
	for _, u := range c.s.users {
		if u.Team == id {
			name = or(name, u.TeamName)
		}
	}
	if id == TeamID {
		name = c.s.cfg.Team
	}
	if name == "" {
		c.fail("team_not_found")
		return
	}
	c.answer(map[string]any{"team": map[string]any{"id": id, "name": name}})
}

// usersConversations lists where the app is. Each type needs its scope.
func (c *call) usersConversations() {
	types := strings.Split(or(c.args.Get("types"), "public_channel"), ",")
	for _, kind := range types {
		scope := map[string]string{"public_channel": "channels:read", "private_channel": "groups:read", "mpim": "mpim:read", "im": "im:read"}[kind]
		if scope == "" {
			c.fail("invalid_types")
			return
		}
		if !c.has(scope) {
			return
		}
	}
	var out []any
	var ids []string
	for id := range c.s.channels {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		ch := c.s.channels[id]
		kind := map[string]string{"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}[ch.kind]
		if !ch.member || !slices.Contains(types, kind) || ch.archived && c.args.Get("exclude_archived") == "true" {
			continue
		}
		out = append(out, ch.object())
	}
	part, next := c.page(len(out), 100)
	c.answer(map[string]any{"channels": out[part[0]:part[1]], "response_metadata": map[string]any{"next_cursor": next}})
}

// object is https://docs.slack.dev/reference/objects/conversation-object.
func (ch *channel) object() map[string]any {
	return map[string]any{
		"id": ch.id, "name": ch.name, "is_im": ch.kind == "im", "is_mpim": ch.kind == "mpim", "is_private": ch.kind != "channel",
		"is_member": ch.member, "is_archived": ch.archived, "user": ch.user,
	}
}

func (c *call) conversationsInfo() {
	ch := c.s.channels[c.args.Get("channel")]
	if ch == nil || !ch.member && ch.kind != "channel" {
		c.fail("channel_not_found")
		return
	}
	if c.has(map[string]string{"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}[ch.kind]) {
		c.answer(map[string]any{"channel": ch.object()})
	}
}

func (c *call) conversationsOpen() {
	user := c.args.Get("users")
	if c.s.users[user] == nil {
		c.fail("user_not_found")
		return
	}
	c.answer(map[string]any{"channel": map[string]any{"id": c.s.dm(user).id}})
}
