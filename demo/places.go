package demo

import (
	"context"
	"fmt"
	"strings"

	"stagecoach/channels/slack/slackfake"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/channels/webhook/webhookfake"
	"stagecoach/contact"
	"stagecoach/demo/town"
)

// onSlack lists our messages in the workspace: a direct one by its conversation,
// any other by the thread.
func (q *quarter) onSlack() []found {
	var out []found
	for _, p := range q.Slack.Posts() {
		f := found{key: p.Channel, answer: answer{id: p.TS, to: p.Thread, text: p.Text}}
		if p.Channel == q.help {
			f.readers = everybody
		}
		if p.Channel == q.help || p.Thread != "" {
			f.key += "/" + p.Thread
		}
		out = append(out, f)
	}
	return out
}

// atSlack is somebody in the workspace, who writes to the app or in the channel.
type atSlack struct {
	q       *quarter
	user    string
	channel string
	// thread is that of their question in the channel.
	thread string
	key    string
	own    *box[answer]
}

func (q *quarter) atSlack(s *story) place {
	p := &atSlack{q: q, user: q.Slack.AddUser(slackfake.User{Name: s.name}), own: newBox[answer]()}
	if s.readers == everybody {
		p.channel = q.help
		return p
	}
	p.channel = q.Slack.DM(p.user)
	p.key = p.channel
	q.streets[contact.Slack].claim(p.key, p.own)
	return p
}

func (p *atSlack) say(_ context.Context, s said) (string, error) {
	m := slackfake.Message{User: p.user, Channel: p.channel, Text: s.text, Thread: p.thread}
	if p.thread == "" {
		m.Text = p.addressed(s.text)
	}
	if s.photo {
		m.Files = []slackfake.File{{Name: "photo.png", Type: "image/png", Data: picture()}}
	}
	_, ts := p.q.Slack.Put(m)
	if p.channel == p.q.help && p.thread == "" {
		p.thread, p.key = ts, p.channel+"/"+ts
		p.q.streets[contact.Slack].claim(p.key, p.own)
	}
	return ts, nil
}

// addressed is how a question begins where others read too.
func (p *atSlack) addressed(text string) string {
	if p.channel != p.q.help {
		return text
	}
	return "<@" + slackfake.Self + "> " + text
}

func (p *atSlack) edit(id string, s said) { p.q.Slack.Edit(p.channel, id, p.addressed(s.text)) }

func (p *atSlack) withdraw(id string)                       { p.q.Slack.Delete(p.channel, id, false) }
func (p *atSlack) next(ctx context.Context) (answer, error) { return p.own.next(ctx) }
func (p *atSlack) answers() []answer                        { return p.q.streets[contact.Slack].of(p.key) }
func (p *atSlack) leave()                                   {}

// onWebhook lists the replies that the company's own system was called back with.
func (q *quarter) onWebhook() []found {
	var out []found
	for _, r := range q.Webhook.Received() {
		out = append(out, found{key: r.Conversation + " " + r.To, answer: answer{id: r.ID, to: r.InReplyTo, text: r.Text}})
	}
	return out
}

// atWebhook is a customer of that system, an app of the company's own.
type atWebhook struct {
	q   *quarter
	who webhookfake.Message
	own *box[answer]
}

func (q *quarter) atWebhook(s *story) place {
	p := &atWebhook{q: q, own: newBox[answer](), who: webhookfake.Message{
		From: fmt.Sprintf("customer-%d", s.number), Name: s.name, Conversation: "about-" + s.order + fmt.Sprintf("-%d", s.number), Language: s.language,
	}}
	q.streets[contact.Webhook].claim(p.key(), p.own)
	return p
}

func (p *atWebhook) key() string { return p.who.Conversation + " " + p.who.From }

func (p *atWebhook) say(_ context.Context, s said) (string, error) {
	m := p.who
	m.Text = s.text
	if s.photo {
		m.Files = []webhookfake.File{{Name: "photo.png", ContentType: "image/png", Data: picture()}}
	}
	return p.q.Webhook.Put(m), nil
}

func (p *atWebhook) edit(id string, s said) {
	m := p.who
	m.Text, m.Edits = s.text, id
	p.q.Webhook.Put(m)
}

func (p *atWebhook) withdraw(id string) {
	m := p.who
	m.Withdraws = id
	p.q.Webhook.Put(m)
}

func (p *atWebhook) next(ctx context.Context) (answer, error) { return p.own.next(ctx) }
func (p *atWebhook) answers() []answer                        { return p.q.streets[contact.Webhook].of(p.key()) }
func (p *atWebhook) leave()                                   {}

// atChat is a browser before the web chat.
type atChat struct {
	visitor *webchatfake.Visitor
	name    string
	// anonymous are not known to the shop, and say who they are.
	anonymous bool
	here      bool
	seen      int
}

func (q *quarter) atChat(ctx context.Context, s *story) place {
	g := town.Guest{Language: s.language, Page: s.product}
	p := &atChat{name: s.name, anonymous: s.number%3 == 0}
	if !p.anonymous {
		g.ID, g.Name, g.Email = fmt.Sprintf("customer-%d", s.number), s.name, s.address
	}
	p.visitor = q.Visitor(ctx, g)
	return p
}

// come opens the chat, once.
func (p *atChat) come() error {
	if p.here {
		return nil
	}
	if err := p.visitor.Come(); err != nil {
		return fmt.Errorf("opening the chat: %w", err)
	}
	p.visitor.Listen()
	p.here = true
	if !p.anonymous {
		return nil
	}
	if err := p.visitor.Post("email", map[string]string{"name": p.name}, nil); err != nil {
		return fmt.Errorf("saying one's name in the chat: %w", err)
	}
	return nil
}

func (p *atChat) say(_ context.Context, s said) (string, error) {
	if err := p.come(); err != nil { //nolint:contextcheck // a browser stays until it leaves
		return "", err
	}
	var files []string
	if s.photo {
		f, err := p.visitor.Upload("photo.png", picture())
		if err != nil {
			return "", fmt.Errorf("adding a photo in the chat: %w", err)
		}
		files = append(files, f.ID)
	}
	id, err := p.visitor.Say(s.text, files...)
	if err != nil {
		return "", fmt.Errorf("writing in the chat: %w", err)
	}
	return id, nil
}

func (p *atChat) next(ctx context.Context) (answer, error) {
	for {
		changed := p.visitor.Changed()
		if all := p.answers(); len(all) > p.seen {
			p.seen++
			return all[p.seen-1], nil
		}
		select {
		case <-ctx.Done():
			return answer{}, ctx.Err()
		case <-changed:
		}
	}
}

func (p *atChat) answers() []answer {
	var out []answer
	for _, l := range p.visitor.Received() {
		out = append(out, answer{id: l.ID, text: l.Text})
	}
	return out
}

func (p *atChat) complaints() string { return strings.Join(p.visitor.Complaints(), "; ") }
func (p *atChat) leave()             { p.visitor.Close() }
