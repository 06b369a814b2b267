package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/channels/webhook/webhookfake"
)

// square is an office whose customers don't write mails.
type square struct {
	*office
	lines []*line
	// watchers say what the providers and the customers' programs found wrong
	// with what they got.
	watchers []func() []string
}

// line is one channel's account, seen from the customers' side.
type line struct {
	channel, account string
	settings         string
	secrets          map[string]string
	// write has customer i write, and gives the place of what they wrote.
	write func(i int, text string) (place string)
	// edit has them write it anew, nil where nobody can.
	edit func(place, text string)
	// answers gives what we answered, by place.
	answers func() map[string][]string
}

func (l *line) name() string { return l.channel + "/" + l.account }

func newSquare(t *testing.T) *square {
	t.Helper()
	s := &square{office: &office{daemon: newDaemon(t)}}
	s.lines = []*line{s.shop(), s.fedi(), s.team(), s.sky(), s.chat()}
	dir := filepath.Dir(s.config)
	text := fmt.Sprintf("version: 1\nhttp: {listen: %q}\nchannels:\n", strings.TrimPrefix(s.url, "http://"))
	for _, l := range s.lines {
		text += fmt.Sprintf("  %s:\n    - {name: %s, %s}\n", l.channel, l.account, l.settings)
		for file, value := range l.secrets {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// begin starts the daemon and waits for all its lines.
func (s *square) begin() {
	s.t.Helper()
	s.start("")
	names := make([]string, len(s.lines))
	for i, l := range s.lines {
		names[i] = l.name()
	}
	s.untilUp(names...)
}

// complaints lists what was found wrong with what we sent.
func (s *square) complaints() (all []string) {
	for _, w := range s.watchers {
		all = append(all, w()...)
	}
	return all
}

// shop is a system of the company's own.
func (s *square) shop() *line {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	shop, err := webhookfake.New(s.t.Context(), webhookfake.Config{
		Secret: secret, Target: s.url + "/channels/webhook/shop/messages", Retry: 200 * time.Millisecond, LongestWait: time.Second,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(shop.Close)
	s.watchers = append(s.watchers, shop.Faults)
	message := func(i int, text string) webhookfake.Message {
		return webhookfake.Message{Conversation: fmt.Sprintf("order-%d", i), From: fmt.Sprintf("cust-%d", i), Name: "Ada", Text: text}
	}
	who := map[string]int{}
	return &line{
		channel: "webhook", account: "shop", secrets: map[string]string{"shop.secret": secret},
		settings: fmt.Sprintf("secret_file: shop.secret, callback: {url: %q}", shop.URL()),
		write: func(i int, text string) string {
			m := message(i, text)
			m.ID = fmt.Sprintf("m%d", i)
			who[m.Conversation] = i
			shop.Put(m)
			return m.Conversation
		},
		edit: func(place, text string) {
			m := message(who[place], text)
			m.ID, m.Edits = fmt.Sprintf("m%d-edit", who[place]), fmt.Sprintf("m%d", who[place])
			shop.Put(m)
		},
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, r := range shop.Received() {
				out[r.Conversation] = append(out[r.Conversation], r.Text)
			}
			return out
		},
	}
}

// fedi is a server of the Mastodon API.
func (s *square) fedi() *line {
	fedi, err := mastodonfake.New(mastodonfake.Config{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = fedi.Close() })
	return &line{
		channel: "mastodon", account: "acme", secrets: map[string]string{"acme.token": fedi.Token()},
		settings: fmt.Sprintf("server: %q, address: %q, token_file: acme.token, poll: 5s", fedi.URL(), fedi.Address()),
		write: func(i int, text string) string {
			return fedi.Put(mastodonfake.Post{From: fmt.Sprintf("cust%d@far.test", i), Text: text})
		},
		edit: func(place, text string) { fedi.Edit(place, text) },
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, p := range fedi.Posted() {
				out[p.InReplyTo] = append(out[p.InReplyTo], p.Text)
			}
			return out
		},
	}
}

// team is a workspace of Slack, where customers write to the app.
func (s *square) team() *line {
	team, err := slackfake.New(slackfake.Config{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = team.Close() })
	var mu sync.Mutex
	written := map[string]string{}
	return &line{
		channel: "slack", account: "team", secrets: map[string]string{"bot.token": team.BotToken(), "app.token": team.AppToken()},
		settings: fmt.Sprintf("api: %q, bot_token_file: bot.token, app_token_file: app.token", team.URL()),
		write: func(i int, text string) string {
			place, ts := team.Put(slackfake.Message{User: team.AddUser(slackfake.User{Name: fmt.Sprintf("Customer %d", i)}), Text: text})
			mu.Lock()
			defer mu.Unlock()
			written[place] = ts
			return place
		},
		edit: func(place, text string) {
			mu.Lock()
			defer mu.Unlock()
			team.Edit(place, written[place], text)
		},
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, p := range team.Posts() {
				out[p.Channel] = append(out[p.Channel], p.Text)
			}
			return out
		},
	}
}

// sky is a server of the AT protocol.
func (s *square) sky() *line {
	sky, err := blueskyfake.New(blueskyfake.Config{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = sky.Close() })
	return &line{
		channel: "bluesky", account: "blue", secrets: map[string]string{"blue.password": sky.Password()},
		settings: fmt.Sprintf("server: %q, handle: %q, password_file: blue.password, poll: 5s", sky.URL(), sky.Handle()),
		write: func(i int, text string) string {
			return sky.Put(blueskyfake.Post{Author: fmt.Sprintf("cust%d.test", i), Text: text}).URI
		},
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, p := range sky.Posts() {
				out[p.Parent] = append(out[p.Parent], p.Text)
			}
			return out
		},
	}
}

// chat is a chat on a web site: each customer is a browser of their own, which
// keeps trying while the daemon is away.
func (s *square) chat() *line {
	var mu sync.Mutex
	var beside sync.WaitGroup
	visitors := map[string]*webchatfake.Visitor{}
	s.t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, v := range visitors {
			v.Close()
		}
		beside.Wait()
	})
	s.watchers = append(s.watchers, func() (all []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, v := range visitors {
			all = append(all, v.Complaints()...)
		}
		return all
	})
	return &line{
		channel: "webchat", account: "web", settings: "title: Acme",
		write: func(i int, text string) string {
			place := fmt.Sprintf("visitor-%d", i)
			v := webchatfake.New(s.t.Context(), webchatfake.Config{URL: s.url + "/channels/webchat/web", Title: "Boots", Wait: 200 * time.Millisecond})
			mu.Lock()
			visitors[place] = v
			mu.Unlock()
			beside.Go(func() {
				err := v.Come()
				if err == nil {
					v.Listen()
					_, err = v.Say(text)
				}
				if err != nil && s.t.Context().Err() == nil {
					s.t.Errorf("%s: %v", place, err)
				}
			})
			return place
		},
		answers: func() map[string][]string {
			mu.Lock()
			defer mu.Unlock()
			out := map[string][]string{}
			for place, v := range visitors {
				for _, l := range v.Received() {
					out[place] = append(out[place], l.Text)
				}
			}
			return out
		},
	}
}
