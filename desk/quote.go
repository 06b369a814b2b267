package desk

import (
	"cmp"
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

// quoteLanguage is the language in which a customer is told whose words follow:
// the contact's, else that of the message.
func quoteLanguage(known string, m *contact.Message) string {
	return cmp.Or(known, m.Language, policies.DetectLanguage(cmp.Or(m.ReplyText, m.Text)), "en")
}

// attribution is the line before quoted words, in the language's usual form.
func attribution(m *contact.Message, language string, zone *time.Location) string {
	at, who := m.ReceivedAt.In(zone), called(m.From)
	clock := at.Format("15:04")
	switch language {
	case "de":
		return fmt.Sprintf("Am %s um %s schrieb %s:", at.Format("02.01.2006"), clock, who)
	case "fr":
		return fmt.Sprintf("Le %s à %s, %s a écrit :", at.Format("02/01/2006"), clock, who)
	case "es":
		return fmt.Sprintf("El %s a las %s, %s escribió:", at.Format("02/01/2006"), clock, who)
	case "it":
		return fmt.Sprintf("Il %s alle %s, %s ha scritto:", at.Format("02/01/2006"), clock, who)
	case "nl":
		return fmt.Sprintf("Op %s om %s schreef %s:", at.Format("02-01-2006"), clock, who)
	case "pl":
		return fmt.Sprintf("W dniu %s o %s, %s pisze:", at.Format("02.01.2006"), clock, who)
	}
	return fmt.Sprintf("On %s at %s, %s wrote:", at.Format("2 January 2006"), clock, who)
}

// quoted gives a message as quoted text under a line that says whose it is.
func quoted(m *contact.Message, language string, zone *time.Location) string {
	text := strings.TrimRight(cmp.Or(m.ReplyText, m.Text), " \r\n")
	if text == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(attribution(m, quoteLanguage(language, m), zone) + "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if strings.HasPrefix(line, ">") { // a quote of theirs: one mark more
			b.WriteString(">" + line + "\n")
			continue
		}
		b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	return b.String()
}

// maxQuotedHTML is the size in bytes above which HTML is quoted as text.
const maxQuotedHTML = 128 << 10

var (
	quotedImage = regexp.MustCompile(`(?i)<img\b[^>]*>`)
	plainLink   = regexp.MustCompile(`https?://[^\s<>"']+[^\s<>"'.,;:!?)]`)
)

// withHTML gives the HTML beside a reply's text: for a customer who writes HTML
// themselves. Their words are quoted as they wrote them, without pictures, which
// would be missing or fetched from elsewhere.
func withHTML(text string, m *contact.Message, quote bool, language string, zone *time.Location) string {
	out := htmlOf(text)
	if !quote || cmp.Or(m.ReplyText, m.Text) == "" {
		return out
	}
	words := quotedImage.ReplaceAllString(m.HTML, "")
	if len(words) > maxQuotedHTML {
		words = htmlOf(cmp.Or(m.ReplyText, m.Text))
	}
	return out + "<p>" + html.EscapeString(attribution(m, quoteLanguage(language, m), zone)) + "</p>\n" +
		`<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">` + words + "</blockquote>\n"
}

// htmlOf writes plain text as HTML: paragraphs, lines and links.
func htmlOf(text string) string {
	var b strings.Builder
	text = strings.Trim(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for part := range strings.SplitSeq(text, "\n\n") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		b.WriteString("<p>")
		for i, line := range strings.Split(strings.Trim(part, "\n"), "\n") {
			if i > 0 {
				b.WriteString("<br>\n")
			}
			b.WriteString(linked(line))
		}
		b.WriteString("</p>\n")
	}
	return b.String()
}

func linked(line string) string {
	var b strings.Builder
	from := 0
	for _, at := range plainLink.FindAllStringIndex(line, -1) {
		url := html.EscapeString(line[at[0]:at[1]])
		b.WriteString(html.EscapeString(line[from:at[0]]) + `<a href="` + url + `">` + url + "</a>")
		from = at[1]
	}
	return strings.ReplaceAll(b.String()+html.EscapeString(line[from:]), "  ", "&nbsp; ")
}
