package portal

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// duty says what must be kept, and until when.
func (w *words) duty(d Duty) string {
	why := strings.TrimSpace(d.Why)
	if why == "" {
		why = w.dutyAny
	}
	first, size := utf8.DecodeRuneInString(why)
	why = string(unicode.ToUpper(first)) + why[size:]
	day, err := time.Parse(time.DateOnly, d.Until)
	if err != nil {
		return fmt.Sprintf(w.dutyOpen, why)
	}
	return fmt.Sprintf(w.dutyUntil, why, day.Format(w.day))
}

// asked says who asked for it, and when.
func (w *words) asked(r *Restricted, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	text := w.restrictedThey
	if r.Themselves {
		text = w.restrictedYou
	}
	return fmt.Sprintf(text, r.Since.In(zone).Format(w.day))
}

// restricted answers whatever is asked for with what is kept of who asked to be erased:
// there is nothing else.
func (s *Server) restricted(w http.ResponseWriter, r *http.Request, v *visit) {
	s.show(r.Context(), w, http.StatusOK, restrictedPage(v, v.standing.Restricted, v.path("?l="+v.w.otherLang))) //nolint:contextcheck // templ hands it on
}
