package web

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// Texts longer than this, in lines or characters, are folded after the first
// ones: nobody scrolls through 20,000 lines to the next message.
const (
	longLines, firstLines = 160, 80
	longRunes, firstRunes = 16_000, 8_000
)

// long cuts a text that is too long to be read on the way.
func long(s string) (first, rest string) {
	if lines := strings.Count(s, "\n"); lines <= longLines && len(s) <= longRunes {
		return s, ""
	}
	at := 0
	for range firstLines {
		n := strings.IndexByte(s[at:], '\n')
		if n < 0 {
			at = len(s)
			break
		}
		at += n + 1
	}
	if utf8.RuneCountInString(s[:at]) > firstRunes {
		at = len(string([]rune(s[:at])[:firstRunes]))
		if n := strings.LastIndexAny(s[:at], " \n"); n > at/2 {
			at = n + 1
		}
	}
	return strings.TrimRight(s[:at], "\n"), s[at:]
}

// restName says how much more there is.
func restName(rest string) string {
	if n := strings.Count(strings.TrimRight(rest, "\n"), "\n") + 1; n > 10 {
		return "The other " + itoa(n) + " lines"
	}
	return "The rest, " + size(int64(len(rest)))
}

// answerMark is what programs put before the subject of an answer.
var answerMark = regexp.MustCompile(`^(?:\p{L}{1,6}(?:\[\d+\])?\s*[:：]\s*)+`)

// turnsTo is the subject of a message where it isn't the one of the message
// before, or of the conversation.
func turnsTo(c view.Conversation, it view.Item) string {
	before := c.Card.Subject
	at := slices.IndexFunc(c.Items, func(o view.Item) bool { return o.ID == it.ID })
	for _, o := range slices.Backward(c.Items[:max(at, 0)]) {
		if o.Subject != "" {
			before = o.Subject
			break
		}
	}
	bare := func(s string) string { return strings.TrimSpace(answerMark.ReplaceAllString(strings.TrimSpace(s), "")) }
	if strings.EqualFold(bare(it.Subject), bare(before)) {
		return ""
	}
	return it.Subject
}

// peopleLine says on one line to whom else a message went.
func peopleLine(it view.Item) string {
	switch {
	case len(it.CC) > 0:
		return "CC " + someOf(it.CC, 2)
	default:
		return "To " + someOf(it.To, 2)
	}
}

func someOf(as []contact.Address, n int) string {
	out := []string{}
	for _, a := range as[:min(n, len(as))] {
		out = append(out, brief(firstOf(a.Name, a.Address), 40))
	}
	s := strings.Join(out, ", ")
	if len(as) > n {
		s += " and " + itoa(len(as)-n) + " more"
	}
	return s
}

// shownAddress is the address of an author where it tells people something: not
// where it is the name already, or the number of an anonymous visitor.
func shownAddress(it view.Item) string {
	if it.Address == it.Author || strings.HasPrefix(it.Address, "visitor:") {
		return ""
	}
	return it.Address
}

// maxThumbs is how many pictures of a message are shown small.
const maxThumbs = 12

// thumbs are the pictures among files that are shown small. Those that the
// layout shows in their place, such as a signature's logo, aren't.
func thumbs(as []view.Attachment) []view.Attachment {
	out := []view.Attachment{}
	for _, a := range as {
		if picture(a) && len(out) < maxThumbs {
			out = append(out, a)
		}
	}
	return out
}

func picture(a view.Attachment) bool {
	switch a.ContentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return !a.Inline && a.Size > 0 && a.Size <= 12<<20
	default:
		return false
	}
}

// runs reports whether a file can do harm when it is opened.
func runs(a view.Attachment) bool {
	switch strings.ToLower(path.Ext(strings.TrimRight(a.Name, ". "))) {
	case ".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta", ".lnk", ".msi",
		".jar", ".iso", ".img", ".vhd", ".chm", ".cpl", ".reg", ".url", ".apk", ".dmg", ".pkg", ".sh", ".html", ".htm", ".xhtml", ".shtml",
		".mht", ".svg", ".docm", ".xlsm", ".pptm", ".xll", ".one":
		return true
	default:
		return false
	}
}

// fileHint is what is known of a file, for who points at it.
func fileHint(a view.Attachment) string {
	s := firstOf(a.Name, "attachment") + ", " + firstOf(a.ContentType, "unknown type") + ", " + size(a.Size)
	if runs(a) {
		s += ". It can do harm when it is opened: open it only if you expected it."
	}
	return s
}
