package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/channels/webhook/webhookfake"
)

// square is an office whose customers don't write mails.
type square struct {
	*office
	shop *webhookfake.System
	fedi *mastodonfake.Server
}

func newSquare(t *testing.T) *square {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	s := &square{office: &office{daemon: newDaemon(t)}}
	var err error
	if s.shop, err = webhookfake.New(t.Context(), webhookfake.Config{
		Secret: secret, Target: s.url + "/channels/webhook/shop/messages", Retry: 200 * time.Millisecond, LongestWait: time.Second,
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.shop.Close)
	if s.fedi, err = mastodonfake.New(mastodonfake.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.fedi.Close() })
	dir := filepath.Dir(s.config)
	for file, value := range map[string]string{"shop.secret": secret, "acme.token": s.fedi.Token()} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(`version: 1
http: {listen: %q}
channels:
  webhook:
    - {name: shop, secret_file: shop.secret, callback: {url: %q}}
  mastodon:
    - {name: acme, server: %q, address: %q, token_file: acme.token, poll: 5s}
`, strings.TrimPrefix(s.url, "http://"), s.shop.URL(), s.fedi.URL(), s.fedi.Address())
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// takeFrom takes the contact that an account's customer has opened.
func (c *client) takeFrom(t *testing.T, account string) offer {
	t.Helper()
	var found offer
	eventually(t, patience, words("an offer from %s", account), func() bool {
		var d desk
		c.must(t, "GET", "/api/desk", nil, &d)
		for _, o := range d.Offers {
			if o.Card.Account == account && c.accept(t, o) {
				found = o
			}
		}
		return found.ID != ""
	})
	return found
}

// TestDayOfChannels has customers write by a webhook and by a public post, edit
// what they wrote, and get one answer each, with the daemon killed in between.
func TestDayOfChannels(t *testing.T) {
	s := newSquare(t)
	s.start("")
	s.untilUp("webhook/shop", "mastodon/acme")
	s.open()
	anna := s.hire("Anna")

	shop := s.shop.Put(webhookfake.Message{ID: "m1", Conversation: "order-7", From: "cust-7", Name: "Ada", Subject: "Where is it", Text: "Where is my order? 🚚"})
	post := s.fedi.Put(mastodonfake.Post{From: "grace@far.test", Text: "Your app crashes on start"})
	first := anna.takeFrom(t, "shop")
	second := anna.takeFrom(t, "acme")
	s.kill()
	s.shop.Put(webhookfake.Message{ID: "m2", Conversation: "order-7", From: "cust-7", Name: "Ada", Edits: shop, Text: "Where is my second order?"})
	s.fedi.Edit(post, "Your app crashes on start of version 3")
	s.start("")
	s.untilUp("webhook/shop", "mastodon/acme")

	for _, c := range []struct {
		taken  offer
		edited string
	}{{first, "second order"}, {second, "version 3"}} {
		eventually(t, patience, words("the edit %q to be seen", c.edited), func() bool {
			for _, it := range anna.conversation(t, c.taken.Card.Conversation).Items {
				if it.Kind == "message" && strings.Contains(it.Text, c.edited) {
					return true
				}
			}
			return false
		})
		held := anna.heldOr(t, c.taken.Card.Contact, c.taken.Card.Subject)
		anna.answer(t, card{Contact: held, Conversation: c.taken.Card.Conversation}, "An answer about the "+c.edited+".")
	}
	got := s.shop.Received()
	if len(got) != 1 || got[0].Conversation != "order-7" || got[0].FromName != "Anna" || len(s.shop.Faults()) > 0 {
		t.Errorf("the shop got %+v with faults %v", got, s.shop.Faults())
	}
	posted := s.fedi.Posted()
	if len(posted) != 1 || posted[0].InReplyTo != post || posted[0].Visibility != "public" || !strings.Contains(posted[0].Text, "version 3") {
		t.Errorf("posted %+v in answer to %s", posted, post)
	}
	if a := s.audit().Summary; a.Replied != 2 || a.Messages != 4 || a.Quarantined != 0 {
		t.Errorf("audited %+v", a)
	}
}
