package portal_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/portal"
)

const conversation = "01890a5d-ac96-774b-bcce-b302099a8057"

func signer(secret byte) portal.Signer { return portal.NewSigner(bytes.Repeat([]byte{secret}, 32)) }

func TestLinkSaysWhatItWasMadeOf(t *testing.T) {
	until := time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)
	token := signer(1).Token(portal.Link{Conversation: conversation, Epoch: 3, Expires: until})
	if len(token) != 43 {
		t.Errorf("%d characters: %q", len(token), token)
	}
	got, ok := signer(1).Read(token)
	if !ok || got.Conversation != conversation || got.Epoch != 3 {
		t.Fatalf("got %+v, %v", got, ok)
	}
	if got.Expires.Before(until) || got.Expires.Sub(until) > 24*time.Hour {
		t.Errorf("expires %s, wanted the end of the day of %s", got.Expires, until)
	}
	if again := signer(1).Token(portal.Link{Conversation: conversation, Epoch: 3, Expires: until}); again != token {
		t.Error("the same link is written in another way")
	}
}

// TestLinkOfOthers changes every character of a token, and more.
func TestLinkOfOthers(t *testing.T) {
	token := signer(1).Token(portal.Link{Conversation: conversation, Expires: time.Unix(1e9, 0)})
	if _, ok := signer(2).Read(token); ok {
		t.Error("another key's link is taken")
	}
	for i := range token {
		for _, c := range "AQgw_" {
			other := token[:i] + string(c) + token[i+1:]
			if _, ok := signer(1).Read(other); ok && other != token {
				t.Errorf("taken with %q at %d", c, i)
			}
		}
	}
	for _, odd := range []string{"", "=", token + "A", token[:42], token + "=", token + "\n", strings.Repeat("A", 43), "../../etc/passwd"} {
		if _, ok := signer(1).Read(odd); ok {
			t.Errorf("%q is taken", odd)
		}
	}
}

func TestDeviceIsLetInToOneConversation(t *testing.T) {
	now := time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)
	link := portal.Link{Conversation: conversation, Epoch: 1}
	proof := signer(1).Device(link, []string{"anna", "ben"}, now.Add(time.Hour))
	if got := signer(1).LetIn(proof, link, now); !slices.Equal(got, []string{"anna", "ben"}) {
		t.Errorf("let in as %q", got)
	}
	other := link
	other.Conversation = strings.Replace(conversation, "8057", "8058", 1)
	later := link
	later.Epoch = 2
	for what, in := range map[string][]string{
		"another conversation": signer(1).LetIn(proof, other, now), "links made invalid": signer(1).LetIn(proof, later, now),
		"its time is over": signer(1).LetIn(proof, link, now.Add(time.Hour)), "another key": signer(2).LetIn(proof, link, now),
		"nothing": signer(1).LetIn("", link, now), "a link": signer(1).LetIn(signer(1).Token(link), link, now),
	} {
		if len(in) > 0 {
			t.Errorf("let in with %s", what)
		}
	}
}

func TestFooterStandsAboveTheQuote(t *testing.T) {
	r := contact.Reply{
		ID: "01890a5d-ac96-774b-bcce-b302099a8057", Channel: contact.Email, Text: "It comes tomorrow.\n\nAm 3.2.2026 schrieb Eva:\n> Wo ist es?\n>\n> Eva\n",
		HTML: "<p>It comes tomorrow.</p>\n<p>Eva:</p>\n<blockquote type=\"cite\">Wo?</blockquote>",
		Page: &contact.PageLink{URL: "https://h.example/q/T", Language: "de", Ask: true, Reply: "01890a5d-ac96-774b-bcce-b302099a8057"},
	}
	got := portal.Under(r, contact.Limits{})
	const want = "It comes tomorrow.\n\nWie war diese Antwort?\nGut: https://h.example/q/T/rate?v=good&r=099a8057\nNicht gut: https://h.example/q/T/rate?v=bad&r=099a8057\n\n" +
		"So steht es um Ihre Frage, und das speichern wir über Sie:\nhttps://h.example/q/T\n\nAm 3.2.2026 schrieb Eva:\n> Wo ist es?\n>\n> Eva\n"
	if got.Text != want {
		t.Errorf("text:\n%s", got.Text)
	}
	if at, quote := strings.Index(got.HTML, "q/T/rate"), strings.Index(got.HTML, "Eva:"); at < 0 || at > quote {
		t.Errorf("html:\n%s", got.HTML)
	}
	if got.Page != nil || r.Page == nil {
		t.Error("the link goes to the channel, or is lost")
	}
}

func TestFooterWhereThereIsRoom(t *testing.T) {
	r := contact.Reply{Channel: contact.Mastodon, Text: strings.Repeat("a", 400), Page: &contact.PageLink{URL: "https://h.example/q/" + strings.Repeat("T", 43)}}
	for _, one := range []struct {
		name  string
		limit contact.Limits
		has   bool
	}{
		{"no limit", contact.Limits{}, true},
		{"fits into the post", contact.Limits{PartRunes: 500}, true},
		{"would take another post", contact.Limits{PartRunes: 420}, false},
		{"is longer than the channel carries", contact.Limits{TextRunes: 420}, false},
	} {
		if got := portal.Under(r, one.limit); strings.Contains(got.Text, "/q/") != one.has {
			t.Errorf("%s: %q", one.name, got.Text)
		}
	}
}
