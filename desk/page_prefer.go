package desk

import (
	"net/http"

	"stagecoach/contact"
)

// preferForm notes where the customer wants to be answered. The page is made anew, as
// the reply may go another way now; what was typed is kept as a draft.
func (s *Server) preferForm(w http.ResponseWriter, r *http.Request, who Who) error {
	id := r.PathValue("conversation")
	f := r.PostForm
	done, err := s.svc.Prefer(r.Context(), who, f.Get("command_id"), id, contact.Channel(f.Get("channel")), f.Get("address"))
	if err != nil {
		return err
	}
	return s.goTo(w, r, conversationPath(id), done, "Noted: they want to be answered by "+channelWords(contact.Channel(f.Get("channel")))+".")
}

func (s *Server) sendNowForm(w http.ResponseWriter, r *http.Request, who Who) error {
	f := r.PostForm
	done, err := s.svc.SendHeld(r.Context(), who, f.Get("command_id"), r.PathValue("id"), f.Get("reason"))
	if err != nil {
		return err
	}
	return s.conversationLive(w, r, who, done.Conversation, done)
}

func (s *Server) takeBackForm(w http.ResponseWriter, r *http.Request, who Who) error {
	done, err := s.svc.TakeBack(r.Context(), who, r.PostForm.Get("command_id"), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.conversationLive(w, r, who, done.Conversation, done)
}
