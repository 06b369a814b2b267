package desk

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

func (s *Server) conversationPages(mux *http.ServeMux) {
	s.page(mux, "GET /c/{conversation}", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			c, err := s.svc.Conversation(r.Context(), who, r.PathValue("conversation"))
			return web.Conversation(p, c), err
		})
	})
	s.page(mux, "GET /p/c/{conversation}", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		return s.showConversationLive(w, r, who, r.PathValue("conversation"), view.Done{})
	})
	for name, f := range map[string]pageFunc{
		"reply": s.replyForm, "draft": s.draftForm, "note": s.noteForm, "transfer": s.transferForm, "forward": s.forwardForm,
		"dispose": s.disposeForm, "reopen": s.reopenForm, "take": s.takeForm,
		"done": s.doneForm, "prefer": s.preferForm,
	} {
		s.page(mux, "POST /c/{conversation}/"+name, agents, f)
	}
	s.presencePages(mux)
	s.page(mux, "POST /replies/{id}/resolve", agents, s.resolveForm)
	s.page(mux, "POST /replies/{id}/confirm", agents, s.confirmForm)
	s.page(mux, "POST /replies/{id}/send-now", agents, s.sendNowForm)
	s.page(mux, "POST /replies/{id}/take-back", agents, s.takeBackForm)
}

// conversationLive answers a form by the live regions of the conversation.
func (s *Server) conversationLive(w http.ResponseWriter, r *http.Request, who Who, id string, done view.Done) error {
	if !isHX(r) {
		return s.goTo(w, r, conversationPath(id), done, "")
	}
	return s.showConversationLive(w, r, who, id, done)
}

func (s *Server) showConversationLive(w http.ResponseWriter, r *http.Request, who Who, id string, done view.Done) error {
	p, err := s.frame(r, who)
	if err != nil {
		return err
	}
	p.Path, p.CatchingUp = conversationPath(id), done.CatchingUp
	c, err := s.svc.Conversation(r.Context(), who, id)
	if err != nil {
		return err
	}
	return render(r.Context(), w, http.StatusOK, web.ConversationLive(p, c))
}

// addressed reads the fields that all forms with a composer have.
func addressed(f url.Values) (to, cc []contact.Address, files []contact.Attachment, err error) {
	if to, err = ParseAddresses(f.Get("to")); err != nil {
		return nil, nil, nil, err
	}
	if cc, err = ParseAddresses(f.Get("cc")); err != nil {
		return nil, nil, nil, err
	}
	files, err = uploads(f["attachment"])
	return to, cc, files, err
}

func (s *Server) sending(r *http.Request) (Sending, error) {
	f := r.PostForm
	to, cc, files, err := addressed(f)
	if err != nil {
		return Sending{}, err
	}
	return Sending{
		ID: f.Get("reply_id"), Kind: contact.ReplyKind(f.Get("kind")), Contact: f.Get("contact"),
		Conversation: r.PathValue("conversation"), Covers: f.Get("covers"), To: to, CC: cc,
		Subject: f.Get("subject"), Text: f.Get("text"), Attachments: files, Quote: f.Get("quoted") == "1",
		Confirmed: f.Get("confirmed") == "1", Given: f.Get("given") == "1", Way: f.Get("way"), Notice: f.Get("notice") == "1",
	}, nil
}

func (s *Server) replyForm(w http.ResponseWriter, r *http.Request, who Who) error {
	in, err := s.sending(r)
	if err != nil {
		return err
	}
	if in.Kind == contact.Pledge {
		if in.Due, err = s.due(r.PostForm); err != nil {
			return err
		}
	}
	done, err := s.svc.Send(r.Context(), who, in)
	if err != nil {
		return err
	}
	words := "Sent."
	switch {
	case done.Known:
		words = "It was sent already."
	case in.Kind == contact.Ask:
		words = "Sent. The conversation is now with the customer."
	case in.Kind == contact.Pledge:
		words = "Sent. It stays with you until " + in.Due.In(s.svc.cfg.Zone).Format("Mon 2 Jan 15:04") + "."
	}
	if r.PostForm.Get("stay") == "1" {
		return s.goTo(w, r, conversationPath(done.Conversation), done, "") // the next line may follow
	}
	return s.goTo(w, r, "/", done, words)
}

// due reads by when an agent owes more: one of the times shown, or their own.
func (s *Server) due(f url.Values) (time.Time, error) {
	v := f.Get("due")
	if v == "custom" || v == "" {
		v = f.Get("due_custom")
	}
	if v == "" {
		return time.Time{}, invalid("Say by when you owe more.")
	}
	return s.localTime(v)
}

// draftForm keeps a draft even when its addresses cannot be read yet: they are
// being typed.
func (s *Server) draftForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	files, err := uploads(f["attachment"])
	if err != nil {
		return err
	}
	if f.Get("apology") == "dropped" {
		if err := s.svc.DropApology(r.Context(), who, f.Get("contact")); err != nil {
			return err
		}
	}
	err = s.svc.SaveDraft(r.Context(), who, contact.Draft{
		Contact: f.Get("contact"), Way: f.Get("way"), To: typed(f.Get("to")), CC: typed(f.Get("cc")),
		Subject: f.Get("subject"), Text: f.Get("text"), Attachments: files,
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// typed reads a list of addresses, finished or not.
func typed(list string) []contact.Address {
	if parsed, err := ParseAddresses(list); err == nil {
		return parsed
	}
	out := []contact.Address{}
	for part := range strings.SplitSeq(strings.ReplaceAll(list, ";", ","), ",") {
		if part = strings.TrimSpace(part); part == "" || len(out) == maxPeople {
			continue
		}
		if parsed, err := ParseAddresses(part); err == nil {
			out = append(out, parsed...)
			continue
		}
		out = append(out, contact.Address{Address: part})
	}
	return out
}

func (s *Server) noteForm(w http.ResponseWriter, r *http.Request, who Who) error {
	id := r.PathValue("conversation")
	f := r.PostForm
	files, err := uploads(f["attachment"])
	if err != nil {
		return err
	}
	done, err := s.svc.Note(r.Context(), who, contact.Note{
		ID: f.Get("note_id"), Conversation: id, Contact: f.Get("contact"), Text: f.Get("text"), Attachments: files,
	})
	if err != nil {
		return err
	}
	return s.conversationLive(w, r, who, id, done)
}

func (s *Server) transferForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	done, err := s.svc.Assign(r.Context(), who, f.Get("command_id"), f.Get("contact"), f.Get("to"),
		Handing{Reason: f.Get("reason"), Override: f.Get("override") == "1" && who.Supervisor()})
	if err != nil {
		return err
	}
	return s.goTo(w, r, "/", done, "Given to "+s.svc.accounts.name(f.Get("to"))+".")
}

func (s *Server) forwardForm(w http.ResponseWriter, r *http.Request, who Who) error {
	in, err := s.sending(r)
	if err != nil {
		return err
	}
	done, err := s.svc.Forward(r.Context(), who, in, r.PostForm.Get("originals") == "1")
	if err != nil {
		return err
	}
	return s.conversationLive(w, r, who, r.PathValue("conversation"), done)
}

func (s *Server) disposeForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	done, err := s.svc.Dispose(r.Context(), who, f.Get("command_id"), []string{f.Get("contact")},
		contact.Disposition(f.Get("disposition")), f.Get("remark"))
	if err != nil {
		return err
	}
	return s.goTo(w, r, "/", done, "Closed without a reply: "+dispositionWords(contact.Disposition(f.Get("disposition")))+".")
}

func (s *Server) reopenForm(w http.ResponseWriter, r *http.Request, who Who) error {
	id := r.PathValue("conversation")
	contactID := r.PostForm.Get("contact")
	if contactID == "" {
		c, err := s.svc.conversation(r.Context(), id)
		if err != nil {
			return err
		}
		contactID = c.contact.ID
	}
	done, err := s.svc.Reopen(r.Context(), who, r.PostForm.Get("command_id"), contactID)
	if err != nil {
		return err
	}
	return s.goTo(w, r, conversationPath(id), done, "Open again, with its first due time.")
}

func (s *Server) takeForm(w http.ResponseWriter, r *http.Request, who Who) error {
	done, err := s.svc.Take(r.Context(), who, r.PostForm.Get("command_id"), r.PostForm.Get("contact"))
	if err != nil {
		return err
	}
	return s.goTo(w, r, conversationPath(r.PathValue("conversation")), done, "")
}

func (s *Server) doneForm(w http.ResponseWriter, r *http.Request, who Who) error {
	done, err := s.svc.EndLive(r.Context(), who, r.PostForm.Get("command_id"), r.PathValue("conversation"))
	if err != nil {
		return err
	}
	words := "The chat is done: its room is free for the next."
	if done.Known {
		words = "The chat was over already."
	}
	return s.goTo(w, r, "/", done, words)
}

// resolveForm stands on the conversation and on the overview.
func (s *Server) resolveForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	done, err := s.svc.Resolve(r.Context(), who, f.Get("command_id"), r.PathValue("id"), f.Get("outcome"))
	if err != nil {
		return err
	}
	if strings.HasPrefix(back(r, ""), "/overview") && who.Supervisor() {
		return s.overviewLive(w, r, who, done)
	}
	return s.conversationLive(w, r, who, done.Conversation, done)
}

func (s *Server) confirmForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	done, err := s.svc.ConfirmElsewhere(r.Context(), who, f.Get("contact"), r.PathValue("id"), f.Get("outcome") != "no")
	if err != nil {
		return err
	}
	return s.conversationLive(w, r, who, done.Conversation, done)
}
