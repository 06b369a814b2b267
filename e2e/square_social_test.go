package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/mastodon/mastodonfake"
)

// takingTime is how long a slow provider takes.
const takingTime = 400 * time.Millisecond

// fedi is a server of the Mastodon API.
func (s *square) fedi() *line {
	fedi, err := mastodonfake.New(mastodonfake.Config{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = fedi.Close() })
	const statuses = "/api/v1/statuses"
	who := newRegister[mastodonfake.Post]()
	put := func(place string, p mastodonfake.Post) string {
		id := fedi.Put(p)
		if place == "" {
			place = id
		}
		p.InReplyTo = id
		who.put(place, p, id)
		return place
	}
	return &line{
		channel: "mastodon", secrets: map[string]string{"fedi.token": fedi.Token()},
		settings: fmt.Sprintf("server: %q, address: %q, token_file: fedi.token, poll: 5s, watch: 5s", fedi.URL(), fedi.Address()),
		write: func(i int, text string) string {
			return put("", mastodonfake.Post{From: fmt.Sprintf("cust%d@far.test", i), Text: text})
		},
		more: func(place, text string) {
			p := who.at(place)
			p.Text = text
			put(place, p)
		},
		edit: func(place, text string) { fedi.Edit(who.at(place).InReplyTo, text) },
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, p := range fedi.Posted() {
				place := who.of(p.ID, p.InReplyTo)
				out[place] = append(out[place], strings.Join(append([]string{p.Text}, p.Media...), "\n"))
			}
			return out
		},
		slow: func(on bool) {
			if !on {
				fedi.Misbehave()
				return
			}
			fedi.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodPost, Path: statuses, Delay: takingTime, Times: 1})
		},
		asked: func() int { return fedi.Calls("POST " + statuses) },
		fair:  func() { fedi.Misbehave() },
		weather: []func(){
			fedi.Cut,
			func() {
				fedi.Misbehave(mastodonfake.Misbehaviour{Path: "/api/v1/notifications", Shuffle: true, Double: true})
			},
			func() {
				fedi.Misbehave(mastodonfake.Misbehaviour{Path: "/api/v1/notifications", Garbage: true, Times: 2})
			},
			func() { fedi.Misbehave(mastodonfake.Misbehaviour{Code: 429, RetryAfter: "1", Times: 3}) },
			func() {
				fedi.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodPost, Path: statuses, Code: 500, After: true, Times: 2})
			},
			func() {
				fedi.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodPost, Path: statuses, Cut: true, After: true, Skip: 1, Times: 2})
			},
			func() { fedi.Misbehave(mastodonfake.Misbehaviour{Path: "/media", Code: 503, Times: 1}) },
		},
	}
}

// sky is a server of the AT protocol.
func (s *square) sky() *line {
	sky, err := blueskyfake.New(blueskyfake.Config{Logins: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = sky.Close() })
	const method, notifications = "com.atproto.repo.putRecord", "app.bsky.notification.listNotifications"
	who := newRegister[blueskyfake.Post]()
	put := func(place string, p blueskyfake.Post) string {
		ref := sky.Put(p)
		if place == "" {
			place = ref.URI
		}
		p.Reply = &ref
		who.put(place, p, ref.URI)
		return place
	}
	return &line{
		channel: "bluesky", secrets: map[string]string{"sky.password": sky.Password()},
		settings: fmt.Sprintf("server: %q, handle: %q, password_file: sky.password, poll: 5s", sky.URL(), sky.Handle()),
		write: func(i int, text string) string {
			return put("", blueskyfake.Post{Author: fmt.Sprintf("cust%d.test", i), Text: text})
		},
		more: func(place, text string) {
			p := who.at(place)
			p.Text, p.Reason = text, "mention"
			put(place, p)
		},
		answers: func() map[string][]string {
			out := map[string][]string{}
			for _, p := range sky.Posts() {
				place := who.of(p.Ref.URI, p.Parent)
				out[place] = append(out[place], p.Text+picturesOf(p.Record))
			}
			return out
		},
		slow: func(on bool) {
			if !on {
				sky.Misbehave()
				return
			}
			sky.Misbehave(blueskyfake.Misbehaviour{Method: method, Delay: takingTime, Times: 1})
		},
		asked: func() int { return sky.Calls(method) },
		fair:  func() { sky.Misbehave() },
		weather: []func(){
			sky.Cut,
			func() { sky.ExpireTokens(false) },
			func() { sky.ExpireTokens(true) },
			sky.ForgetTokens,
			func() { sky.Misbehave(blueskyfake.Misbehaviour{Method: notifications, Shuffle: true, Double: true}) },
			func() { sky.Misbehave(blueskyfake.Misbehaviour{Method: notifications, Garbage: true, Times: 2}) },
			func() {
				sky.Misbehave(blueskyfake.Misbehaviour{Code: 429, Error: "RateLimitExceeded", RetryAfter: "1", Times: 3})
			},
			func() { sky.Misbehave(blueskyfake.Misbehaviour{Method: method, Code: 500, After: true, Times: 2}) },
			func() {
				sky.Misbehave(blueskyfake.Misbehaviour{Method: method, Cut: true, After: true, Skip: 1, Times: 2})
			},
			func() {
				sky.Misbehave(blueskyfake.Misbehaviour{Method: "com.atproto.repo.uploadBlob", Code: 502, Times: 1})
			},
		},
	}
}

// picturesOf gives the words for the pictures of a record.
func picturesOf(record []byte) (words string) {
	var r struct {
		Embed struct {
			Images []struct {
				Alt string `json:"alt"`
			} `json:"images"`
		} `json:"embed"`
	}
	_ = json.Unmarshal(record, &r) // the fake is strict about records
	for _, one := range r.Embed.Images {
		words += "\n" + one.Alt
	}
	return words
}
