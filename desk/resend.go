package desk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
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
	r := st.notArrived
	if !out.Holder || r == nil || r.Kind == contact.Forward || by == nil || by.Public {
		return "", 0
	}
	language := ""
	if c.contact.State != router.EndedContact {
		language = c.contact.Language
	}
	said := strings.TrimSpace(s.ownWords(r, st, language))
	if said == "" && len(r.Attachments) == 0 {
		return "", 0
	}
	if m := st.answered(r.Covers); m != nil {
		language = quoteLanguage(language, m)
	}
	return strings.TrimSpace(notArrivedWords(language, r.Channel) + "\n\n" + said), len(r.Attachments)
}

// ResendFiles gives the files of the answer that did not arrive for the next one, each as
// a copy of its own: the first answer's go when that goes.
func (s *Service) ResendFiles(ctx context.Context, who Who, conversation string) (view.ResentFiles, error) {
	none := view.ResentFiles{}
	c, err := s.Conversation(ctx, who, conversation)
	if err != nil {
		return none, err
	}
	if !c.Holder {
		return none, problem(http.StatusForbidden, router.RefusedNotYours, "You do not hold this contact.")
	}
	entries, err := s.deps.Ledger.Timeline(ctx, conversation)
	if err != nil {
		return none, fmt.Errorf("reading what did not arrive: %w", err)
	}
	st := s.tell(ctx, who, entries)
	if c.Resend == "" || st.notArrived == nil {
		return none, problem(http.StatusConflict, router.RefusedEnded, "No answer of yours is waiting to be sent again here.")
	}
	out := view.ResentFiles{Files: []view.Upload{}, Left: []string{}}
	for i, a := range st.notArrived.Attachments {
		name := named(a, i)
		if not := carries(c.Limits, a, out.Files); not != "" {
			out.Left = append(out.Left, name+not)
			continue
		}
		kept, err := s.keep(ctx, st.notArrivedRef, i)
		switch {
		case errors.Is(err, ErrMissing), errors.Is(err, ErrErased):
			out.Left = append(out.Left, name+" is not there any more: attach it anew.")
		case err != nil:
			return none, err
		default:
			out.Files = append(out.Files, uploadOf(kept))
		}
	}
	return out, nil
}

// carries says why a channel does not take a file beside the others, "" if it does.
func carries(l contact.Limits, a contact.Attachment, beside []view.Upload) string {
	size := a.Size
	for _, f := range beside {
		size += f.Size
	}
	switch {
	case l.AttachmentCount > 0 && len(beside) >= l.AttachmentCount:
		return fmt.Sprintf(" does not go along: this channel takes %d files with one reply.", l.AttachmentCount)
	case l.AttachmentBytes > 0 && size > l.AttachmentBytes:
		return fmt.Sprintf(" does not go along: this channel takes %d MB with one reply.", l.AttachmentBytes>>20)
	}
	return ""
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
	for _, ch := range s.sendsBy() { // it did not arrive elsewhere before
		for _, language := range []string{"de", "en"} {
			text = strings.TrimSpace(strings.TrimPrefix(text, notArrivedWords(language, ch)))
		}
	}
	return text
}

// sendsBy gives the channels that something goes out by.
func (s *Service) sendsBy() []contact.Channel {
	var out []contact.Channel
	for _, a := range s.deps.Channels.Adapters() {
		if !slices.Contains(out, a.Channel) {
			out = append(out, a.Channel)
		}
	}
	return out
}

// notArrivedWords tells a customer what the words below are.
func notArrivedWords(language string, ch contact.Channel) string {
	if language == "de" {
		by := "auf einem anderen Weg (" + tellerIn(explain.German).ChannelName(ch) + ")"
		if ch == contact.Email {
			by = "per E-Mail"
		}
		return "Diese Nachricht haben wir Ihnen " + by + " gesendet, sie ist aber nicht angekommen:"
	}
	return "We wrote this to you by " + channelWords(ch) + ", and it did not arrive:"
}
