package mastodon

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCount(t *testing.T) {
	t.Parallel()
	mastodon, plain := counter{urlChars: 23}, counter{plain: true, urlChars: 23}
	for text, want := range map[string]int{
		"":                                 0,
		"hello":                            5,
		"grüße":                            5,
		"https://a.test":                   23,
		"see https://a.test/b/c/d/e/f/g?h": 27,
		"see (https://acme.test/" + strings.Repeat("x", 100) + ").": 5 + 23 + 2,
		"https://localhost/a":     19, // no link for a server
		"@alice@cust.test hi":     9,
		"@alice hi":               9,
		"mail alice@cust.test":    20,
		"https://acme.test/übung": 23 + 5,
	} {
		if got := mastodon.count(text); got != want {
			t.Errorf("%q counts %d, want %d", text, got, want)
		}
		if got := plain.count(text); got != utf8.RuneCountInString(text) {
			t.Errorf("singly, %q counts %d", text, got)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	c := counter{urlChars: 23}
	family := strings.Repeat("👩‍👩‍👧‍👦", 30)
	link := "https://acme.test/" + strings.Repeat("x", 200)
	for name, text := range map[string]string{
		"sentences":  strings.Repeat("This is a sentence of some words. ", 20),
		"paragraphs": strings.Repeat(strings.Repeat("word ", 10)+"\n\n", 20),
		"one word":   strings.Repeat("x", 500),
		"families":   family,
		"marks":      strings.Repeat("a"+strings.Repeat("\u0301", 300), 3),
		"links":      strings.Repeat(link+" ", 15),
	} {
		parts, err := split(text, 100, c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i, p := range parts {
			if n := c.count(p); n > 100 || n == 0 || !utf8.ValidString(p) {
				t.Errorf("%s: part %d has %d characters: %q", name, i, n, p)
			}
			if name == "families" && strings.HasPrefix(p, "\u200d") || name == "links" && !strings.HasPrefix(p, "https://") {
				t.Errorf("%s: part %d begins in the middle: %q", name, i, p)
			}
			if name == "sentences" && !strings.HasSuffix(p, ".") {
				t.Errorf("%s: part %d ends in the middle: %q", name, i, p)
			}
		}
		if got, want := strings.Join(strings.Fields(strings.Join(parts, " ")), ""), strings.Join(strings.Fields(text), ""); got != want {
			t.Errorf("%s: the parts say something else", name)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("This is one. This is another https://acme.test/a, and @bob@else.test too.", 45)
	f.Add(strings.Repeat("👩‍👩‍👧‍👦", 9), 40)
	f.Add(strings.Repeat("x", 30)+"https://a.test/"+strings.Repeat("y", 90), 40)
	f.Fuzz(func(t *testing.T, text string, room int) {
		if !utf8.ValidString(text) || room < leastRoom || room > 1000 {
			return
		}
		for _, c := range []counter{{urlChars: 23}, {plain: true}} {
			parts, err := split(text, room, c)
			if err != nil {
				continue
			}
			for _, p := range parts {
				if c.count(p) > room || p == "" {
					t.Errorf("a part of %d characters in a room of %d: %q", c.count(p), room, p)
				}
			}
			if got, want := strings.Join(strings.Fields(strings.Join(parts, " ")), ""), strings.Join(strings.Fields(text), ""); got != want {
				t.Errorf("the parts say %q, want %q", got, want)
			}
		}
	})
}

func FuzzHTMLText(f *testing.F) {
	f.Add(`<p>a<br>b <a href="https://x.test/y"><span class="invisible">https://</span>x.test</a></p><ul><li>c</ul>`)
	f.Add(`<blockquote><pre>x</blockquote></pre><ol><li>1<li>2</ol><script>y</script>`)
	f.Fuzz(func(t *testing.T, content string) {
		text := htmlText(content, func(_, name string) string { return name + "@x.test" })
		if !utf8.ValidString(text) || len(text) > 20*len(content)+100 || strings.Contains(text, "\n\n\n") {
			t.Errorf("%q gives %q", content, text)
		}
	})
}

func TestSkeleton(t *testing.T) {
	t.Parallel()
	for sent, shown := range map[string]string{
		"@alice@cust.test Hello, it's “fine”!":          "@alice Hello, it’s \"fine\"!",
		"@alice@cust.test see https://a.test/b?c (1/2)": "@alice see https://a.test/b?c (1/2)",
		"@alice@cust.test 👍":                            "@alice 👍\ufe0f",
		"@a@b.c mail x@y.test now":                      "@a mail x@y.test now",
	} {
		if a, b := skeleton(sent), skeleton(shown); a != b || a == "" {
			t.Errorf("%q is %q, and %q is %q", sent, a, shown, b)
		}
	}
	if skeleton("part (1/2)") == skeleton("part (2/2)") {
		t.Error("the parts of a reply look alike")
	}
}
