package mastodon

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// urlForm is what every server takes for a link: where it isn't sure, characters
// are counted singly, which is never too few.
var urlForm = regexp.MustCompile(`https?://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(:[0-9]+)?(/[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*)?`)

// mentionForm is that of a mention: the name, and the domain, which isn't counted.
var mentionForm = regexp.MustCompile(`(^|[^\w=/@])@(\w+(?:[\w.-]+\w+)?)(@[\w.-]+\w+)?`)

// counter counts as the server does.
type counter struct {
	// plain counts every character singly, as GoToSocial and Pleroma do.
	plain    bool
	urlChars int
}

func (s *server) counter() counter {
	return counter{plain: s.software != "mastodon", urlChars: s.urlChars}
}

// count gives how many characters text takes of a post. Mastodon counts a link as
// 23, and of a mention the name alone
// (https://docs.joinmastodon.org/user/posting/#text); it counts graphemes, of which
// there are never more than code points.
func (c counter) count(text string) int {
	if c.plain {
		return utf8.RuneCountInString(text)
	}
	n, from := 0, 0
	words := func(s string) { n += utf8.RuneCountInString(mentionForm.ReplaceAllString(s, "${1}@${2}")) }
	for _, at := range urlForm.FindAllStringIndex(text, -1) {
		words(text[from:at[0]])
		link := text[at[0]:at[1]]
		// A mark at the end is the sentence's, not the link's.
		n += c.urlChars + len(link) - len(strings.TrimRight(link, `.,;:!?'"()`))
		from = at[1]
	}
	words(text[from:])
	return n
}
