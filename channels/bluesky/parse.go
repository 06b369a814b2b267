package bluesky

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"stagecoach/channels"
	"stagecoach/contact"
)

// errNothing tells that an original has no message in it.
var errNothing = errors.New("there is no message in it")

// Parse implements channels.Parser.
func (a *Adapter) Parse(in *channels.Inbound) (*contact.Message, error) {
	var env envelope
	if err := json.Unmarshal(in.Raw, &env); err != nil {
		return nil, fmt.Errorf("reading the envelope: %w", channels.LastCause(err))
	}
	m := &contact.Message{
		Channel: contact.Bluesky, Account: in.Account, ReceivedAt: in.ReceivedAt,
		To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{},
		Attachments: []contact.Attachment{}, References: []string{}, Warnings: []string{},
	}
	if handle := firstOf(env.Handle, a.cfg.Handle); handle != "" {
		m.To = append(m.To, contact.Address{Address: "@" + handle})
	}
	// Whoever writes has signed it: the network proves it.
	m.Auth.Trust = contact.TrustProven
	if env.Kind == kindMessage || env.Kind == kindDeleted {
		return a.parseMessage(m, &env)
	}
	var p post
	if err := unmarshalLoosely(env.Event, &p); err != nil || authorOf(p.URI) == "" || p.Author.DID == "" {
		return nil, errNothing
	}
	if env.Kind == kindPostDeleted {
		m.From = contact.Address{Address: p.Author.DID}
		m.Replaces, m.Withdrawn, m.Public = p.URI, true, true
		m.MessageID = p.URI + "#deleted"
		return m, nil
	}
	a.parsePost(m, &env, &p)
	return m, nil
}

// shown gives the post with what is attached to it, false where it isn't known.
func (e *envelope) shown() (*post, bool) {
	raw := e.View
	if e.Kind == kindPost {
		raw = e.Event
	}
	var p post
	if len(raw) == 0 || unmarshalLoosely(raw, &p) != nil || p.URI == "" {
		return nil, false
	}
	return &p, true
}

// named gives the address of somebody: the id, which stays, and the handle for
// people.
func named(p profile) contact.Address {
	return address(person{DID: p.DID, Handle: p.known(), Name: plainName(p.DisplayName, 100)})
}

func address(p person) contact.Address {
	name := p.Name
	switch {
	case p.Handle != "" && name != "":
		name += " (@" + p.Handle + ")"
	case p.Handle != "":
		name = "@" + p.Handle
	}
	return contact.Address{Address: p.DID, Name: name}
}

func (a *Adapter) parsePost(m *contact.Message, env *envelope, p *post) {
	m.From = named(p.Author)
	m.Public = true
	m.Outreach = env.FoundBy
	m.MessageID, m.Thread = p.URI, p.root().URI
	if re := p.Record.Reply; re != nil {
		m.InReplyTo = re.Parent.URI
		for _, uri := range []string{re.Root.URI, re.Parent.URI} {
			if uri != "" && (len(m.References) == 0 || m.References[0] != uri) {
				m.References = append(m.References, uri)
			}
		}
	}
	if len(p.Record.Langs) > 0 {
		m.Language = language(p.Record.Langs[0])
	}
	switch {
	case env.FoundBy != "":
		m.Unanswerable = "outreach"
	case automated(p.Author):
		m.Unanswerable = "bot"
	}
	a.parseText(m, env, p)
	m.Warnings = append(m.Warnings, env.Notes...)
	a.setOrigin(m, origin{
		V: originVersion, Post: ref{URI: p.URI, CID: p.CID}, Root: p.root(), Author: p.Author.DID,
		Handle: p.Author.known(), Language: m.Language, Outreach: env.FoundBy != "",
	})
}

func (a *Adapter) setOrigin(m *contact.Message, o origin) {
	raw, err := json.Marshal(o)
	if err != nil {
		m.Warnings = append(m.Warnings, "where to answer it can't be told")
		return
	}
	m.Origin = raw
}

// parseText makes the text: the post's words, what is attached and what is quoted
// or answered.
func (a *Adapter) parseText(m *contact.Message, env *envelope, p *post) {
	if len(p.Record.Text) > maxText {
		m.Warnings = append(m.Warnings, "the post is longer than what is shown of it")
	}
	body := readableText(p.Record.Text, p.Record.Facets)
	m.ReplyText = withoutMentions(body)
	parts := []string{body}
	if said := labelled(p.Labels); said != "" {
		parts = []string{"[CW: " + said + "]", body}
	}
	view, known := env.shown()
	if known {
		parts = append(parts, attached(m, env, view)...)
		if q := view.Embed.quoted(); q != nil {
			parts = append(parts, "[Quotes "+shownAs(q.Author)+"]\n"+quote(readableText(q.Value.Text, q.Value.Facets)))
		}
	} else if p.Record.Embed != nil {
		parts = append(parts, "[Something is attached: "+webAddress(p)+"]")
		m.Warnings = append(m.Warnings, "what is attached to the post was not fetched")
	}
	var parent post
	if len(env.Parent) > 0 && unmarshalLoosely(env.Parent, &parent) == nil && parent.Record.Text != "" {
		parts = append(parts, "[Answers "+shownAs(parent.Author)+"]\n"+quote(readableText(parent.Record.Text, parent.Record.Facets)))
	}
	m.Text = strings.TrimSpace(strings.Join(parts, "\n\n"))
}

// labelled gives what its author or moderators warn of in a post; what begins with
// "!" is meant for programs.
func labelled(all []label) string {
	var said []string
	for _, l := range all {
		val := plainName(l.Val, 50)
		if !l.Neg && val != "" && !strings.HasPrefix(val, "!") && !slices.Contains(said, val) && len(said) < 5 {
			said = append(said, val)
		}
	}
	return strings.Join(said, ", ")
}

func shownAs(p profile) string {
	if h := p.known(); h != "" {
		return "@" + h
	}
	return plainName(p.DID, 100)
}

// webAddress is where people see a post.
func webAddress(p *post) string {
	uri := strings.TrimPrefix(p.URI, "at://")
	did, rest, _ := strings.Cut(uri, "/")
	_, key, _ := strings.Cut(rest, "/")
	return plainName("https://bsky.app/profile/"+did+"/post/"+key, 300)
}

// attached adds the pictures, and gives lines that describe what is attached.
func attached(m *contact.Message, env *envelope, p *post) []string {
	media := p.Embed.media()
	if media == nil {
		return nil
	}
	var lines []string
	for i, img := range media.Images[:min(len(media.Images), 50)] {
		line := "[picture"
		if alt := plainName(img.Alt, 1500); alt != "" {
			line += ": " + alt
		}
		line += "]"
		if i < len(env.Files) && env.Files[i].URL == img.Fullsize && env.Files[i].Error == "" {
			f := env.Files[i]
			m.Attachments = append(m.Attachments, contact.Attachment{
				Name: plainName(strings.ReplaceAll(f.Name, "/", ""), 150), ContentType: plainName(f.Type, 100),
				Size: int64(len(f.Data)), Data: f.Data,
			})
		} else {
			why := "it was not fetched"
			if i < len(env.Files) && env.Files[i].Error != "" {
				why = plainName(env.Files[i].Error, 200)
			}
			m.Warnings = append(m.Warnings, fmt.Sprintf("picture %d is missing: %s", i+1, why))
			line += " " + plainName(img.Fullsize, 500)
		}
		lines = append(lines, line)
	}
	if media.video() {
		lines = append(lines, strings.TrimSpace("[video: "+plainName(firstOf(media.Alt, webAddress(p)), 1500)+"]"))
	}
	if e := media.External; e != nil && e.URI != "" && !strings.Contains(m.ReplyText, e.URI) {
		lines = append(lines, "[link: "+strings.TrimSpace(plainName(e.Title, 300)+" "+plainName(e.URI, 2000))+"]")
	}
	if len(lines) == 0 {
		return nil
	}
	return []string{strings.Join(lines, "\n")}
}

// parseMessage reads a direct message, or that one is gone.
func (a *Adapter) parseMessage(m *contact.Message, env *envelope) (*contact.Message, error) {
	var e logEntry
	if err := unmarshalLoosely(env.Event, &e); err != nil || e.Message.ID == "" || e.Convo == "" || e.Message.Sender.DID == "" {
		return nil, errNothing
	}
	sender := person{DID: e.Message.Sender.DID}
	if env.Sender != nil && env.Sender.DID == sender.DID {
		sender = *env.Sender
	}
	m.From = address(sender)
	m.MessageID, m.Thread = messageID(e.Convo, e.Message.ID), "bsky.chat/"+e.Convo
	if env.Kind == kindDeleted {
		m.Replaces, m.Withdrawn = m.MessageID, true
		m.MessageID += "#deleted"
		m.Warnings = append(m.Warnings, "deleted in this account's inbox; the network doesn't say by whom")
		return m, nil
	}
	m.Text = readableText(e.Message.Text, e.Message.Facets)
	m.ReplyText = m.Text
	if q := e.Message.Embed.quoted(); q != nil {
		m.Text = strings.TrimSpace(m.Text + "\n\n[Shares " + shownAs(q.Author) + "]\n" + quote(readableText(q.Value.Text, q.Value.Facets)))
	}
	if len(e.Message.Text) > maxText {
		m.Warnings = append(m.Warnings, "the message is longer than what is shown of it")
	}
	m.Warnings = append(m.Warnings, env.Notes...)
	a.setOrigin(m, origin{V: originVersion, Convo: e.Convo, Author: sender.DID, Handle: sender.Handle})
	return m, nil
}
