package desk

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
)

// wayOut finds the way by which a reply goes.
func (s *Service) wayOut(ctx context.Context, who Who, c *conversationFacts, st *story, in *Sending) (*way, error) {
	answered := st.answered(in.Covers)
	w, err := s.choose(s.ways(ctx, who, c, st, answered), in.Way, c, answered)
	if err != nil || w == nil {
		return nil, err
	}
	if in.Notice && (answered == nil || !answered.Public || w.Public) {
		return nil, invalid("There is nothing to say in public: the question was not asked there, or the answer goes there.")
	}
	return w, nil
}

// elsewhere reports whether the way is another one than that by which the message
// came that is answered.
func (w *way) elsewhere(m *contact.Message) bool {
	return w != nil && (m == nil && w.last == nil && w.Direct || m != nil && (w.Direct || w.ID != wayID(m.Channel, m.Account, m.Sender().Address)))
}

// composeElsewhere makes a reply that goes another way than the message came: to the
// customer there, with what they had asked quoted, and threaded under what they wrote
// there last.
func (s *Service) composeElsewhere(r *contact.Reply, c *conversationFacts, in *Sending, m *contact.Message, w *way) {
	language := ""
	if c.has {
		language = c.contact.Language
	}
	r.To, r.CC = []contact.Address{w.to}, []contact.Address{}
	if w.Channel == contact.Email {
		if to := uniquePeople(in.To); len(to) > 0 && hasAddress(to, w.to.Address) {
			r.To = to
		}
		r.CC = uniquePeople(in.CC)
	}
	if r.Subject == "" || w.Channel != contact.Email {
		r.Subject = cmp.Or(r.Subject, s.subjectElsewhere(m, language))
	}
	if w.last != nil && !w.Direct {
		r.Origin = w.origin
		r.InReplyTo, r.References = threading(w.last)
	}
	if in.Quote && m != nil {
		if q := s.quotedElsewhere(m, w, language, utf8.RuneCountInString(r.Text)); q != "" {
			r.Text = strings.TrimRight(r.Text, "\n") + "\n\n" + q
		}
	}
	if m != nil && m.HTML != "" && r.HTML == "" && w.Channel == contact.Email {
		r.HTML = htmlOf(r.Text)
	}
}

// subjectElsewhere is what an e-mail is called that answers what came another way.
func (s *Service) subjectElsewhere(m *contact.Message, language string) string {
	if m == nil || m.Subject != "" && !m.Channel.IsChat() {
		return replySubject(subjectOf(&story{}, m))
	}
	day := m.ReceivedAt.In(s.cfg.Zone)
	if quoteLanguage(language, m) == "de" {
		return fmt.Sprintf("Ihre Nachricht vom %s (%s)", day.Format("02.01.2006"), tellerIn(explain.German).ChannelName(m.Channel))
	}
	return fmt.Sprintf("Your message of %s (%s)", day.Format("2 January 2006"), tellerIn(explain.English).ChannelName(m.Channel))
}

// quotedElsewhere gives the question, with where and when it was asked, in the
// customer's language; short where the channel carries little.
func (s *Service) quotedElsewhere(m *contact.Message, w *way, language string, used int) string {
	if w.Public && !m.Public {
		return ""
	}
	language = quoteLanguage(language, m)
	text := strings.TrimSpace(cmp.Or(m.ReplyText, m.Text))
	if text == "" {
		return ""
	}
	at := m.ReceivedAt.In(s.cfg.Zone)
	head := fmt.Sprintf("You wrote to us on %s at %s (%s):", at.Format("2 January 2006"), at.Format("15:04"), tellerIn(explain.English).ChannelName(m.Channel))
	if language == "de" {
		head = fmt.Sprintf("Sie haben uns am %s um %s Uhr geschrieben (%s):", at.Format("02.01.2006"), at.Format("15:04"), tellerIn(explain.German).ChannelName(m.Channel))
	}
	if w.Channel != contact.Email {
		most := 160
		if w.Limits.PartRunes > 0 { // it must not become a post of its own
			most = min(most, w.Limits.PartRunes-used-utf8.RuneCountInString(head)-10)
		}
		if text = strings.Join(strings.Fields(text), " "); most < 20 {
			return ""
		}
		if utf8.RuneCountInString(text) > most {
			text = string([]rune(text)[:most-1]) + "…"
		}
		if language == "de" {
			return head + " „" + text + "“"
		}
		return head + " “" + text + "”"
	}
	var b strings.Builder
	b.WriteString(head + "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	return b.String()
}

// notice says where a question was asked in public that it is answered in private. It
// says nothing else; should it fail, the customer has the answer all the same.
func (s *Service) notice(ctx context.Context, who Who, c *conversationFacts, st *story, answer *contact.Reply) {
	m := st.answered(answer.Covers)
	if m == nil {
		return
	}
	w := wayOf(m)
	language := ""
	if c.has {
		language = c.contact.Language
	}
	r := &contact.Reply{
		ID: derivedID("notice", answer.ID), Kind: contact.Notice, Channel: w.Channel, Account: w.Account, Conversation: c.ID, Contact: answer.Contact,
		Agent: who.ID, CreatedAt: answer.CreatedAt, FromName: answer.FromName, To: []contact.Address{w.to}, CC: []contact.Address{},
		Subject: replySubject(m.Subject), Text: noticeWords(quoteLanguage(language, m), answer.Channel), Origin: m.Origin, Token: answer.Token,
		Attachments: []contact.Attachment{},
	}
	r.InReplyTo, r.References = threading(m)
	facts, keys, err := s.store(ctx, r, false)
	if err == nil {
		conversation := c.Conversation
		_, err = s.queue(ctx, who, router.Send{Reply: facts, Keys: keys, Conversation: &conversation}, r)
	}
	if err != nil {
		s.log.WarnContext(ctx, "it was not said in public that a question is answered", "conversation_id", c.ID, "err", err)
	}
}

// noticeWords is what anybody may read.
func noticeWords(language string, ch contact.Channel) string {
	if language == "de" {
		if ch == contact.Email {
			return "Wir haben Ihnen per E-Mail geantwortet."
		}
		return "Wir haben Ihnen privat geantwortet (" + tellerIn(explain.German).ChannelName(ch) + ")."
	}
	if ch == contact.Email {
		return "We have written to you by e-mail."
	}
	return "We have answered you in private (" + tellerIn(explain.English).ChannelName(ch) + ")."
}

// unasked says what bounds an answer to what was not addressed to us. Nothing does where
// any message that it answers was: whoever has asked gets an answer.
func (s *Service) unasked(ctx context.Context, c *conversationFacts, st *story, r *contact.Reply) router.Beginning {
	m := st.answered(r.Covers)
	if m == nil || m.Outreach == "" {
		return router.Beginning{}
	}
	if c.has {
		for _, ref := range c.contact.Messages { // one that isn't in this story is of another channel, which is no search
			if one := st.byID[ref.ID]; one == nil || one.Outreach == "" {
				return router.Beginning{}
			}
		}
	}
	return beginning(s.records(ctx, c.Customer), r.Channel, customers.Outreach)
}

// tellerIn tells in a language what needs nobody's name.
func tellerIn(lang explain.Lang) *explain.Teller { return &explain.Teller{Lang: lang} }

// asNotice makes a reply's item that of a word in public.
func asNotice(item *view.Item, state replyState) {
	item.Detail = "Said in public. " + stateWords(state)
}

// channelChosenWords says by which channel the answer goes from now on.
func (s *Service) channelChosenWords(e *ledger.Entry) string {
	ch := channelWords(e.Channel)
	switch {
	case e.Reason != "":
		return "The answer by " + channelWords(contact.Channel(e.Reason)) + " did not arrive: the next one goes by " + ch + "."
	case e.Code == customers.PreferStated && e.Actor != router.ActorRouter:
		return s.accounts.name(e.Actor) + " noted that the customer wants the answer by " + ch + "."
	}
	return "The answer goes by " + ch + ": " + tellerIn(explain.English).WhyChannel(e.Code, "") + "."
}

// heldWords says why something that nobody has asked for waits.
func heldWords(why string) string {
	if why == customers.HeldWeekly {
		return "this week the customer has had as many as they may get"
	}
	return "it is night at the customer's"
}

// moment is a time as people read it, in the office's zone.
func (s *Service) moment(at time.Time) string { return at.In(s.cfg.Zone).Format("Mon 2 Jan 15:04") }
