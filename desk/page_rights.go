package desk

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

// rightsPages are for what people ask of what is kept about them.
func (s *Server) rightsPages(mux *http.ServeMux) {
	s.page(mux, "GET /customers/{customer}/data", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			d, err := s.svc.CustomerData(r.Context(), r.PathValue("customer"))
			if err != nil {
				return nil, err
			}
			return web.CustomerData(p, d, "/customers/"+url.PathEscape(r.PathValue("customer"))), nil
		})
	})
	s.page(mux, "POST /customers/{customer}/hold", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		hold, words := view.Hold{Reason: r.PostForm.Get("reason"), Told: r.PostForm.Get("told"), Until: r.PostForm.Get("until")}, "Held."
		if r.PostForm.Get("lift") != "" {
			hold, words = view.Hold{}, "Held no longer."
		} else if hold.Reason == "" {
			return invalid("Say why it must be kept.")
		}
		if _, err := s.svc.HoldCustomer(r.Context(), who, r.PathValue("customer"), hold); err != nil {
			return err
		}
		return s.goTo(w, r, "/customers/"+url.PathEscape(r.PathValue("customer"))+"/data", view.Done{}, words)
	})
	s.page(mux, "POST /customers/{customer}/erase", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		if r.PostForm.Get("sure") == "" {
			return invalid("Tick the box: this can't be undone.")
		}
		e, err := s.svc.EraseCustomer(r.Context(), who, r.PathValue("customer"), "")
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/erasures/"+url.PathEscape(e.ID), view.Done{}, "It has begun, and is finished whatever happens.")
	})
	s.page(mux, "GET /erasures/{erasure}", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			e, err := s.svc.Erasure(r.Context(), r.PathValue("erasure"))
			if err != nil {
				return nil, err
			}
			return web.Erasure(p, e), nil
		})
	})
}
