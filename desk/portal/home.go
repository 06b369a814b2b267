package portal

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"stagecoach/contact"
	"stagecoach/policies"
)

// home is what the link opens: how the question stands, and on a device that was let
// in everything else.
type home struct {
	v *visit
	// story is nil on a device that wasn't let in.
	story *Story
	// ways are where a code can go, way is the one that was chosen; done says what was
	// done.
	ways []Way
	way  *Way
	done string
	bad  bool
	// sent is true once a code is on its way, or one was tried.
	sent bool
	// form makes what is written one message however often it is sent.
	form string
}

func (s *Server) home(w http.ResponseWriter, r *http.Request, v *visit) {
	h := &home{v: v, form: uuid.NewString()}
	var err error
	if v.in() {
		if h.story, err = s.source.Story(r.Context(), v.who()); err != nil {
			s.fail(w, r, v, err)
			return
		}
	}
	if h.ways, err = s.source.Ways(r.Context(), v.who()); err != nil && !errors.Is(err, ErrNoWay) {
		s.fail(w, r, v, err)
		return
	}
	q := r.URL.Query()
	h.way = wayOf(h.ways, q.Get("to"))
	done := q.Get("done")
	h.sent = done == "sent" || done == "wrong"
	reach := ""
	if h.way != nil {
		reach = h.way.Shown
	}
	h.done, h.bad = v.doneWords(done, reach)
	s.show(r.Context(), w, http.StatusOK, homePage(h))
}

// doneWords says what was done, or what was wrong.
func (v *visit) doneWords(done, reach string) (words string, bad bool) {
	w := v.w
	switch done {
	case "sent":
		return fmt.Sprintf(w.codeSent, cmp.Or(reach, "…")), false
	case "wrong":
		return w.codeWrong, true
	case "over":
		return w.codeOver, true
	case "many":
		return w.codeMany, true
	case "noway":
		return w.codeNoWay, true
	case "unsent":
		return w.codeFailed, true
	case "trouble":
		return w.trouble, true
	case "written":
		return w.writeSent, false
	case "empty":
		return w.writeEmpty, true
	case "long":
		return fmt.Sprintf(w.tooLong, maxWritten), true
	case "saved":
		return w.saved, false
	case "person":
		return w.noErase, true
	case "nowrite":
		return w.noWrite, true
	}
	return "", false
}

// when writes a time for the customer, on their clock.
func (v *visit) when(at time.Time) string {
	zone := v.standing.Zone
	if zone == nil {
		zone = time.UTC
	}
	return policies.WriteTime(at.In(zone), v.lang)
}

// stands says how the question stands.
func (v *visit) stands() string {
	w, st := v.w, v.standing
	switch st.State {
	case StateWaiting:
		return w.waiting
	case StateHeld:
		if st.Name == "" {
			return w.waiting
		}
		return fmt.Sprintf(w.waitingWith, st.Name)
	case StateSending:
		return w.beingAnswered
	case StateAnswered:
		return w.answered
	case StateWithYou:
		return w.withYou
	case StateEnded:
		return w.ended
	case StateNothing:
	}
	return w.over
}

// promise says by when an answer comes, "" where none is owed.
func (v *visit) promise() string {
	st := v.standing
	switch {
	case st.Due.IsZero():
		return ""
	case st.Late:
		return fmt.Sprintf(v.w.promisedLate, v.when(st.Due))
	}
	return fmt.Sprintf(v.w.promised, v.when(st.Due))
}

// day writes the day of something that may be long ago.
func (v *visit) day(at time.Time) string {
	zone := v.standing.Zone
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format(v.w.day)
}

// thisYear is how long a time needs no year.
const thisYear = 300 * 24 * time.Hour

// stamp writes when something was written, with the year where it is long ago.
func (v *visit) stamp(at time.Time) string {
	if v.now.Sub(at) < thisYear {
		return v.when(at)
	}
	return v.day(at)
}

// value writes what is known of a customer: days as people write them.
func (v *visit) value(f Field) string {
	if f.Name == "customer_since" {
		if day, err := time.Parse(time.DateOnly, f.Value); err == nil {
			return day.Format(v.w.day)
		}
	}
	return f.Value
}

// path gives an address of this visit's page.
func (v *visit) path(more string) string { return Path + v.token + more }

func (w *words) channel(ch contact.Channel) string {
	return cmp.Or(w.channelNames[string(ch)], string(ch))
}

func (w *words) source(code string) string { return cmp.Or(w.sources[code], code) }

func (w *words) field(code string) string { return cmp.Or(w.fields[code], code) }

func (w *words) keep(days int) string {
	switch {
	case days < 0:
		return w.keptGood
	case days == 0:
		return w.keptEver
	}
	return fmt.Sprintf(w.days, days)
}

// size writes a file's size for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// byPurpose gives consents in groups, each of one purpose.
func byPurpose(all []Consent) [][]Consent {
	var out [][]Consent
	for i, c := range all {
		if i == 0 || all[i-1].Purpose != c.Purpose {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out
}

func (w *words) proof(code string) string { return cmp.Or(w.proofs[code], code) }

func (w *words) purpose(code string) string { return cmp.Or(w.purposes[code], code) }

// said tells where a yes or a no is from, and since when.
func (v *visit) said(c Consent) string {
	if c.Source == "" {
		if c.Needed {
			return v.w.unsaidNo
		}
		return v.w.unsaidYes
	}
	return v.from(Field{Source: c.Source, Since: c.At})
}

// footPageTitle is what leads to the whole page.
func (w *words) footPageTitle() string { return strings.TrimSuffix(w.footPage, ":") }

// from says where something is known from, and since when.
func (v *visit) from(f Field) string {
	if f.Since.IsZero() {
		return v.w.source(f.Source)
	}
	return v.w.source(f.Source) + ", " + v.day(f.Since)
}
