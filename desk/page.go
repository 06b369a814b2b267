package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

// pageFunc answers one page or form for somebody who is logged in.
type pageFunc func(w http.ResponseWriter, r *http.Request, who Who) error

// page serves a page or a form to those whom it is for.
func (s *Server) page(mux *http.ServeMux, pattern string, need access, f pageFunc) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		who := whoOf(r.Context())
		var err error
		switch {
		case !who.Known() || who.ID == Control:
			err = notLoggedIn()
		case need == supervisors && !who.Supervisor():
			err = forbidden("This page is for supervisors.")
		case r.Method == http.MethodPost && r.ParseForm() != nil:
			err = invalid("The form could not be read: it may be too long.")
		default:
			err = f(w, r, who)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// pages declares all pages and forms: desk/web/ROUTES.md describes them.
func (s *Server) pages(mux *http.ServeMux) {
	s.entryPages(mux)
	s.workPages(mux)
	s.conversationPages(mux)
	s.listPages(mux)
	s.voicePages(mux)
	s.rightsPages(mux)
	s.peoplePages(mux)
	s.policyPages(mux)
	s.customerPages(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, missing("There is no such page."))
	})
}

// frame gives what every page needs beside its own value.
func (s *Server) frame(r *http.Request, who Who) (web.Page, error) {
	d, err := s.svc.Desk(r.Context(), who)
	if err != nil {
		return web.Page{}, err
	}
	return web.Page{
		Desk: d, Path: r.URL.Path, Theme: theme(r), Now: s.svc.Now(), Zone: s.svc.cfg.Zone,
	}, nil
}

func theme(r *http.Request) string {
	t := r.URL.Query().Get("theme")
	if c, err := r.Cookie("theme"); err == nil && t == "" {
		t = c.Value
	}
	if t != "light" && t != "dark" {
		return ""
	}
	return t
}

// show renders a page made from its frame.
func (s *Server) show(w http.ResponseWriter, r *http.Request, who Who, make func(p web.Page) (templ.Component, error)) error {
	p, err := s.frame(r, who)
	if err != nil {
		return err
	}
	p.Flash = s.takeFlash(w, r)
	c, err := make(p)
	if err != nil {
		return err
	}
	return render(r.Context(), w, http.StatusOK, c)
}

// render writes a component whole or not at all.
func render(ctx context.Context, w http.ResponseWriter, status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(ctx, &b); err != nil {
		return fmt.Errorf("rendering a page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client has gone: nobody to tell
	return nil
}

func isHX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// goTo sends the browser to a page of ours, with a word to say there.
func (s *Server) goTo(w http.ResponseWriter, r *http.Request, path string, done view.Done, words string) error {
	level := "success"
	if done.CatchingUp {
		level, words = "info", strings.TrimSpace(words+" Lists are catching up.")
	}
	if words != "" {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever there is TLS
			Name: "flash", Value: base64.RawURLEncoding.EncodeToString([]byte(level + "\n" + words)), Path: "/",
			MaxAge: 30, HttpOnly: true, Secure: s.encrypted(r), SameSite: http.SameSiteLaxMode,
		})
	}
	if isHX(r) {
		w.Header().Set("HX-Redirect", path)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(w, r, path, http.StatusSeeOther) //nolint:gosec // every caller gives a path of ours
	return nil
}

// takeFlash reads the word that goTo left, once.
func (s *Server) takeFlash(w http.ResponseWriter, r *http.Request) *web.Flash {
	c, err := r.Cookie("flash")
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever there is TLS
		Name: "flash", Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.encrypted(r), SameSite: http.SameSiteLaxMode,
	})
	data, err := base64.RawURLEncoding.DecodeString(c.Value)
	level, words, found := strings.Cut(string(data), "\n")
	if err != nil || !found || len(words) > 500 {
		return nil
	}
	return &web.Flash{Level: level, Text: words}
}

// back gives the page of ours from which a form came, or another.
func back(r *http.Request, otherwise string) string {
	from := r.Header.Get("HX-Current-URL")
	if from == "" {
		from = r.Referer()
	}
	u, err := url.Parse(from)
	if err != nil || u.Path == "" || u.Host != "" && u.Host != r.Host {
		return otherwise
	}
	if strings.HasPrefix(u.Path, "/p/") || strings.HasPrefix(u.Path, "/api/") {
		return otherwise
	}
	return ownPath(u.RequestURI(), otherwise)
}

// ownPath gives a path that stays with us: what a link says is not trusted.
func ownPath(path, otherwise string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "\\") ||
		strings.ContainsFunc(path, isControl) { // browsers leave controls out: "/<tab>/host" is another host
		return otherwise
	}
	return path
}

// fail answers what was not done: a problem document for programs, a word for a
// page that is open, else a page of its own.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	s.logProblem(r.Context(), p)
	if p.Wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(p.Wait.Seconds())))
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		w.Header().Set("Content-Type", p.ContentType(""))
		w.WriteHeader(p.Status)
		_ = encode(w, p)
		return
	}
	if p.Status == http.StatusUnauthorized {
		s.askLogin(w, r)
		return
	}
	if isHX(r) {
		if render(r.Context(), w, p.Status, web.Toast("error", p.Detail)) == nil {
			return
		}
	}
	if err := render(r.Context(), w, p.Status, s.errorPage(r, p)); err != nil {
		http.Error(w, p.Detail, p.Status)
	}
}

func (s *Server) errorPage(r *http.Request, p *Problem) templ.Component {
	if who := whoOf(r.Context()); who.Known() && who.ID != Control && p.Status < http.StatusInternalServerError {
		if f, err := s.frame(r, who); err == nil {
			return web.Error(f, p.Status, p.Title, p.Detail)
		}
	}
	return web.Trouble(web.Entry{Theme: theme(r)}, p.Status, p.Title, p.Detail)
}

// askLogin sends to the login whoever isn't logged in (any more).
func (s *Server) askLogin(w http.ResponseWriter, r *http.Request) {
	next := "/"
	switch {
	case isHX(r):
		next = back(r, "/")
	case r.Method == http.MethodGet:
		next = ownPath(r.URL.RequestURI(), "/")
	}
	to := "/login"
	if next != "/" {
		to += "?next=" + url.QueryEscape(next)
	}
	if isHX(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// localTime reads a time as a page's field gives it, in the office's zone.
func (s *Server) localTime(v string) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(form, v, s.svc.cfg.Zone); err == nil {
			return t, nil
		}
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return t, invalid("This is not a date and time.")
	}
	return t, nil
}
