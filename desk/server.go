package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/web"
)

// Server puts the service on the wire: pages, API, files and live updates.
type Server struct {
	svc     *Service
	log     *slog.Logger
	cross   *http.CrossOriginProtection
	handler http.Handler
	control http.Handler
}

// NewServer makes the server of a service.
func NewServer(svc *Service, log *slog.Logger) (*Server, error) {
	s := &Server{svc: svc, log: log.With("component", "desk"), cross: http.NewCrossOriginProtection()}
	if svc.cfg.BaseURL != "" {
		if err := s.cross.AddTrustedOrigin(originOf(svc.cfg.BaseURL)); err != nil {
			return nil, fmt.Errorf("reading base_url %q: %w", svc.cfg.BaseURL, err)
		}
	}
	mux := http.NewServeMux()
	s.routes(mux)
	s.handler = s.recovered(s.guarded(s.known(mux)))
	s.control = s.recovered(asControl(mux))
	return s, nil
}

// Handler answers people's browsers and programs.
func (s *Server) Handler() http.Handler { return s.handler }

// ControlHandler answers on the control socket: the same API, for whoever may
// open a socket of mode 0600, as a supervisor.
func (s *Server) ControlHandler() http.Handler { return s.control }

func (s *Server) routes(mux *http.ServeMux) {
	newAPI(s.svc, s).register(mux)
	s.pages(mux)
	mux.HandleFunc("GET /api/events", s.events)
	mux.Handle("GET /static/", web.StaticHandler())
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/static/icon.svg", http.StatusFound)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
		for _, why := range s.svc.deps.Health.Warnings() {
			_, _ = w.Write([]byte("warning: " + why + "\n"))
		}
	})
	mux.HandleFunc("GET /readyz", s.ready)
	if s.svc.deps.Metrics != nil {
		mux.Handle("GET /metrics", s.svc.deps.Metrics)
	}
}

// ready answers 200 when the daemon does its work, 503 when it doesn't, with
// the reasons by part.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	ok, parts := s.svc.deps.Health.Ready(ctx)
	body := struct {
		Ready    bool              `json:"ready"`
		Parts    map[string]string `json:"parts"`
		Warnings []string          `json:"warnings"`
	}{ok, parts, append([]string{}, s.svc.deps.Health.Warnings()...)}
	if body.Parts == nil {
		body.Parts = map[string]string{}
	}
	status := http.StatusOK
	if !ok {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, body)
}

// asControl lets everything through as a supervisor.
func asControl(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := Who{ID: Control, Role: contact.RoleSupervisor}
		next.ServeHTTP(w, r.WithContext(withWho(r.Context(), who)))
	})
}

// known finds out who asks: by the bearer token, else by the cookie. Nobody is
// let through as nobody; each route says whom it is for. What a cookie allows
// must not be used by another site's page (Fetch Metadata, or the Origin).
func (s *Server) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, bearer := bearerOf(r)
		if !bearer {
			if err := s.cross.Check(r); err != nil {
				s.fail(w, r, problem(http.StatusForbidden, "cross_origin", "This request came from another site's page."))
				return
			}
			token = s.cookieOf(r)
		}
		if token == "" {
			next.ServeHTTP(w, r)
			return
		}
		who, err := s.svc.Authenticate(r.Context(), token)
		var p *Problem
		switch {
		case errors.As(err, &p) && !bearer:
			s.dropCookie(w, r)
		case err != nil:
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(withWho(r.Context(), who)))
	})
}
