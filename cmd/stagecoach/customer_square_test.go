package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/channels/webhook/webhookfake"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/demo/town"
	"stagecoach/desk"
	"stagecoach/router"
)

// square is an office at whose channels people write who don't write mails.
type square struct {
	pageOffice
	*town.Town
}

func newSquare(t *testing.T) *square {
	t.Helper()
	place, err := town.Open(t.Context(), town.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Close() })
	dir := t.TempDir()
	settings, err := place.Settings(dir)
	if err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, filepath.Join(dir, "stagecoach.yaml"), "http: {listen: 127.0.0.1:0, customer_url: \""+customersSite+"\"}\nchannels:\n"+settings)
	cfg, err := configs.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	q := &square{Town: place}
	q.t, q.d = t, runDaemon(t, cfg, Options{Dir: filepath.Join(dir, "data"), Unsynced: true})
	place.Connect(q.d.URL())
	member, err := q.d.desk.AddAgent(t.Context(), desk.Who{ID: desk.Control, Role: contact.RoleSupervisor}, "", desk.Member{
		Name: "Anna Amsel", Email: "anna@acme.test", Password: "long enough for anybody", Languages: []string{"de", "en"}, Capacity: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	q.anna = desk.Who{ID: member.Person.ID, Role: contact.RoleAgent}
	until(t, "the accounts are connected", func() bool {
		ready := false
		_ = q.d.engine.View(t.Context(), func(st *router.State) {
			ready = len(st.Sources) >= 3 && q.Slack.Sockets() > 0
		})
		return ready
	})
	return q
}

// link gives the link to the page of the one conversation that is open.
func (q *square) link() string {
	q.t.Helper()
	var link string
	until(q.t, "the question is in", func() bool {
		c := q.open()
		if c == nil {
			return false
		}
		row, err := q.d.ledger.Conversation(q.t.Context(), c.Conversation)
		if err == nil {
			link = strings.TrimPrefix(q.d.pages.of(&row.Conversation, contact.Email), customersSite)
		}
		return err == nil
	})
	return link
}

// TestCodesOnEveryChannel has codes asked for by people who wrote on all channels, also
// where others read: each goes to the one person alone, and what they write on their page
// is answered there, too.
func TestCodesOnEveryChannel(t *testing.T) {
	q := newSquare(t)
	group := q.Slack.AddChannel("deals", true, true)
	help := q.Slack.AddChannel("help", false, true)
	ada := q.Slack.AddUser(slackfake.User{Name: "Ada"})
	q.Bluesky.Know(blueskyfake.Person{Handle: "bo.test", Name: "Bo"})
	v := q.Visitor(t.Context(), town.Guest{Language: "en"})
	t.Cleanup(v.Close)
	if err := v.Come(); err != nil {
		t.Fatal(err)
	}
	v.Listen()
	const question = "Where is my order 4711? I have been waiting for it."
	toot := func(visibility string) func() {
		return func() {
			q.Mastodon.Put(mastodonfake.Post{From: visibility + "@fedi.test", Text: question, Visibility: visibility})
		}
	}
	slack := func(channel, user string) func() {
		return func() {
			q.Slack.Put(slackfake.Message{User: user, Channel: channel, Text: "<@" + slackfake.Self + "> " + question})
		}
	}
	for _, one := range []struct {
		name string
		ask  func()
		// got lists what was said to the customer where nobody else reads.
		got func() []string
	}{
		{"mastodon, to us alone", toot("direct"), q.mentions("direct@fedi.test")},
		{"mastodon, before followers", toot("private"), q.mentions("private@fedi.test")},
		{"mastodon, in public", toot("public"), q.mentions("public@fedi.test")},
		{"slack, direct", slack("", ada), q.slackTo(ada)},
		{"slack, in a closed group", slack(group, q.Slack.AddUser(slackfake.User{Name: "Bea"})), nil},
		{"slack, in a channel", slack(help, q.Slack.AddUser(slackfake.User{Name: "Cem"})), nil},
		{"bluesky, direct", func() { q.Bluesky.PutMessage("bo.test", question) }, q.talksTo("bo.test")},
		{"bluesky, in public", func() {
			q.Bluesky.Know(blueskyfake.Person{Handle: "cleo.test", Name: "Cleo"})
			q.Bluesky.Put(blueskyfake.Post{Author: "cleo.test", Text: question})
		}, q.talksTo("cleo.test")},
		{"web chat", func() {
			if _, err := v.Say(question); err != nil {
				t.Error(err)
			}
		}, func() []string {
			var out []string
			for _, l := range v.Received() {
				out = append(out, l.Text)
			}
			return out
		}},
		{"webhook", func() {
			q.Webhook.Put(webhookfake.Message{ID: "w1", Conversation: "w", From: "dora", Name: "Dora", Text: question})
		}, func() []string {
			var out []string
			for _, r := range q.Webhook.Received() {
				out = append(out, r.Text)
			}
			return out
		}},
	} {
		got := one.got
		if got == nil {
			got = q.slackTo("")
		}
		q.private(one.name, one.ask, got)
	}
}

// private has a question asked, a code entered and something written on the page, and
// sees to it that code and answer go to nobody else.
func (q *square) private(name string, ask func(), got func() []string) {
	q.t.Helper()
	before := len(got())
	ask()
	link := q.link()
	q.answer("First answer to " + name)
	until(q.t, name+": it is answered", func() bool { return q.open() == nil })
	b := q.browser()
	if body := b.post(link+"/code", nil); !strings.Contains(body, "A code is on its way") {
		q.t.Errorf("%s: no code: %s", name, body)
		return
	}
	var code string
	until(q.t, name+": the code is there", func() bool {
		for _, text := range got()[min(before, len(got())):] {
			if strings.Contains(text, "Your code") {
				code = codeInMail.FindString(text[strings.Index(text, "Your code"):])
			}
		}
		return code != ""
	})
	if body := b.post(link+"/enter", url.Values{"code": {code}}); !strings.Contains(body, "Our conversation") {
		q.t.Errorf("%s: the code opens nothing: %s", name, body)
		return
	}
	words := "My secret is " + uuid.NewString()
	has(q.t, b.post(link+"/write", url.Values{"text": {words}}), "has reached us.", words)
	answer := "Quite between us: " + uuid.NewString()
	q.answerPage(answer)
	until(q.t, name+": the answer is there", func() bool {
		return slices.ContainsFunc(got(), func(text string) bool { return strings.Contains(text, answer) })
	})
	for _, text := range q.overheard() {
		for _, secret := range []string{code, words, answer} {
			if strings.Contains(text, secret) {
				q.t.Errorf("%s: others read %q", name, text)
			}
		}
	}
}

// answerPage answers what is open.
func (q *square) answerPage(text string) {
	q.t.Helper()
	until(q.t, "what was written on the page is in", func() bool { return q.open() != nil })
	q.answer(text)
}

// mentions lists the direct posts that mention somebody.
func (q *square) mentions(who string) func() []string {
	return func() []string {
		var out []string
		for _, p := range q.Mastodon.Posted() {
			if p.Visibility == "direct" && strings.Contains(p.Text, "@"+who) {
				out = append(out, p.Text)
			}
		}
		return out
	}
}

// slackTo lists what was said to somebody directly, "" for anybody.
func (q *square) slackTo(user string) func() []string {
	return func() []string {
		var out []string
		for _, p := range q.Slack.Posts() {
			if strings.HasPrefix(p.Channel, "D") && (user == "" || p.Channel == q.Slack.DM(user)) {
				out = append(out, p.Text)
			}
		}
		return out
	}
}

func (q *square) talksTo(handle string) func() []string {
	return func() []string {
		var out []string
		for _, one := range q.Bluesky.Talks() {
			if one.To == handle {
				out = append(out, one.Text)
			}
		}
		return out
	}
}

// overheard lists all that others read.
func (q *square) overheard() []string {
	var out []string
	for _, p := range q.Mastodon.Posted() {
		if p.Visibility != "direct" {
			out = append(out, p.Text)
		}
	}
	for _, p := range q.Slack.Posts() {
		if !strings.HasPrefix(p.Channel, "D") {
			out = append(out, p.Text)
		}
	}
	for _, p := range q.Bluesky.Posts() {
		out = append(out, fmt.Sprintf("%+v", p))
	}
	return out
}
