package emailfake

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var section = regexp.MustCompile(`(?i)BODY(?:\.PEEK)?\[([^\]]*)\]`)

// fetch answers with what was asked for of each mail, spoilt as told.
func (s *rogueSession) fetch(args []string) bool {
	s.r.mu.Lock()
	lies := s.r.lies
	var mails []rogueMail
	for _, m := range s.pick(args[0]) {
		mails = append(mails, *m)
	}
	all := slices.Clone(s.r.folders[s.folder].mails)
	s.r.mu.Unlock()
	if lies.Shuffled {
		slices.Reverse(mails)
		mails = append(mails, mails...)
	}
	what := strings.Join(args[1:], " ")
	for _, m := range mails {
		number := slices.IndexFunc(all, func(o *rogueMail) bool { return o.uid == m.uid }) + 1
		lie := lies.Fetch[m.uid]
		if lie == RefuseIt {
			s.done("NO the message could not be converted")
			return true
		}
		if lie != NotHere && !s.fetchOne(number, &m, what, lie) {
			return false
		}
	}
	s.done("OK")
	return true
}

func (s *rogueSession) fetchOne(number int, m *rogueMail, what string, lie FetchLie) bool {
	out := fmt.Sprintf("* %d FETCH (UID %d", number, m.uid)
	upper := strings.ToUpper(what)
	if strings.Contains(upper, "INTERNALDATE") {
		date := m.at.Format("_2-Jan-2006 15:04:05 -0700")
		if lie == BadDate {
			date = "33-Foo-0000 99:99:99"
		}
		out += fmt.Sprintf(` INTERNALDATE "%s"`, date)
	}
	if strings.Contains(upper, "FLAGS") {
		out += " FLAGS (" + strings.Join(m.flags, " ") + ")"
	}
	asked := section.FindStringSubmatch(what)
	if asked == nil {
		s.send("%s)", out)
		return true
	}
	body := string(m.raw)
	if strings.HasPrefix(strings.ToUpper(asked[1]), "HEADER") {
		body = headerOf(m.raw) + "\r\n\r\n"
		lie = map[FetchLie]FetchLie{HangInside: HangInside}[lie] // the header is well
	}
	out += fmt.Sprintf(" BODY[%s] ", asked[1])
	switch lie {
	case CutInside:
		_, _ = fmt.Fprintf(s.conn, "%s{%d}\r\n%s", out, len(body), body[:len(body)/2])
		return false
	case HangInside:
		_, _ = fmt.Fprintf(s.conn, "%s{%d}\r\n%s", out, len(body), body[:len(body)/2])
		_, _ = s.in.ReadByte() // until the other side gives up
		return false
	case FourGiB:
		_, _ = fmt.Fprintf(s.conn, "%s{%d}\r\n%s", out, int64(4)<<30, body)
		_, _ = s.in.ReadByte()
		return false
	case TooShort:
		s.send("%s{%d}\r\n%s)", out, len(body)/2, body)
	case NilBody:
		s.send("%sNIL)", out)
	case BadDate, NotHere, RefuseIt:
		s.send("%s{%d}\r\n%s)", out, len(body), body)
	default:
		s.send("%s{%d}\r\n%s)", out, len(body), body)
	}
	return true
}
