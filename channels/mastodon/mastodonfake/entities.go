package mastodonfake

import (
	"encoding/json"
	"maps"
	"strings"
	"time"
)

// What the API shows: https://docs.joinmastodon.org/entities/Status/ and others.

const timeForm = "2006-01-02T15:04:05.000Z"

func (s *Server) accountJSON(p *person) map[string]any {
	name, domain, _ := strings.Cut(p.acct, "@")
	acct := p.acct
	if domain == s.cfg.Domain {
		acct = name
	}
	fields := []map[string]any{}
	for key, value := range p.Fields {
		fields = append(fields, map[string]any{"name": key, "value": value, "verified_at": nil})
	}
	out := map[string]any{
		"id": p.id, "username": name, "acct": acct, "display_name": p.DisplayName, "locked": false, "bot": p.Bot,
		"note": p.Note, "url": "https://" + domain + "/@" + name, "fields": fields, "emojis": []any{}, "group": false,
		"created_at": "2020-01-01T00:00:00.000Z", "followers_count": 3, "following_count": 4, "statuses_count": 5,
		"discoverable": nil,
	}
	if p.Indexable != nil {
		out["indexable"] = *p.Indexable
	}
	if p.NoIndex != nil {
		out["noindex"] = *p.NoIndex
	}
	maps.Copy(out, p.Extra)
	return out
}

func (s *Server) statusJSON(p *post) map[string]any {
	name, domain, _ := strings.Cut(p.author.acct, "@")
	out := map[string]any{
		"id": p.id, "created_at": p.At.Format(timeForm), "edited_at": nil, "in_reply_to_id": nil, "in_reply_to_account_id": nil,
		"sensitive": p.Warning != "", "spoiler_text": p.Warning, "visibility": p.Visibility, "language": nullable(p.Language),
		"uri": "https://" + domain + "/users/" + name + "/statuses/" + p.id, "url": "https://" + domain + "/@" + name + "/" + p.id,
		"content": p.HTML, "account": s.accountJSON(p.author), "reblog": nil, "poll": nil, "card": nil, "emojis": []any{},
		"application": map[string]any{"name": or(p.app, "Web"), "website": nil}, "mentions": s.mentionsJSON(p), "tags": s.tagsJSON(p), "media_attachments": s.filesJSON(p.files),
	}
	if !p.edited.IsZero() {
		out["edited_at"] = p.edited.Format(timeForm)
	}
	if before := s.find(p.InReplyTo); before != nil {
		out["in_reply_to_id"], out["in_reply_to_account_id"] = before.id, before.author.id
	}
	if len(p.Poll) > 0 {
		options := []map[string]any{}
		for _, title := range p.Poll {
			options = append(options, map[string]any{"title": title, "votes_count": 0})
		}
		out["poll"] = map[string]any{"id": "1", "options": options, "expired": false, "multiple": false}
	}
	if quoted := s.find(p.Quote); quoted != nil {
		out["quote"] = map[string]any{"state": "accepted", "quoted_status": s.statusJSON(quoted)}
	}
	maps.Copy(out, p.Extra)
	return out
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Server) mentionsJSON(p *post) []map[string]any {
	out := []map[string]any{}
	add := func(who *person) {
		a := s.accountJSON(who)
		out = append(out, map[string]any{"id": who.id, "username": a["username"], "acct": a["acct"], "url": a["url"]})
	}
	if p.author != s.us() && !p.Quiet {
		add(s.us())
	}
	for _, found := range mentionForm.FindAllStringSubmatch(p.Text, -1) {
		who := s.people[found[2]+"@"+or(found[3], s.cfg.Domain)]
		if who != nil && (who != s.us() || p.Quiet) {
			add(who)
		}
	}
	return out
}

func (s *Server) tagsJSON(p *post) []map[string]any {
	out := []map[string]any{}
	for _, t := range p.Tags {
		out = append(out, map[string]any{"name": strings.ToLower(t), "url": s.URL() + "/tags/" + t})
	}
	return out
}

func (s *Server) filesJSON(files []*mediaFile) []map[string]any {
	out := []map[string]any{}
	for _, f := range files {
		out = append(out, s.mediaJSON(f))
	}
	return out
}

func (s *Server) mediaJSON(f *mediaFile) map[string]any {
	kind, _, _ := strings.Cut(f.Type, "/")
	switch kind {
	case "image", "video", "audio":
	default:
		kind = "unknown"
	}
	at := or(f.URL, s.URL()+"/media/"+f.id+"/"+f.Name)
	out := map[string]any{"id": f.id, "type": kind, "url": at, "preview_url": at, "remote_url": nil, "description": nullable(f.Description)}
	if f.pending > 0 {
		out["url"] = nil
	}
	return out
}

func (s *Server) noteJSON(n *note) json.RawMessage {
	if n.raw != "" {
		return json.RawMessage(n.raw)
	}
	out, err := json.Marshal(map[string]any{
		"id": n.id, "type": n.kind, "created_at": n.at.Format(timeForm), "account": s.accountJSON(n.post.author), "status": s.statusJSON(n.post),
	})
	if err != nil {
		return json.RawMessage("null")
	}
	return out
}

func (s *Server) instanceJSON(version int) map[string]any {
	software := map[Flavour]string{
		Mastodon: "4.4.3", GoToSocial: "0.19.1+git-6574dc8", Pleroma: "2.7.2 (compatible; Pleroma 2.9.1)",
	}[s.cfg.Flavour]
	source := map[Flavour]string{
		Mastodon: "https://github.com/mastodon/mastodon", GoToSocial: "https://codeberg.org/superseriousbusiness/gotosocial",
	}[s.cfg.Flavour]
	out := map[string]any{
		"title": "Fake", "version": software, "source_url": source,
		"configuration": map[string]any{
			"urls": map[string]any{"streaming": strings.Replace(s.URL(), "http", "ws", 1)},
			"statuses": map[string]any{
				"max_characters": s.cfg.MaxCharacters, "max_media_attachments": 4, "characters_reserved_per_url": 23,
			},
		},
	}
	if version == 1 {
		out["uri"] = s.cfg.Domain
	} else {
		out["domain"] = s.cfg.Domain
	}
	if s.cfg.Flavour == Pleroma {
		out["max_toot_chars"] = s.cfg.MaxCharacters
		delete(out, "configuration")
	}
	return out
}

func (s *Server) limits(now time.Time) map[string]string {
	return map[string]string{
		"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299",
		"X-RateLimit-Reset": now.Add(5 * time.Minute).UTC().Truncate(5 * time.Minute).Format("2006-01-02T15:04:05.000000Z"),
	}
}
