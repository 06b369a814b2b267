package desk

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web"
	"stagecoach/explain"
)

func (s *Server) listPages(mux *http.ServeMux) {
	s.page(mux, "GET /overview", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			o, err := s.svc.Overview(r.Context(), who, r.URL.Query().Get("queue"))
			return web.Overview(p, o), err
		})
	})
	s.page(mux, "GET /p/overview", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.showOverviewLive(w, r, who, r.URL.Query().Get("queue"), view.Done{})
	})
	s.page(mux, "POST /overview/assign", supervisors, s.assignForm)
	s.page(mux, "POST /overview/pull", supervisors, s.pullForm)
	s.page(mux, "POST /overview/move", supervisors, s.moveForm)
	s.page(mux, "GET /review", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			v, err := s.svc.Review(r.Context(), who)
			return web.Review(p, v), err
		})
	})
	s.page(mux, "POST /review/confirm", agents, s.reviewForm(s.svc.ConfirmReview, "Confirmed."))
	s.page(mux, "POST /review/keep", agents, s.reviewForm(s.svc.KeepReview, "Back in the queues."))
	s.page(mux, "GET /search", agents, s.searchPage)
	s.page(mux, "GET /ledger", supervisors, s.ledgerPage)
	s.page(mux, "GET /why/{contact}", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			v, err := s.svc.Why(r.Context(), r.PathValue("contact"), WhyQuestion{Lang: explain.LangOf(r.URL.Query().Get("lang")), All: r.URL.Query().Has("all")})
			return web.Why(p, v), err
		})
	})
	s.page(mux, "GET /new", agents, s.newPage(web.New))
	s.page(mux, "GET /enter", agents, s.newPage(web.Enter))
	s.page(mux, "POST /new", agents, s.newForm)
	s.page(mux, "POST /enter", agents, s.enterForm)
	s.page(mux, "GET /quarantine", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			list, err := s.svc.Quarantine(r.Context())
			return web.Quarantine(p, list), err
		})
	})
	s.page(mux, "POST /quarantine/{id}/retry", supervisors, func(w http.ResponseWriter, r *http.Request, _ Who) error {
		if err := s.svc.RetryQuarantined(r.Context(), r.PathValue("id")); err != nil {
			return err
		}
		return s.goTo(w, r, "/quarantine", view.Done{}, "It could be read now.")
	})
	s.page(mux, "POST /quarantine/retry", supervisors, func(w http.ResponseWriter, r *http.Request, _ Who) error {
		words, err := s.svc.RetryAllQuarantined(r.Context())
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/quarantine", view.Done{}, words)
	})
}

func (s *Server) assignForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	ctx := r.Context()
	done, err := each(f.Get("command_id"), f["contact"], func(id, c string) (view.Done, error) {
		return s.svc.Assign(ctx, who, id, c, f.Get("to"), Handing{Reason: f.Get("reason"), Override: f.Get("override") == "1"})
	})
	if err != nil {
		return err
	}
	return s.overviewLive(w, r, who, done)
}

func (s *Server) pullForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	ctx := r.Context()
	done, err := each(f.Get("command_id"), f["contact"], func(id, c string) (view.Done, error) {
		return s.svc.PullBack(ctx, who, id, c, Handing{Reason: f.Get("reason")})
	})
	if err != nil {
		return err
	}
	return s.overviewLive(w, r, who, done)
}

func (s *Server) moveForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	ctx := r.Context()
	done, err := each(f.Get("command_id"), f["contact"], func(id, c string) (view.Done, error) {
		return s.svc.Move(ctx, who, id, c, f.Get("queue"), Handing{Reason: f.Get("reason")})
	})
	if err != nil {
		return err
	}
	return s.overviewLive(w, r, who, done)
}

func (s *Server) reviewForm(do func(context.Context, Who, string, []string, string) (view.Done, error), words string) pageFunc {
	return func(w http.ResponseWriter, r *http.Request, who Who) error {
		done, err := do(r.Context(), who, r.PostForm.Get("command_id"), r.PostForm["contact"], r.PostForm.Get("remark"))
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/review", done, words)
	}
}

func (s *Server) searchPage(w http.ResponseWriter, r *http.Request, who Who) error {
	q := r.URL.Query()
	return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
		v, err := s.svc.Search(r.Context(), q.Get("q"), q.Get("before"), 0)
		return web.Search(p, v), err
	})
}

func (s *Server) ledgerPage(w http.ResponseWriter, r *http.Request, who Who) error {
	q := r.URL.Query()
	return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
		v, err := s.svc.Ledger(r.Context(), Listing{LedgerFilter: ledgerFilter(q), Before: q.Get("before")})
		return web.Ledger(p, v), err
	})
}

func ledgerFilter(q url.Values) view.LedgerFilter {
	return view.LedgerFilter{
		Query: q.Get("q"), State: q.Get("state"), Queue: q.Get("queue"), Agent: q.Get("agent"), Channel: q.Get("channel"),
		Since: q.Get("since"), Until: q.Get("until"), Breached: q.Get("breached") == "1",
	}
}

func (s *Server) newPage(page func(web.Page, view.New) templ.Component) pageFunc {
	return func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			return page(p, view.New{
				Accounts: s.svc.Accounts(), SavedAnswers: s.svc.SavedAnswers(), Signature: s.svc.Signature(who),
			}), nil
		})
	}
}

func (s *Server) newForm(w http.ResponseWriter, r *http.Request, who Who) error {
	in, err := s.sending(r)
	if err != nil {
		return err
	}
	done, err := s.svc.StartOutbound(r.Context(), who, Outbound{Sending: in, Account: r.PostForm.Get("account"), Purpose: r.PostForm.Get("purpose"), Urgent: r.PostForm.Get("urgent")})
	if err != nil {
		return err
	}
	return s.goTo(w, r, conversationPath(done.Conversation), done, "Sent.")
}

func (s *Server) enterForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	at, err := s.localTime(f.Get("received"))
	if err != nil {
		return err
	}
	files, err := uploads(f["attachment"])
	if err != nil {
		return err
	}
	done, err := s.svc.Enter(r.Context(), who, Entered{
		ID: f.Get("command_id"), Channel: contact.Channel(f.Get("channel")), Name: f.Get("name"), Address: f.Get("address"),
		Subject: f.Get("subject"), Text: f.Get("text"), ReceivedAt: at, Attachments: files, Answer: f.Get("answer"),
	})
	if err != nil {
		return err
	}
	return s.goTo(w, r, conversationPath(done.Conversation), done, "Entered.")
}
