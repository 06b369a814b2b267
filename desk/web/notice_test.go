package web

import (
	"slices"
	"strings"
	"testing"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// What was odd about a mail is sorted by what an agent has to know: the worst
// on top, and technique aside.
func TestNotices(t *testing.T) {
	it := view.Item{Kind: view.ItemMessage, Address: "kim@cust.test", Text: "Hello", Warnings: []string{
		"the charset \"x-odd\" doesn't fit or is unknown: read as UTF-8 or windows-1252",
		"the mail has no Message-ID: one is derived from its content",
		"a filter before us takes this for spam (X-Spam: Yes)",
		"the sender is probably forged: the mail names a@b.test, but DMARC fails",
		"something that nobody thought of",
	}}
	known, remarks := notices(it)
	want := []notice{
		{"bad", "The sender is probably forged: the mail names a@b.test, but DMARC fails."},
		{"warn", "A spam filter marked this mail before it came here."},
		{"warn", "Something that nobody thought of."},
	}
	if !slices.Equal(known, want) {
		t.Errorf("known %+v", known)
	}
	if len(remarks) != 3 || !strings.HasPrefix(remarks[0], "The charset ") || !strings.Contains(remarks[2], "X-Spam") {
		t.Errorf("remarks %q", remarks)
	}
}

func TestNoticesOnce(t *testing.T) {
	for _, c := range []struct {
		it   view.Item
		want string
	}{
		{view.Item{Warnings: []string{"the mail has no From"}}, "warn: " + noAddress},
		{view.Item{Address: "kim@cust.test", Warnings: []string{"the sender has no address"}}, ""},
		{view.Item{Text: "[The mail is encrypted with PGP: only who has the key can read it.]", Warnings: []string{"The mail is encrypted with PGP: only who has the key can read it."}}, ""},
		{view.Item{Auto: contact.AutoCalendar, Warnings: []string{"an answer to an invitation, written by a calendar"}}, ""},
		{view.Item{Warnings: []string{"The signature (S/MIME) of kim@cust.test does NOT fit: the mail was changed."}}, "bad: The signature (S/MIME) of kim@cust.test does NOT fit: the mail was changed."},
		{view.Item{Warnings: []string{" "}}, ""},
		{view.Item{Text: "Hi [the sender is probably forged: DMARC fails]", Warnings: []string{"the sender is probably forged: DMARC fails"}}, "bad: The sender is probably forged: DMARC fails."},
		{view.Item{Warnings: []string{"the sender's name shows the charset of boss@acme.test, but the mail came from x@y.test"}}, "warn: The sender's name shows the charset of boss@acme.test, but the mail came from x@y.test."},
		{view.Item{Warnings: []string{"The signed part of the mail names another sender: is signed with <x@y.test>."}}, "warn: The signed part of the mail names another sender: is signed with <x@y.test>."},
	} {
		c.it.Kind = view.ItemMessage
		known, _ := notices(c.it)
		got := ""
		for _, n := range known {
			got += n.Tone + ": " + n.Text
		}
		if got != c.want {
			t.Errorf("%q gives %q, want %q", c.it.Warnings, got, c.want)
		}
	}
}

func TestLongTextIsFolded(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		folded bool
	}{
		"short":        {"Hello\n\nBye", false},
		"empty":        {"", false},
		"many lines":   {strings.Repeat("part\n", 20_000), true},
		"one line":     {strings.Repeat("Grüße ", 20_000), true},
		"one word":     {strings.Repeat("ü", 40_000), true},
		"not too long": {strings.Repeat("line\n", longLines), false},
	} {
		first, rest := long(c.text)
		if (rest != "") != c.folded || c.folded && strings.ReplaceAll(first+rest, "\n", "") != strings.ReplaceAll(c.text, "\n", "") {
			t.Errorf("%s: %d bytes are shown, %d folded", name, len(first), len(rest))
		}
		if c.folded && (len(first) > 2*longRunes || first == "" || restName(rest) == "") {
			t.Errorf("%s: %d bytes are shown first", name, len(first))
		}
	}
}

func TestTurnsTo(t *testing.T) {
	c := view.Conversation{Card: view.Card{Subject: "Broken lamp"}, Items: []view.Item{
		{ID: "1", Subject: "Broken lamp"}, {ID: "2", Subject: "AW: Re[2]: broken lamp"}, {ID: "3", Subject: "Another thing"}, {ID: "4", Subject: "Re: Another thing"}, {ID: "5"}, {ID: "6", Subject: "Broken lamp"},
	}}
	want := []string{"", "", "Another thing", "", "", "Broken lamp"}
	for i, it := range c.Items {
		if got := turnsTo(c, it); got != want[i] {
			t.Errorf("%s turns to %q, want %q", it.ID, got, want[i])
		}
	}
}

func TestThumbsAndRisks(t *testing.T) {
	as := []view.Attachment{
		{Name: "lamp.jpg", ContentType: "image/jpeg", Size: 900_000},
		{Name: "logo.png", ContentType: "image/png", Size: 900, Inline: true},
		{Name: "drawing.svg", ContentType: "image/svg+xml", Size: 900},
		{Name: "huge.png", ContentType: "image/png", Size: 90 << 20},
		{Name: "bill.pdf", ContentType: "application/pdf", Size: 900},
	}
	if got := thumbs(as); len(got) != 1 || got[0].Name != "lamp.jpg" {
		t.Errorf("small pictures of %+v", got)
	}
	for name, want := range map[string]bool{"bill.pdf": false, "Invoice.PDF.exe": true, "x.js ": true, "page.html": true, "drawing.svg": true, "": false, "photo.jpg": false} {
		if got := runs(view.Attachment{Name: name}); got != want {
			t.Errorf("%q can do harm: %v", name, got)
		}
	}
}
