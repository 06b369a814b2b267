package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const languageCookie = "stagecoach_page_language"

// cookieName is a conversation's own, so that two pages can be open on one device.
func (s *Server) cookieName(l Link) string {
	sum := sha256.Sum256([]byte(l.Conversation))
	name := "stagecoach_page_" + hex.EncodeToString(sum[:6])
	if s.secure() {
		return "__Secure-" + name
	}
	return name
}

func (s *Server) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever there is TLS
		Name: name, Value: value, Path: Path, MaxAge: age, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// mostProved bounds as how many customers one device has proved itself.
const mostProved = 20

// letIn has a device see what is a customer's for a while, besides what it saw before.
func (s *Server) letIn(w http.ResponseWriter, v *visit, customer string) {
	proved := v.proved
	if !slices.Contains(proved, customer) {
		proved = append(slices.Clone(proved), customer)
	}
	proved = proved[max(0, len(proved)-mostProved):]
	s.setCookie(w, s.cookieName(v.link), s.cfg.Signer.Device(v.link, proved, s.cfg.Now().Add(deviceLife)), int(deviceLife.Seconds()))
}

// languageOf gives the language of a page: the one asked for, else the customer's,
// else the browser's, else English.
func (s *Server) languageOf(r *http.Request, customers string) string {
	ask := []string{r.URL.Query().Get("l")}
	if c, err := r.Cookie(languageCookie); err == nil {
		ask = append(ask, c.Value)
	}
	ask = append(ask, customers)
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if len(ask) < 20 {
			ask = append(ask, tag)
		}
	}
	for _, one := range ask {
		tag, _, _ := strings.Cut(strings.ToLower(one), "-")
		if slices.Contains(Languages(), tag) {
			return tag
		}
	}
	return Languages()[0]
}

// keepLanguage remembers the language that was asked for.
func (s *Server) keepLanguage(w http.ResponseWriter, r *http.Request) {
	if l := r.URL.Query().Get("l"); slices.Contains(Languages(), l) {
		s.setCookie(w, languageCookie, l, int(deviceLife.Seconds()))
	}
}

// The purposes of codes.
const (
	forPage  = "page"
	forErase = "erase"
)

// sendCode sends a code to a known address.
func (s *Server) sendCode(w http.ResponseWriter, r *http.Request, v *visit) {
	ways, err := s.source.Ways(r.Context(), v.who())
	if err != nil && !errors.Is(err, ErrNoWay) {
		s.fail(w, r, v, err)
		return
	}
	way := wayOf(ways, r.FormValue("to"))
	s.back(w, r, v, s.code(r, v, forPage, way), "door", "to", idOf(way))
}

// wayOf finds the way that was asked for, the likeliest where none was, nil for none.
func wayOf(ways []Way, id string) *Way {
	if at := slices.IndexFunc(ways, func(w Way) bool { return w.ID == id }); at >= 0 {
		return &ways[at]
	}
	if len(ways) == 0 || id != "" {
		return nil
	}
	return &ways[0]
}

func idOf(way *Way) string {
	if way == nil {
		return ""
	}
	return way.ID
}

// code makes and sends a code, and gives what to say of it.
func (s *Server) code(r *http.Request, v *visit, purpose string, way *Way) string {
	if way == nil {
		return "noway"
	}
	ctx, conversation := r.Context(), v.link.Conversation
	digits, err := s.cfg.Codes.give(ctx, conversation, purpose, way)
	switch {
	case errors.Is(err, errManyCodes):
		return "many"
	case err != nil:
		return s.codeTrouble(r, "a code for a customer could not be kept, so none was sent", err)
	}
	w := wordsOf(v.standing.Language)
	err = s.source.SendCode(ctx, v.who(), *way, fmt.Sprintf(w.codeSubject, digits), fmt.Sprintf(w.codeText, digits))
	if err == nil {
		return "sent"
	}
	err = errors.Join(err, s.cfg.Codes.drop(ctx, conversation, purpose))
	if errors.Is(err, ErrNoWay) {
		return "noway"
	}
	s.log.WarnContext(ctx, "a code could not be sent to a customer", "err", err)
	return "unsent"
}

// codeTrouble tells staff what went wrong here with a code; the customer reads that it
// did, and to try again.
func (s *Server) codeTrouble(r *http.Request, what string, err error) string {
	s.troubles.Add(1)
	s.log.ErrorContext(r.Context(), "customer's page failed", "what", what, "err", err)
	return "trouble"
}

// enter lets a device in that knows the code.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, v *visit) {
	customer, done := s.tryCode(r, v, forPage)
	if done != "" {
		s.back(w, r, v, done, "door", "to", r.FormValue("to"))
		return
	}
	s.letIn(w, v, customer)
	s.back(w, r, v, "", "")
}

// tryCode tries the code of a form, and gives whose it is, and what is wrong with it, ""
// for nothing.
func (s *Server) tryCode(r *http.Request, v *visit, purpose string) (customer, done string) {
	digits := strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, r.FormValue("code"))
	customer, err := s.cfg.Codes.take(r.Context(), v.link.Conversation, purpose, digits)
	switch {
	case err == nil:
		return customer, ""
	case errors.Is(err, errWrongCode):
		return "", "wrong"
	case errors.Is(err, errManyTries):
		return "", "many"
	case !errors.Is(err, errNoCode):
		return "", s.codeTrouble(r, "a customer's code could not be tried", err)
	}
	return "", "over"
}

// leave ends the proof of this device.
func (s *Server) leave(w http.ResponseWriter, r *http.Request, v *visit) {
	s.setCookie(w, s.cookieName(v.link), "", -1)
	s.back(w, r, v, "", "")
}
