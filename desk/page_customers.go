package desk

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

// customerPages show who writes, whatever the channel.
func (s *Server) customerPages(mux *http.ServeMux) {
	s.page(mux, "GET /customers", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			list, err := s.svc.FindCustomers(r.Context(), r.URL.Query().Get("q"))
			return web.Customers(p, list), err
		})
	})
	s.page(mux, "GET /customers/{customer}", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			c, err := s.svc.CustomerPerson(r.Context(), r.PathValue("customer"))
			return web.Customer(p, c), err
		})
	})
	s.page(mux, "POST /customers/{customer}/end-links", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		done, err := s.svc.EndPersonsLinks(r.Context(), who, r.PostForm.Get("command_id"), r.PathValue("customer"))
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/customers/"+url.PathEscape(r.PathValue("customer")), done, "Links that were sent hold no longer. The next message has a new one.")
	})
	s.page(mux, "POST /customer-links", agents, s.linkForm(func(r *http.Request, who Who, f url.Values) (view.Done, error) {
		return s.svc.LinkCustomers(r.Context(), who, f.Get("command_id"), f.Get("a"), f.Get("b"), f.Get("reason"))
	}, "They are one person now."))
	s.page(mux, "POST /customer-links/{link}/undo", agents, s.linkForm(func(r *http.Request, who Who, f url.Values) (view.Done, error) {
		return s.svc.UnlinkCustomers(r.Context(), who, f.Get("command_id"), r.PathValue("link"), f.Get("reason"))
	}, "They are two again."))
	s.page(mux, "POST /customer-links/{link}/decline", agents, s.linkForm(func(r *http.Request, who Who, f url.Values) (view.Done, error) {
		return s.svc.DeclineLink(r.Context(), who, f.Get("command_id"), r.PathValue("link"), f.Get("reason"))
	}, "Noted: it is not asked again."))
}

// linkForm has a form about a link done, and goes back to where it stood.
func (s *Server) linkForm(do func(r *http.Request, who Who, f url.Values) (view.Done, error), words string) pageFunc {
	return func(w http.ResponseWriter, r *http.Request, who Who) error {
		done, err := do(r, who, r.PostForm)
		if err != nil {
			return err
		}
		return s.goTo(w, r, ownPath(r.PostForm.Get("back"), "/customers"), done, words)
	}
}
