package desk

import (
	"net/http"

	"github.com/a-h/templ"

	"stagecoach/desk/web"
)

func (s *Server) voicePages(mux *http.ServeMux) {
	s.page(mux, "GET /voices", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		q := r.URL.Query()
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			v, err := s.svc.Voices(r.Context(), q.Get("since"), q.Get("until"))
			return web.Voices(p, v), err
		})
	})
	s.page(mux, "POST /voices/ideas", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		f := r.PostForm
		done, err := s.svc.DecideIdea(r.Context(), who, f.Get("command_id"), Deciding{
			Idea: f.Get("idea"), Conversation: f.Get("conversation"), State: f.Get("state"), Remark: f.Get("remark"), Tell: f.Get("tell"),
		})
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/voices", done, "Saved.")
	})
	s.page(mux, "GET /praise", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			v, err := s.svc.PraiseOf(r.Context(), who)
			return web.Praise(p, v), err
		})
	})
}
