package desk

import (
	"net/http"

	"github.com/a-h/templ"

	"stagecoach/desk/web"
)

// policyPages are for supervisors: what decides, and what did.
func (s *Server) policyPages(mux *http.ServeMux) {
	s.page(mux, "GET /policy", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			v, err := s.svc.Policy(r.Context())
			return web.Policy(p, v), err
		})
	})
	s.page(mux, "POST /policy/activate", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		order := policyOrder(r.PostForm)
		if order.Empty() {
			return invalid("No policy set is named.")
		}
		done, err := s.svc.ActivatePolicy(r.Context(), who, order)
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/policy", done, "It decides now. What is open is promised anew within seconds.")
	})
	s.page(mux, "POST /policy/preview", supervisors, s.policyPreviewForm)
	s.page(mux, "POST /policy/drafts", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		order := policyOrder(r.PostForm)
		if order.Empty() {
			return invalid("No policy set is named.")
		}
		done, err := s.svc.DraftPolicy(r.Context(), who, order)
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/policy", done, "It waits for a second supervisor.")
	})
	s.page(mux, "POST /policy/drafts/{id}/drop", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		done, err := s.svc.DropPolicy(r.Context(), who, r.PostForm.Get("command_id"), r.PathValue("id"))
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/policy", done, "The draft is gone.")
	})
	s.page(mux, "POST /policy/shadow", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		src, said := policySource(r.PostForm), "It is tried on what comes from now on."
		if src.Empty() {
			said = "None is tried any more."
		}
		done, err := s.svc.ShadowPolicy(r.Context(), who, src)
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/policy", done, said)
	})
}
