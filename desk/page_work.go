package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"stagecoach/desk/view"
	"stagecoach/desk/web"
	"stagecoach/router"
)

// workPages are the start page and what is done from anywhere.
func (s *Server) workPages(mux *http.ServeMux) {
	s.page(mux, "GET /{$}", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) { return web.Desk(p), nil })
	})
	s.page(mux, "GET /p/live", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		p, err := s.frame(r, who)
		if err != nil {
			return err
		}
		p.Path = pathOnly(ownPath(r.URL.Query().Get("at"), "/"))
		return render(r.Context(), w, http.StatusOK, web.Live(p))
	})
	s.page(mux, "POST /offers/{id}/accept", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		done, err := s.svc.Accept(r.Context(), who, r.PostForm.Get("command_id"), r.PathValue("id"))
		if err != nil {
			return err
		}
		return s.goTo(w, r, conversationPath(done.Conversation), done, "")
	})
	s.page(mux, "POST /offers/{id}/decline", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		done, err := s.svc.Decline(r.Context(), who, r.PostForm.Get("command_id"), r.PathValue("id"), r.PostForm.Get("reason"))
		if err != nil {
			return err
		}
		return s.live(w, r, who, done)
	})
	s.page(mux, "POST /next", agents, s.next)
	s.page(mux, "GET /m/{ref}/html", agents, func(w http.ResponseWriter, r *http.Request, _ Who) error {
		s.mailHTML(w, r)
		return nil
	})
	s.page(mux, "GET /m/{ref}/original", agents, func(w http.ResponseWriter, r *http.Request, _ Who) error {
		s.original(w, r)
		return nil
	})
}

func (s *Server) next(w http.ResponseWriter, r *http.Request, who Who) error {
	done, err := s.svc.TakeNext(r.Context(), who, r.PostForm.Get("command_id"))
	var refusal *router.Refusal
	if errors.As(err, &refusal) && refusal.Code == router.RefusedNothingNext && isHX(r) {
		return render(r.Context(), w, http.StatusOK, web.Toast("info", "Nothing waits that you can take. New contacts are offered to you as they come."))
	}
	if err != nil {
		return err
	}
	return s.goTo(w, r, conversationPath(done.Conversation), done, "")
}

func conversationPath(id string) string {
	if id == "" {
		return "/"
	}
	return "/c/" + url.PathEscape(id)
}

func pathOnly(path string) string {
	p, _, _ := strings.Cut(path, "?")
	return p
}

// overviewLive answers a supervisor's form by the live regions of the overview.
func (s *Server) overviewLive(w http.ResponseWriter, r *http.Request, who Who, done view.Done) error {
	at := back(r, "/overview")
	if !isHX(r) {
		return s.goTo(w, r, at, done, "")
	}
	queue := ""
	if u, err := url.Parse(at); err == nil {
		queue = u.Query().Get("queue")
	}
	return s.showOverviewLive(w, r, who, queue, done)
}

func (s *Server) showOverviewLive(w http.ResponseWriter, r *http.Request, who Who, queue string, done view.Done) error {
	p, err := s.frame(r, who)
	if err != nil {
		return err
	}
	p.Path, p.CatchingUp = "/overview", done.CatchingUp
	o, err := s.svc.Overview(r.Context(), who, queue)
	if err != nil {
		return err
	}
	return render(r.Context(), w, http.StatusOK, web.OverviewLive(p, o))
}
