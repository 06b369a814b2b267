package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// way is one way in which the customer can be answered: a channel, an account of
// ours and an address of theirs.
type way struct {
	view.Way
	to contact.Address
	// last is the newest message of this conversation that came this way, nil for
	// none.
	last *contact.Message
	// origin is what the channel needs to answer in the right place.
	origin json.RawMessage
}

// directMark begins the id of a way that is private where the customer wrote in
// public.
const directMark = "direct:"

func wayID(ch contact.Channel, account, address string) string {
	return string(ch) + "/" + account + "/" + strings.ToLower(address)
}

// ways lists how the customer can be answered: first the way by which the message
// came that is answered, then every other that is known to be theirs.
func (s *Service) ways(ctx context.Context, who Who, c *conversationFacts, st *story, answered *contact.Message) []way {
	var out []way
	add := func(w way) {
		if at := slices.IndexFunc(out, func(have way) bool { return have.ID == w.ID }); at < 0 {
			out = append(out, w)
		}
	}
	if answered != nil {
		add(wayOf(answered))
		if w, ok := directWay(answered); ok {
			add(w)
		}
	}
	for _, it := range slices.Backward(st.items) {
		m := st.byID[it.Message]
		if it.Kind != view.ItemMessage || m == nil || m.Auto.Answers() || answered != nil && m.Channel == answered.Channel || s.ours(m.Sender().Address) {
			continue
		}
		if w := wayOf(m); w.to.Address != "" {
			add(w)
		}
	}
	if answered == nil && st.lastReply != nil && len(st.lastReply.To) > 0 {
		add(newWay(st.lastReply.Channel, st.lastReply.Account, st.lastReply.To[0]))
	}
	for _, id := range s.identitiesOf(ctx, c) {
		if w, ok := s.wayTo(ctx, c, id); ok {
			add(w)
		}
	}
	mine := s.channelsOf(ctx, who)
	for i := range out {
		s.judge(&out[i], c, answered, mine)
	}
	return out
}

func newWay(ch contact.Channel, account string, to contact.Address) way {
	return way{to: to, Way: view.Way{ID: wayID(ch, account, to.Address), Channel: ch, Account: account, Address: to.Address, Name: to.Name}}
}

// wayOf is the way by which a message came.
func wayOf(m *contact.Message) way {
	w := newWay(m.Channel, m.Account, m.Sender())
	w.last, w.origin, w.Public = m, m.Origin, m.Public
	return w
}

// directWay is the private way to somebody who wrote in public, where the channel
// has one.
func directWay(m *contact.Message) (way, bool) {
	if !m.Public || m.Channel != contact.Mastodon && m.Channel != contact.Bluesky && m.Channel != contact.Slack {
		return way{}, false
	}
	w := newWay(m.Channel, m.Account, m.Sender())
	w.ID, w.Direct = directMark+w.ID, true
	return w, true
}

// wayTo is the way to an address of the customer's on another channel: by the
// account that they have used, else by the only one there is.
func (s *Service) wayTo(ctx context.Context, c *conversationFacts, id customers.Identity) (way, bool) {
	to := contact.Address{Address: id.Address, Name: id.Name}
	if id.Channel.ByHand() {
		if id.Channel != contact.Phone {
			return way{}, false
		}
		return newWay(id.Channel, string(id.Channel), to), true
	}
	accounts := []string{}
	for _, a := range s.deps.Channels.Adapters() {
		if a.Channel == id.Channel && a.Sender != nil && a.Composer != nil {
			accounts = append(accounts, a.Account)
		}
	}
	switch {
	case len(accounts) == 0:
		return way{}, false
	case len(accounts) == 1 || id.Channel == contact.Email && !slices.Contains(accounts, c.Account):
		return newWay(id.Channel, accounts[0], to), true
	}
	rows, err := s.deps.Ledger.Conversations(ctx, c.Customer, 50)
	if err != nil {
		s.log.WarnContext(ctx, "a customer's conversations not read", "err", err)
		return way{}, false
	}
	for i := range rows {
		if rows[i].Channel == id.Channel && slices.Contains(accounts, rows[i].Account) {
			return newWay(id.Channel, rows[i].Account, to), true
		}
	}
	w := newWay(id.Channel, accounts[0], to)
	w.Not = "it isn't known by which of our accounts they are reached there"
	return w, true
}

// identitiesOf lists the addresses known to be the customer's.
func (s *Service) identitiesOf(ctx context.Context, c *conversationFacts) []customers.Identity {
	var out []customers.Identity
	for _, record := range s.records(ctx, c.Customer) {
		out = append(out, record.Identities...)
	}
	return out
}

// channelsOf gives the channels on which an agent answers, nil for all.
func (s *Service) channelsOf(ctx context.Context, who Who) []contact.Channel {
	var out []contact.Channel
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if a := st.Agents[who.ID]; a != nil {
			out = slices.Clone(a.Channels)
		}
	})
	if err != nil {
		s.log.WarnContext(ctx, "an agent's channels not read", "err", err)
	}
	return out
}

// judge says what a way can carry, and why it isn't possible where it isn't.
func (s *Service) judge(w *way, c *conversationFacts, answered *contact.Message, mine []contact.Channel) {
	a, there := s.adapter(w.Channel, w.Account)
	w.Limits = a.Limits
	w.Limits.Public = a.Limits.Public && w.Public || w.Public
	failed := c.has && slices.Contains(c.contact.Tried, w.Channel)
	switch window := time.Duration(a.Limits.ReplyWindowSeconds) * time.Second; {
	case w.Not != "":
	case w.Channel.ByHand():
	case !there || a.Sender == nil || a.Composer == nil:
		w.Not = fmt.Sprintf("the account “%s” is not set up to send", w.Account)
	case w.Public && answered != nil && !answered.Public:
		w.Not = "they asked in private, and anybody could read the answer"
	case window > 0 && w.last != nil && s.now().Sub(w.last.ReceivedAt) > window:
		w.Not = fmt.Sprintf("replies are taken for %d h after the customer's message there", int(window.Hours()))
	case window > 0 && w.last == nil:
		w.Not = "replies are taken there only after a message of the customer's"
	}
	if w.Not == "" && len(mine) > 0 && !slices.Contains(mine, w.Channel) && (answered == nil || answered.Channel != w.Channel) {
		w.Not = "you do not answer on this channel"
	}
	if w.Not == "" && failed {
		w.Why = "an answer that way came back"
	}
}

// choose finds the way that was asked for, or the one by which an answer goes when
// nobody asks: that which the router has chosen, else that by which the message
// came.
func (s *Service) choose(list []way, asked string, c *conversationFacts, answered *contact.Message) (*way, error) {
	if asked != "" {
		at := slices.IndexFunc(list, func(w way) bool { return w.ID == asked })
		switch {
		case at < 0:
			return nil, invalid("This is no way to the customer that is known: open the conversation again.")
		case list[at].Not != "":
			return nil, invalid("The answer can't go by " + channelWords(list[at].Channel) + ": " + list[at].Not + ".")
		}
		return &list[at], nil
	}
	if len(list) == 0 {
		return nil, nil //nolint:nilnil // nobody has written, and nobody was written to
	}
	// Where nothing is known of what they prefer, the answer goes where they wrote last.
	if by := c.contact.ReplyBy; c.has && (by.Source != "" || by.Private || answered == nil) {
		private := by.Private || by.Public && len(c.contact.Tried) > 0 // what came back was for them alone
		for _, strict := range []bool{true, false} {
			for i := range list {
				if list[i].Channel == c.contact.ReplyChannel && list[i].Not == "" && (!strict || !private || !list[i].Public) {
					return &list[i], nil
				}
			}
		}
	}
	return firstOpen(list, c), nil
}

// firstOpen gives the way by which the message came, or where that is closed the next
// one that is not, and by which nothing of ours has come back.
func firstOpen(list []way, c *conversationFacts) *way {
	if list[0].Not == "" {
		return &list[0]
	}
	for i := range list {
		w := &list[i]
		failed := c.has && slices.Contains(c.contact.Tried, w.Channel)
		if w.Not == "" && !failed && (!w.Public || list[0].Public) {
			return w
		}
	}
	return &list[0]
}

// channelWords is a channel in the middle of a sentence.
func channelWords(ch contact.Channel) string {
	switch ch {
	case contact.Email:
		return "e-mail"
	case contact.WebChat:
		return "web chat"
	case contact.Slack:
		return "Slack"
	case contact.Mastodon:
		return "Mastodon"
	case contact.Bluesky:
		return "Bluesky"
	case contact.SMS:
		return "SMS"
	case contact.Phone:
		return "telephone"
	case contact.Letter, contact.Visit, contact.Webhook:
	}
	return string(ch)
}

// offerWays tells the composer how the customer can be answered, and which way it
// starts with.
func (s *Service) offerWays(ctx context.Context, who Who, c *conversationFacts, st *story, out *view.Conversation) {
	answered := st.answered(out.Covers)
	list := s.ways(ctx, who, c, st, answered)
	out.Ways = []view.Way{}
	preferred, err := s.choose(list, "", c, answered)
	if err != nil || preferred == nil {
		return
	}
	out.ReplyBy = preferred.ID
	if answered != nil {
		out.Asked, out.AskedPublic = answered.Channel, answered.Public
	}
	language := c.contact.Language
	for i := range list {
		w := &list[i]
		w.Preferred = w.ID == preferred.ID
		if w.Preferred && w.Why == "" {
			w.Why = s.whyWords(ctx, c)
		}
		if w.Preferred && w.Why == "" && list[0].Not != "" {
			w.Why = "Where they wrote no answer can go: " + list[0].Not
		}
		w.Subject, w.Quoted = out.Subject, ""
		if w.elsewhere(answered) {
			w.Subject = s.subjectElsewhere(answered, language)
			if answered != nil {
				w.Quoted = s.quotedElsewhere(answered, w, language, 0)
			}
		} else if w.Channel == contact.Email {
			w.Quoted = out.Quoted
		}
		out.Ways = append(out.Ways, w.Way)
		if out.Draft != nil && out.Draft.Way == w.ID && w.Not == "" {
			out.ReplyBy = w.ID
		}
	}
	for i := range list {
		if list[i].ID == out.ReplyBy {
			out.Limits = list[i].Limits
			out.ReplyTo = []contact.Address{list[i].to}
			if list[i].elsewhere(answered) {
				out.Subject, out.Quoted = list[i].Subject, list[i].Quoted
			}
			out.Resend, out.ResendFiles = s.resend(c, st, &list[i], out)
		}
	}
}

// whyWords says on what grounds an answer goes the way it goes.
func (s *Service) whyWords(ctx context.Context, c *conversationFacts) string {
	if !c.has {
		return ""
	}
	by := c.contact.ReplyBy
	words := ""
	switch by.Source {
	case customers.PreferStated:
		words = "The customer wants it so"
		if by.By != "" {
			words += ", noted by " + s.accounts.name(by.By)
		}
	case customers.PreferImport:
		words = "The customer wants it so, by your records"
	case customers.PreferLearnt:
		words = "There the customer answers most surely" + s.habitWords(ctx, c)
	case customers.PreferFailed, customers.PreferPrivate, customers.PreferArrival:
		words = ""
	}
	if len(c.contact.Tried) > 0 {
		return "The answer by " + channelWords(c.contact.Tried[len(c.contact.Tried)-1]) + " did not arrive"
	}
	if by.Private {
		return "Asked in public, answered in private"
	}
	if words != "" && !by.At.IsZero() {
		words += " (" + by.At.In(s.cfg.Zone).Format("2 Jan 2006") + ")"
	}
	return words
}

// habitWords says by what figures it was learnt where a customer answers.
func (s *Service) habitWords(ctx context.Context, c *conversationFacts) string {
	var lists [][]customers.Habit
	for _, r := range s.records(ctx, c.Customer) {
		lists = append(lists, r.Habits)
	}
	for _, h := range customers.MergeHabits(lists...) {
		if h.Channel == c.contact.ReplyChannel && h.Answered > 0 {
			return fmt.Sprintf(": %d of %d, as a rule within %s", h.Answered, h.Sent, longWords(h.Typical()))
		}
	}
	return ""
}

// longWords is a time as people say it.
func longWords(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "a minute or two"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
