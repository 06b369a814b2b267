package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"stagecoach/channels/slack/slackfake"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/channels/webhook/webhookfake"
)

// shop is a system of the company's own.
func (s *square) shop() *line {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	shop, err := webhookfake.New(s.t.Context(), webhookfake.Config{
		Secret: secret, Target: s.url + "/channels/webhook/" + sameAccount + "/messages", Retry: 200 * time.Millisecond, LongestWait: time.Second,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(shop.Close)
	s.watchers = append(s.watchers, shop.Faults)
	said := newRegister[webhookfake.Message]()
	put := func(m webhookfake.Message) string {
		shop.Put(m)
		said.put(m.Conversation, m)
		return m.Conversation
	}
	return &line{
		channel: "webhook", secrets: map[string]string{"shop.secret": secret},
		settings: fmt.Sprintf("secret_file: shop.secret, callback: {url: %q}", shop.URL()),
		write: func(i int, text string) string {
			return put(webhookfake.Message{
				ID: fmt.Sprintf("m%d", i), Conversation: fmt.Sprintf("order-%d", i), From: fmt.Sprintf("cust-%d", i), Name: "Ada", Text: text,
			})
		},
		more: func(place, text string) {
			m := said.at(place)
			m.ID, m.Text = newUUID(), text
			put(m)
		},
		edit: func(place, text string) {
			m := said.at(place)
			m.ID, m.Edits, m.Text = newUUID(), m.ID, text
			shop.Put(m)
		},
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, r := range shop.Received() {
				text := r.Text
				for _, f := range r.Files {
					text += "\n" + f.Name
				}
				out[r.Conversation] = append(out[r.Conversation], text)
			}
			return out
		},
		slow: func(on bool) {
			m := webhookfake.Misbehaviour{}
			if on {
				m.Delay = takingTime
			}
			shop.Misbehave(m)
		},
		asked: shop.Posts,
		fair:  func() { shop.Misbehave(webhookfake.Misbehaviour{}) },
		weather: []func(){
			shop.Cut,
			func() { shop.Misbehave(webhookfake.Misbehaviour{Twice: true}) },
			func() {
				shop.Misbehave(webhookfake.Misbehaviour{Status: 429, Header: map[string]string{"Retry-After": "1"}})
			},
			func() { shop.Misbehave(webhookfake.Misbehaviour{Status: 500, Taken: true, Twice: true}) },
			func() { shop.Misbehave(webhookfake.Misbehaviour{Cut: true}) },
			func() { shop.Misbehave(webhookfake.Misbehaviour{Endless: true}) },
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
	type spot struct{ user, ts string }
	const method = "chat.postMessage"
	said := newRegister[spot]()
	put := func(user, text string) string {
		place, ts := team.Put(slackfake.Message{User: user, Text: text})
		said.put(place, spot{user, ts})
		return place
	}
	return &line{
		channel: "slack", secrets: map[string]string{"bot.token": team.BotToken(), "app.token": team.AppToken()},
		settings: fmt.Sprintf("api: %q, bot_token_file: bot.token, app_token_file: app.token", team.URL()),
		write: func(i int, text string) string {
			return put(team.AddUser(slackfake.User{Name: fmt.Sprintf("Customer %d", i)}), text)
		},
		more: func(place, text string) { put(said.at(place).user, text) },
		edit: func(place, text string) { team.Edit(place, said.at(place).ts, text) },
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, p := range team.Posts() {
				text := p.Text
				for _, f := range p.Files {
					text += "\n" + f.Name
				}
				out[p.Channel] = append(out[p.Channel], text)
			}
			return out
		},
		slow: func(on bool) {
			if !on {
				team.Misbehave()
				return
			}
			team.Misbehave(slackfake.Misbehaviour{Method: method, Delay: takingTime, Times: 1})
		},
		asked: func() int { return team.Calls(method) },
		fair:  func() { team.Misbehave(); team.Deliver(slackfake.Delivery{}) },
		weather: []func(){
			team.Cut,
			func() { team.Disconnect("refresh_requested", false) },
			func() { team.Disconnect("warning", true) },
			func() { team.Deliver(slackfake.Delivery{Double: true, Swap: true}) },
			func() {
				team.Misbehave(slackfake.Misbehaviour{Method: "conversations.history", Reverse: true, Double: true})
				team.Cut()
			},
			func() { team.Misbehave(slackfake.Misbehaviour{Code: 429, Retry: "1", Times: 3}) },
			func() { team.Misbehave(slackfake.Misbehaviour{Method: method, Code: 500, After: true, Times: 2}) },
			func() {
				team.Misbehave(slackfake.Misbehaviour{Method: method, Cut: true, After: true, Skip: 1, Times: 2})
			},
			func() {
				team.Misbehave(slackfake.Misbehaviour{Method: "files.completeUploadExternal", Cut: true, After: true, Times: 1})
			},
			func() {
				team.Misbehave(slackfake.Misbehaviour{Method: "files.getUploadURLExternal", Code: 503, Times: 1})
			},
		},
	}
}

// chat is a chat on a web site: each customer is a browser of their own, which
// keeps trying while the daemon is away.
func (s *square) chat() *line {
	var mu sync.Mutex
	var beside sync.WaitGroup
	visitors := map[string]*webchatfake.Visitor{}
	last := map[string]<-chan struct{}{}
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
	say := func(place, text string) { // after what they are saying already
		mu.Lock()
		defer mu.Unlock()
		v, before, done := visitors[place], last[place], make(chan struct{})
		last[place] = done
		beside.Go(func() {
			defer close(done)
			if before != nil {
				<-before
			}
			err := v.Come()
			if err == nil {
				_, err = v.Say(text)
			}
			if err != nil && s.t.Context().Err() == nil {
				s.t.Errorf("%s: %v", place, err)
			}
		})
	}
	each := func(do func(v *webchatfake.Visitor)) {
		mu.Lock()
		defer mu.Unlock()
		for _, v := range visitors {
			do(v)
		}
	}
	return &line{
		fair: func() { each(func(v *webchatfake.Visitor) { v.Misbehave(webchatfake.Mode{}) }) },
		weather: []func(){
			func() { each((*webchatfake.Visitor).Cut) },
			func() { each(func(v *webchatfake.Visitor) { v.Misbehave(webchatfake.Mode{Doubles: true}) }) },
			func() {
				each(func(v *webchatfake.Visitor) { v.Misbehave(webchatfake.Mode{CutBefore: 1, CutAfter: 2}) })
			},
		},
		channel: "webchat", settings: "title: Acme",
		write: func(i int, text string) string {
			place := fmt.Sprintf("visitor-%d", i)
			v := webchatfake.New(s.t.Context(), webchatfake.Config{
				URL: s.url + "/channels/webchat/" + sameAccount, Title: "Boots", Wait: 200 * time.Millisecond,
			})
			mu.Lock()
			visitors[place] = v
			mu.Unlock()
			v.Listen()
			say(place, text)
			return place
		},
		more: say,
		answers: func() map[string][]string {
			mu.Lock()
			defer mu.Unlock()
			out := map[string][]string{}
			for place, v := range visitors {
				for _, l := range v.Received() {
					text := []string{l.Text}
					for _, f := range l.Files {
						text = append(text, f.Name)
					}
					out[place] = append(out[place], strings.Join(text, "\n"))
				}
			}
			return out
		},
	}
}
