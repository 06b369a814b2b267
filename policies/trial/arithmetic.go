package trial

import (
	"sort"
	"time"

	"stagecoach/router/sla"
)

// Span is a part of a promise: a time that counts, without a break.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// mostSpans bounds how many parts of a promise are told.
const mostSpans = 100

// Arithmetic tells how a calendar comes from the start of a promise to when it is
// due: the times in between that count, in order, as many as are told.
func Arithmetic(cal sla.Calendar, start, due time.Time) []Span {
	out := []Span{}
	for at := start; at.Before(due) && len(out) < mostSpans; {
		opens := cal.Add(at, time.Second).Add(-time.Second)
		if opens.Before(at) {
			opens = at
		}
		// Working time passes as fast as the clock up to the end of the span.
		seconds := int(due.Sub(opens) / time.Second)
		length := sort.Search(seconds, func(i int) bool {
			d := time.Duration(i+1) * time.Second
			return cal.Between(opens, opens.Add(d)) < d
		})
		closes := opens.Add(time.Duration(length) * time.Second)
		if length == seconds {
			closes = due
		}
		if !closes.After(opens) {
			break
		}
		out = append(out, Span{From: opens, To: closes})
		at = closes
	}
	return out
}
