package desk

import (
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/explain"
	"stagecoach/router"
)

// resend gives the words of an answer that did not arrive, under a line that says so to
// the customer, for the way by which they are answered now: nobody else ever tells them.
// It is "" where nothing has failed, and where anybody could read what was for them alone.
func (s *Service) resend(c *conversationFacts, st *story, by *way, out *view.Conversation) (text string, files int) {
	r := st.lastReply
	if !out.Holder || !st.failed || r == nil || r.Kind == contact.Forward || by == nil || by.Public {
		return "", 0
	}
	language := ""
	if c.contact.State != router.EndedContact {
		language = c.contact.Language
	}
	said := strings.TrimSpace(s.ownWords(r, st, language))
	if said == "" {
		return "", 0
	}
	if m := st.answered(r.Covers); m != nil {
		language = quoteLanguage(language, m)
	}
	return notArrivedWords(language, r.Channel) + "\n\n" + said, len(r.Attachments)
}

// ownWords gives what its author wrote in a reply, without what was quoted below it and
// without the signature.
func (s *Service) ownWords(r *contact.Reply, st *story, language string) string {
	text := strings.TrimSpace(r.Text)
	if m := st.answered(r.Covers); m != nil {
		w := newWay(r.Channel, r.Account, contact.Address{})
		w.Limits = s.limits(r.Channel, r.Account)
		for _, q := range []string{quoted(m, language, s.cfg.Zone), s.quotedElsewhere(m, &w, language, 0)} {
			if q = strings.TrimSpace(q); q != "" {
				text = strings.TrimSpace(strings.TrimSuffix(text, q))
			}
		}
	}
	text, _, _ = strings.Cut(text, "\n-- \n")
	return text
}

// notArrivedWords tells a customer what the words below are.
func notArrivedWords(language string, ch contact.Channel) string {
	if language == "de" {
		by := "auf einem anderen Weg (" + tellerIn(explain.German).ChannelName(ch) + ")"
		if ch == contact.Email {
			by = "per E-Mail"
		}
		return "Das haben wir Ihnen " + by + " geschrieben, und es kam nicht an:"
	}
	return "We wrote this to you by " + channelWords(ch) + ", and it did not arrive:"
}
