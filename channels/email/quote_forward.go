package email

import (
	"strings"
)

// isForward finds the line that programs put above a forwarded mail. Within a
// quote it counts only where the mail begins with it.
func (r *reading) isForward(i int) bool {
	line := strings.TrimLeft(r.lines[i], "> \t*\u00a0")
	if line == "" || len(line) > 300 || !beginsForward(r.lines[i], line) {
		return false
	}
	return r.kinds[i] == lineOwn || r.prefix == subjectForward || r.prefix == subjectPlain && !r.ownWords(i)
}

// beginsForward reports whether a line, trimmed too, stands above a forwarded
// mail.
func beginsForward(line, trimmed string) bool {
	if strings.IndexByte("-_=", trimmed[0]) >= 0 || strings.IndexByte("Ff", trimmed[0]) >= 0 && strings.Contains(trimmed, ":") {
		return forwardForm.MatchString(line)
	}
	return beginForward.match(trimmed)
}

// forwards reports whether a break begins a forwarded mail rather than what is
// answered: the subject says so, or somebody who answers nothing has copied a
// mail with its header.
func (r *reading) forwards(i int, b quoteBreak) bool {
	if b.head.lines == 0 && b.head.from == "" {
		return false
	}
	if r.prefix == subjectForward {
		return true
	}
	if r.answer || !b.head.complete() || !b.head.addressed || b.marked {
		return false
	}
	same := r.subject != "" && bareSubject(b.head.subject) == r.subject
	return !same && !r.underRule(i)
}

// headNear finds the copied header below line i, which tells of a forwarded
// mail. Some programs run all of it together behind that line.
func (r *reading) headNear(i int) copiedHead {
	end := min(len(r.lines), i+60)
	near := make([]string, 0, 60)
	for j, line := range r.lines[i:end] {
		line = strings.TrimLeft(line, "> \t")
		if j == 0 {
			run := runTogether.ReplaceAllString(strings.TrimLeft(line, "-_= "), "$1\n$2:")
			_, run, _ = strings.Cut(run, "-----")
			near = append(near, strings.Split(strings.TrimLeft(run, "- "), "\n")...)
			continue
		}
		near = append(near, withColon(line))
	}
	for j := 0; j < len(near) && j < 8; j++ {
		if h := headAt(near, j); h.kinds[headFrom] {
			return h
		}
	}
	return copiedHead{}
}
