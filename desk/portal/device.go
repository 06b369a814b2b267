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

// letIn has a device see everything for a while.
func (s *Server) letIn(w http.ResponseWriter, v *visit) {
	now := s.cfg.Now()
	s.setCookie(w, s.cookieName(v.link), s.cfg.Signer.Device(v.link, now.Add(deviceLife)), int(deviceLife.Seconds()))
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

// sendCode sends a code to the known address.
func (s *Server) sendCode(w http.ResponseWriter, r *http.Request, v *visit) {
	s.back(w, r, v, s.code(r, v, forPage), "door")
}

// code makes and sends a code, and gives what to say of it.
func (s *Server) code(r *http.Request, v *visit, purpose string) string {
	ctx, conversation := r.Context(), v.link.Conversation
	if _, err := s.source.Reach(ctx, conversation); err != nil {
		return s.codeTrouble(r, err)
	}
	digits, err := s.codes.give(conversation, purpose+" "+conversation)
	if err != nil {
		return s.codeTrouble(r, err)
	}
	w := wordsOf(v.standing.Language)
	if err := s.source.SendCode(ctx, conversation, fmt.Sprintf(w.codeSubject, digits), fmt.Sprintf(w.codeText, digits)); err != nil {
		s.codes.drop(purpose + " " + conversation)
		return s.codeTrouble(r, err)
	}
	return "sent"
}

func (s *Server) codeTrouble(r *http.Request, err error) string {
	switch {
	case errors.Is(err, errManyCodes):
		return "many"
	case errors.Is(err, ErrNoWay):
		return "noway"
	}
	s.log.WarnContext(r.Context(), "a code could not be sent to a customer", "err", err)
	return "unsent"
}

// enter lets a device in that knows the code.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, v *visit) {
	if done := s.tryCode(r, v, forPage); done != "" {
		s.back(w, r, v, done, "door")
		return
	}
	s.letIn(w, v)
	s.back(w, r, v, "", "")
}

// tryCode tries the code of a form, and gives what is wrong with it, "" for nothing.
func (s *Server) tryCode(r *http.Request, v *visit, purpose string) string {
	digits := strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, r.FormValue("code"))
	switch err := s.codes.take(purpose+" "+v.link.Conversation, digits); {
	case errors.Is(err, errWrongCode):
		return "wrong"
	case err != nil:
		return "over"
	}
	return ""
}

// leave ends the proof of this device.
func (s *Server) leave(w http.ResponseWriter, r *http.Request, v *visit) {
	s.setCookie(w, s.cookieName(v.link), "", -1)
	s.back(w, r, v, "", "")
}
