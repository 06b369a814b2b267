package desk

import (
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
)

func TestQuotesInTheCustomersLanguage(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	m := &contact.Message{
		From: contact.Address{Name: "Alice", Address: "alice@cust.test"}, ReceivedAt: time.Date(2026, 11, 22, 13, 30, 0, 0, time.UTC),
		Text: "Wo ist <mein> Paket?\n> ältere Worte\n\nSiehe https://shop.test/a?b=1&c=2.",
	}
	for language, want := range map[string]string{
		"de": "Am 22.11.2026 um 14:30 schrieb Alice:", "en": "On 22 November 2026 at 14:30, Alice wrote:",
		"fr": "Le 22/11/2026 à 14:30, Alice a écrit :", "es": "El 22/11/2026 a las 14:30, Alice escribió:",
		"it": "Il 22/11/2026 alle 14:30, Alice ha scritto:", "nl": "Op 22-11-2026 om 14:30 schreef Alice:",
		"pl": "W dniu 22.11.2026 o 14:30, Alice pisze:", "zh": "On 22 November 2026 at 14:30, Alice wrote:",
	} {
		got := quoted(m, language, zone)
		if !strings.HasPrefix(got, want+"\n> Wo ist <mein> Paket?\n>> ältere Worte\n>\n> Siehe") {
			t.Errorf("%s: %q", language, got)
		}
		if rest := unquoted("Hallo,\nes kommt.\n\n" + got); rest != "Hallo,\nes kommt." {
			t.Errorf("%s: without the quote it is %q", language, rest)
		}
	}
	m.Text = "Guten Tag, wo bleibt denn mein Paket? Ich warte schon so lange auf die Lieferung und niemand antwortet."
	if got := quoted(m, "", zone); !strings.HasPrefix(got, "Am ") {
		t.Errorf("found by the words: %q", got)
	}
}

func TestHTMLBesideTheText(t *testing.T) {
	m := &contact.Message{
		From: contact.Address{Name: "<b>Alice</b>"}, Text: "Hi", HTML: `<p>Hi <img src="cid:x" alt="a"><b>there</b></p>`,
	}
	got := withHTML("Dear Alice,\n<script>alert(1)</script>\n\nsee https://shop.test/a?b=1&c=2.\n", m, true, "en", time.UTC)
	for _, want := range []string{
		"<p>Dear Alice,<br>\n&lt;script&gt;alert(1)&lt;/script&gt;</p>", `<a href="https://shop.test/a?b=1&amp;c=2">https://shop.test/a?b=1&amp;c=2</a>.</p>`,
		"&lt;b&gt;Alice&lt;/b&gt; wrote:</p>", "<p>Hi <b>there</b></p></blockquote>",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	m.HTML = strings.Repeat("<p>x</p>", maxQuotedHTML)
	if got := withHTML("a", m, true, "en", time.UTC); len(got) > 1000 || !strings.Contains(got, "<p>Hi</p>\n</blockquote>") {
		t.Errorf("too much HTML is quoted as %d bytes", len(got))
	}
	if got := withHTML("a", m, false, "en", time.UTC); got != "<p>a</p>\n" {
		t.Errorf("without a quote: %q", got)
	}
}
