package desk

import (
	"errors"
	"net/http"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

// entryPages are those before the login.
func (s *Server) entryPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", s.loginPage)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("GET /setup", s.setupPage)
	mux.HandleFunc("POST /setup", s.setup)
	s.page(mux, "POST /logout", agents, s.logout)
	s.page(mux, "POST /presence", agents, s.presence)
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	next := ownPath(r.URL.Query().Get("next"), "/")
	if whoOf(r.Context()).Known() {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // ownPath stays with us
		return
	}
	e := web.Entry{Theme: theme(r), Next: next}
	if s.svc.NeedsSetup() {
		e.Error = "Nobody has an account yet. Open the set-up link that Stagecoach has printed on its terminal."
	}
	s.entry(w, r, http.StatusOK, e, false)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, invalid("The form could not be read."))
		return
	}
	email := r.PostForm.Get("email")
	next := ownPath(r.PostForm.Get("next"), "/")
	who, err := s.svc.Login(r.Context(), s.origin(r), email, r.PostForm.Get("password"))
	if err != nil {
		s.entryFailed(w, r, web.Entry{Theme: theme(r), Next: next, Email: email}, err, false)
		return
	}
	s.enter(w, r, who, next)
}

// enter gives the browser its cookie and lets it in.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, who Who, next string) {
	if old := s.cookieOf(r); old != "" {
		if err := s.svc.sessions.Close(r.Context(), old); err != nil {
			s.log.WarnContext(r.Context(), "old session not ended", "err", err)
		}
	}
	s.setCookie(w, r, who.Token)
	if err := s.goTo(w, r, next, view.Done{}, ""); err != nil {
		s.fail(w, r, err)
	}
}

func (s *Server) setupPage(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	inv, err := s.svc.Invited(r.Context(), token)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.entry(w, r, http.StatusOK, web.Entry{
		Theme: theme(r), Token: token, Name: inv.Name, Email: inv.Email, Role: string(inv.Role),
	}, true)
}

func (s *Server) setup(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, invalid("The form could not be read."))
		return
	}
	f := r.PostForm
	e := web.Entry{Theme: theme(r), Token: f.Get("token"), Name: f.Get("name"), Email: f.Get("email")}
	if inv, err := s.svc.Invited(r.Context(), e.Token); err == nil {
		e.Role = string(inv.Role)
	}
	who, err := s.svc.SetUp(r.Context(), s.origin(r), e.Token, e.Name, e.Email, f.Get("password"))
	if err != nil {
		s.entryFailed(w, r, e, err, true)
		return
	}
	s.enter(w, r, who, "/")
}

// entryFailed shows the form again with what was wrong.
func (s *Server) entryFailed(w http.ResponseWriter, r *http.Request, e web.Entry, err error, setup bool) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError || p.Status == http.StatusGone {
		s.fail(w, r, err)
		return
	}
	if p.Wait > 0 {
		w.Header().Set("Retry-After", "60")
	}
	e.Error = p.Detail
	s.entry(w, r, p.Status, e, setup)
}

func (s *Server) entry(w http.ResponseWriter, r *http.Request, status int, e web.Entry, setup bool) {
	c := web.Login(e)
	if setup {
		c = web.Setup(e)
	}
	if err := render(r.Context(), w, status, c); err != nil {
		s.fail(w, r, err)
	}
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, who Who) error {
	err := s.svc.Logout(r.Context(), who)
	var p *Problem
	if err != nil && !errors.As(err, &p) {
		return err
	}
	s.dropCookie(w, r)
	return s.goTo(w, r, "/login", view.Done{}, "")
}

func (s *Server) presence(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	done, err := s.svc.SetPresence(r.Context(), who, f.Get("command_id"), contact.Presence(f.Get("presence")), f.Get("hand_over") == "1")
	if err != nil {
		return err
	}
	return s.live(w, r, who, done)
}

// live answers a form by the live regions of the page that it stands on.
func (s *Server) live(w http.ResponseWriter, r *http.Request, who Who, done view.Done) error {
	at := back(r, "/")
	if !isHX(r) {
		return s.goTo(w, r, at, done, "")
	}
	p, err := s.frame(r, who)
	if err != nil {
		return err
	}
	p.Path, p.CatchingUp = pathOnly(at), done.CatchingUp
	return render(r.Context(), w, http.StatusOK, web.Live(p))
}
