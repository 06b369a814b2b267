package main

import (
	"fmt"
	"testing"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/router"
)

// Whoever is asked where a code shall go tells their addresses apart, and no stranger
// learns more than a letter.
func TestWaysToldApart(t *testing.T) {
	t.Parallel()
	p := customerPages{d: &Daemon{keys: router.NewKeys([]byte("one"), []byte("two"))}}
	to := func(ch contact.Channel, address string) way {
		return way{customer: address, link: &link{adapter: channels.Adapter{Channel: ch}}, to: contact.Address{Address: address}}
	}
	ways := []way{
		to(contact.Email, "alice@cust.test"), to(contact.Email, "alice2@cust.test"), to(contact.Email, "ann2@cold.test"), to(contact.Email, "bob@cust.test"),
		to(contact.WebChat, "user:1"), to(contact.WebChat, "user:2"), to(contact.Email, "b@c.test"), to(contact.Email, "b@d.test"),
	}
	var got []string
	for _, w := range p.portalWays(ways) {
		got = append(got, w.Shown)
	}
	want := []string{"a•••e@c•••.test", "a•••2@c•••.test", "a•••2@c•••.test (2)", "b•••b@c•••.test", "Chat", "Chat (2)", "b•••@c•••.test", "b•••@d•••.test"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("shown are\n%q, want\n%q", got, want)
	}
}
