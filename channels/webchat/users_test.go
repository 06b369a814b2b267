package webchat_test

import (
	"log/slog"
	"testing"
	"time"

	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
	"stagecoach/contact"
)

// Two shops may both have a user 7, who are two people.
func TestUsersOfTwoShopsAreApart(t *testing.T) {
	event := `{"schema":1,"event":{"id":"v/1","visitor":"v","thread":"t","user":{"id":"7"}}}`
	for users, want := range map[string]string{"": "user:7", "boots": "user:boots/7"} {
		cfg := config(t.TempDir())
		cfg.Users = users
		m, err := adapter(t, cfg, nil).Parse(original(event))
		if err != nil || m.From.Address != want {
			t.Errorf("users %q: from %q, %v, want %s", users, m.From.Address, err, want)
		}
	}
}

// Whoever is called by their shop's name and number is reached and erased by it, and
// by the number alone, as before the account had the name; another shop's isn't.
func TestUserOfANamedShop(t *testing.T) {
	for _, address := range []string{"user:boots/c-7", "user:c-7"} {
		r := newRig(t, func(c *webchat.Config) { c.Users = "boots" })
		who := webchat.Identity{UserID: "c-7", Name: "Jo", Exp: time.Now().Add(time.Hour).Unix()}
		who.Sig = who.Sign("acme", shopSecret)
		v := r.comer(t, webchatfake.Config{Identity: who})
		v.Listen()
		m := r.said(t, v, "hello")
		if m.From.Address != "user:boots/c-7" {
			t.Fatalf("from %q", m.From.Address)
		}
		begun := answer("r-1", "we begin", m)
		begun.Origin, begun.To = nil, []contact.Address{{Address: address}}
		send(t, r.adapter, begun)
		until(t, "what we began", func() bool { return len(v.Lines()) == 2 })
		for _, a := range []string{"user:tents/c-7", address} {
			if err := r.adapter.Erase(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := database(t, r.cfg).QueryRowContext(t.Context(), "SELECT count(*) FROM visitors").Scan(&n); err != nil || n == 0 != (a == address) {
				t.Errorf("after erasing %s %d visitors are left, %v", a, n, err)
			}
		}
	}
}

// Whoever is erased after the account was taken out of the configuration, or while nothing
// is configured as the daemon stands still, is found by the name that their shop had.
func TestUserOfANamedShopIsErasedWithoutItsConfiguration(t *testing.T) {
	r := newRig(t, func(c *webchat.Config) { c.Users = "boots" })
	who := webchat.Identity{UserID: "c-7", Name: "Jo", Exp: time.Now().Add(time.Hour).Unix()}
	who.Sig = who.Sign("acme", shopSecret)
	v := r.comer(t, webchatfake.Config{Identity: who})
	v.Listen()
	r.said(t, v, "hello")
	left := func() (n int) {
		if err := database(t, r.cfg).QueryRowContext(t.Context(), "SELECT count(*) FROM visitors").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for n, users := range []string{"shoes", ""} {
		later, err := webchat.New(webchat.Config{Account: "acme", Dir: r.cfg.Dir, Users: users}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		address := []string{"user:tents/c-7", "user:boots/c-7"}[n]
		if err := later.Erase(t.Context(), address); err != nil || left() != 1-n {
			t.Errorf("users %q: after erasing %s %d visitors are left, %v", users, address, left(), err)
		}
	}
}
