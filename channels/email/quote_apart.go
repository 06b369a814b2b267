package email

import (
	"regexp"
	"slices"
	"strings"
)

// insideForm finds where within a line an attribution may begin: behind other
// words, with a day.
var insideForm = regexp.MustCompile(`\s(On|At|Am|Le|El|Il|Op|W dniu|Dnia|Em|Den)\s(\pL{2,12}[.,]{0,2}\s){0,4}\d{1,4}`)

// apart sets an attribution on a line of its own where a program has put it on
// the last line of what the person wrote: "Yes, please. On Tue, 3 Nov 2026 at
// 10:00 Jo <jo@x.test> wrote:".
func (r *reading) apart() {
	if !r.answer {
		return
	}
	for i, line := range r.lines {
		if len(line) < 40 || len(line) > 1200 || r.kinds[i] != lineOwn {
			continue
		}
		n := 1
		if !endsAttribution(line) {
			if n++; i+1 >= len(r.lines) || len(line) < 60 || !r.quotedBelow(i+2) || !endsAttribution(r.lines[i+1]) {
				continue
			}
		}
		if r.tried++; r.tried > mostTried {
			return
		}
		if at := r.attributedWithin(i, n); at > 0 {
			r.splitLine(i, at)
			return
		}
	}
}

// attributedWithin gives where in line i an attribution begins that ends with
// line i+n-1, 0 if none does.
func (r *reading) attributedWithin(i, n int) int {
	words := r.joined(i, n)
	if !hasVerb(words) || !digitForm.MatchString(words) || attributionStart.MatchString(words) && anchoredForm.MatchString(words) && !strings.ContainsAny(words, "!?") && !strings.Contains(words, ". ") {
		return 0
	}
	starts := insideForm.FindAllStringIndex(r.lines[i], -1)
	for _, start := range slices.Backward(starts) {
		rest := r.lines[i][start[0]:]
		if n > 1 {
			rest += " " + strings.Join(r.lines[i+1:i+n], " ")
		}
		rest = strings.TrimRight(strings.Trim(rest, quoteTrim), quoteTrim+":：")
		if len(rest) > 300 || !anchoredForm.MatchString(rest) || !timeForm.MatchString(rest) || !yearForm.MatchString(rest) ||
			firstForm.MatchString(rest) || personForm.MatchString(rest) {
			continue
		}
		if r.quotedBelow(i + n) { // else somebody tells what was written, and goes on
			return start[0]
		}
	}
	return 0
}

// splitLine makes two lines of line i.
func (r *reading) splitLine(i, at int) {
	line := r.lines[i]
	r.lines[i] = strings.TrimRight(line[:at], " \t\u00a0")
	r.lines = slices.Insert(r.lines, i+1, strings.TrimLeft(line[at:], " \t\u00a0"))
	r.kinds = slices.Insert(r.kinds, i+1, r.kinds[i])
	if len(r.hues) > 0 {
		r.hues = slices.Insert(r.hues, i+1, r.hues[i])
	}
	exact := map[int]bool{}
	for at, is := range r.exact {
		if at > i {
			at++
		}
		exact[at] = is
	}
	r.exact = exact
}
