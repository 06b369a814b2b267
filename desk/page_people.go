package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

func (s *Server) peoplePages(mux *http.ServeMux) {
	s.page(mux, "GET /agents", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.agentsPage(w, r, who, "")
	})
	s.page(mux, "POST /agents", supervisors, s.addAgentForm)
	s.page(mux, "POST /agents/{id}", supervisors, s.changeAgentForm)
	s.page(mux, "POST /agents/{id}/password", supervisors, s.passwordForm)
	s.page(mux, "POST /agents/{id}/remove", supervisors, func(w http.ResponseWriter, r *http.Request, who Who) error {
		id := r.PathValue("id")
		done, err := s.svc.RemoveAgent(r.Context(), who, r.PostForm.Get("command_id"), id)
		if err != nil {
			return err
		}
		return s.goTo(w, r, "/agents", done, s.svc.accounts.name(id)+" was removed. What they held waits again.")
	})
	s.page(mux, "GET /saved", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			return web.Saved(p, view.Saved{Answers: s.svc.SavedAnswers(), Signature: s.svc.Signature(who)}), nil
		})
	})
	s.page(mux, "POST /saved", agents, func(w http.ResponseWriter, r *http.Request, _ Who) error {
		f := r.PostForm
		if _, err := s.svc.SaveAnswer(r.Context(), view.SavedAnswer{ID: f.Get("id"), Title: f.Get("title"), Text: f.Get("text")}); err != nil {
			return err
		}
		return s.goTo(w, r, "/saved", view.Done{}, "Saved.")
	})
	s.page(mux, "POST /saved/{id}/remove", agents, func(w http.ResponseWriter, r *http.Request, _ Who) error {
		if err := s.svc.RemoveAnswer(r.Context(), r.PathValue("id")); err != nil {
			return err
		}
		return s.goTo(w, r, "/saved", view.Done{}, "Removed.")
	})
	s.page(mux, "POST /signature", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		if err := s.svc.SetSignature(r.Context(), who, r.PostForm.Get("text")); err != nil {
			return err
		}
		return s.goTo(w, r, "/saved", view.Done{}, "Saved.")
	})
}

func (s *Server) agentsPage(w http.ResponseWriter, r *http.Request, who Who, link string) error {
	return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
		list, err := s.svc.People(r.Context())
		p.Path = "/agents"
		return web.Agents(p, view.Agents{People: list, SetupLink: link}), err
	})
}

// absolute completes a link of ours, for somebody to be sent it.
func (s *Server) absolute(r *http.Request, link string) string {
	if link == "" || !strings.HasPrefix(link, "/") {
		return link
	}
	scheme := "http"
	if s.encrypted(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host + link
}

func (s *Server) addAgentForm(w http.ResponseWriter, r *http.Request, who Who) error {
	m, err := memberForm(r.PostForm)
	if err != nil {
		return err
	}
	out, err := s.svc.AddAgent(r.Context(), who, r.PostForm.Get("command_id"), m)
	if err != nil {
		return err
	}
	return s.linked(w, r, who, out, out.Person.Name+" was added.") //nolint:contextcheck // the request has its context
}

// linked shows a one-time link once, or goes on.
func (s *Server) linked(w http.ResponseWriter, r *http.Request, who Who, m view.Member, words string) error {
	if m.SetupLink != "" {
		return s.agentsPage(w, r, who, s.absolute(r, m.SetupLink))
	}
	return s.goTo(w, r, "/agents", view.Done{}, words)
}

func (s *Server) changeAgentForm(w http.ResponseWriter, r *http.Request, who Who) error {
	m, err := memberForm(r.PostForm)
	if err != nil {
		return err
	}
	out, err := s.svc.ChangeAgent(r.Context(), who, r.PostForm.Get("command_id"), r.PathValue("id"), m)
	if err != nil {
		return err
	}
	return s.goTo(w, r, "/agents", view.Done{}, out.Person.Name+" was changed.")
}

func (s *Server) passwordForm(w http.ResponseWriter, r *http.Request, who Who) error {
	password := r.PostForm.Get("password")
	out, err := s.svc.SetPassword(r.Context(), who, r.PathValue("id"), password, password == "")
	if err != nil {
		return err
	}
	return s.linked(w, r, who, out, out.Person.Name+" has a new password.") //nolint:contextcheck // the request has its context
}

// limitsForm reads what limits an agent: "email:3, webchat:2", a number, and shifts
// with commas between. A form without a field leaves that as it is; an empty field
// takes the limit away.
func limitsForm(f url.Values, m *Member) error {
	if f.Has("most") {
		m.Most = []view.ChannelMost{}
	}
	for part := range strings.FieldsFuncSeq(f.Get("most"), isSeparator) {
		name, number, _ := strings.Cut(part, ":")
		n, err := strconv.Atoi(number)
		if err != nil {
			return invalid(fmt.Sprintf("At most per channel: %q is not a channel with its number, such as email:3.", part))
		}
		m.Most = append(m.Most, view.ChannelMost{Channel: contact.Channel(name), Most: n})
	}
	if f.Has("daily_cap") {
		n, text := 0, strings.TrimSpace(f.Get("daily_cap"))
		if text != "" {
			var err error
			if n, err = strconv.Atoi(text); err != nil {
				return invalid(fmt.Sprintf("Contacts a day: %q is no number.", text))
			}
		}
		m.DailyCap = &n
	}
	if f.Has("shifts") {
		m.Shifts = []string{}
	}
	for part := range strings.FieldsFuncSeq(f.Get("shifts"), func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if part = strings.TrimSpace(part); part != "" {
			m.Shifts = append(m.Shifts, part)
		}
	}
	return nil
}

// memberForm reads an agent as the form writes them: skills as "billing:3,
// returns", languages as "de en".
func memberForm(f url.Values) (Member, error) {
	m := Member{
		Name: f.Get("name"), Email: f.Get("email"), Password: f.Get("password"), Role: contact.Role(f.Get("role")),
		Skills: []view.Skill{}, Languages: strings.FieldsFunc(f.Get("languages"), isSeparator), Link: f.Get("password") == "",
	}
	if v := strings.TrimSpace(f.Get("capacity")); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return m, invalid("The capacity is a number of units.")
		}
		m.Capacity = n
	}
	for part := range strings.FieldsFuncSeq(f.Get("skills"), isSeparator) {
		name, level, given := strings.Cut(part, ":")
		n := 3
		if given {
			var err error
			if n, err = strconv.Atoi(level); err != nil {
				return m, invalid(fmt.Sprintf("%q is not a skill with its level, such as billing:3.", part))
			}
		}
		m.Skills = append(m.Skills, view.Skill{Name: name, Level: n})
	}
	return m, limitsForm(f, &m)
}

func isSeparator(r rune) bool {
	return r == ',' || r == ';' || r == ' ' || r == '\t' || r == '\n' || r == '\r'
}
