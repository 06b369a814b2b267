package email

import (
	"bytes"
	"regexp"
	"strings"

	"stagecoach/contact"
)

var (
	attributionVerb = regexp.MustCompile(`(?i)\s*,?\s*(\b(wrote|writes|schrieb|schreef|escribió|ha scritto|heeft|hat|napisał(a|\(a\))?|pisze)\b|a écrit).*$`)
	attributionDate = regexp.MustCompile(`(?i)^(?:(?:on|at|am|le|el|il|op|dnia|w dniu)\s)?(.*?\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\s?(?:am|pm|uhr|[a-z]{3,4}|[+-]\d{4}|utc[+-]?\d*))*)[,\s]+(?:(?:schrieb|schreef|heeft|hat|użytkownik)\s)?`)
	mailtoForm      = regexp.MustCompile(`(?i)mailto:`)
)

// forward tells who wrote the mail that is forwarded, nil if none is or its
// author can't be told.
func (r *reading) forward() *contact.Forwarded {
	if r.forwardAt < 0 {
		return nil
	}
	f := contact.Forwarded{From: authorAddress(r.forwarded.from), Date: oneLine(r.forwarded.date), Subject: oneLine(r.forwarded.subject)}
	if f.From == (contact.Address{}) {
		return nil
	}
	return &f
}

// authorAddress reads a person as programs copy them into a text: Jo Smith
// <jo@x.test>, "Smith, Jo" [mailto:jo@x.test], jo@x.test (Jo Smith).
func authorAddress(s string) contact.Address {
	s = mailtoForm.ReplaceAllString(strings.TrimSpace(s), "")
	at := addressForm.FindStringIndex(s)
	if at == nil {
		return contact.Address{Name: authorName(s)}
	}
	found := contact.Address{Address: cleanAddress(strings.Trim(s[at[0]:at[1]], "*<>[]()\"'.,;:")), Name: authorName(s[:at[0]])}
	if found.Name == "" {
		rest := strings.TrimLeft(s[at[1]:], " \t>]")
		if strings.HasPrefix(rest, "(") {
			name, _, _ := strings.Cut(rest[1:], ")")
			found.Name = authorName(name)
		}
	}
	if strings.EqualFold(found.Name, found.Address) {
		found.Name = ""
	}
	return found
}

func authorName(s string) string {
	name := oneLine(strings.Trim(s, " \t\"'*<>[](),;:„“”«»‘’\u00a0"))
	if addressForm.MatchString(name) {
		return ""
	}
	const longest = 200
	if len(name) > longest {
		return ""
	}
	return name
}

// authorOf reads who wrote and when from an attribution.
func authorOf(words string) (from, date string) {
	if !addressForm.MatchString(words) {
		return "", ""
	}
	from = attributionVerb.ReplaceAllString(words, "")
	if !addressForm.MatchString(from) { // the author stands behind the verb
		from = words
	}
	if found := attributionDate.FindStringSubmatchIndex(from); found != nil {
		date, from = from[found[2]:found[3]], from[found[1]:]
	}
	return from, strings.TrimRight(date, ", ")
}

// forwardedPart reads who wrote a mail that was forwarded as a file, where there
// is exactly one and it is no part of a report.
func (u *understood) forwardedPart(root *part) {
	if u.Forwarded != nil || u.Bounce != nil || u.Auto != contact.AutoNone || root.kind == "multipart/report" {
		return
	}
	mails := enclosedMails(root, nil)
	if len(mails) != 1 {
		return
	}
	header, _ := splitHeader(bytes.TrimLeft(transferDecoded(mails[0]), "\r\n"))
	f := parseFields(header)
	from := lists(f, "From")
	if len(from) == 0 || from[0].Address == "" {
		return
	}
	u.Forwarded = &contact.Forwarded{From: from[0], Date: oneLine(f.get("Date")), Subject: oneLine(decodeWords(f.get("Subject")))}
}

// enclosedMails gathers the mails in a tree that came as files, two at most.
func enclosedMails(p *part, found []*part) []*part {
	if p.kind == "message/rfc822" || p.kind == "message/global" || p.parent != nil && strings.HasSuffix(strings.ToLower(p.name), ".eml") {
		return append(found, p)
	}
	for _, child := range p.children {
		if found = enclosedMails(child, found); len(found) > 1 {
			break
		}
	}
	return found
}
