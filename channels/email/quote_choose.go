package email

import (
	"regexp"
	"strings"
	"unicode"
)

// finnish finds the lines above a quote in Finnish, where "VS:" is an answer.
var finnish = regexp.MustCompile(`(?im)^[>\s]*(lähettäjä\s?:|.{6,160}\skirjoitti\b)`)

// readBody finds what the person wrote, and what was forwarded, in the plain
// text and the HTML of a mail. The HTML's structure is a fact where it tells
// what is quoted; the plain text only has its marks. It's given as plain text.
func (u *understood) readBody(plain, htm string) {
	u.ReplyText = strings.TrimSpace(u.Text)
	given := strings.TrimSpace(plain) != ""
	var best *reading
	if given {
		best = u.prepare(readText(plain))
		u.ReplyText, _ = best.own(plain)
	}
	if htm != "" {
		laid := u.prepare(readHTML(htm))
		own, cut := laid.own(u.Text)
		switch {
		case !given:
			u.ReplyText, best = own, laid
		case laid.forwardAt >= 0 || best.forwardAt >= 0:
			if best.forwardAt < 0 && laid.forwarded.from != "" {
				best = laid
			}
		case laid.structured && laid.mixed || laid.coloured:
			u.ReplyText = strings.TrimSpace(u.Text) // answers between what is quoted
		case cut && laid.structured && !sameWords(own, u.ReplyText) && within(own, plain):
			u.ReplyText = own
		}
	}
	if best != nil {
		u.Forwarded = best.forward()
	}
}

func (u *understood) prepare(r *reading) *reading {
	r.prefix = kindOfSubject(u.Subject)
	if len(u.Subject) > 3 && strings.EqualFold(u.Subject[:3], "vs:") && finnish.MatchString(strings.Join(r.lines, "\n")) {
		r.prefix = subjectAnswer // what forwards in Norwegian
	}
	r.subject = bareSubject(u.Subject)
	r.answer = r.prefix == subjectAnswer || u.Subject == "" ||
		r.prefix != subjectForward && (u.InReplyTo != "" || len(u.References) > 0)
	r.writer = strings.ToLower(u.From.Name)
	r.apart()
	return r
}

// sameWords compares texts by their letters and digits: programs break lines
// and mark up differently in the two.
func sameWords(a, b string) bool { return bones(a) == bones(b) }

// within reports whether most of what the HTML says is the person's stands in
// the plain text too: the two shall be the same mail.
func within(own, plain string) bool {
	all := bones(plain)
	words := strings.Fields(own)
	found := 0
	for _, word := range words {
		if strings.Contains(all, bones(word)) {
			found++
		}
	}
	return found*10 >= len(words)*8
}

func bones(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, s)
}
