package desk

import (
	"cmp"
	"net/http"
	"time"

	"stagecoach/contact"
)

// linkAgain is after how long a chat has the link to the customer's page again:
// nobody wants it under every line.
const linkAgain = 12 * time.Hour

// sawLink notes a reply of the conversation that had the link.
func (st *story) sawLink(r *contact.Reply) {
	if r.Page != nil && r.CreatedAt.After(st.linked) {
		st.linked = r.CreatedAt
	}
}

// AgentName gives the name that customers know an agent by.
func (s *Service) AgentName(id string) string {
	if id == "" {
		return ""
	}
	return s.accounts.name(id)
}

// Origin gives the network address that a request comes from, as the proxies say that
// are trusted.
func (s *Server) Origin(r *http.Request) string { return s.origin(r) }

// linkPage puts the link to the customer's page with a reply, made before the reply is
// stored. What anybody can read never has it, nor what somebody gives by hand.
func (s *Service) linkPage(r *contact.Reply, c *conversationFacts, st *story) {
	m := st.answered(r.Covers)
	if s.deps.Page == nil || r.Channel.ByHand() || m != nil && m.Public && m.Channel == r.Channel {
		return
	}
	if r.Channel.IsChat() && r.CreatedAt.Sub(st.linked) < linkAgain {
		return
	}
	url := s.deps.Page(&c.Conversation, r.Channel)
	if url == "" {
		return
	}
	language := ""
	if c.has {
		language = c.contact.Language
	}
	if m != nil {
		language = cmp.Or(language, quoteLanguage("", m))
	}
	r.Page = &contact.PageLink{URL: url, Language: language}
	if s.deps.AskRating != nil && s.deps.AskRating() && (r.Kind == contact.Answer || r.Kind == contact.Pledge) {
		r.Page.Reply, r.Page.Ask = r.ID, true
	}
}
