package mastodon

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"stagecoach/channels"
	"stagecoach/contact"
)

// errNothing tells that an original has no post in it.
var errNothing = errors.New("there is no post in it")

// who is the account that an original was received by: it may be configured no
// more, or by another name.
type who struct {
	host, address string
}

func (w who) domain() string {
	_, domain, _ := strings.Cut(w.address, "@")
	return domain
}

func (w who) messageID(id string) string { return messageID(w.host, id) }

// Archive reads the originals of accounts that are not configured, or no more.
func Archive() channels.Parser { return &Adapter{base: &url.URL{}} }

// Parse implements channels.Parser.
func (a *Adapter) Parse(in *channels.Inbound) (*contact.Message, error) {
	var env envelope
	if err := json.Unmarshal(in.Raw, &env); err != nil {
		return nil, fmt.Errorf("reading the envelope: %w", channels.LastCause(err))
	}
	m := &contact.Message{
		Channel: contact.Mastodon, Account: in.Account, ReceivedAt: in.ReceivedAt,
		To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{},
		Attachments: []contact.Attachment{}, References: []string{}, Warnings: []string{},
	}
	w := who{host: firstOf(env.Server, a.base.Host), address: firstOf(env.Address, a.cfg.Address)}
	m.To = append(m.To, contact.Address{Address: w.address})
	if env.Kind == kindDeleted {
		return w.parseDeleted(m, &env)
	}
	s, err := eventStatus(&env)
	if err != nil {
		return nil, err
	}
	if s.ID == "" || s.Account.Acct == "" {
		return nil, errNothing
	}
	w.parsePost(m, &env, s)
	if in.Kind == channels.OwnCopy {
		m.To, m.CC = m.CC, []contact.Address{} // ours: to whom it mentions
	}
	if in.Kind == channels.Changed {
		m.Replaces = m.MessageID
		m.MessageID += "#edited-" + strconv.FormatInt(editTime(s), 10)
	}
	return m, nil
}

// eventStatus gives the post of an event. Fields of a wrong type are left out.
func eventStatus(env *envelope) (*status, error) {
	if len(env.Event) == 0 {
		return nil, errNothing
	}
	if env.Kind == kindPost {
		var s status
		if err := unmarshalLoosely(env.Event, &s); err != nil {
			return nil, fmt.Errorf("reading a post: %w", channels.LastCause(err))
		}
		return &s, nil
	}
	var n notification
	if err := unmarshalLoosely(env.Event, &n); err != nil {
		return nil, fmt.Errorf("reading a notification: %w", channels.LastCause(err))
	}
	if n.Status == nil {
		return nil, errNothing
	}
	return n.Status, nil
}

func (w who) parseDeleted(m *contact.Message, env *envelope) (*contact.Message, error) {
	if env.Status == "" {
		return nil, errNothing
	}
	m.From = contact.Address{Address: env.Author}
	m.Replaces, m.Withdrawn = w.messageID(env.Status), true
	m.MessageID = m.Replaces + "#deleted"
	m.Auth.Trust = contact.TrustProven
	return m, nil
}

func (w who) parsePost(m *contact.Message, env *envelope, s *status) {
	domain := w.domain()
	m.From = contact.Address{Address: s.Account.full(domain), Name: shown(s.Account.DisplayName, 100)}
	for _, other := range s.Mentions[:min(len(s.Mentions), 50)] {
		address := account{Acct: other.Acct}.full(domain)
		known := func(have contact.Address) bool { return have.Address == address }
		if address != "" && address != w.address && address != m.From.Address && !slices.ContainsFunc(m.CC, known) {
			m.CC = append(m.CC, contact.Address{Address: address})
		}
	}
	w.parseText(m, s)
	w.parseFiles(m, env, s)
	w.parseThread(m, env, s)
	m.Public = s.public()
	m.Outreach = env.FoundBy
	m.Language = language(s.Language)
	m.Auth.Trust = contact.TrustProven
	switch {
	case env.FoundBy != "":
		m.Unanswerable = "outreach"
	case s.Account.Bot:
		m.Unanswerable = "bot"
	}
	o := origin{
		V: originVersion, Status: s.ID, Visibility: s.Visibility, Author: m.From.Address,
		Warning: s.SpoilerText, Language: m.Language, Outreach: env.FoundBy != "",
	}
	raw, err := json.Marshal(o)
	if err != nil {
		m.Warnings = append(m.Warnings, "where to answer it can't be told")
		return
	}
	m.Origin = raw
}

// parseText makes the text: the warning first, then the post, what it quotes and
// what it asks.
func (w who) parseText(m *contact.Message, s *status) {
	content := s.Content
	if len(content) > maxContent {
		content = strings.ToValidUTF8(content[:maxContent], "")
		m.Warnings = append(m.Warnings, "the post is longer than what is shown of it")
	}
	body := htmlText(content, w.mentionNames(s))
	m.ReplyText = withoutMentions(body)
	var parts []string
	if warning := shown(s.SpoilerText, 1000); warning != "" {
		parts = append(parts, "[CW: "+warning+"]")
		m.ReplyText = strings.TrimSpace(warning + "\n\n" + m.ReplyText)
	}
	if body != "" {
		parts = append(parts, body)
	}
	if s.Poll != nil {
		lines := []string{"[Poll]"}
		for _, option := range s.Poll.Options[:min(len(s.Poll.Options), 50)] {
			lines = append(lines, "- "+shown(option.Title, 200))
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	if q := s.quoted(); q != nil && len(q.Content) <= maxContent {
		said := htmlText(q.Content, w.mentionNames(q))
		parts = append(parts, "[Quotes @"+q.Account.full(w.domain())+"]\n> "+strings.ReplaceAll(said, "\n", "\n> "))
	}
	m.Text = strings.Join(parts, "\n\n")
}

// mentionNames gives who is behind a mention's link.
func (w who) mentionNames(s *status) func(href, name string) string {
	byURL, byName := map[string]string{}, map[string]string{}
	for _, other := range s.Mentions[:min(len(s.Mentions), 200)] {
		full := account{Acct: other.Acct}.full(w.domain())
		byURL[other.URL] = full
		name := strings.ToLower(other.Username)
		if have, twice := byName[name]; twice && have != full {
			full = "" // the link alone can tell
		}
		byName[name] = full
	}
	return func(href, name string) string {
		return firstOf(byURL[href], byName[strings.ToLower(name)])
	}
}

// parseFiles adds the attachments, and lines that describe them.
func (w who) parseFiles(m *contact.Message, env *envelope, s *status) {
	var lines []string
	for i, item := range s.Media[:min(len(s.Media), 50)] {
		kind := item.Type
		if kind == "" || kind == "unknown" {
			kind = "file"
		}
		line := "[" + shown(kind, 20)
		if alt := shown(item.Description, 1500); alt != "" {
			line += ": " + alt
		}
		line += "]"
		if got := i < len(env.Files) && env.Files[i].ID == item.ID && env.Files[i].Error == ""; got {
			f := env.Files[i]
			m.Attachments = append(m.Attachments, contact.Attachment{
				Name: shown(f.Name, 150), ContentType: f.Type, Size: int64(len(f.Data)), Data: f.Data,
			})
		} else {
			line += " " + firstOf(item.URL, item.RemoteURL)
			why := "it was not fetched"
			if i < len(env.Files) && env.Files[i].Error != "" {
				why = env.Files[i].Error
			}
			m.Warnings = append(m.Warnings, fmt.Sprintf("attachment %d is missing: %s", i+1, why))
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	m.Warnings = append(m.Warnings, env.Notes...)
	if len(lines) > 0 {
		m.Text = strings.TrimSpace(m.Text + "\n\n" + strings.Join(lines, "\n"))
	}
}

// parseThread names the posts before it. The first one of the conversation names
// the thread, where it's known.
func (w who) parseThread(m *contact.Message, env *envelope, s *status) {
	m.MessageID = w.messageID(s.ID)
	m.InReplyTo = w.messageID(s.InReplyToID)
	for _, before := range env.Thread {
		if before.ID != "" {
			m.References = append(m.References, w.messageID(before.ID))
		}
	}
	switch {
	case len(m.References) > 0:
		m.Thread = m.References[0]
	case m.InReplyTo == "":
		m.Thread = m.MessageID
	}
	if n := len(env.Thread); n > 0 {
		last := env.Thread[n-1]
		name, _, _ := strings.Cut(last.Acct, "@")
		if said := htmlText(last.Content, nil); said != "" && last.Acct != w.address && last.Acct != m.From.Address && name != "" {
			m.Text += "\n\n[Answers @" + last.Acct + "]\n> " + strings.ReplaceAll(said, "\n", "\n> ")
		}
	}
}

// withoutMentions takes off the mentions that a post begins with: they say to
// whom it goes.
func withoutMentions(s string) string {
	for {
		rest := strings.TrimLeft(s, " \n,")
		if !strings.HasPrefix(rest, "@") {
			return strings.TrimSpace(rest)
		}
		end := strings.IndexAny(rest, " \n")
		if end < 0 {
			return ""
		}
		s = rest[end:]
	}
}

// shown makes one line of a name or title, at most n characters long.
func shown(s string, n int) string {
	s = strings.Join(strings.Fields(tidyText(s[:min(len(s), 8*n)])), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// language gives the primary subtag of a BCP 47 tag, "" of anything else.
func language(s string) string {
	primary, _, _ := strings.Cut(strings.ToLower(s), "-")
	if len(primary) < 2 || len(primary) > 3 || strings.Trim(primary, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return primary
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }
